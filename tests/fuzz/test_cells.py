"""Cells of every kind, where any other kind is awaited: in tables to learn from, in test rows, and in new rows."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from calling import call, place
from counting import cases
from hypothesis import given
from hypothesis import strategies as st
from made_up import make_table
from odd_tables import COLUMNS, odd_tables, text_of


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cells") / "here"


ROLES = ("--groups", "--time", "--categorical", "--drop")


@cases(12)
@given(
    table=odd_tables(),
    target=st.sampled_from(["kind", "price", *COLUMNS]),
    task=st.sampled_from([None, None, "classification", "regression"]),
    role=st.one_of(st.none(), st.tuples(st.sampled_from(ROLES), st.sampled_from(COLUMNS))),
    merge=st.booleans(),
)
def test_tables_to_learn_from(here, table, target, task, role, merge):
    options = ["--target", target, *(["--task", task] if task else []), *(role or ()), *(["--merge-rare"] * merge)]
    with place(here):
        Path("t.csv").write_text(text_of(table), encoding="utf-8", newline="")
        call("fit", "t.csv", *options, topic="cells to learn from")


@cases(4)
@given(table=odd_tables(rows=8), target=st.sampled_from(["kind", "price"]), groups=st.booleans())
def test_test_rows(here, table, target, groups):
    with place(here):
        Path("t.csv").write_text(text_of(make_table(60)), encoding="utf-8")
        Path("test.csv").write_text(text_of(table), encoding="utf-8", newline="")
        options = ["--target", target, "--test", "test.csv", *(["--groups", "age"] if groups else [])]
        call("fit", "t.csv", *options, topic="cells of test rows")


@cases(10)
@given(table=odd_tables(rows=9, seed=1), task=st.sampled_from(["classification", "regression"]), proba=st.booleans())
def test_new_rows(here, runs, table, task, proba):
    with place(here):
        Path("new.csv").write_text(text_of(table), encoding="utf-8", newline="")
        came = call("predict", runs[task], "new.csv", *(["--proba"] * proba), topic="cells of new rows")
    if came.code == 0:
        predicted = pd.read_csv(io.StringIO(came.stdout))
        assert len(predicted) == len(table), came
        numbers = predicted.select_dtypes("number").to_numpy()
        assert np.isfinite(numbers).all(), came


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_a_terminal_that_does_not_know_all_letters(here, runs, encoding):
    """Notes with letters of a table, and the answer with those of goru."""
    with place(here):
        make_table(9, seed=1).assign(colour="ﷺ 🙂", größe=1).to_csv("new.csv", index=False)
        predicted = call("predict", runs["classification"], "new.csv", encoding=encoding)
        shown = call("show", runs["regression"], encoding=encoding)
        refused = call("fit", "größe 🙂.csv", encoding=encoding)
    assert (predicted.code, shown.code, refused.code) == (0, 0, 2)
    assert len(predicted.stdout.splitlines()) == 10
    assert "recommended" in shown.stdout
