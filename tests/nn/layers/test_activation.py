"""Every activation function against its formula, in NumPy and in JAX."""

from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from formulas import ACTIVATIONS

from goru.nn.architecture import ActivationName
from goru.nn.layers.activation import FUNCTIONS, Activation, sigmoid

X = np.linspace(-6, 6, 240)  # without 0, where relu has a kink
every_name = pytest.mark.parametrize("name", FUNCTIONS)
in_both = pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])


def value_and_slope(name, x):
    function = FUNCTIONS[name]
    value = function.value(x)
    return value, function.slope(x, value) + 0 * x


def test_there_is_a_function_for_every_name_an_architecture_takes():
    assert set(FUNCTIONS) == set(get_args(ActivationName)) == set(ACTIVATIONS)


@in_both
@every_name
def test_it_is_its_formula_and_so_is_its_derivative(name, array):
    formula = np.vectorize(ACTIVATIONS[name], otypes=[float])
    value, slope = value_and_slope(name, array(np.float32(X)))
    np.testing.assert_allclose(value, formula(np.float32(X)), rtol=2e-5, atol=2e-7)
    np.testing.assert_allclose(slope, (formula(X + 1e-6) - formula(X - 1e-6)) / 2e-6, rtol=1e-5, atol=1e-6)


@every_name
def test_its_derivative_is_the_one_that_jax_finds(name):
    x = jnp.float32(X)
    _, back = jax.vjp(FUNCTIONS[name].value, x)
    np.testing.assert_allclose(value_and_slope(name, x)[1], *back(jnp.ones_like(x)), rtol=1e-4, atol=1e-6)


@in_both
@every_name
def test_it_and_its_derivative_are_finite_at_any_size(name, array):
    for sizes, warning in ([0, 100, 800, 1e4], "raise"), ([1e30, 3e38], "ignore"):
        x = array(np.resize(np.float32([*sizes, *np.negative(sizes)]), X.shape))
        with np.errstate(invalid="raise", over=warning):
            assert np.isfinite(value_and_slope(name, x)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_name
def test_it_keeps_the_precision_of_what_it_reads(name, dtype):
    assert {array.dtype for array in value_and_slope(name, X.astype(dtype))} == {np.dtype(dtype)}


@in_both
def test_mish_is_its_formula_at_either_end(array):
    x = np.concatenate([np.linspace(-30, -6, 49), np.linspace(6, 30, 49)])
    soft = np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)
    t = np.tanh(soft)
    value, slope = value_and_slope("mish", array(np.float32(x)))
    np.testing.assert_allclose(value, x * t, rtol=1e-6)
    np.testing.assert_allclose(slope, t + x * (1 - t * t) / (1 + np.exp(-x)), rtol=3e-6)


@in_both
def test_relu_passes_no_gradient_at_zero(array):
    """A neuron of input 0 counts as off, as in the textbook and in PyTorch."""
    assert not value_and_slope("relu", array(np.zeros(X.shape, np.float32)))[1].any()


def test_gelu_is_the_exact_one():
    """x Φ(x), not its approximation by tanh, which is 4.7e-4 away at its worst."""
    x = np.linspace(-4, 4, 801)
    approximation = 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))
    assert 4e-4 < np.abs(FUNCTIONS["gelu"].value(x) - approximation).max() < 6e-4


def test_sigmoid_overflows_at_neither_end():
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sigmoid(np.array([-1e3, 0.0, 1e3])), [0, 0.5, 1])


def test_an_unknown_activation_is_named():
    with pytest.raises(ValueError, match="swish"):
        Activation("swish")
