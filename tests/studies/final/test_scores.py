"""Figures, row losses and their differences, against arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from goru.experiment.effects.comparison import compare
from goru.studies.final.scores import constant_predictions, figures, intervals, row_losses

INF = float("inf")
HALF, QUARTER = np.log(2), np.log(4)

PROBABILITIES = np.array(
    [
        [0.50, 0.25, 0.25],
        [0.50, 0.30, 0.20],
        [0.40, 0.35, 0.25],
        [0.25, 0.50, 0.25],
        [0.25, 0.50, 0.25],
    ]
)
TRUTH = np.array([0, 0, 0, 1, 2])
"""Losses: log 2, log 2, log 2.5, log 2, log 4. All rows but the last are right."""


@pytest.fixture
def three_classes(flowers):
    return replace(flowers, y_test=TRUTH)


@pytest.fixture
def two_classes(flowers):
    return replace(flowers, target=replace(flowers.target, classes=("no", "yes")), y_test=np.array([0, 0, 1, 1]))


@pytest.fixture
def numbers(prices):
    """Four development rows of mean 5 and variance 4, and three test rows."""
    return replace(prices, y_development=np.array([3.0, 3.0, 7.0, 7.0]), y_test=np.array([1.0, 2.0, 6.0]))


class TestConstantPredictions:
    def test_classes_have_their_shares_of_the_development_rows(self, flowers):
        dataset = replace(flowers, y_development=np.array([0, 0, 1, 0]), y_test=np.array([2, 1]))
        np.testing.assert_array_equal(constant_predictions(dataset), [[0.75, 0.25, 0.0], [0.75, 0.25, 0.0]])

    def test_a_number_has_their_mean(self, numbers):
        np.testing.assert_allclose(constant_predictions(numbers), [5.0, 5.0, 5.0])


@pytest.mark.filterwarnings("error")
class TestFiguresOfClasses:
    def test_a_worked_example(self, three_classes):
        found = figures(three_classes, PROBABILITIES)
        assert list(found) == ["log loss", "accuracy", "balanced accuracy", "AUC"]
        assert found["log loss"] == pytest.approx((3 * HALF + np.log(2.5) + QUARTER) / 5)
        assert found["accuracy"] == 0.8
        assert found["balanced accuracy"] == pytest.approx((1 + 1 + 0) / 3)
        # Class 0: 3 of 3 rows above both others. Class 1: above all three rows of class 0, and level with the last row.
        # Class 2, 0.25: level with rows 0, 2 and 3, above row 1.
        assert found["AUC"] == pytest.approx((1 + 3.5 / 4 + 2.5 / 4) / 3)

    def test_in_the_balanced_log_loss_every_class_counts_alike(self, three_classes):
        found = figures(three_classes, PROBABILITIES, balanced=True)
        assert list(found) == ["log loss", "balanced log loss", "accuracy", "balanced accuracy", "AUC"]
        of_class_0 = (2 * HALF + np.log(2.5)) / 3
        assert found["balanced log loss"] == pytest.approx((of_class_0 + HALF + QUARTER) / 3)

    def test_of_two_classes_the_auc_is_the_share_of_pairs_in_the_right_order(self, two_classes):
        of_yes = np.array([0.1, 0.4, 0.3, 0.8])  # of four pairs only 0.4 and 0.3 are in the wrong order
        found = figures(two_classes, np.column_stack([1 - of_yes, of_yes]))
        assert found["AUC"] == pytest.approx(3 / 4)

    def test_a_class_without_test_rows_is_left_out_of_means_over_classes(self, flowers):
        dataset = replace(flowers, y_test=np.array([0, 0, 2]))
        found = figures(dataset, np.array([[0.6, 0.0, 0.4], [0.3, 0.0, 0.7], [0.5, 0.0, 0.5]]), balanced=True)
        assert found["balanced log loss"] == pytest.approx((-np.log(0.6 * 0.3) / 2 + HALF) / 2)
        assert found["balanced accuracy"] == pytest.approx((1 / 2 + 0) / 2)
        assert found["AUC"] == pytest.approx(1 / 2)  # of class 0 one pair of two, and the same two pairs of class 2

    @pytest.mark.parametrize("name", ["two_classes", "three_classes"])
    def test_test_rows_of_one_class_have_no_auc(self, request, name):
        dataset = replace(request.getfixturevalue(name), y_test=np.array([1, 1]))
        found = figures(dataset, np.full((2, len(dataset.classes)), 1 / len(dataset.classes)), balanced=True)
        assert found["AUC"] is None
        assert found["log loss"] == found["balanced log loss"] == pytest.approx(np.log(len(dataset.classes)))


@pytest.mark.filterwarnings("error")
class TestFiguresOfNumbers:
    def test_a_worked_example(self, numbers):
        # Errors 1, 0, 1: their squares' sum is 2, and that of the truth around its mean 3 is 4 + 1 + 9.
        found = figures(numbers, np.array([2.0, 2.0, 5.0]))
        assert list(found) == ["R²", "error"]
        assert (found["R²"], found["error"]) == pytest.approx((1 - 2 / 14, np.sqrt(2 / 3)))

    @pytest.mark.parametrize("rows", [1, 3])
    def test_where_the_truth_does_not_vary_there_is_no_r2(self, numbers, rows):
        found = figures(replace(numbers, y_test=np.full(rows, 2.0)), np.full(rows, 5.0))
        assert found == {"R²": None, "error": pytest.approx(3)}

    def test_numbers_whose_squares_are_none(self, numbers):
        huge = replace(numbers, y_development=1e200 * numbers.y_development, y_test=1e200 * numbers.y_test)
        found = figures(huge, 1e200 * np.array([2.0, 2.0, 5.0]))
        assert (found["R²"], found["error"]) == pytest.approx((1 - 2 / 14, 1e200 * np.sqrt(2 / 3)))


class TestRowLosses:
    def test_log_losses_are_those_of_the_true_class(self, three_classes):
        losses = row_losses(three_classes, PROBABILITIES.astype(np.float32))
        assert losses.dtype == np.float64
        np.testing.assert_allclose(losses, [HALF, HALF, np.log(2.5), HALF, QUARTER], rtol=1e-6)

    def test_no_probability_is_so_small_that_its_loss_is_infinite(self, two_classes):
        losses = row_losses(two_classes, np.array([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]))
        np.testing.assert_allclose(losses, [52 * np.log(2), 0, HALF, 0], atol=1e-15)  # float64's eps is 2^-52

    def test_squared_errors_are_in_units_of_the_development_rows_variance(self, numbers):
        np.testing.assert_allclose(row_losses(numbers, np.array([1.0, 4.0, 0.0])), [0, 4 / 4, 36 / 4])

    def test_where_that_is_nothing_they_stay_as_they_are(self, numbers):
        constant = replace(numbers, y_development=np.full(4, 3.0))
        np.testing.assert_allclose(row_losses(constant, np.array([1.0, 4.0, 0.0])), [0, 4, 36])


class TestCompare:
    AGAINST = np.array([1.0, 2.0, 3.0, 4.0])
    LOSSES = AGAINST + np.array([-2.0, 0.0, -2.0, 0.0])
    """Differences of mean -1; squared deviations 1, 1, 1, 1: variance 4 / 3, standard error sqrt(1 / 3)."""

    def test_a_worked_example(self):
        found = compare(self.LOSSES, self.AGAINST)
        half = 3.1824 / np.sqrt(3)  # 97.5 % of Student's t with 3 degrees of freedom
        assert (found.change, found.low, found.high) == pytest.approx((-1, -1 - half, -1 + half), abs=1e-4)

    def test_at_another_confidence(self):
        found = compare(self.LOSSES, self.AGAINST, confidence=0.99)
        assert found.high == pytest.approx(-1 + 5.8409 / np.sqrt(3), abs=1e-4)

    def test_weights_move_the_mean_and_its_error_whatever_their_scale(self):
        # Normalised to 1.5, 0.5, 1.5, 0.5: mean -6 / 4. Weighted deviations -0.75, 0.75, -0.75, 0.75: squares 2.25.
        half = 3.1824 * np.sqrt(2.25 / 3 / 4)
        for scale in (1, 10):
            found = compare(self.LOSSES, self.AGAINST, weights=scale * np.array([3.0, 1.0, 3.0, 1.0]))
            assert (found.change, found.low, found.high) == pytest.approx((-1.5, -1.5 - half, -1.5 + half), abs=1e-4)

    def test_equal_weights_are_none(self):
        plain = compare(self.LOSSES, self.AGAINST)
        weighted = compare(self.LOSSES, self.AGAINST, weights=np.full(4, 7.0))
        assert (weighted.change, weighted.low, weighted.high) == pytest.approx((plain.change, plain.low, plain.high))

    def test_with_class_weights_it_is_the_difference_of_balanced_losses(self, three_classes):
        losses = row_losses(three_classes, PROBABILITIES)
        uniform = np.full_like(PROBABILITIES, 1 / 3)
        found = compare(losses, row_losses(three_classes, uniform), weights=1 / np.array([3, 3, 3, 1, 1]))
        name = "balanced log loss"
        ours, theirs = (figures(three_classes, p, balanced=True)[name] for p in (PROBABILITIES, uniform))
        assert found.change == pytest.approx(ours - theirs)

    def test_with_groups_the_error_is_that_of_whole_groups(self):
        # Two groups whose rows sum to -1 and 1 around the mean: 2 / 1 * (1 + 1) / 4², one degree of freedom.
        found = compare(np.array([-1.5, -1.5, -0.5, -0.5]), np.zeros(4), groups=np.array([7, 7, 3, 3]))
        half = 12.7062 * np.sqrt(2 * 2 / 16)
        assert (found.change, found.low, found.high) == pytest.approx((-1, -1 - half, -1 + half), abs=1e-4)

    def test_groups_of_one_row_are_none(self):
        for weights in (None, np.array([3.0, 1.0, 3.0, 1.0])):
            assert compare(self.LOSSES, self.AGAINST, weights=weights) == compare(
                self.LOSSES, self.AGAINST, weights=weights, groups=np.array([4, 1, 9, 0])
            )

    def test_rows_that_are_copies_of_one_another_say_no_more_than_one_of_them(self):
        """Ten times each: without their groups the interval would be a third as wide, and wrong."""
        groups = np.repeat(np.arange(4), 10)
        once = compare(self.LOSSES, self.AGAINST)
        copied = compare(np.repeat(self.LOSSES, 10), np.repeat(self.AGAINST, 10), groups=groups)
        assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
        assert compare(np.repeat(self.LOSSES, 10), np.repeat(self.AGAINST, 10)).high < once.high - 1

    @pytest.mark.filterwarnings("error")
    def test_one_group_says_nothing_about_others(self):
        found = compare(self.LOSSES, self.AGAINST, groups=np.zeros(4, int))
        assert (found.change, found.low, found.high) == (-1, -INF, INF)

    @pytest.mark.filterwarnings("error")
    def test_one_row_says_nothing_about_others(self):
        found = compare(np.array([1.0]), np.array([3.0]))
        assert (found.change, found.low, found.high) == (-2, -INF, INF)

    def test_with_groups_it_covers_the_true_difference_as_often_as_it_says(self):
        repeats, truth, groups = 2000, 0.3, np.repeat(np.arange(30), 4)
        rng = np.random.default_rng(2)
        drawn = truth + rng.normal(size=(repeats, 30)).repeat(4, axis=1) + rng.normal(size=(repeats, 120))
        found = [compare(each, np.zeros(120), 0.9, groups=groups) for each in drawn]
        covered = np.mean([difference.low < truth < difference.high for difference in found])
        assert covered == pytest.approx(0.9, abs=4 * np.sqrt(0.9 * 0.1 / repeats))

    @pytest.mark.parametrize("weighted", [False, True])
    def test_it_covers_the_true_difference_as_often_as_it_says(self, weighted):
        repeats, rows, truth = 2000, 40, 0.3
        rng = np.random.default_rng(int(weighted))
        weights = rng.choice([1.0, 2.0], rows) if weighted else None
        found = [compare(rng.normal(truth, 2.0, rows), np.zeros(rows), 0.9, weights) for _ in range(repeats)]
        covered = np.mean([difference.low < truth < difference.high for difference in found])
        assert covered == pytest.approx(0.9, abs=4 * np.sqrt(0.9 * 0.1 / repeats))


class TestMeasures:
    """What is judged by another measure has its figure, and rows have its losses."""

    def test_brier_by_hand(self, three_classes):
        found = figures(three_classes, PROBABILITIES, measure="brier")
        rows = [0.375, 0.38, 0.545, 0.375, 0.875]
        np.testing.assert_allclose(row_losses(three_classes, PROBABILITIES, "brier"), rows)
        assert found["Brier score"] == pytest.approx(np.mean(rows))
        assert list(found)[1:] == list(figures(three_classes, PROBABILITIES))

    def test_accuracy_counts_rows_that_are_wrong(self, three_classes):
        np.testing.assert_array_equal(row_losses(three_classes, PROBABILITIES, "accuracy"), [0, 0, 0, 0, 1])
        assert figures(three_classes, PROBABILITIES, measure="accuracy") == figures(three_classes, PROBABILITIES)

    def test_absolute_errors_are_over_the_standard_deviation_and_their_figure_in_the_target_s_units(self, numbers):
        predicted = np.array([2.0, 4.0, 3.0])
        np.testing.assert_allclose(row_losses(numbers, predicted, "mae"), [0.5, 1.0, 1.5])
        assert figures(numbers, predicted, measure="mae")["absolute error"] == pytest.approx(2.0)


class TestIntervals:
    def predictions(self, dataset):
        rng = np.random.default_rng(1)
        scores = 1.5 * np.eye(len(dataset.classes))[dataset.y_test]
        odds = np.exp(scores + rng.normal(size=scores.shape))
        return odds / odds.sum(axis=1, keepdims=True)

    def bootstrapped(self, dataset, predicted, samples=200):
        """Standard deviations of all figures over samples of the test rows, with replacement."""
        rng = np.random.default_rng(0)
        found = []
        for _ in range(samples):
            rows = rng.integers(0, len(dataset.y_test), len(dataset.y_test))
            found.append(figures(replace(dataset, y_test=dataset.y_test[rows]), predicted[rows], balanced=True))
        return {name: np.std([some[name] for some in found]) for name in found[0]}

    def test_of_classes_are_those_of_the_bootstrap(self, flowers):
        many = replace(flowers, y_test=np.random.default_rng(2).integers(0, 3, 120))
        predicted = self.predictions(many)
        found = intervals(many, predicted, figures(many, predicted, balanced=True))
        errors = self.bootstrapped(many, predicted)
        for name in ("log loss", "balanced log loss", "accuracy", "balanced accuracy", "AUC"):
            low, high = found[name]
            assert (high - low) / 2 == pytest.approx(1.96 * errors[name], rel=0.2), name

    def test_of_numbers_are_those_of_the_bootstrap(self, numbers):
        rng = np.random.default_rng(3)
        many = replace(numbers, y_test=5 + 2 * rng.normal(size=200))
        predicted = many.y_test + rng.normal(size=200)
        errors = {}
        for _ in range(600):
            rows = rng.integers(0, 200, 200)
            for name, value in figures(replace(many, y_test=many.y_test[rows]), predicted[rows]).items():
                errors.setdefault(name, []).append(value)
        found = intervals(many, predicted, figures(many, predicted))
        for name, values in errors.items():
            assert (found[name][1] - found[name][0]) / 2 == pytest.approx(1.96 * np.std(values), rel=0.12), name

    def test_groups_stay_together(self, flowers):
        """Of copies, a group each, as much is known as of the rows themselves."""
        n = len(flowers.y_test)
        twice = replace(
            flowers,
            y_test=np.tile(flowers.y_test, 2),
            encoded_test=flowers.encoded_test.take(np.tile(np.arange(n), 2)),
            test_rows=np.tile(flowers.test_rows, 2),
            test_groups=np.tile(np.arange(n, dtype=np.int32), 2),
        )
        predicted = self.predictions(flowers)
        found = figures(flowers, predicted)
        one, two = intervals(flowers, predicted, found), intervals(twice, np.tile(predicted, (2, 1)), found)
        assert all(two[name] == pytest.approx(one[name], rel=1e-6) for name in one)

    def test_what_the_rows_do_not_define_has_none(self, flowers):
        same = replace(flowers, y_test=np.zeros_like(flowers.y_test))
        predicted = self.predictions(flowers)
        assert intervals(same, predicted, figures(same, predicted))["AUC"] is None
        one, first = replace(flowers, y_test=flowers.y_test[:1]), predicted[:1]
        assert set(intervals(one, first, figures(one, first)).values()) == {None}
