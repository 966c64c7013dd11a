"""Mixup and CutMix in a whole step: the loss of mixed rows by both targets, and its gradient."""

import jax
import numpy as np
import pytest
from formulas import activations, key_of, mask, mix_share, output, uniform

from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.fold import apply, fold
from goru.nn.layers.affine import Affine
from goru.nn.layers.augmentation import Mixup
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.network import exact_statistics
from goru.nn.training import Batch, gradient_of

INPUTS, ROWS, OUTPUTS, ID, STEP = 5, 7, 3, 42, 3
HYPER = Hyperparameters(mixup_alpha=0.8, cutmix_rate=1.0, smoothing=0.0)
LOSS_NAMES = ["softmax_cross_entropy", "squared_error"]
MIXES = ["mixup", "cutmix"]


def make(mix, loss="softmax_cross_entropy", hidden=(4,), weighted=False, **changes):
    """A network, what it has learned, and a mini-batch, in float64."""
    rng = np.random.default_rng(1)
    layers = Architecture(INPUTS, hidden, OUTPUTS, activation="tanh", mix=mix, **changes).layers
    learned = jax.tree.map(lambda leaf: leaf + rng.normal(0, 0.3, leaf.shape), network.init(layers, rng, HYPER))
    x = rng.normal(size=(INPUTS, ROWS))
    y = rng.integers(OUTPUTS, size=ROWS) if loss == "softmax_cross_entropy" else rng.normal(size=(OUTPUTS, ROWS))
    shares = rng.uniform(0.5, 2, ROWS) / ROWS if weighted else np.full(ROWS, 1 / ROWS)
    return layers, learned, Batch(x, y, shares)


def own_share(mix):
    """λ, by the formulas."""
    if mix == "mixup":
        key = key_of(ID, STEP, 0xA1)
        return mix_share(uniform(key, 1), uniform(key, 2), HYPER.mixup_alpha)
    key = key_of(ID, STEP, 0xA2)
    return mask(key, STEP, 0xA2, INPUTS, 1, 1 - uniform(key, 2)).mean()


def of_row(loss, z, y, row, smoothing=0.0):
    """The loss of one row's outputs by one row's target."""
    if loss == "squared_error":
        return ((z - y[:, row]) ** 2).mean()
    log_softmax = z - z.max() - np.log(np.exp(z - z.max()).sum())
    return -(1 - smoothing) * log_softmax[y[row]] - smoothing * log_softmax.mean()


def expected_loss(mix, loss, layers, learned, batch, smoothing=0.0):
    share, outputs = own_share(mix), activations(layers, learned, batch.x, Context(HYPER, ID, STEP))[-1]
    total = 0.0
    for row in range(ROWS):
        total += share * batch.shares[row] * of_row(loss, outputs[:, row], batch.y, row, smoothing)
        total += (1 - share) * batch.shares[row - 1] * of_row(loss, outputs[:, row], batch.y, row - 1, smoothing)
    return total


def found(layers, learned, batch, loss, hyper=HYPER, networks=ID):
    context = Context(hyper, None if networks is None else np.uint32(networks), STEP)
    return gradient_of(layers, LOSSES[loss], "decoupled", learned, batch, context, 0.0)


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("mix", MIXES)
def test_the_loss_is_by_both_targets_each_counting_as_its_own_row_does(mix, loss, weighted):
    layers, learned, batch = make(mix, loss, weighted=weighted)
    assert 0.05 < own_share(mix) < 0.95
    assert found(layers, learned, batch, loss).loss == pytest.approx(
        expected_loss(mix, loss, layers, learned, batch), rel=1e-6
    )


@pytest.mark.parametrize("mix", MIXES)
def test_targets_may_be_smoothed_as_well(mix):
    layers, learned, batch = make(mix)
    smoothed = found(layers, learned, batch, "softmax_cross_entropy", HYPER._replace(smoothing=0.2))
    expected = expected_loss(mix, "softmax_cross_entropy", layers, learned, batch, 0.2)
    assert smoothed.loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("mix", MIXES)
def test_the_gradient_is_that_of_central_differences(mix, loss):
    layers, learned, batch = make(mix, loss, weighted=True)
    leaves, structure = jax.tree.flatten(learned)
    for changed, slope in enumerate(jax.tree.leaves(found(layers, learned, batch, loss).of_learned)):
        for position in np.ndindex(slope.shape):
            ends = []
            for by in (1e-6, -1e-6):
                moved = [leaf.copy() for leaf in leaves]
                moved[changed][position] += by
                ends.append(found(layers, structure.unflatten(moved), batch, loss).loss)
            assert slope[position] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_a_row_that_does_not_count_has_no_say_by_its_target(loss):
    layers, learned, batch = make("mixup", loss)
    without = batch._replace(shares=np.where(np.arange(ROWS) == 2, 0, batch.shares))
    other = without.y.copy()
    other[..., 2] = 0 if loss == "softmax_cross_entropy" and other[2] else 1
    one, two = (found(layers, learned, without._replace(y=y), loss) for y in (without.y, other))
    assert one.loss == two.loss
    for first, second in zip(*(jax.tree.leaves(each.of_learned) for each in (one, two)), strict=True):
        np.testing.assert_array_equal(first, second)


def test_mixup_behind_the_first_affine_layer_computes_what_it_does_before_it():
    behind, learned, batch = make("mixup")
    assert [layer.kind for layer in behind[:2]] == ["affine", "mixup"]
    before = (behind[1], behind[0], *behind[2:])
    moved = (learned[1], learned[0], *learned[2:])
    one = found(behind, learned, batch, "softmax_cross_entropy")
    two = found(before, moved, batch, "softmax_cross_entropy")
    assert one.loss == pytest.approx(two.loss, rel=1e-12)
    gradients = [jax.tree.leaves(each.of_learned) for each in (one, two)]
    for first, second in zip(*gradients, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("mix", MIXES)
def test_a_linear_model_mixes_too(mix):
    layers, learned, batch = make(mix, hidden=())
    assert [layer.kind for layer in layers] == [mix, "affine"]
    mixed = output(layers[0], (), batch.x, Context(HYPER, ID, STEP))
    np.testing.assert_allclose(
        network.forward(layers, learned, batch.x, Context(HYPER, np.uint32(ID), STEP))[0],
        output(layers[1], learned[1], mixed, Context(HYPER)),
        rtol=1e-6,
    )


@pytest.mark.parametrize("changes", [{"mix": "mixup"}, {"mix": "cutmix", "cutout": True, "input_dropout": True}])
def test_without_an_id_nothing_is_changed_on_either_way(changes):
    layers, learned, batch = make(**changes)
    usual, same, _ = make(None)
    ours = found(layers, learned, batch, "softmax_cross_entropy", networks=None)
    plain = found(usual, same, batch, "softmax_cross_entropy", networks=None)
    assert ours.loss == plain.loss
    for one, other in zip(*(jax.tree.leaves(each.of_learned) for each in (ours, plain)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("changes", [{"mix": "mixup"}, {"mix": "cutmix", "cutout": True, "input_dropout": True}])
def test_what_is_folded_has_none_of_it_and_infers_the_same(changes):
    layers, learned, batch = make(**changes)
    folded, numbers = fold(layers, learned, network.running(layers), HYPER)
    assert [layer.kind for layer in folded] == ["affine", "activation", "affine"]
    expected = network.infer(layers, learned, network.running(layers), HYPER, batch.x)
    np.testing.assert_allclose(apply(folded, numbers, batch.x), expected, rtol=1e-12)


@pytest.mark.parametrize("mix", MIXES)
def test_exact_statistics_are_of_rows_that_are_not_mixed(mix):
    layers, learned, batch = make(mix, batch_norm="before")
    found = exact_statistics(layers, learned, batch.x, Context(HYPER, np.uint32(ID)))
    (place,) = [place for place, layer in enumerate(layers) if layer.kind == "batch_norm"]
    first = next(place for place, layer in enumerate(layers) if layer.kind == "affine")
    read = learned[first].weight @ batch.x
    np.testing.assert_allclose(found[place].mean, read.mean(axis=1), rtol=1e-10)
    # The mean is that of mixed rows as well.
    np.testing.assert_allclose(found[place].variance, read.var(axis=1), rtol=1e-10)


def test_only_mixed_rows_have_a_share():
    layers, learned, batch = make(None)
    _, kept = network.forward(layers, learned, batch.x, Context(HYPER, np.uint32(ID), STEP))
    assert network.own_share(layers, kept) is None
    assert isinstance(layers[0], Affine)
    assert Mixup().own_share(None) is None
    assert Recipe().label_smoothing is False
