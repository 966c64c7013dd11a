"""What estimators say of input that may be meant otherwise, and what they need not say."""

import warnings
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from studies_cv import StoppedError, stop
from tables import IRIS, SPECIES, quick_classifier, quick_regressor

import goru
from goru.studies.study import Study

RNG = np.random.default_rng(0)
N = 120


def quick_classifier_cv():
    return goru.MLPClassifierCV(n_networks=36)


def quick_regressor_cv():
    return goru.MLPRegressorCV(n_networks=36)


CLASSIFIERS = pytest.mark.parametrize("make", [quick_classifier, quick_classifier_cv])
REGRESSORS = pytest.mark.parametrize("make", [quick_regressor, quick_regressor_cv])


@pytest.fixture
def said(monkeypatch):
    """Fit, but run no study, and return goru's own warnings."""
    monkeypatch.setattr(Study, "run", stop)

    def fit(estimator, X, y, **given):
        with warnings.catch_warnings(record=True) as caught, suppress(StoppedError):
            warnings.simplefilter("always")
            estimator.fit(X, y, **given)
        found = [warning for warning in caught if issubclass(warning.category, goru.InputWarning)]
        assert all(warning.filename == __file__ for warning in found), "not where fit was called"
        return [str(warning.message) for warning in found]

    return fit


@CLASSIFIERS
class TestFrames:
    def test_odd_cells_other_spellings_and_identifiers_are_warned_of(self, said, make):
        numbers = RNG.integers(60, 220, N).astype(str).astype(object)
        frame = pd.DataFrame(
            {
                "power": np.where(np.arange(N) == 5, "?", numbers),
                "speed": np.where(np.arange(N) == 5, "ask", numbers),
                "price": [f"{price:,.2f}" for price in np.exp(RNG.normal(8, 1, N))],
                "name": [f"n{number}" for number in range(N)],
                "Unnamed: 0": range(N),
            }
        )
        found = said(make(), frame, np.arange(N) % 2)
        for part in (
            "'power' has 1 cell '?', taken as missing",
            "'speed' is treated as a category: nearly all cells are numbers, but not 'ask'",
            "Dropped 'price': numbers with a comma in them",
            "Dropped 'name': an identifier",
            "Dropped 'Unnamed: 0': it counts the rows",
        ):
            assert sum(part in note for note in found) == 1, (part, found)
        assert len(found) == 5

    def test_a_column_of_numbers_that_counts_the_rows_is_warned_of_in_words_of_python(self, said, make):
        frame = pd.DataFrame({"t": range(5, N + 5), "x": RNG.normal(size=N)})
        shuffled = frame.sample(frac=1, random_state=0)
        assert said(make(), shuffled, np.arange(N) % 2) == ["'t' counts the rows. If it is no feature, drop it."]

    def test_dates_constants_and_clean_columns_are_not(self, said, make):
        frame = pd.DataFrame({"x": RNG.normal(size=N), "colour": ["red", "blue", None] * (N // 3), "flat": 1})
        frame["when"] = pd.date_range("2024-01-01", periods=N)
        assert said(make(), frame, np.arange(N) % 2) == []

    def test_arrays_are_not(self, said, make):
        assert said(make(), IRIS, SPECIES) == []
        assert said(make(), np.column_stack([np.arange(N), np.ones(N), RNG.normal(size=N)]), np.arange(N) % 2) == []


@REGRESSORS
class TestQuantities:
    def test_a_row_that_decides_everything_is_named_where_the_user_has_it(self, said, make):
        y = RNG.normal(size=N)
        y[40] = -1e9
        (note,) = said(make(), RNG.normal(size=(N, 2)), y)
        assert note.startswith("y[40] is -1e+09, far from all others (")
        weights = np.ones(N)
        weights[:30] = 0
        assert said(make(), RNG.normal(size=(N, 2)), y, sample_weight=weights)[0].startswith("y[40] is")
        weights[40] = 0
        assert said(make(), RNG.normal(size=(N, 2)), y, sample_weight=weights) == []

    def test_others_need_no_word(self, said, make):
        assert said(make(), RNG.normal(size=(N, 2)), RNG.normal(size=N)) == []


def test_of_several_outputs_the_one_is_named(said):
    y = RNG.normal(size=(N, 2))
    y[40, 1] = 1e9
    (note,) = said(quick_regressor(), RNG.normal(size=(N, 2)), y)
    assert note.startswith("y[40, 1] is")


def test_predictions_are_made_without_a_word():
    frame = pd.DataFrame({"x": [*map(str, RNG.normal(size=N - 1)), "?"], "c": ["a", "b"] * (N // 2)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = quick_classifier().fit(frame, frame["c"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(frame)
        model.predict(frame.assign(x="-"))


class TestHolesInTargets:
    @pytest.mark.parametrize("hole", [None, np.nan, pd.NA, pd.NaT], ids=str)
    @pytest.mark.parametrize("make", [quick_classifier, quick_classifier_cv, quick_regressor, quick_regressor_cv])
    def test_are_named_as_scikit_learn_names_them(self, make, hole):
        y = np.array(["1", "2"] * (N // 2), dtype=object)
        y[7] = hole
        for target in (y, pd.Series(y, dtype=object), y.tolist()):
            with pytest.raises(ValueError, match=r"^Input y contains NaN"):
                make().fit(RNG.normal(size=(N, 2)), target)

    def test_the_row_is_named(self):
        with pytest.raises(ValueError, match="Row 1 "):
            quick_classifier().fit(RNG.normal(size=(3, 2)), ["a", None, "b"])

    def test_also_where_rows_come_bit_by_bit(self):
        with pytest.raises(ValueError, match="Input y contains NaN"):
            quick_classifier().partial_fit(RNG.normal(size=(3, 2)), ["a", None, "b"], classes=["a", "b"])

    @pytest.mark.parametrize("kind", ["category", "string", "Int64"])
    def test_and_in_columns_of_categories_and_text(self, kind):
        y = pd.Series([1, 2, None] * 40, dtype="Int64").astype(kind)
        with pytest.raises(ValueError, match="Input y contains NaN"):
            quick_classifier().fit(RNG.normal(size=(N, 2)), y)
