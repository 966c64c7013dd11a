"""Networks in NumPy, against the formulas in float64."""

import numpy as np
import pytest
from models import HYPER, STACKS, folded, initial, make_networks, stacked, statistics_of
from scipy.sparse import csr_array
from scipy.special import erf

from goru.model.networks import ROWS_AT_ONCE, Networks, mixed, softmax, tempered
from goru.nn import network
from goru.nn.layers.activation import FUNCTIONS, Activation
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.rows import SparseRows

FORMULAS = {
    "identity": lambda x: x,
    "relu": lambda x: np.where(x > 0, x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
}


def directly(networks: Networks, x: np.ndarray) -> np.ndarray:
    """Affine, activation, ..., affine, one network after the other, in float64."""
    outputs = []
    for number in range(len(networks)):
        h = x.astype(np.float64)
        for layer, own in zip(networks.layers, networks.learned, strict=True):
            h = h @ own.weight[number].astype(np.float64).T + own.bias[number] if own else FORMULAS[layer.name](h)
        outputs.append(h)
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
        assert FORMULAS.keys() == FUNCTIONS.keys()

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("activation", FORMULAS)
    def test_no_input_however_large_overflows_an_activation(self, activation):
        one = np.ones((1, 1, 1), np.float32)
        networks = Networks.perceptron(activation, (one, one), (one[0] * 0, one[0] * 0))
        x = np.array([[-1e30], [-100.0], [0.0], [100.0], [1e30]], np.float32)
        expected = {
            "identity": x[:, 0],
            "relu": [0, 0, 0, 100, 1e30],
            "sigmoid": [0, 0, 0.5, 1, 1],
            "tanh": [-1, -1, 0, 1, 1],
            "selu": FORMULAS["selu"](x[:, 0]),
        }
        np.testing.assert_allclose(networks.outputs(x)[0, :, 0], expected.get(activation, expected["relu"]), atol=1e-6)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    @pytest.mark.parametrize("name", STACKS)
    def test_of_layers_of_any_kind_they_are_what_was_trained(self, name, dtype):
        layers = STACKS[name](4, 3)
        x = np.random.default_rng(1).normal(size=(50, 4))
        learned = initial(layers, 3, dtype=np.float64)
        statistics = statistics_of(layers, learned, x)
        wanted = network.infer(layers, learned, statistics, HYPER, x.T).swapaxes(1, 2)
        assert np.ptp(wanted, axis=(0, 1)).min() > 0.1
        learned = initial(layers, 3, dtype=dtype)
        outputs = folded(layers, learned, statistics_of(layers, learned, x.astype(dtype))).outputs(x)
        assert (outputs.shape, outputs.dtype) == ((3, 50, 3), dtype)
        np.testing.assert_allclose(outputs, wanted, rtol=1e-4 if dtype == np.float32 else 1e-10, atol=1e-4)

    def test_rows_that_are_sparse_have_the_same(self):
        networks = make_networks((4, 6, 2), count=2)
        x = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
        x[x < 0] = 0
        constant = np.array([0, 1, 0, -2], np.float32)
        found = networks.outputs(SparseRows(csr_array(x - constant), constant))
        np.testing.assert_allclose(found, networks.outputs(x), rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("name", [None, *STACKS])
    def test_a_network_computes_the_same_alone(self, name):
        networks = make_networks((4, 6, 2), count=5) if name is None else stacked(name, 4, 2, count=5)
        x = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
        together = networks.outputs(x)
        for number, alone in enumerate(networks.each(x)):
            np.testing.assert_array_equal(networks.only([number]).outputs(x)[0], together[number])
            np.testing.assert_array_equal(alone, together[number])
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
        ("a bias too few", [(2, 3, 4)], []),
        ("a bias too wide", [(2, 3, 4)], [(2, 4)]),
        ("biases of more networks", [(2, 3, 4)], [(3, 3)]),
        ("layers that do not fit", [(2, 3, 4), (2, 1, 5)], [(2, 3), (2, 1)]),
        ("layers of different numbers of networks", [(2, 3, 4), (1, 1, 3)], [(2, 3), (1, 1)]),
        ("weights of one network without its axis", [(3, 4)], [(3,)]),
        ("a number in place of weights", [()], [()]),
        ("no network", [(0, 3, 4)], [(0, 3)]),
        ("no output", [(2, 0, 4)], [(2, 0)]),
    )

    @pytest.mark.parametrize(("weights", "biases"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
    def test_what_is_no_network_is_refused(self, weights, biases):
        arrays = [tuple(np.ones(shape, np.float32) for shape in shapes) for shapes in (weights, biases)]
        with pytest.raises(ValueError, match=r"weights|layers"):
            Networks.perceptron("relu", *arrays)

    @pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32])
    def test_other_numbers_than_float32_are_refused(self, dtype):
        with pytest.raises(ValueError, match="float32"):
            Networks.perceptron("relu", (np.ones((1, 2, 2), np.float32),), (np.ones((1, 2), dtype),))

    NUMBERS = np.ones((2, 3, 3), np.float32), np.ones((2, 3), np.float32)

    @pytest.mark.parametrize(
        ("layers", "learned"),
        [
            ((Affine(3, 3),), ()),
            ((Affine(3, 3),), (Weights(NUMBERS[0], None),)),
            ((Affine(3, 3, bias=False),), (Weights(*NUMBERS),)),
            ((Affine(3, 3), Activation("relu")), (Weights(*NUMBERS), Weights(*NUMBERS))),
            ((Activation("relu"),), ((),)),
            ((LayerNorm(4), Affine(3, 3)), ((np.ones((2, 4), np.float32),) * 2, Weights(*NUMBERS))),
            ((Residual((Affine(3, 1),)),), ((Weights(NUMBERS[0][:, :1], NUMBERS[1][:, :1]),),)),
            ((Affine(3, 3), BatchNorm(3)), (Weights(*NUMBERS), (NUMBERS[1], NUMBERS[1]))),
        ],
        ids=["nothing", "no bias", "a bias", "more", "no weights", "no chain", "no way past", "not folded"],
    )
    def test_what_does_not_fit_the_layers_is_refused(self, layers, learned):
        with pytest.raises(ValueError, match=r"weights|layers"):
            Networks(layers, learned)

    @pytest.mark.parametrize("name", STACKS)
    def test_inputs_and_outputs_are_those_of_the_stack(self, name):
        networks = stacked(name, 5, 2, count=4)
        assert (len(networks), networks.inputs, networks.n_outputs, networks.dtype) == (4, 5, 2, np.float32)

    def test_an_unknown_activation_is_refused(self):
        with pytest.raises(ValueError, match="swoosh"):
            make_networks((2, 2), activation="swoosh")


class TestFinite:
    @pytest.mark.parametrize("name", STACKS)
    def test_it_is_said_which_networks_have_finite_numbers_alone(self, name):
        networks = stacked(name, 5, 2, count=4)
        assert networks.finite.tolist() == [True] * 4
        for array in networks.arrays.values():
            array[1].flat[0], array[3].flat[-1] = np.nan, -np.inf
            assert networks.finite.tolist() == [True, False, True, False]
            array[:] = 0


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


class TestMixed:
    def test_a_worked_example(self):
        np.testing.assert_allclose(mixed(np.array([[1.0, 0.0], [0.5, 0.5]]), 0.2), [[0.9, 0.1], [0.5, 0.5]])

    def test_a_share_of_0_changes_no_bit(self):
        probabilities = np.random.default_rng(0).dirichlet([1, 2, 3], 9)
        np.testing.assert_array_equal(mixed(probabilities, 0.0), probabilities)
