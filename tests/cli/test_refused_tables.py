"""Tables that goru refuses: exit status 2, one line that says what, where and what to do, nothing half-written.

With `test_refused_options` and `test_refused_runs` the column "refused" of the table "What input gets" in the design,
cell by cell.
"""

import gzip
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcomes import Tripwire, truncated

ROW_57 = re.compile(r"\b(57|58)\b")
"""The 57th row of data, which is line 58 of its file."""


def lines_of(table: pd.DataFrame) -> list[str]:
    return table.to_csv(index=False).splitlines()


class TestFilesThatAreNoTable:
    """The same files, given to `fit` and to `predict`."""

    UNREADABLE = (
        pytest.param("missing.csv", None, (), id="missing"),
        pytest.param("empty.csv", b"", ("empty",), id="empty"),
        pytest.param("blank.csv", b"\n\n\n", (), id="blank"),
        pytest.param("header.csv", b"income,age,debt,region,target\n", ("row",), id="header-alone"),
        pytest.param("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64), (), id="binary"),
        pytest.param("numbers.tsv", bytes(range(256)) * 8, (), id="binary-tsv"),
        pytest.param("wide.csv", "income,région\n1,2\n".encode("utf-16"), (), id="utf-16"),
        pytest.param("plain.csv.gz", b"income,target\n1,a\n", (), id="gz-that-is-not-compressed"),
        pytest.param("cut.csv.gz", gzip.compress(os.urandom(2000).hex().encode())[:900], (), id="gz-cut-short"),
        pytest.param("text.parquet", b"income,target\n1,a\n", (), id="parquet-that-is-text"),
        pytest.param("text.npz", b"income,target\n1,a\n", (), id="npz-that-is-text"),
        pytest.param("letter.docx", b"Dear bank,\n", (), id="unknown-format"),
    )

    @pytest.mark.parametrize(("name", "content", "words"), UNREADABLE)
    def test_fit_refuses_it_and_names_it(self, goru, refused, name, content, words):
        if content is not None:
            Path(name).write_bytes(content)
        refused(goru("fit", name), name, *words)

    @pytest.mark.parametrize(("name", "content", "words"), UNREADABLE)
    def test_predict_refuses_it_and_names_it(self, goru, refused, credit_run, name, content, words):
        if content is not None:
            Path(name).write_bytes(content)
        refused(goru("predict", credit_run.folder, name, "-o", "predictions.csv"), name, *words)

    @pytest.mark.parametrize(("name", "content", "words"), UNREADABLE)
    def test_a_test_file_like_it_is_refused_too(self, goru, refused, credit, write, name, content, words):
        write(credit(), "credit.csv")
        if content is not None:
            Path(name).write_bytes(content)
        refused(goru("fit", "credit.csv", "--test", name), name, *words)

    def test_an_empty_folder_is_refused(self, goru, refused):
        Path("images").mkdir()
        refused(goru("fit", "images"), "images")

    def test_a_built_in_name_that_does_not_exist_is_refused(self, goru, refused):
        refused(goru("fit", "irris"), "irris")


class TestRaggedFiles:
    @pytest.mark.parametrize("change", ["a field too many", "a field too few"])
    def test_the_row_is_named(self, goru, refused, credit, change):
        lines = lines_of(credit())
        lines[57] = lines[57] + ",7" if change == "a field too many" else lines[57].rsplit(",", 1)[0]
        Path("ragged.csv").write_text("\n".join(lines) + "\n")
        refused(goru("fit", "ragged.csv", "--target", "target"), "ragged.csv", ROW_57)

    def test_the_row_is_named_at_prediction(self, goru, refused, credit_run):
        lines = lines_of(credit_run.features)
        lines[57] += ",7"
        Path("new.csv").write_text("\n".join(lines) + "\n")
        refused(goru("predict", credit_run.folder, "new.csv", "-o", "out.csv"), "new.csv", ROW_57)

    def test_every_row_too_long_is_not_taken_for_an_index(self, goru, refused, credit):
        header, *rows = lines_of(credit())
        Path("shifted.csv").write_text("\n".join([header, *(f"{number},{row}" for number, row in enumerate(rows))]))
        refused(goru("fit", "shifted.csv", "--target", "target"), "shifted.csv")

    def test_a_quotation_mark_that_never_closes_is_refused(self, goru, refused, credit):
        lines = lines_of(credit())
        lines[57] = '"' + lines[57]
        Path("quoted.csv").write_text("\n".join(lines) + "\n")
        refused(goru("fit", "quoted.csv", "--target", "target"), "quoted.csv")


class TestEncoding:
    def test_latin_1_is_refused_and_utf_8_asked_for(self, goru, refused, credit):
        table = credit().replace({"region": {"south": "Zürich"}})
        Path("swiss.csv").write_bytes(table.to_csv(index=False).encode("latin-1"))
        refused(goru("fit", "swiss.csv", "--target", "target"), "swiss.csv", "utf-8")

    def test_latin_1_is_refused_at_prediction(self, goru, refused, credit_run):
        table = credit_run.features.replace({"region": {"south": "Zürich"}})
        Path("swiss.csv").write_bytes(table.to_csv(index=False).encode("latin-1"))
        refused(goru("predict", credit_run.folder, "swiss.csv", "-o", "out.csv"), "swiss.csv", "utf-8")


class TestArrays:
    def test_a_pickled_array_is_refused_and_never_unpickled(self, goru, refused):
        np.savez("trap.npz", X=np.array([Tripwire()] * 8, dtype=object), y=np.arange(8))
        refused(goru("fit", "trap.npz"), "trap.npz")
        assert not Path("unpickled").exists()

    def test_features_and_labels_of_different_lengths_are_refused(self, goru, refused):
        np.savez("uneven.npz", X=np.ones((120, 3)), y=np.arange(119) % 2)
        refused(goru("fit", "uneven.npz"), "uneven.npz", "119", "120")

    def test_an_idx_file_shorter_than_it_says_is_refused(self, goru, refused, write_idx):
        write_idx(Path("images"), np.ones((120, 4, 4)), np.arange(120) % 3)
        truncated(Path("images/train-images-idx3-ubyte"))
        refused(goru("fit", "images"), "train-images-idx3-ubyte")

    def test_an_idx_folder_without_labels_is_refused(self, goru, refused, write_idx):
        write_idx(Path("images"), np.ones((120, 4, 4)), np.arange(120) % 3)
        Path("images/train-labels-idx1-ubyte").unlink()
        refused(goru("fit", "images"), "images", "label")


class TestColumns:
    def test_a_target_that_does_not_exist_is_refused_with_the_nearest_name(self, goru, refused, credit, write):
        write(credit().rename(columns={"target": "creditworthy"}), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "creditwrothy"), "creditwrothy", "creditworthy")

    @pytest.mark.parametrize("name", ["credit.tsv", "credit.csv.gz", "credit.tsv.gz", "credit.parquet"])
    def test_the_nearest_name_is_found_in_every_format(self, goru, refused, credit, write, name):
        write(credit(), name)
        refused(goru("fit", name, "--target", "incoem"), "incoem", "income")

    @pytest.mark.parametrize("option", ["--drop", "--categorical", "--groups", "--time"])
    def test_an_option_that_names_no_column_is_refused_with_the_nearest_name(
        self, goru, refused, credit, write, option
    ):
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", option, "incoem"), "incoem", "income")

    def test_one_wrong_name_among_several_is_found(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--drop", "age,regoin"), "regoin", "region")

    def test_a_name_with_a_line_break_and_a_terminal_code_stays_one_plain_line(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        outcome = goru("fit", "credit.csv", "--target", "no\nsuch\r\x1b[31mcolumn")
        refused(outcome, "such")
        assert "\x1b" not in outcome.stderr
        assert "\r" not in outcome.stderr

    @pytest.mark.parametrize("name", ["twice.csv", "twice.tsv"])
    def test_duplicate_column_names_are_refused_and_named(self, goru, refused, credit, write, name):
        write(credit().rename(columns={"age": "income"}), name)
        refused(goru("fit", name, "--target", "target"), name, "income")

    def test_duplicate_column_names_are_refused_at_prediction(self, goru, refused, credit_run, write):
        write(credit_run.features.assign(extra=1).rename(columns={"extra": "income"}), "new.csv")
        refused(goru("predict", credit_run.folder, "new.csv", "-o", "out.csv"), "new.csv", "income")

    def test_dropping_the_target_is_refused(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--drop", "target"), "target", "drop")

    @pytest.mark.parametrize("columns", ["income,age,debt,region", "income,age,debt"])
    def test_a_table_without_a_usable_feature_is_refused(self, goru, refused, credit, write, columns):
        write(credit().assign(region="everywhere"), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--drop", columns), "credit.csv", "column")

    def test_a_test_file_without_a_needed_column_is_refused(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        write(credit(40, seed=1).drop(columns="debt"), "held.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--test", "held.csv"), "held.csv", "debt")

    def test_a_test_file_without_the_target_is_refused(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        write(credit(40, seed=1).drop(columns="target"), "held.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--test", "held.csv"), "held.csv", "target")

    def test_one_group_cannot_be_split(self, goru, refused, credit, write):
        write(credit().assign(clinic="the only one"), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--groups", "clinic"), "clinic", "group")

    def test_a_time_that_has_no_order_is_refused(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target", "--time", "region"), "region", "time")


class TestTargets:
    def test_one_class_is_refused(self, goru, refused, credit, write):
        write(credit().assign(verdict="good"), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "verdict"), "verdict", "class")

    @pytest.mark.parametrize("name", ["target", "class", "label", "y"])
    def test_a_column_with_a_target_s_name_is_the_target_unless_another_is_named(
        self, goru, refused, credit, write, name
    ):
        table = credit().drop(columns="target")
        table.insert(1, name, "good")
        write(table, "credit.csv")
        refused(goru("fit", "credit.csv"), re.compile(rf"\b{name}\b"), re.compile(r"\bone\b|\bonly\b|\bsingle\b"))

    def test_else_the_last_column_is_the_target(self, goru, refused, credit, write):
        write(credit().drop(columns="target").assign(verdict="good"), "credit.csv")
        refused(goru("fit", "credit.csv"), "verdict", "class")

    def test_a_target_without_any_value_is_refused(self, goru, refused, credit, write):
        write(credit().assign(target=np.nan), "credit.csv")
        refused(goru("fit", "credit.csv", "--target", "target"), "target")

    def test_a_class_too_rare_for_the_folds_is_named_with_its_count_and_the_way_out(self, goru, refused, credit, write):
        table = credit()
        table.loc[[3, 70], "target"] = "purple"
        write(table, "credit.csv")
        outcome = goru("fit", "credit.csv", "--target", "target")
        refused(outcome, "purple", re.compile(r"\b(2|two)\b"), "--merge-rare")

    def test_numbers_where_classes_are_wanted_are_refused(self, goru, refused, houses, write):
        write(houses(), "houses.csv")
        outcome = goru("fit", "houses.csv", "--target", "price", "--task", "classification")
        refused(outcome, "price", "--task")

    def test_classes_where_numbers_are_wanted_are_refused(self, goru, refused, credit, write):
        write(credit(), "credit.csv")
        outcome = goru("fit", "credit.csv", "--target", "target", "--task", "regression")
        refused(outcome, "target", re.compile("--task|row"))

    def test_one_word_among_the_numbers_of_a_target_is_named_with_its_row(self, goru, refused, houses, write):
        table = houses().astype({"price": object})
        table.loc[56, "price"] = "on request"
        write(table, "houses.csv")
        outcome = goru("fit", "houses.csv", "--target", "price", "--task", "regression")
        refused(outcome, "houses.csv", ROW_57, "price", "on request")

    def test_one_row_cannot_be_split(self, goru, refused, houses, write):
        write(houses(1), "houses.csv")
        refused(goru("fit", "houses.csv", "--target", "price", "--task", "regression"), "houses.csv", "row")


class TestNewRows:
    @pytest.mark.parametrize("name", ["new.csv", "new.tsv.gz", "new.parquet"])
    def test_a_missing_column_is_named(self, goru, refused, credit_run, write, name):
        write(credit_run.features.drop(columns="income"), name)
        refused(goru("predict", credit_run.folder, name, "-o", "predictions.csv"), name, "income")

    def test_all_missing_columns_are_named(self, goru, refused, credit_run, write):
        write(credit_run.features[["age"]], "new.csv")
        outcome = goru("predict", credit_run.folder, "new.csv", "-o", "predictions.csv")
        refused(outcome, "new.csv", "income", "debt", "region")

    def test_a_missing_column_leaves_nothing_on_stdout(self, goru, refused, credit_run, write):
        write(credit_run.features.drop(columns="income"), "new.csv")
        refused(goru("predict", credit_run.folder, "new.csv"), "income")

    @pytest.mark.parametrize("name", ["new.csv", "new.tsv", "new.parquet"])
    def test_text_in_a_numeric_column_is_named_with_its_row(self, goru, refused, credit_run, write, name):
        table = credit_run.features.astype({"debt": str})
        table.loc[56, "debt"] = "plenty"
        write(table, name)
        outcome = goru("predict", credit_run.folder, name, "-o", "predictions.csv")
        refused(outcome, name, ROW_57, "debt", "plenty")

    def test_earlier_predictions_survive_a_refusal(self, goru, refused, credit_run, write):
        Path("predictions.csv").write_text("good\n")
        write(credit_run.features.drop(columns="income"), "new.csv")
        refused(goru("predict", credit_run.folder, "new.csv", "-o", "predictions.csv"), "income")
        assert Path("predictions.csv").read_text() == "good\n"
