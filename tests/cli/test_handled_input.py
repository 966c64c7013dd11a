"""Input that goru takes as it is: what it says about it, and what needs no word.

The columns "handled, and said" and "handled silently" of the table "What input gets" in the design, cell by cell.
Said means on either stream; what `predict` says never gets among the predictions on stdout.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcomes import table_of

NEVER_SEEN = r"never seen|not seen|unseen|unknown|new categor|new value"


@pytest.fixture
def predict(goru, credit_run, write):
    """Probabilities of the credit run for a table, and what was said."""

    def run(table: pd.DataFrame, name: str = "new.csv"):
        outcome = goru("predict", credit_run.folder, write(table, name), "--proba")
        assert outcome.code == 0, outcome
        probabilities = table_of(outcome.stdout)
        assert len(probabilities) == len(table), outcome
        assert np.isfinite(probabilities.to_numpy(float)).all(), outcome
        return outcome

    return run


@pytest.fixture
def plain(predict, credit_run):
    """What `predict` does with new rows that have nothing special about them."""
    return predict(credit_run.features)


class TestSaidWhenFitting:
    @pytest.mark.parametrize(
        ("column", "reason"),
        [
            ("always_one", r"constant|one value|same value"),
            ("never_filled", r"missing|empty"),
            ("customer_id", r"identif|differ|unique"),
        ],
    )
    def test_a_column_without_use_is_dropped_and_named_with_the_reason(self, messy_run, said, column, reason):
        said(messy_run.fit, rf"\b{column}\b", reason)

    def test_infinities_are_named_with_their_column(self, messy_run, said):
        said(messy_run.fit, r"\bratio\b", r"\binfinit|\binf\b")

    def test_a_column_of_dates_is_named(self, messy_run, said):
        said(messy_run.fit, r"\bopened\b", r"\bdates?\b")

    def test_rows_without_a_target_are_left_out_and_counted(self, messy_run, said):
        said(messy_run.fit, r"(?<![\d.])13(?![\d.%])", r"\brows?\b", r"without|missing|no\b|left out")

    def test_a_budget_too_small_for_the_study_is_said(self, messy_run, said):
        said(messy_run.fit, r"too (small|few|short)|fewer|not enough|instead of")

    @pytest.mark.slow
    def test_rare_classes_are_merged_on_demand(self, goru, said, credit, write):
        table = credit()
        rare = ["ochre", "purple", "teal", "umber", "violet", "white"]
        table.loc[range(12), "target"] = rare * 2
        write(table, "credit.csv")
        outcome = goru("fit", "credit.csv", "--target", "target", "--merge-rare", "--networks", 12, "--hidden", 8)
        assert outcome.code == 0, outcome
        said(outcome, "merged", *rare)
        write(table, "new.csv")
        predicted = table_of(goru("predict", "runs/credit", "new.csv").stdout).iloc[:, -1]
        assert not set(predicted) & set(rare)


class TestSaidWhenPredicting:
    def test_a_category_never_seen_before_is_named_with_its_column(self, predict, credit_run, said):
        table = credit_run.features
        table.loc[[3, 9], "region"] = "atlantis"
        said(predict(table), r"\bregion\b", "atlantis", NEVER_SEEN)

    def test_rows_with_known_categories_are_not_changed_by_one_never_seen(self, predict, credit_run, plain):
        table = credit_run.features
        table.loc[3, "region"] = "atlantis"
        before, after = table_of(plain.stdout), table_of(predict(table).stdout)
        others = before.index != 3
        np.testing.assert_allclose(after[others], before[others], atol=1e-6)

    def test_a_number_declared_a_category_counts_as_never_seen_too(self, goru, houses_run, write, said):
        write(houses_run.features.assign(district=9), "new.csv")
        outcome = goru("predict", houses_run.folder, "new.csv")
        assert outcome.code == 0, outcome
        said(outcome, r"\bdistrict\b", r"(?<![\d.])9\b", NEVER_SEEN)

    def test_an_extra_column_is_named_and_changes_nothing(self, predict, credit_run, plain, said):
        outcome = predict(credit_run.features.assign(surplus=np.arange(60)))
        said(outcome, r"\bsurplus\b")
        assert outcome.stdout == plain.stdout

    def test_rows_beyond_the_training_rows_are_counted_where_a_number_is_predicted(self, goru, houses_run, write, said):
        table = houses_run.features
        table.loc[[3, 9], "area"] = [1e6, -1e6]
        write(table, "new.csv")
        outcome = goru("predict", houses_run.folder, "new.csv")
        assert outcome.code == 0, outcome
        said(outcome, r"\b2 rows lie well beyond\b", r"'area'", "flatten")
        assert "beyond" not in outcome.stdout

    @pytest.mark.parametrize("name", ["new.csv", "new.parquet"])
    def test_words_for_missing_among_numbers_are_counted_and_are_as_empty_cells(self, predict, credit_run, said, name):
        table = credit_run.features
        empty, words = table.copy(), table.astype({"income": str})
        empty.loc[[3, 9], "income"] = np.nan
        words.loc[[3, 9], "income"] = ["?", "n/a"]
        outcome = predict(words, name)
        said(outcome, r"\bincome\b", r"2 cells '\?', 'n/a'", "missing")
        assert outcome.stdout == predict(empty, name).stdout

    def test_infinities_in_new_rows_are_named_with_their_column(self, predict, credit_run, said):
        table = credit_run.features
        table.loc[[3, 9], "income"] = [np.inf, -np.inf]
        said(predict(table), r"\bincome\b", r"\binfinit|\binf\b")

    def test_what_is_said_stands_on_stderr_and_not_among_the_predictions(self, predict, credit_run):
        table = credit_run.features.assign(surplus=1)
        table.loc[3, "region"] = "atlantis"
        outcome = predict(table)
        assert "surplus" in outcome.stderr
        assert "atlantis" in outcome.stderr
        assert "surplus" not in outcome.stdout
        assert "atlantis" not in outcome.stdout

    def test_everything_said_at_once_stays_small_however_many_rows_have_it(self, predict, credit_run):
        table = credit_run.features.assign(region=[f"island {number}" for number in range(60)])
        outcome = predict(table)
        assert "region" in outcome.stderr
        assert len(outcome.stderr) < 1500


class TestMessyTablesArePredicted:
    def test_every_new_row_gets_a_class(self, goru, messy_run, write):
        write(messy_run.features, "new.csv")
        outcome = goru("predict", messy_run.folder, "new.csv")
        assert outcome.code == 0, outcome
        assert len(table_of(outcome.stdout)) == len(messy_run.new)

    def test_dropped_columns_are_not_needed_again(self, goru, messy_run, write):
        useless = ["always_one", "never_filled", "customer_id"]
        write(messy_run.features, "with.csv")
        write(messy_run.features.drop(columns=useless), "without.csv")
        with_them, without_them = (
            goru("predict", messy_run.folder, name, "--proba") for name in ("with.csv", "without.csv")
        )
        assert without_them.code == 0, without_them
        assert without_them.stdout == with_them.stdout

    def test_the_columns_that_are_used_are_needed(self, goru, refused, messy_run, write):
        used = ["income", "savings", "is_member", "region", "padded", "ratio", "opened"]
        write(messy_run.features.drop(columns=used), "new.csv")
        refused(goru("predict", messy_run.folder, "new.csv"), *used)

    def test_a_date_that_is_none_is_refused_with_its_row(self, goru, refused, messy_run, write):
        table = messy_run.features
        table.loc[56, "opened"] = "someday"
        write(table, "new.csv")
        refused(goru("predict", messy_run.folder, "new.csv"), "opened", "someday", re.compile(r"\b5[78]\b"))


class TestSilentWhenFitting:
    @pytest.mark.parametrize(
        "column",
        [
            pytest.param("savings", id="missing values"),
            pytest.param("is_member", id="booleans"),
            pytest.param("region", id="categories"),
            pytest.param("padded", id="numbers as text with spaces"),
        ],
    )
    def test_it_needs_no_word(self, messy_run, column):
        assert not re.search(rf"\b{column}\b", messy_run.fit.output), messy_run.fit

    def test_numbers_as_text_are_numbers(self, goru, refused, houses_run, messy_run, write):
        for run, column in ((houses_run, "age"), (messy_run, "padded")):
            table = run.features.astype({column: str})
            table.loc[56, column] = "oldish"
            write(table, "new.parquet")
            refused(goru("predict", run.folder, "new.parquet"), column, "oldish")


class TestSilentWhenPredicting:
    def test_plain_new_rows_need_no_word(self, plain):
        assert plain.stderr == ""

    def test_the_order_of_the_columns_changes_nothing(self, predict, credit_run, plain):
        outcome = predict(credit_run.features[["region", "debt", "income", "age"]])
        assert outcome.stdout == plain.stdout
        assert outcome.stderr == ""

    @pytest.mark.parametrize("column", ["income", "region"])
    def test_a_missing_value_is_filled_even_where_the_fit_saw_none(self, predict, credit_run, column):
        table = credit_run.features
        table.loc[3, column] = None
        assert predict(table).stderr == ""

    def test_a_missing_value_is_not_some_column_of_missing_values(self, predict, credit_run, plain):
        table = credit_run.features
        table.loc[3, "income"] = None
        before, after = table_of(plain.stdout), table_of(predict(table).stdout)
        others = before.index != 3
        np.testing.assert_allclose(after[others], before[others], atol=1e-6)

    def test_a_column_of_nothing_but_missing_values_is_filled(self, predict, credit_run):
        predict(credit_run.features.assign(income=np.nan))

    def test_numbers_as_text_with_spaces_are_read_as_numbers(self, predict, credit_run, plain):
        table = credit_run.features
        table["income"] = [f"  {value!r} " for value in table["income"].tolist()]
        outcome = predict(table, "new.parquet")
        assert outcome.stdout == plain.stdout
        assert outcome.stderr == ""

    @pytest.mark.parametrize(
        "encoded",
        [
            pytest.param(lambda csv: b"\xef\xbb\xbf" + csv.encode(), id="byte order mark"),
            pytest.param(lambda csv: csv.replace("\n", "\r\n").encode(), id="Windows line ends"),
            pytest.param(lambda csv: csv.rstrip("\n").encode(), id="no line end at the end"),
        ],
    )
    def test_what_spreadsheets_write_is_read(self, goru, credit_run, plain, encoded):
        Path("sheet.csv").write_bytes(encoded(credit_run.features.to_csv(index=False)))
        outcome = goru("predict", credit_run.folder, "sheet.csv", "--proba")
        assert outcome.code == 0, outcome
        assert outcome.stdout == plain.stdout
        assert outcome.stderr == ""
