"""Dropout: how often, how independently and by what masks units are deleted, and how that is made up for."""

from itertools import pairwise, product

import formulas
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from goru.nn.architecture import Hyperparameters
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.dropout import Dropout, keep_mask, mask_key
from goru.nn.layers.layer import Context

in_both = pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])


def mask(network=0, step=0, layer=0, shape=(64, 64), rate=0.5, xp=np):
    """Of so many rows and units, `(rows, units)`: turned over, since goru has rows as columns."""
    return np.asarray(keep_mask(mask_key(network, step, layer, xp), shape[::-1], rate)).T


def many_masks(networks, steps, layers, shape, rate):
    """Masks of every network, step and layer given: `(networks, steps, layers, rows, units)`."""
    networks = np.broadcast_to(np.asarray(networks)[:, None], (len(networks), len(steps)))
    masks = [keep_mask(mask_key(networks, np.asarray(steps), layer), shape[::-1], rate) for layer in layers]
    return np.stack(masks, axis=2).swapaxes(-1, -2)


# How many are deleted


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2, 0.5, 0.6, 0.95])
def test_the_share_deleted_is_the_rate(rate):
    """Within four standard errors of a binomial count, over two million units and in single masks."""
    kept = many_masks(np.arange(8), np.arange(8), [0], (128, 256), rate)
    deviation = np.sqrt(rate * (1 - rate))

    assert abs((1 - kept.mean()) - rate) < 4 * deviation / np.sqrt(kept.size)

    scores = (1 - kept.mean(axis=(-1, -2)).ravel() - rate) / (deviation / np.sqrt(128 * 256))
    assert np.abs(scores).max() < 4.5
    # The shares of different masks scatter as binomial counts do, neither more nor less.
    assert 0.6 < scores.var() < 1.5


def test_a_rate_of_zero_keeps_every_unit():
    assert many_masks(np.arange(4), np.arange(4), range(3), (64, 64), 0.0).all()
    # Also the one whose hash is 0: the smallest uniform number there is, which equals the rate.
    assert formulas.lowbias32(0) == 0
    assert keep_mask(jnp.uint32(0), (1, 1), 0.0).all()


def test_where_no_network_has_a_rate_no_mask_is_drawn():
    x, hyper = np.ones((3, 4, 5), np.float32), Hyperparameters(dropout_rate=np.zeros(3, np.float32))
    out, kept = Dropout(0).forward((), x, Context(hyper, np.arange(3, dtype=np.uint32), 0))
    assert out is x
    assert kept is None


def test_a_higher_rate_only_deletes_more_units():
    """One uniform number a unit: who is deleted at 0.2 is deleted at 0.3, so that rates compare well."""
    masks = [mask(rate=rate) for rate in (0.0, 0.1, 0.2, 0.3, 0.5, 0.9)]
    for lower, higher in pairwise(masks):
        assert (higher <= lower).all()
        assert higher.sum() < lower.sum()


# Independence


COORDINATES = list(product(range(8), range(8), range(3)))  # consecutive networks, steps and layers


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_masks_of_different_networks_steps_and_layers_are_uncorrelated(rate):
    """All 18,336 pairs of 192 masks: correlations scatter around 0 with deviation 1/√n, and none is large."""
    masks = many_masks(np.arange(8), np.arange(8), range(3), (64, 64), rate).reshape(len(COORDINATES), -1)
    n = masks.shape[1]

    pairs = np.corrcoef(masks)[np.triu_indices(len(masks), k=1)] * np.sqrt(n)

    assert abs(pairs.mean()) < 4 / np.sqrt(pairs.size)
    assert pairs.var() == pytest.approx(1, abs=0.05)
    assert np.abs(pairs).max() < 5.5


def test_no_two_masks_are_equal_and_none_is_anothers_complement():
    masks = many_masks(np.arange(16), np.arange(64), range(4), (8, 16), 0.5).reshape(16 * 64 * 4, -1)
    distinct = {m.tobytes() for m in masks} | {(~m).tobytes() for m in masks}
    assert len(distinct) == 2 * len(masks)


def test_swapped_coordinates_give_other_masks():
    """Network 1 at step 2 is not network 2 at step 1, and so on: no two coordinates can cancel out."""
    networks, steps = np.indices((12, 12), np.int32).reshape(2, -1)
    keys = {int(key) for layer in range(12) for key in mask_key(networks, steps, layer)}
    assert len(keys) == 12**3


@pytest.mark.parametrize("rate", [0.2, 0.5])
@pytest.mark.parametrize("along", ["units", "rows", "steps", "networks", "layers"])
def test_joint_patterns_are_as_frequent_as_independence_makes_them(along, rate):
    """Chi-square over the 64 patterns of six neighbours, along every coordinate of a mask."""
    neighbours = 6
    if along == "units":
        patterns = mask(shape=(30_000, neighbours), rate=rate)
    elif along == "rows":
        patterns = mask(shape=(neighbours, 30_000), rate=rate).T
    elif along == "steps":
        patterns = many_masks([5], np.arange(neighbours), [1], (200, 150), rate).reshape(neighbours, -1).T
    elif along == "networks":
        patterns = many_masks(np.arange(neighbours), [5], [1], (200, 150), rate).reshape(neighbours, -1).T
    else:
        patterns = many_masks([5], [7], range(neighbours), (200, 150), rate).reshape(neighbours, -1).T

    observed = np.bincount(patterns @ (2 ** np.arange(neighbours)), minlength=2**neighbours)

    kept = np.array([number.bit_count() for number in range(2**neighbours)])
    expected = len(patterns) * (1 - rate) ** kept * rate ** (neighbours - kept)
    p_value = stats.chisquare(observed, expected).pvalue
    assert 1e-3 < p_value < 0.999


@pytest.mark.parametrize("units", [10, 64, 100, 256])
def test_no_unit_and_no_row_is_favoured(units):
    """Chi-square over the counts of every unit, and of every row, pooled over steps."""
    deleted = ~many_masks([0], np.arange(64), [0], (64, units), 0.3)[0, :, 0]
    for axis, count in [((0, 1), 64 * 64), ((0, 2), 64 * units)]:
        totals = deleted.sum(axis=axis)
        statistic = ((totals - 0.3 * count) ** 2 / (0.3 * 0.7 * count)).sum()
        assert 1e-3 < stats.chi2.sf(statistic, df=len(totals)) < 0.999


@pytest.mark.parametrize("units", [10, 64, 100, 128, 256])
def test_units_of_one_mask_are_uncorrelated_at_any_distance(units):
    """Between neighbours, a row apart, a few rows apart: every lag up to four rows."""
    flat = mask(shape=(32_768 // units, units), rate=0.5).ravel() * 2.0 - 1
    lags = np.array([np.mean(flat[lag:] * flat[:-lag]) for lag in range(1, 4 * units)]) * np.sqrt(flat.size)
    assert np.abs(lags).max() < 4.5
    assert lags.var() == pytest.approx(1, abs=0.5)


# What a mask is a function of


@pytest.mark.parametrize("xp", [np, jnp], ids=["numpy", "jax"])
@pytest.mark.parametrize("coordinates", [(0, 0, 0), (1, 2, 3), (123_456_789, 98_765, 4)])
def test_a_mask_is_a_hash_of_its_coordinates(coordinates, xp):
    """Integer for integer, so that no machine and no later version draws other masks."""
    rows, units, rate = 5, 7, 0.3
    expected = formulas.mask(*coordinates, units, rows, rate)
    np.testing.assert_array_equal(mask(*coordinates, (rows, units), rate, xp), expected.T)


def test_a_mask_is_the_same_each_time_and_whether_compiled_or_not():
    compiled = jax.jit(lambda n, s: keep_mask(mask_key(n, s, 2, jnp), (64, 64), 0.5))(3, 4)
    np.testing.assert_array_equal(mask(3, 4, 2), mask(3, 4, 2))
    np.testing.assert_array_equal(compiled.T, mask(3, 4, 2))


@settings(max_examples=40)
@given(
    networks=st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3),
    step=st.integers(-1, 2**31 - 1),
    layer=st.integers(0, 20),
    rate=st.floats(0, 0.999),
)
def test_masks_are_those_of_jax_bit_by_bit_whatever_kind_of_number_their_coordinates_are(networks, step, layer, rate):
    found = keep_mask(mask_key(np.array(networks, np.uint32), step, layer), (7, 5), rate)
    in_jax = keep_mask(mask_key(jnp.uint32(networks), jnp.int32(step), layer, jnp), (7, 5), rate)
    np.testing.assert_array_equal(found, in_jax)
    for index, network in enumerate(networks):
        np.testing.assert_array_equal(found[index], mask(network, step, layer, (5, 7), rate).T)


def test_unsigned_ids_beyond_the_signed_ones_have_masks_of_their_own():
    ids = np.array([0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1], np.uint32)
    assert len({m.tobytes() for m in many_masks(ids, [0], [0], (8, 16), 0.5)}) == len(ids)


def test_the_mask_of_a_row_does_not_depend_on_the_rows_after_it():
    np.testing.assert_array_equal(mask(shape=(8, 64)), mask(shape=(64, 64))[:8])


def test_under_nested_vmap_every_network_and_step_has_the_mask_it_has_alone():
    """Also when the rates differ from network to network, and whatever else stands in the block."""
    rates = np.array([0.2, 0.0, 0.5, 0.7], np.float32)
    networks, steps = np.array([9, 2, 2, 100]), np.array([5, 0, 6])

    def one(network, rate, step):
        return keep_mask(mask_key(network, step, 1, jnp), (24, 16), rate).T

    nested = jax.jit(jax.vmap(jax.vmap(one, in_axes=(None, None, 0)), in_axes=(0, 0, None)))
    masks = np.asarray(nested(jnp.asarray(networks), jnp.asarray(rates), jnp.asarray(steps)))

    for i, j in product(range(4), range(3)):
        alone = mask(int(networks[i]), int(steps[j]), 1, (16, 24), float(rates[i]))
        np.testing.assert_array_equal(masks[i, j], alone)


# The two forms


def rows_and_mask(rate, seed=0):
    x = np.random.default_rng(seed).normal(size=(32, 20)).astype(np.float32)
    return x.T, mask(seed, 0, 0, x.shape, rate).T


def train(x, rate, form="inverted", network=0):
    return Dropout(0, form).forward((), x, Context(Hyperparameters(dropout_rate=rate), network, 0))


def infer(x, rate, form="inverted"):
    return Dropout(0, form).infer((), x, (), Context(Hyperparameters(dropout_rate=rate)))


@in_both
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("form", ["inverted", "classic"])
def test_one_form_scales_up_in_training_and_the_other_down_at_test_time(form, rate, array):
    """And gradients pass where units were kept, with the factor of training."""
    x, r = rows_and_mask(rate)
    g = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    in_training, at_test_time = (1 / (1 - rate), 1) if form == "inverted" else (1, 1 - rate)
    y, kept = train(array(x), rate, form)
    np.testing.assert_allclose(y, x.astype(np.float64) * r * in_training, rtol=1e-6)
    np.testing.assert_allclose(infer(array(x), rate, form), x.astype(np.float64) * at_test_time, rtol=1e-6)
    np.testing.assert_allclose(Dropout(0, form).backward((), kept, array(g))[1], g * r * in_training, rtol=1e-6)


@pytest.mark.parametrize("form", ["inverted", "classic"])
def test_without_an_id_of_the_network_nothing_is_deleted_on_the_way_there_and_back(form):
    (x, _), g = rows_and_mask(0.2), np.ones((20, 32), np.float32)
    y, kept = train(x, 0.2, form, network=None)
    np.testing.assert_array_equal(y, infer(x, 0.2, form))
    np.testing.assert_allclose(Dropout(0, form).backward((), kept, g)[1] * x, y, rtol=1e-6)


def test_in_jax_a_deleted_unit_is_deleted_whatever_it_says():
    """Also infinity: multiplying by a mask of zeros would leave a NaN."""
    x, r = rows_and_mask(0.5)
    y, _ = train(jnp.where(r, x, jnp.inf), 0.5, "classic")
    np.testing.assert_array_equal(y, x * r)


ABOVE = Affine(20, 7)


def weights_above(seed=2):
    rng = np.random.default_rng(seed)
    return Weights(*(rng.normal(size=shape).astype(np.float32) for shape in [(7, 20), 7]))


def next_layer(weights, x):
    return ABOVE.forward(weights, x, Context(Hyperparameters()))[0]


@in_both
@pytest.mark.parametrize("rate", [0.5, 0.75])
def test_the_two_forms_are_exactly_one_network_when_the_next_weights_are_multiplied_by_the_kept_share(rate, array):
    """Bit for bit, where the kept share is a power of two; in training, and at test time."""
    x, classic = jax.tree.map(array, (rows_and_mask(rate)[0], weights_above()))
    inverted = Weights(classic.weight * (1 - rate), classic.bias)
    for passed in (lambda form: train(x, rate, form)[0], lambda form: infer(x, rate, form)):
        np.testing.assert_array_equal(next_layer(classic, passed("classic")), next_layer(inverted, passed("inverted")))


@settings(max_examples=15)
@given(rate=st.floats(0.01, 0.95), seed=st.integers(0, 1000))
def test_the_two_forms_are_one_network_at_any_rate(rate, seed):
    (x, _), classic = rows_and_mask(rate, seed), weights_above(seed)
    inverted = Weights(classic.weight * (1 - rate), classic.bias)
    for passed in (lambda form: train(x, rate, form, seed)[0], lambda form: infer(x, rate, form)):
        np.testing.assert_allclose(
            next_layer(classic, passed("classic")), next_layer(inverted, passed("inverted")), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_test_time_is_the_mean_over_masks_when_scaled_by_the_kept_share_and_not_by_the_deleted(rate):
    """The chapter once says that the output is scaled by the *deleted* share. That is wrong.

    What the next layer is given must be, on the average over masks, what it was given in training. Scaled by
    the kept share it is, to within the error of 4,096 masks; scaled by the deleted share it is far off.
    """
    x = np.random.default_rng(0).normal(size=(4, 20)).T
    above = jax.tree.map(np.float64, weights_above())
    in_training, _ = train(x, rate, "classic", np.arange(4096))  # of as many networks
    outputs = above.weight @ in_training + above.bias[:, None]
    mean, error = outputs.mean(axis=0), outputs.std(axis=0) / np.sqrt(len(outputs))

    by_kept_share = np.abs(next_layer(above, infer(x, rate, "classic")) - mean) / error
    by_deleted_share = np.abs(next_layer(above, x * rate) - mean) / error

    assert by_kept_share.max() < 4
    assert np.median(by_deleted_share) > 20
