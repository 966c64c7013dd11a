"""`goru.claims.networks`: what trained networks put out is what the formulas say of the same numbers."""

import warnings

import jax
import numpy as np
import pytest
from claimed import random_training
from reference import by_hand, statistics_of

from goru.claims.networks import ClaimNetworks
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.layers.dropout import keep_mask, mask_key
from goru.population.trained import stack_hyper

INPUTS, OUTPUTS, ROWS = 4, 3, 11
IDS = np.array([3, 4_000_000_000], np.uint32)
# No usual values, and other ones for the second network, so that a forgotten or mistaken one shows.
HYPER = [
    Hyperparameters(dropout_rate=0.3, batch_norm_epsilon=1e-2, batch_norm_momentum=0.7),
    Hyperparameters(dropout_rate=0.45, batch_norm_epsilon=0.3, batch_norm_momentum=0.9),
]
PLACES, DROPS = (None, "before", "after"), (None, "inverted", "classic")
places = pytest.mark.parametrize("place", PLACES, ids=str)
drops = pytest.mark.parametrize("drop", DROPS, ids=str)


def make_architecture(place=None, drop=None, outputs=OUTPUTS, activation="tanh"):
    of_dropout = {"dropout": True, "dropout_form": drop} if drop else {}
    return Architecture(INPUTS, (5, 4), outputs, activation=activation, batch_norm=place, **of_dropout)


def make(architecture, loss="softmax_cross_entropy", training=None):
    training = training or random_training(architecture)
    return ClaimNetworks(architecture, loss, stack_hyper(HYPER), training, IDS)


def rows(seed=1):
    return np.random.default_rng(seed).normal(size=(ROWS, INPUTS)).astype(np.float32)


def hand(architecture, training, x, index, hyper=HYPER, step=None, own_rows=False):
    """What every hidden layer of one network puts out, and the outputs; with the masks of a step, if there is one."""
    own, rate = jax.tree.map(lambda leaf: leaf[index], training), hyper[index].dropout_rate
    statistics = tuple(() for _ in own.running) if own_rows else statistics_of(own.running)
    masks = None
    if step is not None:
        keys = [mask_key(IDS[index], step, layer) for layer in range(len(architecture.hidden))]
        masks = [keep_mask(key, (units, ROWS), rate).T for key, units in zip(keys, architecture.hidden, strict=True)]
    return by_hand(architecture, own.learned, statistics, hyper[index], x, masks)


def expected_outputs(architecture, training, x, hyper=HYPER):
    return np.stack([hand(architecture, training, x, index, hyper)[-1] for index in range(len(hyper))])


def close(ours, expected):
    np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=2e-5)


class TestOutputs:
    @places
    @drops
    def test_are_those_of_the_formulas(self, place, drop):
        architecture = make_architecture(place, drop)
        training = random_training(architecture)
        close(make(architecture, training=training).outputs(rows()), expected_outputs(architecture, training, rows()))

    @pytest.mark.parametrize("activation", ["relu", "sigmoid", "gelu"])
    def test_so_are_they_for_other_activations(self, activation):
        architecture = make_architecture("before", activation=activation)
        training = random_training(architecture)
        close(make(architecture, training=training).outputs(rows()), expected_outputs(architecture, training, rows()))

    @pytest.mark.parametrize("place", ["before", "after"])
    def test_batch_norm_that_has_seen_nothing_has_mean_0_and_variance_1(self, place):
        architecture = make_architecture(place)
        training = random_training(architecture)
        # The second network has not been trained.
        new = np.array([1, 0], np.float32)
        running = tuple(
            type(own)(own.mean * new[:, None], own.variance * new[:, None], own.weight * new) if own else ()
            for own in training.running
        )
        training = training._replace(running=running)
        found = make(architecture, training=training).outputs(rows())
        assert np.isfinite(found).all()
        close(found, expected_outputs(architecture, training, rows()))

    def test_of_a_network_without_hidden_layers_are_linear(self):
        architecture = Architecture(INPUTS, (), OUTPUTS)
        training = random_training(architecture)
        networks = make(architecture, training=training)
        close(networks.outputs(rows()), expected_outputs(architecture, training, rows()))
        assert networks.activations(rows()) == []

    def test_leave_the_numbers_that_they_are_made_of_alone(self):
        architecture = make_architecture("before", "classic")
        training = random_training(architecture)
        make(architecture, training=training).outputs(rows())
        for ours, before in zip(jax.tree.leaves(training), jax.tree.leaves(random_training(architecture)), strict=True):
            np.testing.assert_array_equal(ours, before)


class TestPredictions:
    def test_of_classes_are_probabilities(self):
        networks = make(make_architecture("after"))
        close(networks.predict(rows()), jax.nn.softmax(networks.outputs(rows()), axis=-1))

    def test_of_values_are_the_outputs(self):
        networks = make(make_architecture("after"), "squared_error")
        np.testing.assert_array_equal(networks.predict(rows()), networks.outputs(rows()))


class TestMasks:
    @places
    @drops
    def test_delete_the_neurons_that_training_deletes_in_that_step(self, place, drop):
        architecture = make_architecture(place, drop)
        training = random_training(architecture)
        networks = make(architecture, training=training)
        for step in (0, 17):
            expected = np.stack([hand(architecture, training, rows(), index, step=step)[-1] for index in (0, 1)])
            close(networks.outputs(rows(), step), expected)
            close(networks.predict_masked(rows(), step), jax.nn.softmax(expected, axis=-1))

    def test_differ_from_step_to_step_and_from_all_neurons(self):
        networks = make(make_architecture(None, "inverted"))
        found = [networks.predict_masked(rows(), 0), networks.predict_masked(rows(), 1), networks.predict(rows())]
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert np.abs(found[one] - found[other]).max() > 0.01

    def test_do_nothing_to_a_network_without_dropout(self):
        networks = make(make_architecture("before"))
        close(networks.predict_masked(rows(), 3), networks.predict(rows()))


class TestActivations:
    @places
    @pytest.mark.parametrize("drop", [None, "inverted"], ids=str)
    def test_are_what_every_hidden_layer_puts_out_normalised_by_these_rows(self, place, drop):
        """As in training; but no neuron is deleted."""
        architecture = make_architecture(place, drop)
        training = random_training(architecture)
        found = make(architecture, training=training).activations(rows())
        assert [layer.shape for layer in found] == [(2, ROWS, 5), (2, ROWS, 4)]
        for index in (0, 1):
            *hidden, _ = hand(architecture, training, rows(), index, own_rows=True)
            for ours, expected in zip(found, hidden, strict=True):
                close(ours[index], expected)

    def test_do_not_change_what_the_network_puts_out(self):
        networks = make(make_architecture("before", "inverted"))
        before = networks.outputs(rows())
        networks.activations(rows(5))
        np.testing.assert_array_equal(networks.outputs(rows()), before)


class TestScaledBy:
    @pytest.mark.parametrize("place", PLACES, ids=str)
    def test_a_share_a_classic_network_is_as_if_that_share_were_kept(self, place):
        architecture = make_architecture(place, "classic")
        training, x = random_training(architecture), rows()
        for kept in (0.2, 1.0):
            # The share kept is one minus the rate.
            hyper = [own._replace(dropout_rate=1 - kept) for own in HYPER]
            found = make(architecture, training=training).scaled_by(kept)
            close(found.outputs(x), expected_outputs(architecture, training, x, hyper))

    def test_of_one_forgets_the_scaling(self):
        architecture = make_architecture(None, "classic")
        training, none = random_training(architecture), [own._replace(dropout_rate=0.0) for own in HYPER]
        found = make(architecture, training=training).scaled_by(1.0).outputs(rows())
        close(found, expected_outputs(architecture, training, rows(), none))
        assert np.abs(found - make(architecture, training=training).outputs(rows())).max() > 0.1

    def test_another_share_the_last_one_counts(self):
        networks = make(make_architecture("after", "classic"))
        twice = networks.scaled_by(0.2).scaled_by(0.5)
        np.testing.assert_array_equal(twice.outputs(rows()), networks.scaled_by(0.5).outputs(rows()))

    def test_leaves_the_network_itself_alone(self):
        networks = make(make_architecture("after", "classic"))
        before, norm = networks.outputs(rows()), networks.norm.copy()
        assert np.abs(networks.scaled_by(0.2).outputs(rows()) - before).max() > 0.1
        np.testing.assert_array_equal(networks.outputs(rows()), before)
        np.testing.assert_array_equal(networks.norm, norm)

    def test_masks_and_learned_weights_are_as_they_were(self):
        networks = make(make_architecture("before", "classic"))
        scaled = networks.scaled_by(0.2)
        np.testing.assert_array_equal(scaled.predict_masked(rows(), 3), networks.predict_masked(rows(), 3))
        np.testing.assert_array_equal(scaled.norm, networks.norm)


class TestNorm:
    @pytest.mark.parametrize("drop", [None, "inverted", "classic"], ids=str)
    @pytest.mark.parametrize("place", PLACES, ids=str)
    def test_is_the_root_of_the_sum_of_all_squared_weights(self, place, drop):
        architecture = make_architecture(place, drop)
        training = random_training(architecture)
        matrices = [np.float64(own.weight) for own in training.learned if hasattr(own, "weight")]
        expected = np.sqrt([sum((matrix[index] ** 2).sum() for matrix in matrices) for index in (0, 1)])
        np.testing.assert_allclose(make(architecture, training=training).norm, expected, rtol=1e-6)


class TestFigures:
    def test_of_classes_are_mean_loss_and_accuracy(self):
        architecture = make_architecture("before")
        training = random_training(architecture)
        y = np.random.default_rng(2).integers(OUTPUTS, size=ROWS).astype(np.int32)
        outputs = expected_outputs(architecture, training, rows())
        log_total = np.log(np.exp(outputs).sum(axis=2))
        losses = (log_total - outputs[:, np.arange(ROWS), y]).mean(axis=1)
        right = (outputs.argmax(axis=2) == y).mean(axis=1)
        close(make(architecture, training=training).figures(rows(), y), np.stack([losses, right], axis=1))

    @pytest.mark.parametrize("outputs", [1, 2])
    def test_of_values_are_the_mean_squared_error_over_rows_and_outputs(self, outputs):
        architecture = make_architecture("after", outputs=outputs)
        training = random_training(architecture)
        y = np.random.default_rng(2).normal(size=(ROWS, outputs)).astype(np.float32)
        found = make(architecture, "squared_error", training).figures(rows(), y)
        expected = np.square(expected_outputs(architecture, training, rows()) - y).mean(axis=(1, 2))
        close(found, expected[:, None])

    def test_of_a_network_that_diverged_are_no_numbers_and_it_says_so_quietly(self):
        architecture = make_architecture(activation="relu")
        training = random_training(architecture)
        y = np.zeros(ROWS, np.int32)
        well = make(architecture, training=training).figures(rows(), y)
        for own in training.learned[:-1]:
            if own:
                own.weight[1] = np.inf
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = make(architecture, training=training).figures(rows(), y)
        assert not np.isfinite(found[1, 0])
        np.testing.assert_array_equal(found[0], well[0])
