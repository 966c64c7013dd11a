"""Hidden activations against the formulas, and their distributions against counts by hand."""

import json
from typing import get_args

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference import by_hand

from goru.experiment.forms import to_json
from goru.nn import network
from goru.nn.architecture import ActivationName, Architecture, Hyperparameters
from goru.nn.layers.layer import Learned
from goru.studies.evidence import activations
from goru.studies.evidence.activations import BINS, DEAD, MOST_LAYERS, TAIL, hidden_activations

INPUTS, OUTPUTS, ROWS = 5, 3, 40
EPSILON = 1e-2
WIDTHS = {"two": (7, 4), "of one unit": (1, 1), "seven": (6, 5, 4, 3, 4, 5, 6)}


def rows(count: int = ROWS) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, INPUTS)).astype(np.float32)


def make(architecture: Architecture, scale: float = 1.0) -> Learned:
    """A network with random numbers everywhere, those of batch norm too."""
    rng = np.random.default_rng(0)
    fresh = network.init(architecture.layers, rng, Hyperparameters())
    return jax.tree.map(lambda leaf: np.asarray(leaf + scale * rng.normal(0, 0.5, leaf.shape), np.float32), fresh)


def stacked(learned: Learned) -> Learned:
    return jax.tree.map(lambda leaf: leaf[None], learned)


def describe_activations(found) -> dict:
    """In plain types."""
    return to_json(activations.describe_activations(found, 50))


def last(found: dict) -> list[dict]:
    """The layers of every network at its last epoch."""
    return [layer for stages in found["networks"].values() for layer in stages[-1]["layers"]]


class TestHiddenActivations:
    @pytest.mark.parametrize("activation", get_args(ActivationName))
    @pytest.mark.parametrize("place", [None, "before", "after"])
    def test_are_those_of_the_formulas(self, activation, place):
        self.compare(Architecture(INPUTS, WIDTHS["two"], OUTPUTS, activation, place))

    @pytest.mark.parametrize("place", [None, "before", "after"])
    @pytest.mark.parametrize("widths", ["of one unit", "seven"])
    def test_so_are_those_of_other_widths(self, widths, place):
        self.compare(Architecture(INPUTS, WIDTHS[widths], OUTPUTS, "tanh", place))

    def compare(self, architecture):
        learned, x, hyper = make(architecture), rows(), Hyperparameters(batch_norm_epsilon=EPSILON)
        found = hidden_activations(architecture, EPSILON, stacked(learned), x)
        assert [layer.shape for layer in found] == [(ROWS, width) for width in architecture.hidden]
        *hidden, _ = by_hand(architecture, learned, tuple(() for _ in learned), hyper, x)
        for own, expected in zip(found, hidden, strict=True):
            np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("place", [None, "before", "after"])
    def test_no_unit_is_deleted_where_there_is_dropout(self, place):
        plain = Architecture(INPUTS, (20, 20), OUTPUTS, "relu", place)
        dropping = Architecture(INPUTS, (20, 20), OUTPUTS, "relu", place, dropout=True)
        learned = stacked(make(dropping))
        without = tuple(own for own, layer in zip(learned, dropping.layers, strict=True) if layer.kind != "dropout")
        pairs = hidden_activations(plain, 1e-5, without, rows()), hidden_activations(dropping, 1e-5, learned, rows())
        for one, other in zip(*pairs, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_batch_norm_is_by_these_rows_and_its_own_gamma_and_beta(self):
        architecture = Architecture(INPUTS, (6,), OUTPUTS, "tanh", "after")
        learned = make(architecture)
        (found,) = hidden_activations(architecture, 1e-12, stacked(learned), rows())
        norm = learned[2]
        np.testing.assert_allclose(found.mean(axis=0), norm.shift, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found.std(axis=0), np.abs(norm.scale), rtol=1e-4)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
    @pytest.mark.parametrize("place", [None, "before", "after"])
    def test_a_network_that_diverged_is_looked_at_in_silence(self, value, place):
        architecture = Architecture(INPUTS, (4, 4), OUTPUTS, "relu", place)
        broken = jax.tree.map(lambda leaf: np.full_like(leaf, value), stacked(make(architecture)))
        found = hidden_activations(architecture, 1e-5, broken, rows())
        assert {layer["shares"] for layer in last(describe_activations({"plain": {0: found}}))} == {None}

    @pytest.mark.filterwarnings("error")
    def test_numbers_whose_squares_a_float32_does_not_hold_are_described_all_the_same(self):
        architecture = Architecture(INPUTS, (4,), OUTPUTS, "identity")
        learned = make(architecture)
        huge = jax.tree.map(lambda leaf: np.float32(1e37) * leaf, learned)
        usual, found = (hidden_activations(architecture, 1e-5, stacked(each), rows()) for each in (learned, huge))
        one, other = last(describe_activations({"usual": {0: usual}, "huge": {0: found}}))
        assert (other["mean"], other["std"]) == pytest.approx((1e37 * one["mean"], 1e37 * one["std"]), rel=1e-4)


def describe(values: object, *others: object) -> dict:
    """Of networks that have one layer, at one epoch."""
    found = describe_activations(
        {f"{index}": {0: [np.asarray(each, float)]} for index, each in enumerate((values, *others))}
    )
    return found | {"layer": found["networks"]["0"][0]["layers"][0]}


finite = st.floats(-1e6, 1e6).map(lambda number: round(number, 6))


class TestTheDistribution:
    def test_a_worked_example(self):
        # Four rows of three units: one that is always zero, one that hardly varies, one from -10 to 30.
        values = np.array([[0, 5.0, -10], [0, 5.0, 0], [0, 5.0, 10], [0, 5.01, 30]])
        found = describe(values)
        # 0.2 % of the way over eleven steps between the numbers in their order, from either end: -10 + 0.022 x 10, and
        # 30 - 0.022 x 20. A fortieth of what is between is 0.984; from zero on, 10 of these go down, and 31 up.
        edges = found["edges"][0]
        assert edges[1] - edges[0] == pytest.approx((29.56 - -9.78) / 40)
        assert (edges[0], edges[10], edges[-1]) == pytest.approx((-9.835, 0, 30.4885))
        layer = found["layer"]
        assert layer["mean"] == pytest.approx(50.01 / 12)
        assert layer["std"] == pytest.approx(np.sqrt((100 + 100 + 900 + 75 + 5.01**2) / 12 - (50.01 / 12) ** 2))
        assert layer["zero"] == pytest.approx(5 / 12)
        assert layer["dead"] == pytest.approx(2 / 3)

    def test_shares_are_those_of_rows_and_units_in_each_bin_without_zeros(self):
        values = np.maximum(np.random.default_rng(0).normal(size=(30, 8)), 0)
        found = describe(values)
        edges, shares = found["edges"][0], found["layer"]["shares"]
        assert len(shares) == len(edges) - 1
        for share, low, high in zip(shares, edges, edges[1:], strict=False):
            expected = ((values >= low) & (values < high) & (values != 0)).mean()
            assert share == pytest.approx(expected, rel=1e-3)

    @given(arrays(np.float64, (6, 5), elements=st.one_of(st.just(0.0), finite)))
    def test_with_the_zeros_they_are_all_but_what_lies_outside(self, values):
        found = describe(values)
        edges, layer = found["edges"][0], found["layer"]
        outside = ((values < edges[0]) | (values > edges[-1])).mean()
        assert sum(layer["shares"]) + layer["zero"] == pytest.approx(1 - outside, abs=1e-3)
        # Of thirty numbers the lowest and the highest alone are not wholly inside of tails of 0.2 %.
        assert outside <= 2 / 30

    def test_nearly_all_of_many_are_inside(self):
        values = np.random.default_rng(0).standard_cauchy(size=(500, 20))
        edges = np.array(describe(values)["edges"][0])
        for outside in ((values < edges[0]).mean(), (values > edges[-1]).mean()):
            assert 0 < outside <= TAIL + 1e-4

    @given(arrays(np.float64, (6, 5), elements=finite))
    def test_bins_are_as_wide_as_one_another_and_zero_is_between_two(self, values):
        edges = np.array(describe(values)["edges"][0])
        assert BINS <= len(edges) - 1 <= BINS + 2
        assert 0.0 in edges
        np.testing.assert_allclose(np.diff(edges), np.diff(edges)[0], rtol=1e-6)

    @pytest.mark.parametrize(("values", "side"), [(np.arange(1.0, 41), 0), (-np.arange(1.0, 41), -1)])
    def test_they_reach_to_zero_even_where_all_values_lie_on_one_side(self, values, side):
        edges = describe(values[:, None])["edges"][0]
        assert edges[side] == 0

    @given(st.floats(1e-3, 1e3), st.sampled_from([-1, 1]))
    def test_a_number_that_all_units_put_out_is_inside(self, number, sign):
        layer = describe(np.full((4, 2), sign * number))["layer"]
        assert sum(layer["shares"]) == 1

    @pytest.mark.parametrize("size", [1e-44, 1e-30, 1.0, 1e30, 1e38])
    @pytest.mark.filterwarnings("error")
    def test_they_are_of_any_size(self, size):
        values = size * np.array([[-1.0, 0.5], [0.25, 2.0]])
        found = describe(values)
        assert np.all(np.diff(found["edges"][0]) > 0)
        assert sum(found["layer"]["shares"]) == pytest.approx(1, abs=0.26)  # the highest may lie in the tail

    def test_where_all_units_are_zero_nothing_else_is_said(self):
        found = describe(np.zeros((5, 3)))
        layer = found["layer"]
        assert (layer["zero"], layer["dead"], layer["mean"], layer["std"]) == (1, 1, 0, 0)
        assert set(layer["shares"]) == {0}
        assert np.all(np.diff(found["edges"][0]) > 0)

    def test_a_unit_is_dead_that_varies_less_than_a_hundredth(self):
        steps = np.array([-1.0, 1.0] * 5)[:, None]  # of standard deviation 1
        assert describe(3 + steps * [[0.9 * DEAD, 1.1 * DEAD, 1.0, 0.0]])["layer"]["dead"] == 0.5

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_layer_that_is_not_finite_has_none_and_leaves_the_others_theirs(self, value):
        good = np.arange(-20.0, 20.0).reshape(10, 4)
        broken = good.copy()
        broken[3, 2] = value
        found = describe(good, broken)
        assert found["layer"] == describe(good, good)["layer"]
        (bad,) = found["networks"]["1"][0]["layers"]
        assert bad == {"shares": None, "mean": None, "std": None, "zero": None, "dead": None}

    @pytest.mark.filterwarnings("error")
    def test_where_no_number_is_finite_there_are_bins_all_the_same(self):
        found = describe(np.full((3, 2), np.nan))
        assert np.isfinite(found["edges"][0]).all()
        assert found["layer"]["shares"] is None


class TestNetworksAndEpochs:
    def test_bins_are_those_of_all_of_them(self):
        early, late = np.linspace(-1, 1, 50)[:, None], np.linspace(-4, 2, 50)[:, None]
        found = describe_activations({"plain": {0: [early], 5: [late]}, "recommended": {0: [2 * late]}})
        edges = found["edges"][0]
        assert (edges[0], edges[-1]) == pytest.approx((-8, 4), abs=0.4)
        assert {len(layer["shares"]) for layer in last(found)} == {len(edges) - 1}
        narrow = found["networks"]["plain"][0]["layers"][0]["shares"]
        assert sum(share > 0 for share in narrow) <= 8  # 2 of the 12 that all reach over

    def test_each_stage_says_its_epoch(self):
        layer = np.ones((2, 2))
        found = describe_activations({"plain": {0: [layer], 3: [layer], 7: [layer]}, "recommended": {0: [layer]}})
        assert {name: [stage["epoch"] for stage in stages] for name, stages in found["networks"].items()} == {
            "plain": [0, 3, 7],
            "recommended": [0],
        }

    @pytest.mark.parametrize(
        ("depth", "shown"),
        [(1, [1]), (2, [1, 2]), (6, [1, 2, 3, 4, 5, 6]), (7, [1, 2, 3, 5, 6, 7]), (100, [1, 21, 41, 60, 80, 100])],
    )
    def test_of_deep_networks_the_first_and_the_last_layer_and_some_between(self, depth, shown):
        """Every layer puts out its own number."""
        layers = [np.full((2, 2), number) for number in range(1, depth + 1)]
        found = describe_activations({"plain": {0: layers}})
        assert found["layers"] == shown
        assert len(shown) <= MOST_LAYERS
        assert [layer["mean"] for layer in last(found)] == shown
        assert len(found["edges"]) == len(shown)

    def test_they_stay_small_and_are_json(self):
        layers = [np.random.default_rng(0).normal(size=(500, 64))] * 100
        stages = {0: layers, 50_000: layers, 100_000: layers}
        found = describe_activations({"plain": stages, "recommended": stages})
        assert len(json.dumps(found, allow_nan=False, indent=1)) < 60_000
