"""Initial weights: their mean, standard deviation and distribution, for every name."""

from typing import get_args

import numpy as np
import pytest
from scipy import stats

from goru.nn.architecture import Hyperparameters, WeightInit
from goru.nn.initializers import draw_weights, weight_scale
from goru.nn.layers.affine import Affine

INPUTS, OUTPUTS = 300, 200

# name: (standard deviation, distribution), from the papers.
INITIALIZERS = {
    "normal": (1.0, stats.norm(0, 1)),
    "glorot_normal": (np.sqrt(2 / 500), stats.norm(0, np.sqrt(2 / 500))),
    "he_normal": (np.sqrt(2 / 300), stats.norm(0, np.sqrt(2 / 300))),
    # U[-a, a] with a = √6 / √(n_in + n_out) and √(6 / n_in)
    "glorot_uniform": (np.sqrt(2 / 500), stats.uniform(-np.sqrt(6 / 500), 2 * np.sqrt(6 / 500))),
    "he_uniform": (np.sqrt(2 / 300), stats.uniform(-np.sqrt(6 / 300), 2 * np.sqrt(6 / 300))),
}
every_name = pytest.mark.parametrize("name", INITIALIZERS)


def weights(name, seed=0, weight_std=1.0, inputs=INPUTS, outputs=OUTPUTS):
    layer = Affine(inputs, outputs, weight_init=name)
    return layer.init(np.random.default_rng(seed), Hyperparameters(weight_std=weight_std)).weight


def test_there_is_an_initializer_for_every_name_an_architecture_takes():
    assert set(get_args(WeightInit)) == set(INITIALIZERS)


@every_name
def test_mean_and_standard_deviation(name):
    """Within five standard errors: σ/√n of the mean, about σ/√(2n) of the standard deviation."""
    deviation, _ = INITIALIZERS[name]
    w = weights(name)
    assert abs(w.mean()) < 5 * deviation / np.sqrt(w.size)
    assert abs(w.std() - deviation) < 5 * deviation / np.sqrt(2 * w.size)
    assert weight_scale(name, INPUTS, OUTPUTS) == pytest.approx(deviation)


@every_name
def test_distribution(name):
    """By Kolmogorov and Smirnov's test: the one it should be, and plainly not the other of the same spread."""
    deviation, distribution = INITIALIZERS[name]
    root3 = np.sqrt(3)
    normal, uniform = stats.norm(0, deviation), stats.uniform(-root3 * deviation, 2 * root3 * deviation)
    other = normal if name.endswith("uniform") else uniform

    w = weights(name).ravel()

    assert stats.kstest(w, distribution.cdf).pvalue > 1e-3
    assert stats.kstest(w, other.cdf).pvalue < 1e-9


@pytest.mark.parametrize("name", ["glorot_uniform", "he_uniform"])
def test_uniform_weights_stay_within_their_bounds(name):
    low, high = INITIALIZERS[name][1].support()
    w = weights(name)
    assert low * 1.000001 <= w.min() < 0.999 * low
    assert 0.999 * high < w.max() <= high * 1.000001


@every_name
def test_he_and_glorot_follow_the_widths(name):
    """He by the inputs alone, Glorot by inputs and outputs, the plain normal by neither."""
    expected = {
        "normal": (1, 1),
        "glorot_normal": (1 / 16**0.5, 1 / 40**0.5),
        "glorot_uniform": (1 / 16**0.5, 1 / 40**0.5),
        "he_normal": (1 / 8**0.5, 1 / 8**0.5),
        "he_uniform": (1 / 8**0.5, 1 / 8**0.5),
    }[name]
    assert (weight_scale(name, 16, 16), weight_scale(name, 16, 64)) == pytest.approx(expected)


@every_name
def test_weights_are_drawn_input_by_input(name):
    """As they were when they lay `(inputs, outputs)`: the networks of a seed stay the same."""
    deviation, bound = weight_scale(name, 4, 3), 3**0.5 * weight_scale(name, 4, 3)
    rng = np.random.default_rng(5)
    drawn = rng.uniform(-bound, bound, (4, 3)) if name.endswith("uniform") else rng.normal(0, deviation, (4, 3))
    np.testing.assert_array_equal(weights(name, 5, inputs=4, outputs=3), drawn.T)


def test_a_number_is_the_standard_deviation_of_normal_weights():
    drawn = np.random.default_rng(5).normal(0, 0.01, (4, 3))
    np.testing.assert_array_equal(draw_weights(0.01, np.random.default_rng(5), 4, 3), drawn.T)


@every_name
def test_biases_start_at_zero(name):
    bias = Affine(4, 3, weight_init=name).init(np.random.default_rng(0), Hyperparameters()).bias
    np.testing.assert_array_equal(bias, np.zeros(3))


@every_name
def test_the_same_key_gives_the_same_weights_and_another_key_others(name):
    np.testing.assert_array_equal(weights(name, seed=3), weights(name, seed=3))
    correlation = np.corrcoef(weights(name, seed=3).ravel(), weights(name, seed=4).ravel())[0, 1]
    assert abs(correlation) < 5 / np.sqrt(INPUTS * OUTPUTS)


@every_name
def test_weight_std_multiplies_every_weight(name):
    """For the plain normal it is the standard deviation: 0.01, as the textbook has it."""
    np.testing.assert_allclose(weights(name, weight_std=0.01), 0.01 * weights(name), rtol=1e-6)


def test_he_keeps_the_spread_of_relu_layers_where_a_small_normal_lets_it_die():
    """What each initialisation is for: through ten ReLU layers of width 300, mean squares stay or vanish."""
    x = np.random.default_rng(0).normal(size=(200, 300)).T
    spread = {}
    for name, weight_std in [("he_normal", 1.0), ("normal", 0.01)]:
        h = x
        for index in range(10):
            h = np.maximum(weights(name, index, weight_std, 300, 300) @ h, 0)
        spread[name] = (h**2).mean()
    assert 0.4 < spread["he_normal"] < 2.5
    assert spread["normal"] < 1e-6
