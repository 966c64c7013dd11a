"""Does overfitting go with large weights?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import Claim, Reading, Results, Setup, Source
from goru.claims.effects import mean_effect, minus
from goru.claims.figures import BLUE, GREEN, RED, band, legend, panels
from goru.claims.promises.bn_speed import aim
from goru.claims.sources import KROGH
from goru.claims.training import Cell
from goru.language import kept

SCALES = (0.5, 1.0, 2.0)  # of the initial weights, against He's
DECAYS = (0.0, 0.01, 0.1)
RATES = (0.01, 0.03, 0.1)
CAUSES = {"initial scale": 0, "weight decay": 1, "learning rate": 2}
LEARNED = 0.9  # of the way from a constant baseline to the best score on training rows that any network reaches
MARGIN = 0.1  # of a correlation
JIANG = Source(
    "Jiang, Neyshabur, Mobahi, Krishnan, Bengio 2020: Fantastic generalization measures and where to find them",
    "https://arxiv.org/abs/1912.02178",
)


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.overfitting)} " + kept(
        "‖W‖ is the root of the sum of all squared weights, the gap is the "
        "{score} on training rows without that on test rows. Along training: one network at "
        "the rate {rate:g}, without decay. Across networks: {grid} settings, {scales} times "
        "He's initial weights, weight decay {decays}, learning rates {rates}, each with "
        "each. The rank correlation (Spearman) is computed seed by seed; networks that "
        "diverged have no norm and are left out.",
        score=setup.score,
        rate=setup.overfitting.rate,
        grid=len(_grid()),
        scales=_listed(SCALES),
        decays=_listed(DECAYS),
        rates=_listed(RATES),
    )


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers[:-1]) + f" and {numbers[-1]:g}"


def _grid() -> list[tuple[float, float, float]]:
    return [(scale, decay, rate) for scale in SCALES for decay in DECAYS for rate in RATES]


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """One network that is looked at along training, and many that are looked at in the end."""
    sizes = setup.overfitting
    along = {("along", 1.0, 0.0, sizes.rate): setup.cell(sizes)}
    return along | {
        ("across", scale, decay, rate): setup.cell(
            sizes, rate, weight_std=scale, weight_decay=decay, every=sizes.epochs
        )
        for scale, decay, rate in _grid()
    }


def correlation(norms: np.ndarray, gaps: np.ndarray) -> float:
    """Spearman's, of the pairs that have a norm; not a number where there is nothing to correlate."""
    from scipy.stats import spearmanr

    there = np.isfinite(norms)
    norms, gaps = norms[there], gaps[there]
    if len(norms) < 2 or np.ptp(norms) == 0 or np.ptp(gaps) == 0:
        return float("nan")
    return float(spearmanr(norms, gaps).statistic)


def read(setup: Setup, results: Results) -> Reading:
    """Norms and gaps, and how they go together."""
    seeds, rate = range(setup.seeds), setup.overfitting.rate
    plain = results["along", 1.0, 0.0, rate]
    way = np.array([[plain.snapshots[seed][epoch].norm[0] for epoch in plain.epochs] for seed in seeds])
    start = float(np.mean([plain.snapshots[seed][0].norm[0] for seed in seeds]))
    opening = plain.training[..., 1] - plain.test[..., 1]
    grid = _grid()
    norms = np.array([[results["across", *one].networks[seed].norm[0] for one in grid] for seed in seeds], np.float64)
    gaps = np.stack([results["across", *one].gap for one in grid], axis=1)
    fits = np.stack([results["across", *one].training_score for one in grid], axis=1)
    baseline = setup.table.baseline[1]
    learned = fits >= aim(results, baseline, LEARNED)

    across = np.array([correlation(norms[seed], gaps[seed]) for seed in seeds])
    along = np.array([correlation(way[seed], opening[seed]) for seed in seeds])
    effects = (
        mean_effect(
            kept("Rank correlation of ‖W‖ and the gap across networks"),
            np.nan_to_num(across),
            MARGIN,
            "",
            comparisons=2,
            neutral=True,
        ),
        mean_effect(kept("The same along training"), np.nan_to_num(along), MARGIN, "", comparisons=2, neutral=True),
    )
    within = np.array([correlation(norms[seed][learned[seed]], gaps[seed][learned[seed]]) for seed in seeds])
    alone = {cause: _alone(grid, norms, gaps, column) for cause, column in CAUSES.items()}
    finite = np.isfinite(norms)
    known = norms[finite] if finite.any() else np.zeros(1)
    widest = int(opening.mean(axis=0).argmax())
    alike = ", ".join(
        kept("{value} for the {cause}", value=_signed(value), cause=cause) for cause, value in alone.items()
    )
    found = kept(
        "Along training ‖W‖ went from {start:.1f} before the first step to {way:.1f}; the "
        "gap was {opening} points after {epochs} epochs, widest after {widest} ({widest_gap}), "
        "and {last_gap} at the end. Across networks ‖W‖ lay between {known:.1f} and "
        "{largest:.1f}, the gap between {gaps} and {largest_gap} points. Of the networks "
        "{learned:.0%} have learned (an {score} on training rows of at least "
        "{aim:.2f}); {within}. Where settings differ in one thing alone, the "
        "correlation is {correlations}.",
        start=start,
        way=way[:, -1].mean(),
        opening=_points(opening[:, 0].mean()),
        epochs=plain.epochs[0],
        widest=plain.epochs[widest],
        widest_gap=_points(opening[:, widest].mean()),
        last_gap=_points(opening[:, -1].mean()),
        known=known.min(),
        largest=known.max(),
        gaps=_points(gaps.min()),
        largest_gap=_points(gaps.max()),
        learned=learned.mean(),
        score=setup.score,
        aim=aim(results, baseline, LEARNED),
        within=_among(within),
        correlations=alike,
    )
    tables = {
        "networks": pd.DataFrame(
            [
                (*one, seed, norms[seed, index], gaps[seed, index], bool(learned[seed, index]))
                for index, one in enumerate(grid)
                for seed in seeds
            ],
            columns=["weight_std", "weight_decay", "learning_rate", "seed", "norm", "gap", "learned"],
        ),
        "along": pd.DataFrame(
            {
                "seed": np.repeat(seeds, len(plain.epochs)),
                "epoch": np.tile(plain.epochs, setup.seeds),
                "norm": way.ravel(),
                "gap": opening.ravel(),
            }
        ),
        "alone": pd.DataFrame({"differ_in": list(alone), "correlation": list(alone.values())}),
    }

    def draw(figure: Any) -> None:
        first, second, third = panels(figure, 1, 3, width_ratios=(1, 1, 1.35))[0]
        band(first, plain.epochs, way, BLUE, "‖W‖")
        first.set(title="Along training: ‖W‖", xlabel="epoch", ylabel="‖W‖")
        band(second, plain.epochs, 100 * opening, RED, "gap")
        second.set(title="Along training: the gap", xlabel="epoch", ylabel="gap, points")
        for decay, colour in zip(DECAYS, (RED, GREEN, BLUE), strict=True):
            for scale, marker in zip(SCALES, ("v", "o", "^"), strict=True):
                own = [i for i, one in enumerate(grid) if one[:2] == (scale, decay) and finite[:, i].any()]
                if not own:  # all of them diverged
                    continue
                third.scatter(
                    [norms[finite[:, i], i].mean() for i in own],
                    [100 * gaps[finite[:, i], i].mean() for i in own],
                    color=colour,
                    marker=marker,
                    s=26,
                    label=kept("{scale:g} × He, λ = {decay:g}", scale=scale, decay=decay),
                )
        third.set(title="Across networks: means over the seeds", xlabel="‖W‖ at the end", ylabel="gap, points")
        legend(third, loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)

    return Reading(effects, found, draw, tables)


def _alone(grid: list[tuple[float, float, float]], norms: np.ndarray, gaps: np.ndarray, column: int) -> float:
    """The mean correlation over seeds and groups of settings that are alike but for one thing."""
    groups: dict[tuple[float, ...], list[int]] = {}
    for index, one in enumerate(grid):
        groups.setdefault(one[:column] + one[column + 1 :], []).append(index)
    found = [correlation(norms[seed, own], gaps[seed, own]) for own in groups.values() for seed in range(len(norms))]
    known = [value for value in found if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _among(within: np.ndarray) -> str:
    if not np.isfinite(within).any():
        return kept("too few for a correlation among them")
    return kept("among these alone the correlation is {within}", within=_signed(float(np.nanmean(within))))


def _signed(value: float) -> str:
    return minus(f"{value:+.2f}") if np.isfinite(value) else kept("unknown")


def _points(share: float) -> str:
    return minus(f"{100 * share:.1f}")


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """The one network that is watched along training."""
    return [("", kept("no technique"))] if key[0] == "along" else []


CLAIM = Claim(
    name="large-weights",
    question=kept("Does overfitting go with large weights?"),
    promise=kept("Overfitting goes with large weights."),
    setting=setting,
    columns=("part", "weight_std", "weight_decay", "learning_rate"),
    expected=("hurts", "hurts"),
    meaning={
        "holds": kept(
            "So the claim holds, as a correlation: where ‖W‖ is larger, so is the gap. A "
            "correlation is no cause. Along training everything that grows with time goes with "
            "everything else that does, and across networks the settings change ‖W‖ and the gap "
            "together: a network that has not learned yet has no gap."
        ),
        "holds in part": kept(
            "So the claim holds in part: of the two correlations, along training and across "
            "networks, not both are clearly positive. In either case a correlation is no cause: "
            "along training everything that grows with time goes with everything else that does, "
            "and across networks it matters what made the weights large."
        ),
        "does not hold": kept(
            "So the claim does not hold here: that a larger ‖W‖ goes with a larger gap is borne "
            "out neither along training nor across networks. ‖W‖ alone says little: networks "
            "with ReLU may have large weights in one layer and small ones in the next, and "
            "compute the same."
        ),
        "inconclusive": kept(
            "So nothing can be said yet: the seeds differ too much among themselves. And even a "
            "clear correlation would be no cause."
        ),
    },
    sources=(KROGH, JIANG),
    plan=plan,
    read=read,
    keep="snapshots",
    size=(12.5, 3.4),
    shows=kept(
        "From left to right: ‖W‖ by epoch, and the gap by epoch, of one network along "
        "training; both at the end, a mark for each setting across networks."
    ),
    lines=lines,
)
