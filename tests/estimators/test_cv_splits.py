"""What scikit-learn calls `cv`, as the partitions of a study: no row twice in one, no group on both sides."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
)
from studies_cv import StoppedError, classifier, regressor, stop

import goru
from goru.studies.cv import partitions_of
from goru.studies.study import Study

ROWS = 36
X = np.random.default_rng(0).normal(size=(ROWS, 3))
Y = (X[:, 0] > 0).astype(int)
T = X[:, 0] * 2 + X[:, 1]
GROUPS = np.random.default_rng(1).permutation(ROWS) % 9


@pytest.fixture
def cuts(monkeypatch):
    """Fit, and return the data set and the partitions that the study gets; nothing is trained."""

    monkeypatch.setattr(Study, "run", stop)

    def cuts(model, X=X, y=None, **given):
        y = (T if isinstance(model, goru.MLPRegressorCV) else Y) if y is None else y
        with pytest.raises(StoppedError) as stopped:
            model.fit(X, y, **given)
        study = stopped.value.args[0]
        return study.dataset, study._usual

    return cuts


def plain(partitions):
    return [[(sorted(map(int, fit)), sorted(map(int, score))) for fit, score in partition] for partition in partitions]


def on_both_sides(partitions, groups) -> bool:
    return any(
        set(groups[split.training_rows]) & set(groups[split.validation_rows]) for cuts in partitions for split in cuts
    )


def scored(partition) -> list[int]:
    return sorted(int(row) for split in partition for row in split.validation_rows)


class TestOwn:
    def test_by_default_there_are_five_folds_twice(self, cuts):
        for model in (classifier(), regressor()):
            _, partitions = cuts(model)
            assert [len(partition) for partition in partitions] == [5, 5]
            assert all(scored(partition) == list(range(ROWS)) for partition in partitions)
            assert plain(partitions)[0] != plain(partitions)[1]

    def test_by_default_groups_stay_whole(self, cuts):
        for model in (classifier(), regressor()):
            dataset, partitions = cuts(model, groups=GROUPS)
            assert len(partitions) == 2
            assert not on_both_sides(partitions, GROUPS)
            assert len(np.unique(dataset.groups)) == 9

    def test_groups_may_have_names(self, cuts):
        names = np.array([f"house {group}" for group in GROUPS])
        _, partitions = cuts(classifier(), groups=pd.Series(names, index=range(100, 100 + ROWS)))
        assert not on_both_sides(partitions, names)

    @pytest.mark.parametrize("folds", [2, 3, np.int64(4)])
    def test_a_number_is_as_many_folds(self, cuts, folds):
        _, partitions = cuts(classifier(cv=folds))
        assert [len(partition) for partition in partitions] == [folds]
        assert all(scored(partition) == list(range(ROWS)) for partition in partitions)
        share = Y.mean()
        assert all(abs(Y[split.validation_rows].mean() - share) < 0.15 for split in partitions[0])

    def test_a_number_of_folds_keeps_groups_whole(self, cuts):
        for model in (classifier(cv=3), regressor(cv=3)):
            _, partitions = cuts(model, groups=GROUPS)
            assert {len(partition) for partition in partitions} == {3}
            assert not on_both_sides(partitions, GROUPS)

    def test_it_is_another_for_every_random_state(self, cuts):
        found = [plain(cuts(classifier(random_state=seed))[1]) for seed in (0, 0, 1)]
        assert found[0] == found[1] != found[2]


class TestDuplicates:
    TWICE = np.concatenate([X, X[:9]]), np.concatenate([Y, Y[:9]])

    @pytest.mark.parametrize("cv", [None, 3])
    @pytest.mark.parametrize("groups", [None, np.arange(45) % 15])
    def test_are_kept_together_if_that_is_asked_for(self, cuts, cv, groups):
        case = np.array([*range(ROWS), *range(9)])
        rows, labels = self.TWICE
        _, partitions = cuts(classifier(cv=cv), rows, labels, groups=groups)
        assert on_both_sides(partitions, case)
        _, partitions = cuts(classifier(cv=cv, group_duplicates=True), rows, labels, groups=groups)
        assert not on_both_sides(partitions, case)
        assert groups is None or not on_both_sides(partitions, groups)

    def test_are_counted_in_the_words_of_arguments(self, cuts):
        (note,) = cuts(classifier(), *self.TWICE)[0].notes
        assert note.startswith("9 rows are copies")
        assert "group_duplicates=True" in note
        assert cuts(classifier())[0].notes == ()

    def test_a_splitter_makes_its_own_folds(self):
        with pytest.raises(ValueError, match="group_duplicates and cv"):
            classifier(group_duplicates=True, cv=KFold(3)).fit(X, Y)


class TestSplitters:
    @pytest.mark.parametrize(
        "cv",
        [KFold(3), KFold(4, shuffle=True, random_state=3), StratifiedKFold(3), PredefinedSplit(np.arange(ROWS) % 3)],
    )
    def test_a_splitter_gives_one_partition_of_its_splits(self, cuts, cv):
        _, partitions = cuts(classifier(cv=cv))
        assert plain(partitions) == plain([list(cv.split(X, Y))])

    @pytest.mark.parametrize("cv", [GroupKFold(3), StratifiedGroupKFold(3), LeaveOneGroupOut()])
    def test_groups_are_honoured(self, cuts, cv):
        dataset, partitions = cuts(classifier(cv=cv), groups=GROUPS)
        assert plain(partitions) == plain([list(cv.split(X, Y, GROUPS))])
        assert not on_both_sides(partitions, GROUPS)
        assert dataset.groups is None  # they have had their say

    def test_so_they_are_of_rows_some_of_which_count_for_nothing(self, cuts):
        weight = (np.arange(ROWS) % 4 > 0).astype(float)
        kept = np.flatnonzero(weight)
        for given in ({"cv": GroupKFold(3)}, {}):
            dataset, partitions = cuts(classifier(**given), groups=GROUPS, sample_weight=weight)
            assert len(dataset.y_development) == len(kept)
            assert not on_both_sides(partitions, GROUPS[kept])
            assert scored(partitions[0]) == list(range(len(kept)))

    def test_the_past_comes_first_and_is_not_scored(self, cuts):
        _, partitions = cuts(regressor(cv=TimeSeriesSplit(4)))
        assert len(partitions) == 1
        assert len(partitions[0]) == 4
        assert all(split.training_rows.max() < split.validation_rows.min() for split in partitions[0])
        assert scored(partitions[0]) == list(range(8, ROWS))

    @pytest.mark.parametrize("repeated", [RepeatedKFold, RepeatedStratifiedKFold])
    def test_a_repetition_is_a_partition(self, cuts, repeated):
        cv = repeated(n_splits=3, n_repeats=4, random_state=0)
        _, partitions = cuts(classifier(cv=cv))
        assert [len(partition) for partition in partitions] == [3] * 4
        assert all(scored(partition) == list(range(ROWS)) for partition in partitions)

    def test_pairs_of_indices_are_taken_as_they_are(self, cuts):
        rows = np.arange(ROWS)
        pairs = [(rows[12:], rows[:6]), (rows[:12][::-1].tolist(), rows[30:])]
        expected = [[(list(range(12, ROWS)), list(range(6))), (list(range(12)), list(range(30, ROWS)))]]
        for cv in (pairs, tuple(pairs), iter(pairs)):
            assert plain(cuts(classifier(cv=cv))[1]) == expected

    def test_pairs_of_masks_are_too(self, cuts):
        low = np.arange(ROWS) < 15
        _, partitions = cuts(classifier(cv=[(low, ~low), (~low, low)]))
        assert plain(partitions) == [
            [(list(range(15)), list(range(15, ROWS))), (list(range(15, ROWS)), list(range(15)))]
        ]

    def test_pairs_that_validation_rows_again_begin_another_partition(self, cuts):
        twice = [*KFold(3).split(X), *KFold(3, shuffle=True, random_state=0).split(X)]
        _, partitions = cuts(classifier(cv=twice))
        assert [len(partition) for partition in partitions] == [3, 3]

    def test_pairs_name_the_rows_that_were_given_whatever_these_count_for(self, cuts):
        weight = np.ones(ROWS)
        weight[:6] = 0
        _, partitions = cuts(classifier(cv=KFold(3)), sample_weight=weight)
        assert plain(partitions)[0][0] == (list(range(6, 30)), list(range(6)))

    def test_a_frame_with_text_is_split_by_where_its_rows_stand(self, cuts):
        frame = pd.DataFrame({"a": X[:, 0], "b": np.where(X[:, 1] > 0, "u", "v")}, index=range(500, 500 + ROWS))
        assert plain(cuts(classifier(cv=KFold(3)), X=frame)[1]) == plain([list(KFold(3).split(X))])


class TestRefused:
    @pytest.mark.parametrize(
        "cv",
        [
            ShuffleSplit(5, random_state=0),
            ShuffleSplit(1, random_state=0),
            StratifiedShuffleSplit(4, test_size=0.4, random_state=0),
            [(np.arange(30), np.arange(30, ROWS))],
        ],
    )
    def test_splits_of_which_no_two_score_different_rows(self, cv):
        with pytest.raises(ValueError, match=r"cv: a study needs splits .* KFold.* ShuffleSplit cannot be used"):
            classifier(cv=cv).fit(X, Y)

    def test_partitions_of_different_sizes(self):
        uneven = [*KFold(3).split(X), *KFold(2).split(X)]
        with pytest.raises(ValueError, match="cv: "):
            classifier(cv=uneven).fit(X, Y)

    def test_splits_that_validation_rows_they_fit_on(self):
        rows = np.arange(ROWS)
        with pytest.raises(ValueError, match="cv: a split scores rows that it is fitted on"):
            classifier(cv=[(rows[:20], rows[18:]), (rows[20:], rows[:20])]).fit(X, Y)

    def test_no_splits(self):
        with pytest.raises(ValueError, match="cv: there are no splits"):
            classifier(cv=[]).fit(X, Y)

    @pytest.mark.parametrize("cv", ["x", 2.5, object()])
    def test_what_is_no_cv(self, cv):
        with pytest.raises(ValueError, match="'cv' parameter"):
            classifier(cv=cv).fit(X, Y)

    @pytest.mark.parametrize("cv", [0, 1, -3, ROWS + 1])
    def test_a_number_of_folds_that_cannot_be_made(self, cv):
        with pytest.raises(ValueError, match=r"'cv' parameter|folds"):
            classifier(cv=cv).fit(X, Y)

    def test_rows_there_are_not(self):
        rows = np.arange(ROWS)
        with pytest.raises(ValueError, match="cv: a split names rows"):
            classifier(cv=[(rows[:20], rows[20:] + 5), (rows[20:], rows[:20])]).fit(X, Y)

    def test_splits_by_groups_without_groups(self):
        with pytest.raises(ValueError, match="groups"):
            classifier(cv=GroupKFold(3)).fit(X, Y)

    def test_groups_of_another_length_or_missing(self):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            classifier().fit(X, Y, groups=GROUPS[:-1])
        with pytest.raises(ValueError, match="no group"):
            classifier().fit(X, Y, groups=[None, *GROUPS[1:]])
        with pytest.raises(ValueError, match="1 group cannot be split"):
            classifier().fit(X, Y, groups=np.zeros(ROWS))


class TestPartitionsOf:
    def test_where_a_study_makes_its_own_there_are_none(self):
        for cv in (None, 3):
            assert partitions_of(cv, X, Y, None, True, None) is None

    def test_rows_that_are_not_kept_are_in_no_split_and_the_others_count_anew(self):
        kept = np.arange(0, ROWS, 2)
        (partition,) = partitions_of(KFold(3), X, Y, None, True, kept)
        assert scored(partition) == list(range(len(kept)))
        for split, (_, score) in zip(partition, KFold(3).split(X), strict=True):
            assert set(kept[split.validation_rows]) == set(score) & set(kept)

    @pytest.mark.parametrize(
        "cv", [KFold(3), GroupKFold(3), TimeSeriesSplit(3), RepeatedKFold(n_splits=2, n_repeats=2)]
    )
    def test_a_study_is_run_on_them_from_end_to_end(self, cv):
        model = regressor(cv=cv).fit(X, T, groups=GROUPS if isinstance(cv, GroupKFold) else None)
        plan = model.study_.answer.plan
        assert plan.folds == cv.get_n_splits(X, T, GROUPS) // (2 if isinstance(cv, RepeatedKFold) else 1)
        assert set(model.study_.trials["split"]) <= set(range(cv.get_n_splits(X, T, GROUPS)))
        assert np.isfinite(model.predict(X)).all()
