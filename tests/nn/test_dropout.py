"""Dropout: how often, how independently and by what masks neurons are deleted, and how that is made up for."""

from itertools import pairwise, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from goru.nn.affine import Affine, affine
from goru.nn.dropout import dropout_inference, dropout_key, dropout_train, keep_mask


def mask(network=0, step=0, layer=0, shape=(64, 64), rate=0.5):
    return np.asarray(keep_mask(dropout_key(network, step, layer), shape, rate))


def many_masks(networks, steps, layers, shape, rate):
    """Masks of every network, step and layer given: `(networks, steps, layers, rows, units)`."""

    def one(network, step):
        return jnp.stack([keep_mask(dropout_key(network, step, layer), shape, rate) for layer in layers])

    over_steps = jax.vmap(one, in_axes=(None, 0))
    over_networks = jax.jit(jax.vmap(over_steps, in_axes=(0, None)))
    return np.asarray(over_networks(jnp.asarray(networks), jnp.asarray(steps)))


def lowbias32(x):
    """Wellons 2018, in Python's own integers."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) % 2**32
    x = ((x ^ (x >> 15)) * 0x846CA68B) % 2**32
    return x ^ (x >> 16)


# How many are deleted


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2, 0.5, 0.6, 0.95])
def test_the_share_deleted_is_the_rate(rate):
    """Within four standard errors of a binomial count, over two million neurons and in single masks."""
    kept = many_masks(np.arange(8), np.arange(8), [0], (128, 256), rate)
    deviation = np.sqrt(rate * (1 - rate))

    assert abs((1 - kept.mean()) - rate) < 4 * deviation / np.sqrt(kept.size)

    scores = (1 - kept.mean(axis=(-1, -2)).ravel() - rate) / (deviation / np.sqrt(128 * 256))
    assert np.abs(scores).max() < 4.5
    # The shares of different masks scatter as binomial counts do, neither more nor less.
    assert 0.6 < scores.var() < 1.5


def test_a_rate_of_zero_keeps_every_neuron():
    assert many_masks(np.arange(4), np.arange(4), range(3), (64, 64), 0.0).all()
    # Also the one whose hash is 0: the smallest uniform number there is, which equals the rate.
    assert lowbias32(0) == 0
    assert keep_mask(jnp.uint32(0), (1, 1), 0.0).all()


def test_a_higher_rate_only_deletes_more_neurons():
    """One uniform number a neuron: who is deleted at 0.2 is deleted at 0.3, so that rates compare well."""
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
    key_of = jax.jit(jax.vmap(dropout_key, in_axes=(0, 0, None)), static_argnums=2)
    networks, steps = np.indices((12, 12), np.int32).reshape(2, -1)
    keys = {int(key) for layer in range(12) for key in np.asarray(key_of(networks, steps, layer))}
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


@pytest.mark.parametrize("coordinates", [(0, 0, 0), (1, 2, 3), (123_456_789, 98_765, 4)])
def test_a_mask_is_a_hash_of_its_coordinates(coordinates):
    """Integer for integer, so that no machine and no later version draws other masks."""
    key = 0x9E3779B9
    for coordinate in coordinates:
        key = (lowbias32(key ^ coordinate) + 0x9E3779B9) % 2**32
    rows, units, rate = 5, 7, 0.3
    expected = [
        [lowbias32(((row * units + unit) * 0x9E3779B9 + key) % 2**32) / 2**32 >= rate for unit in range(units)]
        for row in range(rows)
    ]
    np.testing.assert_array_equal(mask(*coordinates, (rows, units), rate), expected)


def test_a_mask_is_the_same_each_time_and_whether_compiled_or_not():
    compiled = jax.jit(lambda n, s: keep_mask(dropout_key(n, s, 2), (64, 64), 0.5))(3, 4)
    np.testing.assert_array_equal(mask(3, 4, 2), mask(3, 4, 2))
    np.testing.assert_array_equal(compiled, mask(3, 4, 2))


@settings(max_examples=10, deadline=None, derandomize=True)
@given(network=st.integers(0, 2**31 - 1), step=st.integers(0, 2**31 - 1))
def test_a_mask_does_not_depend_on_the_kind_of_number_its_coordinates_are(network, step):
    plain = mask(network, step, 1)
    np.testing.assert_array_equal(mask(jnp.int32(network), jnp.int32(step), 1), plain)
    np.testing.assert_array_equal(mask(jnp.uint32(network), jnp.int32(step), 1), plain)


def test_unsigned_ids_beyond_the_signed_ones_have_masks_of_their_own():
    ids = jnp.array([0, 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1], jnp.uint32)
    assert len({m.tobytes() for m in many_masks(ids, [0], [0], (8, 16), 0.5)}) == len(ids)


def test_the_mask_of_a_row_does_not_depend_on_the_rows_after_it():
    np.testing.assert_array_equal(mask(shape=(8, 64)), mask(shape=(64, 64))[:8])


def test_under_nested_vmap_every_network_and_step_has_the_mask_it_has_alone():
    """Also when the rates differ from network to network, and whatever else stands in the block."""
    rates = np.array([0.2, 0.0, 0.5, 0.7], np.float32)
    networks, steps = np.array([9, 2, 2, 100]), np.array([5, 0, 6])

    def one(network, rate, step):
        return keep_mask(dropout_key(network, step, 1), (16, 24), rate)

    nested = jax.jit(jax.vmap(jax.vmap(one, in_axes=(None, None, 0)), in_axes=(0, 0, None)))
    masks = np.asarray(nested(jnp.asarray(networks), jnp.asarray(rates), jnp.asarray(steps)))

    for i, j in product(range(4), range(3)):
        alone = mask(int(networks[i]), int(steps[j]), 1, (16, 24), float(rates[i]))
        np.testing.assert_array_equal(masks[i, j], alone)


# The two forms


def rows_and_mask(rate, seed=0):
    x = np.random.default_rng(seed).normal(size=(32, 20)).astype(np.float32)
    return x, mask(seed, 0, 0, x.shape, rate)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5])
def test_the_inverted_form_scales_up_in_training_and_does_nothing_at_test_time(rate):
    x, r = rows_and_mask(rate)
    expected = x.astype(np.float64) * r / (1 - rate)
    np.testing.assert_allclose(dropout_train(jnp.asarray(x), jnp.asarray(r), rate), expected, rtol=1e-6)
    np.testing.assert_array_equal(dropout_inference(jnp.asarray(x), rate), x)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5])
def test_the_classic_form_only_deletes_in_training_and_scales_by_the_kept_share_at_test_time(rate):
    x, r = rows_and_mask(rate)
    np.testing.assert_array_equal(dropout_train(jnp.asarray(x), jnp.asarray(r), rate, "classic"), x * r)
    expected = x.astype(np.float64) * (1 - rate)
    np.testing.assert_allclose(dropout_inference(jnp.asarray(x), rate, "classic"), expected, rtol=1e-6)


@pytest.mark.parametrize(("form", "factor"), [("inverted", 1 / 0.8), ("classic", 1.0)])
def test_gradients_pass_where_neurons_were_kept_with_the_same_factor(form, factor):
    x, r = rows_and_mask(0.2)
    g = np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    gradient = jax.grad(lambda x: jnp.sum(dropout_train(x, jnp.asarray(r), 0.2, form) * g))(jnp.asarray(x))
    np.testing.assert_allclose(gradient, g * r * factor, rtol=1e-6)


def test_a_deleted_neuron_is_deleted_whatever_it_says():
    """Also infinity: multiplying by a mask of zeros would leave a NaN."""
    x = jnp.array([[jnp.inf, 1.0]])
    np.testing.assert_array_equal(dropout_train(x, jnp.array([[False, True]]), 0.5, "classic"), [[0.0, 1.0]])


def layer_above(seed=2):
    rng = np.random.default_rng(seed)
    weight, bias = rng.normal(size=(20, 7)), rng.normal(size=7)
    return Affine(jnp.asarray(weight, jnp.float32), jnp.asarray(bias, jnp.float32))


@pytest.mark.parametrize("rate", [0.5, 0.75])
def test_the_two_forms_are_exactly_one_network_when_the_next_weights_are_multiplied_by_the_kept_share(rate):
    """Bit for bit, where the kept share is a power of two; in training, and at test time."""
    x, r = (jnp.asarray(a) for a in rows_and_mask(rate))
    classic = layer_above()
    inverted = Affine(classic.weight * (1 - rate), classic.bias)

    np.testing.assert_array_equal(
        affine(classic, dropout_train(x, r, rate, "classic")),
        affine(inverted, dropout_train(x, r, rate, "inverted")),
    )
    np.testing.assert_array_equal(
        affine(classic, dropout_inference(x, rate, "classic")),
        affine(inverted, dropout_inference(x, rate, "inverted")),
    )


@settings(max_examples=15, deadline=None, derandomize=True)
@given(rate=st.floats(0.01, 0.95), seed=st.integers(0, 1000))
def test_the_two_forms_are_one_network_at_any_rate(rate, seed):
    x, r = (jnp.asarray(a) for a in rows_and_mask(rate, seed))
    classic = layer_above(seed)
    inverted = Affine(classic.weight * (1 - rate), classic.bias)
    for layer in (lambda form: dropout_train(x, r, rate, form), lambda form: dropout_inference(x, rate, form)):
        np.testing.assert_allclose(
            affine(classic, layer("classic")), affine(inverted, layer("inverted")), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_test_time_is_the_mean_over_masks_when_scaled_by_the_kept_share_and_not_by_the_deleted(rate):
    """The chapter once says that the output is scaled by the *deleted* share. That is wrong.

    What the next layer is given must be, on the average over masks, what it was given in training. Scaled by
    the kept share it is, to within the error of 4,096 masks; scaled by the deleted share it is far off.
    """
    x = jnp.asarray(np.random.default_rng(0).normal(size=(4, 20)), jnp.float32)
    masks = many_masks(np.arange(64), np.arange(64), [0], x.shape, rate).reshape(-1, *x.shape)

    def next_layer(x):
        return np.asarray(affine(layer_above(), x), np.float64)

    in_training = jax.vmap(lambda r: affine(layer_above(), dropout_train(x, r, rate, "classic")))
    outputs = np.asarray(in_training(jnp.asarray(masks)), np.float64)
    mean, error = outputs.mean(axis=0), outputs.std(axis=0) / np.sqrt(len(masks))

    by_kept_share = np.abs(next_layer(dropout_inference(x, rate, "classic")) - mean) / error
    by_deleted_share = np.abs(next_layer(x * rate) - mean) / error

    assert by_kept_share.max() < 4
    assert np.median(by_deleted_share) > 20
