"""L-BFGS over the whole table, one network after the other."""

import jax
import numpy as np
import pytest
from learners import HYPER, INPUTS, OUTPUTS, make_architecture, make_learner, make_x, make_y
from scipy import sparse

from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.rows import SparseRows
from goru.nn.training import Batch, gradient_of
from goru.population.immediate.flat import Numbers
from goru.population.immediate.lbfgs import minimize_all

ROWS, L2 = 40, 0.05
X = make_x(rows=ROWS)
SHARES = np.full(ROWS, 1 / ROWS)


def make_own(loss="softmax_cross_entropy", place=None, dtype=np.float64, hidden=(4,), activation="tanh"):
    return make_learner(make_architecture(place, activation=activation, hidden=hidden).layers, loss, dtype)


def run(learner, x=X, shares=SHARES, max_iter=500, max_fun=5000, tol=1e-8):
    dtype = learner.numbers.flat.dtype
    y = make_y(learner.loss, dtype, ROWS)
    return minimize_all(learner, x.astype(dtype), y, shares, L2, max_iter, max_fun, tol)


def slope_at(learner):
    batch = Batch(X.T, make_y(learner.loss, rows=ROWS).T, SHARES)
    loss = LOSSES[learner.loss]
    found = gradient_of(learner.layers, loss, "l2_squared", learner.numbers.tree, batch, Context(HYPER), L2)
    return found.loss + found.penalty, Numbers(found.of_learned).flat


every_loss = pytest.mark.parametrize("loss", LOSSES)


@every_loss
def test_the_gradient_vanishes_where_it_ends(loss):
    learner = make_own(loss)
    run(learner, tol=1e-5)
    assert np.abs(slope_at(learner)[1]).max() < 1e-3


@every_loss
@pytest.mark.parametrize("place", [None, "before", "after"])
def test_the_loss_said_is_that_of_the_numbers_found_and_lower_than_at_first(place, loss):
    learner = make_own(loss, place)
    found = run(learner, max_iter=30)
    losses, _ = slope_at(learner)
    np.testing.assert_allclose([result.fun for result in found], losses)
    assert (losses < slope_at(make_own(loss, place))[0]).all()


def test_each_network_has_numbers_of_its_own():
    """As batch norm's ε, which may differ from network to network."""

    def solved(epsilon):
        learner = make_own(place="before")
        learner.hyper = HYPER._replace(batch_norm_epsilon=epsilon)
        run(learner, max_iter=5)
        return learner.numbers.flat

    apart = [solved(1e-3), solved(0.5)]
    together = solved(np.array([1e-3, 0.5]))
    for index in range(2):
        np.testing.assert_allclose(together[index], apart[index][index], rtol=1e-7)
    assert not np.allclose(apart[0][1], apart[1][1])


def test_linear_regression_is_solved():
    learner = make_own("squared_error", hidden=(), activation="identity")
    run(learner, shares=SHARES * OUTPUTS / 2, tol=1e-10)
    # ½ Σ (y - xW - b)² / n + ½ λ ‖W‖²
    targets = make_y("squared_error", rows=ROWS)
    centred = X - X.mean(axis=0)
    expected = np.linalg.solve(centred.T @ centred / ROWS + L2 * np.eye(INPUTS), centred.T @ targets / ROWS)
    for weight in learner.numbers.weights[0]:
        np.testing.assert_allclose(weight.T, expected, atol=1e-6)


def test_iterations_and_evaluations_are_bounded():
    found = run(make_own(), max_iter=3)
    assert [result.nit for result in found] == [3, 3]
    assert not any(result.success for result in found)
    found = run(make_own(), max_fun=4)
    assert all(result.nit <= 4 for result in found)


def test_numbers_keep_their_precision():
    learner = make_own(dtype=np.float32)
    run(learner)
    assert learner.numbers.flat.dtype == np.float32
    assert {leaf.dtype for leaf in jax.tree.leaves(learner.numbers.tree)} == {np.dtype(np.float32)}


def test_from_sparse_rows_it_finds_what_it_finds_from_the_same_rows_written_out():
    made = sparse.random_array(X.shape, density=0.4, format="csr", rng=np.random.default_rng(0))
    rows, learner, other = SparseRows(made, np.arange(5.0)), make_own(), make_own()
    run(learner, rows, max_iter=10)
    run(other, made.toarray() + rows.constant, max_iter=10)
    np.testing.assert_allclose(learner.numbers.flat, other.numbers.flat, rtol=1e-6, atol=1e-8)
