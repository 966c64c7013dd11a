"""The recommended configuration and the plain one, trained once more on all development rows; and the test rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from goru.experiment import defaults
from goru.experiment.candidates import Candidate
from goru.experiment.effects.comparison import CLASS_PRIOR, CONSTANTS, MEAN, Rival, compare
from goru.experiment.findings.answer import ModelScores, RivalFound
from goru.functions.laboratory import TrainingFunctions
from goru.functions.outputs import scored
from goru.functions.rows import WholeTable
from goru.functions.workers.attempts import Attempt, TrainingTask

_REFIT = 5  # what seeds are for: their second number


def refits(
    laboratory: TrainingFunctions,
    candidates: Mapping[str, Candidate],
    tables: tuple[WholeTable, ...],
    seed: int,
    look: Callable[[], object] = lambda: None,
) -> dict[str, Attempt]:
    """Train each candidate on all development rows, and tell it when its best epoch is over.

    **Arguments:**

    - `candidates`: by name; those that are the same are trained once.
    - `tables`: development rows, and test rows, which are predicted; without them, development rows are.
    - `look`: called from time to time.
    """
    rows, last = np.arange(tables[0].n), len(tables) - 1
    number = int(np.random.SeedSequence((seed, _REFIT)).generate_state(1)[0])
    tasks = {
        candidate: TrainingTask(
            ({**candidate.arm, **candidate.values},), rows, np.arange(tables[last].n), number, last, candidate.epochs
        )
        for candidate in candidates.values()
    }
    done = dict(zip(tasks, laboratory.refit(list(tasks.values()), look), strict=True))
    return {name: done[candidate] for name, candidate in candidates.items()}


@dataclass(frozen=True, eq=False)
class ScoredModels:
    """Predictions of the test rows by name, and the loss of every row; what predicts nothing has losses alone."""

    table: WholeTable
    losses: Mapping[str, np.ndarray]
    predicted: Mapping[str, np.ndarray]
    groups: np.ndarray | None = None
    user_loss: bool = False  # the user's: of predictions that may be anything

    def figures(self) -> tuple[ModelScores, ...]:
        """Of every model, the simplest first."""
        return tuple(ModelScores(int(name not in CONSTANTS), name, self._figures(name)) for name in self.losses)

    def _figures(self, name: str) -> dict[str, float | None]:
        table, losses = self.table, self.losses[name]
        mean = float(np.average(losses, weights=table.weights))
        predicted = self.predicted.get(name)
        if table.codes is None or predicted is None or self.user_loss:
            return {"loss": mean}
        if table.classes is None:
            middle = np.average(table.codes, weights=table.weights)
            squares, variance = (
                float(np.average((table.codes - of) ** 2, weights=table.weights)) for of in (predicted, middle)
            )
            return {
                "R²": 1 - squares / variance if variance > 0 else None,
                "error": float(np.sqrt(squares)),
            }
        from goru.studies.final.scores import auc, mean_of_classes

        right = predicted.argmax(axis=1) == table.codes
        return {
            "log loss": mean,
            "accuracy": float(np.average(right, weights=table.weights)),
            "balanced accuracy": mean_of_classes(right, table.codes),
            "AUC": auc(table.codes, predicted),
        }

    def plain(self) -> Rival | None:
        """The plain arm against what is recommended; `None` where they are the same, or one of both is not known."""
        if not {"plain", "recommended"} <= self.losses.keys():
            return None
        difference = compare(
            self.losses["plain"], self.losses["recommended"], defaults.CONFIDENCE, self.table.weights, self.groups
        )
        return Rival("plain", difference, float(np.average(self.losses["plain"], weights=self.table.weights)))


def scored_models(
    tables: tuple[WholeTable, ...],
    done: Mapping[str, Attempt],
    scale: float,
    user_loss: bool,
    groups: np.ndarray | None,
) -> ScoredModels:
    """What came of the test rows.

    **Arguments:**

    - `tables`: development rows, and test rows.
    - `done`: by name, plain before recommended.
    - `scale`: the target's standard deviation.
    - `user_loss`: whether the user's own loss is measured.
    """
    development, table = tables
    losses, predicted = dict[str, np.ndarray](), dict[str, np.ndarray]()
    if development.codes is not None and not user_loss and all(one.predicted is not None for one in done.values()):
        constant = _constant_predictions(development, table.n)
        name = MEAN if development.classes is None else CLASS_PRIOR
        losses[name] = scored(constant, table.rows(np.arange(table.n)), None, scale).losses
        predicted[name] = constant
    for name, one in done.items():
        if one.losses is not None and np.isfinite(one.losses).all():
            losses[name] = one.losses
            if one.predicted is not None:
                predicted[name] = one.predicted
    return ScoredModels(table, losses, predicted, groups, user_loss)


def _constant_predictions(development: WholeTable, rows: int) -> np.ndarray:
    """The class prior, or the mean."""
    assert development.codes is not None
    if development.classes is None:
        return np.full(rows, float(np.average(development.codes, weights=development.weights)))
    counts = np.bincount(development.codes, development.weights, minlength=len(development.classes))
    return np.tile(counts / counts.sum(), (rows, 1))


def described_rival(rival: Rival) -> RivalFound:
    """As it is kept."""
    return RivalFound(rival.name, rival.difference.change, rival.difference.low, rival.difference.high, rival.loss)
