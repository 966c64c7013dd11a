"""The report of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from goru.data.numbers import UNKNOWN, number
from goru.data.wording import counted, repeated
from goru.report import leakage
from goru.report.columns import columns_table
from goru.report.estimates import TOO_FEW, any_unknown, in_shares
from goru.report.page import render
from goru.report.pictures.activations import activations_picture
from goru.report.pictures.arms import arms_picture, interactions_picture
from goru.report.pictures.calibration import calibration_picture
from goru.report.pictures.classes import confusion_picture, roc_picture
from goru.report.pictures.curves import curves_picture
from goru.report.pictures.effects import effects_picture
from goru.report.pictures.hyperparameters import hyperparameters_picture, warnings
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.test_rows import handed_over, main_figure, test_picture
from goru.report.pictures.values import values_picture
from goru.report.repeating import command, how_alike, made_by
from goru.report.terminal import printable
from goru.report.writing import write_page
from goru.study.manifest import list_again
from goru.study.run import REPORT, Run

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A heading with pictures below it."""

    id: str
    title: str
    pictures: list[Picture]
    intro: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Card:
    """A figure to be seen first."""

    label: str
    value: str
    more: str


def write(run: Run) -> None:
    """Write a run's report into its folder.

    **Raises:** `InputError` if an older goru has written the run, or the page cannot be written.
    """
    write_page(study_page(run), run.folder / REPORT, overwrite=True)
    list_again(run.folder, REPORT)


def study_page(run: Run) -> str:
    """The report of a run, one HTML file."""
    return html(run.answer, run.evidence, run.config)


def html(answer: Answer, evidence: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> str:
    """The report.

    **Arguments:**

    - `config`: of a run; what a study was asked is not known without it, nor what each column is.
    """
    shown = sections(answer, evidence)
    columns = None if config is None else _columns(answer, config)
    contents = [(section.id, section.title) for section in shown]
    contents += [("handed-over", "What is handed over")]
    contents += [("columns", "Columns")] * (columns is not None)
    contents += [("spent", "Time and networks"), ("again", "To do it again")]
    return render(
        "study.html",
        contents,
        [picture for section in shown for picture in section.pictures],
        answer=answer,
        summary=summary(answer),
        cards=cards(answer),
        sections=shown,
        handed_over={"says": _handed_over(answer), "table": _recommended(answer)},
        columns=columns,
        spent=_spent(answer),
        command=None if config is None else command(config),
        again={"says": how_alike(config, answer), "table": made_by(config, answer)},
    )


def sections(answer: Answer, evidence: Mapping[str, Any]) -> list[Section]:
    """All headings with their pictures; what a study has nothing for is left out."""
    found = evidence["predictions"]
    found_sections = [
        Section(
            "helps",
            "What helps",
            [effects_picture(answer)],
            f"{len(answer['effects'])} questions, each answered by a change of the validation loss, both sides at "
            f"their best configuration and epoch. Bars are simultaneous {answer['judgement']['confidence']:.0%} "
            "confidence intervals; the band around zero is what is not worth having.",
            [f"Intervals are {TOO_FEW}."] * any_unknown(answer["effects"]),
        ),
        Section("learning", "Learning, and overfitting", [curves_picture(answer, evidence)]),
    ]
    activations = activations_picture(evidence)
    if activations:
        found_sections.append(
            Section(
                "activations",
                "Activations, layer by layer",
                [activations],
                "What every hidden layer hands to the next. Activations should be evenly spread: where they are all "
                "alike, or zero, neurons say the same and gradients vanish.",
            )
        )
    found_sections += [
        Section(
            "hyperparameters",
            "Loss over each hyperparameter",
            [hyperparameters_picture(evidence)],
            warnings=warnings(evidence),
        ),
        Section("arms", "Batch norm: before or after the activation", [arms_picture(answer, evidence)]),
        Section("interactions", "Together, or one instead of the other", [interactions_picture(answer, evidence)]),
    ]
    test = test_picture(answer)
    if test:
        found_sections.append(Section("test", "On the test rows", [test], warnings=leakage.warning(answer)))
    if found["rows"]:
        copies = leakage.warning(answer) if found["of"] == "test" else []
        if answer["data"]["classes"] is None:
            shown = [values_picture(found, answer["data"]["target"])]
            found_sections.append(Section("predicted", "Predicted and true", shown, warnings=copies))
        else:
            roc = roc_picture(found)
            shown = [confusion_picture(found), *([roc] if roc else [])]
            found_sections.append(Section("predicted", "Which classes are taken for which", shown, warnings=copies))
        title = "Do predictions mean what they say?"
        found_sections.append(Section("calibrated", title, [calibration_picture(answer, found)], warnings=copies))
    return found_sections


def cards(answer: Answer) -> list[Card]:
    """What a hurried reader takes away."""
    plain, best = answer["judgement"]["plain_loss"], answer["effects"][-1]
    arms = {draw["arm"] for draw in answer["recommended"]}
    words = "several combinations" if len(arms) > 1 else arms.pop()
    found = [Card("recommended", words, _made_of(answer))]
    if best["change"] is not None and plain:
        change, interval = in_shares(best, plain)
        more = f"interval {interval}: {best['verdict']}" if interval == UNKNOWN else f"{interval}: {best['verdict']}"
        found.append(Card("best combination against plain, validation loss", change, more))
    if answer["test"]:
        over, name = handed_over(answer), main_figure(answer)
        more = next(figure for figure in ("accuracy", "R²") if figure in over)
        also = [] if over[more] is None else [f"{more} {over[more]:.3f}"]
        also += [said] if (said := leakage.repeated(answer)) else []
        found.append(Card(f"{name}, test rows", number(over[name]), "; ".join(also)))
    words = {"rises": f"from epoch {answer['plain']['epoch']} on", "gap": "by its gap", None: "not for sure"}
    gap = f"held-out loss less fit loss: {number(answer['plain']['gap'])}"
    found.append(Card("the plain network overfits", words[answer["plain"]["overfits"]], gap))
    return found


def _made_of(answer: Answer) -> str:
    networks = sum(draw["networks"] for draw in answer["recommended"])
    return f"{counted(networks, 'network')}, {counted(len(answer['recommended']), 'draw')}"


def summary(answer: Answer) -> str:
    """The table, the networks and the loss in two sentences."""
    data = answer["data"]
    what = "regression" if data["classes"] is None else f"{len(data['classes'])} classes"
    loss = "The loss is the squared error over the target's variance." if data["classes"] is None else (
        "The loss is the log loss." if not answer["options"]["class_weight"]
        else "The loss is the log loss; every class counts alike in it."
    )  # fmt: skip
    test = f"{data['test']:,} of them for the test" if data["test"] else "none of them for a test"
    widths = "-".join(map(str, answer["network"]["widths"]))
    return (
        f"{counted(data['rows'], 'row')}, {test}; {counted(sum(data['columns'].values()), 'column')}; {what}. Networks "
        f"of {widths} units, {answer['network']['activation']}. {loss}"
    )


def _handed_over(answer: Answer) -> str:
    networks = sum(draw["networks"] for draw in answer["recommended"])
    said = "One network" if networks == 1 else f"A bag of {networks} networks, whose predictions are averaged"
    said += ", trained again on all development rows."
    if answer["selection"] == "greedy" and len(answer["recommended"]) > 1:
        said += (
            " They were selected by their validation predictions: better than an even share by over one standard error."
        )
    if answer["temperature"] != 1:
        said += f" Probabilities are calibrated on held-out rows, by the temperature {answer['temperature']:.2f}."
    if answer.get("chosen_by") == "score":
        said += " The combination is the one with the best score on held-out rows."
    return said


def _recommended(answer: Answer) -> Table:
    searched = [name for name in answer["recommended"][0] if name.startswith("batch_norm_")]
    rows = [
        (
            draw["arm"],
            f"{draw['networks']}",
            f"{draw['learning_rate']:.2g}",
            "" if draw["dropout_rate"] is None else f"{draw['dropout_rate']:.2f}",
            "" if draw["weight_decay"] is None else f"{draw['weight_decay']:.2g}",
            f"{draw['epochs']} of {draw['schedule_epochs']}",
            number(draw["held_out_loss"]),
            *(f"{draw[name]:.2g}" if name in draw else "" for name in searched),
        )
        for draw in answer["recommended"]
    ]
    columns = ("combination", "networks", "learning rate", "dropout rate", "weight decay λ", "epochs", "held-out loss")
    return Table((*columns, *(name.removeprefix("batch_norm_") for name in searched)), rows)


def _columns(answer: Answer, config: Mapping[str, Any]) -> dict[str, Any]:
    columns = config["columns"]["columns"]
    counts = answer["data"]["columns"]
    kinds = [
        counted(counts[kind], *words)
        for kind, words in (("numeric", ["number"]), ("categorical", ["category", "categories"]), ("date", ["date"]))
        if counts[kind]
    ]
    inputs = counted(answer["network"]["widths"][0], "input")
    said = f"{', '.join(kinds)} became {inputs} of the networks; {counts['dropped']:,} dropped."
    said += " Whatever is fitted to prepare a column is fitted on the fit rows alone."
    table = columns_table(columns, answer["network"]["numbers"] == "pieces")
    return {"says": said, "table": table, "notes": [printable(note) for note in answer["data"]["notes"]]}


def _spent(answer: Answer) -> dict[str, Any]:
    trained, plan = answer["trained"], answer["plan"]
    partitions = f", {repeated(plan['partitions'])}" if plan["partitions"] > 1 else ""
    said = (
        f"{counted(trained['networks'], 'network')} in {answer['seconds']:.0f} s: {plan['arms']} combinations, "
        f"{counted(plan['draws'], 'draw')} each, {plan['folds']} folds{partitions}, {plan['epochs']} epochs; "
        f"{trained['steps']:,} steps of one network in all."
    )
    if trained["diverged"]:
        said += f" Diverged, and left behind: {trained['diverged']:,}."
    return {"says": said, "notes": plan["shortfalls"]}
