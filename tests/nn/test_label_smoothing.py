"""Label smoothing: a part of every target is of all classes alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.nn.losses import LOSSES

LOSS = LOSSES["softmax_cross_entropy"]
ROWS, CLASSES = 5, 3
outputs = arrays(np.float64, (CLASSES, ROWS), elements=st.floats(-20, 20))
labels = arrays(np.int32, (ROWS,), elements=st.integers(0, CLASSES - 1))
smoothings = st.floats(0, 1)


def by_hand(z, y, smoothing):
    """Cross-entropy with the smoothed target, a row at a time; and the gradient of the sum."""
    losses, gradient = np.empty(z.shape[1]), np.empty(z.shape)
    for row, label in enumerate(y):
        target = np.full(len(z), smoothing / len(z))
        target[label] += 1 - smoothing
        exponentials = np.exp(z[:, row] - z[:, row].max())
        softmax = exponentials / exponentials.sum()
        log_softmax = z[:, row] - z[:, row].max() - np.log(exponentials.sum())
        losses[row], gradient[:, row] = -(target * log_softmax).sum(), softmax - target
    return losses, gradient


@settings(max_examples=40)
@given(outputs, labels, smoothings)
def test_it_is_the_cross_entropy_of_the_smoothed_target(z, y, smoothing):
    losses, gradient = LOSS.with_gradient(z, y, smoothing)
    expected = by_hand(z, y, smoothing)
    np.testing.assert_allclose(losses, expected[0], atol=1e-12)
    np.testing.assert_allclose(gradient, expected[1], atol=1e-12)


def make(dtype=np.float64, networks=()):
    rng = np.random.default_rng(0)
    return rng.normal(0, 3, (*networks, CLASSES, ROWS)).astype(dtype), np.array([0, 2, 1, 1, 0], np.int32)


def test_its_gradient_is_that_of_differences():
    z, y = make()
    _, gradient = LOSS.with_gradient(z, y, 0.3)
    for output in range(CLASSES):
        step = 1e-6 * (np.arange(CLASSES) == output)[:, None]
        slope = (LOSS.with_gradient(z + step, y, 0.3)[0] - LOSS.with_gradient(z - step, y, 0.3)[0]) / 2e-6
        np.testing.assert_allclose(gradient[output], slope, atol=1e-8)


@pytest.mark.parametrize("zero", [np.zeros(2, np.float32), np.float32([0, 0.2])], ids=["all", "one of two"])
@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_zero_is_plain_cross_entropy_to_the_bit(zero, array):
    z, y = make(np.float32, (2,))
    plain = LOSS.with_gradient(array(z), array(y))
    for found, expected in zip(LOSS.with_gradient(array(z), array(y), array(zero)), plain, strict=True):
        assert np.asarray(found)[0].tobytes() == np.asarray(expected)[0].tobytes()


@pytest.mark.parametrize("mapped", [None, "spelled out", "mapped"])
def test_networks_of_one_population_have_a_smoothing_of_their_own(mapped):
    smoothing, (z, y) = np.array([0.0, 0.1, 0.4]), make(networks=(3,))
    if mapped is None:
        losses, gradient = LOSS.with_gradient(z, y, smoothing)
    else:
        run = jax.vmap(LOSS.with_gradient, in_axes=(0, None, 0)) if mapped == "mapped" else LOSS.with_gradient
        losses, gradient = jax.jit(run)(jnp.float32(z), y, jnp.float32(smoothing))
    for network, own in enumerate(smoothing):
        expected = by_hand(z[network], y, own)
        np.testing.assert_allclose(losses[network], expected[0], rtol=1e-5)
        np.testing.assert_allclose(gradient[network], expected[1], atol=1e-5)


def test_of_several_labels_a_row_each_is_smoothed_towards_a_half():
    z, _ = make()
    targets = (z[::-1] > 0).astype(z.dtype)
    losses, gradient = LOSSES["binary_cross_entropy"].with_gradient(z, targets, 0.2)
    smooth, chances = 0.8 * targets + 0.1, 1 / (1 + np.exp(-z))
    by_label = -(smooth * np.log(chances) + (1 - smooth) * np.log(1 - chances))
    np.testing.assert_allclose(losses, by_label.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(gradient, (chances - smooth) / len(z), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["squared_error", "poisson"])
def test_other_losses_do_not_know_it(name):
    z, _ = make()
    targets = np.abs(z[::-1]).round()
    plain, smoothed = (LOSSES[name].with_gradient(z, targets, smoothing) for smoothing in (0.0, 0.3))
    for one, other in zip(plain, smoothed, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7, 1.0])
def test_it_is_pytorchs(smoothing):
    torch = pytest.importorskip("torch")
    z, y = make()
    theirs = torch.tensor(z.T, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(
        theirs, torch.tensor(y, dtype=torch.int64), label_smoothing=smoothing, reduction="none"
    )
    loss.sum().backward()
    losses, gradient = LOSS.with_gradient(z, y, smoothing)
    np.testing.assert_allclose(losses, loss.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(gradient, theirs.grad.numpy().T, atol=1e-12)
