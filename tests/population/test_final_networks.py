"""Networks that are done: exact statistics, by which batch norm and dropout can be folded away."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from populations import ARCHITECTURES, block, member, outputs_in_numpy, table, train, trainer

from goru.nn import network
from goru.nn.fold import apply, fold
from goru.nn.layers.affine import Weights
from goru.nn.layers.batch_norm import Statistics
from goru.nn.layers.dropout import keep_mask, mask_key
from goru.nn.network import STATISTICS_STEP
from goru.population.final_networks import _statistics, with_exact_statistics

CASES = {
    **ARCHITECTURES,
    # The same trained networks, read in the other form of dropout.
    "before-classic": replace(ARCHITECTURES["before-dropout"], dropout_form="classic"),
    "after-classic": replace(ARCHITECTURES["after-dropout"], dropout_form="classic"),
}
cases = pytest.mark.parametrize("architecture", CASES.values(), ids=CASES)
with_batch_norm = pytest.mark.parametrize(
    "architecture", [each for each in CASES.values() if each.batch_norm], ids=[n for n in CASES if CASES[n].batch_norm]
)

# ε, γ, β and the dropout rate differ between the two: each has to be folded into its own network.
MEMBERS = (
    member(0),
    member(1, dropout_rate=0.5, batch_norm_epsilon=0.1, batch_norm_scale=0.8, batch_norm_shift=-0.3),
)


def final_networks(architecture):
    (trained,) = train(trainer(replace(architecture, dropout_form="inverted")), block(*MEMBERS))
    return with_exact_statistics(trained, architecture.layers, width=2), trained


def one_of(stacked, index):
    return jax.tree.map(lambda leaf: leaf[index], stacked)


def same_bits(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


def of_batch_norm(statistics):
    """Those of batch norm's layers: no other layer has any."""
    return [of_layer for of_layer in statistics if isinstance(of_layer, Statistics)]


@cases
def test_folded_networks_predict_in_numpy_what_inference_with_exact_statistics_does(architecture):
    final, _ = final_networks(architecture)
    rows = table()
    x = rows.x[rows.validation].T
    layers, plain = fold(architecture.layers, *final)
    assert {layer.kind for layer in layers} == {"affine", "activation"}
    outputs = apply(layers, plain, x)
    assert outputs.shape == (2, architecture.outputs, x.shape[1])
    for index in range(2):
        learned, statistics, hyper = one_of(final, index)
        unfolded = network.infer(architecture.layers, *jax.tree.map(jnp.asarray, (learned, statistics, hyper, x)))
        np.testing.assert_allclose(outputs[index], unfolded, rtol=1e-4, atol=1e-5)
        by_hand = outputs_in_numpy(architecture.layers, learned, statistics, MEMBERS[index].hyper, x)
        np.testing.assert_allclose(outputs[index], by_hand, rtol=1e-4, atol=1e-5)


@with_batch_norm
def test_statistics_are_mean_and_variance_over_all_training_rows_with_neurons_deleted_as_in_training(architecture):
    final, trained = final_networks(architecture)
    rows = table()
    for index, one in enumerate(MEMBERS):
        learned, rate = one_of(trained.learned, index), one.hyper.dropout_rate
        found = iter(of_batch_norm(one_of(final.statistics, index)))
        x = np.float64(rows.x[rows.training]).T
        for layer, numbers in zip(architecture.layers[:-1], learned[:-1], strict=True):
            match layer.kind:
                case "affine":
                    x = np.float64(numbers.weight) @ x
                    x = x if numbers.bias is None else x + numbers.bias[:, None]
                case "activation":
                    x = np.maximum(x, 0)
                case "batch_norm":
                    mean, variance = x.mean(axis=1), x.var(axis=1)
                    statistics = next(found)
                    np.testing.assert_allclose(statistics.mean, mean, rtol=1e-5, atol=1e-6)
                    np.testing.assert_allclose(statistics.variance, variance, rtol=1e-5, atol=1e-7)
                    x = (x - mean[:, None]) / np.sqrt(variance[:, None] + one.hyper.batch_norm_epsilon)
                    x = x * numbers.scale[:, None] + numbers.shift[:, None]
                case "dropout":
                    # By masks of the network's own, of a step that no training reaches.
                    mask = keep_mask(mask_key(one.id, STATISTICS_STEP, layer.index), x.shape, rate)
                    x = x * mask if layer.form == "classic" else x * mask / (1 - rate)
        assert next(found, None) is None


@cases
def test_the_learned_numbers_are_left_as_they_are(architecture):
    final, trained = final_networks(architecture)
    same_bits((final.learned, final.hyper), (trained.learned, trained.hyper))


def test_without_batch_norm_there_are_no_statistics_and_the_affine_layers_stay():
    architecture = ARCHITECTURES["none-dropout"]
    final, trained = final_networks(architecture)
    assert of_batch_norm(final.statistics) == []
    _, folded = fold(architecture.layers, *final)
    affines = [[layer for layer in learned if isinstance(layer, Weights)] for learned in (folded, trained.learned)]
    assert len(affines[0]) == 3
    same_bits(*affines)


@cases
def test_they_are_numpy_arrays_with_the_networks_first(architecture):
    final, _ = final_networks(architecture)
    for leaf in jax.tree.leaves(final):
        assert type(leaf) is np.ndarray
        assert leaf.shape[0] == 2


@cases
def test_a_network_has_the_same_statistics_beside_others_and_alone(architecture):
    final, _ = final_networks(architecture)
    (trained,) = train(trainer(replace(architecture, dropout_form="inverted")), block(MEMBERS[1]))
    same_bits(one_of(final, slice(1, 2)), with_exact_statistics(trained, architecture.layers, width=2))


@cases
@pytest.mark.parametrize("width", [1, 3, 8])
def test_the_width_that_a_block_is_padded_to_changes_nothing(architecture, width):
    final, trained = final_networks(architecture)
    same_bits(final, with_exact_statistics(trained, architecture.layers, width))


@with_batch_norm
def test_statistics_may_be_those_of_the_first_training_rows_alone(architecture):
    _, trained = final_networks(architecture)
    rows, some = trained.block.rows, 50
    fewer = replace(trained, block=replace(trained.block, rows=replace(rows, training=rows.training[:some])))
    final = with_exact_statistics(trained, architecture.layers, width=2, rows=some)
    same_bits(final, with_exact_statistics(fewer, architecture.layers, width=2))
    x = np.float64(rows.x[rows.training[:some]])
    mean, variance = of_batch_norm(final.statistics)[0]
    for index in range(2):
        layer = one_of(trained.learned[0], index)
        inputs = x @ np.float64(layer.weight).T
        if architecture.batch_norm == "after":
            inputs = np.maximum(inputs + layer.bias, 0)
        np.testing.assert_allclose(mean[index], inputs.mean(axis=0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(variance[index], inputs.var(axis=0), rtol=1e-5, atol=1e-7)


@with_batch_norm
def test_as_many_rows_as_there_are_to_fit_on_are_all_of_them(architecture):
    final, trained = final_networks(architecture)
    same_bits(
        final, with_exact_statistics(trained, architecture.layers, width=2, rows=len(trained.block.rows.training))
    )


def test_blocks_of_different_sizes_and_splits_of_different_rows_are_served_by_one_program():
    architecture, fit = ARCHITECTURES["before-dropout"], table().training
    (pair,) = train(trainer(architecture), block(*MEMBERS))
    _statistics.clear_cache()
    with_exact_statistics(pair, architecture.layers, width=4, rows=80)
    for members, fitted in ((MEMBERS[:1], fit), (MEMBERS, fit[:81]), ([*MEMBERS, member(2)], fit[5:])):
        (trained,) = train(trainer(architecture), block(*members, rows=replace(table(), training=fitted)))
        with_exact_statistics(trained, architecture.layers, width=4, rows=80)
    assert _statistics._cache_size() == 1
