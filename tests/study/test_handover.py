"""The recommended draws, trained again on all development rows."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goru.nn.architecture import Hyperparameters
from goru.nn.network import forward_inference
from goru.study.design import PLAIN, Arm
from goru.study.handover import Bag, Candidate, as_model, rank, shortlist, train_bag
from goru.study.laboratory import fit_preparation

DROPOUT, NORMED = Arm(dropout=True), Arm("before", True, True)
SCHEDULE = 6


def candidate(arm: Arm, draw: int = 0, epochs: int = 5, **hyper: float) -> Candidate:
    return Candidate(arm, draw, Hyperparameters(**{"learning_rate": 0.01} | hyper), epochs, loss=0.5)


CANDIDATES = (
    candidate(NORMED, dropout_rate=0.2, weight_decay=0.1),
    candidate(PLAIN, draw=1, epochs=3),
    candidate(Arm("after")),
)


@pytest.fixture(scope="module")
def bag(laboratory) -> Bag:
    return train_bag(laboratory, CANDIDATES, SCHEDULE, size=8)


class TestRank:
    def test_the_lowest_mean_held_out_loss_comes_first_each_draw_at_its_best_epoch(self):
        losses = {
            PLAIN: np.array([[[0.9, 0.5, 0.8], [0.7, 0.7, 0.4]]]),  # means 0.8, 0.6, 0.6
            DROPOUT: np.array(
                [
                    [[0.5, 0.4, 0.3], [0.7, 0.6, 0.1]],  # means 0.6, 0.5, 0.2
                    [[0.4, np.inf, np.inf], [0.4, 0.1, 0.1]],  # means 0.4 and infinite
                ]
            ),
        }
        drawn = {
            PLAIN: [Hyperparameters(learning_rate=0.1)],
            DROPOUT: [Hyperparameters(learning_rate=0.2), Hyperparameters(learning_rate=0.3)],
        }
        ranked = rank(losses, drawn)
        assert [(best.arm, best.draw, best.epochs) for best in ranked] == [
            (DROPOUT, 0, 3),
            (DROPOUT, 1, 1),
            (PLAIN, 0, 2),
        ]
        assert [best.loss for best in ranked] == pytest.approx([0.2, 0.4, 0.6])
        assert [best.hyper.learning_rate for best in ranked] == [0.2, 0.3, 0.1]

    def test_a_draw_that_diverged_comes_last(self):
        losses = {PLAIN: np.array([[[np.inf, np.inf]], [[0.9, 0.8]]])}
        ranked = rank(losses, {PLAIN: [Hyperparameters(), Hyperparameters()]})
        assert [(best.draw, best.loss) for best in ranked] == [(1, 0.8), (0, np.inf)]


class TestBag:
    @pytest.mark.parametrize(
        ("size", "shares"), [(1, [1, 0, 0]), (3, [1, 1, 1]), (5, [2, 2, 1]), (8, [3, 3, 2])], ids=str
    )
    def test_it_has_the_size_asked_for_shared_out_evenly(self, laboratory, size, shares):
        bag = train_bag(laboratory, CANDIDATES, SCHEDULE, size)
        assert len(bag.networks) == len(bag.candidates) == size
        assert [bag.candidates.count(one) for one in CANDIDATES] == shares
        assert bag.candidates[0] == CANDIDATES[0]

    def test_no_two_networks_are_alike(self, bag):
        outputs = bag.networks.outputs(np.eye(bag.networks.inputs, dtype=np.float32))
        assert len({output.tobytes() for output in outputs}) == 8

    def test_a_network_does_not_depend_on_what_else_is_in_the_bag(self, laboratory, bag):
        alone = train_bag(laboratory, CANDIDATES[1:2], SCHEDULE, size=1)
        at = bag.candidates.index(CANDIDATES[1])
        for one, other in zip(alone.networks.weights, bag.networks.only([at]).weights, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_it_is_trained_for_its_epochs_of_the_schedule_that_it_was_chosen_in(self, laboratory):
        def weights(epochs, schedule):
            bag = train_bag(laboratory, [candidate(PLAIN, epochs=epochs)], schedule, size=1)
            return bag.networks.weights[0].tobytes()

        assert len({weights(3, 6), weights(4, 6), weights(3, 3)}) == 3

    def test_all_development_rows_are_fitted_and_no_other(self, flowers, laboratory, bag):
        """The running mean that batch norm ends with is that of the first layer over these rows."""
        preparation, _ = fit_preparation(flowers, np.arange(len(flowers.y_development)))
        x = preparation.transform(flowers.encoded_development)
        layer = bag.settled[0].network.hidden[0].affine
        mean = x @ layer.weight[0] + layer.bias[0]
        np.testing.assert_allclose(bag.settled[0].statistics[0].mean[0], mean.mean(axis=0), rtol=1e-4, atol=1e-5)

    def test_what_predicts_is_what_was_trained(self, laboratory, flowers, bag):
        """Batch norm and dropout are folded away: the plain networks compute what the trained ones do."""
        x = np.random.default_rng(0).normal(size=(20, flowers.n_features)).astype(np.float32)
        found, index = bag.networks.outputs(x), 0
        for settled in bag.settled:
            for network in range(len(settled.network.output.bias)):
                trained, statistics = jax.tree.map(
                    lambda leaf, network=network: jnp.asarray(leaf[network]), (settled.network, settled.statistics)
                )
                one = bag.candidates[index]
                architecture = one.arm.architecture(laboratory.base)
                expected = forward_inference(architecture, trained, statistics, one.hyper, jnp.asarray(x))
                np.testing.assert_allclose(found[index], expected, rtol=1e-4, atol=1e-5)
                index += 1
        assert index == 8

    def test_it_is_the_same_bit_for_bit_when_trained_again(self, laboratory, bag):
        again = train_bag(laboratory, CANDIDATES, SCHEDULE, size=8)
        flat = bag.flat()
        assert {name: array.tobytes() for name, array in again.flat().items()} == {
            name: array.tobytes() for name, array in flat.items()
        }


class TestFlat:
    def test_a_name_tells_the_network_the_layer_and_what_it_is(self, bag):
        layers = {f"network.{layer}.{kind}" for layer in ("hidden.0.affine", "output") for kind in ("weight", "bias")}
        norm = {"network.hidden.0.batch_norm.scale", "network.hidden.0.batch_norm.shift"}
        statistics = {"statistics.0.mean", "statistics.0.variance"}
        names = {index: set() for index in range(8)}
        for name in bag.flat():
            index, _, rest = name.partition(".")
            names[int(index)].add(rest)
        for index, one in enumerate(bag.candidates):
            assert names[index] == layers | (norm | statistics if one.arm.batch_norm else set())

    def test_every_array_is_one_networks(self, bag, flowers):
        flat = bag.flat()
        assert flat["0.network.hidden.0.affine.weight"].shape == (flowers.n_features, 8)
        assert flat["7.network.output.bias"].shape == (flowers.n_outputs,)
        scale = flat["1.network.hidden.0.batch_norm.scale"]  # of the first candidate's second network
        np.testing.assert_array_equal(scale, bag.settled[0].network.hidden[0].batch_norm.scale[1])


class TestModel:
    def test_it_predicts_classes_and_probabilities_of_rows(self, flowers, bag):
        model = as_model(flowers, bag)
        probabilities = model.probabilities(flowers.encoded_test)
        assert probabilities.shape == (len(flowers.y_test), 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
        assert set(model.predict_encoded(flowers.encoded_test)) <= {"iris", "lily", "rose"}

    def test_it_says_what_each_network_is(self, flowers, bag):
        members = as_model(flowers, bag).members
        assert [member["arm"] for member in members] == [one.arm.name for one in bag.candidates]
        assert members[0]["dropout_rate"] == 0.2
        assert members[3]["epochs"] == 3


def test_a_bag_is_made_of_the_best_draw_and_of_those_nearly_as_good():
    best, near, third, far = (replace(candidate(PLAIN), loss=loss) for loss in (1.0, 1.04, 1.041, 1.06))
    assert shortlist([best, near, third]) == [best, near]
    assert shortlist([best, far]) == [best]
