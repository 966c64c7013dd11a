"""The whole table at once, by L-BFGS: SciPy's, for one network after the other."""

import jax
import numpy as np
from scipy.optimize import OptimizeResult, minimize

from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.rows import Features, columns, targets
from goru.nn.training import Batch, gradient_of
from goru.population.immediate.flat import Numbers
from goru.population.immediate.learner import Learner, only


def minimize_all(
    learner: Learner,
    x: Features,
    y: np.ndarray,
    shares: np.ndarray,
    l2: float,
    max_iter: int,
    max_fun: int,
    tol: float,
) -> list[OptimizeResult]:
    """Minimise the loss of every network over all rows, and leave the numbers found with the learner.

    **Arguments:**

    - `learner`: without dropout, of which the loss would be a random number.
    - `x`, `y`: see [`Learner.learn`][goru.population.immediate.learner.Learner.learn].
    - `shares`: what each row's loss is multiplied by.
    - `l2`: λ of the penalty ½ λ ‖W‖².
    - `max_iter`, `max_fun`, `tol`: SciPy's `maxiter`, `maxfun` and `gtol`.
    """
    numbers = learner.numbers.flat
    batch = Batch(columns(x), targets(y), shares.astype(numbers.dtype))
    options = {"maxfun": max_fun, "maxiter": max_iter, "gtol": tol}
    results = []
    for index in range(len(learner)):
        objective = _objective(learner, index, batch, l2)
        found = minimize(objective, numbers[index].astype(np.float64), method="L-BFGS-B", jac=True, options=options)
        numbers[index] = found.x
        results.append(found)
    return results


def _objective(learner: Learner, index: int, batch: Batch, l2: float):
    own = Numbers(jax.tree.map(lambda leaf: leaf[index : index + 1], learner.numbers.tree))
    gradient, out = own.gradient
    hyper = only(learner.hyper, index)
    loss = LOSSES[learner.loss]

    def objective(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        own.flat[0] = numbers
        found = gradient_of(learner.layers, loss, "l2_squared", own.tree, batch, Context(hyper), l2, out)
        return float((found.loss + found.penalty)[0]), gradient[0].astype(np.float64)

    return objective
