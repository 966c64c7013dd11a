"""Learning curves of the plain network and of the recommendation, on rows they are fitted on and on held-out ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import FAINT, PALE, PAPER, PLAIN, RECOMMENDED, axis_name, blank, fit, note

Curves = Mapping[str, Any]
COLOURS = {"plain": PLAIN, "recommended": RECOMMENDED}
ROWS = {"fit": ("fit rows", "dot"), "held_out": ("held-out rows", "solid")}
TABLE_ROWS = 12


def curves_picture(answer: Mapping[str, Any], evidence: Mapping[str, Any]) -> Picture:
    """The loss and, for classes, the accuracy by epoch, with bands from the lowest to the highest split."""
    curves = evidence["curves"]
    shown = _shown(curves)
    figures = ["loss", *(["accuracy"] if answer["data"]["classes"] is not None else [])]
    return Picture(
        "curves",
        _says(curves, len(answer["recommended"])),
        _figure(curves, shown, figures),
        _table(curves, shown, figures),
    )


def _shown(curves: Curves) -> tuple[str, ...]:
    """One line where the plain network is what is recommended."""
    same = all(curves["plain"][name] == curves["recommended"][name] for name in ("arm", "draw"))
    return ("recommended",) if same else ("plain", "recommended")


def _figure(curves: Curves, shown: tuple[str, ...], figures: list[str]) -> go.Figure:
    figure = blank(330 * len(figures) + 60, hovermode="x unified")
    share = 1 / len(figures)
    epochs = curves["epochs"]
    for panel, name in enumerate(figures):
        x, y = (axis_name(panel, letter) for letter in "xy")
        top = 1 - panel * share
        figure.update_layout(
            {
                f"xaxis{panel + 1}": {"title": {"text": "epoch"}, "anchor": y, "range": [0, epochs[-1] * 1.02]},
                f"yaxis{panel + 1}": {
                    "title": {"text": name},
                    "domain": [top - share + (0.11 if panel < len(figures) - 1 else 0), top],
                    "anchor": x,
                    **({"tickformat": ".0%"} if name == "accuracy" else {"range": _range(curves, shown)}),
                },
            }
        )
        for network in shown:
            for rows, (words, dash) in ROWS.items():
                band = curves[network]["curves"][rows][name]
                _line(figure, epochs, band, COLOURS[network], f"{network}, {words}", dash, x, y, legend=panel == 0)
    for network in shown:
        _mark(figure, curves[network], network)
    return figure


def _line(
    figure: go.Figure,
    epochs: list[int],
    band: Mapping[str, list[float | None]],
    colour: str,
    name: str,
    dash: str,
    x: str,
    y: str,
    legend: bool,
) -> None:
    common = {"xaxis": x, "yaxis": y, "legendgroup": name, "x": epochs, "mode": "lines"}
    bare = {"showlegend": False, "hoverinfo": "skip", "line": {"width": 0, "color": colour}}
    figure.add_trace(go.Scatter(**common, **bare, y=band["low"]))
    figure.add_trace(go.Scatter(**common, **bare, y=band["high"], fill="tonexty", fillcolor=colour + FAINT))
    figure.add_trace(
        go.Scatter(
            **common,
            y=band["mean"],
            name=name,
            showlegend=legend,
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate="%{y:.4g}",
        )
    )


def _range(curves: Curves, shown: tuple[str, ...]) -> list[float]:
    """The losses that matter: the first epochs' are higher, and can be zoomed out to."""
    held_out, everything = [], []
    for network in shown:
        found = curves[network]["curves"]
        held_out += fit(found["held_out"]["loss"]["mean"])
        everything += [value for rows in ROWS for value in fit(found[rows]["loss"]["high"])]
    if not everything:
        return [0.0, 1.0]
    most = min(max(everything), 2 * float(np.median(held_out or everything)), 8 * min(held_out or everything))
    last = [fit(curves[network]["curves"]["held_out"]["loss"]["mean"])[-1:] for network in shown]
    return [0.0, 1.05 * max([most, *(value[0] * 1.1 for value in last if value)])]


def _mark(figure: go.Figure, found: Mapping[str, Any], network: str) -> None:
    """Where overfitting starts, and where the training of what is handed over stops."""
    marks = []
    if found["overfits"] == "rises":
        marks.append((found["epoch"], "overfitting starts", 1.0, "dash"))
    if network == "recommended":
        marks.append((found["stops"], "stops here", 0.83, "dashdot"))
    for epoch, said, height, dash in marks:
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
            f" {network}: <br> {said} ",
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


def _says(curves: Curves, draws: int) -> str:
    plain, recommended = curves["plain"], curves["recommended"]
    said = []
    if plain["gap"] is None:
        said.append("The plain network diverges in some fold.")
    elif plain["overfits"] == "rises":
        lowest, last = numbers([plain["best"], plain["held_out"]])
        said.append(
            f"The plain network overfits: after epoch {plain['epoch']} its held-out loss rises from "
            f"{lowest} to {last}, while its loss on fit rows "
            f"{'goes on falling to' if _falls(curves) else 'ends with'} {number(plain['fit'])}."
        )
    elif plain["overfits"] == "gap":
        said.append(
            f"The plain network overfits: at the end its loss is {number(plain['fit'])} on rows it was fitted on and "
            f"{number(plain['held_out'])} on held-out ones; that the held-out loss rises again is not sure."
        )
    else:
        said.append(
            f"At the end the plain network's loss is {number(plain['fit'])} on fit rows and "
            f"{number(plain['held_out'])} on held-out ones; that it overfits is not sure."
        )
    if _shown(curves) == ("recommended",):
        said.append(f"It is what is recommended, stopped after epoch {recommended['stops']}.")
    else:
        which = "The recommended one" if draws == 1 else f"The first of {draws} recommended draws"
        ends = f"ends with {number(recommended['fit'])} and {number(recommended['held_out'])}"
        said.append(
            f"{which} ({recommended['arm']}) {'diverges in some fold' if recommended['gap'] is None else ends}; what "
            f"is handed over of it stops after epoch {recommended['stops']}, where its held-out loss is lowest."
        )
    said.append("Bands reach from the lowest to the highest fold.")
    return " ".join(said)


def _falls(curves: Curves) -> bool:
    """Whether the plain network's loss on fit rows is lower in the end than where its held-out loss is lowest."""
    plain = curves["plain"]
    fitted = plain["curves"]["fit"]["loss"]["mean"]
    before = fitted[int(np.searchsorted(curves["epochs"], plain["epoch"]))]
    return before is not None and plain["fit"] is not None and plain["fit"] < before


def _table(curves: Curves, shown: tuple[str, ...], figures: list[str]) -> Table:
    chosen = np.unique(np.linspace(0, len(curves["epochs"]) - 1, TABLE_ROWS).round().astype(int))
    columns = [f"{network}, {ROWS[rows][0]}, {name}" for name in figures for network in shown for rows in ROWS]
    found = [curves[network]["curves"][rows][name]["mean"] for name in figures for network in shown for rows in ROWS]
    rows = [(f"{curves['epochs'][index]}", *(number(values[index]) for values in found)) for index in chosen]
    return Table(("epoch", *columns), rows)
