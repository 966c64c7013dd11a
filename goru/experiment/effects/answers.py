"""The questions of a design, answered by the losses of its trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.design import Design
from goru.experiment.effects.crossfit import NONE, Judged, choose, judge
from goru.experiment.effects.effects import Effect, effect
from goru.experiment.questions import Contrast, Interaction, Removal
from goru.experiment.trial import Losses, pooled


@dataclass(frozen=True)
class Answers:
    """What every question of a design was answered; the intervals of each kind hold together.

    - `plain_loss`: of the plain arm, cross-fitted.
    """

    contrasts: tuple[Effect, ...]
    interactions: tuple[Effect, ...]
    removals: tuple[Effect, ...]
    plain_loss: float


def answer(design: Design, losses: Mapping[Arm, Losses], folds: int, configurations: int) -> Answers:
    """Answer all questions.

    **Arguments:**

    - `folds`: of a partition.
    - `configurations`: of each arm; where there is something to tune and they are too few, nothing is decided, and no
      interval has an end.
    """
    tuned = bool(design.knobs)
    judged = {arm: judge(own, folds, tuned) for arm, own in losses.items()}
    plain = float(judged[design.plain].losses.mean())
    margin = defaults.MARGIN * abs(plain)
    contrasts, interactions, removals = design.asked

    def effects(sides: Sequence[tuple[str, Judged, Judged, float | None]]) -> tuple[Effect, ...]:
        found = [
            effect(name, arm, against, margin, defaults.CONFIDENCE, len(sides), search)
            for name, arm, against, search in sides
        ]
        return tuple(decided(found, configurations) if tuned else found)

    return Answers(
        effects([(asked.name, *_contrast(asked, losses, judged, folds, tuned)) for asked in contrasts]),
        effects([(asked.name, *_interaction(asked, judged)) for asked in interactions]),
        effects([(asked.name, *_removal(asked, losses, judged, folds), None) for asked in removals]),
        plain,
    )


def decided(effects: Sequence[Effect], configurations: int) -> list[Effect]:
    """Effects as they are, or undecided where there are too few configurations: one or two may suit one arm and not
    another, and their difference would be luck. How much luck, so few do not say: the error of the search is unknown,
    and an interval without it would be too narrow."""
    if configurations >= defaults.FEWEST_CONFIGURATIONS:
        return list(effects)
    unknown = float("inf")
    return [
        replace(found, low=-unknown, high=unknown, search=unknown, verdict="undecided", factor=unknown)
        if np.isfinite(found.change)
        else found
        for found in effects
    ]


def _contrast(
    asked: Contrast, losses: Mapping[Arm, Losses], judged: Mapping[Arm, Judged], folds: int, tuned: bool
) -> tuple[Judged, Judged, float | None]:
    if asked.kind == "best":
        best, than = (
            judge(pooled([losses[arm] for arm in arms]), folds, tuned) for arms in (asked.arms, asked.against)
        )
        return best, than, None
    arms, against = _whole([[judged[arm] for arm in side] for side in (asked.arms, asked.against)])
    pairs = [([arm], [other]) for arm, other in zip(arms, against, strict=True)]
    return averaged(arms), averaged(against), _search(pairs)


def _interaction(asked: Interaction, judged: Mapping[Arm, Judged]) -> tuple[Judged, Judged, float | None]:
    both, one, other, neither = _whole(
        [[judged[arm] for arm in side] for side in (asked.both, asked.one, asked.other, asked.neither)]
    )
    squares = [([a, d], [b, c]) for a, b, c, d in zip(both, one, other, neither, strict=True)]
    return together(averaged(both), averaged(neither)), together(averaged(one), averaged(other)), _search(squares)


def _removal(
    asked: Removal, losses: Mapping[Arm, Losses], judged: Mapping[Arm, Judged], folds: int
) -> tuple[Judged, Judged]:
    """In every split the arm that is best on the other folds, and the same without."""
    without = dict(asked.without)
    arms = list(without)
    elsewhere = np.stack([_elsewhere(losses[arm].validation, folds) for arm in arms])
    best = [arms[place] for place in elsewhere.argmin(axis=0)]
    sides = [[judged[arm] for arm in best], [judged[without[arm]] for arm in best]]
    return tuple(  # type: ignore[return-value]  # two of them
        Judged(
            np.array([one.losses[split] for split, one in enumerate(side)]),
            np.stack([one.parts[split] for split, one in enumerate(side)]),
            side[0].shares,
            float(np.sqrt(np.mean([one.search**2 for one in side]))),
        )
        for side in sides
    )


def _elsewhere(losses: np.ndarray, folds: int) -> np.ndarray:
    """The loss on the other folds of what stands for an arm in each split, `(splits,)`."""
    choice = choose(losses, folds)
    found = np.empty(losses.shape[1])
    for split, (configuration, epoch) in enumerate(zip(choice.configurations, choice.epochs, strict=True)):
        first = split - split % folds
        others = [other for other in range(first, min(first + folds, len(found))) if other != split]
        found[split] = np.inf if configuration == NONE else losses[configuration, others, epoch].mean()
    return found


def _whole(sides: Sequence[Sequence[Judged]]) -> list[list[Judged]]:
    """Without the pairs of which an arm diverged in some split, unless all are such."""
    pairs = [pair for pair in zip(*sides, strict=True) if all(np.isfinite(arm.losses).all() for arm in pair)]
    return [list(side) for side in zip(*pairs, strict=True)] if pairs else [list(side) for side in sides]


def averaged(arms: Sequence[Judged]) -> Judged:
    """The mean of several arms, each judged by itself."""
    if len(arms) == 1:
        return arms[0]
    return Judged(
        np.mean([arm.losses for arm in arms], axis=0),
        np.asarray(np.mean([arm.parts for arm in arms], axis=0, dtype=np.float64)),
        arms[0].shares,
        float(np.sqrt(np.sum([arm.search**2 for arm in arms]))) / len(arms),
    )


def together(one: Judged, other: Judged) -> Judged:
    """The sum of two arms' losses."""
    return Judged(
        one.losses + other.losses,
        one.parts.astype(np.float64) + other.parts,
        one.shares,
        float(np.hypot(one.search, other.search)),
    )


def _search(pairs: Sequence[tuple[Sequence[Judged], Sequence[Judged]]]) -> float | None:
    """The standard error of the search in a mean over several pairs of sides, each the sum of some arms; `None` of a
    single pair, of which both sides say what they can.

    All arms have the same configurations, so that what other ones would have brought is much the same on both sides. By
    how much it is not, the distances d to the second best show: their difference, averaged over the pairs, has twice
    the variance of the search's error (see [`Error`][goru.experiment.effects.effects.Error]). How much the pairs differ
    from one another says it too, and holds whatever else differs between them; the larger of both counts.
    """
    if len(pairs) < 2:
        return None
    sides = [[(sum(arm.losses for arm in side), sum(arm.search for arm in side)) for side in pair] for pair in pairs]
    if not np.isfinite([search for pair in sides for _, search in pair]).all():
        return float("inf")
    distances = [one[1] - other[1] for one, other in sides]
    differences = [float(np.mean(one[0] - other[0])) for one, other in sides]
    if not np.isfinite(differences).all():
        return None
    return max(abs(float(np.mean(distances))) / np.sqrt(2), float(np.std(differences, ddof=1) / np.sqrt(len(pairs))))
