"""Rows are prepared by what the fit rows of a split say, and by nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from studies import make_prices

from goru.data.dataset import load_dataset
from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population.batches import BatchOrder
from goru.population.member import Block, Member
from goru.population.trainer import Trainer
from goru.study.design import ARMS, Arm
from goru.study.laboratory import Laboratory, fit_preparation

HELD_OUT_FEATURES = {"numeric": 1e6, "indicators": 1.0, "codes": 0}


def with_other_held_out(dataset, rows, features=True, targets=True):
    """The data set with everything that held-out rows say changed."""
    encoded, y = dataset.encoded_development, dataset.y_development.copy()
    changed = {}
    for name, value in HELD_OUT_FEATURES.items():
        changed[name] = getattr(encoded, name).copy()
        changed[name][rows] = value
    if targets:
        y[rows] = 0 if dataset.classes is not None else 1e9
    encoded = replace(encoded, **changed) if features else encoded
    return replace(dataset, encoded_development=encoded, y_development=y)


@pytest.fixture
def build(monkeypatch):
    """A laboratory that compiles nothing."""

    def build(dataset, splits, **changes):
        base = Architecture(dataset.n_features, (8,), dataset.n_outputs)
        arguments = {"batch": 8, "networks": 2, "splits": splits, "seed": 0} | changes
        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "compile", lambda trainer: None)
            return Laboratory(dataset, base, Recipe(), **arguments)

    return build


@pytest.fixture(params=["classes", "numbers"])
def dataset(request, flowers, prices):
    return {"classes": flowers, "numbers": prices}[request.param]


class TestRows:
    def test_all_development_rows_are_there_and_the_split_says_what_they_are_for(self, build, flowers, splits):
        rows = build(flowers, splits).rows(splits[1])
        assert rows.x.shape == (len(flowers.y_development), flowers.n_features)
        assert rows.x.dtype == np.float32
        assert np.isfinite(rows.x).all()
        np.testing.assert_array_equal(rows.y, flowers.y_development)
        np.testing.assert_array_equal(rows.fit, splits[1].fit_rows)
        np.testing.assert_array_equal(rows.score, splits[1].score_rows)

    def test_the_loss_on_fit_rows_is_watched_on_as_many_of_them_as_there_are_score_rows(self, build, flowers, splits):
        laboratory = build(flowers, splits)
        watched = laboratory.rows(splits[0]).fit_scored
        assert len(set(watched)) == len(watched) == len(splits[0].score_rows)
        assert set(watched) <= set(splits[0].fit_rows)
        np.testing.assert_array_equal(watched, laboratory.rows(splits[0]).fit_scored)

    def test_without_score_rows_one_fit_row_is_still_watched(self, build, flowers, splits):
        everything = Split(np.arange(len(flowers.y_development)), np.empty(0, int))
        assert len(build(flowers, splits).rows(everything).fit_scored) == 1

    def test_a_number_to_predict_has_mean_0_and_variance_1_on_the_fit_rows(self, build, prices, splits):
        rows = build(prices, splits).rows(splits[0])
        assert rows.y.shape == (len(prices.y_development), 1)
        assert rows.y[rows.fit].mean() == pytest.approx(0, abs=1e-6)
        assert rows.y[rows.fit].var() == pytest.approx(1, abs=1e-5)


class TestHugeTargets:
    """They are held out in one split, and there too many deviations from the others for a float32 to square."""

    @pytest.fixture
    def with_target(self, prices):
        row = int(prices.development_rows[7])

        def with_target(value):
            table = make_prices()
            table.loc[row, "price"] = value
            dataset = load_dataset(table, target="price")
            return dataset, folds(dataset.y_development, dataset.task, 3, seed=0), row

        return with_target

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("value", [1e20, -1e20, 1e60])
    def test_they_are_refused_with_their_row(self, build, with_target, value):
        dataset, splits, row = with_target(value)
        laboratory = build(dataset, splits)
        with pytest.raises(InputError, match=rf"data row {row + 1}: 'price' is too far from the others"):
            [laboratory.rows(split) for split in splits]

    def test_what_a_float_can_square_is_not(self, build, with_target):
        dataset, splits, _ = with_target(1e16)
        for split in splits:
            assert np.isfinite(np.square(build(dataset, splits).rows(split).y)).all()


class TestHeldOutRowsChangeNothingFitted:
    def test_preparation_and_scaling(self, dataset, splits):
        changed = with_other_held_out(dataset, splits[0].score_rows)
        assert fit_preparation(changed, splits[0].fit_rows) == fit_preparation(dataset, splits[0].fit_rows)
        # The same change does matter to another split, whose fit rows they are.
        assert fit_preparation(changed, splits[1].fit_rows) != fit_preparation(dataset, splits[1].fit_rows)

    def test_the_fit_rows_themselves(self, build, dataset, splits):
        rows = build(dataset, splits).rows(splits[0])
        changed = build(with_other_held_out(dataset, splits[0].score_rows), splits).rows(splits[0])
        np.testing.assert_array_equal(changed.x[changed.fit], rows.x[rows.fit])
        np.testing.assert_array_equal(changed.y[changed.fit], rows.y[rows.fit])
        np.testing.assert_array_equal(changed.fit_scored, rows.fit_scored)
        assert not np.array_equal(changed.x[changed.score], rows.x[rows.score])
        assert not np.array_equal(changed.y[changed.score], rows.y[rows.score])

    @pytest.mark.parametrize("changes", [{"targets": False}, {"features": False}, {}], ids=["x", "y", "x and y"])
    def test_nor_do_they_change_the_networks(self, build, laboratory, flowers, splits, changes):
        changed = build(with_other_held_out(flowers, splits[0].score_rows, **changes), splits)
        member = Member(1, (2,), Hyperparameters(learning_rate=0.01, dropout_rate=0.2, weight_decay=0.1))

        def trained(rows):
            (one,) = laboratory.trainer(Arm("after", True)).train(
                [Block((member,), rows, (3,), epochs=5)], keep_networks=True
            )
            return one

        before, after = trained(laboratory.rows(splits[0])), trained(changed.rows(splits[0]))
        np.testing.assert_array_equal(after.curves[:, :, 0], before.curves[:, :, 0])
        assert not np.array_equal(after.curves[:, :, 1], before.curves[:, :, 1])
        for one, other in zip(after.networks.hidden[0].affine, before.networks.hidden[0].affine, strict=True):
            np.testing.assert_array_equal(one, other)


class TestPrograms:
    def test_there_are_six_and_arms_with_and_without_decay_share_one(self, laboratory):
        assert len(laboratory.trainers) == 6
        for arm in ARMS:
            assert laboratory.trainer(arm).architecture == arm.architecture(laboratory.base)
            assert laboratory.trainer(arm) is laboratory.trainer(replace(arm, weight_decay=True))

    def test_their_shape_holds_all_scored_rows_and_all_steps_of_a_call(self, build, flowers, splits):
        for batch in (2, 7, 16, 32):
            laboratory = build(flowers, splits, batch=batch)
            shape = laboratory.shape
            everything = Split(np.arange(len(flowers.y_development)), np.empty(0, int))
            for split in (*splits, everything):
                assert shape.eval_chunks * shape.eval_rows >= len(split.score_rows)
                order = BatchOrder((0,), split.fit_rows, batch)
                assert shape.steps >= max(order.steps(e + shape.epochs) - order.steps(e) for e in range(30))

    @pytest.mark.parametrize("networks", [2, 4, 8])
    def test_a_block_holds_as_many_draws_with_decay_as_without(self, build, flowers, splits, networks):
        assert build(flowers, splits, networks=networks).draws_in_a_block == networks // 2
