"""Columns of every type that a Parquet file or a frame may have, in any role."""

import warnings
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from calling import call, check_handed, only, place, watched
from counting import cases, count
from hypothesis import given
from hypothesis import strategies as st
from made_up import CELLS, make_table
from odd_tables import COLUMNS

from goru.data.dataset import load_dataset
from goru.errors import InputError
from goru.report.run import load


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("columns") / "here"


@st.composite
def odd_columns(draw: st.DrawFn, rows: int) -> pd.Series:
    """A column of any type that a Parquet file or a frame may have."""
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(-3, 9, rows)
    kind = draw(st.sampled_from(sorted(TYPES)))
    series = pd.Series(TYPES[kind](values))
    return series.mask(values == 0) if draw(st.booleans()) and kind != "complex" else series


TYPES = {
    **{name: (lambda values, name=name: values.astype(name)) for name in ("i1", "u1", "i8", "u8", "f2", "f4", "f8")},
    "complex": lambda values: values.astype(complex),
    "extreme": lambda values: np.where(values > 5, np.finfo(float).max, -np.finfo(float).max / (values**2 + 1)),
    "tiny": lambda values: values * 5e-324,
    "infinite": lambda values: np.where(values > 5, np.inf, values),
    "bool": lambda values: values > 2,
    "boolean": lambda values: pd.array(values > 2, dtype="boolean"),
    "Int64": lambda values: pd.array(values, dtype="Int64"),
    "Float32": lambda values: pd.array(values, dtype="Float32"),
    "text": lambda values: values.astype(str),
    "categories": lambda values: pd.Categorical(values.astype(str)),
    "numbers as categories": lambda values: pd.Categorical(values),
    "fractions as categories": lambda values: pd.Categorical(values / 3),
    "dates as categories": lambda values: pd.Categorical(pd.to_datetime(values, unit="D")),
    "no categories": lambda values: pd.Categorical([None] * len(values)),
    "ns": lambda values: pd.to_datetime(values * 10**17),
    "s": lambda values: (values * 10**10).astype("datetime64[s]"),
    "far dates": lambda values: (values * 10**11).astype("datetime64[s]"),
    "zone": lambda values: pd.to_datetime(values * 10**16).tz_localize(
        "Europe/Berlin", ambiguous="NaT", nonexistent="NaT"
    ),
    "timedelta": lambda values: pd.to_timedelta(values, unit="D"),
    "period": lambda values: pd.PeriodIndex.from_ordinals(values, freq="M"),
    "interval": lambda values: pd.arrays.IntervalArray.from_arrays(values, values + 1),
    "date": lambda values: pd.Series(pd.to_datetime(values, unit="D").date),
    "time": lambda values: pd.Series(pd.to_datetime(values, unit="h").time),
    "bytes": lambda values: pd.Series([bytes([value % 256]) for value in values]),
    "lists": lambda values: pd.Series([[value] for value in values]),
    "dicts": lambda values: pd.Series([{"a": value} for value in values]),
    "nothing": lambda values: pd.Series([None] * len(values)),
    "decimal": lambda values: pd.Series([Decimal(int(value)) for value in values]),
}


def with_odd_columns(draw: st.DataObject, table: pd.DataFrame) -> pd.DataFrame:
    """The table, with columns of other types in the place of one to three of its own."""
    table = table.copy()
    for name in draw.draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True)):
        column, as_objects = draw.draw(odd_columns(len(table)), label=name), draw.draw(st.integers(0, 5)) == 0
        table[name] = column.to_numpy(dtype=object, na_value=None) if as_objects else column.array
    return table


roles = st.fixed_dictionaries(
    {"target": st.sampled_from(["kind", "price", *COLUMNS])},
    optional={
        "task": st.sampled_from(["classification", "regression"]),
        "groups": st.sampled_from(COLUMNS),
        "time": st.sampled_from(COLUMNS),
        "categorical": st.sampled_from(COLUMNS),
    },
)


@cases(6)
@given(data=st.data(), roles=roles, task=st.sampled_from(["classification", "regression"]), predict=st.booleans())
def test_in_a_parquet_file(here, runs, data, roles, task, predict):
    table = with_odd_columns(data, make_table(9 if predict else 45, seed=int(predict)))
    with place(here):
        try:
            table.to_parquet("t.parquet", index=False)
        except Exception:  # a type that Parquet has not
            return
        options = [word for role, column in roles.items() for word in (f"--{role}", column)]
        words = ("predict", runs[task], "t.parquet") if predict else ("fit", "t.parquet", *options)
        call(*words, topic="columns of Parquet files")


@cases(6)
@given(data=st.data(), roles=roles, task=st.sampled_from(["classification", "regression"]), predict=st.booleans())
def test_in_a_frame(runs, data, roles, task, predict):
    """As they are given in Python; names and index may be anything too."""
    table = with_odd_columns(data, make_table(9 if predict else 45, seed=int(predict)))
    match data.draw(st.sampled_from(["", "", "", "index", "names", "levels", "doubled", "none"])):
        case "index":
            table.index = pd.Index(
                data.draw(st.sampled_from([["x"] * len(table), range(len(table), 0, -1), [None] * len(table)]))
            )
        case "names":
            table = table.rename(
                columns={"age": data.draw(st.sampled_from([None, 1, 1.5, True, ("a", "b"), "", b"x", *CELLS]))}
            )
        case "levels":
            table.columns = pd.MultiIndex.from_product([["a"], table.columns])
        case "doubled":
            table.columns = [*table.columns[:-1], table.columns[0]]
        case "none":
            table = table.head(0)
    with warnings.catch_warnings(), watched(), only(InputError) as messages:
        warnings.simplefilter("error")
        if predict:
            predicted = load(runs[task]).model.predict(table)
            assert len(predicted) == len(table)
        else:
            chosen = {role: [column] if role == "categorical" else column for role, column in roles.items()}
            check_handed(load_dataset(table, **chosen))
    count("columns of frames", "refused" if messages else "taken")
