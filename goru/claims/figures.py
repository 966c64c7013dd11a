"""How the figures of the claims look."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goru.claims.effects import ClaimEffect
from goru.claims.training import TrainedCell

if TYPE_CHECKING:  # Matplotlib makes folders in the user's home when it is imported: not before something is drawn
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, which colour-blind people can tell apart: https://jfly.uni-koeln.de/color/
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
GREY = "#6B7280"
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "grid.color": "#E5E7EB",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "svg.hashsalt": "goru",  # so that the same figure is the same file
}


def drawn(draw: Callable[["Figure"], None], size: tuple[float, float]) -> "Figure":
    """A figure of some inches, drawn; no window is opened, and no setting of the user's is read or changed."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
    return figure


def panels(figure: Any, rows: int, columns: int, **given: Any) -> np.ndarray:
    """A figure's panels, `(rows, columns)`."""
    return figure.subplots(rows, columns, squeeze=False, **given)


def band(axes: "Axes", x: Sequence | np.ndarray, values: np.ndarray, colour: str, label: str, line: str = "-") -> None:
    """The mean over the seeds, and behind it from the lowest to the highest.

    **Arguments:**

    - `values`: `(seeds, points)`.
    """
    axes.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, linewidth=0)
    axes.plot(x, values.mean(axis=0), line, color=colour, label=label)


def marks(axes: "Axes", x: Sequence | np.ndarray, values: np.ndarray, colour: str, label: str) -> None:
    """The means over the seeds as joined points, with bars from the lowest to the highest.

    **Arguments:**

    - `values`: `(seeds, points)`.
    """
    mean = values.mean(axis=0)
    reach = np.abs(np.stack([values.min(axis=0), values.max(axis=0)]) - mean)
    axes.errorbar(x, mean, yerr=reach, color=colour, label=label, marker="o", markersize=4, elinewidth=0.8, capsize=2)


def gap(axes: "Axes", trained: TrainedCell, colour: str, name: str) -> None:
    """The score by epoch, dashed on training rows and solid on test rows: what lies between is the gap."""
    band(axes, trained.epochs, trained.training[..., 1], colour, f"{name}, training rows", "--")
    band(axes, trained.epochs, trained.test[..., 1], colour, f"{name}, test rows")


def forest(axes: "Axes", effects: Sequence[tuple[str, ClaimEffect, str]]) -> None:
    """Effects below one another, with their intervals and the margin.

    **Arguments:**

    - `effects`: with names and colours; all of one margin.
    """
    margin, places = effects[0][1].margin, -np.arange(len(effects))
    axes.axvspan(-margin, margin, color="0.93")
    axes.axvline(0, color="0.4", linewidth=0.8)
    for place, (_, effect, colour) in zip(places, effects, strict=True):
        axes.plot([effect.low, effect.high], [place, place], color=colour)
        axes.plot(effect.change, place, "o", color=colour, markersize=4.5)
    # A dollar would begin a formula.
    axes.set(yticks=places, yticklabels=[name.replace("$", r"\$") for name, _, _ in effects])
    axes.grid(False, axis="y")


def legend(axes: "Axes", **given: Any) -> None:
    """The legend, small."""
    axes.legend(**{"fontsize": 8, "handlelength": 1.6} | given)


def write_svg(figure: "Figure") -> str:
    """A figure as SVG, in which text is drawn as paths; the same figure gives the same text."""
    import matplotlib as mpl

    written = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": "goru"})
    return written.getvalue()
