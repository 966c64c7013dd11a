"""Validation loss vs hyperparameters: isolation plots, as the Deep Learning Tuning Playbook has them
(https://github.com/google-research/tuning_playbook)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.experiment.findings.evidence import Configuration, Evidence, Hyperparameter
from goru.language import _, _n, retold
from goru.report.parts import words
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import INK, RECOMMENDED, SHADE, SOFT, axis_name, blank, short_name, text
from goru.wording import figure as spelt

EDGE = 0.05  # of a range, drawn as a band
COLUMNS, ROW, GAP_X, GAP_Y = 2, 220, 0.06, 70
MOST_TICKS = 4
FEWEST_FOR_A_TREND = 8  # configurations
TABLE_ROWS = 15


def hyperparameters_picture(evidence: Evidence, measure: str = "validation loss") -> Picture | None:
    """A panel a hyperparameter, a point a configuration of an arm that has it; nothing where there is none to tune."""
    if all(panel.is_epochs for panel in evidence.hyperparameters):
        return None
    recommended = evidence.curves.recommended
    chosen = next(
        (
            configuration
            for configuration in evidence.configurations
            if (configuration.arm, configuration.configuration) == (recommended.arm, recommended.configuration)
        ),
        None,
    )
    return Picture(
        "hyperparameters",
        _says(evidence, recommended.arm),
        _figure(evidence, chosen, retold(measure)),
        _table(evidence, retold(measure)),
    )


def edge_warnings(evidence: Evidence) -> list[str]:
    """Of every recommended value that lies at an edge of its range."""
    sentences = []
    for hyperparameter in evidence.hyperparameters:
        if hyperparameter.is_epochs and hyperparameter.edge:
            sentences.append(_("The best epoch is among the last: a longer schedule might do better."))
        elif hyperparameter.edge and hyperparameter.recommended is not None:
            end = _("lower") if hyperparameter.edge == "low" else _("upper")
            sentences.append(
                _(
                    "The recommended {hyperparameter}, {recommended}, lies at the {end} end of its range "
                    "({low:g} to {high:g}): the optimum may lie outside the range.",
                    hyperparameter=short_name(_words(hyperparameter)),
                    recommended=spelt(hyperparameter.recommended, 2),
                    end=end,
                    low=hyperparameter.low,
                    high=hyperparameter.high,
                )
            )
    return sentences


def _words(panel: Hyperparameter) -> str:
    return _("best epoch") if panel.is_epochs else words.knob(panel.name)


def _figure(evidence: Evidence, chosen: Configuration | None, measure: str) -> go.Figure:
    panels = evidence.hyperparameters
    rows = -(-len(panels) // COLUMNS)
    height = (ROW + GAP_Y) * rows + 40
    figure = blank(height, hovermode="closest")
    gap, width = GAP_Y / height, (1 + GAP_X) / COLUMNS - GAP_X
    row = (1 + gap) / rows - gap
    losses = _losses(evidence.configurations)
    span = _range(losses)
    for index, panel in enumerate(panels):
        down, across = divmod(index, COLUMNS)
        left, top = across * (width + GAP_X), 1 - down * (row + gap)
        x, y = (axis_name(index, letter) for letter in "xy")
        low, high = (np.log10(end) if panel.log else end for end in (panel.low, panel.high))
        beyond = 0.04 * (high - low or 1)
        figure.update_layout(
            {
                f"xaxis{index + 1}": {
                    "domain": [left, left + width],
                    "anchor": y,
                    "type": "log" if panel.log else "linear",
                    "range": [low - beyond, high + beyond],
                    "title": {"text": text(_words(panel))},
                    **(_ticks(panel) if panel.log else {"nticks": 5, "tickangle": 0}),
                },
                f"yaxis{index + 1}": {
                    "domain": [max(top - row, 0), top],
                    "anchor": x,
                    "type": "log" if _positive(losses) else "linear",
                    "range": span,
                    "nticks": 5,
                    "showticklabels": across == 0,
                    **({"title": {"text": measure}} if across == 0 else {}),
                },
            }
        )
        if not panel.is_epochs:
            for start in (low, high - EDGE * (high - low)):
                ends = [start, start + EDGE * (high - low)]
                begin, end = (10**value if panel.log else value for value in ends)
                place = {"x0": begin, "x1": end, "xref": x, "y0": 0, "y1": 1, "yref": f"{y} domain"}
                figure.add_shape(type="rect", **place, fillcolor=SHADE, line_width=0, layer="below")
        _points(figure, evidence.configurations, panel, chosen, x, y, legend=index == 0)
    return figure


def _ticks(panel: Hyperparameter) -> dict[str, Any]:
    """Of an axis of logarithms: powers of ten, and three times them where these are few; never more than a phone has
    room for."""
    powers = range(int(np.floor(np.log10(panel.low))), int(np.ceil(np.log10(panel.high))) + 1)
    within = [10.0**power for power in powers if panel.low <= 10.0**power <= panel.high]
    if len(within) < 3:
        within = sorted([*within, *(3 * 10.0**power for power in powers if panel.low <= 3 * 10.0**power <= panel.high)])
    within = within[:: -(-len(within) // MOST_TICKS)]
    return {"tickvals": within, "ticktext": [f"{value:g}" for value in within], "tickangle": 0}


def _points(
    figure: go.Figure,
    configurations: Sequence[Configuration],
    panel: Hyperparameter,
    chosen: Configuration | None,
    x: str,
    y: str,
    legend: bool,
) -> None:
    arm = chosen.arm if chosen else ""
    at = _("{value}: loss {loss}", value="%{x:.3g}", loss="%{y:.4g}")
    having = [
        configuration
        for configuration in configurations
        if panel.of(configuration) is not None and configuration.loss is not None
    ]
    groups = (
        (_("other arms"), [configuration for configuration in having if configuration.arm != arm], SOFT, 0.45, 6),
        (
            text(retold(arm), 60),
            [configuration for configuration in having if configuration.arm == arm],
            RECOMMENDED,
            0.9,
            8,
        ),
    )
    for name, group, colour, opacity, size in groups:
        figure.add_trace(
            go.Scatter(
                x=[panel.of(configuration) for configuration in group],
                y=[configuration.loss for configuration in group],
                xaxis=x,
                yaxis=y,
                mode="markers",
                marker={"color": colour, "size": size, "opacity": opacity},
                name=name,
                legendgroup=name,
                showlegend=legend,
                text=[
                    _(
                        "{arm}, configuration {configuration}",
                        arm=text(retold(configuration.arm), 60),
                        configuration=configuration.configuration + 1,
                    )
                    for configuration in group
                ],
                hovertemplate=f"%{{text}}<br>{at}<extra></extra>",
            )
        )
    place = [(panel.recommended, chosen.loss)] if chosen and None not in (panel.recommended, chosen.loss) else []
    figure.add_trace(
        go.Scatter(
            x=[value for value, _ in place],
            y=[loss for _, loss in place],
            xaxis=x,
            yaxis=y,
            mode="markers",
            marker={"color": RECOMMENDED, "size": 16, "symbol": "star", "line": {"color": INK, "width": 1}},
            name=_("recommended"),
            legendgroup="recommended",
            showlegend=legend,
            hovertemplate=f"{_('recommended')}<br>{at}<extra></extra>",
        )
    )


def _range(losses: Sequence[float]) -> list[float]:
    """Of the axis of losses, of logarithms where all are positive: all but the highest tenth; one can zoom out."""
    if not losses:
        return [-1.0, 1.0]
    ends = [min(losses), float(np.quantile(losses, 0.9))]
    low, high = np.log10(ends) if _positive(losses) else ends
    beyond = max(0.06 * (high - low), 0.02)
    return [float(low - beyond), float(high + beyond)]


def _positive(losses: Sequence[float]) -> bool:
    return min(losses, default=1.0) > 0


def _losses(configurations: Sequence[Configuration]) -> list[float]:
    return [configuration.loss for configuration in configurations if configuration.loss is not None]


def _says(evidence: Evidence, arm: str) -> str:
    of_arm = [
        configuration
        for configuration in evidence.configurations
        if configuration.arm == arm and configuration.loss is not None
    ]
    losses = sorted(_losses(of_arm))
    sentences = [
        _(
            "{configurations} of what is recommended ({arm}), each at its best epoch in the first cross-validation.",
            configurations=_n("{n} configuration", "{n} configurations", len(of_arm)),
            arm=short_name(retold(arm)),
        )
    ]
    if len(of_arm) > 1:
        sentences.append(
            _(
                "Losses from {lowest} to {highest}.",
                **dict(zip(("lowest", "highest"), numbers([losses[0], losses[-1]]), strict=True)),
            )
        )
    if len(of_arm) >= FEWEST_FOR_A_TREND:
        sentences += _trend(evidence, of_arm)
    everywhere = _losses(evidence.configurations)
    highest = _range(everywhere)[1]
    above = sum(loss > (10**highest if _positive(everywhere) else highest) for loss in everywhere)
    if above:
        sentences.append(
            _(
                "Of all {configurations}, {above:,} did worse than what is shown.",
                configurations=_n("{n} configuration", "{n} configurations", len(everywhere)),
                above=above,
            )
        )
    edges = edge_warnings(evidence)
    sentences += edges or [_("No recommended value lies at an edge of its range (shaded).")]
    return " ".join(sentences)


def _trend(evidence: Evidence, of_arm: Sequence[Configuration]) -> list[str]:
    """Of the first knob that they have: with which of its values the loss is lower."""
    from scipy.stats import spearmanr

    panel = next((one for one in evidence.hyperparameters if not one.is_epochs and one.of(of_arm[0]) is not None), None)
    if panel is None or len({panel.of(configuration) for configuration in of_arm}) < 2:
        return []
    trend = spearmanr(
        [panel.of(configuration) for configuration in of_arm], [configuration.loss for configuration in of_arm]
    )
    if not trend.pvalue < 0.05:
        return []
    better = _("lower") if trend.statistic > 0 else _("higher")
    p = f"p = {max(trend.pvalue, 1e-4):.1g}"
    return [
        _(
            "With a {better} {panel} the loss was lower (rank correlation, {p}).",
            better=better,
            panel=short_name(_words(panel)),
            p=p,
        )
    ]


def _table(evidence: Evidence, measure: str) -> Table:
    panels = evidence.hyperparameters
    known = [
        (configuration.loss, configuration)
        for configuration in evidence.configurations
        if configuration.loss is not None
    ]
    best = [configuration for _, configuration in sorted(known, key=lambda pair: pair[0])[:TABLE_ROWS]]
    values = [[panel.of(configuration) for panel in panels] for configuration in best]
    rows = [
        (
            retold(configuration.arm),
            number(configuration.loss),
            *("" if value is None else spelt(value) for value in values_of_one),
        )
        for configuration, values_of_one in zip(best, values, strict=True)
    ]
    return Table((_("combination (the best configurations)"), measure, *map(_words, panels)), rows)
