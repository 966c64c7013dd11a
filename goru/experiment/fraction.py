"""Many factors, few arms: a part of all combinations in which every factor can still be told from the others."""

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from goru.experiment.arms import Level, technique
from goru.experiment.design import Design
from goru.experiment.knobs import Knob
from goru.experiment.questions import Contrast, name_of

STARTS, PASSES = 6, 20  # of the exchange
SPARE = 4  # arms more than there are effects to estimate, at least
MOST_COMPARED = 3  # levels of a factor that are all compared with each other; of more, each with the reference
CONFOUNDED = 0.35  # of an interaction shows in a main effect: more is said
_TINY = 1e-6  # added to an information matrix that is still singular

Factors = Mapping[str, Sequence[Level]]
Chosen = tuple[tuple[int, ...], ...]  # of arms, the place of every factor's level
Banned = tuple[tuple[tuple[int, int], ...], ...]  # factors and levels, by their places, that no arm has together


def fraction(factors: Factors, knobs: Mapping[str, Knob], exclude: Sequence[Mapping[str, Level]], most: int) -> Design:
    """A design of all combinations, if they are no more than `most`; otherwise of a balanced part of them.

    The part is D-optimal for the main effects, by coordinate exchange (Meyer & Nachtsheim 1995,
    https://doi.org/10.1080/00401706.1995.10485889), always from the same random starts, and has the plain arm. Main
    effects are then estimated by least squares, all arms informing each. Interactions and removals are not asked about.

    **Arguments:**

    - `exclude`: combinations that make no sense.
    - `most`: arms; more, where there are too many effects for so few.
    """
    whole = list(itertools.islice(itertools.product(*factors.values()), most * 64))
    allowed = [levels for levels in whole if not _excluded(dict(zip(factors, levels, strict=True)), exclude)]
    sizes = tuple(len(levels) for levels in factors.values())
    count = max(most, 1 + sum(sizes) - len(sizes) + SPARE)
    if len(whole) < most * 64 and len(allowed) <= count:
        return Design(factors, knobs, exclude)
    banned = tuple(
        tuple((place, factors[name].index(of[name])) for place, name in enumerate(factors) if name in of)
        for of in exclude
    )
    chosen = optimal(sizes, count, banned)
    only = [tuple(levels[place] for levels, place in zip(factors.values(), arm, strict=True)) for arm in chosen]
    arms = Design(factors, knobs, exclude, only=only).arms
    effects = _effects(chosen, sizes)
    contrasts = []
    start = 1
    for (factor, levels), size in zip(factors.items(), sizes, strict=True):
        of_levels = np.vstack([np.zeros(len(arms)), effects[start : start + size - 1]])
        for against, place in _compared(size):
            name = name_of(factor, levels[place], levels[against], levels[0])
            weights = tuple(map(float, of_levels[place] - of_levels[against]))
            contrasts.append(Contrast(name, arms, (), "weighted", weights))
        start += size - 1
    contrasts.append(Contrast("best combination (cross-validated choice)", arms, (arms[0],)))
    return Design(factors, knobs, exclude, tuple(contrasts), (), (), only)


def _compared(levels: int) -> list[tuple[int, int]]:
    """Of a factor with so many levels, which are compared: the second of each pair against the first."""
    pairs = list(itertools.combinations(range(levels), 2))
    return pairs if levels <= MOST_COMPARED else [pair for pair in pairs if pair[0] == 0]


def confounded(design: Design) -> dict[str, list[str]]:
    """Main effects that a part of all combinations mixes with interactions, each with those of which it has more than
    `CONFOUNDED` (the alias matrix of Box & Draper 1987, section 3.8), in words; none in a whole design."""
    if design.only is None:
        return {}
    factors = list(design.factors.items())
    there = {
        (factor, level): np.array([arm[factor] == level for arm in design.arms], float)
        for factor, levels in factors
        for level in levels
    }
    mixed: dict[str, list[str]] = {}
    compared = [
        (factor, levels[against], levels[place])
        for factor, levels in factors
        for against, place in _compared(len(levels))
    ]
    for asked, (factor, against, level) in zip(design.asked[0], compared, strict=False):
        for (one, first), (other, second) in itertools.combinations(there, 2):
            if one == other or first == design.factors[one][0] or second == design.factors[other][0]:
                continue
            # A main effect is a mean over the levels of all other factors, and has that share of its own interactions.
            usual = 0.0
            for (name, at), beside in (((one, first), other), ((other, second), one)):
                if name == factor:
                    usual += ((at == level) - (at == against)) / len(design.factors[beside])
            share = float(np.dot(asked.weights, there[one, first] * there[other, second]))
            if abs(share - usual) > CONFOUNDED:
                mixed.setdefault(asked.name, []).append(f"{technique(one, first)} with {technique(other, second)}")
    return mixed


def notes(design: Design) -> list[str]:
    """What a part of all combinations leaves open, in sentences."""
    if design.only is None:
        return []
    sentences = [
        f"{len(design.arms)} of {design.combinations:,} combinations are trained, a balanced part: every technique is "
        "compared on average over the others, and whether two do more together is not asked."
    ]
    mixed = confounded(design)
    if mixed:
        name, (first, *_) = next(iter(mixed.items()))
        sentences.append(
            f"So few cannot tell {len(mixed)} of {len(design.asked[0]) - 1} effects from some pairs of techniques, "
            f"such as {name} from {first}, if these do more together."
        )
    return sentences


@lru_cache(maxsize=16)
def optimal(sizes: tuple[int, ...], count: int, banned: Banned = ()) -> Chosen:
    """So many arms of factors with so many levels each, as places of levels, the plain one first."""
    best: tuple[float, np.ndarray] | None = None
    for start in range(STARTS):
        random = np.random.default_rng((0, start, count, *sizes))
        arms = np.stack([random.permutation(np.resize(np.arange(size), count)) for size in sizes], axis=1)
        arms[0] = 0
        for arm in arms:
            while _is_banned(arm, banned):
                arm[:] = [random.integers(size) for size in sizes]
        value = _exchange(arms, sizes, banned)
        if best is None or value > best[0] + 1e-9:
            best = value, arms
    assert best is not None
    return tuple(tuple(map(int, arm)) for arm in best[1])


def _exchange(arms: np.ndarray, sizes: tuple[int, ...], banned: Banned) -> float:
    """Change one level of one arm after the other, as long as that adds information; the logarithm of how much there
    is."""
    coded = _coded(arms, sizes)
    width = coded.shape[1]
    for _ in range(PASSES):
        changed = False
        for row, factor in itertools.product(range(1, len(arms)), range(len(sizes))):
            others = np.delete(coded, row, axis=0)
            inverse = np.linalg.inv(others.T @ others + _TINY * np.eye(width))
            tried = []
            for level in range(sizes[factor]):
                arm = arms[row].copy()
                arm[factor] = level
                # The determinant with a row more is that without it, times one plus this.
                new = _coded(arm[None], sizes)[0]
                twin = (np.delete(arms, row, axis=0) == arm).all(axis=1).any()
                tried.append(-np.inf if twin or _is_banned(arm, banned) else float(new @ inverse @ new))
            if tried[(level := int(np.argmax(tried)))] > tried[arms[row, factor]] + 1e-9:
                arms[row, factor], changed = level, True
                coded[row] = _coded(arms[row][None], sizes)[0]
        if not changed:
            break
    return float(np.linalg.slogdet(coded.T @ coded + _TINY * np.eye(width))[1])


def _coded(arms: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Arms as rows of a model of main effects: the mean, and of every level but the reference whether it is there."""
    columns = [np.ones(len(arms))]
    columns += [arms[:, place] == level for place, size in enumerate(sizes) for level in range(1, size)]
    return np.stack(columns, axis=1).astype(float)


def _effects(chosen: Chosen, sizes: tuple[int, ...]) -> np.ndarray:
    """What each arm counts in each coefficient of that model, by least squares."""
    return np.linalg.pinv(_coded(np.array(chosen), sizes))


def _is_banned(arm: np.ndarray, banned: Banned) -> bool:
    return any(all(arm[place] == level for place, level in combination) for combination in banned)


def _excluded(levels: Mapping[str, Level], exclude: Sequence[Mapping[str, Level]]) -> bool:
    return any(all(levels[factor] == level for factor, level in of.items()) for of in exclude)
