"""How pictures look, and how names that come from tables are written in them."""

import html
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

# Okabe & Ito's colours, which colour-blind people can tell apart: https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
INK, SOFT, LINE, SHADE, PAPER = "#1F2937", "#6B7280", "#E5E7EB", "#F1F3F5", "#FFFFFF"
PLAIN, RECOMMENDED = RED, BLUE
SERIES = (BLUE, RED, GREEN, ORANGE, PURPLE, SKY)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
LONGEST, SHORT = 28, 20  # letters of a name in a picture, and beside other words; tables hold the whole of it
FAINT, PALE = "2E", "B3"  # appended to a colour: 18 % and 70 % of it

_FIRST_STRONG_ISOLATE, _POP = "\u2068", "\u2069"


def text(name: object, longest: int = LONGEST) -> str:
    """A name as Plotly shows it as it is: Plotly takes some HTML for formats, and `%{...}` for a place to fill in."""
    escaped = html.escape(short_name(name, longest), quote=False)
    return escaped.replace("%{", "%\u200b{").replace("$", "&#36;")


def short_name(name: object, longest: int = 60) -> str:
    """A name in a sentence, or wherever there is little room.

    What runs from right to left, or never ends what it begins, is kept from turning around what stands beside it.
    """
    letters = "".join(char if char.isprintable() else " " for char in str(name))
    widths = np.cumsum([2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in letters])
    if len(letters) and widths[-1] > longest:
        letters = letters[: np.searchsorted(widths, longest)] + "…"
    return letters if letters.isascii() else f"{_FIRST_STRONG_ISOLATE}{letters}{_POP}"


def titled(words: str, name: str) -> str:
    """The title of an axis with a name in it; a long one has a line of its own, for which a phone has room."""
    return words + ("<br>" if len(name) > 12 else " ") + name


def blank(height: int, **layout: Any) -> go.Figure:
    """A figure with nothing in it.

    **Arguments:**

    - `height`: in pixels; the width is that of the page.
    - `layout`: more of its layout.
    """
    return go.Figure(
        layout={
            "template": {"layout": {"xaxis": _AXIS, "yaxis": _AXIS}},
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 30, "b": 8},
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "font": {"family": FONT, "size": 13, "color": INK},
            "hoverlabel": {"font": {"family": FONT, "size": 13}, "namelength": -1},
            "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
            "dragmode": "zoom",
            **layout,
        }
    )


_AXIS = {
    "gridcolor": LINE,
    "linecolor": SOFT,
    "zerolinecolor": LINE,
    "zeroline": False,
    "automargin": True,
    "ticks": "",
    "title": {"standoff": 8, "font": {"size": 13}},
    "tickfont": {"size": 12},
}


def axis_name(index: int, letter: str) -> str:
    """Plotly's name of the axis of a panel, counted from 0: `x`, `x2`, ..."""
    return letter if index == 0 else f"{letter}{index + 1}"


def note(figure: go.Figure, label: str, **place: Any) -> None:
    """Write something into a figure, without an arrow."""
    figure.add_annotation(**{"text": label, "showarrow": False, "font": {"size": 12}} | place)


def known_values(values: Sequence[float | None]) -> list[float]:
    """Those that are numbers."""
    return [value for value in values if value is not None]
