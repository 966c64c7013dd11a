"""Does the scale of the initial weights decide how activations spread?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import points_effect
from goru.claims.figures import BLUE, GREY, RED, panels
from goru.claims.sources import GLOROT, HE, IOFFE
from goru.claims.training import Cell, TrainedCell
from goru.language import kept

KINDS = ("sigmoid", "tanh", "relu")
SIDES = ("none", "before")
# Of each way to draw initial weights, the distribution and the factor on it.
INITS = {
    "std 1": ("normal", 1.0),
    "std 0.01": ("normal", 0.01),
    "Xavier": ("he_normal", 0.5**0.5),
    "He": ("he_normal", 1.0),
}
SUITED = {"sigmoid": "Xavier", "tanh": "Xavier", "relu": "He"}
UNSUITED = ("std 1", "std 0.01")
DEAD = 0.01  # a neuron whose activation varies less over the rows says the same about all of them
SATURATED = 0.01  # of its range: how near to an end an activation is that hardly passes a gradient on
MOST_DRAWN = 20_000  # activations in a histogram


def setting(setup: Setup) -> str:
    """What is trained."""
    sizes = setup.learning
    return f"{setup.describe(sizes)} " + kept(
        "Initial weights are normal, of standard deviation 1, 0.01, 1/√n (Xavier, as "
        "the book writes it) or √(2/n) (He), n being the width of the layer before; "
        "activations are sigmoid, tanh and ReLU. A neuron is in use if its activation varies "
        "over the rows and is not at an end of its range for most of them; counted are the "
        "neurons of the last hidden layer before the first step.",
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """All activations and initial weights, with batch norm and without."""
    sizes = replace(setup.learning, every=setup.learning.epochs // 2)
    return {
        (kind, side, name): setup.cell(
            sizes,
            activation=kind,
            batch_norm=side,
            weight_init=init,
            weight_std=factor,
        )
        for kind in KINDS
        for side in SIDES
        for name, (init, factor) in INITS.items()
    }


def spread(kind: str, activations: np.ndarray) -> dict[str, float]:
    """How the activations of a layer are spread.

    **Arguments:**

    - `activations`: `(rows, units)`.

    **Returns:** the standard deviation of all; the share of neurons that vary by less than 0.01 over the rows (dead);
    the share of activations within 1 % of an end of the range, which for ReLU has none (saturated); and the share of
    neurons that are neither dead nor saturated for most rows (in use).
    """
    with np.errstate(all="ignore"):
        dead = ~(activations.std(axis=0) >= DEAD)  # what is no number is dead too
    low, high = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (-np.inf, np.inf)}[kind]
    if kind == "relu":
        saturated = np.zeros(activations.shape, bool)
    else:
        near = SATURATED * (high - low)
        saturated = (activations < low + near) | (activations > high - near)
    return {
        "spread": float(activations.std()),
        "dead": float(dead.mean()),
        "saturated": float(saturated.mean()),
        "in_use": float((~dead & (saturated.mean(axis=0) < 0.5)).mean()),
    }


def layers(setup: Setup, results: Mapping[Any, TrainedCell]) -> pd.DataFrame:
    """The spread of every layer of every network, before, in the middle of and after training."""
    found = []
    for (kind, side, init), trained in results.items():
        for seed, snapshots in trained.snapshots.items():
            x = setup.table.draw(seed, trained.cell.rows)
            rows = x.rows.x[x.rows.training]
            for epoch, networks in snapshots.items():
                for layer, activations in enumerate(networks.activations(rows), start=1):
                    names = {"activation": kind, "batch_norm": side, "init": init, "seed": seed}
                    found.append({**names, "epoch": epoch, "layer": layer, **spread(kind, activations[0])})
    return pd.DataFrame(found).sort_values(["activation", "batch_norm", "init", "epoch", "layer", "seed"])


def read(setup: Setup, results: Results) -> Reading:
    """Neurons of the last layer that are in use before training."""
    table = layers(setup, results)
    last = table[(table["layer"] == setup.learning.depth) & (table["epoch"] == 0)]
    used = last.set_index(["activation", "batch_norm", "init", "seed"])["in_use"].sort_index()

    def share(side: str, kind: str, inits: tuple[str, ...]) -> np.ndarray:
        return np.mean([used[kind, side, init].to_numpy() for init in inits], axis=0)

    def mean(side: str, suited: bool) -> np.ndarray:
        return np.mean([share(side, kind, (SUITED[kind],) if suited else UNSUITED) for kind in KINDS], axis=0)

    effects = (
        points_effect(
            kept("Neurons in use without batch norm, a suitable scale against an unsuitable one"),
            mean("none", True),
            mean("none", False),
            comparisons=2,
        ),
        points_effect(
            kept("Neurons in use at an unsuitable scale, with batch norm against without"),
            mean("before", False),
            mean("none", False),
            comparisons=2,
        ),
    )

    def shares(side: str, kind: str) -> str:
        inits = (SUITED[kind], *UNSUITED)
        return f"{kind} " + ", ".join(f"{share(side, kind, (init,)).mean():.0%} ({init})" for init in inits)

    found = kept(
        "Without batch norm were in use: {kinds}. With it: {with_it}. The sigmoid is never "
        "steeper than 1/4, so that with weights that suit tanh the differences between rows "
        "shrink from layer to layer.",
        kinds="; ".join(shares("none", kind) for kind in KINDS),
        with_it="; ".join(shares("before", kind) for kind in KINDS),
    )

    def draw(figure: Any) -> None:
        from matplotlib.patches import Patch

        columns = figure.subfigures(1, len(KINDS))
        for kind, column in zip(KINDS, columns, strict=True):
            _histograms(setup, results, column, kind)
        names = ("before training", "before training, with batch norm", "after training")
        shown = [Patch(color=colour, label=name) for name, colour in zip(names, (GREY, BLUE, RED), strict=True)]
        figure.legend(handles=shown, loc="outside lower center", ncols=3, fontsize=8)

    return Reading(effects, found, draw, {"layers": table})


def _histograms(setup: Setup, results: Results, figure: Any, kind: str) -> None:
    """A row an initialisation, a column a layer: before training without and with batch norm, and after it without."""
    depth = setup.learning.depth
    grid = panels(figure, len(INITS), depth, sharex=True)
    figure.suptitle("ReLU, activations above 0" if kind == "relu" else kind, fontsize=10)
    low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 4)}[kind]
    bins = np.linspace(low, high, 25)
    drawn = setup.table.draw(0, setup.learning.rows).rows
    x = drawn.x[drawn.training]
    ways = (("none", 0, GREY, "stepfilled"), ("before", 0, BLUE, "step"), ("none", setup.learning.epochs, RED, "step"))
    for row, init in enumerate(INITS):
        shown = [results[kind, side, init].snapshots[0][epoch].activations(x) for side, epoch, *_ in ways]
        for layer in range(depth):
            axes = grid[row, layer]
            for (_, _, colour, form), found in zip(ways, shown, strict=True):
                values = found[layer].ravel()[:MOST_DRAWN]
                values = values[np.isfinite(values) & ((values > 0) | (kind != "relu"))]
                counted, _ = np.histogram(np.clip(values, low, high), bins)
                axes.stairs(counted / max(counted.max(), 1), bins, color=colour, fill=form == "stepfilled", alpha=0.9)
            axes.set(yticks=[], ylim=(0, 1.05))
            axes.grid(False)
            axes.tick_params(labelsize=6)
            if row == 0:
                axes.set_title(kept("layer {layer:d}", layer=layer + 1), fontsize=7, loc="center")
        grid[row, 0].set_ylabel(init, fontsize=8)


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each activation, with batch norm and without."""
    kind, side, init = key
    return [(f"{kind}, {kept('with batch norm') if side == 'before' else kept('without')}", init)]


CLAIM = Claim(
    name="activations",
    question=kept("Does the scale of the initial weights decide how activations spread?"),
    promise=kept(
        "Activations should be evenly spread; the scale of the initial weights decides "
        "whether they are, and batch normalization spreads them whatever that scale is."
    ),
    setting=setting,
    columns=("activation", "batch_norm", "init"),
    expected=("helps", "helps"),
    meaning={
        "holds": kept(
            "So both halves of the claim hold. Too large weights push a sigmoid or tanh to the "
            "ends of its range, where it passes hardly any gradient on; too small ones make all "
            "rows look alike, layer by layer; Xavier's and He's scales keep the variance as it "
            "is. Batch norm restores the spread by force."
        ),
        "holds in part": kept(
            "So the claim holds in part: not both of its halves, the scale's influence and batch "
            "norm's remedy, can be seen here."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither of its halves, the scale's influence on "
            "how many neurons are in use and batch norm's remedy, is borne out."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(GLOROT, HE, IOFFE),
    plan=plan,
    read=read,
    keep="snapshots",
    size=(15, 5.2),
    shows=kept(
        "Histograms of the activations in every hidden layer, a row for each way to draw the "
        "initial weights: before training without batch norm (grey) and with it (blue), and "
        "after training without it (red)."
    ),
    lines=lines,
)
