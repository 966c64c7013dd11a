"""The whole table at once, by L-BFGS: SciPy's, for one network after the other."""

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from goru.direct.network import Form, gradient
from goru.direct.optimizers import add_l2
from goru.direct.parameters import Parameters
from goru.direct.rows import Features


def minimize_all(
    form: Form,
    parameters: Parameters,
    x: Features,
    targets: np.ndarray,
    shares: np.ndarray,
    l2: float,
    max_iter: int,
    max_fun: int,
    tol: float,
) -> list[OptimizeResult]:
    """Minimise the loss of every network over all rows, and write the numbers found to `parameters`.

    **Arguments:**

    - `form`: without dropout, of which the loss would be a random number.
    - `shares`: what each row counts for; they sum to one.
    - `l2`: λ of the penalty ½ λ ‖W‖².
    - `max_iter`, `max_fun`, `tol`: SciPy's `maxiter`, `maxfun` and `gtol`.
    """
    results = []
    for index in range(len(parameters)):
        found = _minimize(form, parameters, index, x, targets, shares, l2, max_iter, max_fun, tol)
        parameters.flat[index] = found.x
        results.append(found)
    return results


def _minimize(form, parameters, index, x, targets, shares, l2, max_iter, max_fun, tol):
    dtype = parameters.flat.dtype
    own = Parameters(parameters.layout, parameters.flat[index : index + 1].copy())
    slope = own.like()
    ids = np.zeros(1, np.uint32)

    def objective(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        own.flat[0] = numbers
        loss = gradient(form, own, None, x, targets, shares, ids, 0, slope)
        loss = loss + add_l2(own, slope, l2)
        return float(loss[0]), slope.flat[0].astype(np.float64)

    options = {"maxfun": max_fun, "maxiter": max_iter, "gtol": tol}
    found = minimize(objective, own.flat[0].astype(np.float64), method="L-BFGS-B", jac=True, options=options)
    found.x = found.x.astype(dtype)
    return found
