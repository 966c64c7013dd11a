"""The report of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goru.data.numbers import number
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence, ValuePredictions
from goru.experiment.findings.inspection import Inspection
from goru.language import _, _n, retold
from goru.report.page import render
from goru.report.parts import leakage, words
from goru.report.parts.columns import columns_say, columns_table, target_says
from goru.report.parts.estimates import TOO_FEW, any_unknown, in_shares
from goru.report.parts.final_scores import final_scores, main_figure
from goru.report.parts.forest import forest
from goru.report.parts.leaderboard import leaderboard_intro, leaderboard_says, leaderboard_table
from goru.report.parts.recommended import final_model_says, made_of, recommended_table
from goru.report.parts.repeating import command, how_alike, made_by
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
from goru.report.terminal import printable, timings_rows
from goru.report.writing import write_page
from goru.studies.runs.manifest import list_again
from goru.studies.runs.run import REPORT, RunFolder
from goru.wording import confidence_in_words, listing

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
    notes: list[str] = field(default_factory=list)
    folded: list[tuple[str, Table]] = field(default_factory=list)


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
    shown = sections(answer, evidence, config)
    noun = words.noun(answer)
    contents = [(section.id, section.title) for section in shown]
    contents += [("failures", _("Failures"))] * bool(answer.failures)
    contents += [("final-model", _("The final model"))]
    contents += [("spent", _("Compute")), ("again", _("Reproduce"))]
    return render(
        "study.html",
        contents,
        [picture for section in shown for picture in section.pictures],
        answer=answer,
        advice=retold(answer.advice),
        asked=asked(answer),
        summary=summary(answer),
        cards=cards(answer),
        drawing=forest(answer.effects),
        sections=shown,
        failures=_failures(answer),
        final_model={
            "says": final_model_says(answer),
            "table": recommended_table(answer.recommended, words.of_networks(answer), answer.judgement.measure),
        },
        noun=noun,
        spent=_spent(answer),
        command=None if config is None else command(config),
        again={"says": how_alike(config, answer), "table": made_by(config, answer)},
    )


def asked(answer: Answer) -> str:
    """The question, up to the name of the table."""
    names = [short_name(words.factor(name)) for name in answer.recommended[0].levels]
    factors = retold(listing(names))
    if words.of_networks(answer):
        if set(answer.recommended[0].levels) == {"batch_norm", "dropout", "weight_decay"}:
            return _("What batch normalization, weight decay and dropout do for a network on")
        if len(names) == 1:
            return _("What {factors} does for a network on", factors=factors)
        return _("What {factors} do for a network on", factors=factors)
    return _("What the training function makes of {factors} on", factors=factors)


def sections(answer: Answer, evidence: Evidence, config: Mapping[str, Any] | None = None) -> list[Section]:
    """All headings with their pictures; what a study has nothing for is left out.

    **Arguments:**

    - `config`: as `html` has it.
    """
    return [
        *_leaderboard(answer, evidence),
        *_columns(answer, evidence, config),
        Section(
            "helps",
            _("Effect of each technique"),
            [effects_picture(answer)],
            _(
                "{effects} questions, each answered by a change of the {measure}, both sides at "
                "their best configuration and epoch. Bars are simultaneous {confidence} confidence "
                "intervals; inside the band around zero a change is negligible.",
                effects=len(answer.effects),
                measure=retold(answer.judgement.measure),
                confidence=confidence_in_words(answer.judgement.confidence),
            ),
            [
                *[_("Intervals are {unknown}.", unknown=retold(TOO_FEW))] * any_unknown(answer.effects),
                *([_("This is {looked}.", looked=looked)] if (looked := words.looked(answer.judgement)) else []),
            ],
        ),
        *_of_removals(answer),
        *_section("learning", _("Learning curves and overfitting"), [curves_picture(answer, evidence)]),
        *_section("by-rows", _("Would more rows help?"), [by_rows_picture(answer, evidence)], retold(BY_ROWS_INTRO)),
        *_section(
            "activations",
            _("Activations, layer by layer"),
            [activations_picture(evidence)],
            _(
                "The outputs of every hidden layer. They should be evenly spread: where they are all "
                "alike, or zero, units are dead and gradients vanish."
            ),
        ),
        *_section(
            "hyperparameters",
            _("Validation loss vs hyperparameters"),
            [hyperparameters_picture(evidence, answer.judgement.measure)],
            warnings=edge_warnings(evidence),
        ),
        Section("arms", arms_title(evidence), [arms_picture(answer, evidence)]),
        *_section("interactions", _("Interactions"), [interactions_picture(answer)]),
        *_section(
            "test",
            _("On the test rows"),
            [test_picture(answer)],
            warnings=[] if evidence.leaderboard else leakage.warning(answer),
        ),
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
            _("Leaderboard"),
            [],
            leaderboard_intro(answer),
            leakage.warning(answer) if answer.test else [],
            [("", leaderboard_table(answer, evidence))],
            leaderboard_says(answer, evidence),
        )
    ]


def _columns(answer: Answer, evidence: Evidence, config: Mapping[str, Any] | None) -> list[Section]:
    if not config or not config.get("columns"):
        return []
    encoding = "scaled" if answer.network is None else answer.network.numbers
    table = columns_table(config["columns"]["columns"], encoding, evidence.overview)
    return [
        Section(
            "columns",
            _("Columns and target"),
            [],
            columns_say(answer, evidence.overview),
            says="" if evidence.overview is None else target_says(answer.data, evidence.overview),
            notes=[printable(retold(note)) for note in answer.data.notes],
            folded=[(_("All {count} columns", count=len(config["columns"]["columns"])), table)],
        )
    ]


def _of_removals(answer: Answer) -> list[Section]:
    if not (effects := words.removals(answer)):
        return []
    intro = _(
        "The best combination against the same without one of its techniques, both sides at "
        "their best configuration and epoch. Left of zero: removing the technique hurts."
    )
    unknown = [_("Intervals are {unknown}.", unknown=retold(TOO_FEW))] * any_unknown(effects)
    return _section("removals", _("Leave one technique out"), [removals_picture(answer)], intro, unknown)


def _predicted(answer: Answer, evidence: Evidence) -> list[Section]:
    predictions = evidence.predictions
    if predictions is None:
        return []
    if isinstance(predictions, ValuePredictions):
        first = _section("predicted", _("Predicted vs actual"), [values_picture(predictions, answer.data.target)])
    else:
        pictures = [confusion_picture(predictions), roc_picture(predictions), precision_recall_picture(predictions)]
        first = _section("predicted", _("Confusion matrix and ROC"), pictures)
        if predictions.thresholds:
            first[0].tables.append((thresholds_title(predictions), thresholds_table(predictions)))
    return [*first, *_section("calibrated", _("Calibration"), [calibration_picture(answer, predictions)])]


def _inspected(answer: Answer, inspection: Inspection | None) -> list[Section]:
    if inspection is None:
        return []
    importance, slices = importance_picture(inspection), slices_picture(inspection)
    numeric = answer.data.classes is None
    dependence = dependence_picture(inspection, answer.data.target, numeric)
    loss = retold("squared error over the target's variance" if numeric else "log loss")
    used = _section(
        "columns-used",
        _("Permutation importance and partial dependence"),
        [importance, dependence],
        _(
            "Of the final model, on test rows. Importance is the rise of the {loss} when a "
            "column's values are shuffled among the rows; strongly correlated columns are "
            "shuffled together. Bars are 95% intervals over the rows.",
            loss=loss,
        ),
    )
    where = Section(
        "wrong",
        _("Error analysis"),
        [slices] if slices else [],
        _("Slices are the levels of categories, and quarters of the rows by each number."),
        tables=[(_("Rows with the highest loss"), wrong_table(inspection))],
    )
    return [*used, where]


def cards(answer: Answer) -> list[Card]:
    """What a hurried reader takes away."""
    plain, best = answer.judgement.plain_loss, answer.effects[-1]
    arms = {configuration.arm for configuration in answer.recommended}
    of = _("several combinations") if len(arms) > 1 else short_name(retold(arms.pop()), MOST_LETTERS)
    cards = [Card(_("recommended"), of, made_of(answer))]
    if best.change is not None and plain:
        change, interval = in_shares(best, plain)
        interval = _("interval unknown") if best.low is None else interval
        more = f"{interval}: {words.verdict_in_words(best)}"
        cards.append(
            Card(_("best combination against plain, {measure}", measure=retold(answer.judgement.measure)), change, more)
        )
    if words.has_simplest(answer):
        simplest = short_name(words.simplest(answer), MOST_LETTERS)
        cards.append(Card(_("simplest within one standard error"), simplest, _("about as good as the best")))
    if answer.test:
        over, name = final_scores(answer).figures, main_figure(answer)
        more = next((figure for figure in ("accuracy", "R²") if figure in over), name)
        also = [f"{retold(more)} {value:.3f}" for value in [over[more]] if value is not None and more != name]
        also += [copies] if (copies := leakage.repeated_test_rows(answer)) else []
        cards.append(Card(_("{name}, test rows", name=retold(name)), number(over[name]), "; ".join(also)))
    if answer.plan.epochs > 1:
        ways = {
            "rises": _("after epoch {epoch}", epoch=answer.plain.epoch),
            "gap": _("yes"),
            None: _("inconclusive"),
        }
        gap = _("generalization gap unknown") if answer.plain.gap is None and answer.plain.validation is not None else (
            _("generalization gap {gap}", gap=number(answer.plain.gap))
        )  # fmt: skip
        cards.append(Card(_("the {plain} overfits", plain=words.plain(answer)), ways[answer.plain.overfits], gap))
    return cards


def summary(answer: Answer) -> str:
    """The table, what was trained and the loss in two sentences."""
    data = answer.data
    test = _("{test:,} for testing", test=data.test) if data.test else _("none for testing")
    rows = _n("{n} row", "{n} rows", data.rows)
    parts = [f"{rows} ({test})", words.target(data)]
    if data.columns is not None:
        parts.insert(1, _n("{n} column", "{n} columns", sum(data.columns.values())))
    sentences = [f"{'; '.join(parts)}."]
    if answer.network is not None:
        widths = "-".join(map(str, answer.network.widths))
        activation = answer.network.activation
        sentences.append(_("Networks of {widths} units, {activation}.", widths=widths, activation=activation))
    else:
        trials, combinations = _n("{n} trial", "{n} trials", answer.trained.networks), answer.plan.arms
        sentences.append(_("{trials} of {combinations} combinations.", trials=trials, combinations=combinations))
    return " ".join([*sentences, _judged(answer)])


def _judged(answer: Answer) -> str:
    judgement = answer.judgement
    if judgement.measure == "validation loss":
        return _("The loss is the {loss}.", loss=short_name(retold(judgement.loss)))
    return _(
        "What judges is the {measure}: {loss}.",
        measure=retold(judgement.measure),
        loss=short_name(retold(judgement.loss)),
    )


def _failures(answer: Answer) -> Table | None:
    if not answer.failures:
        return None
    failed = _("failed networks") if words.of_networks(answer) else _("failed trials")
    rows = [
        (retold(one.arm), _("{failed:,} of {of:,}", failed=one.failed, of=one.of), one.last_line)
        for one in answer.failures
    ]
    return Table((_("combination"), failed, _("the last one's reason")), rows)


def _spent(answer: Answer) -> dict[str, Any]:
    trained, plan = answer.trained, answer.plan
    folds = _("{folds}-fold cross-validation", folds=plan.folds)
    if plan.partitions > 1:
        folds = _("{partitions} x {folds}-fold cross-validation", partitions=plan.partitions, folds=plan.folds)
    design = [
        _("{count} combinations", count=plan.arms),
        _n("{n} configuration each", "{n} configurations each", plan.configurations),
        folds,
        *([_("{count} epochs", count=plan.epochs)] if plan.epochs > 1 else []),
    ]
    trials = words.trials(answer, trained.networks)
    given = {"trials": trials, "seconds": answer.seconds, "design": ", ".join(design)}
    sentences = [
        _("{trials} in {seconds:.0f} s: {design}.", **given)
        if trained.steps is None
        else _("{trials} in {seconds:.0f} s: {design}; {count:,} training steps in all.", **given, count=trained.steps)
    ]
    if trained.diverged:
        sentences.append(_("Diverged: {count:,}.", count=trained.diverged))
    if trained.failed:
        sentences.append(_("Failed: {count:,}.", count=trained.failed))
    times = None
    if answer.timings is not None:
        first, *rows = timings_rows(answer.timings)
        times = Table(first, rows)
    return {"says": " ".join(sentences), "notes": [retold(one) for one in plan.shortfalls], "table": times}
