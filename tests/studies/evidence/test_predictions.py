"""Confusion, ROC curves, calibration, predicted against true: against what is counted by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest

from goru.experiment.forms import to_json
from goru.studies.evidence import predictions
from goru.studies.evidence.predictions import (
    BINS,
    FEWEST_IN_A_BIN,
    MOST_CLASSES,
    MOST_POINTS,
    MOST_ROC_CLASSES,
    MOST_ROWS,
    OTHERS,
    wilson,
)

THREE = ("iris", "lily", "rose")


def describe_classes(*given) -> dict:
    """Of test rows, in plain types."""
    return to_json(predictions.describe_classes("test", *given))


def describe_values(*given) -> dict:
    return to_json(predictions.describe_values("test", *given))


def calibration_of_classes(*given) -> dict:
    return to_json(predictions.calibration_of_classes(*given))


def calibration_of_values(*given) -> dict:
    return to_json(predictions.calibration_of_values(*given))


def said(*classes: int, of: int = 3, probability: float = 0.8) -> np.ndarray:
    """Probabilities that name a class in every row."""
    found = np.full((len(classes), of), (1 - probability) / (of - 1))
    found[np.arange(len(classes)), classes] = probability
    return found


def second(*probabilities: float) -> np.ndarray:
    """Of two classes, by the probability of the second one."""
    column = np.array(probabilities)
    return np.stack([1 - column, column], axis=1)


def random(rows: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(classes, size=rows), rng.dirichlet(np.ones(classes), rows)


class TestConfusion:
    def test_rows_are_counted_by_what_they_are_and_what_they_were_taken_for(self):
        y, predicted = np.array([0, 0, 0, 1, 1, 2]), said(0, 0, 2, 1, 0, 2)
        found = describe_classes(y, {"recommended": predicted}, THREE)
        assert (found["rows"], found["wrong"], found["classes"]) == (6, 2, ["iris", "lily", "rose"])
        assert found["confusion"] == [[2, 0, 1], [1, 1, 0], [0, 0, 1]]

    def test_they_are_by_the_first_model_alone(self):
        y, right = np.array([0, 1, 2]), said(0, 1, 2)
        found = describe_classes(y, {"recommended": right, "plain": said(2, 2, 1)}, THREE)
        assert (found["wrong"], found["confusion"]) == (0, np.eye(3).tolist())

    def test_a_class_that_no_row_is_of_or_that_no_row_is_taken_for_has_zeros(self):
        found = describe_classes(np.array([0, 1]), {"recommended": said(2, 1)}, THREE)
        assert found["confusion"] == [[0, 0, 1], [0, 1, 0], [0, 0, 0]]

    @pytest.mark.parametrize("classes", [2, 3, MOST_CLASSES])
    def test_as_many_classes_as_a_picture_shows_stand_for_themselves(self, classes):
        labels = tuple(map(str, range(classes)))
        y, predicted = random(200, classes)
        assert describe_classes(y, {"recommended": predicted}, labels)["classes"] == list(labels)

    def test_of_more_the_frequent_ones_stand_for_themselves_and_the_others_together(self):
        """Thirty classes: class 7 has one row, 11 others two, the others three."""
        counts = np.full(30, 3)
        counts[[7, *range(19, 30)]] = [1, *[2] * 11]
        y = np.repeat(np.arange(30), counts)
        taken = np.where(y == 0, 29, np.where(y == 7, 1, y))
        labels = tuple(f"c{code}" for code in range(30))
        found = describe_classes(y, {"recommended": said(*taken, of=30)}, labels)
        # Of those with two rows the first, class 19, is the nineteenth: 18 have three.
        shown = [f"c{code}" for code in (*range(7), *range(8, 20))]
        assert found["classes"] == [*shown, OTHERS]
        matrix = np.array(found["confusion"])
        assert matrix.sum() == len(y)
        assert matrix[0].tolist() == [0] * 19 + [3]  # class 0 is taken for class 29
        assert matrix[-1].tolist() == [0, 1, *[0] * 17, 20]  # class 7 for class 1, and ten are right
        assert found["wrong"] == 4

    def test_a_mistake_among_the_others_is_one_all_the_same(self):
        y = np.repeat(np.arange(30), [2] * 19 + [1] * 11)
        taken = np.where(y == 29, 28, y)
        found = describe_classes(y, {"recommended": said(*taken, of=30)}, tuple(map(str, range(30))))
        assert (found["wrong"], found["confusion"][-1][-1]) == (1, 11)


def pairs(positive: np.ndarray, negative: np.ndarray) -> float:
    """The share of pairs in which the positive row is higher, ties counting half."""
    one, other = np.asarray(positive)[:, None], np.asarray(negative)[None]
    return float(((one > other) + 0.5 * (one == other)).mean())


class TestRocOfTwoClasses:
    def test_the_area_is_the_share_of_pairs_in_the_right_order(self):
        """Of nine pairs: 0.8 is above three rows, 0.5 above one and level with one, 0.2 above none."""
        y, predicted = np.array([1, 1, 1, 0, 0, 0]), second(0.8, 0.5, 0.2, 0.6, 0.5, 0.3)
        (curve,) = describe_classes(y, {"recommended": predicted}, ("no", "yes"))["roc"]
        assert curve["area"] == pytest.approx((3 + 1 + 0.5) / 9)
        assert (curve["name"], curve["label"]) == ("recommended", "yes")

    def test_the_curve_has_a_corner_at_every_threshold_that_matters(self):
        y, predicted = np.array([1, 0, 1, 0]), second(0.9, 0.7, 0.6, 0.1)
        (curve,) = describe_classes(y, {"recommended": predicted}, ("no", "yes"))["roc"]
        points = list(zip(curve["false"], curve["true"], strict=True))
        assert points == [(0, 0), (0, 0.5), (0.5, 0.5), (0.5, 1), (1, 1)]

    def test_every_model_has_one_in_its_order(self):
        y = np.array([1, 0, 1, 0])
        models = {"recommended": second(0.9, 0.1, 0.8, 0.2), "plain": second(0.1, 0.9, 0.2, 0.8)}
        curves = describe_classes(y, models, ("no", "yes"))["roc"]
        assert [(curve["name"], curve["area"]) for curve in curves] == [("recommended", 1), ("plain", 0)]

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], [0], [1]])
    def test_where_all_rows_are_of_one_class_there_is_none(self, y):
        predicted = second(*np.linspace(0.2, 0.9, len(y)))
        assert describe_classes(np.array(y), {"recommended": predicted}, ("no", "yes"))["roc"] == []

    def test_predictions_that_are_all_alike_tell_nothing_apart(self):
        (curve,) = describe_classes(np.array([0, 1, 1]), {"recommended": second(0.3, 0.3, 0.3)}, ("no", "yes"))["roc"]
        assert (curve["area"], curve["false"], curve["true"]) == (0.5, [0, 1], [0, 1])

    @pytest.mark.parametrize("rows", [50, 5_000])
    def test_a_curve_has_as_many_points_as_a_picture_shows_and_its_ends_are_among_them(self, rows):
        y, predicted = random(rows, 2)
        (curve,) = describe_classes(y, {"recommended": predicted}, ("no", "yes"))["roc"]
        assert len(curve["false"]) == len(curve["true"]) <= MOST_POINTS
        assert [curve[name][place] for name in ("false", "true") for place in (0, -1)] == [0, 1, 0, 1]
        assert curve["area"] == pytest.approx(pairs(predicted[y == 1, 1], predicted[y == 0, 1]))
        # By trapezia through the points that are left it is much the same.
        assert np.trapezoid(curve["true"], curve["false"]) == pytest.approx(curve["area"], abs=0.01)

    @given(arrays(int, 12, elements=st.integers(0, 1)), arrays(float, 12, elements=st.sampled_from([0.1, 0.4, 0.7])))
    def test_the_area_is_that_share_whatever_is_predicted(self, y, probabilities):
        curves = describe_classes(y, {"recommended": second(*probabilities)}, ("no", "yes"))["roc"]
        areas = [curve["area"] for curve in curves]
        there = 0 < y.sum() < 12
        assert areas == ([pytest.approx(pairs(probabilities[y == 1], probabilities[y == 0]))] if there else [])


class TestRocOfMoreClasses:
    def test_there_is_one_a_class_against_all_others_of_the_first_model_the_worst_first(self):
        y = np.array([0, 0, 1, 1, 2, 2])
        predicted = np.array(
            [[0.8, 0.1, 0.1], [0.6, 0.1, 0.3], [0.3, 0.2, 0.5], [0.3, 0.6, 0.1], [0.2, 0.4, 0.4], [0.4, 0.4, 0.2]]
        )
        curves = describe_classes(y, {"recommended": predicted, "plain": predicted[::-1]}, THREE)["roc"]
        expected = {name: pairs(predicted[y == c, c], predicted[y != c, c]) for c, name in enumerate(THREE)}
        # Roses 0.4 and 0.2 against 0.1, 0.3, 0.5, 0.1: above three and two of four. Lilies 0.2 and 0.6 against 0.1,
        # 0.1, 0.4, 0.4: above two and four. Irises are above all others.
        assert expected == {"iris": 1, "lily": 0.75, "rose": 0.625}
        assert [(curve["name"], curve["label"], curve["area"]) for curve in curves] == [
            ("rose", "rose", 0.625),
            ("lily", "lily", 0.75),
            ("iris", "iris", 1),
        ]

    @pytest.mark.filterwarnings("error")
    def test_a_class_that_no_row_is_of_has_none(self):
        curves = describe_classes(np.array([0, 1, 1]), {"recommended": said(0, 1, 2)}, THREE)["roc"]
        assert sorted(curve["label"] for curve in curves) == ["iris", "lily"]

    def test_of_many_those_that_are_told_apart_worst_are_shown(self):
        y, predicted = random(2_000, 30)
        predicted[y < 12, y[y < 12]] += 2  # twelve classes are told apart well
        curves = describe_classes(y, {"recommended": predicted}, tuple(map(str, range(30))))["roc"]
        areas = sorted(pairs(predicted[y == c, c], predicted[y != c, c]) for c in range(30))
        assert [curve["area"] for curve in curves] == pytest.approx(areas[:MOST_ROC_CLASSES])
        assert {int(curve["label"]) for curve in curves} <= set(range(12, 30))


def calibrated(found) -> list[tuple]:
    return [(each["predicted"], each["observed"], each["rows"]) for each in found["bins"]]


class TestCalibrationOfClasses:
    def test_of_two_classes_the_probability_of_the_second_is_compared_with_its_share(self):
        """Forty rows, two bins."""
        y = np.array([0] * 15 + [1] * 5 + [0] * 2 + [1] * 18)
        found = calibration_of_classes(y, second(*np.linspace(0.1, 0.2, 20), *np.linspace(0.7, 0.9, 20)))
        assert calibrated(found) == [(pytest.approx(0.15), 0.25, 20), (pytest.approx(0.8), 0.9, 20)]
        assert found["error"] == pytest.approx((0.1 + 0.1) / 2)
        assert (found["bins"][0]["low"], found["bins"][0]["high"]) == wilson(0.25, 20)

    def test_of_more_that_of_the_class_that_is_named_with_the_share_that_is_right(self):
        predicted = np.concatenate([said(*[0] * 20, probability=0.5), said(*[1] * 20, probability=0.9)])
        y = np.array([0] * 8 + [1] * 12 + [1] * 19 + [2])
        found = calibration_of_classes(y, predicted)
        assert calibrated(found) == [(pytest.approx(0.5), 0.4, 20), (pytest.approx(0.9), 0.95, 20)]
        assert found["error"] == pytest.approx((0.1 + 0.05) / 2)

    @pytest.mark.parametrize(
        ("rows", "bins"), [(1, 1), (2, 1), (39, 1), (40, 2), (199, 9), (200, 10), (5_000, 10), (5_003, 10)]
    )
    def test_bins_are_of_as_many_rows_and_no_fewer_than_twenty(self, rows, bins):
        y, predicted = random(rows, 2)
        counts = [each["rows"] for each in calibration_of_classes(y, predicted)["bins"]]
        assert (len(counts), sum(counts)) == (bins, rows)
        assert max(counts) - min(counts) <= 1
        assert len(counts) <= BINS
        assert min(counts) >= min(FEWEST_IN_A_BIN, rows)

    def test_they_are_in_the_order_of_what_is_said_whatever_that_of_the_rows(self):
        y, predicted = random(300, 2)
        bins = calibration_of_classes(y, predicted)["bins"]
        assert [each["predicted"] for each in bins] == sorted(each["predicted"] for each in bins)
        order = np.argsort(predicted[:, 1])
        assert calibration_of_classes(y[order], predicted[order])["bins"] == bins

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("rows", [1, 30, 500])
    def test_predictions_that_are_all_alike_make_one_bin(self, rows):
        y = np.arange(rows) % 2
        found = calibration_of_classes(y, second(*[0.25] * rows))
        assert calibrated(found) == [(0.25, pytest.approx(y.mean()), rows)]

    def test_what_is_said_of_most_rows_does_not_hide_what_is_said_of_the_others(self):
        """Ninety-five rows of probability zero, and five of one: two bins, though five are fewer than twenty."""
        y = np.array([0] * 95 + [1] * 5)
        wrong = np.roll(y, 50)  # ten rows
        found = calibration_of_classes(wrong, second(*y.astype(float)))
        assert calibrated(found) == [(0, pytest.approx(5 / 95), 95), (1, 0, 5)]
        assert found["error"] == pytest.approx(0.1)
        (few, many) = calibration_of_classes(1 - y, second(*(1 - y).astype(float)))["bins"]
        assert (few["rows"], many["rows"]) == (5, 95)

    values = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])

    @given(st.lists(values, min_size=1, max_size=120), st.randoms(use_true_random=False))
    def test_every_row_is_in_one_bin_and_equal_ones_are_in_the_same(self, probabilities, random):
        y = np.array([random.randint(0, 1) for _ in probabilities])
        bins = calibration_of_classes(y, second(*probabilities))["bins"]
        ordered, counts, start = np.sort(probabilities), [each["rows"] for each in bins], 0
        assert sum(counts) == len(probabilities)
        assert min(counts) > 0
        for each in bins:
            end = start + each["rows"]
            assert each["predicted"] == pytest.approx(ordered[start:end].mean())
            assert start == 0 or ordered[start - 1] < ordered[start]
            start = end
        assert sum(each["observed"] * each["rows"] for each in bins) == pytest.approx(y.sum())


class TestWilson:
    @pytest.mark.parametrize(
        ("right", "rows"), [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (499, 1_000), (3, 100_000)]
    )
    def test_is_that_of_scipy(self, right, rows):
        expected = binomtest(right, rows).proportion_ci(0.95, method="wilson")
        assert wilson(right / rows, rows) == pytest.approx((expected.low, expected.high), rel=1e-3, abs=1e-9)

    def test_a_worked_number(self):
        """Half of a hundred: (0.5 + 0.019208 ± 1.96 √(0.0025 + 0.00009604)) / 1.038416."""
        assert wilson(0.5, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)

    @given(st.integers(1, 10_000), st.floats(0, 1))
    def test_it_stays_between_none_and_all_and_has_the_share_in_it(self, rows, share):
        low, high = wilson(share, rows)
        assert 0 <= low <= share + 1e-12
        assert share - 1e-12 <= high <= 1


class TestCalibrationOfValues:
    def test_a_worked_example(self):
        """Two bins of twenty: what is true is 10 more than predicted, give or take 1, and then 3 less."""
        predicted = np.concatenate([np.linspace(0, 1, 20), np.linspace(100, 110, 20)])
        y = predicted + np.concatenate([10 + np.tile([-1.0, 1.0], 10), np.full(20, -3.0)])
        found = calibration_of_values(y, predicted)
        assert calibrated(found) == [
            (pytest.approx(0.5), pytest.approx(10.5), 20),
            (pytest.approx(105), pytest.approx(102), 20),
        ]
        assert found["error"] == pytest.approx((10 + 3) / 2)
        for each, rows in zip(found["bins"], (slice(20), slice(20, 40)), strict=True):
            half = 1.96 * np.std(y[rows], ddof=1) / np.sqrt(20)
            assert (each["low"], each["high"]) == pytest.approx((each["observed"] - half, each["observed"] + half))

    @pytest.mark.filterwarnings("error")
    def test_one_row_has_an_interval_without_bounds(self):
        (only,) = calibration_of_values(np.array([2.0]), np.array([3.0]))["bins"]
        assert only == {"predicted": 3, "observed": 2, "low": None, "high": None, "rows": 1}

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("predicted", [np.zeros(50), np.linspace(-1, 1, 50)])
    def test_where_all_targets_are_alike_so_are_their_means(self, predicted):
        for value in (0.0, 7.0):
            found = calibration_of_values(np.full(50, value), predicted)
            assert {(each["observed"], each["low"], each["high"]) for each in found["bins"]} == {(value, value, value)}

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("units", [1e-320, 1e-300, 1e-200, 1e160, 1e300, 1e307])
    def test_in_other_units_everything_is_that_many_times_as_large(self, units):
        rng = np.random.default_rng(0)
        y, predicted = rng.normal(size=(2, 60))
        one, other = calibration_of_values(y, predicted), calibration_of_values(units * y, units * predicted)
        rough = 1e-2 if units < 1e-310 else 1e-9  # the smallest numbers have few digits
        assert other["error"] == pytest.approx(units * one["error"], rel=rough)
        for small, large in zip(one["bins"], other["bins"], strict=True):
            for name in ("predicted", "observed", "low", "high"):
                assert large[name] == pytest.approx(units * small[name], rel=rough, abs=rough * units)

    @pytest.mark.filterwarnings("error")
    def test_numbers_at_the_end_of_what_a_float_holds_do_not_overflow(self):
        y = np.tile([-1.7e308, 1.7e308], 25)
        found = calibration_of_values(y, -y)
        np.testing.assert_allclose(
            [[each["predicted"], each["observed"]] for each in found["bins"]],
            [[-1.7e308, 1.7e308], [1.7e308, -1.7e308]],
        )


class TestValues:
    def test_true_and_predicted_stand_side_by_side(self):
        y, predicted = np.array([1.0, 2.0, 3.5]), np.array([1.1, 1.9, 3.0])
        found = describe_values(y, {"recommended": predicted, "plain": -predicted}, 0)
        assert (found["rows"], found["true"], found["predicted"]) == (3, [1, 2, 3.5], [1.1, 1.9, 3])
        assert list(found["calibration"]) == ["recommended", "plain"]
        assert found["calibration"]["plain"]["bins"][0]["predicted"] == pytest.approx(-2)

    def test_what_differs_far_behind_the_point_differs_still(self):
        """Seconds since 1970."""
        y = 1.7e9 + np.arange(5.0)
        found = describe_values(y, {"recommended": y + 0.5}, 0)
        assert found["true"] == y.tolist()
        assert found["predicted"] == (y + 0.5).tolist()

    def test_of_many_rows_some_are_shown_the_same_ones_for_the_same_seed(self):
        y = np.arange(3_000.0)
        one, same, other = (describe_values(y, {"recommended": -y}, seed) for seed in (1, 1, 2))
        assert (one["rows"], len(one["true"])) == (3_000, MOST_ROWS)
        assert one["true"] == sorted(set(one["true"]))  # in their order, none twice
        assert [-value for value in one["predicted"]] == one["true"] == same["true"] != other["true"]
        assert sum(each["rows"] for each in one["calibration"]["recommended"]["bins"]) == 3_000


class TestSize:
    @pytest.mark.parametrize("classes", [2, 20, 200])
    def test_it_does_not_grow_with_rows_and_classes(self, classes):
        y, predicted = random(5_000, classes)
        models = dict.fromkeys(("recommended", "plain", "logistic regression", "boosted trees"), predicted)
        found = describe_classes(y, models, tuple(map(str, range(classes))))
        assert len(json.dumps(found, allow_nan=False, indent=1)) < 60_000

    def test_nor_do_values(self):
        y = np.random.default_rng(0).normal(size=100_000)
        found = describe_values(y, dict.fromkeys(("recommended", "plain", "boosted trees"), y), 0)
        assert len(json.dumps(found, allow_nan=False, indent=1)) < 70_000


class TestThresholds:
    Y = np.array([0, 0, 0, 1, 1, 0, 1, 1])
    P = np.array([0.05, 0.15, 0.45, 0.48, 0.62, 0.7, 0.85, 0.95])

    def described(self, labels=("no", "yes"), y=Y):
        return predictions.describe_classes("test", y, {"recommended": np.stack([1 - self.P, self.P], axis=1)}, labels)

    def test_precision_and_recall_are_those_of_the_rows_taken(self):
        (half,) = (one for one in self.described().thresholds if one.probability == 0.5)
        assert (half.taken, half.precision, half.recall) == (4, 0.75, 0.75)
        assert (half.f1, half.accuracy) == (0.75, 0.75)

    def test_that_with_the_highest_f1_is_among_them(self):
        best = max(self.described().thresholds, key=lambda one: one.f1)
        assert (best.probability, best.f1) == (0.48, pytest.approx(8 / 9))

    def test_average_precision_is_scikit_learn_s(self):
        from sklearn.metrics import average_precision_score

        (curve,) = self.described().precision_recall
        assert (curve.name, curve.area) == ("recommended", average_precision_score(self.Y, self.P))

    def test_there_are_none_where_all_rows_are_of_one_class(self):
        described = self.described(y=np.ones(8, int))
        assert described.thresholds == described.precision_recall == ()
