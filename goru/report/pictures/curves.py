"""Learning curves of the plain network and of the recommendation, on rows they are fitted on and on validation rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Band, ConfigurationCurves, Curves, Evidence, RowsCurves
from goru.language import _, kept, retold
from goru.report.parts import words
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import (
    FAINT,
    PALE,
    PAPER,
    PLAIN,
    RECOMMENDED,
    axis_name,
    blank,
    known_values,
    note,
    short_name,
)

COLOURS = {"plain": PLAIN, "recommended": RECOMMENDED}
ROWS = {"training": (kept("training rows"), "dot"), "validation": (kept("validation rows"), "solid")}
FIGURES = ("loss", "accuracy")
TABLE_ROWS = 12


def curves_picture(answer: Answer, evidence: Evidence) -> Picture | None:
    """The loss and, for classes, the accuracy by epoch, with bands from the lowest to the highest split; nothing of a
    training that has one epoch. Where the training loss is unknown, its curves are left out."""
    curves = evidence.curves
    if len(curves.epochs) < 2:
        return None
    shown = _shown(curves)
    lines = [
        CurveLine(name, figure, rows, band)
        for figure in FIGURES
        for name, configuration in shown.items()
        for rows in ROWS
        if (band := _band(configuration, rows, figure)) is not None and (band.known or rows == "validation")
    ]
    figures = list(dict.fromkeys(line.figure for line in lines))
    return Picture("curves", _says(answer, curves), _figure(curves, shown, lines, figures), _table(curves, lines))


@dataclass(frozen=True)
class CurveLine:
    """A curve: of the plain network or the recommended one, which figure, on which rows."""

    network: str
    figure: str
    rows: str
    band: Band


def _band(configuration: ConfigurationCurves, rows: str, figure: str) -> Band | None:
    on: RowsCurves = {"training": configuration.curves.training, "validation": configuration.curves.validation}[rows]
    return {"loss": on.loss, "accuracy": on.accuracy}[figure]


def _shown(curves: Curves) -> dict[str, ConfigurationCurves]:
    """One line where the plain network is what is recommended."""
    plain, recommended = curves.plain, curves.recommended
    same = (plain.arm, plain.configuration) == (recommended.arm, recommended.configuration)
    return {"recommended": recommended} if same else {"plain": plain, "recommended": recommended}


def _figure(
    curves: Curves, shown: Mapping[str, ConfigurationCurves], lines: list[CurveLine], figures: list[str]
) -> go.Figure:
    figure = blank(330 * len(figures) + 60, hovermode="x unified")
    share = 1 / len(figures)
    epochs = curves.epochs
    for panel, name in enumerate(figures):
        x, y = (axis_name(panel, letter) for letter in "xy")
        top = 1 - panel * share
        figure.update_layout(
            {
                f"xaxis{panel + 1}": {"title": {"text": _("epoch")}, "anchor": y, "range": [0, epochs[-1] * 1.02]},
                f"yaxis{panel + 1}": {
                    "title": {"text": retold(name)},
                    "domain": [top - share + (0.11 if panel < len(figures) - 1 else 0), top],
                    "anchor": x,
                    **({"tickformat": ".0%"} if name == "accuracy" else {"range": _range(lines)}),
                },
            }
        )
        for line in lines:
            if line.figure == name:
                rows_in_words, dash = ROWS[line.rows]
                label = f"{retold(line.network)}, {retold(rows_in_words)}"
                _line(figure, epochs, line.band, COLOURS[line.network], label, dash, x, y, legend=panel == 0)
    for network, configuration in shown.items():
        _mark(figure, configuration, network)
    return figure


def _line(
    figure: go.Figure,
    epochs: Sequence[int],
    band: Band,
    colour: str,
    name: str,
    dash: str,
    x: str,
    y: str,
    legend: bool,
) -> None:
    common = {"xaxis": x, "yaxis": y, "legendgroup": name, "x": list(epochs), "mode": "lines"}
    bare = {"showlegend": False, "hoverinfo": "skip", "line": {"width": 0, "color": colour}}
    figure.add_trace(go.Scatter(**common, **bare, y=band.low))
    figure.add_trace(go.Scatter(**common, **bare, y=band.high, fill="tonexty", fillcolor=colour + FAINT))
    figure.add_trace(
        go.Scatter(
            **common,
            y=band.mean,
            name=name,
            showlegend=legend,
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate="%{y:.4g}",
        )
    )


def _range(lines: Sequence[CurveLine]) -> list[float]:
    """The losses that matter: the first epochs' are higher, and can be zoomed out to."""
    losses = [line for line in lines if line.figure == "loss"]
    means = [known_values(line.band.mean) for line in losses if line.rows == "validation"]
    validation = [value for mean in means for value in mean]
    everything = [value for line in losses for value in known_values(line.band.high)]
    if not everything:
        return [0.0, 1.0]
    lowest = min([*everything, *(value for line in losses for value in known_values(line.band.low))])
    if lowest < 0:  # a loss of somebody's own
        beyond = 0.05 * (max(everything) - lowest)
        return [lowest - beyond, max(everything) + beyond]
    most = min(max(everything), 2 * float(np.median(validation or everything)), 8 * min(validation or everything))
    return [0.0, 1.05 * max([most, *(mean[-1] * 1.1 for mean in means if mean)])]


def _mark(figure: go.Figure, configuration: ConfigurationCurves, network: str) -> None:
    """Where overfitting starts, and where the training of the final model stops."""
    marks = []
    if configuration.overfitting.overfits == "rises":
        marks.append((configuration.overfitting.epoch, _("overfitting starts"), 1.0, "dash"))
    if network == "recommended":
        marks.append((configuration.stops, _("stops here"), 0.83, "dashdot"))
    for epoch, label, height, dash in marks:
        figure.add_shape(
            type="line",
            x0=epoch,
            x1=epoch,
            y0=0,
            y1=1,
            yref="y domain",
            xref="x",
            line={"color": COLOURS[network], "width": 1.5, "dash": dash},
        )
        left = epoch < 0.55 * figure.layout.xaxis.range[1]
        note(
            figure,
            f" {retold(network)}: <br> {label} ",
            x=epoch,
            xref="x",
            y=height if network == "recommended" else height - 0.34,
            yref="y domain",
            xanchor="left" if left else "right",
            yanchor="top",
            align="left" if left else "right",
            bgcolor=PAPER + PALE,
            font_color=COLOURS[network],
        )


def _says(answer: Answer, curves: Curves) -> str:
    plain, recommended = curves.plain.overfitting, curves.recommended.overfitting
    name = words.plain(answer)
    sentences = []
    if plain.validation is None:
        sentences.append(_("The {name} diverges in some fold.", name=name))
    elif plain.overfits == "rises":
        lowest, last = numbers([plain.best, plain.validation])
        given = {"name": name, "epoch": plain.epoch, "lowest": lowest, "last": last}
        if plain.training is None:
            rises = _(
                "The {name} overfits: after epoch {epoch} its validation loss rises from {lowest} to {last}.", **given
            )
        elif _falls(curves):
            rises = _(
                "The {name} overfits: after epoch {epoch} its validation loss rises from {lowest} to {last}, while its "
                "loss on training rows goes on falling to {training}.",
                **given,
                training=number(plain.training),
            )
        else:
            rises = _(
                "The {name} overfits: after epoch {epoch} its validation loss rises from {lowest} to {last}, while its "
                "loss on training rows ends with {training}.",
                **given,
                training=number(plain.training),
            )
        sentences.append(rises)
    elif plain.training is None:
        sentences.append(
            _(
                "At the end the {name}'s validation loss is {validation}; overfitting is inconclusive.",
                name=name,
                validation=number(plain.validation),
            )
        )
    elif plain.overfits == "gap":
        sentences.append(
            _(
                "The {name} overfits: at the end its training loss is {training} and its validation "
                "loss {validation}; no clear rise in validation loss.",
                name=name,
                training=number(plain.training),
                validation=number(plain.validation),
            )
        )
    else:
        sentences.append(
            _(
                "At the end the {name}'s loss is {training} on training rows and {validation} on "
                "validation rows; overfitting is inconclusive.",
                name=name,
                training=number(plain.training),
                validation=number(plain.validation),
            )
        )
    stops = curves.recommended.stops
    if len(_shown(curves)) == 1:
        sentences.append(_("It is what is recommended, stopped after epoch {stops}.", stops=stops))
    else:
        which = _("The recommended one")
        if len(answer.recommended) > 1:
            which = _("The first of {count} recommended configurations", count=len(answer.recommended))
        losses = [number(loss) for loss in (recommended.training, recommended.validation) if loss is not None]
        ends = _("ends with {losses}", losses=_(" and ").join(losses))
        if recommended.validation is None:
            ends = _("diverges in some fold")
        measure, temperature = retold(answer.judgement.measure), answer.recommended[0].temperature
        if temperature != 1:
            measure = _(
                "{measure} (with temperature scaling, T = {temperature})",
                measure=measure,
                temperature=number(temperature),
            )
        sentences.append(
            _(
                "{which} ({combination}) {ends}; its final training stops after epoch {epoch}, where its {measure} is "
                "lowest.",
                which=which,
                combination=short_name(retold(curves.recommended.arm)),
                ends=ends,
                epoch=stops,
                measure=measure,
            )
        )
    sentences.append(_("Bands: range over folds."))
    return " ".join(sentences)


def _falls(curves: Curves) -> bool:
    """Whether the plain network's loss on training rows is lower in the end than where its validation loss is
    lowest."""
    plain = curves.plain.overfitting
    before = curves.plain.curves.training.loss.mean[int(np.searchsorted(curves.epochs, plain.epoch))]
    return before is not None and plain.training is not None and plain.training < before


def _table(curves: Curves, lines: Sequence[CurveLine]) -> Table:
    chosen = np.unique(np.linspace(0, len(curves.epochs) - 1, TABLE_ROWS).round().astype(int))
    columns = [", ".join(map(retold, (line.network, ROWS[line.rows][0], line.figure))) for line in lines]
    rows = [(f"{curves.epochs[index]}", *(number(line.band.mean[index]) for line in lines)) for index in chosen]
    return Table((_("epoch"), *columns), rows)
