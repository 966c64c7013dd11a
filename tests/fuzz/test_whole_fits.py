"""A few whole fits on odd tables: what the other tests take for good is fitted, told, and predicted with."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from calling import call, place
from counting import cases
from hypothesis import given
from hypothesis import strategies as st
from made_up import texts
from odd_tables import odd_tables, text_of

QUICK = ("--networks", 12, "--hidden", 4)
SECONDS = 120.0
OPTIONS = st.sampled_from(
    [
        (),
        ("--single",),
        ("--class-weight", "balanced"),
        ("--batch-size", 2),
        ("--numbers", "pieces"),
        ("--numbers", "squares"),
        ("--activation", "tanh"),
        ("--judge", "accuracy"),
        ("--judge", "mae"),
    ]
)


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fits") / "here"


@cases(0.5)
@given(
    table=odd_tables(rows=60), target=st.sampled_from(["kind", "price", "colour", "age"]), options=OPTIONS, name=texts
)
def test_fitted_and_predicted_with(here, table, target, options, name):
    if name.strip() and name.strip() not in table and not set(name) & {"\0", "\n", "\r"}:
        table = table.rename(columns={"area": name})
    with place(here):
        Path("t.csv").write_text(text_of(table), encoding="utf-8", newline="")
        came = call(
            "fit",
            "t.csv",
            "--target",
            target,
            *QUICK,
            *options,
            topic="whole fits",
            train=True,
            seconds=SECONDS,
            room=1 << 40,
        )
        if came.code != 0:
            return
        assert call("show", "runs/t").code == 0
        assert call("predict", "runs/t", "t.csv", "-o", "predicted.csv").code == 0
        predicted = pd.read_csv("predicted.csv", keep_default_na=False)
        assert len(predicted) == len(table)
        assert np.isfinite(predicted.select_dtypes("number").to_numpy()).all()
