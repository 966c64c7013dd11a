"""Rows are prepared by what the fit rows of a split say, and by nothing else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import make_flowers, make_prices

from goru.data.dataset import load_dataset
from goru.data.memory import dataset_from
from goru.data.preparing import TargetScaling
from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population.batches import BatchOrder
from goru.population.member import Block, Member
from goru.population.trainer import Trainer
from goru.study.design import ARMS, Arm
from goru.study.laboratory import Laboratory, block_shape, fit_preparation
from goru.study.splits import parts

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
        of_block = {"batch": 8, "networks": 2} | {
            name: changes.pop(name) for name in ("batch", "networks") & changes.keys()
        }
        shape = block_shape(len(dataset.y_development), splits, **of_block)
        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "compile", lambda trainer: None)
            return Laboratory(dataset, base, changes.pop("recipe", Recipe()), shape, **{"seed": 0} | changes)

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
        assert rows.weight is None

    def test_every_row_belongs_to_one_part_in_all_splits(self, build, dataset, splits):
        laboratory = build(dataset, splits, seed=5)
        for split in splits:
            np.testing.assert_array_equal(laboratory.rows(split).part, parts(dataset, 5))
        assert laboratory.shape.parts == 40 > parts(dataset, 5).max()

    def test_the_loss_on_fit_rows_is_watched_on_as_many_of_them_as_there_are_score_rows(self, build, flowers, splits):
        laboratory = build(flowers, splits)
        watched = laboratory.rows(splits[0]).fit_scored
        assert len(set(watched)) == len(watched) == len(splits[0].score_rows)
        assert set(watched) <= set(splits[0].fit_rows)
        np.testing.assert_array_equal(watched, laboratory.rows(splits[0]).fit_scored)

    def test_without_score_rows_one_fit_row_is_still_watched(self, build, flowers, splits):
        everything = Split(np.arange(len(flowers.y_development)), np.empty(0, int))
        assert len(build(flowers, splits).rows(everything).fit_scored) == 1

    def test_of_many_rows_no_more_are_watched_than_the_score_rows_of_any_split(self, build, flowers, splits):
        few = Split(np.arange(20), np.arange(20, len(flowers.y_development)))
        assert len(build(flowers, splits).rows(few).fit_scored) == 20
        assert len(build(flowers, [Split(np.arange(60), np.arange(60, 64))]).rows(splits[0]).fit_scored) == 4

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

    @pytest.mark.parametrize("networks", [2, 4, 8])
    def test_a_block_holds_as_many_draws_with_decay_as_without(self, build, flowers, splits, networks):
        assert build(flowers, splits, networks=networks).draws_in_a_block == networks // 2

    @pytest.mark.parametrize("batch", [2, 7, 8, 32])
    def test_steps_are_the_full_batches_of_so_many_passes(self, build, flowers, splits, batch):
        laboratory = build(flowers, splits, batch=batch)
        for split in splits:
            order = BatchOrder((0,), split.fit_rows, batch)
            for epochs in (0, 1, 3, 100):
                assert laboratory.steps(epochs, len(split.fit_rows)) == order.steps(epochs)

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
                assert shape.eval_chunks * shape.eval_rows >= len(split.score_rows)
                order = BatchOrder((0,), split.fit_rows, batch)
                assert shape.steps >= max(order.steps(e + shape.epochs) - order.steps(e) for e in range(30))

    @pytest.mark.parametrize(
        ("rows", "scored", "batch", "epochs", "steps", "chunks", "chunk"),
        [
            (72, 24, 8, 7, 63, 1, 24),  # a call is 64 steps: seven epochs of nine
            (100, 20, 128, 81, 64, 1, 20),
            (20, 4, 64, 100, 32, 1, 4),  # never more epochs than a study has
            (600_000, 120_000, 512, 1, 1_172, 235, 511),  # one epoch at least
            (5_000, 1_025, 256, 3, 59, 3, 342),  # 512 rows are scored at once
        ],
    )
    def test_worked_examples(self, rows, scored, batch, epochs, steps, chunks, chunk):
        splits = [Split(np.arange(rows - some), np.arange(some)) for some in (1, scored)]
        shape = block_shape(rows, splits, batch, networks=4)
        assert (shape.epochs, shape.steps, shape.eval_chunks, shape.eval_rows) == (epochs, steps, chunks, chunk)


class TestWeights:
    @pytest.fixture
    def unequal(self, flowers):
        """Nine development rows of class 0, twenty of class 1, and the others of class 2."""
        y = np.repeat(np.int32([0, 1, 2]), [9, 20, len(flowers.y_development) - 29])
        return replace(flowers, y_development=np.random.default_rng(1).permutation(y))

    def test_there_are_none_where_classes_are_not_to_count_alike(self, build, unequal, splits):
        laboratory = build(unequal, splits)
        assert laboratory.weights(splits[0].fit_rows) is None
        assert laboratory.rows(splits[0]).weight is None

    def test_a_worked_example(self, build, flowers, splits):
        y = flowers.y_development.copy()
        y[:9] = [0, 0, 0, 1, 2, 2, 0, 1, 2]
        laboratory = build(replace(flowers, y_development=y), splits, balanced=True)
        # Six fit rows of three classes: two for each class, so 2/3 for each of three rows, 2 for one alone, 1 for two.
        weights = laboratory.weights(np.arange(6))
        np.testing.assert_allclose(weights[:6], [2 / 3, 2 / 3, 2 / 3, 2, 1, 1], rtol=1e-6)
        np.testing.assert_allclose(weights[6:9], [2 / 3, 2, 1], rtol=1e-6)  # and as much for rows that are held out

    def test_on_fit_rows_they_are_one_on_average_and_every_class_has_the_same_total(self, build, unequal, splits):
        laboratory = build(unequal, splits, balanced=True)
        for split in splits:
            weight, y = laboratory.rows(split).weight, unequal.y_development
            assert (weight.shape, weight.dtype) == (y.shape, np.float32)
            assert weight[split.fit_rows].mean() == pytest.approx(1, rel=1e-6)
            totals = [weight[split.fit_rows][y[split.fit_rows] == code].sum() for code in range(3)]
            np.testing.assert_allclose(totals, len(split.fit_rows) / 3, rtol=1e-6)

    def test_classes_that_are_fitted_count_alike_and_a_row_of_another_as_one_of_which_there_is_one(
        self, build, unequal, splits
    ):
        y = unequal.y_development
        fit = np.flatnonzero(y != 1)
        weight = build(unequal, splits, balanced=True).weights(fit)
        assert weight[fit].mean() == pytest.approx(1, rel=1e-6)
        for code in (0, 2):
            assert weight[y == code].sum() == pytest.approx(len(fit) / 2, rel=1e-6)
        np.testing.assert_allclose(weight[y == 1], len(fit) / 2, rtol=1e-6)

    def test_what_held_out_rows_say_does_not_change_them(self, build, unequal, splits):
        weight = build(unequal, splits, balanced=True).weights(splits[0].fit_rows)
        other = with_other_held_out(unequal, splits[0].score_rows)
        changed = build(other, splits, balanced=True).weights(splits[0].fit_rows)
        np.testing.assert_array_equal(changed[splits[0].fit_rows], weight[splits[0].fit_rows])


class TestRowsOfUnequalWeight:
    @pytest.fixture
    def weighted(self, flowers):
        weights = np.random.default_rng(2).uniform(0.1, 5, len(flowers.y_development))
        return replace(flowers, weights=weights)

    def test_they_are_one_on_average_over_the_fit_rows(self, build, weighted, splits):
        laboratory = build(weighted, splits)
        for split in splits:
            weight = laboratory.rows(split).weight
            assert (weight.shape, weight.dtype) == (weighted.weights.shape, np.float32)
            assert weight[split.fit_rows].mean() == pytest.approx(1, rel=1e-6)
            np.testing.assert_allclose(weight / weight[0], weighted.weights / weighted.weights[0], rtol=1e-5)

    def test_their_scale_does_not_matter(self, build, weighted, splits):
        other = replace(weighted, weights=1e-3 * weighted.weights)
        for balanced in (False, True):
            one, same = (
                build(dataset, splits, balanced=balanced).weights(splits[0].fit_rows) for dataset in (weighted, other)
            )
            np.testing.assert_allclose(one, same, rtol=1e-6)

    def test_weights_that_are_all_the_same_weigh_as_none(self, build, flowers, splits):
        same = replace(flowers, weights=np.full(len(flowers.y_development), 3.0))
        np.testing.assert_allclose(build(same, splits).weights(splits[0].fit_rows), 1)
        balanced = [build(dataset, splits, balanced=True).weights(splits[0].fit_rows) for dataset in (flowers, same)]
        np.testing.assert_allclose(balanced[1], balanced[0], rtol=1e-6)

    def test_where_classes_count_alike_every_class_has_the_same_total_and_rows_keep_their_shares_of_it(
        self, build, weighted, splits
    ):
        laboratory, y = build(weighted, splits, balanced=True), weighted.y_development
        for split in splits:
            fit, weight = split.fit_rows, laboratory.weights(split.fit_rows)
            assert weight[fit].mean() == pytest.approx(1, rel=1e-6)
            for code in range(3):
                assert weight[fit][y[fit] == code].sum() == pytest.approx(len(fit) / 3, rel=1e-5)
                own, theirs = weight[y == code], weighted.weights[y == code]
                np.testing.assert_allclose(own / own[0], theirs / theirs[0], rtol=1e-5)

    def test_a_worked_example_with_a_class_that_is_not_fitted(self, build, flowers, splits):
        y, weights = np.zeros_like(flowers.y_development), np.ones(len(flowers.y_development))
        y[:5], weights[:5] = [0, 0, 1, 2, 2], [6, 2, 4, 4, 12]
        weight = build(replace(flowers, y_development=y, weights=weights), splits, balanced=True).weights(np.arange(3))
        # Fit rows weigh 12, 4 on average. Two classes share a total of 3: 1.5 to each, the first's 3 : 1.
        np.testing.assert_allclose(weight[:3], [1.125, 0.375, 1.5], rtol=1e-6)
        np.testing.assert_allclose(
            weight[3:5], [1.5, 4.5], rtol=1e-6
        )  # one that weighs as the others do on average: 1.5

    def test_those_of_held_out_rows_change_nothing_that_is_fitted(self, build, weighted, splits):
        other = weighted.weights.copy()
        other[splits[0].score_rows] *= 100
        changed = build(replace(weighted, weights=other), splits).rows(splits[0])
        rows = build(weighted, splits).rows(splits[0])
        np.testing.assert_array_equal(changed.weight[rows.fit], rows.weight[rows.fit])
        np.testing.assert_array_equal(changed.x, rows.x)

    def test_shares_are_by_weight(self, build, weighted, splits):
        laboratory = build(weighted, splits)
        for share, split in zip(laboratory.shares(splits), splits, strict=True):
            rows, weights = split.score_rows, weighted.weights[split.score_rows]
            expected = np.bincount(laboratory.parts[rows], weights, minlength=40) / weights.sum()
            np.testing.assert_allclose(share, expected, rtol=1e-5, atol=1e-12)


class TestARowOfWeightTwoIsAsTwoRows:
    """Rows of weight 1, 2 or 3, and the same rows as often; categories alone, which nothing is fitted to prepare."""

    TIMES = np.array([2, 1, 1, 2, 1, 1, 3, 1, 2, 1, 2, 1])
    SPLIT = Split(np.arange(6), np.arange(6, 12))

    @pytest.fixture(params=["classes", "classes that count alike", "numbers"])
    def pair(self, request, build):
        """The weighted rows and the repeated ones, each with its split, in batches of all fit rows."""
        rng = np.random.default_rng(0)
        frame = pd.DataFrame({"a": list("xyzxyzxyzxyz"), "b": list("uvuuvvuvuvvu")})
        y, classes = (np.arange(12) * 5 % 3, (0, 1, 2)) if "classes" in request.param else (rng.normal(size=12), None)
        again = np.repeat(np.arange(12), self.TIMES)
        several = Split(np.flatnonzero(again < 6), np.flatnonzero(again >= 6))
        changes = {
            "recipe": Recipe(loss="softmax_cross_entropy" if classes else "squared_error"),
            "balanced": "alike" in request.param,
        }
        one = build(dataset_from(frame, y, classes, weights=self.TIMES), [self.SPLIT], batch=6, **changes)
        other = build(dataset_from(frame.iloc[again], y[again], classes), [several], batch=8, **changes)
        other.parts = one.parts[again]
        return (one, self.SPLIT), (other, several)

    @pytest.mark.parametrize("rate", [0.0, 0.02], ids=["as drawn", "trained"])
    def test_in_every_figure_that_is_recorded_and_in_the_shares_of_parts(self, pair, rate, monkeypatch):
        # Targets are scaled by what the fit rows say, each once; here they are left as they are.
        monkeypatch.setattr(TargetScaling, "fit", classmethod(lambda cls, y, rows: cls(0.0, 1.0)))
        member = Member(1, (2,), Hyperparameters(learning_rate=rate))
        found = []
        for laboratory, split in pair:
            rows = laboratory.rows(split)
            assert len(rows.fit_scored) == len(split.fit_rows)
            (trained,) = laboratory.trainer(Arm()).train([Block((member,), rows, (3,), epochs=5)])
            found.append((trained.curves, trained.parts, laboratory.shares([split])))
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=1e-6)
        if rate:
            assert len(set(found[0][0][0, :, 1, 0])) == 5  # it has learned, and so it shows in training too


class TestShares:
    PARTS = np.array([0, 0, 0, 1, 1, 2, 5, 5], np.int32)

    @pytest.fixture
    def of_eight_rows(self, build, flowers, splits):
        """The first eight rows: three of part 0, two of part 1, one of part 2, two of part 5."""

        def of_eight_rows(**changes):
            y = flowers.y_development.copy()
            y[:8] = [0, 0, 1, 0, 1, 2, 0, 2]
            laboratory = build(replace(flowers, y_development=y), splits, **changes)
            laboratory.parts = np.concatenate([self.PARTS, np.zeros(len(y) - 8, np.int32)])
            return laboratory

        return of_eight_rows

    def test_rows_of_a_split_are_counted(self, of_eight_rows):
        fit = np.arange(8, 40)
        cut = [Split(fit, np.arange(8)), Split(fit, np.array([0, 3, 4, 5])), Split(fit, np.array([6, 7]))]
        shares = of_eight_rows().shares(cut)
        assert shares.shape == (3, 40)
        np.testing.assert_allclose(shares[:, [0, 1, 2, 5]] * 8, [[3, 2, 1, 2], [2, 4, 2, 0], [0, 0, 0, 8]])
        np.testing.assert_allclose(shares.sum(axis=1), 1)

    def test_where_classes_count_alike_rows_count_by_their_weight(self, of_eight_rows):
        laboratory = of_eight_rows(balanced=True)
        fit = np.array([0, 1, 3, 2, 5, 6])  # four of class 0, one of 1, one of 2: weights 1/2, 2 and 2
        (share,) = laboratory.shares([Split(fit, np.arange(8))])
        # Part 0: 1/2, 1/2, 2. Part 1: 1/2, 2. Part 2: 2. Part 5: 1/2, 2. In all ten.
        np.testing.assert_allclose(share[[0, 1, 2, 5]], [0.3, 0.25, 0.2, 0.25], rtol=1e-6)

    def test_they_are_what_parts_of_a_loss_are_where_all_rows_lose_as_much(self, laboratory, splits):
        """Really scored: a network whose weights are zero loses log 3 on every row."""
        frozen = Member(1, (2,), Hyperparameters(learning_rate=0.0, weight_std=0.0))
        blocks = [Block((frozen,), laboratory.rows(split), (3,), epochs=1) for split in splits]
        parts = [one.parts[0, 0] for one in laboratory.trainer(Arm()).train(blocks)]
        np.testing.assert_allclose(parts, np.log(3) * laboratory.shares(splits), rtol=1e-5)


class TestAnotherTable:
    @pytest.fixture
    def other(self):
        return load_dataset(make_flowers(seed=1), target="kind")

    def test_has_the_same_programs_and_rows_of_its_own(self, build, flowers, splits, other):
        laboratory = build(flowers, splits)
        again = laboratory.for_table(other, seed=7)
        assert [again.trainer(arm) for arm in ARMS] == [laboratory.trainer(arm) for arm in ARMS]
        rows, alone = again.rows(splits[0]), build(other, splits, seed=7).rows(splits[0])
        for name in ("x", "y", "fit", "fit_scored", "score", "part"):
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
