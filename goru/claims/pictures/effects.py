"""What a promise rests on: a forest plot, in which every effect has an axis of its own."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from goru.claims.claim import ClaimOutcome, Expected, as_promised
from goru.claims.effects import CONFIDENCE, ClaimEffect
from goru.claims.pictures.wrapping import wrapped
from goru.language import _, _n, kept, language, retold
from goru.report.pictures.effects import LOOKS
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import INK, SHADE, SOFT, axis_name, blank, note

WIDTH, LINES = 42, 4  # characters that a phone shows of a label, and lines
LABEL, BAR, TICKS, GAP = 18, 34, 44, 14  # pixels: of a line, of what is drawn, of what stands below it
COUNTS = (kept("none"), kept("one"), kept("two"), kept("three"), kept("four"), kept("five"), kept("six"))


def claim_effects_picture(outcome: ClaimOutcome) -> Picture:
    """The effects of a claim, with what the promise has them be."""
    return Picture(f"{outcome.name}-effects", _says(outcome), _figure(outcome.effects), _table(outcome))


def _figure(effects: Sequence[ClaimEffect]) -> go.Figure:
    # Effects of one claim may be percent and points, of one and of hundreds: on one axis the small ones would be lost.
    labels = [_label(effect) for effect in effects]
    heights = [LABEL * len(lines) + BAR + TICKS + GAP for lines in labels]
    total = sum(heights) - GAP
    figure = blank(total + 16, showlegend=False, hovermode="closest", margin={"l": 8, "r": 12, "t": 8, "b": 8})
    top = 0.0
    for index, (effect, lines, height) in enumerate(zip(effects, labels, heights, strict=True)):
        above, below = 1 - (top + LABEL * len(lines)) / total, 1 - (top + LABEL * len(lines) + BAR) / total
        top += height
        _row(figure, effect, index, (below, above))
        note(
            figure,
            "<br>".join(lines),
            x=0,
            xref="paper",
            xanchor="left",
            y=above,
            yref="paper",
            yanchor="bottom",
            align="left",
            font={"size": 13, "color": INK},
        )
    return figure


def _row(figure: go.Figure, effect: ClaimEffect, index: int, domain: tuple[float, float]) -> None:
    """An axis with its margin, and the effect on it."""
    x, y = (axis_name(index, letter) for letter in "xy")
    known = _known(effect)
    ends = [-effect.margin, effect.margin, *((effect.low, effect.high) if known else ())]
    beyond = 0.06 * (max(ends) - min(ends)) or 1.0
    better = _("{unit}; higher is better") if effect.higher_is_better else _("{unit}; lower is better")
    title = better.format(unit=_unit(effect))
    figure.update_layout(
        {
            f"xaxis{index + 1}": {
                "anchor": y,
                "range": [min(ends) - beyond, max(ends) + beyond],
                "title": {"text": title, "standoff": 4, "font": {"size": 12, "color": SOFT}},
                "nticks": 6,
                "automargin": False,  # the place below is kept free already
            },
            f"yaxis{index + 1}": {
                "anchor": x,
                "domain": [*domain],
                "range": [-1, 1],
                "visible": False,
                "fixedrange": True,
            },
        }
    )
    whole = {"xref": x, "yref": f"{y} domain", "y0": 0, "y1": 1, "layer": "below"}
    figure.add_shape(type="rect", **whole, x0=-effect.margin, x1=effect.margin, fillcolor=SHADE, line_width=0)
    figure.add_shape(type="line", **whole, x0=0, x1=0, line={"color": SOFT, "width": 1})
    if not known:
        note(figure, _("no number: networks diverged"), x=0, xref=x, y=0, yref=y, font_color=SOFT)
        return
    colour, mark = LOOKS[effect.verdict]
    hover = [*wrapped(retold(effect.what), WIDTH, LINES), retold(effect.numbers), retold(effect.word(effect.verdict))]
    figure.add_trace(
        go.Scatter(
            x=[effect.change],
            y=[0],
            xaxis=x,
            yaxis=y,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [effect.high - effect.change],
                "arrayminus": [effect.change - effect.low],
                "color": colour,
                "thickness": 2.5,
                "width": 0,
            },
            mode="markers",
            marker={"color": colour, "symbol": mark, "size": 11, "line": {"color": colour, "width": 2.5}},
            text=["<br>".join(hover)],
            hoverinfo="text",
        )
    )


def _label(effect: ClaimEffect) -> list[str]:
    """What it is, and the verdict, below it where a phone has no place for it beside."""
    *lines, last = wrapped(retold(effect.what), WIDTH, LINES)
    verdict = retold(effect.word(effect.verdict))
    beside = len(last) + len(verdict) < WIDTH
    lines = [f"<b>{line}</b>" for line in lines]
    return [*lines, f"<b>{last}</b>: {verdict}"] if beside else [*lines, f"<b>{last}</b>:", verdict]


def _margin(effect: ClaimEffect) -> str:
    unit = retold(effect.unit) if language() != "en" or effect.margin != 1 else effect.unit.removesuffix("s")
    return f"{effect.margin:g} {unit}".strip()


def _unit(effect: ClaimEffect) -> str:
    return retold(effect.unit or "correlation")


def _table(outcome: ClaimOutcome) -> Table:
    rows = [
        (
            retold(effect.what),
            retold(effect.numbers),
            _margin(effect),
            retold(effect.word(effect.verdict)),
            _either(effect, expected, _(" or ")),
        )
        for effect, expected in zip(outcome.effects, outcome.claim.expected, strict=True)
    ]
    head = _("what changes"), _("by ({confidence} interval)", confidence=f"{CONFIDENCE:.0%}")
    return Table((*head, _("margin"), _("verdict"), _("claimed")), rows)


def _says(outcome: ClaimOutcome) -> str:
    pairs = list(zip(outcome.effects, outcome.claim.expected, strict=True))
    unlike = [(effect, expected) for effect, expected in pairs if not as_promised(expected, effect.verdict)]
    said = [_as_promised(len(pairs), len(pairs) - len(unlike))]
    for effect, expected in unlike:
        said.append(
            _(
                "{what}: {numbers}, {verdict}, where the claim needs “{needed}”.",
                what=retold(effect.what),
                numbers=retold(effect.numbers),
                verdict=_in_words(effect),
                needed=_either(effect, expected, _("” or “")),
            )
        )
    bars = (
        _("Bars are intervals over the seeds that hold together, at {confidence:.0%}", confidence=CONFIDENCE)
        if len(pairs) > 1
        else _("The bar is an interval over the seeds, at {confidence:.0%}", confidence=CONFIDENCE)
    )
    return " ".join([*said, _("{bars}; inside the band around zero a change is negligible.", bars=bars)])


def _either(effect: ClaimEffect, expected: Expected, between: str) -> str:
    words = expected if isinstance(expected, tuple) else (expected,)
    return between.join(retold(effect.word(word)) for word in words)


def _as_promised(of: int, alike: int) -> str:
    if of == 1:
        return _("The one effect is as claimed.") if alike else _("The one effect is not as claimed.")
    if alike == of:
        return (
            _("Both effects are as claimed.")
            if of == 2
            else _("All {of} effects are as claimed.", of=retold(COUNTS[of]))
        )
    if alike == 0:
        return (
            _("Neither effect is as claimed.")
            if of == 2
            else _("None of the {of} effects is as claimed.", of=retold(COUNTS[of]))
        )
    count = retold(COUNTS[alike])
    return _n(
        "{count} of the {of} effects is as claimed.",
        "{count} of the {of} effects are as claimed.",
        alike,
        count=f"{count[0].upper()}{count[1:]}",
        of=retold(COUNTS[of]),
    )


def _in_words(effect: ClaimEffect) -> str:
    """The verdict, and of one that is none, why."""
    if effect.verdict != "inconclusive":
        return retold(effect.word(effect.verdict))
    if not _known(effect):
        return _("inconclusive, for networks diverged")
    return _("inconclusive, for the interval reaches across zero and out of the band")


def _known(effect: ClaimEffect) -> bool:
    """Whether it is a number: of networks that diverged it is none."""
    return all(map(math.isfinite, (effect.change, effect.low, effect.high)))
