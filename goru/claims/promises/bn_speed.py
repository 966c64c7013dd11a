"""Does batch norm learn faster?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import mean_effect, tuned
from goru.claims.figures import BLUE, RED, band, legend, marks, panels
from goru.claims.sources import IOFFE, SANTURKAR
from goru.claims.training import Cell, TrainedCell
from goru.language import kept

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
REACHED = 0.9  # of the way from a constant baseline to the best score on training rows that any network reaches
MARGIN = 5.0  # percent of the epochs
SIDES = {"none": (kept("without"), RED), "before": (kept("with batch norm"), BLUE)}


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.learning)} " + kept(
        "Each side is trained at {rates} learning rates; how many epochs it needs "
        "is read off its {score} on the rows that it learns from, and each seed is judged at "
        "the rate that is best on the other seeds.",
        rates=len(RATES),
        score=setup.score,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Both sides at all rates."""
    sizes = setup.learning
    return {(side, rate): setup.cell(sizes, rate, batch_norm=side) for side in SIDES for rate in RATES}


def aim(found: Mapping[Any, TrainedCell], baseline: float, share: float) -> float:
    """A score that far from a constant baseline to the best there is, by the mean over seeds."""
    best = max(float(trained.training[..., 1].mean(axis=0).max()) for trained in found.values())
    return baseline + share * (best - baseline)


def epochs_until(scores: np.ndarray, wanted: float, baseline: float) -> np.ndarray:
    """After how many epochs a score is reached, between two epochs by a straight line; one more than all if it is not.

    **Arguments:**

    - `scores`: `(seeds, epochs)`.
    - `baseline`: the score before the first epoch.

    **Returns:** `(seeds,)`.
    """
    before = np.concatenate([np.full((len(scores), 1), baseline), scores[:, :-1]], axis=1)
    reached = scores >= wanted
    first = reached.argmax(axis=1)
    at = np.arange(len(scores))
    low, high = before[at, first], scores[at, first]
    rises = high > low
    share = np.where(rises, np.clip((wanted - low) / np.where(rises, high - low, 1), 0, 1), 1)
    return np.where(reached.any(axis=1), first + share, scores.shape[1] + 1.0)


def read(setup: Setup, results: Results) -> Reading:
    """Epochs until the aim is reached."""
    baseline = setup.table.baseline[1]
    wanted = aim(results, baseline, REACHED)
    needed = {key: epochs_until(found.training[..., 1], wanted, baseline) for key, found in results.items()}
    # Of two rates that need the same, the one with the better score.
    order = {key: needed[key] - 1e-3 * results[key].training[..., 1].mean(axis=1) for key in needed}
    shared = setup.learning.rate

    def own(side: str) -> np.ndarray:
        return tuned([needed[side, rate] for rate in RATES], [order[side, rate] for rate in RATES])

    best = {side: min(RATES, key=lambda rate: order[side, rate].mean()) for side in SIDES}
    with_, without = own("before"), own("none")
    effects = (
        mean_effect(
            kept("Epochs needed, each side at its own best rate"),
            100 * (with_ - without) / without.mean(),
            MARGIN,
            "%",
            comparisons=2,
        ),
        mean_effect(
            kept("Epochs needed, both at the rate {shared:g}", shared=shared),
            100 * (needed["before", shared] - needed["none", shared]) / needed["none", shared].mean(),
            MARGIN,
            "%",
            comparisons=2,
        ),
    )
    found = kept(
        "The aim, a score ({score}) of {wanted:.2f} on training rows, took {value:.1f} "
        "epochs with batch norm (best rate {best:g}) and {without:.1f} without ({best_without:g}); "
        "at the shared rate {shared:g} it took {shared_with} and {shared_without}.",
        score=setup.score,
        wanted=wanted,
        value=with_.mean(),
        best=best["before"],
        without=without.mean(),
        best_without=best["none"],
        shared=shared,
        shared_with=_epochs(setup, needed["before", shared]),
        shared_without=_epochs(setup, needed["none", shared]),
    )

    def draw(figure: Any) -> None:
        first, second, third = panels(figure, 1, 3)[0]
        for side, (name, colour) in SIDES.items():
            for axes, rate in ((first, shared), (second, best[side])):
                trained = results[side, rate]
                band(
                    axes,
                    trained.epochs,
                    trained.training[..., 1],
                    colour,
                    name if axes is first else f"{name}, {rate:g}",
                )
            marks(third, RATES, np.stack([needed[side, rate] for rate in RATES], axis=1), colour, name)
        for axes, title in ((first, f"Both at the rate {shared:g}"), (second, "Each at its own best rate")):
            axes.axhline(wanted, color="0.5", linewidth=0.8, linestyle=":")
            axes.set(title=title, xlabel="epoch", ylabel=f"{setup.score}, training rows")
            legend(axes)
        third.set(title="Epochs until the dotted line", xlabel="learning rate", ylabel="epochs", xscale="log")
        legend(third)

    return Reading(effects, found, draw)


def _epochs(setup: Setup, needed: np.ndarray) -> str:
    late = (needed > setup.learning.epochs).mean()
    if late == 1:
        return kept("more than {epochs}", epochs=setup.learning.epochs)
    if not late:
        return f"{needed.mean():.1f}"
    return kept(
        "{epochs:.1f} (not reached by {late:.0%} of the networks, which count as one more)",
        epochs=needed.mean(),
        late=late,
    )


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each learning rate but the lowest."""
    side, rate = key
    return [(kept("learning rate {rate:g}", rate=rate), SIDES[side][0])] if rate != RATES[0] else []


CLAIM = Claim(
    name="bn-speed",
    question=kept("Does batch norm learn faster?"),
    promise=kept("Batch normalization lets a network learn faster."),
    setting=setting,
    columns=("batch_norm", "learning_rate"),
    expected=("helps", "helps"),
    meaning={
        "holds": kept(
            "So the claim holds: batch norm learns faster, and not only because a rate happened "
            "to suit it. The usual explanation is that it makes the loss smoother, so that "
            "larger steps are safe (Santurkar et al.); the paper's own, that it steadies the "
            "distribution of what layers read, has not stood up as well."
        ),
        "holds in part": kept(
            "So the claim holds in part: of the two comparisons, at one shared rate and at each "
            "side's own best, only one shows it. A comparison at one shared rate favours the "
            "side that the rate suits."
        ),
        "does not hold": kept(
            "So the claim does not hold here: in neither comparison is batch norm shown to need fewer epochs."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(IOFFE, SANTURKAR),
    plan=plan,
    read=read,
    size=(11, 3.4),
    shows=kept(
        "Left, {score} on training rows by epoch, both sides at one learning rate; in the "
        "middle, each at its own best; right, how many epochs it takes to reach the dotted "
        "line at each learning rate."
    ),
    lines=lines,
)
