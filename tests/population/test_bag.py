"""`goru.population.bag`: a compiled bag learns what the learner in NumPy would."""

import numpy as np
import pytest

import goru
from goru.direct.learner import Batch, Learner
from goru.direct.network import Form
from goru.direct.optimizers import Adam, Momentum
from goru.direct.parameters import Layout, initial_parameters
from goru.estimators import training
from goru.population.bag import CompiledBag

ROWS, INPUTS, OUTPUTS, SIZE = 50, 5, 3, 16
OPTIMIZERS = {
    "adam": lambda parameters: Adam(parameters, 0.85, 0.98, 1e-4),
    "momentum": lambda parameters: Momentum(parameters, 0.8, nesterov=False),
    "nesterov": lambda parameters: Momentum(parameters, 0.8, nesterov=True),
}
LOSSES = ("softmax_cross_entropy", "binary_cross_entropy", "squared_error", "poisson")
FORMS = [
    Form(activation, loss, batch_norm, 1e-3, 0.8, dropout)
    for activation, loss, batch_norm, dropout in [
        ("relu", "softmax_cross_entropy", None, 0.0),
        ("identity", "softmax_cross_entropy", None, 0.3),
        ("tanh", "softmax_cross_entropy", "before", 0.0),
        ("gelu", "softmax_cross_entropy", "after", 0.3),
        *[("silu", loss, "before", 0.2) for loss in LOSSES[1:]],
    ]
]


def make_learner(form: Form, optimizer="adam", networks=4, hidden=(7, 6)) -> Learner:
    layout = Layout((INPUTS, *hidden, OUTPUTS), form.batch_norm is not None)
    generators = (np.random.default_rng(seed) for seed in range(networks))

    def draw(generator, inputs, outputs):
        return generator.normal(0, inputs**-0.5, (inputs, outputs))

    parameters = initial_parameters(layout, generators, draw, 1.1, 0.1, np.float32)
    learner = Learner(form, parameters, 0.02, 0.3, np.arange(networks, dtype=np.uint32))
    learner.optimizer = OPTIMIZERS[optimizer](parameters)
    return learner


def make_rows(loss: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, INPUTS)).astype(np.float32)
    targets = {
        "softmax_cross_entropy": np.eye(OUTPUTS)[rng.integers(OUTPUTS, size=ROWS)],
        "binary_cross_entropy": rng.integers(2, size=(ROWS, OUTPUTS)),
        "squared_error": rng.normal(size=(ROWS, OUTPUTS)),
        "poisson": rng.poisson(2.0, size=(ROWS, OUTPUTS)),
    }
    return x, targets[loss].astype(np.float32)


def make_batches(epoch: int) -> list[Batch]:
    """Four of one size or, the last one, of two rows; with weights."""
    rng = np.random.default_rng(epoch)
    order, weights = rng.permutation(ROWS), rng.uniform(0.5, 2, ROWS)
    parts = [order[start : start + SIZE] for start in range(0, ROWS, SIZE)]
    return [
        Batch(part, weights[part] / weights[part].sum(), weights[part].sum(), 0.02 / (1 + index))
        for index, part in enumerate(parts)
    ]


def learn_both_ways(form: Form, optimizer="adam", networks=4):
    x, targets = make_rows(form.loss)
    own, home = make_learner(form, optimizer, networks), make_learner(form, optimizer, networks)
    bag = CompiledBag(home, x, targets)
    for epoch in range(3):
        expected = own.learn(x, targets, make_batches(epoch))
        np.testing.assert_allclose(bag.learn(x, targets, make_batches(epoch)), expected, rtol=2e-4, atol=2e-5)
    bag.write_back()
    return own, home, x


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.activation}-{form.loss}-{form.batch_norm}")
def test_losses_numbers_and_predictions_are_the_learner_s(form):
    own, home, x = learn_both_ways(form)
    np.testing.assert_allclose(home.parameters.flat, own.parameters.flat, rtol=1e-3, atol=2e-4)
    np.testing.assert_allclose(home.outputs(x), own.outputs(x), rtol=1e-3, atol=2e-3)
    if form.batch_norm:
        for one, other in zip(home.running.statistics(), own.running.statistics(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_so_are_the_optimiser_s_moments_and_steps(optimizer):
    own, home, _ = learn_both_ways(FORMS[2], optimizer)
    assert (home.steps, home.optimizer.steps) == (own.steps, own.optimizer.steps) == (12, 12)
    for one, other in zip(home.optimizer.moments, own.optimizer.moments, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_a_number_of_networks_that_the_devices_cannot_share_evenly_is_trained_too():
    own, home, _ = learn_both_ways(FORMS[0], networks=3)
    np.testing.assert_allclose(home.parameters.flat, own.parameters.flat, rtol=1e-3, atol=2e-4)


def test_what_was_learned_before_is_gone_on_from():
    x, targets = make_rows("softmax_cross_entropy")
    own, home = make_learner(FORMS[3]), make_learner(FORMS[3])
    for learner in (own, home):
        learner.learn(x, targets, make_batches(0))
    bag = CompiledBag(home, x, targets)
    np.testing.assert_allclose(
        bag.learn(x, targets, make_batches(1)), own.learn(x, targets, make_batches(1)), rtol=2e-4, atol=2e-5
    )


@pytest.mark.parametrize("given", [{}, {"early_stopping": True, "batch_norm": "before", "dropout": 0.2}], ids=str)
def test_an_estimator_gives_the_same_bag_compiled_or_not(monkeypatch, given):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)

    def fit():
        return goru.MLPClassifier((8,), max_iter=5, n_members=2, random_state=0, batch_size=32, **given).fit(X, y)

    made = []

    class Noted(CompiledBag):
        def __init__(self, *given):
            super().__init__(*given)
            made.append(self)

    direct = fit()
    monkeypatch.setattr(training, "WORTH_COMPILING", 0)
    monkeypatch.setattr(training, "CompiledBag", Noted)
    compiled = fit()
    assert len(made) == 1
    np.testing.assert_allclose(compiled.loss_curve_, direct.loss_curve_, rtol=1e-4)
    np.testing.assert_allclose(compiled.predict_proba(X), direct.predict_proba(X), atol=1e-4)
