"""The questions of a design, answered by the losses of its trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.design import Design
from goru.experiment.effects.effects import Compared, Effect, judge_effects, unknown
from goru.experiment.effects.simplest import Simplest, simplest
from goru.experiment.effects.standings import Standing, Standings
from goru.experiment.effects.weights import weights
from goru.experiment.questions import Contrast, Interaction, Removal
from goru.experiment.trial import Losses


@dataclass(frozen=True)
class Answers:
    """What every question of a design was answered; the intervals of each kind hold together.

    - `conditional`: of every interaction what the one changes without the other, and with it.
    - `plain_loss`: of the plain arm, cross-fitted.
    - `simplest`: arm that does about as well as the best; `None` where that cannot be told.
    - `confidence`: of the intervals of a kind together.
    - `losses`: of every arm, cross-fitted; infinite where nothing stands for it.
    """

    contrasts: tuple[Effect, ...]
    interactions: tuple[Effect, ...]
    removals: tuple[Effect, ...]
    plain_loss: float
    simplest: Simplest | None
    confidence: float
    losses: Mapping[Arm, float]
    conditional: tuple[tuple[float, float], ...] = ()


def answer(
    design: Design,
    losses: Mapping[Arm, Losses],
    folds: int,
    configurations: int,
    confidence: float = defaults.CONFIDENCE,
) -> Answers:
    """Answer all questions.

    **Arguments:**

    - `folds`: of a partition.
    - `configurations`: of each arm. One or two may suit one arm and not another, and their difference would be luck.
      How much luck, so few do not say: where there is something to tune, nothing is decided by them, and no interval
      has an end.
    - `confidence`: of the intervals of a kind together.
    """
    tuned = bool(design.knobs)
    standings = Standings(losses, folds, tuned)
    plain = float(standings.all.losses[standings.places[design.plain]].mean())
    margin = defaults.MARGIN * abs(plain)
    parts = standings.parts
    enough = not tuned or configurations >= defaults.FEWEST_CONFIGURATIONS

    def answered(questions: Sequence[Contrast | Interaction | Removal]) -> tuple[Effect, ...]:
        differences = [(asked.name, difference(asked, standings, parts)) for asked in questions]
        if enough:
            return judge_effects(differences, standings.shares, margin, confidence)
        return tuple(unknown(name, compared.change, margin) for name, compared in differences)

    def change(asked: Contrast) -> float:
        return float(_weighted(weights(asked, standings, standings.all), standings.all).mean())

    contrasts, interactions, removals = design.asked
    return Answers(
        answered(contrasts),
        answered(interactions),
        answered(removals),
        plain,
        simplest(standings, parts) if enough else None,
        confidence,
        {arm: float(standings.all.losses[place].mean()) for arm, place in standings.places.items()},
        tuple((change(pair.conditional[0]), change(pair.conditional[1])) for pair in interactions),
    )


def difference(asked: Contrast | Interaction | Removal, standings: Standings, parts: np.ndarray) -> Compared:
    """What a question compares.

    **Arguments:**

    - `parts`: those of `standings`.
    """
    by_split = weights(asked, standings, standings.all)
    # Of an interaction, and of an arm that is chosen, main effects leave unexplained what is asked for.
    is_main = isinstance(asked, Contrast) and asked.kind != "best"
    deviation, freedom = standings.unexplained if is_main else (0.0, 0)
    return Compared(
        _weighted(by_split, standings.all),
        np.einsum("sa,asp->sp", by_split, parts),
        np.array([_weighted(weights(asked, standings, standing), standing).mean() for standing in standings.without]),
        deviation * by_split.mean(axis=0),
        freedom,
        is_main,
    )


def _weighted(by_split: np.ndarray, standing: Standing) -> np.ndarray:
    """The difference in each split; infinite where an arm that counts is lost."""
    losses = np.where(by_split.T != 0, standing.losses, 0.0)
    lost = np.isinf(losses).any(axis=0)
    return np.where(lost, np.inf, (by_split * np.where(np.isinf(losses), 0.0, losses).T).sum(axis=1))
