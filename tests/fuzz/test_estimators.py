"""Estimators given arrays, frames, weights and arguments of any kind: `ValueError` or `TypeError`, or a fit."""

import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from calling import only, watched
from counting import cases, count
from hypothesis import given
from hypothesis import strategies as st
from made_up import CELLS, make_table
from scipy import sparse

import goru
from goru.estimators import parameters
from goru.studies.study import Study

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # matrices are among what is given

ROWS = 24
QUICK = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
STUDIED = {"n_networks": 36, "hidden_layer_sizes": (3,), "epochs": 2, "random_state": 0}
KINDS = ("MLPClassifier", "MLPRegressor", "MLPClassifierCV", "MLPRegressorCV")


class BegunError(Exception):
    """Raised where a study would train: all that it is given has been looked at."""


@pytest.fixture(autouse=True, scope="module")
def no_study():
    def begin(*_, **__) -> None:
        raise BegunError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "run", begin)
        yield


def attempt(topic: str, act: Callable[[], Any]) -> Any:
    """What comes of it; `None` if it is refused, in words."""
    found = None
    with warnings.catch_warnings(), np.errstate(all="ignore"), watched():
        warnings.simplefilter("ignore")
        with only(ValueError, TypeError, BegunError) as messages:
            found = act()
    refused = bool(messages and messages[0])
    count(topic, "refused" if refused else "taken")
    return found


ELEMENTS = {
    "finite": st.floats(-1e3, 1e3),
    "any": st.floats(width=64),
    "whole": st.integers(-5, 5).map(float),
    "huge": st.sampled_from([0.0, 1e300, -1e308, 1.7e308, 5e-324]),
    "gaps": st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf]),
    "nothing": st.just(np.nan),
    "same": st.just(1.0),
}
DTYPES = ("f8", "f8", "f4", "f2", "g", ">f8", "i1", "u1", "i8", "u8", "?", "c16", "O", "U", "S", "M8[s]", "m8[s]", "V8")


@st.composite
def arrays(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """An array of some type, or what is like one."""
    values = st.lists(draw(st.sampled_from(sorted(ELEMENTS)).map(ELEMENTS.get)), min_size=1, max_size=6)
    pool = np.array(draw(values))
    array = pool[np.random.default_rng(draw(st.integers(0, 999))).integers(0, len(pool), shape)]
    dtype = draw(st.sampled_from(DTYPES))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            array = array.astype(dtype) if dtype != "O" else odd_objects(array)
        except (ValueError, TypeError):
            array = array.astype(object)
    form = draw(
        st.sampled_from(
            ["array", "array", "array", "list", "frame", "csr", "coo", "turned", "frozen", "masked", "matrix"]
        )
    )
    try:
        return as_form(array, form)
    except (ValueError, TypeError):
        return array


def odd_objects(array: np.ndarray) -> np.ndarray:
    odd = [None, "x", "1.5", True, Decimal("1.5"), Fraction(1, 3), 10**400, [1], {}, object(), pd.NA, pd.NaT, 1j, b"x"]
    return np.array([odd[int(abs(hash(value))) % len(odd)] for value in array.ravel()], dtype=object).reshape(
        array.shape
    )


def as_form(array: np.ndarray, form: str) -> Any:
    match form:
        case "list":
            return array.tolist()
        case "frame":
            return pd.DataFrame(array) if array.ndim == 2 else pd.Series(array)
        case "csr" | "coo":
            return getattr(sparse, f"{form}_matrix")(array)
        case "turned":
            return np.asfortranarray(array)[::-1]
        case "frozen":
            array.flags.writeable = False
            return array
        case "masked":
            return np.ma.masked_array(array, np.arange(array.size).reshape(array.shape) % 3 == 0)
        case "matrix":
            return np.asmatrix(array)
    return array


rows = st.sampled_from([ROWS, ROWS, ROWS, ROWS, 0, 1, 2, 3, 4, 7])
features = st.one_of(
    st.tuples(rows, st.sampled_from([1, 3, 3, 0])).flatmap(arrays),
    rows.flatmap(lambda n: arrays((n,))),
    arrays((ROWS, 2, 2)),
    arrays(()),
    rows.map(lambda n: make_table(60).head(n)),
    st.lists(st.sampled_from(CELLS), min_size=ROWS, max_size=ROWS).map(
        lambda cells: pd.DataFrame({"a": cells, "b": range(ROWS)})
    ),
    st.sampled_from([None, 3, "x", [], {}, [[]], [[[]]], np.nan]),
)
targets = st.one_of(
    st.just(np.arange(ROWS) % 3),
    st.just(np.linspace(-1, 1, ROWS)),
    st.just(make_table(60)["kind"].head(ROWS)),
    rows.flatmap(lambda n: arrays((n,))),
    st.tuples(rows, st.integers(0, 3)).flatmap(arrays),
    st.sampled_from([None, 3, "x", [], {}, [0] * ROWS, ["x"] * ROWS]),
)
weights = st.one_of(
    st.none(),
    st.none(),
    arrays((ROWS,)),
    rows.flatmap(lambda n: arrays((n,))),
    st.sampled_from([0, 1, -1, [0] * ROWS, "x"]),
)


GOOD = {
    "X": st.sampled_from([np.random.default_rng(0).normal(size=(ROWS, 3)), make_table(60).head(ROWS)]),
    "y": st.sampled_from([np.arange(ROWS) % 3, np.linspace(-1, 1, ROWS), make_table(60)["kind"].head(ROWS)]),
    "weight": st.none(),
    "new": st.none(),
}
ODD = {"X": features, "y": targets, "weight": weights, "new": features}


@cases(9)
@given(kind=st.sampled_from(KINDS), odd=st.sets(st.sampled_from(sorted(ODD)), min_size=1, max_size=2), data=st.data())
def test_inputs(kind, odd, data):
    """One or two of what is given are odd."""
    drawn = {name: data.draw((ODD if name in odd else GOOD)[name], label=name) for name in ODD}
    X, y, weight, new = drawn.values()
    estimator = getattr(goru, kind)(**(STUDIED if kind.endswith("CV") else QUICK))

    def act() -> np.ndarray:
        estimator.fit(X, y, sample_weight=weight)
        return estimator.predict(X if new is None else new)

    predicted = attempt("inputs of estimators", act)
    if predicted is not None and kind == "MLPRegressor":
        assert np.isfinite(predicted).all()


odd_values = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 2, 0.5, 1.0, -0.0, 1e-300, 1e300, np.nan, np.inf, -np.inf, 10**400]),
    st.sampled_from(
        ["", "auto", "x", "relu", "before", "adam", b"x", (), [], {}, [1, 2], (3, -1), (0,), np.array([1, 2])]
    ),
    st.sampled_from(
        [np.float32(0.5), np.int8(3), np.bool_(True), Decimal("0.5"), Fraction(1, 2), 1j, object(), len, int]
    ),
    st.floats(),
    st.integers(-10, 60),
    st.text(max_size=3),
)
likely_values = st.one_of(
    st.floats(0, 1),
    st.integers(1, 8),
    st.booleans(),
    st.sampled_from(
        ["relu", "identity", "before", "after", "adam", "sgd", "lbfgs", "cosine", "adaptive", "poisson", "pieces"]
    ),
    st.sampled_from(["balanced", "he_normal", {0: 1, 1: 2}, {"cheap": 0.5, "dear": 0}, (2, 2), 1e-3, 1e5, None]),
)
LARGE = ("hidden_layer_sizes", "n_members", "max_iter")  # of which a large number is a large fit, and no mistake


@cases(10)
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_arguments(kind, data):
    """Some of the constructor's arguments are something else than they should be, or out of range."""
    quick = STUDIED if kind.endswith("CV") else QUICK
    names = sorted(getattr(goru, kind)().get_params())
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    given_ = {name: data.draw(st.one_of(odd_values, likely_values), label=name) for name in chosen}
    for name in LARGE:
        value = given_.get(name)
        if isinstance(value, int | float) and value > 60:
            given_[name] = 60
    table = make_table(60).head(40)
    X, y = table[["area", "age"]].fillna(0), table["price" if "Regressor" in kind else "kind"]

    def act() -> None:
        getattr(goru, kind)(**quick | given_).fit(X, y).predict(X)

    attempt("arguments of estimators", act)


@cases(1)
@given(name=st.sampled_from(sorted(parameters._RULES)), value=odd_values)
def test_every_rule_takes_or_refuses_any_value(name, value):
    rule = parameters._RULES[name][1]
    attempt("rules of arguments", lambda: rule(value))


@cases(3)
@given(
    kind=st.sampled_from(KINDS[2:]),
    cv=st.one_of(
        odd_values,
        st.lists(st.tuples(st.lists(st.integers(-2, ROWS + 1)), st.lists(st.integers(-2, ROWS + 1))), max_size=3),
    ),
    scoring=st.one_of(st.none(), odd_values, st.sampled_from(["accuracy", "r2", "roc_auc"])),
    groups=st.one_of(st.none(), arrays((ROWS,)), arrays((3,))),
)
def test_splits_scores_and_groups(kind, cv, scoring, groups):
    table = make_table(60).head(ROWS)
    X, y = table[["age", "price"]], table["age" if "Regressor" in kind else "kind"]
    estimator = getattr(goru, kind)(**STUDIED, cv=cv, scoring=scoring)
    attempt("splits and scores", lambda: estimator.fit(X, y, groups=groups))


@cases(2)
@given(kind=st.sampled_from(KINDS[:2]), batches=st.lists(st.tuples(features, targets), min_size=1, max_size=3))
def test_batch_after_batch(kind, batches):
    estimator = getattr(goru, kind)(**QUICK)

    def act() -> None:
        for X, y in batches:
            classes = {"classes": np.arange(3)} if kind == "MLPClassifier" else {}
            estimator.partial_fit(X, y, **classes)

    attempt("batch after batch", act)
