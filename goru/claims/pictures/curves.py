"""Learning curves of a claim's networks."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from goru.claims.claim import ClaimOutcome, Setup
from goru.claims.pictures.lines import ClaimLine, Figure, Rows, claim_lines
from goru.claims.pictures.panels import Panel, measure, panels_of, setting_in_words
from goru.claims.pictures.words import ROWS, curves_in_words, curves_table
from goru.claims.pictures.wrapping import wrapped
from goru.language import _, retold
from goru.report.pictures.picture import Picture
from goru.report.pictures.style import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, RED, axis_name, blank, note, text

COLOURS = (RED, BLUE, GREEN, ORANGE, PURPLE)  # first what a technique is compared with
DASHES: dict[Rows, tuple[str, float]] = {"test": ("solid", 2), "training": ("dash", 1.5)}
COLUMNS, ROW, ALONE = 2, 190, 260  # of panels; pixels of height, and of those of a single row
LEFT, HEADING, BELOW = 56, 40, 46  # pixels beside, above and below a panel
GAP_X, GAP_LABELS = 0.06, 0.13  # between two panels, as shares of the width: without labels in it, and with them
WIDTH, HEADING_LINES = 18, 2  # characters that a phone shows of a heading, and lines
FEW = 3  # points that are drawn as such


def claim_curves_picture(outcome: ClaimOutcome) -> Picture | None:
    """Scores, or losses, by epoch; None for a claim that has no networks to draw."""
    found = claim_lines(outcome)
    if not found.lines:
        return None
    panels = panels_of(outcome, found.lines)
    figure = _figure(panels, outcome.setup)
    return Picture(
        f"{outcome.name}-curves", curves_in_words(outcome, found, panels), figure, curves_table(panels, outcome.setup)
    )


def _figure(panels: Sequence[Panel], setup: Setup) -> go.Figure:
    rows = -(-len(panels) // COLUMNS)
    each = ROW if rows > 1 else ALONE
    between = HEADING + BELOW
    inner = rows * each + (rows - 1) * between  # from the first panel's top to the last one's bottom
    figure = blank(
        inner + HEADING + BELOW + 70,
        hovermode="closest",
        margin={"l": LEFT, "r": 12, "t": 8, "b": BELOW},
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1 + HEADING / inner,
            "yanchor": "bottom",
            "title": {"text": _("Solid on test rows, dashed on training rows"), "side": "top", "font": {"size": 12}},
        },
    )
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    alike = len({panel.figure for panel in panels}) == 1
    gap = GAP_X if alike else GAP_LABELS
    width = (1 - gap * (COLUMNS - 1)) / COLUMNS
    for index, panel in enumerate(panels):
        down, across = divmod(index, COLUMNS)
        left, top = across * (width + gap), 1 - down * (each + between) / inner
        x, y = (axis_name(index, letter) for letter in "xy")
        shared = [one for one in panels if one.figure == panel.figure]
        titled = across == 0 and alike
        figure.update_layout(
            {
                f"xaxis{index + 1}": {
                    "domain": [left, left + width],
                    "anchor": y,
                    "range": _epochs(panel),
                    "title": {"text": _("epoch"), "standoff": 4, "font": {"size": 12}},
                    "nticks": 5,
                    "automargin": False,
                },
                f"yaxis{index + 1}": {
                    "domain": [max(top - each / inner, 0), top],
                    "anchor": x,
                    "range": _range(shared, panel.figure),
                    "showticklabels": across == 0 or not alike,
                    "nticks": 6,
                    "automargin": False,
                    **({"matches": "y"} if alike and index else {}),
                    **({"title": {"text": measure(panel.figure, setup)}} if titled else {}),
                    **({"tickformat": ".0%"} if panel.figure == "score" else {}),
                },
            }
        )
        heading = "<br>".join(wrapped(retold(panel.heading), WIDTH, HEADING_LINES))
        note(
            figure,
            f"<b>{heading}</b>",
            x=left,
            xref="paper",
            xanchor="left",
            y=top,
            yref="paper",
            yanchor="bottom",
            align="left",
            font={"size": 12, "color": INK},
        )
        for line in panel.lines:
            first = next(one for one in panels if line.name in [each.name for each in one.lines]) is panel
            _line(figure, line, panel.figure, COLOURS[names.index(line.name) % len(COLOURS)], (x, y), first)
    return figure


def _line(figure: go.Figure, line: ClaimLine, of: Figure, colour: str, axes: tuple[str, str], legend: bool) -> None:
    """A line for each kind of rows, with a band from the lowest seed to the highest."""
    name, x = text(retold(line.name)), axes[0]
    common = {"xaxis": x, "yaxis": axes[1], "legendgroup": name, "name": name}
    spell = ".1%" if of == "score" else ".4g"
    made_of = "<br>".join(wrapped(setting_in_words(line), 44, 4))
    for rows, (dash, width) in DASHES.items():
        way = line.ways[rows, of]
        there = np.isfinite([way.mean, way.low, way.high]).all(axis=0)
        epochs, mean, low, high = (_points(of_all[there]) for of_all in (line.epochs, way.mean, way.low, way.high))
        if rows == "test":  # bands of both would hide one another
            figure.add_trace(
                go.Scatter(
                    **common,
                    x=[*epochs, *reversed(epochs)],
                    y=[*high, *reversed(low)],
                    mode="lines",
                    line={"width": 0, "color": colour},
                    fill="toself",
                    fillcolor=colour + FAINT,
                    showlegend=False,
                    hoverinfo="skip",
                )
            )
        figure.add_trace(
            go.Scatter(
                **common,
                x=epochs,
                y=mean,
                customdata=list(zip(low, high, strict=True)),
                mode="lines+markers" if len(line.epochs) <= FEW else "lines",
                line={"color": colour, "dash": dash, "width": width},
                marker={"color": colour, "size": 5},
                showlegend=legend and rows == "test",
                hovertemplate=f"<b>{name}</b><br>{made_of}<br>"
                + _("epoch {epoch}, {rows}: {value}", epoch="%{x}", rows=retold(ROWS[rows]), value=f"%{{y:{spell}}}")
                + "<br>"
                + _(
                    "seeds from {low} to {high}",
                    low=f"%{{customdata[0]:{spell}}}",
                    high=f"%{{customdata[1]:{spell}}}",
                )
                + "<extra></extra>",
            )
        )


def _points(values: np.ndarray) -> list[float]:
    """In as many digits as can be seen."""
    return [float(f"{of:.4g}") for of in values]


def _epochs(panel: Panel) -> list[float]:
    """From before the first one; or around those that are drawn, if they are few."""
    first, last = (float(epoch) for epoch in (panel.lines[0].epochs[0], max(line.epochs[-1] for line in panel.lines)))
    if len(panel.lines[0].epochs) > FEW:
        return [0.0, 1.03 * last]
    beyond = 0.2 * (last - first) or 1.0
    return [first - beyond, last + beyond]


def _range(panels: Sequence[Panel], of: Figure) -> list[float]:
    """What matters: losses of the first epochs, and of networks that diverge, are far higher."""
    lines = [line for panel in panels for line in panel.lines]
    test = [line.ways["test", of].mean for line in lines]
    ends = [
        way
        for line in lines
        for one in (line.ways["test", of], line.ways["training", of])
        for way in (one.low, one.high)
    ]
    reach = _finite(ends)
    if of == "score":
        return [max(float(reach.min(initial=1.0)), -1.0) - 0.04, 1.03]
    usual = float(np.median(_finite(test) if len(_finite(test)) else np.ones(1)))
    last = float(_finite([way[-1:] for way in test]).max(initial=0.0))
    most = max(2.5 * usual, 1.1 * min(last, 6 * usual))
    return [0.0, 1.04 * min(float(reach.max(initial=0.0)), most) or 1.0]


def _finite(values: Sequence[np.ndarray]) -> np.ndarray:
    together = np.concatenate([*values, np.empty(0)])
    return together[np.isfinite(together)]
