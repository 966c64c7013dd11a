"""The recommended draws, trained again: on all development rows, and on the training rows of every split."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from reference import by_hand

from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population.member import Block
from goru.population.trainer import Trainer
from goru.studies.design import PLAIN, architecture, arm_of
from goru.studies.final.handover import Bag, _without_diverged, predict_held_out, train_bag
from goru.studies.laboratory import Laboratory, block_shape, fit_preparation

NORMED = arm_of("before", True, True)
SCHEDULE = 6


def candidate(arm: Arm, draw: int = 0, epochs: int = 5, **hyper: float) -> Candidate:
    return Candidate(arm, draw, Hyperparameters(**{"learning_rate": 0.01} | hyper)._asdict(), epochs, loss=0.5)


CANDIDATES = (
    candidate(NORMED, dropout_rate=0.2, weight_decay=0.1),
    candidate(PLAIN, draw=1, epochs=3),
    candidate(arm_of("after")),
)


SHARES = dict(zip(CANDIDATES, (3, 3, 2), strict=True))
"""Blocks hold two networks: the first two candidates need two of them each."""


@pytest.fixture(scope="module")
def bag(laboratory) -> Bag:
    return train_bag(laboratory, SHARES, SCHEDULE)


class TestBag:
    def test_it_has_as_many_networks_of_each_candidate_as_are_asked_for_in_their_order(self, bag):
        assert bag.candidates == (CANDIDATES[0],) * 3 + (CANDIDATES[1],) * 3 + (CANDIDATES[2],) * 2
        assert len(bag.networks) == 8

    def test_no_two_networks_are_alike(self, bag):
        outputs = bag.networks.outputs(np.eye(bag.networks.inputs, dtype=np.float32))
        assert len({output.tobytes() for output in outputs}) == 8

    def test_a_network_does_not_depend_on_what_else_is_in_the_bag(self, laboratory, bag):
        alone = train_bag(laboratory, {CANDIDATES[1]: 2}, SCHEDULE)
        for one, other in zip(alone.networks.arrays.values(), bag.networks.only([3, 4]).arrays.values(), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_it_is_trained_for_its_epochs_of_the_schedule_that_it_was_chosen_in(self, laboratory):
        def weights(epochs, schedule):
            bag = train_bag(laboratory, {candidate(PLAIN, epochs=epochs): 1}, schedule)
            return bag.networks.arrays["0.weight"].tobytes()

        assert len({weights(3, 6), weights(4, 6), weights(3, 3)}) == 3

    def test_all_development_rows_are_fitted_and_no_other(self, flowers, laboratory, bag):
        """The running mean that batch norm ends with is that of the first layer over these rows."""
        preparation, _ = fit_preparation(flowers, np.arange(len(flowers.y_development)))
        x = preparation.transform(flowers.encoded_development)
        mean = (x @ bag.settled[0].learned[0].weight[0].T).mean(axis=0)
        np.testing.assert_allclose(bag.settled[0].statistics[1].mean[0], mean, rtol=1e-4, atol=1e-5)

    def test_what_predicts_is_what_was_trained(self, laboratory, flowers, bag):
        """Batch norm and dropout are folded away: the plain networks compute what the trained ones do."""
        x = np.random.default_rng(0).normal(size=(20, flowers.n_features)).astype(np.float32)
        found, index = bag.networks.outputs(x), 0
        for settled in bag.settled:
            for network in range(len(settled.hyper.learning_rate)):
                trained, statistics = jax.tree.map(
                    lambda leaf, network=network: leaf[network], (settled.learned, settled.statistics)
                )
                one = bag.candidates[index]
                expected = by_hand(
                    architecture(one.arm, laboratory.base), trained, statistics, Hyperparameters(**one.values), x
                )[-1]
                np.testing.assert_allclose(found[index], expected, rtol=1e-4, atol=1e-5)
                index += 1
        assert index == 8

    def test_it_is_the_same_bit_for_bit_when_trained_again(self, laboratory, bag):
        again = train_bag(laboratory, SHARES, SCHEDULE)
        flat = bag.flat()
        assert {name: array.tobytes() for name, array in again.flat().items()} == {
            name: array.tobytes() for name, array in flat.items()
        }


def leaves(network) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(network)]


def assert_alike(one, other) -> None:
    for mine, yours in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(mine, yours)


class TestStages:
    """The first network of the ensemble while it was trained."""

    def test_are_before_training_half_way_and_at_the_end(self, bag):
        assert list(bag.stages) == [0, 2, 5]  # of five epochs

    def test_are_of_one_network_with_a_first_axis(self, bag):
        for network in bag.stages.values():
            assert {leaf.shape[0] for leaf in leaves(network)} == {1}

    def test_last_it_is_what_is_handed_over(self, bag):
        assert_alike(bag.stages[5], jax.tree.map(lambda leaf: leaf[:1], bag.settled[0].learned))

    def test_half_way_it_is_what_a_training_that_stops_there_leaves(self, laboratory, bag):
        half = train_bag(laboratory, {replace(CANDIDATES[0], epochs=2): 3}, SCHEDULE)
        assert_alike(bag.stages[2], half.stages[2])
        assert any(
            (one != other).any() for one, other in zip(leaves(bag.stages[2]), leaves(bag.stages[5]), strict=True)
        )

    def test_first_it_has_learned_nothing(self, bag):
        affine, norm, *_, output = bag.stages[0]
        assert affine.bias is None
        for zero in (output.bias, norm.shift, norm.scale - 1):
            assert not zero.any()
        # Random weights after He: of variance two over the inputs.
        assert affine.weight.std() == pytest.approx(np.sqrt(2 / affine.weight.shape[2]), rel=0.4)
        assert (affine.weight != bag.stages[5][0].weight).all()

    @pytest.mark.parametrize(("epochs", "stages"), [(1, [0, 1]), (2, [0, 1, 2]), (3, [0, 1, 3])])
    def test_of_few_epochs_some_are_the_same(self, laboratory, epochs, stages):
        found = train_bag(laboratory, {candidate(PLAIN, epochs=epochs): 1}, SCHEDULE).stages
        assert list(found) == stages
        assert len(found[0]) == 3

    def test_change_nothing_of_what_is_trained(self, laboratory, bag, monkeypatch):
        monkeypatch.setattr("goru.studies.final.handover.Block", lambda *given, snapshots: Block(*given))
        without = train_bag(laboratory, SHARES, SCHEDULE)
        assert without.stages == {}
        for name, array in without.flat().items():
            np.testing.assert_array_equal(array, bag.flat()[name])

    def test_none_are_kept_of_networks_that_are_only_to_predict_held_out_rows(self, laboratory, splits, monkeypatch):
        seen, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            seen.extend(blocks)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        predict_held_out(laboratory, {CANDIDATES[1]: 3}, splits, SCHEDULE)
        assert {block.snapshots for block in seen} == {()}
        seen.clear()
        train_bag(laboratory, SHARES, SCHEDULE)
        assert sorted(block.snapshots for block in seen) == [*[()] * 4, (0, 2, 5)]  # of five blocks one

    def broken(self, bag: Bag, networks: list[int]) -> Bag:
        """The same bag, some networks of its first block diverged."""
        first, *others = bag.settled
        bad = np.isin(np.arange(len(first.hyper.learning_rate)), networks)
        norm = first.statistics[1]
        mean = np.where(bad[:, None], np.nan, norm.mean).astype(np.float32)
        statistics = (first.statistics[0], norm._replace(mean=mean), *first.statistics[2:])
        # A stage, before all but one are left out, has the whole block.
        stages = {5: first.learned}
        return replace(bag, settled=(first._replace(statistics=statistics), *others), stages=stages)

    def test_are_of_the_first_that_did_not_diverge(self, bag):
        left = _without_diverged(self.broken(bag, [0]))
        assert len(left.networks) == 7
        assert_alike(left.stages[5], jax.tree.map(lambda leaf: leaf[1:2], bag.settled[0].learned))
        assert_alike(left.stages[5], jax.tree.map(lambda leaf: leaf[:1], left.settled[0].learned))

    def test_there_are_none_where_the_whole_first_block_diverged(self, bag):
        left = _without_diverged(self.broken(bag, [0, 1]))
        assert (len(left.networks), left.stages) == (6, {})


WILD = candidate(PLAIN, draw=2, learning_rate=1e38)
"""It diverges at its first steps."""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
class TestDiverged:
    def test_networks_that_diverged_are_not_handed_over(self, laboratory, bag):
        mixed = train_bag(laboratory, {CANDIDATES[0]: 3, WILD: 3, CANDIDATES[2]: 2}, SCHEDULE)
        assert mixed.candidates == (CANDIDATES[0],) * 3 + (CANDIDATES[2],) * 2
        for one, other in zip(
            mixed.networks.arrays.values(), bag.networks.only([0, 1, 2, 6, 7]).arrays.values(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
        kept = {"0": "0", "1": "1", "2": "2", "3": "6", "4": "7"}
        flat, whole = mixed.flat(), bag.flat()
        assert {name.partition(".")[0] for name in flat} == set(kept)
        for name, array in flat.items():
            index, _, rest = name.partition(".")
            np.testing.assert_array_equal(array, whole[f"{kept[index]}.{rest}"])

    def test_they_change_no_other_network_s_stages_and_have_none(self, laboratory, bag):
        mixed = train_bag(laboratory, {CANDIDATES[0]: 3, WILD: 1}, SCHEDULE)
        assert list(mixed.stages) == [0, 2, 5]
        for epoch, network in mixed.stages.items():
            assert_alike(network, bag.stages[epoch])
        assert train_bag(laboratory, {WILD: 2, CANDIDATES[0]: 1}, SCHEDULE).stages == {}

    def test_where_all_diverged_there_is_nothing_to_hand_over(self, laboratory):
        with pytest.raises(InputError, match="all networks of the recommended configurations diverged"):
            train_bag(laboratory, {WILD: 3}, SCHEDULE)

    def test_on_held_out_rows_each_network_has_its_place_whatever_becomes_of_the_others(
        self, laboratory, splits, predicted
    ):
        mixed = predict_held_out(laboratory, {CANDIDATES[0]: 1, WILD: 2, CANDIDATES[2]: 1}, splits, SCHEDULE)
        np.testing.assert_array_equal(mixed[[0, 3]], predicted[[0, 4]])
        assert not np.isfinite(mixed[[1, 2]]).any()


class TestFlat:
    def test_a_name_tells_the_network_the_layer_and_what_it_is(self, bag):
        plain = {"0.weight", "0.bias", "2.weight", "2.bias"}
        before = {"0.weight", "1.scale", "1.shift", "1.mean", "1.variance", "4.weight", "4.bias"}
        after = {"0.weight", "0.bias", "2.scale", "2.shift", "2.mean", "2.variance", "3.weight", "3.bias"}
        names = {index: set() for index in range(8)}
        for name in bag.flat():
            index, _, rest = name.partition(".")
            names[int(index)].add(rest)
        for index, one in enumerate(bag.candidates):
            assert names[index] == {None: plain, "before": before, "after": after}[one.arm["batch_norm"]]

    def test_every_array_is_one_networks(self, bag, flowers):
        flat = bag.flat()
        assert flat["0.0.weight"].shape == (8, flowers.n_features)
        assert flat["7.3.bias"].shape == (flowers.n_outputs,)
        scale = flat["1.1.scale"]  # of the first candidate's second network
        np.testing.assert_array_equal(scale, bag.settled[0].learned[1].scale[1])

    def test_of_a_bag_only_the_first_networks_may_be_wanted(self, bag):
        flat, first = bag.flat(), bag.flat(networks=1)
        assert first.keys() == {name for name in flat if name.startswith("0.")}
        for name, array in first.items():
            np.testing.assert_array_equal(array, flat[name])


def other_targets(dataset, rows: np.ndarray):
    """The same table, but for the classes of some development rows."""
    y = dataset.y_development.copy()
    y[rows] = (y[rows] + 1) % len(dataset.classes)
    return replace(dataset, y_development=y)


HELD_OUT = {CANDIDATES[0]: 1, CANDIDATES[1]: 3, CANDIDATES[2]: 1}


@pytest.fixture(scope="module")
def predicted(laboratory, splits) -> np.ndarray:
    return predict_held_out(laboratory, HELD_OUT, splits, SCHEDULE)


class TestHeldOut:
    def test_every_network_predicts_every_row(self, flowers, predicted):
        assert predicted.shape == (5, len(flowers.y_development), 3)
        np.testing.assert_allclose(predicted.sum(axis=2), 1, atol=1e-12)

    @pytest.mark.parametrize("balanced", [False, True], ids=["", "balanced"])
    def test_what_a_row_really_is_has_no_say_in_its_own_prediction(self, laboratory, splits, flowers, balanced):
        """The networks that predict a fold have seen the other folds alone, and their classes weigh alone."""
        shares, scored = {CANDIDATES[0]: 1, CANDIDATES[1]: 1}, splits[1].score_rows
        others = np.setdiff1d(np.arange(len(flowers.y_development)), scored)

        def predict(dataset):
            changed = laboratory.for_table(dataset, laboratory.seed)
            changed.balanced = balanced
            return predict_held_out(changed, shares, splits, SCHEDULE)

        before, after = predict(flowers), predict(other_targets(flowers, scored[:5]))
        np.testing.assert_array_equal(after[:, scored], before[:, scored])
        assert (after[:, others] != before[:, others]).any(axis=(0, 2)).all()

    def test_what_a_row_looks_like_has_no_say_in_those_of_its_fold(self, laboratory, splits, flowers):
        """Columns are prepared by the training rows alone."""
        row, *rest = splits[1].score_rows
        encoded = flowers.encoded_development
        numeric = encoded.numeric.copy()
        numeric[row] = [1e6, -1e6]
        changed = replace(flowers, encoded_development=replace(encoded, numeric=numeric))
        before, after = (
            predict_held_out(laboratory.for_table(dataset, laboratory.seed), {CANDIDATES[1]: 1}, splits, SCHEDULE)[0]
            for dataset in (flowers, changed)
        )
        np.testing.assert_array_equal(after[rest], before[rest])
        assert (after[row] != before[row]).any()
        assert (after[splits[0].score_rows] != before[splits[0].score_rows]).any(axis=1).all()

    def test_they_learn_from_the_fit_rows_what_the_score_rows_are(self, laboratory, splits, flowers):
        good = candidate(PLAIN, epochs=40, learning_rate=0.03)
        mean = predict_held_out(laboratory, {good: 4}, splits, 40).mean(axis=0)
        assert (mean.argmax(axis=1) == flowers.y_development).mean() > 0.6  # a third by chance

    def test_networks_come_in_the_order_of_the_candidates_and_do_not_depend_on_one_another(
        self, laboratory, splits, predicted
    ):
        start = 0
        for one, share in HELD_OUT.items():
            alone = predict_held_out(laboratory, {one: share}, splits, SCHEDULE)
            np.testing.assert_array_equal(alone, predicted[start : start + share])
            start += share

    def test_it_is_the_same_bit_for_bit_when_done_again(self, laboratory, splits, predicted):
        again = predict_held_out(laboratory, HELD_OUT, splits, SCHEDULE)
        assert again.tobytes() == predicted.tobytes()

    def test_rows_that_no_split_scores_are_not_predicted(self, laboratory, flowers):
        """With times, the first period is only fitted on, and later splits fit on more rows than earlier ones."""
        n = len(flowers.y_development)
        past = [Split(np.arange(end), np.arange(end, end + 18)) for end in (18, 36)]
        predicted = predict_held_out(laboratory, {CANDIDATES[0]: 2}, past, SCHEDULE)
        assert predicted.shape == (2, n, 3)
        assert np.isnan(predicted[:, :18]).all()
        assert np.isfinite(predicted[:, 18:54]).all()
        assert np.isnan(predicted[:, 54:]).all()

    def test_no_two_networks_have_the_same_initial_weights_or_masks(self, laboratory, splits, monkeypatch):
        """Neither two replicates, nor the same one in two splits, nor one of these and one that is handed over."""
        seen, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            seen.extend(member for block in blocks for member in block.members)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        shares = {CANDIDATES[1]: 3}
        predict_held_out(laboratory, shares, splits, SCHEDULE)
        train_bag(laboratory, shares, SCHEDULE)
        assert len(seen) == 3 * 3 + 3
        states = {tuple(np.random.SeedSequence(member.seed).generate_state(4)) for member in seen}
        assert len(states) == len({member.id for member in seen}) == len(seen)


@pytest.fixture(scope="module")
def numbers(prices):
    """A laboratory for the number, and three folds of its rows."""
    cut = folds(prices.y_development, prices.task, 3, seed=0)
    shape = block_shape(len(prices.y_development), cut, batch=8, networks=2)
    base = Architecture(prices.n_features, (8,), 1)
    laboratory = Laboratory(prices, base, Recipe(loss="squared_error"), shape, seed=0)
    yield laboratory, cut
    laboratory.close()


class TestNumbers:
    def test_they_are_predicted_in_the_targets_own_units(self, numbers, prices):
        laboratory, cut = numbers
        good = candidate(PLAIN, epochs=40, learning_rate=0.03)
        predicted = predict_held_out(laboratory, {good: 2}, cut, 40)
        assert predicted.shape == (2, len(prices.y_development))
        y, mean = prices.y_development, predicted.mean(axis=0)  # 5000, give or take a thousand
        assert np.mean((y - mean) ** 2) < 0.3 * np.var(y)

    def test_a_target_has_no_say_in_its_own_prediction_nor_in_its_units(self, numbers, prices):
        laboratory, cut = numbers
        scored = cut[0].score_rows
        y = prices.y_development.copy()
        y[scored[0]] = 1e6
        before, after = (
            predict_held_out(laboratory.for_table(dataset, 0), {CANDIDATES[1]: 1}, cut, SCHEDULE)[0]
            for dataset in (prices, replace(prices, y_development=y))
        )
        np.testing.assert_array_equal(after[scored], before[scored])
        assert (after[cut[1].score_rows] != before[cut[1].score_rows]).all()


def test_rows_of_rare_classes_may_count_for_more(laboratory, flowers):
    """Ten rows of one class and sixty-two of another: where both count alike, the rare one is predicted more often."""
    y = np.zeros_like(flowers.y_development)
    y[:10] = 1
    rare = replace(flowers, y_development=y)
    found = []
    for balanced in (False, True):
        changed = laboratory.for_table(rare, 0)
        changed.balanced = balanced
        bag = train_bag(changed, {candidate(PLAIN, epochs=10): 1}, 10)
        preparation, _ = fit_preparation(rare, np.arange(72))
        outputs = bag.networks.outputs(preparation.transform(rare.encoded_development))[0]
        found.append((outputs[:, 1] - outputs[:, 0]).mean())
    assert found[1] > found[0] + 0.5
