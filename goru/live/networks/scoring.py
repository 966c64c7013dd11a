"""The losses of a perceptron's members, one by one, on the rows of a page."""

from typing import Any

import numpy as np

from goru.live.rows import Rows
from goru.model.networks import Networks
from goru.nn.losses import LOSSES
from goru.nn.rows import targets


def losses(model: Any, rows: Rows) -> tuple[np.ndarray, ...]:
    """The mean loss of every member on the training and on the validation rows, two arrays `(members,)`.

    **Arguments:**

    - `model`: a `goru.MLPClassifier` or `goru.MLPRegressor` that has learned from these rows.
    - `rows`: see [`shape`][goru.live.rows.shape] and [`table`][goru.live.rows.table].
    """
    one = model.n_members == 1
    weights = tuple((weight[None] if one else weight).swapaxes(1, 2) for weight in model.coefs_)
    biases = tuple(bias[None] if one else bias for bias in model.intercepts_)
    activation = "sigmoid" if model.activation == "logistic" else model.activation
    outputs = Networks.perceptron(activation, weights, biases).outputs(rows.x).swapaxes(1, 2)
    with np.errstate(all="ignore"):
        of_rows = LOSSES[rows.loss].of_rows(outputs, targets(rows.y))
    training, validation = (
        of_rows[:, part].mean(axis=1, dtype=np.float64) for part in (rows.training, rows.validation)
    )
    return training, validation
