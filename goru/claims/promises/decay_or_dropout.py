"""Does weight decay stop sufficing as networks grow?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import MARGIN_PERCENT, loss_effect, mean_effect, tuned
from goru.claims.figures import BLUE, GREEN, GREY, ORANGE, RED, legend, marks, panels
from goru.claims.sources import KROGH, SRIVASTAVA
from goru.claims.training import Cell
from goru.language import kept

DEPTHS = (2, 6)
PLAIN = ("decay", 0.0)
DECAYS = (PLAIN, *(("decay", decay) for decay in (0.003, 0.01, 0.03)))
DROPOUTS = (PLAIN, *(("dropout", share) for share in (0.1, 0.2, 0.3)))
EPOCHS = 100
SIDES = {"plain": (kept("neither"), GREY), "decay": (kept("best decay"), RED), "dropout": (kept("best dropout"), BLUE)}


def widths_tried(setup: Setup) -> tuple[int, int]:
    """Narrow and wide."""
    return (50, 200) if setup.book else (25, 100)


def sizes(setup: Setup) -> list[tuple[int, int]]:
    """Depths and widths, from the smallest network to the largest."""
    return [(depth, width) for depth in DEPTHS for width in widths_tried(setup)]


def setting(setup: Setup) -> str:
    """What is trained."""
    one, narrow_wide = setup.overfitting, widths_tried(setup)
    return kept(
        "{depths} and {deepest} hidden layers of {narrow_wide} and {wide} units, "
        "{rows} rows of {name} to fit on, batches of {batch}, {epochs} epochs of plain "
        "gradient descent, {seeds} seeds. Weight decay ½λ‖W‖² with λ of {decays}; dropout of "
        "{dropouts}; never both. At every size each side is judged at the strength and the "
        "learning rate with the lowest test loss on the other seeds; a strength of 0 may be "
        "chosen.",
        depths=", ".join(map(str, DEPTHS[:-1])),
        deepest=DEPTHS[-1],
        narrow_wide=narrow_wide[0],
        wide=narrow_wide[1],
        rows=one.rows,
        name=setup.table.name,
        batch=one.batch,
        epochs=EPOCHS,
        seeds=setup.seeds,
        decays=", ".join((f"{decay:g}" for _, decay in DECAYS)),
        dropouts=", ".join((f"{share:g}" for _, share in DROPOUTS)),
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Both sides at all sizes; a network of dropout rate 0 is one without dropout."""
    return {
        (depth, width, *key, rate): setup.cell(
            setup.overfitting,
            rate,
            hidden=(width,) * depth,
            epochs=EPOCHS,
            dropout=True,
            weight_decay=key[1] if key[0] == "decay" else 0.0,
            dropout_rate=key[1] if key[0] == "dropout" else 0.0,
        )
        for depth, width in sizes(setup)
        for key in (*DECAYS, *DROPOUTS[1:])
        for rate in setup.rates
    }


def read(setup: Setup, results: Results) -> Reading:
    """The best of each side, size by size."""
    every = sizes(setup)
    smallest, largest = every[0], every[-1]
    tried = {"plain": (PLAIN,), "decay": DECAYS, "dropout": DROPOUTS}
    losses: dict[str, dict[tuple[int, int], np.ndarray]] = {}
    best: dict[str, dict[tuple[int, int], float]] = {}
    for side, keys in tried.items():
        losses[side], best[side] = {}, {}
        for size in every:
            settings = [(*key, rate) for key in keys for rate in setup.rates]
            found = [results[*size, *one].test_loss for one in settings]
            losses[side][size] = tuned(found)
            best[side][size] = settings[int(np.argmin(np.mean(found, axis=1)))][1]

    def difference(size: tuple[int, int]) -> np.ndarray:
        """Of dropout to decay, in percent of decay's mean loss."""
        decay = losses["decay"][size]
        return 100 * (losses["dropout"][size] - decay) / decay.mean()

    effects = (
        loss_effect(
            kept("Test loss of the best dropout against the best decay at {largest}", largest=_size(largest)),
            losses["dropout"][largest],
            losses["decay"][largest],
            comparisons=2,
        ),
        mean_effect(
            kept("That difference, against the one at {smallest}", smallest=_size(smallest)),
            difference(largest) - difference(smallest),
            MARGIN_PERCENT,
            "points",
            comparisons=2,
        ),
    )
    between = {
        size: loss_effect("", losses["dropout"][size], losses["decay"][size], comparisons=len(every)) for size in every
    }
    told = ", ".join(
        kept("{numbers} at {depth:d} × {width:d}", numbers=found.numbers, depth=size[0], width=size[1])
        for size, found in between.items()
    )
    gains = {
        side: loss_effect("", losses[side][largest], losses["plain"][largest], comparisons=2).numbers_at(
            word.format(strength=best[side][largest])
        )
        for side, word in (("decay", kept("λ = {strength:g}")), ("dropout", kept("a share of {strength:g}")))
    }
    paragraph = kept(
        "Dropout's test loss against decay's: {told}. At {largest} decay changes the plain "
        "network's test loss by {gains}, dropout by {gains_dropout}.",
        told=told,
        largest=_size(largest),
        gains=gains["decay"],
        gains_dropout=gains["dropout"],
    )
    table = pd.DataFrame(
        [
            (*size, side, best[side][size], losses[side][size].mean(), difference(size).mean())
            for size in every
            for side in tried
        ],
        columns=["depth", "width", "side", "best", "test_loss", "dropout_against_decay_percent"],
    )

    def draw(figure: Any) -> None:
        left, right = figure.subfigures(1, 2, width_ratios=(2, 1.1))
        (last,) = panels(right, 1, 1)[0]
        places = np.arange(len(DEPTHS))
        together = panels(left, 1, 2, sharey=True)[0]
        for axes, width, shade in zip(together, widths_tried(setup), (ORANGE, GREEN), strict=True):
            own = [(depth, width) for depth in DEPTHS]
            for shift, (side, (name, colour)) in zip((-0.08, 0.0, 0.08), SIDES.items(), strict=True):
                marks(axes, places + shift, np.stack([losses[side][size] for size in own], axis=1), colour, name)
            shift = -0.04 if shade == ORANGE else 0.04
            marks(last, places + shift, np.stack([difference(size) for size in own], axis=1), shade, f"{width} units")
            axes.set(title=f"Layers of {width} units")
        last.axhline(0, color="0.5", linewidth=0.8, linestyle=":")
        last.set(title="Dropout against decay (below 0: better)", ylabel="difference in test loss, %")
        together[0].set_ylabel("test loss")
        for axes in (*together, last):
            axes.set_xticks(places, [str(depth) for depth in DEPTHS])
            axes.set_xlabel("hidden layers")
        legend(together[0])
        legend(last)

    return Reading(effects, paragraph, draw, {"sizes": table})


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each size; a strength of 0 may be the best decay, or the best dropout."""
    depth, width, side, strength, _ = key
    sides = [side] if strength else list(SIDES)
    return [(f"{depth} × {width}", SIDES[one][0]) for one in sides]


CLAIM = Claim(
    name="decay-or-dropout",
    question=kept("Does weight decay stop sufficing as networks grow deeper and wider?"),
    promise=kept("The more complex a network, the less weight decay alone suffices against overfitting; dropout does."),
    setting=setting,
    columns=("depth", "width", "side", "strength", "learning_rate"),
    expected=("helps", "helps"),
    meaning={
        "holds": kept(
            "So the claim holds: in the largest network dropout is better than any weight decay, "
            "and by more than in the smallest."
        ),
        "holds in part": kept(
            "So the claim holds in part: of the two, dropout's lead in the largest network and "
            "the growth of that lead with size, not both are clear."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither that dropout leads in the largest network, "
            "nor that it gains on decay as networks grow, is borne out. Both were tuned at every "
            "size: a strength that suits one size need not suit another."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(KROGH, SRIVASTAVA),
    plan=plan,
    read=read,
    size=(11.5, 3.5),
    shows=kept(
        "Test loss by depth, of narrow and of wide layers, with neither technique, the best "
        "decay and the best dropout; right, by how much dropout's differs from decay's."
    ),
    lines=lines,
    watched="loss",
)
