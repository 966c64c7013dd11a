"""`goru.population.ensemble`: a compiled ensemble learns what the learner in NumPy would."""

import jax
import numpy as np
import pytest
from learners import NORMED, make_architecture, make_learner, make_x, make_y

import goru
from goru.estimators import training
from goru.nn.losses import LOSSES
from goru.population.ensemble import CompiledEnsemble
from goru.population.immediate.learner import Learner, Order

ROWS, SIZE = 50, 16
CASES = {
    f"{activation}-{loss}-{place}": (make_architecture(place, dropout, activation).layers, loss)
    for activation, loss, place, dropout in [
        ("relu", "softmax_cross_entropy", None, False),
        ("identity", "softmax_cross_entropy", None, True),
        ("tanh", "softmax_cross_entropy", "before", False),
        ("gelu", "softmax_cross_entropy", "after", True),
        *[("silu", loss, "before", True) for loss in LOSSES if loss != "softmax_cross_entropy"],
    ]
} | {"normed": (NORMED, "softmax_cross_entropy")}
PLAIN, TANH, GELU = (next(CASES[name] for name in CASES if name.startswith(of)) for of in ("relu", "tanh", "gelu"))


def make_own(layers, loss, optimizer="adam", networks=4) -> Learner:
    ids = np.arange(networks, dtype=np.uint32)
    return make_learner(layers, loss, np.float32, optimizer, ids, weight_decay=0.3)


def make_rows(loss: str) -> tuple[np.ndarray, np.ndarray]:
    return make_x(np.float32, ROWS), make_y(loss, np.float32, ROWS)


def make_orders(epoch: int) -> list[Order]:
    """Four of one size or, the last one, of two rows; with weights."""
    rng = np.random.default_rng(epoch)
    order, weights = rng.permutation(ROWS), rng.uniform(0.5, 2, ROWS)
    parts = [order[start : start + SIZE] for start in range(0, ROWS, SIZE)]
    return [
        Order(part, weights[part] / weights[part].sum(), 0.02 / (1 + index), 0.02 / weights[part].sum())
        for index, part in enumerate(parts)
    ]


def learn_both_ways(layers, loss, optimizer="adam", networks=4):
    x, y = make_rows(loss)
    own, home = (make_own(layers, loss, optimizer, networks) for _ in range(2))
    ensemble = CompiledEnsemble(home, x, y)
    for epoch in range(3):
        expected = own.learn(x, y, make_orders(epoch))
        np.testing.assert_allclose(ensemble.learn(x, y, make_orders(epoch)), expected, rtol=2e-4, atol=2e-5)
    ensemble.write_back()
    return own, home, x


def close(ours, reference, rtol, atol):
    jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol, atol), ours, reference)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_losses_numbers_and_predictions_are_the_learner_s(case):
    own, home, x = learn_both_ways(*case)
    close(home.numbers.flat, own.numbers.flat, 1e-3, 2e-4)
    close(home.outputs(x), own.outputs(x), 1e-3, 2e-3)
    close(home.running, own.running, 1e-3, 1e-3)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "nesterov"])
def test_so_are_the_optimiser_s_moments_and_steps(optimizer):
    own, home, _ = learn_both_ways(*TANH, optimizer)
    assert (home.steps, home.optimizer.steps) == (own.steps, own.optimizer.steps) == (12, 12)
    for one, other in zip(home.optimizer.moments, own.optimizer.moments, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_a_number_of_networks_that_the_devices_cannot_share_evenly_is_trained_too():
    own, home, _ = learn_both_ways(*PLAIN, networks=3)
    np.testing.assert_allclose(home.numbers.flat, own.numbers.flat, rtol=1e-3, atol=2e-4)


def test_what_was_learned_before_is_gone_on_from():
    layers, loss = GELU
    x, y = make_rows(loss)
    own, home = make_own(layers, loss), make_own(layers, loss)
    for learner in (own, home):
        learner.learn(x, y, make_orders(0))
    ensemble = CompiledEnsemble(home, x, y)
    np.testing.assert_allclose(
        ensemble.learn(x, y, make_orders(1)), own.learn(x, y, make_orders(1)), rtol=2e-4, atol=2e-5
    )


@pytest.mark.parametrize("given", [{}, {"early_stopping": True, "batch_norm": "before", "dropout": 0.2}], ids=str)
def test_an_estimator_gives_the_same_ensemble_compiled_or_not(monkeypatch, given):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)

    def fit():
        return goru.MLPClassifier((8,), max_iter=5, n_members=2, random_state=0, batch_size=32, **given).fit(X, y)

    made = []

    class Noted(CompiledEnsemble):
        def __init__(self, *given):
            super().__init__(*given)
            made.append(self)

    direct = fit()
    monkeypatch.setattr(training, "WORTH_COMPILING", 0)
    monkeypatch.setattr(training, "CompiledEnsemble", Noted)
    compiled = fit()
    assert len(made) == 1
    np.testing.assert_allclose(compiled.loss_curve_, direct.loss_curve_, rtol=1e-4)
    np.testing.assert_allclose(compiled.predict_proba(X), direct.predict_proba(X), atol=1e-4)
