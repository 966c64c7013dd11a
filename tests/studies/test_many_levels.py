"""A level of a category of many is scaled down while networks are trained, and they predict from the table as it is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from goru.data.dataset import load_dataset
from goru.data.splitting import folds
from goru.experiment.candidates import Candidate
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.affine import Weights
from goru.nn.layers.scaled_affine import FASTER, ScaledAffine
from goru.studies.asked.design import PLAIN, arm_of
from goru.studies.asked.options import Options
from goru.studies.defaults import SCALED_LEVELS, level_scale
from goru.studies.final.refits import jobs_of, predict_validation, train_ensemble, unscaled
from goru.studies.laboratory import NetworkLaboratory, block_shape, fit_preparation
from goru.studies.study import Study

MANY = SCALED_LEVELS + 8
CANDIDATE = Candidate(
    arm_of("before"), 0, Hyperparameters(learning_rate=0.01)._asdict(), epochs=4, loss=0.5, schedule=4
)


def make(rows: int = 240, levels: int = MANY) -> pd.DataFrame:
    """A number with gaps, a category of three levels, one of many that says what the target is, and a date."""
    rng = np.random.default_rng(0)
    place = rng.permutation(rows) % levels
    return pd.DataFrame(
        {
            "x": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "few": rng.choice(["a", "b", "c"], rows),
            "place": [f"place {number}" for number in place],
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, rows), "D"),
            "y": rng.normal(size=levels)[place] + 0.1 * rng.normal(size=rows),
        }
    )


@pytest.fixture(scope="module")
def table():
    return load_dataset(make(), target="y")


@pytest.fixture(scope="module")
def splits(table):
    return folds(table.y_development, table.task, 3, seed=0)


@pytest.fixture(scope="module", params=[0.0, FASTER], ids=["affine", "with column scales"])
def laboratory(request, table, splits):
    base = Architecture(table.n_prepared("squares"), (8,), 1, column_scales=request.param)
    shape = block_shape(len(table.y_development), splits, batch=32, networks=2)
    recipe = Recipe(loss="squared_error")
    return NetworkLaboratory(table, base, recipe, shape, seed=0, interpreted=True, encoding="squares")


def test_the_more_levels_the_less_a_level_is():
    assert [level_scale(levels) for levels in (1, 2, SCALED_LEVELS)] == [1, 1, 1]
    assert level_scale(50) == pytest.approx(0.2)
    assert level_scale(200) == pytest.approx(0.1)


def test_levels_of_many_are_scaled_and_nothing_else(laboratory, table, splits):
    preparation, _ = fit_preparation(table, splits[0].training_rows, "squares")
    prepared, x = preparation.transform(table.encoded_development), laboratory.rows(splits[0]).x
    widths, first = preparation.widths, table.n_before_levels
    assert widths == (3, MANY)
    scaled = slice(first + 3, first + 3 + MANY)
    np.testing.assert_array_equal(prepared[:, scaled].sum(axis=1), 1)
    np.testing.assert_allclose(x[:, scaled], prepared[:, scaled] * np.sqrt(2 / MANY), rtol=1e-6)
    np.testing.assert_array_equal(np.delete(x, scaled, axis=1), np.delete(prepared, scaled, axis=1))
    assert prepared.shape[1] > scaled.stop  # squares follow
    assert x.dtype == np.float32


def test_a_table_without_such_a_category_stays_as_it_is(laboratory, splits):
    table = load_dataset(make(levels=SCALED_LEVELS), target="y")
    other = laboratory.for_table(table, 0)
    preparation, _ = fit_preparation(table, splits[0].training_rows, "squares")
    np.testing.assert_array_equal(other.rows(splits[0]).x, preparation.transform(table.encoded_development))


def test_networks_that_are_trained_read_the_table_as_it_is(laboratory, table):
    """The mean that batch norm ends with is that of the first layer over these rows."""
    ensemble = train_ensemble(laboratory, {CANDIDATE: 2})
    every = np.arange(len(table.y_development))
    x = fit_preparation(table, every, "squares")[0].transform(table.encoded_development)
    block, layer = ensemble.blocks[0], ensemble.layers[0][0]
    weights = layer.scaled(block.learned[0]) if isinstance(layer, ScaledAffine) else block.learned[0]
    for network in range(2):
        mean = (x @ weights.weight[network].T).mean(axis=0)
        np.testing.assert_allclose(block.statistics[1].mean[network], mean, rtol=1e-4, atol=1e-5)


def test_so_do_those_that_are_shown_at_their_stages(laboratory, table):
    ensemble = train_ensemble(laboratory, {CANDIDATE: 1})
    last = ensemble.stages[CANDIDATE.epochs]
    np.testing.assert_array_equal(np.ravel(last[0].weight), np.ravel(ensemble.blocks[0].learned[0].weight))


def test_and_those_that_predict_validation_rows(laboratory, table, splits):
    """The loss of what they predict is what was measured when they were trained."""
    plain = replace(CANDIDATE, arm=PLAIN)
    rows = laboratory.rows(splits[0])
    ((_, trained),) = laboratory.train(jobs_of(laboratory, [plain], rows))
    predicted = predict_validation(laboratory, {plain: 1}, splits)[0][rows.validation]
    errors = (table.y_development[rows.validation] - predicted) / table.y_development[rows.training].std()
    assert np.mean(errors**2) == pytest.approx(float(trained.parts[0, -1].sum()), rel=1e-5)


def test_the_first_weights_are_scaled_whatever_comes_before_them():
    weights = Weights(np.ones((2, 4, 3), np.float32), None)
    scales = np.array([1, 0.5, 0.25], np.float32)
    first, second, third = unscaled(((), weights, weights), scales)
    assert first == ()
    np.testing.assert_array_equal(second.weight[1, 2], scales)
    assert third is weights
    assert unscaled((weights,), np.ones(3, np.float32))[0] is weights


def test_a_study_learns_what_levels_say():
    table = make(rows=600)
    options = Options(networks=12, factors=("dropout",), epochs=30, hidden=(16,), numbers="scaled")
    model = Study(load_dataset(table, target="y"), options).run().model
    new = make(rows=600).assign(x=np.nan)
    assert np.corrcoef(model.predict(new), new["y"])[0, 1] > 0.9
