"""The networks on the test rows, and what else is predicted of rows that no network was fitted on."""

import time
from collections.abc import Mapping

import numpy as np

from goru.data.dataset import Dataset
from goru.experiment.arms import PLAIN
from goru.experiment.effects.comparison import CONSTANTS
from goru.experiment.findings.answer import ModelScores
from goru.model.model import Model
from goru.nn.judge import Measure
from goru.studies.evidence.gathered import Predictions
from goru.studies.final.final_model import FinalModel
from goru.studies.final.scores import figures, intervals


class ModelPredictions:
    """What is predicted of the test rows: by non-neural baselines, and by networks, compared like for like.

    **Arguments:**

    - `rivals`: predictions by non-neural baselines, by name; empty where there are no test rows.
    - `final_models`: `recommended` and, where there are test rows and they were trained, `plain`.
    - `single`: whether the final model is one network, and not the ensemble.
    """

    def __init__(
        self, dataset: Dataset, rivals: Mapping[str, np.ndarray], final_models: Mapping[str, FinalModel], single: bool
    ) -> None:
        self._dataset, self._rivals, self._single = dataset, rivals, single
        self._final_models = final_models
        self._networks: list[tuple[str, bool, int, np.ndarray]] = []
        self.seconds: dict[str, float] = {}  # that the networks of a model took for all test rows
        for one in (True, False) if dataset.has_test_rows else ():
            for name, done in final_models.items():
                model = done.model.single if one else done.model
                began = time.perf_counter()
                self._networks.append((name, one, len(model.networks), self._predict(model)))
                if one == single:
                    self.seconds[name] = time.perf_counter() - began

    def figures(self, balanced: bool, measure: Measure | None = None) -> tuple[ModelScores, ...]:
        """Of every model, the simplest first."""
        models = [(name, 0, values) for name, values in self._rivals.items()]
        models += [(name, count, values) for name, one, count, values in self._networks if one or count > 1]
        scores = []
        for name, count, values in models:
            found = figures(self._dataset, values, balanced, measure)
            scores.append(ModelScores(count, name, found, intervals(self._dataset, values, found, measure)))
        return tuple(scores)

    def predictions(self) -> Predictions:
        """By the final model, the plain networks of its kind, and the non-neural baselines; where there are
        no test rows, of the development rows by the final model, each by networks that are not fitted on it."""
        if self._dataset.has_test_rows:
            shown = {"recommended": self.final, **self.compared}
            weights = self._final_models["recommended"].model.decision_weights
            return Predictions("test", self._dataset.y_test, shown, weights)
        done = self._final_models["recommended"]
        model = done.model.single if self._single else done.model
        validation = done.validation[0] if self._single else done.validation.mean(axis=0)
        scored = np.flatnonzero(np.isfinite(validation).reshape(len(validation), -1).all(axis=1))
        validation = validation[scored]
        if self._dataset.classes is not None:
            validation = model.calibrated(validation)
        y = self._dataset.y_development[scored]
        return Predictions("validation", y, {"recommended": validation}, model.decision_weights)

    @property
    def final(self) -> np.ndarray:
        """Predictions of the test rows by the final model."""
        return self._of("recommended")

    @property
    def compared(self) -> dict[str, np.ndarray]:
        """Predictions of the test rows by the plain networks of its kind, if there are any, and by every other model
        but the constant one."""
        plain = {PLAIN: self._of(PLAIN)} if PLAIN in self._final_models else {}
        return plain | {name: values for name, values in self._rivals.items() if name not in CONSTANTS}

    def _of(self, arm: str) -> np.ndarray:
        return next(values for name, one, _, values in self._networks if name == arm and one == self._single)

    def _predict(self, model: Model) -> np.ndarray:
        predict = model.values if self._dataset.classes is None else model.probabilities
        return predict(self._dataset.encoded_test)
