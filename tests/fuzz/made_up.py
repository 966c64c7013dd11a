"""A good table with a column of every kind, and everything that a cell, a name or an option may be, however odd."""

import functools

import numpy as np
import pandas as pd
from hypothesis import strategies as st


@functools.cache
def make_table(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    """Numbers, whole numbers, categories, true and false, dates, gaps; and a target for either task."""
    rng = np.random.default_rng(seed)
    area, age = rng.normal(80, 20, rows), rng.integers(0, 90, rows)
    colour = rng.choice(["red", "green", "blue"], rows)
    price = 3 * area - age + 30 * (colour == "red") + rng.normal(0, 10, rows)
    return pd.DataFrame(
        {
            "area": np.where(rng.random(rows) < 0.1, np.nan, area.round(2)),
            "age": age,
            "colour": colour,
            "new": rng.random(rows) < 0.4,
            "day": (pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")).strftime(
                "%Y-%m-%d"
            ),
            "price": price.round(2),
            "kind": np.where(price > np.median(price), "dear", "cheap"),
        }
    )


NUMBERS = (
    *("0", "-0", "1", "-1", "1.5", "+3", ".5", "5.", "1e3", "1E-3", "1e400", "-1e400", "1e-400", "1e308", "-1e308"),
    *("inf", "-inf", "Infinity", "INF", "nan", "NaN", "-nan", "1,5", "1.234,5", "1 000", "1_000", "0x1F", "0b1", "1e"),
    *(
        "e5",
        "--1",
        "+-5",
        "1-",
        "1/2",
        "50%",
        "$5",
        "5€",
        "(5)",
        "12",
        "٣",
        "１２",
        "²",
        "½",
        "Ⅷ",
        "1j",
        "1+2j",
        "0" * 400,
    ),
    *("9" * 400, "0" * 5000 + "5", "9" * 5000, "1" + "0" * 308, "0." + "0" * 400 + "1", "1e" + "9" * 30, "007"),
    *("9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "1" * 39),
)
DATES = (
    *("2024-01-01", "2024-02-30", "2024-13-01", "0000-01-01", "0001-01-01", "9999-12-31", "2024-01", "2024-1-1"),
    *("2024-01-01T25:00", "2024-01-01T12:00", "2024-01-01 12:00:00.123456789123", "2024-01-01T12:00Z", "20240101"),
    *(
        "2024-01-01T12:00+99:99",
        "2024-01-01T12:00+14:00",
        "2024-01-01T12:00-24:00",
        "2024-01-01T12:00:60",
        "1677-09-21",
    ),
    *(
        "2262-04-12",
        "2024-01-01T24:00:00",
        "2024-W01-1",
        "2024-366",
        "01/02/2024",
        "12:30",
        "1 Jan 2024",
        "-2024-01-01",
    ),
    *("2024-01-01T12:00 Europe/Berlin", "2024-01-01T12:00\x00", "2024-01-01T12:00" + "0" * 5000, "٢٠٢٤-٠١-٠١"),
)
WORDS = (
    *("", " ", "\t", "NA", "N/A", "null", "NULL", "None", "?", "-", "true", "TRUE", "False", "yes", "no", "t", "f"),
    *("=1+1", "=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-1+1", "<script>alert(1)</script>", "'; drop table runs; --"),
    *(
        "🙂",
        "👩‍👩‍👧‍👦",
        "é",
        "e\u0301",
        "שלום",
        "\u202eabc\u202c",
        "\u200b",
        "\ufeff",
        "ﷺ",
        "İ",
        "ß",
        "ǆ",
        "\x1b[31mred",
        "\x7f",
    ),
    *(
        "a\nb",
        "a\r\nb",
        "a\rb",
        "a,b",
        'a"b',
        '"',
        '""',
        "'",
        "a;b",
        "a\tb",
        "\\",
        "\\n",
        "%s%s%n",
        "{0}",
        "$HOME",
        "`id`",
    ),
    *("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\uffff", "\U0010ffff", "\ue000", "x" * 1000, "🙂" * 500),
    *("nan", "<NA>", "NaT", "(other)", "(missing)", "other", "../../etc/passwd", "CON", "__class__", "[1]", "{}"),
)
CELLS = (*NUMBERS, *DATES, *WORDS)

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=12)
cells = st.one_of(
    st.sampled_from(CELLS),
    texts,
    st.floats().map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.dates().map(str),
    st.datetimes().map(str),
)
"""What a cell of a text file may hold."""

names = st.one_of(
    st.sampled_from(
        WORDS + NUMBERS[:12] + ("target", "class", "label", "y", "area", "kind", "Area", "area ", "column 1")
    ),
    texts,
)
"""What a column may be called."""

numbers = st.one_of(
    st.sampled_from([0, -1, 1, 2, 3, 2**31, 2**32 - 1, 2**32, 2**63, 2**64, -(2**63), 10**30, 10**400]),
    st.integers(-(10**6), 10**6),
)
"""Whole numbers, however large."""
