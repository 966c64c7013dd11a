"""Networks in NumPy, against the formulas in float64."""

import numpy as np
import pytest
from models import make_networks
from scipy.special import erf

from goru.model.networks import ROWS_AT_ONCE, PlainNetworks, softmax, tempered
from goru.nn.activations import ACTIVATIONS

FORMULAS = {
    "identity": lambda x: x,
    "relu": lambda x: np.where(x > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + np.exp(-x)),
}


def directly(networks: PlainNetworks, x: np.ndarray) -> np.ndarray:
    """Affine, activation, ..., affine, one network after the other, in float64."""
    outputs = []
    for network in range(len(networks)):
        h = x.astype(np.float64)
        for weight, bias in zip(networks.weights[:-1], networks.biases[:-1], strict=True):
            h = FORMULAS[networks.activation](h @ weight[network].astype(np.float64) + bias[network])
        outputs.append(h @ networks.weights[-1][network].astype(np.float64) + networks.biases[-1][network])
    return np.array(outputs)


class TestOutputs:
    @pytest.mark.parametrize("hidden", [(), (7,), (7, 1, 5)], ids=str)
    @pytest.mark.parametrize("activation", FORMULAS)
    def test_they_are_the_formula_s(self, activation, hidden):
        networks = make_networks((4, *hidden, 3), activation=activation)
        x = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
        outputs = networks.outputs(x)
        assert (outputs.shape, outputs.dtype) == ((3, 50, 3), np.float32)
        np.testing.assert_allclose(outputs, directly(networks, x), rtol=1e-5, atol=1e-5)

    def test_every_activation_that_can_be_trained_can_predict(self):
        assert FORMULAS.keys() == ACTIVATIONS.keys()

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("activation", FORMULAS)
    def test_no_input_however_large_overflows_an_activation(self, activation):
        one = np.ones((1, 1, 1), np.float32)
        networks = PlainNetworks(activation, (one, one), (one[0] * 0, one[0] * 0))
        x = np.array([[-1e30], [-100.0], [0.0], [100.0], [1e30]], np.float32)
        expected = {
            "identity": x[:, 0],
            "relu": [0, 0, 0, 100, 1e30],
            "sigmoid": [0, 0, 0.5, 1, 1],
            "tanh": [-1, -1, 0, 1, 1],
        }
        np.testing.assert_allclose(networks.outputs(x)[0, :, 0], expected.get(activation, expected["relu"]), atol=1e-6)

    def test_a_network_computes_the_same_alone(self):
        networks = make_networks((4, 6, 2), count=5)
        x = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
        together = networks.outputs(x)
        for network in range(5):
            np.testing.assert_array_equal(networks.only([network]).outputs(x)[0], together[network])
        np.testing.assert_array_equal(networks.only(slice(1, 3)).outputs(x), together[1:3])

    @pytest.mark.parametrize("rows", [0, 1, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 5])
    def test_every_row_gets_its_output_however_many_there_are(self, rows):
        networks = make_networks((3, 4, 2), count=2)
        x = np.random.default_rng(1).normal(size=(rows, 3)).astype(np.float32)
        outputs = networks.outputs(x)
        assert outputs.shape == (2, rows, 2)
        np.testing.assert_allclose(outputs, directly(networks, x), rtol=1e-5, atol=1e-5)


class TestShapes:
    def test_they_are_told(self):
        networks = make_networks((4, 6, 2), count=5)
        assert (len(networks), networks.inputs, networks.n_outputs) == (5, 4, 2)

    WRONG = (
        ("no layer", [], []),
        ("a bias too few", [(2, 4, 3)], []),
        ("a bias too wide", [(2, 4, 3)], [(2, 4)]),
        ("biases of more networks", [(2, 4, 3)], [(3, 3)]),
        ("layers that do not fit", [(2, 4, 3), (2, 5, 1)], [(2, 3), (2, 1)]),
        ("layers of different numbers of networks", [(2, 4, 3), (1, 3, 1)], [(2, 3), (1, 1)]),
        ("weights of one network without its axis", [(4, 3)], [(3,)]),
        ("a number in place of weights", [()], [()]),
        ("no network", [(0, 4, 3)], [(0, 3)]),
        ("no output", [(2, 4, 0)], [(2, 0)]),
    )

    @pytest.mark.parametrize(("weights", "biases"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
    def test_what_is_no_network_is_refused(self, weights, biases):
        arrays = [tuple(np.ones(shape, np.float32) for shape in shapes) for shapes in (weights, biases)]
        with pytest.raises(ValueError, match=r"weights|layers"):
            PlainNetworks("relu", *arrays)

    @pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32])
    def test_other_numbers_than_float32_are_refused(self, dtype):
        with pytest.raises(ValueError, match="float32"):
            PlainNetworks("relu", (np.ones((1, 2, 2), np.float32),), (np.ones((1, 2), dtype),))

    def test_an_unknown_activation_is_refused(self):
        with pytest.raises(ValueError, match="swoosh"):
            make_networks((2, 2), activation="swoosh")


class TestSoftmax:
    def test_it_is_exp_over_its_sum(self):
        x = np.random.default_rng(0).normal(0, 3, size=(20, 4)).astype(np.float32)
        exact = np.exp(x.astype(np.float64))
        np.testing.assert_allclose(softmax(x), exact / exact.sum(axis=1, keepdims=True), rtol=1e-12)

    @pytest.mark.filterwarnings("error")
    def test_huge_outputs_stay_probabilities(self):
        x = np.array([[1e30, -1e30, 1e30], [-3e38, 3e38, 0], [1000, 999, -1000]], np.float32)
        found = softmax(x)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-15)
        np.testing.assert_allclose(found[0], [0.5, 0, 0.5])
        np.testing.assert_allclose(found[2], [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1)), 0])

    def test_a_stack_of_networks_is_done_at_once(self):
        x = np.random.default_rng(0).normal(0, 3, size=(2, 5, 4)).astype(np.float32)
        np.testing.assert_array_equal(softmax(x), np.stack([softmax(x[0]), softmax(x[1])]))


class TestTempered:
    def test_a_worked_example(self):
        # Square roots: 2/3, 2/3 and 1/3, of sum 5/3. Squares: 16, 16 and 1 of 81.
        probabilities = np.array([[4, 4, 1], [1, 4, 4]]) / 9
        np.testing.assert_allclose(tempered(probabilities, 2.0), [[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
        np.testing.assert_allclose(tempered(probabilities, 0.5), np.array([[16, 16, 1], [1, 16, 16]]) / 33)

    def test_of_two_classes_the_odds_are_raised_to_a_power(self):
        (found,) = tempered(np.array([[0.9, 0.1]]), 2.0)  # odds of 9 become 3
        np.testing.assert_allclose(found, [0.75, 0.25])

    def test_a_temperature_of_1_changes_no_bit(self):
        probabilities = np.random.default_rng(0).dirichlet([1, 2, 3], 9)
        np.testing.assert_array_equal(tempered(probabilities, 1.0), probabilities)

    def test_one_undoes_its_inverse(self):
        probabilities = np.random.default_rng(0).dirichlet([1, 2, 3], 9)
        np.testing.assert_allclose(tempered(tempered(probabilities, 3.0), 1 / 3.0), probabilities, rtol=1e-9)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("temperature", [0.2, 5.0])
    def test_what_is_certain_or_impossible_stays_a_number(self, temperature):
        found = tempered(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]), temperature)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-15)
        np.testing.assert_allclose(found, [[1, 0, 0], [0.5, 0.5, 0]], atol=1e-60)
