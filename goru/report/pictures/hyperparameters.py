"""The loss over each hyperparameter: isolation plots, as the Deep Learning Tuning Playbook has them
(https://github.com/google-research/tuning_playbook)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.data.wording import counted
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import INK, RECOMMENDED, SHADE, SOFT, axis_name, blank, text

WORDS = {
    "learning_rate": "learning rate",
    "dropout_rate": "dropout rate",
    "decay_strength": "weight decay, strength",
    "batch_norm_scale": "batch norm, initial γ",
    "batch_norm_shift": "batch norm, initial β",
    "batch_norm_epsilon": "batch norm, ε",
    "batch_norm_momentum": "batch norm, momentum",
    "epochs": "best epoch",
}
EDGE = 0.05  # of a range, drawn as a band
COLUMNS, ROW, GAP_X, GAP_Y = 2, 220, 0.06, 70
MOST_TICKS = 4
FEWEST_FOR_A_TREND = 8  # draws
TABLE_ROWS = 15


def hyperparameters_picture(evidence: Mapping[str, Any]) -> Picture:
    """A panel a hyperparameter, a point a draw of an arm that has it."""
    own = evidence["curves"]["recommended"]
    chosen = next(draw for draw in evidence["draws"] if (draw["arm"], draw["draw"]) == (own["arm"], own["draw"]))
    return Picture("hyperparameters", _says(evidence, own["arm"]), _figure(evidence, chosen), _table(evidence))


def warnings(evidence: Mapping[str, Any]) -> list[str]:
    """Of every recommended value that lies at an edge of its range."""
    said = []
    for each in evidence["hyperparameters"]:
        words = WORDS[each["name"]]
        if each["name"] == "epochs" and each["edge"]:
            said.append("The best epoch is among the last: a longer schedule might do better.")
        elif each["edge"]:
            end = "lower" if each["edge"] == "low" else "upper"
            said.append(
                f"The recommended {words}, {each['recommended']:.2g}, lies at the {end} end of its range "
                f"({each['low']:g} to {each['high']:g}): beyond it there may be better."
            )
    return said


def _figure(evidence: Mapping[str, Any], chosen: Mapping[str, Any]) -> go.Figure:
    panels = evidence["hyperparameters"]
    rows = -(-len(panels) // COLUMNS)
    height = (ROW + GAP_Y) * rows + 40
    figure = blank(height, hovermode="closest")
    gap, width = GAP_Y / height, (1 + GAP_X) / COLUMNS - GAP_X
    row = (1 + gap) / rows - gap
    span = _range([draw["loss"] for draw in evidence["draws"] if draw["loss"] is not None])
    for index, panel in enumerate(panels):
        down, across = divmod(index, COLUMNS)
        left, top = across * (width + GAP_X), 1 - down * (row + gap)
        x, y = (axis_name(index, letter) for letter in "xy")
        low, high = (np.log10(panel[end]) if panel["log"] else panel[end] for end in ("low", "high"))
        beyond = 0.04 * (high - low or 1)
        figure.update_layout(
            {
                f"xaxis{index + 1}": {
                    "domain": [left, left + width],
                    "anchor": y,
                    "type": "log" if panel["log"] else "linear",
                    "range": [low - beyond, high + beyond],
                    "title": {"text": WORDS[panel["name"]]},
                    **(_ticks(panel) if panel["log"] else {"nticks": 5, "tickangle": 0}),
                },
                f"yaxis{index + 1}": {
                    "domain": [max(top - row, 0), top],
                    "anchor": x,
                    "type": "log",
                    "range": span,
                    "nticks": 5,
                    "showticklabels": across == 0,
                    **({"title": {"text": "held-out loss"}} if across == 0 else {}),
                },
            }
        )
        if panel["name"] != "epochs":
            for start in (low, high - EDGE * (high - low)):
                ends = [start, start + EDGE * (high - low)]
                begin, end = (10**value if panel["log"] else value for value in ends)
                place = {"x0": begin, "x1": end, "xref": x, "y0": 0, "y1": 1, "yref": f"{y} domain"}
                figure.add_shape(type="rect", **place, fillcolor=SHADE, line_width=0, layer="below")
        _points(figure, evidence["draws"], panel, chosen, x, y, legend=index == 0)
    return figure


def _ticks(panel: Mapping[str, Any]) -> dict[str, Any]:
    """Of an axis of logarithms: powers of ten, and three times them where these are few; never more than a phone has
    room for."""
    powers = range(int(np.floor(np.log10(panel["low"]))), int(np.ceil(np.log10(panel["high"]))) + 1)
    within = [10.0**power for power in powers if panel["low"] <= 10.0**power <= panel["high"]]
    if len(within) < 3:
        within = sorted(
            [*within, *(3 * 10.0**power for power in powers if panel["low"] <= 3 * 10.0**power <= panel["high"])]
        )
    within = within[:: -(-len(within) // MOST_TICKS)]
    return {"tickvals": within, "ticktext": [f"{value:g}" for value in within], "tickangle": 0}


def _points(
    figure: go.Figure,
    draws: Sequence[Mapping[str, Any]],
    panel: Mapping[str, Any],
    chosen: Mapping[str, Any],
    x: str,
    y: str,
    legend: bool,
) -> None:
    name, arm = panel["name"], chosen["arm"]
    having = [draw for draw in draws if name in draw and draw["loss"] is not None]
    groups = (
        ("other arms", [draw for draw in having if draw["arm"] != arm], SOFT, 0.45, 6),
        (text(arm, 60), [draw for draw in having if draw["arm"] == arm], RECOMMENDED, 0.9, 8),
    )
    for words, own, colour, opacity, size in groups:
        figure.add_trace(
            go.Scatter(
                x=[draw[name] for draw in own],
                y=[draw["loss"] for draw in own],
                xaxis=x,
                yaxis=y,
                mode="markers",
                marker={"color": colour, "size": size, "opacity": opacity},
                name=words,
                legendgroup=words,
                showlegend=legend,
                text=[f"{text(draw['arm'], 60)}, draw {draw['draw'] + 1}" for draw in own],
                hovertemplate="%{text}<br>%{x:.3g}: loss %{y:.4g}<extra></extra>",
            )
        )
    has = panel["recommended"] is not None and chosen["loss"] is not None
    figure.add_trace(
        go.Scatter(
            x=[panel["recommended"]] if has else [],
            y=[chosen["loss"]] if has else [],
            xaxis=x,
            yaxis=y,
            mode="markers",
            marker={"color": RECOMMENDED, "size": 16, "symbol": "star", "line": {"color": INK, "width": 1}},
            name="recommended",
            legendgroup="recommended",
            showlegend=legend,
            hovertemplate="recommended<br>%{x:.3g}: loss %{y:.4g}<extra></extra>",
        )
    )


def _range(losses: Sequence[float]) -> list[float]:
    """Of an axis of logarithms: all but the highest tenth, which can be zoomed out to."""
    positive = [loss for loss in losses if loss > 0]
    if not positive:
        return [-1.0, 1.0]
    low, high = np.log10([min(positive), float(np.quantile(positive, 0.9))])
    beyond = max(0.06 * (high - low), 0.02)
    return [float(low - beyond), float(high + beyond)]


def _says(evidence: Mapping[str, Any], arm: str) -> str:
    own = sorted(
        (draw for draw in evidence["draws"] if draw["arm"] == arm and draw["loss"] is not None),
        key=lambda draw: draw["loss"],
    )
    said = [
        f"{counted(len(own), 'draw')} of what is recommended ({arm}), each at its best epoch in the first partition."
    ]
    if len(own) > 1:
        said.append(f"Their losses reach from {' to '.join(numbers([own[0]['loss'], own[-1]['loss']]))}.")
    if len(own) >= FEWEST_FOR_A_TREND:
        from scipy.stats import spearmanr

        trend = spearmanr(*([draw[name] for draw in own] for name in ("learning_rate", "loss")))
        if trend.pvalue < 0.05:
            better = "Lower" if trend.statistic > 0 else "Higher"
            said.append(f"{better} learning rates did better (rank correlation, p = {max(trend.pvalue, 1e-4):.1g}).")
    losses = [draw["loss"] for draw in evidence["draws"] if draw["loss"] is not None]
    above = sum(loss > 10 ** _range(losses)[1] for loss in losses)
    if above:
        said.append(f"Of all {counted(len(losses), 'draw')}, {above:,} did worse than what is shown.")
    edges = warnings(evidence)
    said += edges or ["No recommended value lies at an edge of its range (shaded)."]
    return " ".join(said)


def _table(evidence: Mapping[str, Any]) -> Table:
    names = [panel["name"] for panel in evidence["hyperparameters"]]
    known = [draw for draw in evidence["draws"] if draw["loss"] is not None]
    best = sorted(known, key=lambda draw: draw["loss"])[:TABLE_ROWS]
    rows = [
        (draw["arm"], number(draw["loss"]), *(f"{draw[name]:.3g}" if name in draw else "" for name in names))
        for draw in best
    ]
    return Table(("arm (the best draws)", "held-out loss", *(WORDS[name] for name in names)), rows)
