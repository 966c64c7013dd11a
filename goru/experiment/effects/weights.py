"""Questions as weights: each is a sum over arms of what stands for them in a split, some with a minus."""

from collections.abc import Sequence

import numpy as np

from goru.experiment.arms import Arm
from goru.experiment.effects.additive import levels_model
from goru.experiment.effects.standings import Standing, Standings
from goru.experiment.questions import Contrast, Interaction, Removal


def weights(asked: Contrast | Interaction | Removal, standings: Standings, standing: Standing) -> np.ndarray:
    """`(splits, arms)`: how much the loss of each arm counts in each split.

    Where the best arm of several is meant, it is the one that is best on the other folds.

    **Arguments:**

    - `standing`: by which the best arm is chosen: one of `standings`.
    """
    if isinstance(asked, Interaction):
        sides = _whole(standings, asked.both, asked.one, asked.other, asked.neither)
        return _averaged(standing, sides, (1, -1, -1, 1))
    if isinstance(asked, Removal):
        arms, without = (standings.indices(side) for side in zip(*asked.without, strict=True))
        best = standing.elsewhere[arms].argmin(axis=0)
        return _at(standing, arms[best]) - _at(standing, without[best])
    if asked.kind == "best":
        arms, against = (standings.indices(side) for side in (asked.arms, asked.against))
        return _at(standing, _best(standing, arms)) - _at(standing, _best(standing, against))
    if asked.kind == "weighted":
        row = np.zeros(len(standing.losses))
        places = standings.indices(asked.arms)
        row[places] = _of_whole(asked, [whole[places] for whole in standings.whole])
        return np.tile(row, (standing.losses.shape[1], 1))
    return _averaged(standing, _whole(standings, asked.arms, asked.against), (1, -1))


def _best(standing: Standing, arms: np.ndarray) -> np.ndarray:
    return arms[standing.elsewhere[arms].argmin(axis=0)]


def _at(standing: Standing, arms: np.ndarray) -> np.ndarray:
    """One arm in each split."""
    return np.eye(len(standing.losses))[arms]


def _averaged(standing: Standing, sides: Sequence[np.ndarray], signs: Sequence[int]) -> np.ndarray:
    row = np.zeros(len(standing.losses))
    for arms, sign in zip(sides, signs, strict=True):
        np.add.at(row, arms, sign / len(arms))
    return np.tile(row, (standing.losses.shape[1], 1))


def _of_whole(asked: Contrast, masks: Sequence[np.ndarray]) -> np.ndarray:
    """The weights by which the same effect is estimated without the arms that are lost in some split, by least squares
    on the levels of the others; the question's own where these cannot tell."""
    weights = np.array(asked.weights)
    model = levels_model(asked.arms)
    for whole in masks:
        if whole.all():
            return weights
        if whole.any():
            left = np.where(whole, 0.0, weights)
            left[whole] = weights @ model @ np.linalg.pinv(model[whole])
            if np.allclose(np.where(whole, left, 0.0) @ model, weights @ model, atol=1e-8):
                return np.where(whole, left, 0.0)
    return weights


def _whole(standings: Standings, *sides: Sequence[Arm]) -> list[np.ndarray]:
    """Without the pairs, or fours, of which an arm is lost in some split, unless all are such."""
    arms = np.stack([standings.indices(side) for side in sides])
    for whole in standings.whole:
        if (kept := whole[arms].all(axis=0)).any():
            return list(arms[:, kept])
    return list(arms)
