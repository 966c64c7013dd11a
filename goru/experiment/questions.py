"""The questions of an experiment: each a comparison of arms."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from goru.experiment.arms import Arm, Level, Words, technique
from goru.language import kept

Kind = Literal["best", "mean", "weighted"]

#: What a level is called that is no technique at all, the likeliest first.
NOTHING = ("none", "off", "no", "false", "0", "plain", "baseline")


@dataclass(frozen=True)
class Contrast:
    """What do some arms change against some others?

    - `name`: the question in words.
    - `arms`, `against`: the two sides.
    - `kind`: the best configuration of all arms of a side stands for it; or the mean of the arms, each by its own best:
      then the first arm of one side is compared with the first of the other, and so on. `weighted`: the sum over
      `arms` of what stands for each, times its weight.
    - `weights`: of the arms, where they are weighted; they add up to zero.
    """

    name: str
    arms: tuple[Arm, ...]
    against: tuple[Arm, ...]
    kind: Kind = "best"
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class Interaction:
    """What do two levels change together, less what each changes alone: (both - neither) - (one - neither) - (other -
    neither), where there are several arms of each on average?

    Below zero they do more together than the sum of both; above zero each makes the other less necessary.

    - `name`: the question in words.
    - `both`, `one`, `other`, `neither`: the arms with both levels, with one of them, and with none, in one order.
    - `names`: of the one and of the other.
    """

    name: str
    both: tuple[Arm, ...]
    one: tuple[Arm, ...]
    other: tuple[Arm, ...]
    neither: tuple[Arm, ...]
    names: tuple[str, str] = ("the one", "the other")

    @property
    def conditional(self) -> tuple[Contrast, Contrast]:
        """What the one changes without the other, and with it."""
        return Contrast("", self.one, self.neither, "mean"), Contrast("", self.both, self.other, "mean")


@dataclass(frozen=True)
class Removal:
    """What does a factor change in the best arm: that arm, against the same with the factor at its reference? The best
    one is chosen on other rows than those that judge; where it has the factor at its reference, nothing changes.

    - `name`: what is taken out, in words.
    - `without`: the arms of which the best is chosen, each with the same arm without: with itself, where it has the
      factor at its reference. Arms that there are with it alone are not among them.
    """

    name: str
    without: tuple[tuple[Arm, Arm], ...]


def main_effect(arms: Sequence[Arm], factor: str, level: Level, against: Level, words: Words = technique) -> Contrast:
    """A level of a factor against another, on average over all pairs of arms that differ in nothing else: every arm
    with one of both levels informs it (Fisher 1935, chapter VI)."""
    pairs = [
        (arm, reference)
        for arm, reference in itertools.product(arms, arms)
        if arm[factor] == level and reference[factor] == against and _alike(arm, reference, factor)
    ]
    name = name_of(factor, level, against, arms[0][factor], words)
    return Contrast(name, tuple(arm for arm, _ in pairs), tuple(reference for _, reference in pairs), "mean")


def name_of(factor: str, level: Level, against: Level, reference: Level, words: Words = technique) -> str:
    """A level against another in words: `dropout`, or `batch norm after instead of before`."""
    of = words(factor, level)
    if against == reference and str(against).lower() in NOTHING:
        return of
    than = words(factor, against) if words is not technique else "off" if against is False else against
    return kept("{level} instead of {other}", level=of, other=than)


def default_contrasts(
    arms: Sequence[Arm], factors: Sequence[tuple[str, Sequence[Level]]], words: Words = technique
) -> tuple[Contrast, ...]:
    """Every level against the reference, levels against each other, and last the best of all against the reference."""
    contrasts = [
        main_effect(arms, factor, level, against, words)
        for factor, levels in factors
        for place, level in enumerate(levels[1:], 1)
        for against in levels[:place]
    ]
    best = Contrast(kept("best combination (cross-validated choice)"), tuple(arms), (arms[0],))
    return (*(contrast for contrast in contrasts if contrast.arms), *([best] if len(arms) > 1 else []))


def default_interactions(
    arms: Sequence[Arm], factors: Sequence[tuple[str, Sequence[Level]]], words: Words = technique
) -> tuple[Interaction, ...]:
    """Of every two levels of different factors, on average over the levels of all other factors."""
    interactions = []
    for (first_factor, first_levels), (second_factor, second_levels) in itertools.combinations(factors, 2):
        for a, b in itertools.product(first_levels[1:], second_levels[1:]):
            corners = {frozenset(_levels_but(arm, first_factor, second_factor)): {} for arm in arms}  # type: dict[frozenset[tuple[str, Level]], dict[tuple[Level, Level], Arm]]
            for arm in arms:
                corners[frozenset(_levels_but(arm, first_factor, second_factor))][
                    arm[first_factor], arm[second_factor]
                ] = arm
            a0, b0 = first_levels[0], second_levels[0]
            wanted = ((a, b), (a, b0), (a0, b), (a0, b0))
            squares = [[of[corner] for corner in wanted] for of in corners.values() if all(c in of for c in wanted)]
            if squares:
                both, first, second, neither = (tuple(side) for side in zip(*squares, strict=True))
                names = words(first_factor, a), words(second_factor, b)
                interactions.append(Interaction(" and ".join(names), both, first, second, neither, names))
    return tuple(interactions)


def default_removals(
    arms: Sequence[Arm], factors: Sequence[tuple[str, Sequence[Level]]], words: Words = technique
) -> tuple[Removal, ...]:
    """Of every factor, in the best arm."""
    removals = []
    for factor, levels in factors:
        pairs = [
            (arm, without)
            for arm in arms
            for without in arms
            if without[factor] == levels[0] and _alike(arm, without, factor)
        ]
        if any(arm != without for arm, without in pairs):
            removals.append(Removal(words(factor, True) if words is technique else repr(factor), tuple(pairs)))
    return tuple(removals)


def _alike(first: Arm, second: Arm, *but: str) -> bool:
    return _levels_but(first, *but) == _levels_but(second, *but)


def _levels_but(arm: Arm, *but: str) -> list[tuple[str, Level]]:
    return [(name, level) for name, level in arm.levels if name not in but]
