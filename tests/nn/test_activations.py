"""Every activation function against its formula."""

import math
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from goru.nn.activations import ACTIVATIONS
from goru.nn.architecture import ActivationName

FORMULAS = {
    "identity": lambda x: x,
    "relu": lambda x: x if x > 0 else 0.0,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + math.exp(-x)),
}


def test_there_is_an_activation_for_every_name_an_architecture_takes():
    assert set(ACTIVATIONS) == set(get_args(ActivationName)) == set(FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_it_is_its_formula(name):
    x = np.linspace(-6, 6, 241, dtype=np.float32)
    expected = [FORMULAS[name](float(value)) for value in x]
    np.testing.assert_allclose(ACTIVATIONS[name](jnp.asarray(x)), expected, rtol=2e-5, atol=2e-7)


@pytest.mark.parametrize("name", FORMULAS)
def test_its_gradient_is_that_of_the_formula(name):
    x = jnp.array([-3.1, -1.2, -0.4, 0.3, 0.9, 2.2])  # none near 0, where relu has a kink
    check_grads(ACTIVATIONS[name], (x,), order=1, modes=["rev"], rtol=2e-2)


@pytest.mark.parametrize("name", FORMULAS)
def test_it_and_its_gradient_are_finite_at_any_size(name):
    for x in (-1e30, -1e4, -100.0, 0.0, 100.0, 1e4, 1e30):
        value, slope = jax.value_and_grad(ACTIVATIONS[name])(x)
        assert np.isfinite(value)
        assert np.isfinite(slope)


def test_relu_passes_no_gradient_at_zero():
    """A neuron of input 0 counts as off, as in the textbook and in PyTorch; jnp.maximum alone would pass half."""
    assert jax.grad(ACTIVATIONS["relu"])(0.0) == 0.0


def test_gelu_is_the_exact_one():
    """x Φ(x), not its approximation by tanh, which is 4.7e-4 away at its worst."""
    x = jnp.linspace(-4, 4, 801)
    distance = jnp.max(jnp.abs(ACTIVATIONS["gelu"](x) - jax.nn.gelu(x, approximate=True)))
    assert 4e-4 < distance < 6e-4
