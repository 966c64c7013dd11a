import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.data.preparing import Preparation
from goru.data.schema.columns import CategoricalColumn, DateColumn, DroppedColumn, NumericColumn
from goru.data.schema.encoding import Schema
from goru.errors import InputError

FRAME = pd.DataFrame(
    {
        "size": [1.0, np.nan, 3.0, np.inf],
        "colour": ["red", "blue", None, "red"],
        "id": ["q1", "q2", "q3", "q4"],
        "sold": [True, False, True, True],
        "when": ["2023-01-31", "2024-02-29", "2024-01-31", ""],
    }
)
SCHEMA = Schema.from_frame(FRAME)


def test_numbers_come_first_then_indicators_then_levels():
    assert SCHEMA.feature_names == (
        *("size", "sold", "when.year", "when.month", "when.day", "when.weekday"),
        *("size is missing", "when is missing"),
        *("colour=red", "colour=blue", "colour=(missing)"),
    )
    assert SCHEMA.n_features == 11


def test_a_frame_becomes_numbers_indicators_and_codes():
    encoded = SCHEMA.encode(FRAME)
    np.testing.assert_array_equal(encoded.numeric[:, 0], [1, np.nan, 3, np.nan])
    np.testing.assert_array_equal(encoded.numeric[:, 1], [1, 0, 1, 1])
    np.testing.assert_array_equal(encoded.numeric[:, 2], [2023, 2024, 2024, np.nan])
    np.testing.assert_array_equal(encoded.indicators, [[0, 0], [1, 0], [0, 0], [1, 1]])
    np.testing.assert_array_equal(encoded.codes, [[0], [1], [2], [0]])
    assert (encoded.codes.dtype, encoded.widths, len(encoded)) == (np.int32, (3,), 4)


def test_rows_can_be_taken_in_any_order():
    taken = SCHEMA.encode(FRAME).take(np.array([2, 0]))
    np.testing.assert_array_equal(taken.numeric[:, 0], [3, 1])
    assert taken.codes.tolist() == [[2], [0]]


def test_what_was_decided_is_said():
    assert SCHEMA.notes == (
        "Dropped 'id': an identifier (text in which more than 90 % of the values differ).",
        "The dates of 'when' became year, month, day, weekday.",
    )
    assert SCHEMA.counts == {"numeric": 2, "categorical": 1, "date": 1, "dropped": 1}


def test_infinite_values_are_missing_and_said():
    assert "'size' has 1 infinite value, taken as missing." in SCHEMA.encode(FRAME).notes


def test_columns_dropped_for_one_reason_are_said_together():
    schema = Schema.from_frame(pd.DataFrame({"a": [1, 1], "b": [1, 2], "c": [3, 3]}))
    assert schema.notes == ("Dropped 2 columns, 'a', 'c': constant.",)


def test_many_levels_are_said():
    schema = Schema.from_frame(pd.DataFrame({"city": [f"v{i}" for i in range(60)] * 2}))
    assert "the 49 most common are kept, the others are (other)" in schema.notes[0]


def test_the_order_of_columns_does_not_matter_and_is_not_mentioned():
    straight, turned = SCHEMA.encode(FRAME), SCHEMA.encode(FRAME[FRAME.columns[::-1]])
    np.testing.assert_array_equal(straight.numeric, turned.numeric)
    np.testing.assert_array_equal(straight.codes, turned.codes)
    assert straight.notes == turned.notes


def test_extra_columns_are_said_unless_they_are_known():
    more = FRAME.assign(target=1, extra=2)
    assert "Not used, as the model does not know them: 'extra'." in SCHEMA.encode(more, known=["target"]).notes


def test_dropped_columns_may_be_missing_and_are_not_mentioned():
    assert SCHEMA.encode(FRAME.drop(columns="id")).notes == SCHEMA.encode(FRAME).notes


def test_missing_columns_are_refused_by_name():
    with pytest.raises(InputError, match=r"new\.csv: missing columns 'size', 'colour'\."):
        SCHEMA.encode(FRAME[["sold", "when"]], "new.csv")


def test_levels_never_seen_are_no_level_and_are_counted():
    encoded = SCHEMA.encode(FRAME.assign(colour=["red", "green", "green", "pink"]))
    assert encoded.codes[:, 0].tolist() == [0, -1, -1, -1]
    assert "'colour' has 3 rows with levels never seen in the development rows: 'green', 'pink'." in encoded.notes


def test_levels_never_seen_are_other_where_the_column_has_that_level():
    schema = Schema.from_frame(pd.DataFrame({"city": [f"v{i:02}" for i in range(60)] * 2}))
    encoded = schema.encode(pd.DataFrame({"city": ["v00", "nowhere", None]}))
    assert encoded.codes[:, 0].tolist() == [0, 49, -1]


def test_a_missing_category_is_no_level_where_none_was_missing_before():
    schema = Schema.from_frame(pd.DataFrame({"c": ["a", "b", "a", "b"]}))
    assert schema.encode(pd.DataFrame({"c": ["b", None]})).codes[:, 0].tolist() == [1, -1]


def test_a_level_is_recognised_however_the_rest_of_a_file_makes_pandas_read_it():
    schema = Schema.from_frame(pd.DataFrame({"doors": ["2", "4", "5more", "2", "4", "2"]}))
    for doors in ([2, 4], [2.0, 4.0], ["2", "4"], pd.Categorical([2, 4])):
        assert schema.encode(pd.DataFrame({"doors": doors})).codes[:, 0].tolist() == [0, 1]
    schema = Schema.from_frame(pd.DataFrame({"known": ["true", "false", "unsure"] * 2}))
    assert (schema.encode(pd.DataFrame({"known": [True, False]})).codes >= 0).all()


def test_words_for_missing_among_numbers_and_dates_are_missing_and_counted_whether_training_rows_had_such_or_not():
    odd = FRAME.assign(size=["1", "?", "-", "\u22122"], when=["2024-01-01", "n/a", "None", ""])
    encoded = SCHEMA.encode(odd)
    np.testing.assert_array_equal(encoded.numeric[:, 0], [1, np.nan, np.nan, -2])
    np.testing.assert_array_equal(encoded.numeric[:, 2], [2024, np.nan, np.nan, np.nan])
    assert encoded.notes[:2] == (
        "'size' has 2 cells '?', '-', taken as missing.",
        "'when' has 2 cells 'n/a', 'None', taken as missing.",
    )


def test_names_that_look_like_numbers_are_recognised_in_every_file():
    schema = Schema.from_frame(pd.DataFrame({"code": ["007", "7", "01", "1E5"] * 5}), categorical=["code"])
    for codes, wanted in (
        (["007", "7", "01", "1E5"], [0, 2, 1, 3]),  # levels stand in order of their text
        ([7, 1, 100000, 8], [2, 1, 3, -1]),
        ([7.0, 1.0, 1e5, np.nan], [2, 1, 3, -1]),
        (["07", "1", "1e+05", "?"], [-1, 1, 3, -1]),
    ):
        order = {level: code for code, level in enumerate(schema.columns[0].levels)}
        place = [order["007"], order["01"], order["7"], order["1E5"], -1]
        assert schema.encode(pd.DataFrame({"code": codes})).codes[:, 0].tolist() == [place[at] for at in wanted]


def test_text_where_numbers_were_is_refused_with_row_column_and_value():
    with pytest.raises(InputError, match=r"new\.csv: data row 3: column 'size' is 'large', not a number"):
        SCHEMA.encode(FRAME.assign(size=["1", "", "large", "2"]), "new.csv")


def test_text_where_dates_were_is_refused_with_row_column_and_value():
    with pytest.raises(InputError, match=r"new\.csv: data row 2: column 'when' is 'soon', not a date"):
        SCHEMA.encode(FRAME.assign(when=["2024-01-01", "soon", "", ""]), "new.csv")
    with pytest.raises(InputError, match="not a date"):
        SCHEMA.encode(FRAME.assign(when=[1, 2, 3, 4]))


def test_dates_where_numbers_were_are_refused():
    with pytest.raises(InputError, match="where numbers are expected"):
        SCHEMA.encode(FRAME.assign(size=pd.to_datetime(["2024-01-01"] * 4)))


def test_a_column_that_is_empty_in_the_new_rows_is_missing_whatever_its_type():
    empty = pd.DataFrame({name: [None, None] for name in FRAME.columns})
    encoded = SCHEMA.encode(empty)
    assert np.isnan(encoded.numeric).all()
    assert encoded.indicators.all()
    assert encoded.codes.tolist() == [[2], [2]]


def test_the_index_of_a_frame_counts_the_rows_of_its_file():
    with pytest.raises(InputError, match="data row 3:"):
        SCHEMA.encode(FRAME.assign(size=["1", "", "large", "2"]).iloc[2:])


def test_unknown_names_are_refused_and_the_nearest_is_offered():
    with pytest.raises(InputError, match=r"drop: no column 'colour ID'"):
        Schema.from_frame(FRAME, drop=["colour ID"])
    with pytest.raises(InputError, match=r"categorical: no column 'Colours'\. Did you mean 'colour'\?"):
        Schema.from_frame(FRAME, categorical=["Colours"])


def test_a_table_without_a_feature_is_refused_and_the_reasons_are_given():
    with pytest.raises(InputError, match=r"no feature column remains\. Dropped 'a': constant\."):
        Schema.from_frame(pd.DataFrame({"a": [1, 1]}))


def test_small_numbers_are_kept_small_and_others_exact():
    small = pd.DataFrame({"a": np.array([1, 2], np.uint8), "b": np.array([0.5, 1], np.float32)})
    assert Schema.from_frame(small).encode(small).numeric.dtype == np.float32
    large = small.assign(c=[2**40 + 1, 2**40 + 3])
    assert Schema.from_frame(large).encode(large).numeric[:, 2].tolist() == [2**40 + 1, 2**40 + 3]


def test_a_wide_table_is_encoded_and_prepared_in_less_than_two_seconds():
    X = np.random.default_rng(0).integers(0, 255, (10_000, 784)).astype(np.float64)
    frame = pd.DataFrame(X, columns=[f"p{i}" for i in range(784)])
    schema = Schema.from_frame(frame)
    start = time.process_time()
    encoded = schema.encode(frame)
    prepared = Preparation.fit(encoded, np.arange(8_000)).transform(encoded)
    assert time.process_time() - start < 2
    assert prepared.shape == (10_000, 784)


def test_a_schema_survives_json():
    assert Schema.from_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA


names = st.text(max_size=5)
columns = st.one_of(
    st.builds(NumericColumn, names, st.booleans(), st.booleans()),
    st.builds(
        CategoricalColumn,
        names,
        st.lists(st.text(), min_size=1, max_size=4, unique=True).map(tuple),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(DateColumn, names, st.lists(st.sampled_from(["year", "hour"]), unique=True).map(tuple), st.booleans()),
    st.builds(DroppedColumn, names, st.text()),
)


@given(st.lists(columns, max_size=6, unique_by=lambda column: column.name))
def test_every_schema_survives_json(columns):
    schema = Schema(tuple(columns))
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {"columns": None},
        {"columns": [{}]},
        {"columns": [{"kind": "numeric", "name": "a", "missing": 1, "boolean": False}]},
        {"columns": [{"kind": "numeric", "name": None, "missing": True, "boolean": False}]},
        {"columns": [{"kind": "categorical", "name": "a", "levels": [], "other": False, "missing": False}]},
        {"columns": [{"kind": "categorical", "name": "a", "levels": ["x", "x"], "other": False, "missing": False}]},
        {"columns": [{"kind": "date", "name": "a", "parts": ["century"], "missing": False}]},
        {"columns": [{"kind": "dropped", "name": "a", "reason": "r"}] * 2},
        {"columns": [{"kind": "image", "name": "a"}]},
    ],
)
def test_a_damaged_schema_is_refused(content):
    with pytest.raises(InputError, match="damaged model"):
        Schema.from_json(content)


def encoded_or_refusal(schema, frame):
    try:
        return schema.encode(frame)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("size", st.one_of(st.none(), st.floats(), st.integers(-(10**20), 10**20), st.sampled_from(["7", " ", "x"]))),
        ("colour", st.one_of(st.none(), st.text(), st.floats(), st.booleans())),
        ("when", st.one_of(st.none(), st.datetimes(), st.dates(), st.text(max_size=10))),
    ],
)
@given(data=st.data())
def test_any_cells_are_encoded_or_refused_in_one_line(name, cells, data):
    values = data.draw(st.lists(cells, min_size=4, max_size=4))
    encoded = encoded_or_refusal(SCHEMA, FRAME.assign(**{name: pd.Series(values, dtype=object)}))
    if isinstance(encoded, str):
        assert len(encoded.splitlines()) == 1
        return
    assert not np.isinf(encoded.numeric).any()
    assert (encoded.codes >= -1).all()
    assert (encoded.codes < np.array(encoded.widths)).all()


@given(st.data())
def test_any_cells_make_a_schema_that_encodes_them(data):
    cells = st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=3), st.dates(), st.sampled_from("ab"))
    values = data.draw(st.lists(cells, min_size=2, max_size=12))
    frame = pd.DataFrame({"c": pd.Series(values, dtype=object), "n": range(len(values))})
    schema = Schema.from_frame(frame)
    encoded = schema.encode(frame)
    rows = np.arange(len(frame))
    assert Preparation.fit(encoded, rows).transform(encoded).shape == (len(frame), schema.n_features)
