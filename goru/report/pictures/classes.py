"""Confusion matrix and ROC: the confusion matrix, and how well each is told from the others: ROC curves."""

import plotly.graph_objects as go

from goru.experiment.findings.evidence import ClassPredictions, ValuePredictions
from goru.language import _, _n, retold
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import (
    BLUE,
    DASHES,
    GREEN,
    PLAIN,
    RECOMMENDED,
    SERIES,
    SHADE,
    SHORT,
    SOFT,
    blank,
    short_name,
    text,
    titled,
)

MODELS = {"recommended", "plain", "logistic regression", "boosted trees", "class prior"}
COLOURS = {"recommended": RECOMMENDED, "plain": PLAIN}
FEW = 4  # classes, whose cells are large
MOST_LETTERS = 40  # of names beside one another that a phone has room for
MOST_NUMBERS = 12  # classes in a matrix whose cells hold their counts


def confusion_picture(predictions: ClassPredictions) -> Picture:
    """A row a class, a column what it was taken for; shades are shares of the row."""
    counts, names = predictions.confusion, predictions.classes
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    labels = [text(name, 14) for name in names]
    side = 90 if len(names) <= FEW else min(60, 560 // len(names))
    figure = blank(side * len(names) + 130, hovermode="closest")
    places = list(range(len(names)))
    figure.add_trace(
        go.Heatmap(
            z=shares,
            x=places,
            y=places,
            customdata=[
                [
                    _(
                        "actual {true}, predicted {predicted}: {count:,} rows",
                        true=text(true, 60),
                        predicted=text(predicted, 60),
                        count=count,
                    )
                    for predicted, count in zip(names, row, strict=True)
                ]
                for true, row in zip(names, counts, strict=True)
            ],
            hovertemplate="%{customdata}<br>" + _("{share} of the class", share="%{z:.1%}") + "<extra></extra>",
            text=[[f"{count:,}" if count else "" for count in row] for row in counts],
            texttemplate="%{text}" if len(names) <= MOST_NUMBERS else "",
            colorscale=[[0, SHADE], [1, BLUE]],
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    axis = {"tickvals": places, "ticktext": labels, "showgrid": False, "constrain": "domain", "fixedrange": True}
    figure.update_xaxes(
        axis,
        title={"text": _("predicted")},
        side="bottom",
        tickangle=-40 if len(names) * max(map(len, labels)) > MOST_LETTERS else 0,
    )
    figure.update_yaxes(axis, title={"text": _("true")}, autorange="reversed")
    return Picture("confusion", _says_confusion(predictions), figure, _confusion_table(predictions))


def roc_picture(predictions: ClassPredictions) -> Picture | None:
    """A curve a model, or of many classes a curve a class; nothing where the rows are all of one class."""
    curves = predictions.roc
    if not curves:
        return None
    two = len(predictions.classes) == 2
    figure = blank(480, hovermode="closest", margin={"l": 8, "r": 24, "t": 30, "b": 8})
    line = {"color": SOFT, "width": 1, "dash": "dash"}
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False))
    for index, curve in enumerate(curves):
        colour, dash = SERIES[index % len(SERIES)], DASHES[index // len(SERIES) % len(DASHES)]
        if two:
            colour = COLOURS.get(curve.name, (SOFT, GREEN)[index % 2])
            dash = "solid" if curve.name in COLOURS else "dot"
        figure.add_trace(
            go.Scatter(
                x=curve.false,
                y=curve.true,
                mode="lines",
                line={"color": colour, "dash": dash, "width": 2},
                name=f"{text(_name(curve.name))}, {curve.area:.3f}",
                hovertemplate=f"{text(_name(curve.name))}<br>TPR %{{y:.1%}}, FPR %{{x:.1%}}<extra></extra>",
            )
        )
    which = f"'{text(curves[0].label, SHORT)}'" if two else _("the class")
    figure.update_xaxes(title={"text": titled(_("false positive rate,"), which)}, tickformat=".0%", range=[-0.01, 1.01])
    figure.update_yaxes(
        title={"text": _("true positive rate, {which}", which=which)}, tickformat=".0%", range=[0, 1.01]
    )
    return Picture("roc", _says_roc(predictions), figure, _roc_table(predictions))


def _name(of: str) -> str:
    """Of a curve: that of a model, or of a class, which is called as it is."""
    return retold(of) if of in MODELS else of


def whose(predictions: ClassPredictions | ValuePredictions) -> str:
    """Which rows were predicted."""
    if predictions.of == "test":
        return _n("{n} test row", "{n} test rows", predictions.rows)
    return _n(
        "{n} development row, each predicted by networks that were not trained on it",
        "{n} development rows, each predicted by networks that were not trained on it",
        predictions.rows,
    )


def _says_confusion(predictions: ClassPredictions) -> str:
    wrong, rows, names = predictions.wrong, predictions.rows, [f"'{short_name(name)}'" for name in predictions.classes]
    sentences = _(
        "Of {rows}, {correct:,} are correct (accuracy {accuracy:.1%}).",
        rows=whose(predictions),
        correct=rows - wrong,
        accuracy=1 - wrong / rows,
    )
    mistakes = [
        (count, true, predicted)
        for true, row in enumerate(predictions.confusion)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    if mistakes:
        count, true, predicted = max(mistakes)
        sentences += " " + _(
            "The most frequent mistake: {true} predicted as {predicted}, {times}.",
            true=names[true],
            predicted=names[predicted],
            times=_n("{n} time", "{n} times", count),
        )
    known = [(row[place] / sum(row), place) for place, row in enumerate(predictions.confusion) if sum(row)]
    if wrong and len(known) > 2:
        share, place = min(known)
        sentences += " " + _(
            "The class with the lowest recall is {place} ({share:.0%}).", place=names[place], share=share
        )
    return sentences


def _says_roc(predictions: ClassPredictions) -> str:
    curves = predictions.roc
    if len(predictions.classes) == 2:
        best = curves[0]
        areas = [f"{_name(curve.name)} {curve.area:.3f}" for curve in curves[1:]]
        sentence = _(
            "A row of '{label}' gets a higher probability of it than another row in {area:.1%} of all such pairs: the "
            "area under the curve.",
            label=short_name(best.label),
            area=best.area,
        )
        return sentence + (" " + _("Beside it: {areas}.", areas=", ".join(areas)) if areas else "")
    worst, best = curves[0], curves[-1]
    given = {"worst": short_name(worst.name), "lowest": worst.area}
    if len(predictions.classes) > len(curves):
        return _(
            "Each class against all others. The lowest area under the curve is that of '{worst}', {lowest:.3f}; shown "
            "are {count} of {classes} classes.",
            **given,
            count=len(curves),
            classes=len(predictions.classes),
        )
    return _(
        "Each class against all others. The lowest area under the curve is that of '{worst}', {lowest:.3f}; the "
        "highest that of '{best}', {highest:.3f}.",
        **given,
        best=short_name(best.name),
        highest=best.area,
    )


def _confusion_table(predictions: ClassPredictions) -> Table:
    names = predictions.classes
    rows = [(name, *(f"{count:,}" for count in row)) for name, row in zip(names, predictions.confusion, strict=True)]
    return Table((_("actual, across: predicted"), *names), rows)


def _roc_table(predictions: ClassPredictions) -> Table:
    rows = [(_name(curve.name), curve.label, f"{curve.area:.4f}") for curve in predictions.roc]
    return Table((_("curve"), _("class"), _("AUC")), rows)
