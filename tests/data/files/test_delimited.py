import csv
import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.files.delimited import question_header, read_delimited
from goru.data.schema.cells import parse_text
from goru.data.schema.encoding import Others
from goru.errors import InputError


@pytest.fixture
def read(tmp_path):
    def reader(content, delimiter=","):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_delimited(path, delimiter)

    return reader


@pytest.fixture
def refusal(read):
    def line(content, delimiter=","):
        with pytest.raises(InputError) as error:
            read(content, delimiter)
        assert "\n" not in str(error.value)
        return str(error.value)

    return line


def test_quoted_cells_may_hold_commas_quotes_and_line_ends(read):
    frame = read('a,"b, c"\n"one, two","say ""hi"""\n"over\ntwo lines",x\n')
    assert list(frame.columns) == ["a", "b, c"]
    assert frame["a"].tolist() == ["one, two", "over\ntwo lines"]
    assert frame["b, c"].tolist() == ['say "hi"', "x"]


def test_cells_may_run_over_lines_wherever_a_large_file_is_cut_into_blocks(read, monkeypatch):
    monkeypatch.setattr("goru.data.files.delimited._BLOCK_BYTES", 100)
    rows = [f"{i}\nand {'x' * (1 + i % 7)}" for i in range(200)]
    assert read("a,b\n" + "".join(f'"{row}",1\n' for row in rows))["a"].tolist() == rows


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(read, end):
    assert read(f"a,b{end}1,2{end}3,4").to_numpy().tolist() == [[1, 2], [3, 4]]


def test_a_byte_order_mark_is_no_part_of_the_first_name(read):
    assert list(read(b"\xef\xbb\xbfa,b\n1,2\n").columns) == ["a", "b"]


def test_blank_lines_are_skipped(read):
    assert len(read("\n\na,b\n\n1,2\n\n3,4\n\n")) == 2


def test_numbers_with_spaces_are_numbers_and_gaps_are_missing(read):
    frame = read("a,b\n 1 , 2.5\n,NA\n3, nan \n")
    np.testing.assert_array_equal(frame["a"], [1, np.nan, 3])
    np.testing.assert_array_equal(frame["b"], [2.5, np.nan, np.nan])


def test_none_and_question_mark_are_words(read):
    frame = read("a,b\nnone,?\nNone,G\n")
    assert frame["a"].tolist() == ["none", "None"]
    assert frame["b"].tolist() == ["?", "G"]


def test_true_and_false_are_booleans(read):
    assert read("a,b\nTrue,1\nFalse,2\n,3\n")["a"].tolist()[:2] == [True, False]


def test_in_other_letters_they_may_be_labels_and_stay_text(read):
    cells = read("a,b\ntrue,1\nFALSE,2\n")["a"]
    assert cells.tolist() == ["true", "FALSE"]
    assert parse_text(cells).tolist() == [True, False]


def test_a_name_that_runs_over_lines_is_put_on_one(read):
    assert list(read('"size\nin cm",b\n1,2\n').columns) == ["size in cm", "b"]


def test_a_column_without_a_name_is_called_by_its_number(read):
    assert list(read(",b,\n1,2,3\n").columns) == ["column 1", "b", "column 3"]


@pytest.mark.parametrize(
    ("row", "cells"), [("5", 1), ("5,6,7", 3), ("5,6,", 3)], ids=["too short", "too long", "a comma at the end"]
)
def test_a_ragged_line_is_refused_and_named(refusal, row, cells):
    assert f"line 4 has {cells} cell" in refusal(f"a,b\n1,2\n3,4\n{row}\n")


def test_the_line_named_is_the_files_own_although_cells_run_over_lines(refusal):
    assert "line 6 has 1 cell" in refusal('a,b\n"1\n1",2\n\n3,4\n5\n')


def test_rows_that_are_all_longer_than_the_header_are_refused_and_not_shifted(refusal):
    assert "line 2 has 3 cells where the header has 2" in refusal("a,b\n1,2,3\n4,5,6\n")


def test_a_quote_that_is_never_closed_is_refused(refusal):
    assert "never closed" in refusal('a,b\n1,"2\n3,4\n5,6\n')


def test_a_quote_inside_a_cell_is_only_a_character(read):
    assert read('a,b\n1,5" pipe\n')["b"].tolist() == ['5" pipe']


@pytest.mark.parametrize("content", [b"a,b\n1,x\n2,caf\xe9\n", b"a,\xe9\n1,x\n", b'a,b\n1,"x\n2,caf\xe9\n'])
def test_another_encoding_is_refused_and_the_line_and_byte_are_named(refusal, content):
    line = refusal(content)
    assert "byte 0xe9 is not UTF-8" in line
    assert f"line {3 if b'caf' in content else 1}:" in line


def test_zero_bytes_far_down_the_file_are_refused(refusal):
    assert "binary" in refusal("a,b\n" + "1,2\n" * 50_000 + "1,\0\n")


def test_another_separator_is_refused_and_named(refusal):
    assert "separated by semicolons. Separate them by commas" in refusal("a;b\n1;2\n")
    assert "separated by commas. Separate them by tabs" in refusal("a,b\n1,2\n", "\t")


HEAD = "a,b,kind\n0.5,-1.5,x\n1.5,2.5,y\n"


@pytest.mark.parametrize(
    ("separator", "name"), [("|", "pipes"), (" ", "spaces"), ("   ", "spaces"), (";", "semicolons"), ("\t", "tabs")]
)
def test_other_separators_are_named(refusal, separator, name):
    line = refusal(HEAD.replace(",", separator))
    assert f"separated by {name}" in line
    assert "Separate them by commas" in line
    assert ("call the file .tsv" in line) == (name == "tabs")
    assert "1,5" not in line


def test_they_are_named_in_files_of_tabs_too(refusal):
    line = refusal(HEAD, "\t")
    assert "separated by commas" in line
    assert "call the file .csv" in line
    assert "separated by pipes" in refusal(HEAD.replace(",", "|"), "\t")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_where_commas_are_decimal_points_are_asked_for_too(refusal, separator):
    assert "1.5, not 1,5" in refusal(HEAD.replace(",", separator).replace(".", ","))


@pytest.mark.parametrize("header", ["a, left;b;kind", "a;b, right;kind"])
def test_a_comma_in_a_name_does_not_hide_semicolons(refusal, header):
    assert "separated by semicolons" in refusal(HEAD.replace("a,b,kind", header).replace(",", ";").replace("; ", ", "))


@pytest.mark.parametrize(
    "content",
    [
        "first name\nAnna\nBo\n",
        "a | b\n1\n2\n",
        "full name,born\nAnna Ek,1970\nBo Ek,1980\n",
        "a;b,kind\n1;2,x\n3;4,y\n",
    ],
)
def test_what_stands_in_names_and_cells_is_no_separator(read, content):
    frame = read(content)
    assert len(frame) == 2
    assert list(frame.columns) == content.splitlines()[0].split(",")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line", ["sep=,", '"sep=,"', "SEP=,", "sep=,,,"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_names_the_separator_is_no_header(read, refusal, mark, line, end):
    assert list(read(mark + line + end + HEAD).columns) == ["a", "b", "kind"]
    assert "line 5 has 2 cells" in refusal(mark + line + end + HEAD + "1,2\n")


def test_a_line_that_names_another_separator_is_told(refusal):
    assert "separated by semicolons" in refusal("sep=;\n" + HEAD.replace(",", ";"))
    assert "separated by '@'" in refusal("sep=@\n" + HEAD.replace(",", "@"))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("# made by me\n" + HEAD, 1),
        ("# made by me, in 2024\n" + HEAD, 1),
        ("# made\n# by me\n" + HEAD, 1),
        (HEAD + "# the end\n", 4),
        (HEAD + "#\n", 4),
    ],
)
def test_comments_are_named(refusal, content, place):
    assert f"line {place} is a comment" in refusal(content)


def test_a_name_that_begins_as_a_comment_does_is_none(read, refusal):
    assert list(read("#id,b\n1,2\n").columns) == ["#id", "b"]
    assert "line 3 has 3 cells where the header has 2" in refusal("#id,b\n1,2\n1,2,3\n")


@pytest.mark.parametrize(
    "content",
    [
        HEAD.split("\n", 1)[1],
        "5,3,9,setosa\n" * 3,
        "0.1,0.2,0.9\n1.5,2.5,3.5\n",
        "17,red,x\n18,red,x\n19,blue,y\n",
        "-1,yes\n2,no\n3,yes\n",
    ],
)
def test_a_header_that_looks_like_a_row_is_questioned(read, content):
    question = question_header(read(content))
    assert "Is there no header?" in question
    assert f"'{content.splitlines()[0].split(',')[0]}'" in question


@pytest.mark.parametrize(
    "content",
    [
        HEAD,
        "0,1,2,target\n0.5,1,2,x\n",
        "2019,2020,2021,2022\n1,2,3,4\n",
        "a,b\nred,blue\na,b\n",
        "id,7,kind\n1,2,x\n",
        "7\n1\n",
    ],
)
def test_a_header_of_names_is_not(read, content):
    assert question_header(read(content)) == ""


def test_columns_of_one_name_can_be_left_out(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,b\n1,2,3\n")
    with pytest.raises(InputError, match=r"duplicate column names: 'b'.*with drop.*no header"):
        read_delimited(tmp_path / "t.csv", ",")
    for drop in (["b"], Others(frozenset("a"))):
        assert list(read_delimited(tmp_path / "t.csv", ",", drop).columns) == ["a", "b"]


def test_a_cell_may_be_larger_than_the_csv_modules_limit(read):
    long = "x" * 300_000
    assert read(f'a,b\n1,"{long}"\n')["b"].iloc[0] == long


cells = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufeff"), min_size=1
).map(lambda text: "w" + text)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(tables)
def test_words_come_back_as_they_were_written(tmp_path_factory, rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[f"c{i}" for i in range(len(rows[0]))], *rows])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    assert read_delimited(path, ",").to_numpy().tolist() == rows


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_numbers_come_back_to_the_last_bit(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text("x,y\n" + "".join(f"{number!r},1\n" for number in numbers))
    assert parse_text(read_delimited(path, ",")["x"]).tolist() == numbers


@given(st.binary(min_size=1, max_size=200))
def test_no_bytes_whatever_raise_anything_but_the_one_line(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_bytes(data)
    refusals = []
    try:
        read_delimited(path, ",")
    except InputError as error:
        refusals = [str(error)]
    assert all(line.startswith(str(path)) and len(line.splitlines()) == 1 for line in refusals)


def test_a_header_of_many_columns_over_rows_of_few_takes_no_memory_for_them(refusal):
    tracemalloc.start()
    try:
        assert "line 2 has 2 cells where the header has 200001" in refusal(",".join(["a", *[""] * 200_000]) + "\n1,2\n")
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


def test_names_that_are_all_the_same_are_refused_at_once(refusal):
    assert "duplicate column names: 'a'" in refusal(",".join(["a"] * 100_000) + "\n" + ",".join(["1"] * 100_000) + "\n")


def test_something_large_that_is_no_text_is_not_read_as_a_whole(tmp_path):
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(InputError, match="binary"):
        read_delimited(tmp_path / "t.csv", ",")
