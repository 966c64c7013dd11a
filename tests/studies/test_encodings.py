"""How numbers are encoded: in the rows that networks are trained on, and in the model that is handed over."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numbers_with_effects import FEW, ROWS, make

from goru.data.pieces import FEWEST_PIECES
from goru.data.splitting import folds
from goru.model.files import load_model, save_model
from goru.nn.architecture import Architecture, Recipe
from goru.population.immediate.interpreted import Interpreter
from goru.studies.asked.design import ARMS
from goru.studies.laboratory import NetworkLaboratory, block_shape
from goru.studies.probe import ARM
from goru.studies.study import Study


class TestHandedOver:
    def test_the_model_squares_what_it_predicts(self, tmp_path):
        dataset, options = make("parabola"), replace(FEW, epochs=40, batch_size=16, numbers="squares")
        result = Study(dataset, options).run()
        save_model(result.model, result.trained, tmp_path / "model")
        read, fresh = load_model(tmp_path / "model"), pd.DataFrame(np.eye(5) * 3, columns=list("abcde"))
        assert read.preparation.squared == (0, 1, 2, 3, 4)
        assert read.preparation.n_features == 10 == read.networks.inputs
        np.testing.assert_array_equal(read.predict(fresh), result.model.predict(fresh))

    @pytest.fixture(scope="class", params=[False, True], ids=["numbers", "classes"])
    @staticmethod
    def studied(request):
        options = replace(FEW, epochs=40, batch_size=16, numbers="pieces")
        return Study(make("steps", classes=request.param), options).run(), request.param

    def test_the_model_cuts_what_it_predicts(self, studied):
        model = studied[0].model
        assert model.preparation.n_features == 1 + FEWEST_PIECES == model.networks.inputs
        assert model.preparation.n_from_columns == model.schema.n_features == 1

    def test_it_survives_being_written_and_read(self, studied, tmp_path):
        result, classes = studied
        save_model(result.model, result.trained, tmp_path / "model")
        read = load_model(tmp_path / "model")
        fresh = pd.DataFrame({"x": [*np.linspace(-2, 2, 50), np.nan]})
        np.testing.assert_array_equal(read.predict(fresh), result.model.predict(fresh))
        assert read.preparation == result.model.preparation
        if classes:
            found = read.predict_proba(fresh)
            np.testing.assert_array_equal(found, result.model.predict_proba(fresh))
            np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)

    def test_it_has_learned_the_steps(self, studied):
        result, classes = studied
        x = np.linspace(-0.95, 0.95, 200)
        y = np.floor(4 * x) % 2
        predicted = result.model.predict(pd.DataFrame({"x": x}))
        right = (predicted == "yes") if classes else (predicted > 0.5)
        assert (right == (y == 1)).mean() > 0.7


class TestLaboratory:
    @pytest.fixture
    def build(self):
        """A laboratory without programs."""

        def build(dataset, encoding, **given):
            splits = folds(dataset.y_development, dataset.task, 3, seed=0)
            base = Architecture(dataset.n_prepared(encoding), (8,), dataset.n_outputs)
            shape = block_shape(len(dataset.y_development), splits, 8, 2)
            recipe = Recipe(loss="squared_error")
            return splits, NetworkLaboratory(
                dataset, base, recipe, shape, seed=0, interpreted=True, encoding=encoding, **given
            )

        return build

    @pytest.mark.parametrize(("encoding", "a_number"), [("scaled", 1), ("squares", 2), ("pieces", 1 + FEWEST_PIECES)])
    def test_its_rows_have_as_many_columns_as_the_data_set_says(self, build, encoding, a_number):
        dataset = make("line")
        splits, laboratory = build(dataset, encoding)
        assert laboratory.rows(splits[0]).x.shape == (ROWS, dataset.n_prepared(encoding))
        assert dataset.n_prepared(encoding) == 5 * a_number
        assert laboratory.fit_preparation(splits[0].training_rows)[0].n_features == dataset.n_prepared(encoding)

    def test_pieces_come_from_the_training_rows_alone(self, build):
        dataset = make("line")
        splits, laboratory = build(dataset, "pieces")
        before = laboratory.fit_preparation(splits[0].training_rows)
        numeric, y = dataset.encoded_development.numeric.copy(), dataset.y_development.copy()
        numeric[splits[0].validation_rows], y[splits[0].validation_rows] = 1e6, 1e6
        changed = replace(
            dataset, encoded_development=replace(dataset.encoded_development, numeric=numeric), y_development=y
        )
        assert build(changed, "pieces")[1].fit_preparation(splits[0].training_rows) == before

    def test_there_are_programs_for_the_arms_asked_for_alone(self, build):
        _, laboratory = build(make("line"), "scaled", arms=[ARM])
        assert len(laboratory.trainers) == 1
        assert all(isinstance(trainer, Interpreter) for trainer in laboratory.trainers)
        with pytest.raises(KeyError):
            laboratory.trainer(ARMS[0])
