"""What a row counts for in a laboratory: by its class, by a weight of its own, and in its part of the validation
rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies import with_other_validation

from goru.data.memory import dataset_from
from goru.data.preparing import TargetScaling
from goru.data.splitting import Split
from goru.nn.architecture import Hyperparameters, Recipe
from goru.population.member import Block, Member
from goru.studies.asked.design import arm_of


class TestWeights:
    @pytest.fixture
    def unequal(self, flowers):
        """Nine development rows of class 0, twenty of class 1, and the others of class 2."""
        y = np.repeat(np.int32([0, 1, 2]), [9, 20, len(flowers.y_development) - 29])
        return replace(flowers, y_development=np.random.default_rng(1).permutation(y))

    def test_there_are_none_where_classes_are_not_to_count_alike(self, build, unequal, splits):
        laboratory = build(unequal, splits)
        assert laboratory.weights(splits[0].training_rows) is None
        assert laboratory.rows(splits[0]).weight is None

    def test_a_worked_example(self, build, flowers, splits):
        y = flowers.y_development.copy()
        y[:9] = [0, 0, 0, 1, 2, 2, 0, 1, 2]
        laboratory = build(replace(flowers, y_development=y), splits, balanced=True)
        # Six training rows of three classes: two for each class, so 2/3 for each of three rows, 2 for one alone, 1 for
        # two.
        weights = laboratory.weights(np.arange(6))
        np.testing.assert_allclose(weights[:6], [2 / 3, 2 / 3, 2 / 3, 2, 1, 1], rtol=1e-6)
        np.testing.assert_allclose(weights[6:9], [2 / 3, 2, 1], rtol=1e-6)  # and as much for rows that are held out

    def test_on_training_rows_they_are_one_on_average_and_every_class_has_the_same_total(self, build, unequal, splits):
        laboratory = build(unequal, splits, balanced=True)
        for split in splits:
            weight, y = laboratory.rows(split).weight, unequal.y_development
            assert (weight.shape, weight.dtype) == (y.shape, np.float32)
            assert weight[split.training_rows].mean() == pytest.approx(1, rel=1e-6)
            totals = [weight[split.training_rows][y[split.training_rows] == code].sum() for code in range(3)]
            np.testing.assert_allclose(totals, len(split.training_rows) / 3, rtol=1e-6)

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

    def test_what_validation_rows_say_does_not_change_them(self, build, unequal, splits):
        weight = build(unequal, splits, balanced=True).weights(splits[0].training_rows)
        other = with_other_validation(unequal, splits[0].validation_rows)
        changed = build(other, splits, balanced=True).weights(splits[0].training_rows)
        np.testing.assert_array_equal(changed[splits[0].training_rows], weight[splits[0].training_rows])


class TestRowsOfUnequalWeight:
    @pytest.fixture
    def weighted(self, flowers):
        weights = np.random.default_rng(2).uniform(0.1, 5, len(flowers.y_development))
        return replace(flowers, weights=weights)

    def test_they_are_one_on_average_over_the_training_rows(self, build, weighted, splits):
        laboratory = build(weighted, splits)
        for split in splits:
            weight = laboratory.rows(split).weight
            assert (weight.shape, weight.dtype) == (weighted.weights.shape, np.float32)
            assert weight[split.training_rows].mean() == pytest.approx(1, rel=1e-6)
            np.testing.assert_allclose(weight / weight[0], weighted.weights / weighted.weights[0], rtol=1e-5)

    def test_their_scale_does_not_matter(self, build, weighted, splits):
        other = replace(weighted, weights=1e-3 * weighted.weights)
        for balanced in (False, True):
            one, same = (
                build(dataset, splits, balanced=balanced).weights(splits[0].training_rows)
                for dataset in (weighted, other)
            )
            np.testing.assert_allclose(one, same, rtol=1e-6)

    def test_weights_that_are_all_the_same_weigh_as_none(self, build, flowers, splits):
        same = replace(flowers, weights=np.full(len(flowers.y_development), 3.0))
        np.testing.assert_allclose(build(same, splits).weights(splits[0].training_rows), 1)
        balanced = [
            build(dataset, splits, balanced=True).weights(splits[0].training_rows) for dataset in (flowers, same)
        ]
        np.testing.assert_allclose(balanced[1], balanced[0], rtol=1e-6)

    def test_where_classes_count_alike_every_class_has_the_same_total_and_rows_keep_their_shares_of_it(
        self, build, weighted, splits
    ):
        laboratory, y = build(weighted, splits, balanced=True), weighted.y_development
        for split in splits:
            fit, weight = split.training_rows, laboratory.weights(split.training_rows)
            assert weight[fit].mean() == pytest.approx(1, rel=1e-6)
            for code in range(3):
                assert weight[fit][y[fit] == code].sum() == pytest.approx(len(fit) / 3, rel=1e-5)
                own, theirs = weight[y == code], weighted.weights[y == code]
                np.testing.assert_allclose(own / own[0], theirs / theirs[0], rtol=1e-5)

    def test_a_worked_example_with_a_class_that_is_not_fitted(self, build, flowers, splits):
        y, weights = np.zeros_like(flowers.y_development), np.ones(len(flowers.y_development))
        y[:5], weights[:5] = [0, 0, 1, 2, 2], [6, 2, 4, 4, 12]
        weight = build(replace(flowers, y_development=y, weights=weights), splits, balanced=True).weights(np.arange(3))
        # Training rows weigh 12, 4 on average. Two classes share a total of 3: 1.5 to each, the first's 3 : 1.
        np.testing.assert_allclose(weight[:3], [1.125, 0.375, 1.5], rtol=1e-6)
        np.testing.assert_allclose(
            weight[3:5], [1.5, 4.5], rtol=1e-6
        )  # one that weighs as the others do on average: 1.5

    def test_those_of_validation_rows_change_nothing_that_is_fitted(self, build, weighted, splits):
        other = weighted.weights.copy()
        other[splits[0].validation_rows] *= 100
        changed = build(replace(weighted, weights=other), splits).rows(splits[0])
        rows = build(weighted, splits).rows(splits[0])
        np.testing.assert_array_equal(changed.weight[rows.training], rows.weight[rows.training])
        np.testing.assert_array_equal(changed.x, rows.x)

    def test_shares_are_by_weight(self, build, weighted, splits):
        laboratory = build(weighted, splits)
        for share, split in zip(laboratory.shares(splits), splits, strict=True):
            rows, weights = split.validation_rows, weighted.weights[split.validation_rows]
            expected = np.bincount(laboratory.parts[rows], weights, minlength=40) / weights.sum()
            np.testing.assert_allclose(share, expected, rtol=1e-5, atol=1e-12)


class TestARowOfWeightTwoIsAsTwoRows:
    """Rows of weight 1, 2 or 3, and the same rows as often; categories alone, which nothing is fitted to prepare."""

    TIMES = np.array([2, 1, 1, 2, 1, 1, 3, 1, 2, 1, 2, 1])
    SPLIT = Split(np.arange(6), np.arange(6, 12))

    @pytest.fixture(params=["classes", "classes that count alike", "numbers"])
    def pair(self, request, build):
        """The weighted rows and the repeated ones, each with its split, in batches of all training rows."""
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
        # Targets are scaled by what the training rows say, each once; here they are left as they are.
        monkeypatch.setattr(TargetScaling, "fit", classmethod(lambda cls, y, rows: cls(0.0, 1.0)))
        member = Member(1, (2,), Hyperparameters(learning_rate=rate))
        found = []
        for laboratory, split in pair:
            rows = laboratory.rows(split)
            assert len(rows.training_scored) == len(split.training_rows)
            (trained,) = laboratory.trainer(arm_of()).train([Block((member,), rows, (3,), epochs=5)])
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
        parts = [one.parts[0, 0] for one in laboratory.trainer(arm_of()).train(blocks)]
        np.testing.assert_allclose(parts, np.log(3) * laboratory.shares(splits), rtol=1e-5)
