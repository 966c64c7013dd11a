"""L-BFGS over the whole table, one network after the other."""

import numpy as np
import pytest
from networks import INPUTS, LOSSES, make_parameters, make_rows, make_targets

from goru.direct.lbfgs import minimize_all
from goru.direct.network import Form, gradient
from goru.direct.optimizers import add_l2

ROWS, L2 = 40, 0.05
X = make_rows(rows=ROWS)
SHARES = np.full(ROWS, 1 / ROWS)


def run(form, dtype=np.float64, hidden=(4,), max_iter=500, max_fun=5000, tol=1e-8):
    parameters, targets = make_parameters(form, dtype, hidden=hidden), make_targets(form.loss, dtype, ROWS)
    x, shares = X.astype(dtype), SHARES.astype(dtype)
    found = minimize_all(form, parameters, x, targets, shares, L2, max_iter, max_fun, tol)
    return parameters, found


def slope_at(form, parameters):
    out = parameters.like()
    targets = make_targets(form.loss, rows=ROWS)
    loss = gradient(form, parameters, None, X, targets, SHARES, np.zeros(len(parameters), np.uint32), 0, out)
    return loss + add_l2(parameters, out, L2), out.flat


every_loss = pytest.mark.parametrize("loss", LOSSES)


@every_loss
def test_the_gradient_vanishes_where_it_ends(loss):
    form = Form("tanh", loss)
    parameters, _ = run(form, tol=1e-5)
    assert np.abs(slope_at(form, parameters)[1]).max() < 1e-3


@every_loss
@pytest.mark.parametrize("place", [None, "before", "after"])
def test_the_loss_said_is_that_of_the_numbers_found_and_lower_than_at_first(place, loss):
    form = Form("tanh", loss, place)
    parameters, found = run(form, max_iter=30)
    losses, _ = slope_at(form, parameters)
    np.testing.assert_allclose([result.fun for result in found], losses)
    assert (losses < slope_at(form, make_parameters(form, hidden=(4,)))[0]).all()


def test_linear_regression_is_solved():
    form = Form("identity", "squared_error")
    parameters, _ = run(form, hidden=(), tol=1e-10)
    # ½ Σ (y - xW - b)² / n + ½ λ ‖W‖²
    targets = make_targets("squared_error", rows=ROWS)
    centred = X - X.mean(axis=0)
    expected = np.linalg.solve(centred.T @ centred / ROWS + L2 * np.eye(INPUTS), centred.T @ targets / ROWS)
    for weight in parameters.weights[0]:
        np.testing.assert_allclose(weight, expected, atol=1e-6)


def test_iterations_and_evaluations_are_bounded():
    _, found = run(Form("tanh"), max_iter=3)
    assert [result.nit for result in found] == [3, 3]
    assert not any(result.success for result in found)
    _, found = run(Form("tanh"), max_fun=4)
    assert all(result.nit <= 4 for result in found)


def test_numbers_keep_their_precision():
    parameters, _ = run(Form("tanh"), np.float32)
    assert parameters.flat.dtype == np.float32
