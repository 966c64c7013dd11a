"""What is predicted of rows that no network was fitted on, by models that are made by hand."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest

from goru.data.memory import dataset_from
from goru.model.networks import mixed, tempered
from goru.studies.evidence.gathered import Predictions
from goru.studies.final import model_predictions as module
from goru.studies.final.scores import figures

UNIFORM = 0.05  # share
RIVALS = ("class prior", "logistic regression", "boosted trees")


def probabilities(seed: int, rows: int = 18) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(3), rows)


@dataclass
class FakeModel:
    """Predicts the same of whatever it is given; `first` is its first network alone."""

    said: np.ndarray
    first: "FakeModel | None" = None
    temperature: float = 1.0
    networks: range = field(default_factory=lambda: range(1))
    asked: list = field(default_factory=list)
    decision_weights: tuple[float, ...] = ()

    @property
    def single(self) -> "FakeModel":
        return self.first

    def probabilities(self, encoded) -> np.ndarray:
        assert self.said.ndim == 2
        self.asked.append(encoded)
        return self.said

    def calibrated(self, probabilities) -> np.ndarray:
        return mixed(tempered(probabilities, self.temperature), UNIFORM)

    def values(self, encoded) -> np.ndarray:
        assert self.said.ndim == 1
        self.asked.append(encoded)
        return self.said


@dataclass
class FakeFinalModel:
    model: FakeModel
    validation: np.ndarray | None = None


def ensemble(said: np.ndarray, first: np.ndarray, temperature: float = 1.0, alone: float = 1.0, validation=None):
    """Of eight networks."""
    model = FakeModel(said, FakeModel(first, temperature=alone), temperature, range(8))
    return FakeFinalModel(model, validation)


@pytest.fixture
def final_models() -> dict[str, FakeFinalModel]:
    return {
        "plain": ensemble(probabilities(1), probabilities(2)),
        "recommended": ensemble(probabilities(3), probabilities(4)),
    }


@pytest.fixture
def rivals() -> dict[str, np.ndarray]:
    return {name: probabilities(10 + index) for index, name in enumerate(RIVALS)}


class TestOnTestRows:
    def test_figures_are_of_all_models_the_simplest_first_and_like_beside_like(self, flowers, rivals, final_models):
        found = module.ModelPredictions(flowers, rivals, final_models, single=False).figures(balanced=False)
        assert [(each.arm, each.networks) for each in found] == [
            *((name, 0) for name in RIVALS),
            *(("plain", 1), ("recommended", 1), ("plain", 8), ("recommended", 8)),
        ]
        said = [*rivals.values(), *(probabilities(seed) for seed in (2, 4, 1, 3))]
        for each, predicted in zip(found, said, strict=True):
            assert each.figures == figures(flowers, predicted)

    def test_they_may_be_balanced(self, flowers, rivals, final_models):
        found = module.ModelPredictions(flowers, rivals, final_models, single=False).figures(balanced=True)
        assert (
            found[0].figures["balanced log loss"] == figures(flowers, rivals["class prior"], True)["balanced log loss"]
        )

    @pytest.mark.parametrize(("single", "seeds"), [(False, (3, 1)), (True, (4, 2))])
    def test_pictures_are_of_the_final_model_its_plain_like_and_every_model_but_the_constant(
        self, flowers, rivals, final_models, single, seeds
    ):
        tested = module.ModelPredictions(flowers, rivals, final_models, single)
        found = tested.predictions()
        assert (found.of, list(found.predicted)) == ("test", ["recommended", "plain", *RIVALS[1:]])
        np.testing.assert_array_equal(found.y, flowers.y_test)
        for name, seed in zip(("recommended", "plain"), seeds, strict=True):
            np.testing.assert_array_equal(found.predicted[name], probabilities(seed))
        assert list(tested.compared) == ["plain", *RIVALS[1:]]  # what the final model is compared with
        np.testing.assert_array_equal(tested.compared["plain"], probabilities(seeds[1]))
        np.testing.assert_array_equal(tested.final, probabilities(seeds[0]))
        np.testing.assert_array_equal(found.predicted["boosted trees"], rivals["boosted trees"])

    def test_every_model_predicts_the_test_rows_and_does_so_once(self, flowers, rivals, final_models):
        tested = module.ModelPredictions(flowers, rivals, final_models, single=False)
        for _ in range(2):
            tested.figures(False), tested.predictions(), tested.final
        for done in final_models.values():
            assert done.model.asked == done.model.single.asked == [flowers.encoded_test]

    def test_numbers_are_in_their_own_units(self, prices):
        said = [np.arange(18.0) + 100 * number for number in range(5)]
        final_models = {"plain": ensemble(said[0], said[1]), "recommended": ensemble(said[2], said[3])}
        found = module.ModelPredictions(
            prices, {"mean": said[4], "ridge regression": said[4]}, final_models, single=False
        ).predictions()
        assert list(found.predicted) == ["recommended", "plain", "ridge regression"]
        np.testing.assert_array_equal(found.predicted["recommended"], said[2])


@pytest.fixture
def in_memory(flowers):
    """Development rows alone."""
    return replace(flowers, y_test=flowers.y_test[:0], encoded_test=flowers.encoded_test.take(np.empty(0, int)))


class TestWithoutTestRows:
    def validation(self, in_memory, single=False, change=lambda validation: validation) -> Predictions:
        """Two networks; the ensemble has a temperature of 2, the first network alone one of 3."""
        validation = change(np.stack([probabilities(20, 72), probabilities(21, 72)]))
        final_models = {"recommended": ensemble(probabilities(3, 0), probabilities(4, 0), 2.0, 3.0, validation)}
        tested = module.ModelPredictions(in_memory, {}, final_models, single)
        assert tested.figures(False) == ()
        assert final_models["recommended"].model.asked == []
        return tested.predictions()

    def test_development_rows_are_predicted_by_networks_that_are_not_fitted_on_them(self, in_memory):
        found = self.validation(in_memory)
        assert (found.of, list(found.predicted)) == ("validation", ["recommended"])
        np.testing.assert_array_equal(found.y, in_memory.y_development)
        mean = (probabilities(20, 72) + probabilities(21, 72)) / 2
        np.testing.assert_allclose(found.predicted["recommended"], mixed(tempered(mean, 2.0), UNIFORM))

    def test_or_by_the_first_alone_where_it_is_the_final_model_alone(self, in_memory):
        found = self.validation(in_memory, single=True)
        np.testing.assert_allclose(found.predicted["recommended"], mixed(tempered(probabilities(20, 72), 3.0), UNIFORM))

    def test_rows_that_no_split_scores_are_left_out(self, in_memory):
        def change(validation):
            validation[:, ::3] = np.nan
            return validation

        found, scored = self.validation(in_memory, change=change), np.arange(72) % 3 > 0
        np.testing.assert_array_equal(found.y, in_memory.y_development[scored])
        mean = ((probabilities(20, 72) + probabilities(21, 72)) / 2)[scored]
        np.testing.assert_allclose(found.predicted["recommended"], mixed(tempered(mean, 2.0), UNIFORM))

    @pytest.mark.filterwarnings("error")
    def test_so_are_those_that_a_network_which_diverged_was_to_predict(self, in_memory):
        def change(validation):
            validation[1, 10:20] = np.nan
            return validation

        assert len(self.validation(in_memory, change=change).y) == 62
        assert len(self.validation(in_memory, single=True, change=change).y) == 72  # it was the second one

    @pytest.mark.filterwarnings("error")
    def test_there_may_be_none_left(self, in_memory):
        found = self.validation(in_memory, change=lambda validation: np.nan * validation)
        assert (found.y.shape, found.predicted["recommended"].shape) == ((0,), (0, 3))

    def test_numbers_are_averaged_and_nothing_else(self):
        dataset = dataset_from(pd.DataFrame({"a": np.arange(4.0)}), np.arange(4.0))
        validation = np.array([[1.0, 2.0, np.nan, 4.0], [3.0, 4.0, np.nan, 0.0]])
        found = module.ModelPredictions(
            dataset, {}, {"recommended": ensemble(np.zeros(0), np.zeros(0), validation=validation)}, False
        ).predictions()
        assert (found.y.tolist(), found.predicted["recommended"].tolist()) == ([0, 1, 3], [2, 3, 2])
