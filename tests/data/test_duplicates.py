"""Rows that stand twice: copies are counted, and kept together if that is asked for; equal cells are let be."""

import struct

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from goru.data.dataset import load_dataset
from goru.data.duplicates import are_copies, row_hashes
from goru.data.memory import dataset_from
from goru.data.schema.encoding import Schema
from goru.data.splitting import folds
from goru.errors import InputError


def varied(rows=200, seed=0):
    """Rows of which no two are alike by chance."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 3)), columns=list("abc")).assign(
        colour=rng.choice(["red", "blue"], rows)
    )
    table.loc[rng.random(rows) < 0.2, "b"] = np.nan
    return table.assign(kind=np.where(table["a"] > 0, "x", "y"))


def counts(rows=400, seed=0):
    """Rows of few columns with few values."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(0, 3, (rows, 4)), columns=list("abcd"))
    return table.assign(kind=rng.choice(["x", "y"], rows))


def alike(rows=400, seed=0):
    """Rows of columns that all but say the same: many are equal, and none is a copy."""
    rng = np.random.default_rng(seed)
    one = rng.normal(size=(rows, 1))
    table = pd.DataFrame(np.digitize(one + 0.2 * rng.normal(size=(rows, 8)), [-1, 0, 1]), columns=list("abcdefgh"))
    return table.assign(kind=np.where(one[:, 0] > 0, "x", "y"))


def rare(rows=400, seed=0):
    """Rows of many columns that are nearly always zero."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.poisson(0.05, (rows, 20))).add_prefix("word ").assign(kind=rng.choice(["x", "y"], rows))


def flowers():
    return load_iris(as_frame=True).frame.rename(columns={"target": "kind"})


def measured(rows=400, seed=0):
    """One number a row, to three digits: some are equal."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"a": rng.normal(size=rows).round(2), "kind": rng.choice(["x", "y"], rows)})


def with_copies(table, n):
    return pd.concat([table, table[:n]], ignore_index=True)


def load(table, **options):
    return load_dataset(table, **{"target": "kind"} | options)


def note(data):
    return " ".join(one for one in data.notes if "target included" in one)


class TestHashes:
    def hashes(self, table, y=None):
        schema = Schema.from_frame(varied().drop(columns="kind"))
        return row_hashes(schema.encode(table), np.zeros(len(table)) if y is None else y)

    def test_are_equal_for_rows_that_are_alike_and_for_no_others(self):
        table = with_copies(varied().drop(columns="kind"), 50)
        hashes = self.hashes(table)
        assert len(np.unique(hashes)) == 200
        np.testing.assert_array_equal(hashes[:50], hashes[200:])

    @pytest.mark.parametrize("column", ["a", "b", "colour"])
    def test_tell_rows_that_differ_in_one_cell_apart(self, column):
        table = varied().drop(columns="kind")
        changed = table.assign(**{column: table[column].to_numpy()[::-1]})
        same = (table[column] == changed[column]) | (table[column].isna() & changed[column].isna())
        np.testing.assert_array_equal(self.hashes(table) == self.hashes(changed), same)

    def test_tell_targets_apart(self):
        table = varied().drop(columns="kind")
        assert not (self.hashes(table, np.zeros(200)) == self.hashes(table, np.ones(200))).any()

    def test_a_value_in_another_column_is_another_one(self):
        table = varied().drop(columns="kind").assign(a=1.0, c=2.0)
        assert not (self.hashes(table) == self.hashes(table.assign(a=2.0, c=1.0))).any()

    def test_there_is_one_zero_and_one_gap_of_whatever_type(self):
        table = varied().drop(columns="kind")
        one, other = table.assign(a=0.0, b=np.nan), table.assign(a=-0.0, b=-np.nan)
        np.testing.assert_array_equal(self.hashes(one), self.hashes(other))
        whole = table.assign(a=3, b=1, c=2)
        np.testing.assert_array_equal(self.hashes(whole), self.hashes(whole.astype({"a": float, "b": np.float32})))


class TestWhetherRowsAreCopies:
    def judged(self, table):
        data = dataset_from(table.drop(columns="kind"), pd.factorize(table["kind"])[0], (0, 1, 2))
        rows = (data.encoded_development, data.y_development)
        return are_copies([rows], row_hashes(*rows))

    @pytest.mark.parametrize("make", [counts, alike, rare, flowers, measured])
    def test_equal_cells_are_not(self, make):
        assert make().duplicated().any()
        assert not self.judged(make())

    @pytest.mark.parametrize("make", [varied, flowers])
    def test_rows_that_were_written_twice_are(self, make):
        assert self.judged(with_copies(make(), 20))
        assert self.judged(with_copies(make(), len(make())))

    def test_a_single_column_of_many_values_will_do(self):
        table = varied()[["a", "kind"]]
        assert not self.judged(table)
        assert self.judged(with_copies(table, 20))

    def test_rows_with_other_targets_are_others(self):
        table = varied()
        assert not self.judged(pd.concat([table, table.assign(kind="z")], ignore_index=True))

    def test_columns_may_be_many(self):
        rng = np.random.default_rng(0)
        table = pd.DataFrame(rng.normal(size=(100, 300))).assign(kind="x")
        assert self.judged(with_copies(table, 1))
        assert not self.judged(table)


class TestWithinATable:
    def test_copies_are_counted_with_what_keeps_them_together(self):
        data = load(with_copies(varied(), 40))
        assert note(data).startswith("40 rows are copies")
        assert "group_duplicates=True" in note(data)

    def test_test_rows_that_are_copies_are_counted(self):
        table = with_copies(varied(), 40)
        data = load(table)
        development, test = table.iloc[data.development_rows], table.iloc[data.test_rows]
        expected = len(test.merge(development.drop_duplicates()))
        assert data.repeated_test_rows == expected > 0

    @pytest.mark.parametrize("make", [varied, counts, alike, rare, flowers, measured])
    def test_nothing_is_said_of_rows_that_are_none(self, make):
        data = load(make())
        assert note(data) == ""
        assert data.repeated_test_rows == 0

    def test_nothing_is_said_of_copies_that_no_split_takes_apart(self):
        table = with_copies(varied().assign(patient=range(200)), 40)
        assert note(load(table, groups="patient")) == ""
        assert note(load(table, time="patient")) == ""
        table["patient"] = range(240)
        assert note(load(table, groups="patient")).startswith("40 rows are copies")
        assert note(load(table, time="patient")).startswith("40 rows are copies")

    def test_columns_that_are_no_features_make_no_difference(self):
        table = with_copies(varied(), 40).assign(id=[f"C-{n:05d}" for n in range(240)], at=range(240))
        assert note(load(table)) == ""
        assert note(load(table, drop=["at"])).startswith("40 rows are copies")


class TestOtherTargets:
    def told(self, data):
        return " ".join(one for one in data.notes if "but another target" in one)

    def with_other_targets(self, make, n=40):
        table = make()
        other = table[:n].assign(kind=table["kind"][:n].map({"x": "y", "y": "x"}))
        return pd.concat([table, other], ignore_index=True)

    def test_rows_with_all_features_of_another_one_are_counted_with_what_keeps_them_together(self):
        told = self.told(load(self.with_other_targets(varied)))
        assert told.startswith("80 rows (33.3%) have all features of another one, but another target")
        assert "groups names its column" in told

    def test_nothing_is_said_of_a_few_or_of_those_that_are_equal_by_chance(self):
        assert not self.told(load(self.with_other_targets(varied, 1)))
        for make in (counts, alike, rare):
            assert not self.told(load(self.with_other_targets(make)))

    def test_nor_of_copies_or_of_those_that_no_split_takes_apart(self):
        assert not self.told(load(with_copies(varied(), 40)))
        table = self.with_other_targets(varied).assign(patient=[*range(200), *range(40)])
        assert not self.told(load(table, groups="patient"))


class TestGroupDuplicates:
    def apart(self, data, table):
        """How many rows that are alike are in more than one part of one split."""
        names = table.drop(columns=["patient", "day"], errors="ignore").groupby([*"abc", "kind"], dropna=False)
        case = names.ngroup().to_numpy()
        splits = [(case[data.development_rows], case[data.test_rows])]
        of = case[data.development_rows]
        for split in folds(data.y_development, data.task, 5, 1, data.groups, data.time):
            splits.append((of[split.training_rows], of[split.validation_rows]))
        return sum(len(np.intersect1d(*sides)) for sides in splits)

    def test_keeps_copies_in_one_fold_and_says_so(self):
        table = with_copies(varied(), 60)
        assert self.apart(load(table), table) > 0
        data = load(table, group_duplicates=True)
        assert self.apart(data, table) == 0
        assert note(data).startswith("60 rows are like another one")
        assert data.repeated_test_rows == 0
        assert len(data.test_rows) == pytest.approx(52, abs=3)

    def test_keeps_whole_groups_too(self):
        table = with_copies(varied().assign(patient=np.arange(200) // 4), 60)
        table["patient"] = [*table["patient"][:200], *(100 + np.arange(60) // 2)]
        data = load(table, groups="patient", group_duplicates=True)
        assert self.apart(data, table) == 0
        patients = [set(table["patient"].iloc[rows]) for rows in (data.development_rows, data.test_rows)]
        assert not patients[0] & patients[1]

    def test_the_past_still_comes_before_the_future(self):
        table = with_copies(varied(), 60).assign(day=range(260))
        data = load(table, time="day", group_duplicates=True)
        assert self.apart(data, table) == 0
        first = table.groupby(list("abc"), dropna=False)["day"].transform("min")
        assert first.iloc[data.development_rows].max() < first.iloc[data.test_rows].min()
        np.testing.assert_array_equal(data.time, first.iloc[data.development_rows])

    def test_takes_rows_that_are_alike_by_chance_too(self):
        table = counts()
        data = load(table, group_duplicates=True)
        cases = [set(map(tuple, table.iloc[rows].to_numpy())) for rows in (data.development_rows, data.test_rows)]
        assert not cases[0] & cases[1]

    def test_a_table_of_a_few_rows_again_and_again_cannot_be_split(self):
        table = pd.DataFrame({"a": [1, 2] * 50, "kind": ["x", "y"] * 50})
        with pytest.raises(InputError, match=r"group_duplicates=True: 2 groups cannot be split"):
            load(table, group_duplicates=True)

    def test_without_copies_changes_no_note(self):
        assert note(load(varied(), group_duplicates=True)) == ""


class TestInAFileOfTestRows:
    @pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
    @pytest.mark.parametrize("make", [varied, flowers])
    def test_rows_of_the_table_are_counted(self, make, share):
        table = make()
        known = round(share * len(table))
        test = pd.concat([table[:known], varied(len(table), 1)]) if make is varied else table[:known]
        assert load(table, test=test.reset_index(drop=True)).repeated_test_rows == known

    @pytest.mark.parametrize("make", [counts, alike, rare, measured])
    def test_rows_that_are_equal_by_chance_are_not(self, make):
        assert load(make(), test=make(100, 1)).repeated_test_rows == 0

    @pytest.mark.parametrize("make", [alike, rare, measured])
    def test_they_are_where_that_is_more_than_chance_makes_equal(self, make):
        assert load(make(), test=make()[:100]).repeated_test_rows == 100

    def test_test_rows_of_more_common_cells_are_no_copies(self):
        table = rare()
        zeros = (table.drop(columns="kind") == 0).all(axis=1)
        balanced = pd.concat([table[zeros][:60], table[~zeros]], ignore_index=True)
        assert load(balanced, test=rare(100, 1)).repeated_test_rows == 0

    def test_they_may_be_written_otherwise(self, tmp_path):
        table = varied().round(3)
        table.to_csv(tmp_path / "fit.csv", index=False)
        table[:50].assign(colour=table["colour"] + " ").to_parquet(tmp_path / "test.parquet")
        data = load(tmp_path / "fit.csv", test=tmp_path / "test.parquet")
        assert data.repeated_test_rows == 50

    def test_the_table_itself_is_refused(self, tmp_path):
        varied().to_csv(tmp_path / "fit.csv", index=False)
        (tmp_path / "link.csv").symlink_to(tmp_path / "fit.csv")
        for test in ("fit.csv", "link.csv"):
            with pytest.raises(InputError, match=r"test: .* is the training table, fit\.csv"):
                load(tmp_path / "fit.csv", test=tmp_path / test)
        with pytest.raises(InputError, match="test: iris"):
            load_dataset("iris", test="iris")

    def test_the_only_pair_of_images_in_a_folder_is_refused(self, tmp_path):
        for name, shape in (("t10k-images-idx3-ubyte", (60, 2, 2)), ("t10k-labels-idx1-ubyte", (60,))):
            header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
            content = np.arange(np.prod(shape)) % 7
            (tmp_path / name).write_bytes(header + content.astype(np.uint8).tobytes())
        with pytest.raises(InputError, match=r"test: .*is the training table"):
            load_dataset(tmp_path, test=tmp_path / "t10k-images-idx3-ubyte")


class TestInMemory:
    def dataset(self, **options):
        table = with_copies(varied(), 40)
        return dataset_from(table.drop(columns="kind"), pd.factorize(table["kind"])[0], (0, 1), **options)

    def test_copies_are_counted(self):
        assert note(self.dataset()).startswith("40 rows are copies")
        assert "group_duplicates=True" in note(self.dataset())

    def test_copies_are_kept_together_and_groups_with_them(self):
        assert len(np.unique(self.dataset(group_duplicates=True).groups)) == 200
        groups = self.dataset(group_duplicates=True, groups=np.arange(240) // 2).groups
        assert len(np.unique(groups)) == 100
        np.testing.assert_array_equal(groups[:40], groups[200:])
