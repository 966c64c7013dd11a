"""Rows are prepared by what the training rows of a split say, and by nothing else."""

import threading
import time

import numpy as np
import pytest
from studies import Clock, make_flowers, make_prices, with_other_validation

from goru.data.dataset import load_dataset
from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population.batches import BatchOrder
from goru.population.immediate.interpreted import Interpreter
from goru.population.member import Block, Member
from goru.population.trainer import Trainer
from goru.studies.asked.design import ARMS, architecture, arm_of
from goru.studies.defaults import roomy
from goru.studies.laboratory import NetworkLaboratory, block_shape, fit_preparation
from goru.studies.splits import parts


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
        np.testing.assert_array_equal(rows.training, splits[1].training_rows)
        np.testing.assert_array_equal(rows.validation, splits[1].validation_rows)
        assert rows.weight is None

    def test_every_row_belongs_to_one_part_in_all_splits(self, build, dataset, splits):
        laboratory = build(dataset, splits, seed=5)
        for split in splits:
            np.testing.assert_array_equal(laboratory.rows(split).part, parts(dataset, 5))
        assert laboratory.shape.parts == 40 > parts(dataset, 5).max()

    def test_the_loss_on_training_rows_is_watched_on_as_many_of_them_as_there_are_validation_rows(
        self, build, flowers, splits
    ):
        laboratory = build(flowers, splits)
        watched = laboratory.rows(splits[0]).training_scored
        assert len(set(watched)) == len(watched) == len(splits[0].validation_rows)
        assert set(watched) <= set(splits[0].training_rows)
        np.testing.assert_array_equal(watched, laboratory.rows(splits[0]).training_scored)

    def test_without_validation_rows_one_training_row_is_still_watched(self, build, flowers, splits):
        everything = Split(np.arange(len(flowers.y_development)), np.empty(0, int))
        assert len(build(flowers, splits).rows(everything).training_scored) == 1

    def test_of_many_rows_no_more_are_watched_than_the_validation_rows_of_any_split(self, build, flowers, splits):
        few = Split(np.arange(20), np.arange(20, len(flowers.y_development)))
        assert len(build(flowers, splits).rows(few).training_scored) == 20
        assert len(build(flowers, [Split(np.arange(60), np.arange(60, 64))]).rows(splits[0]).training_scored) == 4

    def test_a_number_to_predict_has_mean_0_and_variance_1_on_the_training_rows(self, build, prices, splits):
        rows = build(prices, splits).rows(splits[0])
        assert rows.y.shape == (len(prices.y_development), 1)
        assert rows.y[rows.training].mean() == pytest.approx(0, abs=1e-6)
        assert rows.y[rows.training].var() == pytest.approx(1, abs=1e-5)

    def test_the_first_rows_are_as_among_all(self, build, dataset, splits):
        laboratory = build(dataset, splits, seed=5)
        everything = laboratory.rows(Split(np.arange(len(dataset.y_development)), np.empty(0, int)))
        first = laboratory.first_rows(9)
        for name in ("x", "y", "part"):
            np.testing.assert_array_equal(getattr(first, name), getattr(everything, name)[:9])
        assert (first.training.tolist(), first.training_scored.tolist(), len(first.validation)) == ([*range(9)], [0], 0)
        assert len(laboratory.first_rows(10_000).x) == len(dataset.y_development)


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


class TestValidationRowsChangeNothingFitted:
    def test_preparation_and_scaling(self, dataset, splits):
        changed = with_other_validation(dataset, splits[0].validation_rows)
        assert fit_preparation(changed, splits[0].training_rows) == fit_preparation(dataset, splits[0].training_rows)
        # The same change does matter to another split, whose training rows they are.
        assert fit_preparation(changed, splits[1].training_rows) != fit_preparation(dataset, splits[1].training_rows)

    def test_the_training_rows_themselves(self, build, dataset, splits):
        rows = build(dataset, splits).rows(splits[0])
        changed = build(with_other_validation(dataset, splits[0].validation_rows), splits).rows(splits[0])
        np.testing.assert_array_equal(changed.x[changed.training], rows.x[rows.training])
        np.testing.assert_array_equal(changed.y[changed.training], rows.y[rows.training])
        np.testing.assert_array_equal(changed.training_scored, rows.training_scored)
        assert not np.array_equal(changed.x[changed.validation], rows.x[rows.validation])
        assert not np.array_equal(changed.y[changed.validation], rows.y[rows.validation])

    @pytest.mark.parametrize("changes", [{"targets": False}, {"features": False}, {}], ids=["x", "y", "x and y"])
    def test_nor_do_they_change_the_networks(self, build, laboratory, flowers, splits, changes):
        changed = build(with_other_validation(flowers, splits[0].validation_rows, **changes), splits)
        member = Member(1, (2,), Hyperparameters(learning_rate=0.01, dropout_rate=0.2, weight_decay=0.1))

        def trained(rows):
            (one,) = laboratory.trainer(arm_of("after", True)).train(
                [Block((member,), rows, (3,), epochs=5)], keep_networks=True
            )
            return one

        before, after = trained(laboratory.rows(splits[0])), trained(changed.rows(splits[0]))
        np.testing.assert_array_equal(after.curves[:, :, 0], before.curves[:, :, 0])
        assert not np.array_equal(after.curves[:, :, 1], before.curves[:, :, 1])
        for one, other in zip(after.learned[0], before.learned[0], strict=True):
            np.testing.assert_array_equal(one, other)


class TestPrograms:
    def test_there_are_three_and_arms_with_and_without_dropout_or_decay_share_one(self, laboratory):
        assert len(laboratory.trainers) == 3
        for arm in ARMS:
            assert laboratory.trainer(arm).architecture == architecture(arm, laboratory.base)
            assert laboratory.trainer(arm) is laboratory.trainer(arm_of(arm["batch_norm"], True, True))

    @pytest.mark.parametrize(("networks", "configurations", "blocks"), [(2, 1, 2), (4, 1, 1), (8, 2, 1)])
    def test_a_block_holds_as_many_configurations_of_every_arm_of_a_program_or_there_are_several(
        self, build, flowers, splits, networks, configurations, blocks
    ):
        laboratory = build(flowers, splits, networks=networks)
        assert laboratory.blocks_of_a_split == blocks
        assert laboratory.configurations_at_once == configurations
        assert laboratory.splits_at_once == max(laboratory.blocks_at_once // blocks, 1)

    @pytest.mark.parametrize("batch", [2, 7, 8, 32])
    def test_steps_are_the_full_batches_of_so_many_passes(self, build, flowers, splits, batch):
        laboratory = build(flowers, splits, batch=batch)
        for split in splits:
            order = BatchOrder((0,), split.training_rows, batch)
            for epochs in (0, 1, 3, 100):
                assert laboratory.steps(epochs, len(split.training_rows)) == order.steps(epochs)

    def test_a_worked_number_of_steps(self, build, flowers, splits):
        assert build(flowers, splits).steps(3, 50) == 18  # 150 rows in batches of 8


class TestShape:
    def test_it_holds_all_scored_rows_and_all_steps_of_a_call(self, flowers, splits):
        rows = len(flowers.y_development)
        everything = Split(np.arange(rows), np.empty(0, int))
        for batch in (2, 7, 16, 32):
            shape = block_shape(rows, splits, batch, networks=2)
            assert (shape.batch, shape.networks, shape.parts) == (batch, 2, 40)
            for split in (*splits, everything):
                assert shape.eval_chunks * shape.eval_rows >= len(split.validation_rows)
                order = BatchOrder((0,), split.training_rows, batch)
                assert shape.steps >= max(order.steps(e + shape.epochs) - order.steps(e) for e in range(30))

    @pytest.mark.parametrize(
        ("rows", "scored", "batch", "epochs", "steps", "chunks", "chunk"),
        [
            (72, 24, 8, 7, 63, 1, 24),  # a call is 64 steps: seven epochs of nine
            (100, 20, 128, 78, 64, 1, 20),  # as of 104 rows
            (20, 4, 64, 100, 32, 1, 4),  # never more epochs than a study has
            (600_000, 120_000, 512, 1, 1_280, 240, 512),  # one epoch at least; as of 655,360 rows and 122,880
            (5_000, 1_025, 256, 3, 60, 3, 384),  # as of 5,120 and 1,152; 512 rows are scored at once
        ],
    )
    def test_worked_examples(self, rows, scored, batch, epochs, steps, chunks, chunk):
        splits = [Split(np.arange(rows - some), np.arange(some)) for some in (1, scored)]
        shape = block_shape(rows, splits, batch, networks=2)
        assert (shape.epochs, shape.steps, shape.eval_chunks, shape.eval_rows) == (epochs, steps, chunks, chunk)

    def test_a_table_that_has_grown_a_little_has_the_shape_of_the_table_it_was(self):
        shapes = [
            block_shape(rows, [Split(np.arange(rows), np.arange(rows // 5))], 128, networks=4)
            for rows in (780, 790, 800, 833)
        ]
        assert shapes[0] == shapes[1] == shapes[2] != shapes[3]

    def test_so_have_its_programs(self, build, flowers, splits):
        rows = len(flowers.y_development)
        assert {trainer._table[0] for trainer in build(flowers, splits).trainers} == {roomy(rows)}
        more = {trainer._table[0] for trainer in build(flowers, splits, rows=rows + 100).trainers}
        assert more == {roomy(rows + 100)}

    @pytest.mark.parametrize("count", [1, 15, 16, 17, 100, 12_345, 2**20, 2**20 + 1])
    def test_room_is_for_an_eighth_more_at_most(self, count):
        assert count <= roomy(count) <= count * 1.125
        assert roomy(roomy(count)) == roomy(count)
        assert len(f"{roomy(count):b}".rstrip("0")) <= 4

    def test_networks_that_are_small_enough_for_eight_in_a_block_take_four_times_as_many_steps_in_a_call(self, splits):
        shape = block_shape(72, splits, batch=8, networks=8)
        assert (shape.epochs, shape.steps) == (28, 252)


class TestAnotherTable:
    @pytest.fixture
    def other(self):
        return load_dataset(make_flowers(seed=1), target="kind")

    def test_has_the_same_programs_and_rows_of_its_own(self, build, flowers, splits, other):
        laboratory = build(flowers, splits)
        again = laboratory.for_table(other, seed=7)
        assert [again.trainer(arm) for arm in ARMS] == [laboratory.trainer(arm) for arm in ARMS]
        rows, alone = again.rows(splits[0]), build(other, splits, seed=7).rows(splits[0])
        for name in ("x", "y", "training", "training_scored", "validation", "part"):
            np.testing.assert_array_equal(getattr(rows, name), getattr(alone, name))
        assert (again.dataset, again.seed) == (other, 7)

    def test_leaves_the_first_as_it_was(self, build, flowers, splits, other):
        laboratory = build(flowers, splits)
        before = laboratory.rows(splits[0])
        laboratory.for_table(other, seed=7)
        after = laboratory.rows(splits[0])
        assert (laboratory.dataset, laboratory.seed) == (flowers, 0)
        np.testing.assert_array_equal(after.x, before.x)
        np.testing.assert_array_equal(after.part, before.part)

    def test_counts_classes_alike_if_the_first_does(self, build, flowers, splits, other):
        weight = build(flowers, splits, balanced=True).for_table(other, 0).rows(splits[0]).weight
        np.testing.assert_array_equal(weight, build(other, splits, balanced=True).rows(splits[0]).weight)


class TestPreparing:
    def test_what_was_fitted_once_is_not_fitted_again(self, build, flowers, splits, monkeypatch):
        laboratory, fitted = build(flowers, splits), []
        monkeypatch.setattr(
            "goru.studies.laboratory.fit_preparation",
            lambda dataset, rows, encoding: fitted.append(rows) or len(fitted),
        )
        found = [laboratory.fit_preparation(split.training_rows.copy()) for split in [*splits, *splits]]
        assert found == [1, 2, 3, 1, 2, 3]
        assert laboratory.for_table(flowers, 1).fit_preparation(splits[0].training_rows) == 4


class TestSeconds:
    @pytest.fixture
    def timed(self, laboratory, monkeypatch):
        """As many seconds an epoch, in the order in which programs are looked at; looking takes one."""
        clock, found = Clock(), iter([0.3, 0.2, 0.5])

        def block_seconds(trainer, rows):
            clock.now += 1
            return next(found)

        monkeypatch.setattr("goru.studies.laboratory.block_seconds", block_seconds)
        monkeypatch.setattr("goru.studies.laboratory.time", clock)
        return laboratory

    @pytest.mark.parametrize(("seconds", "programs"), [(-1, 1), (0.5, 1), (1.5, 2), (float("inf"), 3)])
    def test_as_many_programs_are_timed_as_there_is_time_for(self, timed, splits, seconds, programs):
        found = timed.block_seconds(timed.rows(splits[0]), seconds)
        assert found == [0.3, 0.2, 0.5][:programs]

    def test_a_few_rows_are_enough(self, laboratory):
        assert min(laboratory.block_seconds(laboratory.first_rows(16))) > 0

    def test_an_interpreter_is_timed_by_an_epoch(self, flowers, splits):
        base = Architecture(flowers.n_features, (8,), flowers.n_outputs)
        shape = block_shape(len(flowers.y_development), splits, 8, 2)
        laboratory = NetworkLaboratory(flowers, base, Recipe(), shape, seed=0, interpreted=True)
        assert len(laboratory.block_seconds(laboratory.rows(splits[0]))) == 3
        assert laboratory.blocks_at_once == 1


class TestWaiting:
    """A program that is being compiled is waited for; one that nobody has begun to compile by then never is."""

    @pytest.mark.parametrize(("seconds", "compiled"), [(None, 3), (0.0, 2)])
    def test_until_all_are_compiled_or_no_longer(self, flowers, splits, monkeypatch, seconds, compiled):
        going, begun = threading.Event(), []

        def compile_program(trainer):
            begun.append(trainer)
            going.wait(60)

        monkeypatch.setattr(Trainer, "compile", compile_program)
        base = Architecture(flowers.n_features, (8,), flowers.n_outputs)
        shape = block_shape(len(flowers.y_development), splits, 8, 2)
        laboratory = NetworkLaboratory(flowers, base, Recipe(), shape, seed=0)
        while len(begun) < 2:
            time.sleep(0.01)
        threading.Timer(0.2, going.set).start()
        laboratory.wait(seconds)
        kinds = [type(trainer) for trainer in laboratory.trainers]
        assert kinds.count(Trainer) == compiled
        assert kinds.count(Interpreter) == 3 - compiled
        assert {laboratory.trainer(arm).architecture for arm in ARMS} == {architecture(arm, base) for arm in ARMS}
        laboratory.close()
