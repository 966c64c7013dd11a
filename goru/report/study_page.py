"""The report of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goru.data.numbers import UNKNOWN, number
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence, ValuePredictions
from goru.experiment.findings.inspection import Inspection
from goru.report import leakage, words
from goru.report.columns import columns_table
from goru.report.estimates import TOO_FEW, any_unknown, in_shares
from goru.report.final_scores import final_scores, main_figure
from goru.report.leaderboard import leaderboard_intro, leaderboard_says, leaderboard_table
from goru.report.page import render
from goru.report.pictures.activations import activations_picture
from goru.report.pictures.arms import arms_picture, arms_title, interactions_picture
from goru.report.pictures.by_rows import INTRO as BY_ROWS_INTRO
from goru.report.pictures.by_rows import by_rows_picture
from goru.report.pictures.calibration import calibration_picture
from goru.report.pictures.classes import confusion_picture, roc_picture
from goru.report.pictures.curves import curves_picture
from goru.report.pictures.effects import effects_picture, removals_picture
from goru.report.pictures.hyperparameters import edge_warnings, hyperparameters_picture
from goru.report.pictures.inspection import dependence_picture, importance_picture, slices_picture, wrong_table
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import short_name
from goru.report.pictures.test_rows import test_picture
from goru.report.pictures.thresholds import precision_recall_picture, thresholds_table, thresholds_title
from goru.report.pictures.values import values_picture
from goru.report.recommended import final_model_says, made_of, recommended_table
from goru.report.repeating import command, how_alike, made_by
from goru.report.terminal import printable, timings_rows
from goru.report.writing import write_page
from goru.studies.runs.manifest import list_again
from goru.studies.runs.run import REPORT, RunFolder
from goru.wording import confidence_in_words, counted, listing

MOST_LETTERS = 80  # of a name on a card


@dataclass(frozen=True)
class Section:
    """A heading with pictures below it."""

    id: str
    title: str
    pictures: list[Picture]
    intro: str = ""
    warnings: list[str] = field(default_factory=list)
    tables: list[tuple[str, Table]] = field(default_factory=list)
    says: str = ""


@dataclass(frozen=True)
class Card:
    """A figure to be seen first."""

    label: str
    value: str
    more: str


def write_study_page(run: RunFolder) -> None:
    """Write a run's report into its folder.

    **Raises:** `InputError` if an older goru has written the run, or the page cannot be written.
    """
    write_page(study_page(run), run.folder / REPORT, overwrite=True)
    list_again(run.folder, REPORT)


def study_page(run: RunFolder) -> str:
    """The report of a run, one HTML file."""
    return html(run.answer, run.evidence, run.config)


def html(answer: Answer, evidence: Evidence, config: Mapping[str, Any] | None = None) -> str:
    """The report.

    **Arguments:**

    - `config`: of a run; what a study was asked is not known without it, nor what each column is.
    """
    shown = sections(answer, evidence)
    columns = _columns(answer, config) if config and config.get("columns") else None
    noun = words.noun(answer)
    contents = [(section.id, section.title) for section in shown]
    contents += [("failures", "Failures")] * bool(answer.failures)
    contents += [("final-model", "The final model")]
    contents += [("columns", "Preprocessing")] * (columns is not None)
    contents += [("spent", "Compute"), ("again", "Reproduce")]
    return render(
        "study.html",
        contents,
        [picture for section in shown for picture in section.pictures],
        answer=answer,
        asked=asked(answer),
        summary=summary(answer),
        cards=cards(answer),
        sections=shown,
        failures=_failures(answer),
        final_model={
            "says": final_model_says(answer),
            "table": recommended_table(answer.recommended, words.of_networks(answer), answer.judgement.measure),
        },
        columns=columns,
        noun=noun,
        spent=_spent(answer),
        command=None if config is None else command(config),
        again={"says": how_alike(config, answer), "table": made_by(config, answer)},
    )


def asked(answer: Answer) -> str:
    """The question, up to the name of the table."""
    names = [short_name(words.factor(name)) for name in answer.recommended[0].levels]
    factors = listing(names)
    if words.of_networks(answer):
        if set(names) == {"batch norm", "dropout", "weight decay"}:
            return "What batch normalization, weight decay and dropout do for a network on"
        return f"What {factors} {'does' if len(names) == 1 else 'do'} for a network on"
    return f"What the training function makes of {factors} on"


def sections(answer: Answer, evidence: Evidence) -> list[Section]:
    """All headings with their pictures; what a study has nothing for is left out."""
    return [
        *_leaderboard(answer, evidence),
        Section(
            "helps",
            "Effect of each technique",
            [effects_picture(answer)],
            f"{len(answer.effects)} questions, each answered by a change of the {answer.judgement.measure}, both sides "
            f"at their best configuration and epoch. Bars are simultaneous "
            f"{confidence_in_words(answer.judgement.confidence)} confidence intervals; inside the band around zero a "
            "change is negligible.",
            [
                *[f"Intervals are {TOO_FEW}."] * any_unknown(answer.effects),
                *([f"This is {looked}."] if (looked := words.looked(answer.judgement)) else []),
            ],
        ),
        *_of_removals(answer),
        *_section("learning", "Learning curves and overfitting", [curves_picture(answer, evidence)]),
        *_section("by-rows", "Would more rows help?", [by_rows_picture(answer, evidence)], BY_ROWS_INTRO),
        *_section(
            "activations",
            "Activations, layer by layer",
            [activations_picture(evidence)],
            "The outputs of every hidden layer. They should be evenly spread: where they are all alike, or zero, units "
            "are dead and gradients vanish.",
        ),
        *_section(
            "hyperparameters",
            "Validation loss vs hyperparameters",
            [hyperparameters_picture(evidence, answer.judgement.measure)],
            warnings=edge_warnings(evidence),
        ),
        Section("arms", arms_title(evidence), [arms_picture(answer, evidence)]),
        *_section("interactions", "Interactions", [interactions_picture(answer)]),
        *_section("test", "On the test rows", [test_picture(answer)], warnings=leakage.warning(answer)),
        *_predicted(answer, evidence),
        *_inspected(answer, evidence.inspection),
    ]


def _section(
    id: str, title: str, pictures: Sequence[Picture | None], intro: str = "", warnings: Sequence[str] = ()
) -> list[Section]:
    """One, if there is anything to show."""
    shown = [picture for picture in pictures if picture is not None]
    return [Section(id, title, shown, intro, list(warnings))] if shown else []


def _leaderboard(answer: Answer, evidence: Evidence) -> list[Section]:
    if not evidence.leaderboard:  # an older run
        return []
    return [
        Section(
            "leaderboard",
            "Leaderboard",
            [],
            leaderboard_intro(answer),
            leakage.warning(answer) if answer.test else [],
            [("", leaderboard_table(answer, evidence))],
            leaderboard_says(answer, evidence),
        )
    ]


def _of_removals(answer: Answer) -> list[Section]:
    if not answer.removals:
        return []
    intro = (
        "The best combination against the same without one of its techniques, both sides at "
        "their best configuration and epoch. Left of zero: removing the technique hurts."
    )
    unknown = [f"Intervals are {TOO_FEW}."] * any_unknown(answer.removals)
    return _section("removals", "Leave one technique out", [removals_picture(answer)], intro, unknown)


def _predicted(answer: Answer, evidence: Evidence) -> list[Section]:
    predictions = evidence.predictions
    if predictions is None:
        return []
    copies = leakage.warning(answer) if predictions.of == "test" else []
    if isinstance(predictions, ValuePredictions):
        first = _section(
            "predicted", "Predicted vs actual", [values_picture(predictions, answer.data.target)], "", copies
        )
    else:
        pictures = [confusion_picture(predictions), roc_picture(predictions), precision_recall_picture(predictions)]
        first = _section("predicted", "Confusion matrix and ROC", pictures, "", copies)
        if predictions.thresholds:
            first[0].tables.append((thresholds_title(predictions), thresholds_table(predictions)))
    title = "Calibration"
    return [*first, *_section("calibrated", title, [calibration_picture(answer, predictions)], "", copies)]


def _inspected(answer: Answer, inspection: Inspection | None) -> list[Section]:
    if inspection is None:
        return []
    importance, slices = importance_picture(inspection), slices_picture(inspection)
    numeric = answer.data.classes is None
    dependence = dependence_picture(inspection, answer.data.target, numeric)
    loss = "squared error over the target's variance" if numeric else "log loss"
    used = _section(
        "columns-used",
        "Permutation importance and partial dependence",
        [importance, dependence],
        f"Of the final model, on test rows. Importance is the rise of the {loss} when a column's values are shuffled "
        "among the rows; strongly correlated columns are shuffled together. Bars are 95% intervals over the rows.",
    )
    where = Section(
        "wrong",
        "Error analysis",
        [slices] if slices else [],
        "Slices are the levels of categories, and quarters of the rows by each number.",
        tables=[("Rows with the highest loss", wrong_table(inspection))],
    )
    return [*used, where]


def cards(answer: Answer) -> list[Card]:
    """What a hurried reader takes away."""
    plain, best = answer.judgement.plain_loss, answer.effects[-1]
    arms = {configuration.arm for configuration in answer.recommended}
    of = "several combinations" if len(arms) > 1 else short_name(arms.pop(), MOST_LETTERS)
    cards = [Card("recommended", of, made_of(answer))]
    if best.change is not None and plain:
        change, interval = in_shares(best, plain)
        more = f"{'interval ' * (interval == UNKNOWN)}{interval}: {words.verdict_in_words(best)}"
        cards.append(Card(f"best combination against plain, {answer.judgement.measure}", change, more))
    if words.has_simplest(answer):
        simplest = short_name(words.simplest(answer), MOST_LETTERS)
        cards.append(Card("simplest within one standard error", simplest, "about as good as the best"))
    if answer.test:
        over, name = final_scores(answer).figures, main_figure(answer)
        more = next((figure for figure in ("accuracy", "R²") if figure in over), name)
        also = [f"{more} {value:.3f}" for value in [over[more]] if value is not None and more != name]
        also += [copies] if (copies := leakage.repeated_test_rows(answer)) else []
        cards.append(Card(f"{name}, test rows", number(over[name]), "; ".join(also)))
    if answer.plan.epochs > 1:
        ways = {"rises": f"after epoch {answer.plain.epoch}", "gap": "yes: generalization gap", None: "inconclusive"}
        gap = "generalization gap unknown" if answer.plain.gap is None and answer.plain.validation is not None else (
            f"generalization gap {number(answer.plain.gap)}"
        )  # fmt: skip
        cards.append(Card(f"the {words.plain(answer)} overfits", ways[answer.plain.overfits], gap))
    return cards


def summary(answer: Answer) -> str:
    """The table, what was trained and the loss in two sentences."""
    data = answer.data
    test = f"{data.test:,} for testing" if data.test else "none for testing"
    parts = [f"{counted(data.rows, 'row')} ({test})", words.target(data)]
    if data.columns is not None:
        parts.insert(1, counted(sum(data.columns.values()), "column"))
    sentences = f"{'; '.join(parts)}."
    if answer.network is not None:
        widths = "-".join(map(str, answer.network.widths))
        sentences += f" Networks of {widths} units, {answer.network.activation}."
    else:
        sentences += f" {counted(answer.trained.networks, 'trial')} of {counted(answer.plan.arms, 'combination')}."
    return f"{sentences} {_judged(answer)}"


def _judged(answer: Answer) -> str:
    judgement = answer.judgement
    if judgement.measure == "validation loss":
        return f"The loss is the {short_name(judgement.loss)}."
    return f"What judges is the {judgement.measure}: {short_name(judgement.loss)}."


def _failures(answer: Answer) -> Table | None:
    if not answer.failures:
        return None
    rows = [(one.arm, f"{one.failed:,} of {one.of:,}", one.last_line) for one in answer.failures]
    return Table(("combination", f"failed {words.noun(answer)}s", "the last one's reason"), rows)


def _columns(answer: Answer, config: Mapping[str, Any]) -> dict[str, Any]:
    columns = config["columns"]["columns"]
    counts = answer.data.columns or {}
    kinds = [
        counted(counts[kind], *named)
        for kind, named in (("numeric", ["number"]), ("categorical", ["category", "categories"]), ("date", ["date"]))
        if counts.get(kind)
    ]
    sentences = f"{', '.join(kinds)}; {counts.get('dropped', 0):,} dropped."
    if answer.network is not None:
        inputs = counted(answer.network.widths[0], "input")
        sentences = f"{', '.join(kinds)} became {inputs} of the networks; {counts.get('dropped', 0):,} dropped."
        sentences += " Preprocessing is fitted on the training rows only."
    table = columns_table(columns, answer.network is not None and answer.network.numbers == "pieces")
    return {"says": sentences, "table": table, "notes": [printable(note) for note in answer.data.notes]}


def _spent(answer: Answer) -> dict[str, Any]:
    trained, plan = answer.trained, answer.plan
    cuts = f"{plan.partitions} x " if plan.partitions > 1 else ""
    sentences = (
        f"{counted(trained.networks, words.noun(answer))} in {answer.seconds:.0f} s: {plan.arms} combinations, "
        f"{counted(plan.configurations, 'configuration')} each, {cuts}{plan.folds}-fold cross-validation"
    )
    sentences += f", {plan.epochs} epochs" * (plan.epochs > 1)
    sentences += "." if trained.steps is None else f"; {trained.steps:,} training steps in all."
    if trained.diverged:
        sentences += f" Diverged: {trained.diverged:,}."
    if trained.failed:
        sentences += f" Failed: {trained.failed:,}."
    times = None
    if answer.timings is not None:
        first, *rows = timings_rows(answer.timings)
        times = Table(first, rows)
    return {"says": sentences, "notes": plan.shortfalls, "table": times}
