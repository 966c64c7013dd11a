"""Good tables in which some cells are anything that a cell can be."""

import csv
import io

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from made_up import CELLS, DATES, NUMBERS, WORDS, cells, make_table

COLUMNS = list(make_table())
POOLS = st.one_of(
    st.just(CELLS), st.just(NUMBERS), st.just(DATES), st.just(WORDS), st.lists(cells, min_size=1, max_size=4)
)


def text_of(table: pd.DataFrame) -> str:
    text = io.StringIO()
    table.to_csv(text, index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text.getvalue()


@st.composite
def odd_tables(draw: st.DrawFn, rows: int = 45, seed: int = 0) -> pd.DataFrame:
    """A good table in which some columns are other ones, wholly or in a few cells."""
    table = make_table(rows, seed).astype(object).copy()
    for name in draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True)):
        pool = np.array(draw(POOLS), dtype=object)
        chosen = pool[np.random.default_rng(draw(st.integers(0, 2**16))).integers(0, len(pool), rows)]
        if draw(st.booleans()):
            table[name] = chosen
        else:
            few = draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=4))
            table.loc[few, name] = chosen[few]
    return table
