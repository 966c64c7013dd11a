"""The recommended configurations, trained again: on all development rows, and on the training rows of every split."""

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
from goru.studies.asked.design import PLAIN, architecture, arm_of
from goru.studies.final.refits import TrainedEnsemble, _without_diverged, predict_validation, train_ensemble
from goru.studies.laboratory import NetworkLaboratory, block_shape, fit_preparation

NORMED = arm_of("before", True, True)
SCHEDULE = 6


def candidate(arm: Arm, configuration: int = 0, epochs: int = 5, schedule: int = SCHEDULE, **hyper: float) -> Candidate:
    return Candidate(
        arm,
        configuration,
        Hyperparameters(**{"learning_rate": 0.01} | hyper)._asdict(),
        epochs,
        loss=0.5,
        schedule=schedule,
    )


CANDIDATES = (
    candidate(NORMED, dropout_rate=0.2, weight_decay=0.1),
    candidate(PLAIN, configuration=1, epochs=3),
    candidate(arm_of("after")),
)


SHARES = dict(zip(CANDIDATES, (3, 3, 2), strict=True))
"""Blocks hold two networks: the first two candidates need two of them each."""


@pytest.fixture(scope="module")
def ensemble(laboratory) -> TrainedEnsemble:
    return train_ensemble(laboratory, SHARES)


class TestEnsemble:
    def test_it_has_as_many_networks_of_each_candidate_as_are_asked_for_in_their_order(self, ensemble):
        assert ensemble.candidates == (CANDIDATES[0],) * 3 + (CANDIDATES[1],) * 3 + (CANDIDATES[2],) * 2
        assert len(ensemble.networks) == 8

    def test_no_two_networks_are_alike(self, ensemble):
        outputs = ensemble.networks.outputs(np.eye(ensemble.networks.inputs, dtype=np.float32))
        assert len({output.tobytes() for output in outputs}) == 8

    def test_a_network_does_not_depend_on_what_else_is_in_the_ensemble(self, laboratory, ensemble):
        alone = train_ensemble(laboratory, {CANDIDATES[1]: 2})
        for one, other in zip(
            alone.networks.arrays.values(), ensemble.networks.only([3, 4]).arrays.values(), strict=True
        ):
            np.testing.assert_array_equal(one, other)

    def test_it_is_trained_for_its_epochs_of_the_schedule_that_it_was_chosen_in(self, laboratory):
        def weights(epochs, schedule):
            ensemble = train_ensemble(laboratory, {candidate(PLAIN, epochs=epochs, schedule=schedule): 1})
            return ensemble.networks.arrays["0.weight"].tobytes()

        assert len({weights(3, 6), weights(4, 6), weights(3, 3)}) == 3

    def test_all_development_rows_are_fitted_and_no_other(self, flowers, laboratory, ensemble):
        """The running mean that batch norm ends with is that of the first layer over these rows."""
        preparation, _ = fit_preparation(flowers, np.arange(len(flowers.y_development)))
        x = preparation.transform(flowers.encoded_development)
        mean = (x @ ensemble.blocks[0].learned[0].weight[0].T).mean(axis=0)
        np.testing.assert_allclose(ensemble.blocks[0].statistics[1].mean[0], mean, rtol=1e-4, atol=1e-5)

    def test_what_predicts_is_what_was_trained(self, laboratory, flowers, ensemble):
        """Batch norm and dropout are folded away: the plain networks compute what the trained ones do."""
        x = np.random.default_rng(0).normal(size=(20, flowers.n_features)).astype(np.float32)
        found, index = ensemble.networks.outputs(x), 0
        for block in ensemble.blocks:
            for network in range(len(block.hyper.learning_rate)):
                trained, statistics = jax.tree.map(
                    lambda leaf, network=network: leaf[network], (block.learned, block.statistics)
                )
                one = ensemble.candidates[index]
                expected = by_hand(
                    architecture(one.arm, laboratory.base), trained, statistics, Hyperparameters(**one.values), x
                )[-1]
                np.testing.assert_allclose(found[index], expected, rtol=1e-4, atol=1e-5)
                index += 1
        assert index == 8

    def test_it_is_the_same_bit_for_bit_when_trained_again(self, laboratory, ensemble):
        again = train_ensemble(laboratory, SHARES)
        flat = ensemble.flat()
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

    def test_are_before_training_half_way_and_at_the_end(self, ensemble):
        assert list(ensemble.stages) == [0, 2, 5]  # of five epochs

    def test_are_of_one_network_with_a_first_axis(self, ensemble):
        for network in ensemble.stages.values():
            assert {leaf.shape[0] for leaf in leaves(network)} == {1}

    def test_last_it_is_the_final_model(self, ensemble):
        assert_alike(ensemble.stages[5], jax.tree.map(lambda leaf: leaf[:1], ensemble.blocks[0].learned))

    def test_half_way_it_is_what_a_training_that_stops_there_leaves(self, laboratory, ensemble):
        half = train_ensemble(laboratory, {replace(CANDIDATES[0], epochs=2): 3})
        assert_alike(ensemble.stages[2], half.stages[2])
        assert any(
            (one != other).any()
            for one, other in zip(leaves(ensemble.stages[2]), leaves(ensemble.stages[5]), strict=True)
        )

    def test_first_it_has_learned_nothing(self, ensemble):
        affine, norm, *_, output = ensemble.stages[0]
        assert affine.bias is None
        for zero in (output.bias, norm.shift, norm.scale - 1):
            assert not zero.any()
        # Random weights after He: of variance two over the inputs.
        assert affine.weight.std() == pytest.approx(np.sqrt(2 / affine.weight.shape[2]), rel=0.4)
        assert (affine.weight != ensemble.stages[5][0].weight).all()

    @pytest.mark.parametrize(("epochs", "stages"), [(1, [0, 1]), (2, [0, 1, 2]), (3, [0, 1, 3])])
    def test_of_few_epochs_some_are_the_same(self, laboratory, epochs, stages):
        found = train_ensemble(laboratory, {candidate(PLAIN, epochs=epochs): 1}).stages
        assert list(found) == stages
        assert len(found[0]) == len(laboratory.trainer(PLAIN).architecture.layers)

    def test_change_nothing_of_what_is_trained(self, laboratory, ensemble, monkeypatch):
        monkeypatch.setattr("goru.studies.final.refits.Block", lambda *given, snapshots: Block(*given))
        without = train_ensemble(laboratory, SHARES)
        assert without.stages == {}
        for name, array in without.flat().items():
            np.testing.assert_array_equal(array, ensemble.flat()[name])

    def test_none_are_kept_of_networks_that_are_only_to_predict_validation_rows(self, laboratory, splits, monkeypatch):
        seen, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            seen.extend(blocks)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        predict_validation(laboratory, {CANDIDATES[1]: 3}, splits)
        assert {block.snapshots for block in seen} == {()}
        seen.clear()
        train_ensemble(laboratory, SHARES)
        assert sorted(block.snapshots for block in seen) == [*[()] * 4, (0, 2, 5)]  # of five blocks one

    def broken(self, ensemble: TrainedEnsemble, networks: list[int]) -> TrainedEnsemble:
        """The same ensemble, some networks of its first block diverged."""
        first, *others = ensemble.blocks
        bad = np.isin(np.arange(len(first.hyper.learning_rate)), networks)
        norm = first.statistics[1]
        mean = np.where(bad[:, None], np.nan, norm.mean).astype(np.float32)
        statistics = (first.statistics[0], norm._replace(mean=mean), *first.statistics[2:])
        # A stage, before all but one are left out, has the whole block.
        stages = {5: first.learned}
        return replace(ensemble, blocks=(first._replace(statistics=statistics), *others), stages=stages)

    def test_are_of_the_first_that_did_not_diverge(self, ensemble):
        left = _without_diverged(self.broken(ensemble, [0]))
        assert len(left.networks) == 7
        assert_alike(left.stages[5], jax.tree.map(lambda leaf: leaf[1:2], ensemble.blocks[0].learned))
        assert_alike(left.stages[5], jax.tree.map(lambda leaf: leaf[:1], left.blocks[0].learned))

    def test_there_are_none_where_the_whole_first_block_diverged(self, ensemble):
        left = _without_diverged(self.broken(ensemble, [0, 1]))
        assert (len(left.networks), left.stages) == (6, {})


WILD = candidate(PLAIN, configuration=2, learning_rate=1e38)
"""It diverges at its first steps."""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
class TestDiverged:
    def test_networks_that_diverged_are_not_handed_over(self, laboratory, ensemble):
        mixed = train_ensemble(laboratory, {CANDIDATES[0]: 3, WILD: 3, CANDIDATES[2]: 2})
        assert mixed.candidates == (CANDIDATES[0],) * 3 + (CANDIDATES[2],) * 2
        for one, other in zip(
            mixed.networks.arrays.values(), ensemble.networks.only([0, 1, 2, 6, 7]).arrays.values(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
        kept = {"0": "0", "1": "1", "2": "2", "3": "6", "4": "7"}
        flat, whole = mixed.flat(), ensemble.flat()
        assert {name.partition(".")[0] for name in flat} == set(kept)
        for name, array in flat.items():
            index, _, rest = name.partition(".")
            np.testing.assert_array_equal(array, whole[f"{kept[index]}.{rest}"])

    def test_they_change_no_other_network_s_stages_and_have_none(self, laboratory, ensemble):
        mixed = train_ensemble(laboratory, {CANDIDATES[0]: 3, WILD: 1})
        assert list(mixed.stages) == [0, 2, 5]
        for epoch, network in mixed.stages.items():
            assert_alike(network, ensemble.stages[epoch])
        assert train_ensemble(laboratory, {WILD: 2, CANDIDATES[0]: 1}).stages == {}

    def test_where_all_diverged_there_is_nothing_to_hand_over(self, laboratory):
        with pytest.raises(InputError, match="all networks of the recommended configurations diverged"):
            train_ensemble(laboratory, {WILD: 3})

    def test_on_validation_rows_each_network_has_its_place_whatever_becomes_of_the_others(
        self, laboratory, splits, predicted
    ):
        mixed = predict_validation(laboratory, {CANDIDATES[0]: 1, WILD: 2, CANDIDATES[2]: 1}, splits)
        np.testing.assert_array_equal(mixed[[0, 3]], predicted[[0, 4]])
        assert not np.isfinite(mixed[[1, 2]]).any()


class TestFlat:
    def test_a_name_tells_the_network_the_layer_and_what_it_is(self, ensemble):
        # Activation and dropout have a place, and no numbers.
        plain = {"0.weight", "0.bias", "3.weight", "3.bias"}
        before = {"0.weight", "1.scale", "1.shift", "1.mean", "1.variance", "4.weight", "4.bias"}
        after = {"0.weight", "0.bias", "2.scale", "2.shift", "2.mean", "2.variance", "4.weight", "4.bias"}
        names = {index: set() for index in range(8)}
        for name in ensemble.flat():
            index, _, rest = name.partition(".")
            names[int(index)].add(rest)
        for index, one in enumerate(ensemble.candidates):
            assert names[index] == {None: plain, "before": before, "after": after}[one.arm["batch_norm"]]

    def test_every_array_is_one_networks(self, ensemble, flowers):
        flat = ensemble.flat()
        assert flat["0.0.weight"].shape == (8, flowers.n_features)
        assert flat["7.4.bias"].shape == (flowers.n_outputs,)
        scale = flat["1.1.scale"]  # of the first candidate's second network
        np.testing.assert_array_equal(scale, ensemble.blocks[0].learned[1].scale[1])

    def test_of_an_ensemble_only_the_first_networks_may_be_wanted(self, ensemble):
        flat, first = ensemble.flat(), ensemble.flat(networks=1)
        assert first.keys() == {name for name in flat if name.startswith("0.")}
        for name, array in first.items():
            np.testing.assert_array_equal(array, flat[name])


def other_targets(dataset, rows: np.ndarray):
    """The same table, but for the classes of some development rows."""
    y = dataset.y_development.copy()
    y[rows] = (y[rows] + 1) % len(dataset.classes)
    return replace(dataset, y_development=y)


VALIDATION = {CANDIDATES[0]: 1, CANDIDATES[1]: 3, CANDIDATES[2]: 1}


@pytest.fixture(scope="module")
def predicted(laboratory, splits) -> np.ndarray:
    return predict_validation(laboratory, VALIDATION, splits)


class TestPredictValidation:
    def test_every_network_predicts_every_row(self, flowers, predicted):
        assert predicted.shape == (5, len(flowers.y_development), 3)
        np.testing.assert_allclose(predicted.sum(axis=2), 1, atol=1e-12)

    @pytest.mark.parametrize("balanced", [False, True], ids=["", "balanced"])
    def test_what_a_row_really_is_has_no_say_in_its_own_prediction(self, laboratory, splits, flowers, balanced):
        """The networks that predict a fold have seen the other folds alone, and their classes weigh alone."""
        shares, scored = {CANDIDATES[0]: 1, CANDIDATES[1]: 1}, splits[1].validation_rows
        others = np.setdiff1d(np.arange(len(flowers.y_development)), scored)

        def predict(dataset):
            changed = laboratory.for_table(dataset, laboratory.seed)
            changed.balanced = balanced
            return predict_validation(changed, shares, splits)

        before, after = predict(flowers), predict(other_targets(flowers, scored[:5]))
        np.testing.assert_array_equal(after[:, scored], before[:, scored])
        assert (after[:, others] != before[:, others]).any(axis=(0, 2)).all()

    def test_what_a_row_looks_like_has_no_say_in_those_of_its_fold(self, laboratory, splits, flowers):
        """Columns are prepared by the training rows alone."""
        row, *rest = splits[1].validation_rows
        encoded = flowers.encoded_development
        numeric = encoded.numeric.copy()
        numeric[row] = [1e6, -1e6]
        changed = replace(flowers, encoded_development=replace(encoded, numeric=numeric))
        before, after = (
            predict_validation(laboratory.for_table(dataset, laboratory.seed), {CANDIDATES[1]: 1}, splits)[0]
            for dataset in (flowers, changed)
        )
        np.testing.assert_array_equal(after[rest], before[rest])
        assert (after[row] != before[row]).any()
        assert (after[splits[0].validation_rows] != before[splits[0].validation_rows]).any(axis=1).all()

    def test_they_learn_from_the_training_rows_what_the_validation_rows_are(self, laboratory, splits, flowers):
        good = candidate(PLAIN, epochs=40, schedule=40, learning_rate=0.03)
        mean = predict_validation(laboratory, {good: 4}, splits).mean(axis=0)
        assert (mean.argmax(axis=1) == flowers.y_development).mean() > 0.6  # a third by chance

    def test_networks_come_in_the_order_of_the_candidates_and_do_not_depend_on_one_another(
        self, laboratory, splits, predicted
    ):
        start = 0
        for one, share in VALIDATION.items():
            alone = predict_validation(laboratory, {one: share}, splits)
            np.testing.assert_array_equal(alone, predicted[start : start + share])
            start += share

    @pytest.fixture
    def blocks(self, monkeypatch):
        """Those that are trained: how many networks, for how many epochs."""
        seen, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            seen.extend((len(block.members), block.epochs) for block in blocks)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        return seen

    def test_one_block_trains_what_shares_a_program_and_whoever_stops_sooner_is_as_alone(
        self, laboratory, splits, blocks
    ):
        """Blocks hold two networks; with and without decay, a program is the same."""
        long, short = CANDIDATES[0], candidate(arm_of("before", True), configuration=3, epochs=2, dropout_rate=0.4)
        other = candidate(PLAIN, epochs=4)
        together = predict_validation(laboratory, {short: 1, other: 1, long: 2}, splits)
        # Of the longer one the second network found no room.
        assert sorted(blocks) == sorted(3 * [(1, 2), (1, 4), (2, 5)])
        blocks.clear()
        pair = predict_validation(laboratory, {short: 1, long: 1}, splits)
        assert blocks == 3 * [(2, 5)]
        alone = [predict_validation(laboratory, {one: 1}, splits)[0] for one in (short, long)]
        np.testing.assert_array_equal(pair, alone)
        np.testing.assert_array_equal(together[[0, 2]], alone)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_whoever_diverges_spoils_no_other_in_its_block(self, laboratory, splits, blocks):
        well = candidate(PLAIN, configuration=1, epochs=3)
        pair = predict_validation(laboratory, {replace(WILD, epochs=2): 1, well: 1}, splits)
        assert blocks == 3 * [(2, 3)]
        np.testing.assert_array_equal(pair[1], predict_validation(laboratory, {well: 1}, splits)[0])
        assert not np.isfinite(pair[0]).any()

    def test_what_was_predicted_before_is_not_trained_again(self, laboratory, splits, predicted, blocks):
        kept = {}
        first = predict_validation(laboratory, {CANDIDATES[1]: 1, CANDIDATES[2]: 1}, splits, kept=kept)
        np.testing.assert_array_equal(first, predicted[[1, 4]])
        blocks.clear()
        some = predict_validation(laboratory, VALIDATION, splits[:2], kept=kept)
        # Of the second candidate the second network of its first block, and the third in one of its own.
        assert sorted(blocks) == 2 * [(1, 3), (1, 3)] + 2 * [(1, 5)]
        scored = np.isfinite(some).all(axis=(0, 2))
        np.testing.assert_array_equal(np.flatnonzero(scored), np.sort(np.concatenate([s for _, s in splits[:2]])))
        np.testing.assert_array_equal(some[:, scored], predicted[:, scored])
        blocks.clear()
        again = predict_validation(laboratory, VALIDATION, splits[:2], lambda: True, kept)
        np.testing.assert_array_equal(again, some)
        assert blocks == []

    def test_where_it_is_too_late_nothing_is_predicted_nor_kept(self, laboratory, splits):
        kept = {}
        late = predict_validation(laboratory, {CANDIDATES[1]: 1}, splits, lambda: True, kept)
        assert np.isnan(late).all()
        assert kept == {}

    def test_it_is_the_same_bit_for_bit_when_done_again(self, laboratory, splits, predicted):
        again = predict_validation(laboratory, VALIDATION, splits)
        assert again.tobytes() == predicted.tobytes()

    def test_rows_that_no_split_scores_are_not_predicted(self, laboratory, flowers):
        """With times, the first period is only fitted on, and later splits fit on more rows than earlier ones."""
        n = len(flowers.y_development)
        past = [Split(np.arange(end), np.arange(end, end + 18)) for end in (18, 36)]
        predicted = predict_validation(laboratory, {CANDIDATES[0]: 2}, past)
        assert predicted.shape == (2, n, 3)
        assert np.isnan(predicted[:, :18]).all()
        assert np.isfinite(predicted[:, 18:54]).all()
        assert np.isnan(predicted[:, 54:]).all()

    def test_no_two_networks_have_the_same_initial_weights_or_masks(self, laboratory, splits, monkeypatch):
        """Neither two replicates, nor the same one in two splits, nor one of these and one of the final model."""
        seen, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            seen.extend(member for block in blocks for member in block.members)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        shares = {CANDIDATES[1]: 3}
        predict_validation(laboratory, shares, splits)
        train_ensemble(laboratory, shares)
        assert len(seen) == 3 * 3 + 3
        states = {tuple(np.random.SeedSequence(member.seed).generate_state(4)) for member in seen}
        assert len(states) == len({member.id for member in seen}) == len(seen)


@pytest.fixture(scope="module")
def numbers(prices):
    """A laboratory for the number, and three folds of its rows."""
    cut = folds(prices.y_development, prices.task, 3, seed=0)
    shape = block_shape(len(prices.y_development), cut, batch=8, networks=2)
    base = Architecture(prices.n_features, (8,), 1)
    laboratory = NetworkLaboratory(prices, base, Recipe(loss="squared_error"), shape, seed=0)
    yield laboratory, cut
    laboratory.close()


class TestNumbers:
    def test_they_are_predicted_in_the_targets_own_units(self, numbers, prices):
        laboratory, cut = numbers
        good = candidate(PLAIN, epochs=40, schedule=40, learning_rate=0.03)
        predicted = predict_validation(laboratory, {good: 2}, cut)
        assert predicted.shape == (2, len(prices.y_development))
        y, mean = prices.y_development, predicted.mean(axis=0)  # 5000, give or take a thousand
        assert np.mean((y - mean) ** 2) < 0.3 * np.var(y)

    def test_a_target_has_no_say_in_its_own_prediction_nor_in_its_units(self, numbers, prices):
        laboratory, cut = numbers
        scored = cut[0].validation_rows
        y = prices.y_development.copy()
        y[scored[0]] = 1e6
        before, after = (
            predict_validation(laboratory.for_table(dataset, 0), {CANDIDATES[1]: 1}, cut)[0]
            for dataset in (prices, replace(prices, y_development=y))
        )
        np.testing.assert_array_equal(after[scored], before[scored])
        assert (after[cut[1].validation_rows] != before[cut[1].validation_rows]).all()


def test_rows_of_rare_classes_may_count_for_more(laboratory, flowers):
    """Ten rows of one class and sixty-two of another: where both count alike, the rare one is predicted more often."""
    y = np.zeros_like(flowers.y_development)
    y[:10] = 1
    rare = replace(flowers, y_development=y)
    found = []
    for balanced in (False, True):
        changed = laboratory.for_table(rare, 0)
        changed.balanced = balanced
        ensemble = train_ensemble(changed, {candidate(PLAIN, epochs=10, schedule=10): 1})
        preparation, _ = fit_preparation(rare, np.arange(72))
        outputs = ensemble.networks.outputs(preparation.transform(rare.encoded_development))[0]
        found.append((outputs[:, 1] - outputs[:, 0]).mean())
    assert found[1] > found[0] + 0.5
