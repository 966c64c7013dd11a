"""The affine layer: y = x W + b."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from jaxtyping import TypeCheckError

from goru.nn.affine import Affine, affine


@pytest.fixture
def layer_and_rows():
    rng = np.random.default_rng(0)
    weight, bias, x = (rng.normal(size=shape).astype(np.float32) for shape in [(4, 3), (3,), (7, 4)])
    return Affine(jnp.asarray(weight), jnp.asarray(bias)), jnp.asarray(x)


def test_every_output_is_a_weighted_sum_of_the_inputs_plus_a_bias(layer_and_rows):
    layer, x = layer_and_rows
    weight, bias, rows = (np.asarray(a, np.float64) for a in (layer.weight, layer.bias, x))

    expected = np.empty((7, 3))
    for row in range(7):
        for output in range(3):
            expected[row, output] = sum(rows[row, i] * weight[i, output] for i in range(4)) + bias[output]

    np.testing.assert_allclose(affine(layer, x), expected, rtol=1e-5, atol=1e-6)


def test_the_gradient_is_that_of_the_formula(layer_and_rows):
    check_grads(jax.jit(affine), layer_and_rows, order=1, modes=["rev"], rtol=1e-2)


def test_gradients_of_weights_and_biases_are_the_textbooks(layer_and_rows):
    """dW = xᵀ g and db = the sum of g over the rows, for a loss whose gradient at the output is g."""
    layer, x = layer_and_rows
    g = np.random.default_rng(1).normal(size=(7, 3)).astype(np.float32)

    gradient, towards_x = jax.grad(lambda layer, x: jnp.sum(affine(layer, x) * g), argnums=(0, 1))(layer, x)

    g64, x64 = g.astype(np.float64), np.asarray(x, np.float64)
    np.testing.assert_allclose(gradient.weight, x64.T @ g64, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(gradient.bias, g64.sum(axis=0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(towards_x, g64 @ np.asarray(layer.weight, np.float64).T, rtol=1e-5, atol=1e-5)


def test_shapes_in_signatures_are_checked_while_tests_run(layer_and_rows):
    """tests/conftest.py switches jaxtyping on: rows that are no matrix are refused before anything is computed."""
    layer, x = layer_and_rows
    with pytest.raises(TypeCheckError, match="rows inputs"):
        affine(layer, x[0])
