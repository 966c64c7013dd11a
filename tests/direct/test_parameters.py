"""All numbers of some networks in one array."""

import copy
import pickle

import numpy as np
import pytest

from goru.direct.parameters import Layout, Parameters, initial_parameters

LAYOUT = Layout((4, 3, 2), batch_norm=True)


def test_every_number_is_in_one_view():
    parameters = Parameters(LAYOUT, np.zeros((2, LAYOUT.size)))
    views = [*parameters.weights, *parameters.biases, *parameters.scales, *parameters.shifts]
    assert [view.shape[1:] for view in views] == [(4, 3), (3, 2), (3,), (2,), (3,), (3,)]
    for view in views:
        view += 1
    assert (parameters.flat == 1).all()
    assert LAYOUT.size == 4 * 3 + 3 + 3 * 2 + 2 + 3 + 3
    assert LAYOUT.layers == 2


def test_without_batch_norm_there_are_no_gammas_and_betas():
    parameters = Parameters(Layout((4, 3, 2), batch_norm=False), np.zeros((1, 23)))
    assert parameters.layout.size == 23
    assert parameters.scales == parameters.shifts == []


def test_a_likeness_is_all_zero_and_shares_nothing():
    parameters = Parameters(LAYOUT, np.ones((2, LAYOUT.size), np.float32))
    like = parameters.like()
    assert like.flat.dtype == np.float32
    assert not like.flat.any()
    assert not np.shares_memory(like.flat, parameters.flat)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"]
)
def test_views_of_a_copy_are_views_of_its_own_array(duplicate):
    twin = duplicate(Parameters(LAYOUT, np.ones((2, LAYOUT.size))))
    twin.flat[:] = 7
    for view in (*twin.weights, *twin.biases, *twin.scales, *twin.shifts):
        assert (view == 7).all()


def test_initial_numbers():
    def draw(generator, inputs, outputs):
        return generator.normal(size=(inputs, outputs))

    generators = [np.random.default_rng(seed) for seed in (1, 2)]
    found = initial_parameters(LAYOUT, iter(generators), draw, 0.5, -0.25, np.float32)
    assert found.flat.dtype == np.float32
    again = np.random.default_rng(2)
    for weight in found.weights:
        np.testing.assert_array_equal(weight[1], draw(again, *weight.shape[1:]).astype(np.float32))
    assert not any(bias.any() for bias in found.biases)
    assert (found.scales[0] == 0.5).all()
    assert (found.shifts[0] == -0.25).all()
