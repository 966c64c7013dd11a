"""Columns of Parquet files that a table has no place for, beside good ones."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goru.data.dataset import load_dataset
from goru.data.files.reading import read_table
from goru.errors import InputError

N = 60
X = np.linspace(-1, 1, N)
NO_FEATURES = {
    "lists": [[1, 2]] * N,
    "records": [{"u": 1}] * N,
    "maps": pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int64())),
    "bytes that are no text": [b"\xff\xfe", b"\xfe\xff"] * (N // 2),
}

TABLE = pd.DataFrame({"a": X, "c": X, "target": np.where(X > 0, "x", "y")})


def write(folder, **columns):
    pq.write_table(pa.table({**TABLE, **columns}), folder / "t.parquet")
    return folder / "t.parquet"


@pytest.mark.parametrize("kind", NO_FEATURES)
class TestWhatHasNoPlaceInATable:
    def test_is_dropped_and_named(self, tmp_path, kind):
        data = load_dataset(write(tmp_path, c=NO_FEATURES[kind]))
        assert f"Dropped 'c': {kind} instead of numbers, text or dates." in data.notes
        assert data.schema.feature_names == ("a",)

    def test_is_left_out_without_a_word_where_that_is_asked_for(self, tmp_path, kind):
        data = load_dataset(write(tmp_path, c=NO_FEATURES[kind]), drop=["c"])
        assert data.notes == ("Dropped 'c': not wanted.",)

    @pytest.mark.parametrize("role", ["target", "groups", "time"])
    def test_has_no_other_role_either(self, tmp_path, kind, role):
        with pytest.raises(InputError, match=f"'c' holds {kind}"):
            load_dataset(write(tmp_path, c=NO_FEATURES[kind]), **{"target": "target", role: "c"})

    def test_does_not_matter_in_new_rows_unless_it_is_a_feature(self, tmp_path, kind):
        path = write(tmp_path, c=NO_FEATURES[kind])
        schema = load_dataset(path, target="target", drop=["c"]).schema
        table = read_table(path, schema.others)
        assert len(schema.encode(table.frame, table.name)) == N
        with pytest.raises(InputError, match=f"column 'c' holds {kind}"):
            load_dataset(TABLE, target="target").schema.encode(table.frame.assign(c=read_table(path).frame["c"]))


class TestTypes:
    def test_text_in_bytes_is_text_and_may_be_the_target(self, tmp_path):
        words = [word.encode() for word in np.where(X > 0, "grün", "rot")]
        data = load_dataset(write(tmp_path, target=words, c=words))
        assert data.classes == ("grün", "rot")
        assert data.schema.categorical[0].levels == ("grün", "rot")

    def test_times_of_day_are_seconds(self, tmp_path):
        moments = [datetime.time(n % 24, 5) for n in range(N)]
        frame = read_table(write(tmp_path, c=moments)).frame
        np.testing.assert_array_equal(frame["c"], [3600 * (n % 24) + 300 for n in range(N)])
        assert load_dataset(write(tmp_path, c=moments)).column_counts["numeric"] == 2


class TestDrop:
    """What is not wanted is not looked at."""

    def bad_zone(self, folder):
        return write(folder, c=pa.array([0] * N, pa.timestamp("us", "Mars/Olympus")))

    def test_a_column_that_cannot_be_read_is_named(self, tmp_path):
        with pytest.raises(InputError, match=r"column 'c' cannot be read.*with drop"):
            read_table(self.bad_zone(tmp_path))

    def test_without_it_the_file_is_read(self, tmp_path):
        frame = read_table(self.bad_zone(tmp_path), drop=["c"]).frame
        assert frame["c"].isna().all()
        assert load_dataset(self.bad_zone(tmp_path), drop=["c"]).schema.feature_names == ("a",)

    def test_columns_of_one_name_can_be_left_out(self, tmp_path):
        table = pa.table([X, X, X, np.where(X > 0, "x", "y")], names=["a", "c", "c", "target"])
        pq.write_table(table, tmp_path / "t.parquet")
        with pytest.raises(InputError, match=r"duplicate column names: 'c'.*with drop"):
            read_table(tmp_path / "t.parquet")
        assert load_dataset(tmp_path / "t.parquet", drop=["c"]).schema.feature_names == ("a",)


def test_names_are_read_without_the_rows(tmp_path):
    pd.DataFrame({"a": X, "b": X}, index=pd.RangeIndex(N).astype(str)).to_parquet(tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet", header=True)
    assert list(table.frame.columns) == ["a", "b"]
    assert len(table.frame) == 0
