"""What the page of a study says at its end, and that any names and any size suit it."""

import pytest
from answers import CLASSIFICATION, changed
from drawn import html, sections
from evidences import COLUMNS, HOSTILE, config_of, evidence_of, hostile, numbers, two, write_run
from looking import Page

from goru.experiment.findings.overview import ColumnOverview, TableOverview, TargetOverview
from goru.experiment.forms import to_json
from goru.report.study_page import write_study_page
from goru.studies.runs.run import RunFolder


def page_of(answer, evidence, config=None) -> Page:
    return Page(html(answer, evidence, config or config_of(answer)))


@pytest.fixture(scope="module")
def classes():
    return page_of(*two())


@pytest.fixture(scope="module")
def hostile_page():
    return page_of(*hostile())


def section(answer, evidence, name):
    return next(one for one in sections(answer, evidence) if one.id == name)


class TestColumns:
    def test_says_what_became_of_them(self, classes):
        assert "7 numbers, 13 categories, 1 date became 61 inputs of the networks; 2 dropped." in classes.text
        assert classes.tables["Columns and target"][1] == ["id", "dropped", "dropped: it holds identifiers"]
        assert len(classes.tables["Columns and target"]) == 1 + len(COLUMNS)

    def test_of_one_column_are_in_the_singular(self):
        assert "1 number became 1 input of the networks; 0 dropped." in page_of(*numbers()).text

    def test_has_the_notes_of_the_table(self, classes):
        for note in CLASSIFICATION["data"]["notes"]:
            assert note in classes.text

    def test_all_of_them_are_folded_away(self, classes):
        assert f"All {len(COLUMNS)} columns" in classes.text

    def test_says_what_they_hold_where_that_is_known(self):
        answer, evidence = two()
        income = ColumnOverview("income", "numeric", 0.25, 0.0, 30_500.0, 1e5, remarks=("7% have the lowest value, 0",))
        target = TargetOverview({"bad": 240, "good": 560})
        evidence["overview"] = to_json(TableOverview(800, (income,), target))
        page = page_of(answer, evidence)
        assert "The target, class, in 800 training and validation rows: good 70%, bad 30%." in page.text
        assert "1 column has missing values: income (25%)." in page.text
        heading, dropped, shown, *_ = page.tables["Columns and target"]
        assert heading == ["column", "type", "missing", "values", "notable", "preprocessing"]
        assert shown[:5] == ["income", "numeric", "25%", "0 to 100000, median 30500", "7% have the lowest value, 0"]
        assert dropped[2:5] == ["", "", ""]


class TestTimeAndRepeating:
    def test_says_what_was_trained_in_what_time(self, classes):
        assert (
            "1,088 networks in 120 s: 12 combinations, 2 configurations each, 3-fold cross-validation, 80 epochs; "
            "1,234,567 training steps in all. Diverged: 3."
        ) in classes.text
        assert CLASSIFICATION["plan"]["shortfalls"][0] in classes.text
        assert (
            "1 configuration each, 2 x 5-fold cross-validation, 100 epochs; 900 training steps in all."
            in page_of(*numbers()).text
        )

    def test_gives_the_command_the_versions_and_the_fingerprint_of_the_table(self, classes):
        assert "goru fit credit.csv --target class --task classification --budget 120s --seed 0" in classes.text
        made = dict(classes.tables["Versions and machine"])
        assert made["jax"] == "0.10.0"
        assert made["SHA-256 of the table"] == "0123456789abcdef" * 4


class TestWarnings:
    def test_stand_in_front_of_the_picture_where_a_recommended_value_is_at_an_edge(self):
        answer, evidence = two()
        assert section(answer, evidence, "hyperparameters").warnings == []
        evidence["hyperparameters"][0] |= {"edge": "high", "recommended": 0.0299}
        (warning,) = section(answer, evidence, "hyperparameters").warnings
        page = page_of(answer, evidence)
        assert f"Note. {warning}" in page.text
        assert any(given.get("class") == "warning" for given in page.named("p"))


class TestHostileNames:
    def test_add_no_element_to_the_page(self, classes, hostile_page):
        allowed = {tag for tag, _ in classes.elements} | {"li", "ul"}
        assert {tag for tag, _ in hostile_page.elements} <= allowed
        assert len(hostile_page.named("script")) == len(classes.named("script"))
        attributes = {name for _, given in hostile_page.elements for name in given}
        assert not any(name.startswith("on") for name in attributes)

    def test_are_in_tables_as_they_are(self, hostile_page):
        assert [row[0] for row in hostile_page.tables["Columns and target"][1:]] == HOSTILE
        cells = {cell for row in hostile_page.tables["Data of this figure"] for cell in row}
        assert set(HOSTILE) <= cells

    def test_are_in_the_title_and_in_the_line_above_the_answer_as_they_are(self, hostile_page):
        assert f"for a network on {HOSTILE[1]}" in hostile_page.text
        assert f"{HOSTILE[1]}: effect of each technique" in hostile_page.text

    def test_end_no_script(self, hostile_page):
        assert "<" not in hostile_page.scripts["figures"]
        ticks = hostile_page.figures["confusion"]["layout"]["xaxis"]["ticktext"]
        assert ticks[7] == "&lt;b&gt;bold&lt;/b&gt;"

    def test_that_turn_directions_are_written_out_in_notes(self, hostile_page):
        assert r"Dropped '\u202eשלום': it holds identifiers." in hostile_page.text
        assert "Dropped 'مرحبا': it holds identifiers." in hostile_page.text

    def test_are_no_templates(self, hostile_page):
        assert "49" not in [row[0] for row in hostile_page.tables["Columns and target"]]
        assert "{{ 7*7 }}" in hostile_page.text

    def test_a_name_from_a_file_system_that_is_no_text_is_no_error(self, tmp_path):
        answer, evidence = two()
        answer["data"]["name"] = "credit\udcff.csv"
        write_study_page(RunFolder(write_run(tmp_path / "run", answer, evidence)))
        assert r"credit\udcff.csv" in (tmp_path / "run" / "report.html").read_text("utf-8")


class TestSize:
    def test_five_thousand_trials_take_no_more_than_six_megabytes(self):
        answer = changed(CLASSIFICATION, plan={"folds": 10}, data={"test": 5000})
        evidence = evidence_of(answer, configurations=42, searched=True)  # of each of twelve arms, in each of ten folds
        assert len(html(answer, evidence, config_of(answer)).encode()) < 6e6

    def test_columns_beyond_two_thousand_are_counted(self):
        answer, evidence = two()
        config = config_of(answer)
        config["columns"]["columns"] = [dict(COLUMNS[1], name=f"x{index}") for index in range(100_000)]
        page = html(answer, evidence, config)
        assert "98,000 more" in page
        assert len(page.encode()) < 6e6
