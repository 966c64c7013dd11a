import gzip
import os
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goru.data.files.reading import read_table
from goru.errors import InputError

ROWS = "a,b,kind\n1,2.5,x\n2,3.5,y\n"


def write(folder, content, name="table.csv"):
    path = folder / name
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def refusal(source):
    """The line with which a source is refused."""
    with pytest.raises(InputError) as error:
        read_table(source)
    line = str(error.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv", "t.tsv.gz", "T.CSV"])
def test_delimited_text_is_read_plain_or_gzipped(tmp_path, name):
    content = ROWS.replace(",", "\t") if ".tsv" in name else ROWS
    table = read_table(write(tmp_path, content, name))
    assert table.name == name
    assert table.target_hint is None
    assert list(table.frame.columns) == ["a", "b", "kind"]
    assert table.frame["b"].tolist() == [2.5, 3.5]
    assert table.frame["kind"].tolist() == ["x", "y"]


def test_a_path_may_be_text(tmp_path):
    assert len(read_table(str(write(tmp_path, ROWS))).frame) == 2


def test_parquet_is_read_with_its_types(tmp_path):
    frame = pd.DataFrame(
        {
            "number": [1, 2, 3],
            "gap": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "word": ["a", None, " b "],
            "level": pd.Categorical(["x", "y", "x"]),
            "day": pd.to_datetime(["2024-01-01", "2024-01-02", None]),
        },
        index=[7, 8, 9],
    )
    frame.to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet").frame
    assert list(read.columns) == list(frame.columns)
    np.testing.assert_array_equal(read["gap"], [1, np.nan, 3])
    assert read["flag"].isna().tolist() == [False, True, False]
    assert read["word"].tolist()[2] == "b"
    assert isinstance(read["level"].dtype, pd.CategoricalDtype)
    assert read["day"].dt.year.tolist()[:2] == [2024, 2024]


def test_a_frame_is_read_as_it_is_with_rows_counted_anew():
    table = read_table(pd.DataFrame({1: [1, 2], "b": ["x", "NA"]}, index=["r", "s"]))
    assert table.name == "the table"
    assert list(table.frame.columns) == ["1", "b"]
    assert table.frame.index.tolist() == [0, 1]
    assert table.frame["b"].isna().tolist() == [False, True]


@pytest.mark.parametrize("make", [pl.from_pandas, pa.Table.from_pandas])
def test_a_frame_of_another_library_is_read_as_that_of_pandas(make):
    frame = pd.DataFrame({"a": [1.5, 2], "b": ["x", "NA"]})
    pd.testing.assert_frame_equal(read_table(make(frame)).frame, read_table(frame).frame)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet"])
def test_a_header_is_read_without_rows(tmp_path, name):
    frame = pd.DataFrame({"a": ["x"] * 3, "b": [1, 2, 3]})
    frame.to_parquet(tmp_path / name) if name == "t.parquet" else write(
        tmp_path, frame.to_csv(index=False, sep="\t" if ".tsv" in name else ","), name
    )
    table = read_table(tmp_path / name, header=True)
    assert list(table.frame.columns) == ["a", "b"]
    assert len(table.frame) == 0


def test_tables_are_known_by_where_they_come_from(tmp_path):
    path = write(tmp_path, ROWS)
    (tmp_path / "link.csv").symlink_to(path)
    assert read_table(path).origin == read_table(tmp_path / "link.csv").origin == read_table(path, header=True).origin
    assert not read_table(path).origin & read_table(write(tmp_path, ROWS, "other.csv")).origin
    assert read_table("iris").origin & read_table("iris").origin
    frame = pd.DataFrame({"a": [1.0]})
    assert not read_table(frame).origin & read_table(frame).origin


def test_a_frame_given_is_not_changed():
    frame = pd.DataFrame({"b": [" x", "NA"], "c": [1, 2]})
    before = frame.copy()
    read_table(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_file_goes_before_a_built_in_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_table("iris").name == "iris"
    write(tmp_path, ROWS, "iris")
    assert "ends in none of these" in refusal("iris")


def test_a_missing_file_is_refused_and_the_nearest_built_in_name_is_offered(tmp_path):
    assert "no such file" in refusal(tmp_path / "nothing.csv")
    assert "Did you mean 'digits'?" in refusal("digit")
    assert "Built-in tables: breast_cancer" in refusal("qqqq")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.npz"])
def test_an_empty_file_is_refused(tmp_path, name):
    assert "the file is empty" in refusal(write(tmp_path, b"", name))


def test_a_file_of_blank_lines_is_empty(tmp_path):
    assert "the file is empty" in refusal(write(tmp_path, "\n \n"))


def test_a_header_alone_is_refused(tmp_path):
    assert "a header and no rows" in refusal(write(tmp_path, "a,b\n"))
    assert "a header and no rows" in refusal(write(tmp_path, "a,b"))
    assert "no rows" in refusal(pd.DataFrame({"a": []}))


def test_a_folder_that_holds_no_idx_files_is_refused(tmp_path):
    assert "a folder without IDX files" in refusal(tmp_path)


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path):
    line = refusal(write(tmp_path, ROWS, "t.xlsx"))
    assert ".csv, .tsv" in line
    assert ".csv, .tsv" in refusal(write(tmp_path, ROWS, "t.gz"))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_a_binary_file_is_refused_whatever_its_name(tmp_path, name):
    assert "binary" in refusal(write(tmp_path, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", name))
    assert "UTF-16" in refusal(write(tmp_path, ROWS.encode("utf-16"), name))


def test_damaged_files_are_refused_without_a_traceback(tmp_path):
    assert "Parquet" in refusal(write(tmp_path, b"PAR1 and nothing else", "t.parquet"))
    assert "NPZ" in refusal(write(tmp_path, b"PK and nothing else", "t.npz"))
    whole = gzip.compress(ROWS.encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[:-12])
    assert "gzip file is damaged" in refusal(tmp_path / "cut.csv.gz")
    (tmp_path / "plain.csv.gz").write_bytes(ROWS.encode())
    assert "not a gzip file" in refusal(tmp_path / "plain.csv.gz")


def test_duplicate_column_names_are_refused(tmp_path):
    assert re.search(r"duplicate column names: 'a'", refusal(write(tmp_path, "a,b, a\n1,2,3\n")))
    assert "duplicate column names" in refusal(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    assert "duplicate column names" in refusal(pd.DataFrame([[1, 2]], columns=[1, "1"]))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv.gz", "t.parquet", "t.npz", "train-images-idx3-ubyte", "t.xlsx"])
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert "a pipe or a device" in refusal(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    assert "a pipe or a device" in refusal(tmp_path / name)


def test_a_parquet_file_with_a_time_zone_that_there_is_not_is_refused(tmp_path):
    times = pa.array([0, 1], pa.timestamp("us", "Mars/Olympus"))
    pq.write_table(pa.table({"when": times}), tmp_path / "t.parquet")
    assert "column 'when' cannot be read" in refusal(tmp_path / "t.parquet")


def test_a_parquet_file_with_text_that_is_none_is_refused(tmp_path):
    pq.write_table(pa.table({"a": pa.array(["red", "blue"])}), tmp_path / "t.parquet", compression="none")
    content = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(content.replace(b"red", b"\xff\xfe\xfd"))
    assert "column 'a' cannot be read" in refusal(tmp_path / "t.parquet")


def test_text_of_a_parquet_file_is_text_however_it_is_stored(tmp_path):
    words = pa.array(["b", None, " a ", "b"])
    stored = {
        "plain": (words, {"use_dictionary": False}),
        "repeated": (words, {}),
        "large": (words.cast(pa.large_string()), {}),
    }
    for column, options in stored.values():
        pq.write_table(pa.table({"a": column, "n": [1, 2, 3, 4]}), tmp_path / "t.parquet", **options)
        frame = read_table(tmp_path / "t.parquet").frame
        assert list(frame.columns) == ["a", "n"]
        assert isinstance(frame["a"].dtype, pd.StringDtype)
        assert frame["a"].tolist()[2:] == ["a", "b"]
        assert frame["a"].isna().tolist() == [False, True, False, False]


@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.decimal128(20, 0)], ids=str)
def test_long_whole_numbers_beside_gaps_are_exact(tmp_path, kind):
    numbers = [9007199254740993, None, 9007199254740992]
    pq.write_table(pa.table({"a": pa.array(numbers).cast(kind), "b": [1, None, 3]}), tmp_path / "t.parquet")
    of_pandas = pd.DataFrame({"a": pd.array(numbers, dtype="Int64"), "b": [1, None, 3]})
    of_objects = pd.DataFrame({"a": pd.Series(numbers, dtype=object), "b": [1, None, 3]})
    for source in (tmp_path / "t.parquet", of_pandas, of_objects):
        frame = read_table(source).frame
        assert frame["a"].dropna().tolist() == ["9007199254740993", "9007199254740992"]
        assert frame["b"].dropna().tolist() == [1.0, 3.0]


def test_numbers_that_may_be_names_stay_text_in_a_file(tmp_path):
    table = "a,b,c,d,e\n01,1.0,9007199254740993,1E5,1\n2,2.0,-1,7,2.5\n"
    frame = read_table(write(tmp_path, table)).frame
    assert frame.drop(columns="e").to_numpy().tolist() == [
        ["01", "1.0", "9007199254740993", "1E5"],
        ["2", "2.0", "-1", "7"],
    ]
