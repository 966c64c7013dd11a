"""Confusion matrix and ROC: the confusion matrix, and how well each is told from the others: ROC curves."""

import plotly.graph_objects as go

from goru.experiment.findings.evidence import ClassPredictions, ValuePredictions
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
from goru.wording import counted

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
                    f"actual {text(true, 60)}, predicted {text(predicted, 60)}: {count:,} rows"
                    for predicted, count in zip(names, row, strict=True)
                ]
                for true, row in zip(names, counts, strict=True)
            ],
            hovertemplate="%{customdata}<br>%{z:.1%} of the class<extra></extra>",
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
        title={"text": "predicted"},
        side="bottom",
        tickangle=-40 if len(names) * max(map(len, labels)) > MOST_LETTERS else 0,
    )
    figure.update_yaxes(axis, title={"text": "true"}, autorange="reversed")
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
                name=f"{text(curve.name)}, {curve.area:.3f}",
                hovertemplate=f"{text(curve.name)}<br>TPR %{{y:.1%}}, FPR %{{x:.1%}}<extra></extra>",
            )
        )
    which = f"'{text(curves[0].label, SHORT)}'" if two else "the class"
    figure.update_xaxes(title={"text": titled("false positive rate,", which)}, tickformat=".0%", range=[-0.01, 1.01])
    figure.update_yaxes(title={"text": f"true positive rate, {which}"}, tickformat=".0%", range=[0, 1.01])
    return Picture("roc", _says_roc(predictions), figure, _roc_table(predictions))


def whose(predictions: ClassPredictions | ValuePredictions) -> str:
    """Which rows were predicted."""
    if predictions.of == "test":
        return counted(predictions.rows, "test row")
    return f"{counted(predictions.rows, 'development row')}, each predicted by networks that were not trained on it"


def _says_confusion(predictions: ClassPredictions) -> str:
    wrong, rows, names = predictions.wrong, predictions.rows, [f"'{short_name(name)}'" for name in predictions.classes]
    sentences = f"Of {whose(predictions)}, {rows - wrong:,} are correct (accuracy {1 - wrong / rows:.1%})."
    mistakes = [
        (count, true, predicted)
        for true, row in enumerate(predictions.confusion)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    if mistakes:
        count, true, predicted = max(mistakes)
        sentences += (
            f" The most frequent mistake: {names[true]} predicted as {names[predicted]}, {counted(count, 'time')}."
        )
    known = [(row[place] / sum(row), place) for place, row in enumerate(predictions.confusion) if sum(row)]
    if wrong and len(known) > 2:
        share, place = min(known)
        sentences += f" The class with the lowest recall is {names[place]} ({share:.0%})."
    return sentences


def _says_roc(predictions: ClassPredictions) -> str:
    curves = predictions.roc
    if len(predictions.classes) == 2:
        best = curves[0]
        areas = [f"{curve.name} {curve.area:.3f}" for curve in curves[1:]]
        sentence = (
            f"A row of '{short_name(best.label)}' gets a higher probability of it than another row in "
            f"{best.area:.1%} of all such pairs: the area under the curve"
        )
        return f"{sentence}. Beside it: {', '.join(areas)}." if areas else f"{sentence}."
    worst, best = curves[0], curves[-1]
    sentence = "Each class against all others. The lowest area under the curve is that of "
    sentence += f"'{short_name(worst.name)}', {worst.area:.3f}"
    if len(predictions.classes) > len(curves):
        return f"{sentence}; shown are {len(curves)} of {len(predictions.classes)} classes."
    return f"{sentence}; the highest that of '{short_name(best.name)}', {best.area:.3f}."


def _confusion_table(predictions: ClassPredictions) -> Table:
    names = predictions.classes
    rows = [(name, *(f"{count:,}" for count in row)) for name, row in zip(names, predictions.confusion, strict=True)]
    return Table(("actual, across: predicted", *names), rows)


def _roc_table(predictions: ClassPredictions) -> Table:
    rows = [(curve.name, curve.label, f"{curve.area:.4f}") for curve in predictions.roc]
    return Table(("curve", "class", "AUC"), rows)
