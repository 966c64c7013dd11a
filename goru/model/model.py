"""A fitted model: the columns it reads, how they are prepared, and the networks that predict from them."""

from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from goru.data.preparing import Preparation, TargetScaling
from goru.data.ranges import notes_on_rows_beyond
from goru.data.schema.columns import DroppedColumn
from goru.data.schema.encoding import Encoded, Schema
from goru.data.table import array_names, as_frame, frame_of
from goru.data.targets.target import Target
from goru.errors import InputError
from goru.model.networks import Networks, mixed, softmax, tempered
from goru.wording import counted, shortened

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Model:
    """An ensemble of networks, with everything that it takes to predict from a table.

    **Arguments:**

    - `target`: the column to predict: its task, and its classes in the order of the probabilities.
    - `schema`, `preparation`: how a table becomes features.
    - `scaling`: how the target was scaled; `None` in classification.
    - `networks`: whose predictions are averaged: probabilities, or values.
    - `members`: what each network is: arm, hyperparameters, epochs.
    - `temperature`: by which the probabilities are made more even (above 1) or less; 1 leaves them as they are.
    - `single_temperature`: the same for the first network alone.
    - `uniform_share`: of the probabilities, then, that of the uniform distribution: no class is impossible.
    - `decision_weights`: by which the probabilities are multiplied before the class with the largest product is
      predicted, one a class; empty: the most probable class is.

    **Raises:** `ValueError` for parts that do not fit together.
    """

    target: Target
    schema: Schema
    preparation: Preparation
    scaling: TargetScaling | None
    networks: Networks
    members: tuple[dict[str, Any], ...] = field(default=())
    temperature: float = 1.0
    single_temperature: float = 1.0
    uniform_share: float = 0.0
    decision_weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        features = {self.preparation.n_features, self.networks.inputs}
        classes = self.target.classes
        outputs = 1 if classes is None else len(classes)
        if not (
            np.isfinite([self.temperature, self.single_temperature]).all()
            and min(self.temperature, self.single_temperature) > 0
        ):
            raise ValueError("a temperature is above zero")
        if not 0 <= self.uniform_share < 1:
            raise ValueError("a share is from 0 to below 1")
        weights = np.array(self.decision_weights)
        if weights.size and not (weights.shape == (outputs,) and np.isfinite(weights).all() and weights.min() > 0):
            raise ValueError("decision weights are above zero, one a class")
        fit = len(features) == 1 and self.preparation.shape == self.schema.shape
        if not fit or self.networks.n_outputs != outputs or (self.scaling is None) != (classes is not None):
            raise ValueError("the networks do not fit the columns or the target")

    def __repr__(self) -> str:
        classes = self.target.classes
        task = "regression" if classes is None else f"{len(classes):,} classes"
        networks = f"{counted(len(self.networks), 'network')}, {self.networks.shape}"
        return f"{type(self).__name__}({shortened(self.target.name)}: {task}; {networks})"

    @property
    def single(self) -> "Model":
        """The first network alone."""
        return replace(
            self, networks=self.networks.only([0]), members=self.members[:1], temperature=self.single_temperature
        )

    def predict(self, table: "pd.DataFrame | Any") -> np.ndarray:
        """The class of every row, the most probable one but for `decision_weights`, or its value in the target's own
        units: `(rows,)`.

        **Arguments:**

        - `table`: a frame of pandas, polars or PyArrow with the table's columns, in any order; or, for a model that was
          fitted on an array, an array `(rows, columns)`.

        **Raises:** `InputError` for anything else, missing columns, or text where numbers belong.
        """
        return self.predict_encoded(self._encode(table))

    def predict_proba(self, table: "pd.DataFrame | Any") -> np.ndarray:
        """The probability of every class, `(rows, classes)`, of a table as `predict` takes it; a row sums to one.

        **Arguments:**

        - `table`: as of `predict`.

        **Raises:** `TypeError` in regression; `InputError` as `predict` does.
        """
        return self.probabilities(self._encode(table))

    def _encode(self, table: "pd.DataFrame | Any") -> Encoded:
        if isinstance(table, np.ndarray) and (columns := self._array_columns):
            return self.schema.encode(frame_of(table, columns))
        return self.schema.encode(as_frame(table))

    @property
    def _array_columns(self) -> int:
        """How many columns the array had that was fitted on; 0 if it was a frame, or had more columns with names."""
        names = [column.name for column in self.schema.columns]
        count = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(names, array_names(len(names)), strict=True))))
        others = self.schema.columns[count:]  # groups and times, which no prediction needs
        return count if all(isinstance(column, DroppedColumn) for column in others) else 0

    def predict_encoded(self, encoded: Encoded) -> np.ndarray:
        """As `predict`, of `encoded` rows, from `model.schema.encode(frame)`: `(rows,)`."""
        if self.target.classes is None:
            return self.values(encoded)
        return self.target.decode(self.decide(self.probabilities(encoded)))

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """The codes of the classes that are predicted, `(rows,)`, given `probabilities`, `(rows, classes)`."""
        return (probabilities * (self.decision_weights or 1.0)).argmax(axis=1)

    def notes_on(self, encoded: Encoded) -> tuple[str, ...]:
        """What whoever reads the predicted values of these `encoded` rows should know, in plain sentences."""
        if self.target.classes is not None:
            return ()
        return notes_on_rows_beyond(
            encoded.numeric, self.preparation.lows, self.preparation.highs, self.schema.feature_names
        )

    def probabilities(self, encoded: Encoded) -> np.ndarray:
        """As `predict_proba`, of `encoded` rows: `(rows, classes)` float64.

        **Raises:** `TypeError` in regression.
        """
        if self.target.classes is None:
            raise TypeError("a regression has no probabilities")
        x = self.preparation.transform(encoded)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.mean([softmax(outputs) for outputs in self.networks.each(x)], axis=0)
            return _finite(self.calibrated(mean))

    def calibrated(self, probabilities: np.ndarray) -> np.ndarray:
        """The mean `probabilities` of the networks, `(rows, classes)`, as they are predicted."""
        return mixed(tempered(probabilities, self.temperature), self.uniform_share)

    def values(self, encoded: Encoded) -> np.ndarray:
        """The predicted values of a regression, of `encoded` rows, in the target's own units: `(rows,)` float64.

        **Raises:** `TypeError` in classification.
        """
        if self.scaling is None:
            raise TypeError("a classification has no values")
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = self.networks.outputs(self.preparation.transform(encoded))[..., 0]
            return _finite(self.scaling.inverse(outputs.astype(np.float64).mean(axis=0)))


def _finite(predicted: np.ndarray) -> np.ndarray:
    """Predictions, if they are numbers; weights that nobody has trained may lead beyond them."""
    if not np.isfinite(predicted).all():
        raise InputError("the model's weights lead beyond the range of numbers: it predicts nothing. Fit it again.")
    return predicted
