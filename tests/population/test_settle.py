"""Networks that are done: exact statistics, and batch norm and dropout folded away."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from populations import ARCHITECTURES, block, member, outputs_in_numpy, table, train, trainer

from goru.model.networks import PlainNetworks
from goru.nn.dropout import dropout_key, keep_mask
from goru.nn.network import STATISTICS_STEP, forward_inference
from goru.population.settle import _settle, settle

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


def settled_networks(architecture):
    (trained,) = train(trainer(replace(architecture, dropout_form="inverted")), block(*MEMBERS))
    return settle(trained, architecture, width=2), trained


def one_of(stacked, index):
    return jax.tree.map(lambda leaf: leaf[index], stacked)


def same_bits(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


@cases
def test_folded_networks_predict_in_numpy_what_inference_with_exact_statistics_does(architecture):
    settled, trained = settled_networks(architecture)
    rows = table()
    x = rows.x[rows.score]
    plain = PlainNetworks(
        architecture.activation,
        tuple(layer.weight for layer in settled.plain),
        tuple(layer.bias for layer in settled.plain),
    )
    outputs = plain.outputs(x)
    assert outputs.shape == (2, len(x), architecture.outputs)
    for index in range(2):
        network, statistics, hyper = (
            one_of(part, index) for part in (settled.network, settled.statistics, trained.hyper)
        )
        unfolded = forward_inference(architecture, *jax.tree.map(jnp.asarray, (network, statistics, hyper, x)))
        np.testing.assert_allclose(outputs[index], unfolded, rtol=1e-4, atol=1e-5)
        by_hand = outputs_in_numpy(architecture, network, statistics, MEMBERS[index].hyper, x)
        np.testing.assert_allclose(outputs[index], by_hand, rtol=1e-4, atol=1e-5)


@with_batch_norm
def test_statistics_are_mean_and_variance_over_all_fit_rows_with_neurons_deleted_as_in_training(architecture):
    settled, trained = settled_networks(architecture)
    rows = table()
    for index, one in enumerate(MEMBERS):
        network, rate = one_of(trained.networks, index), one.hyper.dropout_rate
        x = np.float64(rows.x[rows.fit])
        for depth, (layer, statistics) in enumerate(
            zip(network.hidden, one_of(settled.statistics, index), strict=True)
        ):
            x = x @ np.float64(layer.affine.weight) + layer.affine.bias
            x = np.maximum(x, 0) if architecture.batch_norm == "after" else x
            mean, variance = x.mean(axis=0), x.var(axis=0)
            np.testing.assert_allclose(statistics.mean, mean, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(statistics.variance, variance, rtol=1e-5, atol=1e-7)
            x = (x - mean) / np.sqrt(variance + one.hyper.batch_norm_epsilon)
            x = x * layer.batch_norm.scale + layer.batch_norm.shift
            x = np.maximum(x, 0) if architecture.batch_norm == "before" else x
            if architecture.dropout:
                # By masks of the network's own, of a step that no training reaches.
                mask = keep_mask(dropout_key(one.id, STATISTICS_STEP, depth), x.shape, rate)
                x = x * mask if architecture.dropout_form == "classic" else x * mask / (1 - rate)


@cases
def test_the_learned_numbers_are_left_as_they_are(architecture):
    settled, trained = settled_networks(architecture)
    jax.tree.map(np.testing.assert_array_equal, settled.network, trained.networks)


def test_without_batch_norm_there_are_no_statistics_and_the_affine_layers_stay():
    settled, trained = settled_networks(ARCHITECTURES["none-dropout"])
    assert settled.statistics == ()
    affines = (*[layer.affine for layer in trained.networks.hidden], trained.networks.output)
    jax.tree.map(np.testing.assert_array_equal, settled.plain, affines)


@cases
def test_what_is_settled_is_numpy_arrays_with_the_networks_first(architecture):
    settled, _ = settled_networks(architecture)
    for leaf in jax.tree.leaves(settled):
        assert type(leaf) is np.ndarray
        assert leaf.shape[0] == 2


@cases
def test_a_network_is_settled_the_same_beside_others_and_alone(architecture):
    settled, _ = settled_networks(architecture)
    (trained,) = train(trainer(replace(architecture, dropout_form="inverted")), block(MEMBERS[1]))
    same_bits(one_of(settled, slice(1, 2)), settle(trained, architecture, width=2))


@cases
@pytest.mark.parametrize("width", [1, 3, 8])
def test_the_width_that_a_block_is_padded_to_changes_nothing(architecture, width):
    settled, trained = settled_networks(architecture)
    same_bits(settled, settle(trained, architecture, width))


@with_batch_norm
def test_statistics_may_be_those_of_the_first_fit_rows_alone(architecture):
    _, trained = settled_networks(architecture)
    rows, some = trained.block.rows, 50
    fewer = replace(trained, block=replace(trained.block, rows=replace(rows, fit=rows.fit[:some])))
    settled = settle(trained, architecture, width=2, rows=some)
    same_bits(settled, settle(fewer, architecture, width=2))
    x = np.float64(rows.x[rows.fit[:some]])
    for index in range(2):
        layer = one_of(trained.networks, index).hidden[0].affine
        inputs = x @ np.float64(layer.weight) + layer.bias
        inputs = np.maximum(inputs, 0) if architecture.batch_norm == "after" else inputs
        np.testing.assert_allclose(settled.statistics[0].mean[index], inputs.mean(axis=0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(settled.statistics[0].variance[index], inputs.var(axis=0), rtol=1e-5, atol=1e-7)


@with_batch_norm
def test_as_many_rows_as_there_are_to_fit_on_are_all_of_them(architecture):
    settled, trained = settled_networks(architecture)
    same_bits(settled, settle(trained, architecture, width=2, rows=len(trained.block.rows.fit)))


def test_blocks_of_different_sizes_and_splits_of_different_rows_are_served_by_one_program():
    architecture, fit = ARCHITECTURES["before-dropout"], table().fit
    (pair,) = train(trainer(architecture), block(*MEMBERS))
    _settle.clear_cache()
    settle(pair, architecture, width=4, rows=80)
    for members, fitted in ((MEMBERS[:1], fit), (MEMBERS, fit[:81]), ([*MEMBERS, member(2)], fit[5:])):
        (trained,) = train(trainer(architecture), block(*members, rows=replace(table(), fit=fitted)))
        settle(trained, architecture, width=4, rows=80)
    assert _settle._cache_size() == 1
