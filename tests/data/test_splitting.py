import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from goru.data.splitting import folds, split_test
from goru.errors import InputError

CLASSES = np.repeat([0, 1, 2], [50, 40, 10])
QUANTITY = np.linspace(0, 1, 100)


def covers(parts, n):
    """Whether every row from 0 to n - 1 is in exactly one of the parts."""
    return sorted(np.concatenate(parts).tolist()) == list(range(n))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_test_rows_are_exactly_those_of_train_test_split(task, seed):
    y = CLASSES if task == "classification" else QUANTITY
    stratify = y if task == "classification" else None
    expected = train_test_split(np.arange(100), test_size=0.2, random_state=seed, stratify=stratify)
    for rows, wanted in zip(split_test(y, task, seed), expected, strict=True):
        np.testing.assert_array_equal(rows, wanted)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_row_is_scored_once_and_never_by_a_network_fitted_on_it(task):
    splits = folds(CLASSES if task == "classification" else QUANTITY, task, 5, seed=0)
    assert covers([split.validation_rows for split in splits], 100)
    assert all(covers(split, 100) for split in splits)


def test_folds_have_equal_shares_of_every_class():
    for split in folds(CLASSES, "classification", 5, seed=0):
        assert np.bincount(CLASSES[split.validation_rows]).tolist() == [10, 8, 2]


@pytest.mark.parametrize("groups", [None, np.arange(100) // 3])
@pytest.mark.parametrize(("y", "task"), [(CLASSES, "classification"), (QUANTITY, "regression")])
def test_the_seed_decides_everything(y, task, groups):
    def scored(seed):
        return [split.validation_rows.tolist() for split in folds(y, task, 5, seed, groups)]

    assert scored(7) == scored(7)
    assert scored(7) != scored(8)
    assert split_test(y, task, 7, groups)[1].tolist() == split_test(y, task, 7, groups)[1].tolist()
    assert set(split_test(y, task, 7, groups)[1]) != set(split_test(y, task, 8, groups)[1])


def test_a_class_with_fewer_rows_than_folds_is_in_all_training_rows_without_a_warning():
    y = np.array([0] * 30 + [1] * 30 + [2] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        splits = folds(y, "classification", 5, seed=0)
    assert all(set(y[split.training_rows]) == {0, 1, 2} for split in splits)


@given(st.data())
def test_whole_groups_stay_together(data):
    n = data.draw(st.integers(40, 80))
    groups = np.array(data.draw(st.lists(st.integers(0, 12), min_size=n, max_size=n)))
    groups[:13] = np.arange(13)
    y = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    task = data.draw(st.sampled_from(["classification", "regression"]))
    seed = data.draw(st.integers(0, 100))
    parts = [split_test(y, task, seed, groups), *folds(y, task, 5, seed, groups)]
    for part in parts:
        assert covers(part, n)
        assert len(part[1]) > 0
        assert not set(groups[part[0]]) & set(groups[part[1]])


def test_test_rows_by_groups_are_about_a_fifth_and_leave_every_class_to_learn_from():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 1000)
    y = rng.choice(3, 1000, p=[0.6, 0.3, 0.1])
    for seed in range(5):
        development, test = split_test(y, "classification", seed, groups)
        assert 0.17 < len(test) / 1000 < 0.23
        assert set(y[development]) == set(y[test]) == {0, 1, 2}


def test_folds_by_groups_are_alike_in_size_and_classes():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 100, 1000)
    y = rng.choice(2, 1000, p=[0.8, 0.2])
    for split in folds(y, "classification", 5, 0, groups):
        assert 180 <= len(split.validation_rows) <= 220
        assert 0.16 < y[split.validation_rows].mean() < 0.24


@given(st.integers(0, 1000))
def test_a_rare_class_in_two_groups_is_in_the_training_rows_of_every_fold(seed):
    groups = np.arange(100) // 4
    y = np.zeros(100, dtype=int)
    y[[0, 50]] = 1
    development, _ = split_test(y, "classification", seed, groups)
    assert 1 in y[development]
    assert all(1 in y[split.training_rows] for split in folds(y, "classification", 5, seed, groups))


def test_no_fold_is_empty_where_every_group_has_a_class_of_its_own():
    groups = np.arange(100) // 20
    assert all(len(split.validation_rows) == 20 for split in folds(groups, "classification", 5, 0, groups))


def test_a_class_of_a_single_group_is_left_to_learn_from():
    groups = np.arange(100) // 4
    y = (groups == 7).astype(int)
    assert all(1 in y[split_test(y, "classification", seed, groups)[0]] for seed in range(10))


def test_groups_may_have_any_names():
    names = np.array([f"patient {i // 5}" for i in range(100)])
    development, test = split_test(CLASSES, "classification", 0, names)
    assert not set(names[development]) & set(names[test])


def test_test_rows_by_time_are_the_last_fifth():
    time = np.random.default_rng(0).permutation(100)
    development, test = split_test(CLASSES, "classification", 0, time=time)
    assert time[development].tolist() == list(range(80))
    assert time[test].tolist() == list(range(80, 100))


def test_dates_are_times_too():
    time = np.datetime64("2024-01-01") + np.arange(100)[::-1]
    _, test = split_test(QUANTITY, "regression", 0, time=time)
    assert sorted(test.tolist()) == list(range(20))


def test_folds_by_time_fit_on_all_of_the_past_and_score_the_next_period():
    time = np.random.default_rng(0).permutation(60)
    splits = folds(np.zeros(60), "regression", 5, 0, time=time)
    for i, split in enumerate(splits, start=1):
        assert sorted(time[split.training_rows]) == list(range(10 * i))
        assert sorted(time[split.validation_rows]) == list(range(10 * i, 10 * i + 10))


@given(st.lists(st.integers(0, 15), min_size=30, max_size=60), st.integers(2, 5))
def test_equal_times_stay_on_one_side(times, n_folds):
    time = np.array([*range(8), *times])
    y = np.zeros(len(time))
    for earlier, later in [split_test(y, "regression", 0, time=time), *folds(y, "regression", n_folds, 0, time=time)]:
        assert len(earlier) > 0
        assert len(later) > 0
        assert time[earlier].max() < time[later].min()


def test_periods_by_time_leave_a_change_of_time_for_each_that_follows():
    time = np.repeat([0, 1, 2, 3, 4, 5], [1, 1, 1, 1, 95, 1])
    splits = folds(np.zeros(100), "regression", 5, 0, time=time)
    assert [len(split.validation_rows) for split in splits] == [1, 1, 1, 95, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": np.arange(100) // 25}, "4 groups cannot be split into 5 folds"),
        ({"time": np.arange(100) // 25}, "4 different times cannot be split into the 6 periods"),
        ({"groups": np.arange(100), "time": np.arange(100)}, "Give one of groups and time"),
    ],
)
def test_too_few_groups_or_times_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        folds(CLASSES, "classification", 5, 0, **options)


def test_test_rows_need_a_group_beyond_the_folds_and_a_second_time():
    with pytest.raises(InputError, match="5 groups cannot be split: test rows and 5 folds need 6 at least"):
        split_test(CLASSES, "classification", 0, groups=np.arange(100) // 20)
    with pytest.raises(InputError, match="1 different time cannot be split"):
        split_test(CLASSES, "classification", 0, time=np.zeros(100))


def test_too_few_rows_are_refused_in_goru_s_words():
    with pytest.raises(InputError, match="3 rows cannot be split into 5 folds"):
        folds(np.zeros(3), "regression", 5, 0)
    with pytest.raises(InputError, match="6 rows cannot be split into 5 folds"):
        folds(np.array([0, 0, 1, 1, 2, 2]), "classification", 5, 0)
    with pytest.raises(InputError, match="a class has too few"):
        split_test(np.array([0] * 9 + [1]), "classification", 0)
    with pytest.raises(InputError, match="at least 2"):
        folds(QUANTITY, "regression", 1, 0)
