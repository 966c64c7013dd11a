"""Which rows are trained on and which judge."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold, RepeatedStratifiedKFold, ShuffleSplit, TimeSeriesSplit
from user_functions import classes, means, numbers, shares, study

import goru

X, Y = classes()


def splits_of(train=shares, X=X, y=Y, n_trials=10, **more):
    """The rows of every trial of the plain arm, to fit and to score; and those of the last trainings."""
    seen = []

    def recording(fit, validation, config, seed):
        seen.append((bool(config.scaled), fit.indices.tolist(), validation.indices.tolist(), seed))
        yield from train(fit, validation, config, seed)

    result = study(recording, X, y, n_trials=n_trials, **more)
    made = len(result.trials)
    return [split for split in seen[:made] if not split[0]], [split for split in seen[:made] if split[0]], seen[made:]


def test_every_row_judges_once_and_never_where_it_is_trained_on():
    plain, scaled, _ = splits_of()
    assert len(plain) == 5
    assert sorted(row for _, _, score, _ in plain for row in score) == list(range(len(X)))
    for _, fit, score, _ in plain:
        assert sorted(fit + score) == list(range(len(X)))
    assert [split[1:] for split in plain] == [split[1:] for split in scaled]


def test_classes_are_spread_evenly_over_the_folds():
    y = np.where(np.arange(len(X)) < 10, "rare", "often")
    assert [sum(y[row] == "rare" for row in score) for _, _, score, _ in splits_of(y=y)[0]] == [2] * 5


def test_what_is_spread_evenly_can_be_given():
    kind = (np.arange(len(X)) < 10).astype(int)
    assert [kind[score].sum() for _, _, score, _ in splits_of(stratify=kind)[0]] == [2] * 5
    _, y = numbers()
    assert [kind[score].sum() for _, _, score, _ in splits_of(means, y=y, stratify=kind)[0]] == [2] * 5


def test_or_nothing_is():
    y = np.array(["b"] * 40 + ["a"] * 40)
    even = [sum(y[row] == "a" for row in score) for _, _, score, _ in splits_of(y=y, stratify=False)[0]]
    assert even != [8] * 5


def test_groups_are_never_split():
    groups = np.arange(len(X)) % 16
    for test in (True, False):
        plain, _, last = splits_of(groups=list(groups), test=test)
        for _, fit, score, _ in plain + (last if test else []):
            assert not set(groups[fit]) & set(groups[score])


@pytest.mark.parametrize(
    "time",
    [
        np.arange(len(X))[::-1],
        pd.date_range("2020-01-01", periods=len(X))[::-1],
        pd.Series(pd.date_range("2020-01-01", periods=len(X))[::-1], index=np.arange(100, 100 + len(X))),
        list(np.arange(len(X))[::-1].astype(float)),
    ],
)
def test_the_past_is_trained_on_and_the_future_judges(time):
    plain, _, last = splits_of(time=time, test=True)
    for _, fit, score, _ in plain + last:
        assert min(fit) > max(score)  # rows are in the order of their times, the latest first


def test_a_number_of_folds():
    plain, *_ = splits_of(cv=4, n_trials=8)
    assert [len(score) for _, _, score, _ in plain] == [20] * 4


def test_a_splitter():
    plain, *_ = splits_of(cv=KFold(4), n_trials=8)
    assert [score for _, _, score, _ in plain] == [score.tolist() for _, score in KFold(4).split(X)]
    plain, *_ = splits_of(cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0), n_trials=12)
    assert len(plain) == 6
    plain, *_ = splits_of(cv=TimeSeriesSplit(3), n_trials=6)
    assert all(max(fit) < min(score) for _, fit, score, _ in plain)


def test_pairs_of_indices():
    rows = np.arange(len(X))
    cv = [(rows[rows % 3 != fold], rows[rows % 3 == fold]) for fold in range(3)]
    plain, *_ = splits_of(cv=cv, n_trials=6)
    assert [score for _, _, score, _ in plain] == [score.tolist() for _, score in cv]


@pytest.mark.parametrize("cv", [ShuffleSplit(3), 1, 0, [(np.arange(5), np.arange(3, 9))], [([0], [999])], "five", 2.5])
def test_folds_that_do_not_judge_fairly_are_refused(cv):
    with pytest.raises(goru.InputError, match="cv") as refused:
        study(shares, X, Y, cv=cv)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["groups", "time", "stratify"])
def test_one_a_row_is_wanted(name):
    with pytest.raises(goru.InputError, match=rf"^{name}: shape \(3,\), where X has 80 rows"):
        study(shares, X, Y, **{name: np.arange(3)})


def test_a_fifth_is_set_aside_for_the_test_and_never_seen_before():
    plain, scaled, last = splits_of(test=True)
    aside = set(last[0][2])
    assert len(aside) == len(X) // 5
    for _, fit, score, _ in plain + scaled:
        assert not aside & (set(fit) | set(score))
    assert set(last[0][1]) == set(range(len(X))) - aside


def test_test_rows_can_be_given():
    others, target = classes(30, seed=1)
    seen = []

    def train(fit, validation, config, seed):
        seen.append((len(fit), validation.X))
        yield from shares(fit, validation, config, seed)

    result = study(train, X, Y, test=(others, target))
    assert seen[-1][0] == len(X)
    np.testing.assert_array_equal(seen[-1][1], others)
    assert result.answer.data.test == 30
    assert {figures.arm for figures in result.answer.test} >= {"recommended"}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ((X, np.where(Y == "no", "never", Y)), "class 'never', which y does not have"),
        ((X, np.where(Y == "no", "never", "ever")), "classes 'ever', 'never', which"),
        ((X,), "pair"),
        ("some", "pair"),
        ((X, Y[:-1]), "80 rows and 79 targets"),
        ((X, None), "targets"),
        (0.2, "pair"),
        ((X[:0], Y[:0]), "no rows. Give one or more"),
    ],
)
def test_test_rows_that_do_not_fit_are_refused(test, words):
    with pytest.raises(goru.InputError, match=f"^test: .*{words}") as refused:
        study(shares, X, Y, test=test)
    assert "\n" not in str(refused.value)


def test_nothing_needs_to_be_set_aside():
    result = study(shares, X, Y, test=False)
    assert result.answer.test == ()
    assert result.answer.data.test == 0


def test_too_few_rows_are_refused():
    with pytest.raises(goru.InputError, match=r"^X: 6 rows beside 2 for the test .*too few.* with test\.$"):
        study(shares, X[:8], Y[:8], test=True)
    with pytest.raises(goru.InputError, match=r"^X: 8 rows are too few .* 10 are needed\. Give more rows\.$"):
        study(shares, X[:8], Y[:8])


def test_classes_too_rare_to_set_rows_aside_are_refused():
    with pytest.raises(
        goru.InputError, match=r"cannot be split.* Give more rows, or test rows of your own with test\.$"
    ):
        study(shares, X, np.where(np.arange(len(X)) == 0, "rare", Y), test=True)


def test_seeds_are_those_of_the_split_the_same_for_all_arms():
    plain, scaled, _ = splits_of()
    assert [seed for *_, seed in plain] == [seed for *_, seed in scaled]
    assert len({seed for *_, seed in plain}) == 5
    assert all(isinstance(seed, int) and 0 <= seed < 2**32 for *_, seed in plain)


def test_folds_and_seeds_are_a_function_of_the_seed():
    one, again, other = (splits_of(seed=seed)[0] for seed in (3, 3, 4))
    assert one == again
    assert {seed for *_, seed in one} & {seed for *_, seed in other} == set()
    assert [score for _, _, score, _ in one] != [score for _, _, score, _ in other]
