"""The design of an experiment: what is varied, what is tuned, and which questions are asked."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np

from goru.errors import InputError
from goru.experiment.arms import PLAIN, Arm, Level, Words, technique
from goru.experiment.knobs import Knob
from goru.experiment.questions import (
    Contrast,
    Interaction,
    Removal,
    default_contrasts,
    default_interactions,
    default_removals,
)
from goru.wording import listing, nearest

MOST_ARMS = 256

Values = dict[str, float]  # of knobs


@dataclass(frozen=True)
class Design:
    """Factors, each with its levels; knobs that are tuned for every arm; and questions.

        Design(
            factors={"batch_norm": ["none", "before", "after"], "dropout": [False, True]},
            knobs={"learning_rate": log_uniform(1e-4, 1e-1), "rate": uniform(0.05, 0.6, when={"dropout": True})},
        )

    An arm is one combination of levels. Whether a technique is used is the question; its strength and the learning
    rate are a nuisance, and tuned for each arm separately (Deep Learning Tuning Playbook, Godbole et al. 2023).

    **Arguments:**

    - `factors`: by name, two levels or more; the first is the reference.
    - `knobs`: by name; with `when`, only in arms that have such levels.
    - `exclude`: arms that make no sense, each as some of its levels: `[{"batch_norm": "none", "warmup": True}]`.
    - `only`: arms that are run, each as a level of every factor in order, the plain one first; by default all.
    - `contrasts`, `interactions`, `removals`: the questions; by default every level against the reference and against
      the others, and the best arm against the reference; of every two techniques whether they do more together; and
      each technique taken out of the best arm. Intervals of each kind hold together.

    **Raises:** `InputError` for a design that is none.
    """

    factors: Mapping[str, Sequence[Level]]
    knobs: Mapping[str, Knob] = field(default_factory=dict)
    exclude: Sequence[Mapping[str, Level | Sequence[Level]]] = ()
    contrasts: Sequence[Contrast] | None = None
    interactions: Sequence[Interaction] | None = None
    removals: Sequence[Removal] | None = None
    only: Sequence[Sequence[Level]] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.factors, Mapping) or not self.factors:
            raise InputError('a design has factors, each with its levels: factors={"dropout": [False, True]}.')
        for name, levels in self.factors.items():
            _check_factor(name, levels)
        object.__setattr__(self, "factors", {name: tuple(levels) for name, levels in self.factors.items()})
        if not isinstance(self.knobs, Mapping):
            raise InputError('knobs have names, each with a range: knobs={"learning_rate": log_uniform(1e-4, 1e-1)}.')
        for name, knob in self.knobs.items():
            if not _is_text(name) or not isinstance(knob, Knob):
                raise InputError(f"knob {name!r}: give a range, such as log_uniform(1e-4, 1e-1).")
            if name in self.factors:
                raise InputError(f"{name!r} is a factor and a knob. Give one of both another name.")
            self._check_levels(f"knob {name!r}", knob.when)
        if not _are_levels(self.exclude):
            raise InputError('exclude: give a list of arms, each as some of its levels: [{"dropout": True}].')
        for excluded in self.exclude:
            self._check_levels("exclude", excluded)
        if self.only is None and (count := self.combinations) > MOST_ARMS:
            raise InputError(f"{count:,} combinations of levels: {MOST_ARMS} are the most. Ask about fewer factors.")
        if self.arms[:1] != (self._reference,):
            raise InputError("exclude: the arm with all factors at their first levels is what others are compared to.")
        if len(self.arms) < 2:
            raise InputError("exclude: there is nothing left to compare. Exclude fewer arms.")
        for factor, levels in self.factors.items():
            if missing := [level for level in levels if not any(arm[factor] == level for arm in self.arms)]:
                raise InputError(f"exclude: no arm is left with {factor!r} at {listing(map(repr, missing))}.")

    def __repr__(self) -> str:
        usual: dict[str, Any] = {"knobs": {}, "exclude": ()}
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return f"Design({', '.join(f'{name}={value!r}' for name, value in given.items() if value != usual.get(name))})"

    @property
    def combinations(self) -> int:
        """How many there are, those included that are excluded or not run."""
        return math.prod(len(levels) for levels in self.factors.values())

    def _check_levels(self, where: str, levels: Mapping[str, Level | Sequence[Level]]) -> None:
        for factor, wanted in levels.items():
            if factor not in self.factors:
                raise InputError(f"{where}: there is no factor {factor!r}.{nearest(str(factor), self.factors)}")
            for level in wanted if isinstance(wanted, list | tuple) else (wanted,):
                if level not in self.factors[factor]:
                    there = listing(map(repr, self.factors[factor]))
                    raise InputError(f"{where}: {factor!r} has no level {level!r}. It has {there}.")

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """All combinations that are run, the one with every factor at its reference first."""
        names = list(self.factors)
        every = itertools.product(*self.factors.values()) if self.only is None else self.only
        combinations = [tuple(zip(names, levels, strict=True)) for levels in every]
        unnamed = [Arm(levels) for levels in combinations]
        kept = [arm for arm in unnamed if not any(arm.has(levels) for levels in self.exclude)]
        return tuple(Arm(arm.levels, self._techniques(arm)) for arm in kept)

    def _techniques(self, arm: Arm) -> tuple[str, ...]:
        return tuple(self._words(factor, level) for factor, level in arm.levels if level != self.factors[factor][0])

    @cached_property
    def _words(self) -> Words:
        """How a level is called: so that no two are called alike, nor the plain arm, nor several of them together."""
        for words in (technique, "{}={!r}".format):
            every = [words(factor, level) for factor, levels in self.factors.items() for level in levels]
            alone = all(name.isprintable() and " + " not in name for name in every)
            if alone and len({PLAIN, *every}) > len(every):
                return words
        return "{!r}={!r}".format

    @property
    def _reference(self) -> Arm:
        return Arm(tuple((factor, levels[0]) for factor, levels in self.factors.items()))

    @property
    def plain(self) -> Arm:
        """The arm in which every factor is at its reference."""
        return self.arms[0]

    def arm(self, levels: Mapping[str, Level] | None = None, /, **more: Level) -> Arm:
        """The arm with these levels, and the reference of every other factor: `design.arm(dropout=True)`.

        **Arguments:**

        - `levels`: a level by factor, where the name of a factor is no word of Python's.

        **Raises:** `InputError` if there is none.
        """
        wanted = {**(levels or {}), **more}
        self._check_levels("arm", wanted)
        whole = Arm(tuple((factor, wanted.get(factor, ref[0])) for factor, ref in self.factors.items()))
        if whole not in self.arms:
            raise InputError(f"arm: {dict(whole)} is excluded.")
        return self.arms[self.arms.index(whole)]

    @cached_property
    def asked(self) -> tuple[tuple[Contrast, ...], tuple[Interaction, ...], tuple[Removal, ...]]:
        """The questions of each kind: contrasts, interactions, removals."""
        factors = list(self.factors.items())
        contrasts, interactions, removals = self.contrasts, self.interactions, self.removals
        return (
            default_contrasts(self.arms, factors, self._words) if contrasts is None else tuple(contrasts),
            default_interactions(self.arms, factors, self._words) if interactions is None else tuple(interactions),
            default_removals(self.arms, factors, self._words) if removals is None else tuple(removals),
        )

    def knobs_of(self, arm: Arm) -> dict[str, Knob]:
        """The knobs that an `arm` has, by name."""
        return {
            name: knob
            for name, knob in self.knobs.items()
            if not knob.when or any(arm.has({factor: wanted}) for factor, wanted in knob.when.items())
        }

    def configurations(self, arm: Arm, count: int, seed: int | tuple[int, ...]) -> list[Values]:
        """The first configurations of an arm, from a scrambled Sobol sequence (Owen 1998), the same one for every arm.

        So arms differ in their techniques and not in their luck: configuration 3 has one learning rate in all of them.
        Asking for more leaves the first ones as they are.

        **Arguments:**

        - `count`: how many.
        - `seed`: of the sequence.

        **Returns:** the values of the knobs that `arm` has, by name.
        """
        if not self.knobs:
            return [{} for _ in range(count)]
        from scipy.stats import qmc

        sequence = qmc.Sobol(d=len(self.knobs), scramble=True, rng=np.random.default_rng(seed))
        points = sequence.random_base2(max(count - 1, 1).bit_length())[:count]
        known = self.knobs_of(arm)
        return [
            {name: knob.at(u) for (name, knob), u in zip(self.knobs.items(), point, strict=True) if name in known}
            for point in points
        ]

    def to_json(self) -> dict[str, Any]:
        """In plain JSON types: what tells one design from another."""
        return {
            "factors": {name: list(levels) for name, levels in self.factors.items()},
            "knobs": {
                name: {
                    **{"low": knob.low, "high": knob.high, "log": knob.log, "whole": knob.whole},
                    "when": {name: list(of) if isinstance(of, list | tuple) else of for name, of in knob.when.items()},
                }
                for name, knob in self.knobs.items()
            },
            "arms": [arm.name for arm in self.arms],
            "questions": [question.name for kind in self.asked for question in kind],
        }


def _check_factor(name: Any, levels: Any) -> None:
    if not _is_text(name) or not name.strip():
        raise InputError(f"factor {name!r}: a name is text.")
    if isinstance(levels, str) or not isinstance(levels, Sequence) or len(levels) < 2:
        raise InputError(f"factor {name!r}: give a list of two levels or more, the reference first: [False, True].")
    for level in levels:
        if not (_is_text(level) if isinstance(level, str) else isinstance(level, Level)):
            raise InputError(f"factor {name!r}: the level {level!r} is neither text, a number, True, False nor None.")
        if isinstance(level, float) and not np.isfinite(level):
            raise InputError(f"factor {name!r}: the level {level!r} is no number.")
    if len(set(levels)) < len(levels):
        raise InputError(f"factor {name!r}: two of its levels are equal: {listing(map(repr, levels))}.")


def _is_text(name: Any) -> bool:
    """Whether it can be written to a file: half a character cannot."""
    return isinstance(name, str) and name.encode(errors="replace").decode() == name


def _are_levels(several: Any) -> bool:
    return isinstance(several, list | tuple) and all(isinstance(levels, Mapping) for levels in several)
