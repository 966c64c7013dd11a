"""An affine layer with a learned scale for every input; what every layer does is tested in test_layers.py."""

import numpy as np

from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.layers.affine import Affine
from goru.nn.layers.layer import Context
from goru.nn.layers.scaled_affine import ScaledAffine
from goru.nn.optimizers import Adam


def test_of_a_network_the_first_layer_is_one_where_columns_are_to_be_scaled():
    plain, scaled = (Architecture(4, (8, 6), 3, batch_norm="before", column_scales=factor) for factor in (0.0, 6.0))
    assert [type(layer) for layer in scaled.layers if layer.widths and hasattr(layer, "bias")] == [
        ScaledAffine,
        Affine,
        Affine,
    ]
    assert (scaled.layers[0].inputs, scaled.layers[0].outputs, scaled.layers[0].bias) == (4, 8, False)
    assert scaled.n_parameters == plain.n_parameters + 4
    assert Architecture(4, (), 3, column_scales=6.0).layers == Architecture(4, (), 3).layers
    assert Architecture(4, (), 3, column_scales=6.0).n_parameters == 15


def test_it_starts_as_the_affine_layer_does():
    hyper, layer = Hyperparameters(weight_std=2.0), ScaledAffine(5, 3)
    learned = layer.init(np.random.default_rng(0), hyper)
    affine = layer.affine.init(np.random.default_rng(0), hyper)
    np.testing.assert_array_equal(learned.weight, affine.weight)
    np.testing.assert_array_equal(layer.scales(learned), np.ones((1, 5)))


def test_under_adam_a_scale_moves_six_times_as_fast_as_a_weight():
    layer, rate = ScaledAffine(5, 3), 1e-3
    learned = layer.init(np.random.default_rng(0), Hyperparameters())
    x, gradient = np.random.default_rng(1).normal(size=(5, 7)), np.ones((3, 7))
    _, kept = layer.forward(learned, x, Context(Hyperparameters()))
    found, _ = layer.backward(learned, kept, gradient)
    np.testing.assert_allclose(found.stretch, 6 * (found.weight * learned.weight).sum(axis=0))

    stretch = learned.stretch[None].copy()
    Adam(stretch, 0.9, 0.99, 1e-8).step(stretch, found.stretch[None], np.array([rate]))

    np.testing.assert_allclose(np.abs(6 * stretch), np.full((1, 5), 6 * rate), rtol=1e-4)
