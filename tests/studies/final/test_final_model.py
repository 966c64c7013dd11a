"""From ranked candidates to an ensemble and a model, with predictions of validation rows that are made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from studies import make_prices

from goru.data.dataset import load_dataset
from goru.data.splitting import Split, folds
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.model.networks import mixed, tempered
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population.trainer import Trainer
from goru.studies.asked.design import PLAIN, arm_of
from goru.studies.budget.extent import Extent
from goru.studies.final import final_model as module
from goru.studies.final.final_model import FinalModel, as_model, needs_validation, train_final_model
from goru.studies.final.refits import train_ensemble
from goru.studies.laboratory import NetworkLaboratory, block_shape

DROPOUT, NORMED = arm_of(dropout=True), arm_of("before")
SCHEDULE = 40


def candidate(arm: Arm, loss: float, configuration: int = 0, epochs: int = 1, learning_rate: float = 0.01) -> Candidate:
    values = Hyperparameters(learning_rate=learning_rate, dropout_rate=0.2)._asdict()
    return Candidate(arm, configuration, values, epochs, loss, schedule=SCHEDULE)


BEST, NEAR, FAR = (candidate(PLAIN, loss, configuration) for configuration, loss in enumerate((1.0, 1.04, 1.2)))
RIVAL, OTHER = candidate(DROPOUT, 1.1, configuration=5), candidate(NORMED, 1.3)
RANKED = [BEST, NEAR, RIVAL, FAR]
NAMES = {"best": BEST, "near": NEAR, "far": FAR, "rival": RIVAL, "other": OTHER}


@pytest.fixture
def pretend(monkeypatch):
    """Let the networks of a candidate predict for validation rows what a test says, instead of training them."""

    def install(dataset, **probability):
        """The probability of every row's true class, `(rows,)` or one number; with two of them, of the first network
        and of the others. All other classes share the rest.
        """
        asked = []
        y, classes = dataset.y_development, len(dataset.classes)
        said = {NAMES[name]: own if isinstance(own, tuple) else (own, own) for name, own in probability.items()}

        def predict(laboratory, shares, splits, late=None, kept=None):
            asked.append(dict(shares))
            found = []
            for one, count in shares.items():
                for network in range(count):
                    right = np.broadcast_to(np.asarray(said[one][min(network, 1)], np.float64), y.shape)
                    each = np.repeat(((1 - right) / (classes - 1))[:, None], classes, axis=1)
                    each[np.arange(len(y)), y] = right
                    found.append(each)
            there = np.isin(np.arange(len(y)), np.concatenate([[], *[split.validation_rows for split in splits]]))
            return np.where(there[None, :, None], found, np.nan)

        monkeypatch.setattr(module, "predict_validation", predict)
        return asked

    return install


def taken(final: FinalModel) -> dict[str, int]:
    names = {candidate: name for name, candidate in NAMES.items()}
    return {names[candidate]: count for candidate, count in final.shares.items()}


class TestUniform:
    def test_the_ensemble_is_shared_by_the_best_configurations_of_the_best_arm(
        self, laboratory, splits, flowers, pretend
    ):
        asked = pretend(flowers, best=0.5, near=0.5)
        final = train_final_model(laboratory, RANKED, splits, Extent())
        assert (taken(final), final.selection) == ({"best": 4, "near": 4}, "uniform")
        assert asked == [{BEST: 4, NEAR: 4}]  # no rival is trained in vain
        assert final.ensemble.candidates[0] == BEST

    def test_the_model_is_the_ensemble_with_what_each_network_is(self, laboratory, splits, flowers, pretend):
        pretend(flowers, best=0.5, near=0.5)
        final = train_final_model(laboratory, RANKED, splits, Extent())
        again = train_ensemble(laboratory, {BEST: 4, NEAR: 4})
        for one, other in zip(final.model.networks.arrays.values(), again.networks.arrays.values(), strict=True):
            np.testing.assert_array_equal(one, other)
        assert [member["arm"] for member in final.model.members] == ["plain"] * 8


class TestGreedy:
    def test_a_rival_that_is_better_takes_most_of_the_ensemble_and_the_best_configuration_stays_the_first(
        self, laboratory, splits, flowers, pretend
    ):
        asked = pretend(flowers, best=0.5, near=0.5, rival=0.9)
        final = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        # One network of each candidate is compared; what is taken is trained again, for its temperature.
        assert asked == [{BEST: 1, NEAR: 1, RIVAL: 1}, {BEST: 1, RIVAL: 7}]
        assert (taken(final), final.selection) == ({"best": 1, "rival": 7}, "greedy")
        assert final.ensemble.candidates == (BEST, *[RIVAL] * 7)
        assert [member["arm"] for member in final.model.members] == ["plain", *["dropout"] * 7]

    def test_where_no_rival_is_better_the_ensemble_stays_as_it_was(self, laboratory, splits, flowers, pretend):
        asked = pretend(flowers, best=0.5, near=0.5, rival=0.4)
        final = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        assert (taken(final), final.selection) == ({"best": 4, "near": 4}, "uniform")
        assert asked[1:] == [{BEST: 4, NEAR: 4}]

    def test_no_network_is_trained_twice(self, laboratory, splits, monkeypatch):
        """One of each candidate has predicted for the selection: to calibrate, the others are enough."""
        trained, train = [], Trainer.train

        def watch(trainer, blocks, *args, **kwargs):
            trained.extend(member.id for block in blocks for member in block.members)
            return train(trainer, blocks, *args, **kwargs)

        monkeypatch.setattr(Trainer, "train", watch)
        finished = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        assert np.isfinite(finished.validation).all()
        unused = len({BEST, NEAR, RIVAL} - set(finished.shares))
        assert len(trained) == len(set(trained)) == 8 + 3 * (8 + unused)

    def test_a_configuration_of_the_best_arm_may_be_left_out_too(self, laboratory, splits, flowers, pretend):
        pretend(flowers, best=0.6, near=0.3, rival=0.4)
        final = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        assert (taken(final), final.selection) == ({"best": 8}, "greedy")

    def test_a_selection_that_comes_out_uniform_is_called_so(self, laboratory, splits, flowers, pretend):
        """There is but one candidate to select from."""
        pretend(flowers, best=0.6)
        final = train_final_model(laboratory, [BEST], splits, Extent(greedy=True))
        assert (taken(final), final.selection) == ({"best": 8}, "uniform")

    def test_a_rival_that_is_better_in_one_fold_alone_is_not_taken(self, laboratory, splits, flowers, pretend):
        lucky = np.full(len(flowers.y_development), 0.45)
        lucky[splits[0].validation_rows] = 0.62
        pretend(flowers, best=0.5, near=0.5, rival=lucky)
        final = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        # By all rows a half of it would be better, log(0.56/0.5) + 2 log(0.475/0.5) > 0. But where the first fold and
        # another select it for the third, it is worse there; and for the first one the other two do not select it.
        assert final.selection == "uniform"

    def test_a_rival_that_diverged_is_not_taken_and_keeps_no_other_from_it(self, laboratory, splits, flowers, pretend):
        pretend(flowers, best=0.5, near=0.5, rival=np.nan, other=0.9)
        final = train_final_model(laboratory, [*RANKED, OTHER], splits, Extent(greedy=True))
        assert (taken(final), final.selection) == ({"best": 1, "other": 7}, "greedy")

    @pytest.mark.parametrize("diverged", ["best", "near"])
    def test_where_one_of_the_best_configurations_diverged_nothing_is_selected(
        self, laboratory, splits, flowers, pretend, diverged
    ):
        """There is nothing to compare with: neither a uniform ensemble, nor a reason to distrust what the race has
        found."""
        pretend(flowers, **{"best": 0.5, "near": 0.5, "rival": 0.9, diverged: (np.nan, np.nan)})
        final = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        assert (taken(final), final.selection) == ({"best": 4, "near": 4}, "uniform")
        assert final.model.temperature == 1.0

    def test_classes_count_alike_where_that_was_asked_for(self, laboratory, splits, flowers, pretend):
        """The rival is better at nine rows of a rare class, and somewhat worse at the sixty-three others."""
        y = np.zeros_like(flowers.y_development)
        y[::8] = 1
        rare = replace(flowers, y_development=y)
        pretend(rare, best=0.5, near=0.5, rival=np.where(y == 1, 0.8, 0.42))
        found = []
        for balanced in (False, True):
            changed = laboratory.for_table(rare, 0)
            changed.balanced = balanced
            found.append(train_final_model(changed, RANKED, splits, Extent(greedy=True)).selection)
        # Half of it: 63 log(0.46/0.5) + 9 log(0.65/0.5) is below zero; where the nine count seven times, it is above.
        assert found == ["uniform", "greedy"]


class TestExtent:
    @pytest.mark.parametrize(
        ("networks", "shares"), [(8, {"best": 4, "near": 4}), (3, {"best": 2, "near": 1}), (1, {"best": 1})]
    )
    def test_the_ensemble_is_as_large_as_it_may_be(self, laboratory, splits, flowers, pretend, networks, shares):
        pretend(flowers, best=0.5, near=0.5)
        final = train_final_model(laboratory, RANKED, splits, Extent(networks))
        assert taken(final) == shares
        assert len(final.model.networks) == networks

    def test_two_folds_calibrate_as_well(self, laboratory, splits, flowers, pretend):
        """In the third they are always wrong."""
        right = np.full(len(flowers.y_development), 0.3)
        right[splits[2].validation_rows] = 0.8
        pretend(flowers, best=right, near=right)
        whole, two = (train_final_model(laboratory, RANKED, splits, Extent(folds=folds)) for folds in (None, 2))
        assert two.model.temperature > 4 > whole.model.temperature
        scored = np.isfinite(two.validation).all(axis=(0, 2))
        np.testing.assert_array_equal(np.flatnonzero(scored), np.sort(np.concatenate([s for _, s in splits[:2]])))

    def test_of_many_rows_two_folds_are_enough_but_where_all_rows_are_shown(
        self, laboratory, splits, flowers, pretend, monkeypatch
    ):
        monkeypatch.setattr("goru.studies.budget.extent.CALIBRATION_ROWS", 40)  # of 72, in three folds
        pretend(flowers, best=0.5, near=0.5)
        two = train_final_model(laboratory, RANKED, splits, Extent())
        scored = np.isfinite(two.validation).all(axis=(0, 2))
        np.testing.assert_array_equal(np.flatnonzero(scored), np.sort(np.concatenate([s for _, s in splits[:2]])))
        shown = replace(flowers, encoded_test=flowers.encoded_test.take(np.arange(0)), y_test=flowers.y_test[:0])
        whole = train_final_model(laboratory.for_table(shown, 0), RANKED, splits, Extent())
        assert np.isfinite(whole.validation).all()

    def test_without_folds_the_race_says_how_sure_one_may_be(self, laboratory, splits, flowers):
        ranked = [replace(BEST, temperature=4.0), NEAR]
        final = train_final_model(laboratory, ranked, splits, Extent(2, folds=0))
        assert (final.model.temperature, final.model.single_temperature) == (2.0, 4.0)
        assert np.isnan(final.validation).all()
        assert final.validation.shape == (2, len(flowers.y_development), 3)

    def test_where_it_is_late_the_ensemble_is_what_is_trained_by_then(self, laboratory, splits):
        """Blocks hold two networks, and two are trained at a time: of eight there are four at the first look."""
        ranked = [BEST, replace(NEAR, epochs=40)]
        whole = train_final_model(laboratory, ranked, splits, Extent(8))
        late = train_final_model(laboratory, ranked, splits, Extent(8), late=lambda: True)
        networks = len(late.model.networks)
        assert 0 < networks < 8
        pairs = zip(late.model.networks.arrays.values(), whole.model.networks.arrays.values(), strict=True)
        for one, other in pairs:
            np.testing.assert_array_equal(one, other[:networks])
        assert np.isnan(late.validation).all()
        assert late.model.temperature == 1.0

    def test_numbers_are_predicted_on_validation_rows_only_where_there_are_no_test_rows(self, flowers, prices):
        assert needs_validation(flowers)
        assert not needs_validation(prices)
        without = replace(prices, encoded_test=prices.encoded_test.take(np.arange(0)), y_test=prices.y_test[:0])
        assert needs_validation(without)


class TestRowsThatNoFoldScores:
    """Nothing is predicted for them, and nothing is asked of them."""

    @pytest.fixture
    def some(self, splits):
        """The folds with half of their rows, and the rows that are left."""
        halves = [Split(fit, score[::2]) for fit, score in splits]
        return halves, np.concatenate([score[1::2] for _, score in splits])

    @pytest.mark.parametrize("for_the_others", [np.nan, 0.99, 0.01])
    def test_they_neither_select_nor_calibrate(self, laboratory, flowers, pretend, some, for_the_others):
        halves, others = some
        said = {"best": np.full(len(flowers.y_development), 0.3), "rival": np.full(len(flowers.y_development), 0.8)}
        for values in said.values():
            values[others] = for_the_others
        pretend(flowers, near=said["best"], **said)
        final = train_final_model(laboratory, RANKED, halves, Extent(greedy=True))
        assert (taken(final), final.selection) == ({"best": 1, "rival": 7}, "greedy")
        assert final.model.temperature < 0.3  # (0.3 + 7 · 0.8) / 8, and always right: the surer the better


class TestTemperature:
    def test_networks_that_are_too_sure_are_made_as_sure_as_they_may_be(self, laboratory, splits, flowers, pretend):
        """In a third of each fold's rows they are wrong, and give a tenth to the truth; in the others eight tenths."""
        right = np.full(len(flowers.y_development), 0.8)
        for split in splits:
            right[split.validation_rows[::3]] = 0.1
        pretend(flowers, best=right, near=right)
        model = train_final_model(laboratory, RANKED, splits, Extent()).model
        assert model.temperature > 1.2
        assert model.temperature == pytest.approx(model.single_temperature, rel=1e-3)

    def test_the_ensemble_and_its_first_network_have_each_their_own(self, laboratory, splits, flowers, pretend):
        """The first of four is too sure of itself, and the four together are not sure enough."""
        first = np.full(len(flowers.y_development), 0.97)
        for split in splits:
            first[split.validation_rows[::4]] = 0.01
        others = np.full(len(flowers.y_development), 0.5)
        pretend(flowers, best=(first, others), near=0.5)
        model = train_final_model(laboratory, RANKED, splits, Extent()).model
        assert model.single_temperature > 1.2
        assert model.temperature < 0.8
        assert model.single.temperature == model.single_temperature

    def test_it_is_that_of_the_networks_that_are_taken_and_not_of_those_that_are_not(
        self, laboratory, splits, flowers, pretend
    ):
        pretend(flowers, best=0.3, near=0.3, rival=0.8)
        final = train_final_model(laboratory, RANKED, splits, Extent(greedy=True))
        assert taken(final) == {"best": 1, "rival": 7}
        assert final.model.temperature < 0.3  # (0.3 + 7 · 0.8) / 8, and always right: the surer the better
        assert final.model.single_temperature > 4  # 0.3 of three classes, always wrong: the less sure the better

    def test_where_nothing_is_gained_it_is_1(self, laboratory, splits, flowers, pretend):
        """One fold is all right, one half, one not at all: what two say of the third is wrong."""
        right = np.full(len(flowers.y_development), 0.6)
        right[splits[0].validation_rows], right[splits[1].validation_rows] = 0.95, 0.05
        pretend(flowers, best=right, near=right)
        model = train_final_model(laboratory, RANKED, splits, Extent()).model
        assert (model.temperature, model.single_temperature) == (1.0, 1.0)


class TestNumbers:
    """Nothing is pretended here: three folds of a table are trained."""

    @pytest.fixture(scope="class")
    @staticmethod
    def final():
        dataset = load_dataset(make_prices(), target="price")
        cut = folds(dataset.y_development, dataset.task, 3, seed=0)
        shape = block_shape(len(dataset.y_development), cut, batch=8, networks=2)
        base = Architecture(dataset.n_features, (8,), 1)
        laboratory = NetworkLaboratory(dataset, base, Recipe(loss="squared_error"), shape, seed=0)
        hopeless = candidate(PLAIN, 1.0, learning_rate=1e-6)
        good = candidate(NORMED, 1.1, epochs=SCHEDULE, learning_rate=0.03)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "temperature", lambda *_: pytest.fail("numbers have none"))
            yield train_final_model(laboratory, [hopeless, good], cut, Extent(greedy=True)), hopeless, good
        laboratory.close()

    def test_what_predicts_validation_rows_best_is_taken(self, final):
        final, hopeless, good = final
        assert (final.shares, final.selection) == ({hopeless: 1, good: 7}, "greedy")

    def test_there_is_nothing_to_calibrate(self, final):
        model = final[0].model
        assert (model.temperature, model.single_temperature) == (1.0, 1.0)


class TestModel:
    @pytest.fixture(scope="class")
    @staticmethod
    def ensemble(laboratory):
        return train_ensemble(laboratory, {RIVAL: 2, replace(NEAR, epochs=3): 1})

    def test_it_predicts_classes_and_probabilities_of_rows(self, flowers, laboratory, ensemble):
        model = as_model(laboratory, ensemble)
        probabilities = model.probabilities(flowers.encoded_test)
        assert probabilities.shape == (len(flowers.y_test), 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-12)
        assert set(model.predict_encoded(flowers.encoded_test)) <= {"iris", "lily", "rose"}

    def test_it_says_what_each_network_is(self, laboratory, ensemble):
        members = as_model(laboratory, ensemble).members
        assert [member["arm"] for member in members] == ["dropout", "dropout", "plain"]
        assert members[0]["dropout_rate"] == 0.2
        assert [member["epochs"] for member in members] == [1, 1, 3]

    def test_its_probabilities_are_tempered_and_no_class_is_rarer_than_the_rows_can_tell(
        self, flowers, laboratory, ensemble
    ):
        hot = as_model(laboratory, ensemble, 2.0, 3.0)
        share, encoded = 1 / (2 * (len(flowers.y_development) + 1)), flowers.encoded_test
        for model, temperature in ((hot, 2.0), (hot.single, 3.0)):
            bare = replace(model, temperature=1.0, uniform_share=0.0).probabilities(encoded)
            np.testing.assert_array_equal(model.probabilities(encoded), mixed(tempered(bare, temperature), share))
