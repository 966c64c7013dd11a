"""The rivals learn what they can learn, choose by the splits they are given, and survive awkward tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from goru.data.dataset import Dataset, load_dataset
from goru.data.schema.encoding import Encoded
from goru.data.splitting import folds
from goru.studies.final import baselines
from goru.studies.final.baselines import FEW_ROUNDS, MOST_ROUNDS, affordable_rounds, affordable_splits, boosting, linear
from goru.studies.final.scores import constant_predictions, figures

pytestmark = pytest.mark.filterwarnings("error")


def load(name: str | pd.DataFrame, **options) -> Dataset:
    return load_dataset(name, target="target", **options)


def cut(dataset: Dataset, n_folds: int = 3):
    return folds(dataset.y_development, dataset.task, n_folds, 0)


def make(rows: int = 300, seed: int = 0, **columns: object) -> pd.DataFrame:
    """A number `x`, uniform on -1 to 1, and whatever else is given."""
    return pd.DataFrame({"x": np.random.default_rng(seed).uniform(-1, 1, rows), **columns})


def without_class(dataset: Dataset, code: int) -> Dataset:
    """As where time or groups leave a class to the test rows alone."""
    rows = np.flatnonzero(dataset.y_development != code)
    encoded, y = dataset.encoded_development.take(rows), dataset.y_development[rows]
    return replace(dataset, encoded_development=encoded, y_development=y)


def both(dataset: Dataset, balanced: bool = False) -> list[np.ndarray]:
    return [linear(dataset, cut(dataset), balanced), boosting(dataset, 0, balanced)]


class TestBoth:
    @pytest.mark.parametrize("name", ["iris", "breast_cancer"])
    def test_probabilities_of_all_classes_in_their_order(self, name):
        dataset = load(name)
        for predicted in both(dataset):
            assert predicted.shape == (len(dataset.y_test), len(dataset.classes))
            np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-6)
            assert figures(dataset, predicted)["accuracy"] > 0.9

    def test_values_in_the_targets_own_units(self):
        dataset = load("diabetes")
        for predicted in both(dataset):
            assert predicted.shape == dataset.y_test.shape
            assert predicted.mean() == pytest.approx(dataset.y_test.mean(), rel=0.1)
            assert figures(dataset, predicted)["error"] < 0.9 * figures(dataset, constant_predictions(dataset))["error"]

    def test_the_same_every_time(self):
        dataset = load("diabetes")
        for once, again in zip(both(dataset), both(dataset), strict=True):
            np.testing.assert_array_equal(once, again)

    def test_test_rows_have_no_say(self, flowers):
        other = replace(flowers, y_test=np.zeros_like(flowers.y_test))
        for predicted, same in zip(both(flowers), both(other), strict=True):
            np.testing.assert_array_equal(predicted, same)

    def test_a_class_without_a_development_row_gets_no_probability(self):
        dataset = without_class(load("iris"), 1)
        for predicted in both(dataset):
            assert predicted.shape[1] == 3
            assert predicted[:, 1].max() < 1e-6
            assert (predicted.argmax(axis=1)[dataset.y_test != 1] == dataset.y_test[dataset.y_test != 1]).all()

    def test_where_one_class_is_left_it_is_certain(self):
        dataset = without_class(without_class(load("iris"), 1), 0)
        for predicted in both(dataset):
            np.testing.assert_array_equal(predicted, np.tile([0.0, 0.0, 1.0], (len(dataset.y_test), 1)))

    def test_balanced_every_class_counts_alike(self):
        # One row of ten is of the rare class, wherever x lies: no feature tells, so the constant is all there is.
        dataset = load(make(1000, target=np.repeat(["common", "rare"], [900, 100])))
        for predicted, balanced in zip(both(dataset), both(dataset, balanced=True), strict=True):
            assert predicted[:, 1].mean() == pytest.approx(0.1, abs=0.04)
            assert balanced[:, 1].mean() == pytest.approx(0.5, abs=0.1)

    def test_a_quantity_far_from_zero(self):
        x = make(600)["x"]
        dataset = load(pd.DataFrame({"x": x, "target": 1e12 + 1e9 * x}))
        for predicted in both(dataset):
            assert figures(dataset, predicted)["R²"] > 0.99


class TestLinear:
    def test_it_is_the_line_where_there_is_one(self, prices):
        # The noise's standard deviation is 50, and the prices' about 850.
        assert figures(prices, linear(prices, cut(prices)))["error"] == pytest.approx(50, rel=0.5)

    @pytest.mark.parametrize(("clear", "least", "most"), [(True, 1e-2, 1e-1), (False, 1e2, 1e4)])
    def test_a_clear_table_is_given_a_weaker_penalty_than_noise(self, clear, least, most):
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, (200, 10))
        sign = x[:, 0] + x[:, 1] > 0 if clear else rng.random(200) > 0.5
        dataset = load(pd.DataFrame(x).add_prefix("x").assign(target=np.where(sign, "yes", "no")))
        assert least <= baselines._choose(dataset, cut(dataset), False) <= most

    def test_only_the_given_splits_choose(self, monkeypatch):
        dataset, fitted = load("diabetes"), []
        path = baselines._path

        def watched(dataset, rows, *rest):
            fitted.append(len(rows))
            return path(dataset, rows, *rest)

        monkeypatch.setattr(baselines, "_path", watched)
        splits = cut(dataset)
        linear(dataset, splits)
        assert fitted == [*(len(split.training_rows) for split in splits), len(dataset.y_development)]

    @pytest.mark.parametrize(("seconds", "chosen_on"), [(10.0, 3), (2.9, 1), (0.9, 0)])
    def test_it_chooses_on_fewer_splits_where_that_would_take_long(self, monkeypatch, seconds, chosen_on):
        monkeypatch.setattr(baselines, "_path_seconds", lambda dataset: 1.0)
        monkeypatch.setattr(baselines, "CHOOSING_SECONDS", seconds)
        assert baselines._splits_to_choose_on(load("iris"), 3) == chosen_on

    def test_without_choosing_it_has_the_usual_penalty(self, monkeypatch):
        monkeypatch.setattr(baselines, "CHOOSING_SECONDS", 0.0)
        dataset = load("iris")
        np.testing.assert_array_equal(linear(dataset, cut(dataset)), linear(dataset, []))
        assert figures(dataset, linear(dataset, []))["accuracy"] > 0.9

    def test_a_class_that_a_split_does_not_fit_on(self):
        """Three periods, and a class that only begins in the last one."""
        kind = np.where(np.arange(300) < 200, np.array(["a", "b"])[np.arange(300) % 2], "c")
        dataset = load(make(target=kind, when=np.arange(300)), time="when")
        splits = folds(dataset.y_development, dataset.task, 3, 0, time=dataset.time)
        predicted = linear(dataset, splits)
        assert predicted.shape == (len(dataset.y_test), 3)
        assert np.isfinite(predicted).all()


class TestBoosting:
    def test_it_learns_what_no_line_does(self):
        frame = make(600)
        dataset = load(frame.assign(target=frame["x"] ** 2))
        straight, trees = (figures(dataset, predicted)["R²"] for predicted in both(dataset))
        assert straight < 0.1
        assert trees > 0.95

    def test_missing_values_and_levels_are_missing_to_it(self):
        frame = pd.DataFrame(
            {
                "number": [1.5, None, 3.0] * 20,
                "colour": ["red", None, "blue", "red", "red", "blue"] * 10,
                "target": ["a", "b"] * 30,
            }
        )
        dataset = load(frame)
        colour = dataset.schema.categorical[0]
        assert colour.missing
        encoded = Encoded(
            np.array([[1.5], [np.nan], [3.0], [0.0]], np.float32),
            np.zeros((4, 1), np.float32),
            np.array([[colour.levels.index("blue")], [-1], [colour.width - 1], [colour.levels.index("red")]], np.int32),
            (colour.width,),
        )
        blue, red = colour.levels.index("blue"), colour.levels.index("red")
        columns = [[1.5, blue], [np.nan, np.nan], [3.0, np.nan], [0.0, red]]  # the indicator of missing is left out
        np.testing.assert_array_equal(baselines._columns(dataset, encoded), columns)

    def test_a_gap_may_be_what_tells(self):
        gap = np.arange(600) % 2 == 0
        frame = make(600).assign(target=np.where(gap, "gap", "none"))
        dataset = load(frame.assign(x=frame["x"].mask(gap)))
        assert figures(dataset, boosting(dataset, 0))["accuracy"] == 1

    def test_levels_are_split_in_any_order(self):
        """Every second level, in the order of their codes, is of one class: a single split by subsets tells them."""
        rng = np.random.default_rng(0)
        code = rng.integers(0, 40, 2000)
        dataset = load(pd.DataFrame({"level": np.char.mod("l%d", code), "target": np.array(["a", "b"])[code % 2]}))
        assert dataset.encoded_development.widths == (40,)
        assert figures(dataset, boosting(dataset, 0))["log loss"] < 0.01

    def test_of_more_levels_than_it_splits_the_rarest_are_one(self):
        """Of 300 levels that tell the class, 46 are one, which does not."""
        code = np.repeat(np.arange(300), 30)
        dataset = load(pd.DataFrame({"level": np.char.mod("l%d", code), "target": np.array(["a", "b"])[code % 2]}))
        assert dataset.encoded_development.widths == (300,)
        assert 46 / 300 * np.log(2) < figures(dataset, boosting(dataset, 0))["log loss"] < 0.3

    def test_the_seed_says_which_rows_tell_when_to_stop(self):
        dataset = load(make(700, target=np.random.default_rng(1).normal(size=700)))
        assert (boosting(dataset, 0) != boosting(dataset, 1)).any()

    def test_it_stops_before_it_knows_noise_by_heart(self):
        dataset = load(make(700, target=np.random.default_rng(1).normal(size=700)))
        assert figures(dataset, boosting(dataset, 0))["R²"] > -0.1

    @pytest.mark.parametrize(
        ("counts", "stops"),
        [
            ([400, 200], True),
            ([300, 199], False),  # too few rows
            ([598, 2], True),
            ([599, 1], False),  # one row cannot be on both sides
            ([8] * 75, False),  # sixty rows set aside would be fewer than the classes
        ],
    )
    def test_it_stops_early_where_classes_can_be_set_aside(self, flowers, counts, stops):
        y = np.repeat(np.arange(len(counts)), counts)
        encoded = Encoded(make(len(y))[["x"]].to_numpy(), np.zeros((len(y), 0)), np.zeros((len(y), 0), np.int32), ())
        dataset = replace(
            flowers,
            target=replace(flowers.target, classes=tuple(range(len(counts)))),
            schema=replace(flowers.schema, columns=()),
            encoded_development=encoded,
            y_development=y,
            encoded_test=encoded.take(np.arange(5)),
            y_test=y[:5],
        )
        assert baselines._can_stop_early(dataset) is stops
        if len(counts) == 2:
            assert boosting(dataset, 0).shape == (5, 2)


class TestAffordable:
    SECONDS = np.geomspace(1e-3, 1e3, 200)

    def fewest_seconds(self, dataset) -> tuple[float, float]:
        """Of the linear model and of the trees."""
        return (
            next(seconds for seconds in self.SECONDS if affordable_splits(dataset, 5, seconds) is not None),
            next(seconds for seconds in self.SECONDS if affordable_rounds(dataset, seconds) is not None),
        )

    def test_more_work_takes_longer(self):
        iris, digits = (self.fewest_seconds(load(name)) for name in ("iris", "digits"))
        assert iris[0] < digits[0] < 5
        assert iris[1] < digits[1] < 10
        assert max(self.fewest_seconds(load("diabetes"))) < 1

    def test_a_huge_table_is_not(self):
        dataset = load("digits")
        rows = np.arange(len(dataset.y_development)).repeat(100)
        huge = replace(
            dataset,
            encoded_development=dataset.encoded_development.take(rows),
            y_development=dataset.y_development[rows],
        )
        assert affordable_splits(huge, 5, 1) is None
        assert affordable_rounds(huge, 60) is None

    def test_a_wide_table_takes_longer_than_its_cells_alone(self):
        """Each column is prepared, and cut into bins, by itself."""
        narrow = load("iris")
        encoded = narrow.encoded_development
        wide = replace(narrow, encoded_development=replace(encoded, numeric=np.tile(encoded.numeric[:2], (1, 10_000))))
        assert affordable_splits(wide, 5, 1.0) is None
        assert affordable_rounds(wide, 1.0) is None

    def test_with_less_time_the_penalty_is_chosen_in_fewer_splits(self):
        digits = load("digits")
        found = [affordable_splits(digits, 5, seconds) for seconds in self.SECONDS]
        known = [splits for splits in found if splits is not None]
        assert list(dict.fromkeys(known)) == [0, 1, 5]
        assert found[: -len(known)] == [None] * (len(found) - len(known))
        assert affordable_splits(digits, 5, float("inf")) == 5

    def test_with_less_time_there_are_fewer_rounds_until_they_say_nothing(self):
        digits = load("digits")
        found = [affordable_rounds(digits, seconds) for seconds in self.SECONDS]
        known = [rounds for rounds in found if rounds is not None]
        assert known == sorted(known)
        assert (known[0] < 2 * FEW_ROUNDS, known[-1]) == (True, MOST_ROUNDS)
        assert found[: -len(known)] == [None] * (len(found) - len(known))
        assert affordable_rounds(load("iris"), float("inf")) == FEW_ROUNDS  # of so few rows there are never more

    def test_fewer_rounds_are_other_trees(self):
        dataset = load(make(700, target=np.sin(9 * make(700)["x"])))
        few, many = (figures(dataset, boosting(dataset, 0, most=most))["R²"] for most in (2, MOST_ROUNDS))
        assert few < many
        np.testing.assert_array_equal(boosting(dataset, 0, most=MOST_ROUNDS), boosting(dataset, 0))
