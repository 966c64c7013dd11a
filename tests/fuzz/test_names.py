"""Columns of any name, and options that speak of them."""

import csv
import io
from pathlib import Path

import pytest
from calling import call, place
from counting import cases
from hypothesis import given
from hypothesis import strategies as st
from made_up import make_table, names

OPTIONS = ("--target", "--groups", "--time", "--drop", "--categorical")
said = names.filter(lambda name: "\0" not in name)  # no command can be given that


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("names") / "here"


def table_with(header: list[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    table = make_table(45)
    writer.writerow([*header, *list(table)[len(header) :]])
    writer.writerows(table.to_numpy().tolist())
    return text.getvalue()


@cases(6)
@given(
    header=st.lists(said, min_size=1, max_size=7),
    options=st.lists(st.tuples(st.sampled_from(OPTIONS), st.one_of(said, st.integers(0, 6))), max_size=4),
    together=st.booleans(),
)
def test_options_that_name_columns(here, header, options, together):
    """By their names (a number stands for the name at that place), or by names that there are not."""
    words = []
    for option, name in options:
        name = header[name % len(header)] if isinstance(name, int) else name
        words += [f"{option}={name}"] if together else [option, name]
    with place(here):
        Path("t.csv").write_text(table_with(header), encoding="utf-8", newline="")
        call("fit", "t.csv", *words, topic="names of columns")


@cases(3)
@given(header=st.lists(said, min_size=1, max_size=3), task=st.sampled_from(["classification", "regression"]))
def test_new_rows_with_other_names(here, runs, header, task):
    with place(here):
        Path("new.csv").write_text(
            table_with(["area", "age", "colour", "new", "day", *header][:7]), encoding="utf-8", newline=""
        )
        call("predict", runs[task], "new.csv", topic="names of columns")
