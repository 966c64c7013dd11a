"""Development rows are cut into folds twice, each time anew, and into parts once."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.dataset import load_dataset
from goru.data.memory import dataset_from
from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.studies.splits import cut, partitions, parts, thinned, validation_to_training

ROWS = 120
by_number_of_folds = pytest.mark.parametrize("n_folds", [3, 5])


def make(**changes):
    """A hundred and twenty development rows: a quarter of one class, the others of another."""
    rng = np.random.default_rng(0)
    rows = ROWS * 5 // 4
    table = pd.DataFrame(
        {
            "x": rng.normal(size=rows),
            "kind": np.where(np.arange(rows) % 4 == 0, "rare", "usual"),
            "house": rng.permutation(np.arange(rows) % 37),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(rows) // 3, unit="D"),
        }
    )
    return load_dataset(table, target="kind", **changes)


@pytest.fixture(scope="module")
def plain():
    return make(drop=["house", "day"])


@pytest.fixture(scope="module")
def grouped():
    return make(groups="house", drop=["day"])


@pytest.fixture(scope="module")
def timed():
    return make(time="day", drop=["house"])


def validation_rows(partition: list[Split]) -> list[frozenset[int]]:
    return [frozenset(split.validation_rows.tolist()) for split in partition]


class TestPartitions:
    @by_number_of_folds
    @pytest.mark.parametrize("name", ["plain", "grouped", "prices"])
    def test_each_scores_every_row_once_by_networks_fitted_on_the_others(self, request, name, n_folds):
        dataset = request.getfixturevalue(name)
        everything = np.arange(len(dataset.y_development))
        cut = partitions(dataset, n_folds, seed=0)
        assert [len(partition) for partition in cut] == [n_folds, n_folds]
        for partition in cut:
            scored = np.concatenate([split.validation_rows for split in partition])
            np.testing.assert_array_equal(np.sort(scored), everything)
            for split in partition:
                both = np.concatenate([split.training_rows, split.validation_rows])
                np.testing.assert_array_equal(np.sort(both), everything)

    @by_number_of_folds
    @pytest.mark.parametrize("name", ["plain", "grouped", "prices"])
    @pytest.mark.parametrize("seed", [0, 1])
    def test_no_fold_of_one_is_a_fold_of_the_other(self, request, name, n_folds, seed):
        first, second = (validation_rows(cut) for cut in partitions(request.getfixturevalue(name), n_folds, seed))
        assert not set(first) & set(second)
        # Drawn anew: on average a fold shares 1 / n_folds of its rows with one of the other partition.
        assert max(len(one & other) / len(one) for one, other in itertools.product(first, second)) < 0.7

    def test_the_first_is_cut_as_the_table_was_checked(self, plain):
        first, _ = partitions(plain, 5, seed=3)
        for ours, expected in zip(first, folds(plain.y_development, plain.task, 5, seed=3), strict=True):
            np.testing.assert_array_equal(ours.validation_rows, expected.validation_rows)

    @by_number_of_folds
    def test_classes_are_spread_evenly_in_both(self, plain, n_folds):
        rare = plain.classes.index("rare")
        for partition in partitions(plain, n_folds, seed=0):
            counts = [np.sum(plain.y_development[split.validation_rows] == rare) for split in partition]
            assert max(counts) - min(counts) <= 1

    @by_number_of_folds
    def test_groups_stay_whole_in_both(self, grouped, n_folds):
        for partition in partitions(grouped, n_folds, seed=0):
            for split in partition:
                assert not set(grouped.groups[split.training_rows]) & set(grouped.groups[split.validation_rows])

    @pytest.mark.parametrize(("groups", "n_folds", "count"), [(3, 3, 1), (5, 5, 1), (5, 3, 2), (6, 5, 2)])
    def test_as_many_groups_as_folds_can_be_cut_in_one_way_alone(self, grouped, groups, n_folds, count):
        dataset = replace(grouped, groups=np.arange(len(grouped.y_development), dtype=np.int32) % groups)
        assert len(partitions(dataset, n_folds, seed=0)) == count

    @by_number_of_folds
    def test_with_times_there_is_one_and_no_row_is_scored_by_what_came_after_it(self, timed, n_folds):
        (only,) = partitions(timed, n_folds, seed=0)
        assert len(only) == n_folds
        for split in only:
            assert timed.time[split.training_rows].max() < timed.time[split.validation_rows].min()

    @pytest.mark.parametrize("name", ["plain", "grouped"])
    def test_they_are_a_function_of_the_seed(self, request, name):
        dataset = request.getfixturevalue(name)
        one, same, other = ([validation_rows(cut) for cut in partitions(dataset, 5, seed)] for seed in (0, 0, 1))
        assert one == same
        assert one[0] != other[0]
        assert one[1] != other[1]

    def test_they_do_not_depend_on_the_features(self, plain):
        encoded = replace(plain.encoded_development, numeric=plain.encoded_development.numeric + 1)
        one, other = (partitions(each, 5, 0) for each in (plain, replace(plain, encoded_development=encoded)))
        assert [validation_rows(cut) for cut in one] == [validation_rows(cut) for cut in other]


def in_memory(sizes, groups=None):
    """Rows of several classes, or for one size a number to predict."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    frame, many = pd.DataFrame({"x": np.arange(len(y)) / 7}), len(sizes) > 1
    return dataset_from(frame, y if many else y + frame["x"], tuple(range(len(sizes))) if many else None, groups=groups)


class TestOwn:
    @pytest.mark.parametrize("name", ["plain", "grouped", "timed", "prices"])
    def test_of_a_table_they_are_five_folds_or_three(self, request, name):
        dataset = request.getfixturevalue(name)
        found = cut(dataset, 3)
        assert list(found) == [5, 3]
        for n_folds, own in found.items():
            assert [validation_rows(one) for one in own] == [
                validation_rows(one) for one in partitions(dataset, n_folds, 3)
            ]

    @pytest.mark.parametrize(
        ("sizes", "numbers"),
        [
            ((6, 6), [5, 3]),
            ((4, 4, 4), [4, 3]),
            ((3, 2, 3), [3]),
            ((2, 2), [2]),
            ((10, 1), [5, 3]),  # a class that is in no validation rows of some folds keeps no other from being scored
            ((5,), [5, 3]),
            ((4,), [4, 3]),
            ((2,), [2]),
        ],
    )
    def test_where_rows_are_too_few_for_so_many_folds_there_are_as_many_as_fit(self, sizes, numbers):
        dataset = in_memory(sizes)
        found = cut(dataset, 0)
        assert list(found) == numbers
        for n_folds, cuts in found.items():
            for partition in cuts:
                assert len(partition) == n_folds
                scored = np.concatenate([split.validation_rows for split in partition])
                np.testing.assert_array_equal(np.sort(scored), np.arange(sum(sizes)))

    @pytest.mark.parametrize(("groups", "numbers"), [(2, [2]), (3, [3]), (4, [4, 3]), (7, [5, 3])])
    def test_groups_are_no_fewer_than_folds(self, groups, numbers):
        assert list(cut(in_memory((14, 14), np.arange(28) % groups), 0)) == numbers

    @pytest.mark.parametrize(("rows", "count"), [(3, 1), (5, 1), (6, 2)])
    def test_as_many_rows_as_folds_can_be_cut_in_one_way_alone(self, rows, count):
        found = cut(in_memory((rows,)), 0)
        assert len(found[next(iter(found))]) == count

    @pytest.mark.parametrize("sizes", [(1, 1, 1), (1, 1)])
    def test_rows_that_cannot_be_cut_at_all_are_refused(self, sizes):
        with pytest.raises(InputError, match=r"^X: \d rows cannot be split into 2 folds"):
            cut(in_memory(sizes), 0)


def lists(*partition):
    return [([*fit], [*score]) for fit, score in partition]


class TestGiven:
    DATASET = in_memory((6, 6))

    def test_they_are_the_only_ones_and_taken_as_they_are(self):
        given = [lists(((0, 1, 2), (3, 4)), ((3, 4), (0, 1))), lists(((5, 6), (7,)), ((7, 8), (11, 5)))]
        found = cut(self.DATASET, 0, given)
        assert list(found) == [2]
        for own, partition in zip(found[2], given, strict=True):
            for split, (fit, score) in zip(own, partition, strict=True):
                assert isinstance(split, Split)
                assert (split.training_rows.tolist(), split.validation_rows.tolist()) == (fit, score)

    @pytest.mark.parametrize(
        "given",
        [
            [],
            [[]],
            [lists(((0, 1), (2, 3)))],
            [lists(((0, 1), (2,)), ((2, 3), (0,))), lists(((0, 1), (2,)), ((2, 3), (0,)), ((0, 2), (1,)))],
        ],
    )
    def test_without_two_folds_in_each_and_as_many_in_all_they_are_refused(self, given):
        with pytest.raises(InputError, match="X: splits come in partitions"):
            cut(self.DATASET, 0, given)

    def test_folds_that_share_a_row_are_refused(self):
        with pytest.raises(InputError, match="X: a row is scored twice in one partition"):
            cut(self.DATASET, 0, [lists(((0, 1), (2, 3)), ((4, 5), (3, 6)))])

    def test_a_row_that_is_fitted_and_scored_is_refused(self):
        with pytest.raises(InputError, match="X: a split scores rows that it fits on"):
            cut(self.DATASET, 0, [lists(((0, 1), (1, 3)), ((4, 5), (6, 7)))])

    @pytest.mark.parametrize(
        ("split", "what"),
        [(((0, 1), ()), "score"), (((), (2,)), "fit"), (((0, 12), (2,)), "fit"), (((0, 1), (-1,)), "score")],
    )
    def test_rows_that_are_not_there_are_refused(self, split, what):
        with pytest.raises(InputError, match=f"X: the {what} rows of a split are none, or not among the 12 rows"):
            cut(self.DATASET, 0, [lists(split, ((4, 5), (6, 7)))])


def of_rows(dataset, rows: int, **changes):
    """The same table with so many development rows, of which parts need no more than their number."""
    return replace(dataset, y_development=np.zeros(rows, np.int32), **changes)


class TestParts:
    @given(st.integers(1, 500), st.integers(0, 100))
    def test_there_are_forty_of_about_one_size_or_one_for_each_of_fewer_rows(self, plain, rows, seed):
        part = parts(of_rows(plain, rows), seed)
        assert (part.shape, part.dtype) == ((rows,), np.int32)
        sizes = np.bincount(part)
        assert len(sizes) == min(40, rows)
        assert max(sizes) - min(sizes) <= 1

    def test_they_are_drawn_by_lot(self, plain):
        one, same, other = (parts(of_rows(plain, 400), seed) for seed in (0, 0, 1))
        np.testing.assert_array_equal(one, same)
        assert np.mean(one == other) < 0.2
        assert np.mean(one[1:] == one[:-1]) < 0.2  # not rows that stand side by side

    @given(st.integers(1, 300), st.integers(1, 100), st.integers(0, 20))
    def test_groups_stay_whole_and_every_part_has_about_as_many(self, grouped, rows, n_groups, seed):
        groups = np.random.default_rng(seed).integers(0, n_groups, rows, dtype=np.int32)
        part, names = parts(of_rows(grouped, rows, groups=groups), seed), np.unique(groups)
        of_group = [set(part[groups == name]) for name in names]
        assert {len(own) for own in of_group} == {1}
        counts = np.bincount([own.pop() for own in of_group])
        assert len(counts) == min(40, len(names))
        assert max(counts) - min(counts) <= 1

    def test_which_groups_go_together_is_drawn_by_lot(self, grouped):
        dataset = of_rows(grouped, 400, groups=np.arange(400, dtype=np.int32))
        assert np.mean(parts(dataset, 0) == parts(dataset, 1)) < 0.2

    @given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 20))
    def test_with_times_they_follow_one_another(self, timed, rows, n_days, seed):
        time = np.datetime64("2024-01-01") + np.random.default_rng(seed).integers(0, n_days, rows)
        part = parts(of_rows(timed, rows, time=time), 0)
        for earlier in range(part.max()):
            assert time[part == earlier].max() <= time[part == earlier + 1].min()
        sizes = np.bincount(part)
        assert len(sizes) == min(40, rows)
        assert max(sizes) - min(sizes) <= 1

    def test_a_worked_example(self, timed):
        """Eighty rows in the order of time: parts of two."""
        days = np.random.default_rng(0).permutation(80)
        part = parts(of_rows(timed, 80, time=np.datetime64("2024-01-01") + days), 0)
        np.testing.assert_array_equal(part, days // 2)

    def test_with_times_they_do_not_depend_on_the_seed(self, timed):
        np.testing.assert_array_equal(parts(timed, 0), parts(timed, 1))


def test_rows_scored_over_rows_fitted_is_a_mean_over_splits():
    splits = [Split(np.arange(10), np.arange(5)), Split(np.arange(4), np.arange(1))]
    assert validation_to_training(splits) == pytest.approx((0.5 + 0.25) / 2)
    quarters = [Split(np.arange(80), np.arange(20))] * 5
    assert validation_to_training(quarters) == 0.25


class TestThinned:
    """Fewer rows of every split, the same in all of them."""

    @pytest.fixture
    def splits(self, plain):
        return folds(plain.y_development, plain.task, 3, seed=0)

    def test_what_is_left_is_for_what_it_was_for(self, plain, splits):
        found = thinned(splits, plain.y_development, 40, seed=0)
        kept = np.sort(np.concatenate([score for _, score in found]))
        assert len(np.unique(kept)) == len(kept) == 40
        for (fit, score), split in zip(found, splits, strict=True):
            np.testing.assert_array_equal(fit, split.training_rows[np.isin(split.training_rows, kept)])
            np.testing.assert_array_equal(score, split.validation_rows[np.isin(split.validation_rows, kept)])

    def test_classes_are_as_frequent_and_numbers_as_spread(self, plain, splits):
        kept = np.concatenate([score for _, score in thinned(splits, plain.y_development, 40, seed=0)])
        assert np.bincount(plain.y_development[kept]).tolist() == [10, 30]
        y = np.random.default_rng(0).permutation(np.arange(120.0))
        kept = np.concatenate([score for _, score in thinned(splits, y, 30, seed=0)])
        assert np.bincount((y[kept] // 12).astype(int)).tolist() == [3] * 10

    def test_the_seed_says_which(self, plain, splits):
        found = [thinned(splits, plain.y_development, 40, seed)[0].training_rows.tolist() for seed in (0, 0, 1)]
        assert found[0] == found[1] != found[2]

    @pytest.mark.parametrize("rows", [ROWS, 10**6])
    def test_where_there_are_no_more_all_are_left(self, plain, splits, rows):
        assert thinned(splits, plain.y_development, rows, seed=0) == splits
