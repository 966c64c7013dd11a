"""Lines, pages and pictures of designs that nobody has foreseen."""

from types import SimpleNamespace

import pytest
from answers import paragraph
from designs import NAMES, STUDIES, TRICKS, config_of, made, study
from drawn import (
    answer_lines,
    arms_picture,
    arms_title,
    cards,
    compared_effects_picture,
    comparison_warnings,
    curves_picture,
    fragment_of,
    headline,
    html,
    hyperparameters_picture,
    removals_picture,
    sections,
    summary,
    verdicts,
)
from evidences import HOSTILE, run_of, two, write_run
from looking import Page, column, drawable, named

from goru.report.comparison import comparison_page
from goru.report.parts.repeating import command


def page_of(name):
    answer, evidence = made(name)
    return Page(html(answer, evidence, config_of(answer)))


@pytest.fixture(scope="module")
def tricks():
    return page_of("tricks")


class TestThePage:
    @pytest.mark.parametrize("name", STUDIES)
    def test_of_any_design_has_pictures_that_can_be_drawn_and_no_word_of_networks(self, name):
        page = page_of(name)
        answer, evidence = made(name)
        for section in sections(answer, evidence):
            assert all(drawable(picture.figure) for picture in section.pictures)
        assert "network" not in page.text.lower()
        assert "batch norm" not in page.text.lower()

    def test_has_what_there_is_and_leaves_out_what_there_is_not(self, tricks):
        assert [text for level, text in tricks.headings if level == 2] == [
            "Leaderboard",
            "Effect of each technique",
            "Leave one technique out",
            "Learning curves and overfitting",
            "Validation loss vs hyperparameters",
            "Optimizer: sgd, adam or lion",
            "Interactions",
            "On the test rows",
            "The final model",
            "Compute",
            "Reproduce",
        ]
        links = [given["href"].removeprefix("#") for given in tricks.named("a") if given["href"] != "#main"]
        assert links == [given["id"] for given in tricks.named("h2")]

    def test_of_one_epoch_and_no_knobs_has_neither_curves_nor_hyperparameters(self):
        ids = [section.id for section in sections(*made("no knobs"))]
        assert not {"learning", "hyperparameters", "activations", "predicted"} & set(ids)
        assert {"helps", "removals", "arms", "interactions"} <= set(ids)

    def test_of_one_factor_has_no_interactions(self):
        assert "interactions" not in [section.id for section in sections(*made("one factor"))]

    def test_without_removals_has_no_part_for_them(self):
        answer, evidence = made("tricks")
        assert "removals" not in [section.id for section in sections(answer | {"removals": []}, evidence)]

    def test_says_what_was_asked_of_what(self, tricks):
        assert "What the training function makes of optimizer, mixup on table.csv" in tricks.text
        answer, _ = made("tricks")
        assert summary(answer) == (
            "500 rows (100 for testing); 2 classes. 120 trials of 6 combinations. The loss is the log loss."
        )
        assert [card.value for card in cards(answer)][:1] == ["optimizer adam + mixup"]

    def test_says_the_final_model_with_every_knob(self, tricks):
        heading, row = tricks.tables["The final model"]
        assert heading == ["combination", "learning rate", "mixup alpha", "units", "epochs", "validation loss"]
        assert (row[0], row[4]) == ("optimizer adam + mixup", "6 of 12")

    def test_says_how_to_do_it_again(self, tricks):
        assert "goru study experiment.py:train table.csv --target y --budget 600s --workers 2 --seed 0" in tricks.text
        assert command({"function": "train", "options": {}}) is None


class TestFailures:
    def test_are_seen_with_their_reason(self):
        answer, _ = made("failing")
        heading, row = page_of("failing").tables["Failures"]
        assert heading == ["combination", "failed trials", "the last one's reason"]
        assert row[:2] == ["optimizer adam + mixup", "20 of 20"]
        assert "<script>alert(1)</script> is no number" in row[2]
        (line,) = paragraph(answer, "failed")
        assert (
            line
            == r"optimizer adam + mixup: 20 of 20 trials: ValueError: <script>alert(1)</script> is no number\x1b[2J"
        )

    def test_there_is_no_part_for_where_nothing_failed(self, tricks):
        assert "Failures" not in tricks.tables
        assert not any(line.startswith("failed") for line in answer_lines(made("tricks")[0]))

    def test_leave_a_gap_and_are_no_error(self):
        picture = arms_picture(*made("failing"))
        (adam,) = named(picture.figure, "optimizer adam")
        assert list(adam.text) == ["optimizer adam"]
        assert "a trial failed or diverged" in column(picture, "mean validation loss")


class TestLines:
    def test_of_a_training_function(self):
        lines = list(answer_lines(made("tricks")[0]))
        assert lines[0] == "data          500 rows, 2 classes; 400 for training and validation, 100 for the test"
        assert any(
            line.startswith("trained       120 trials, 12 s (6 combinations, 4 configurations each, 5-fold CV")
            for line in lines
        )
        assert any(line.startswith("in the best combination") for line in lines)
        assert any(line.startswith("relative to the plain combination's") for line in lines)
        assert "network" not in "\n".join(lines)

    def test_say_what_is_recommended(self):
        (said,) = paragraph(made("tricks")[0], "recommended")
        assert said.startswith("optimizer adam and mixup, learning rate ")
        assert said.endswith("stopped at epoch 6 of 12")

    def test_of_one_epoch_and_a_loss_of_its_own(self):
        answer, _ = made("no knobs")
        assert paragraph(answer, "plain")[-1] == "(the loss is the loss of its own)"
        assert "epoch" not in "\n".join(answer_lines(answer))

    def test_of_an_unknown_training_loss_speak_of_the_other_alone(self):
        first, _ = paragraph(made("one factor")[0], "plain")
        assert first.startswith("validation loss")
        assert "not finite" not in "\n".join(answer_lines(made("one factor")[0]))


class TestArms:
    def test_levels_of_the_largest_factor_are_marks_and_all_else_is_a_row(self):
        answer, evidence = made("tricks")
        figure = arms_picture(answer, evidence).figure
        assert [trace.name for trace in figure.data] == ["optimizer sgd", "optimizer adam", "optimizer lion"]
        assert list(figure.layout.yaxis.ticktext) == ["without", "mixup"]
        assert arms_title(evidence) == "Optimizer: sgd, adam or lion"

    def test_of_two_factors_as_large_the_first_one_is_it(self):
        evidence = study(type(TRICKS)({"a": [1, 2], "b": [1, 2]}))[1]
        assert arms_title(evidence) == "A: 1 or 2"

    def test_of_many_levels_every_mark_stays_in_its_row_and_looks_otherwise(self):
        figure = arms_picture(*made("no knobs")).figure
        assert len({(trace.marker.symbol, trace.marker.color) for trace in figure.data}) == 5
        for place in range(4):
            assert all(abs(trace.y[place] + place) < 0.5 for trace in figure.data)

    def test_says_how_other_levels_compare(self):
        said = arms_picture(*made("tricks")).says
        assert "Optimizer lion instead of adam" in said
        assert "Of 6 combinations optimizer adam + mixup has the lowest mean" in said

    def test_of_two_hundred_arms_is_drawn_in_no_time(self):
        factors = {f"factor {place}": [False, True] for place in range(7)}
        arms = type(TRICKS)(factors).arms
        answer, evidence = made("tricks")
        evidence["arms"] = [{"arm": arm.name, "levels": dict(arm), "losses": [0.5, 0.6]} for arm in arms]
        assert len(arms_picture(answer, evidence).figure.layout.yaxis.ticktext) == 64


class TestRemovals:
    def test_say_what_is_missed(self):
        answer, _ = made("tricks")
        for removal, verdict in zip(answer["removals"], ["helps", "negligible"], strict=True):
            removal |= {"verdict": verdict}
        picture = removals_picture(answer)
        assert picture.says == (
            "Without optimizer the best combination does significantly worse. It can do without mixup."
        )
        assert column(picture, "what") == ["optimizer", "mixup"]

    @pytest.mark.parametrize(("half", "rows"), [(0.0, 0.0), (0.2, 0.0), (None, None)])
    def test_are_of_techniques_that_the_best_combination_has(self, half, rows):
        answer, evidence = made("tricks")
        low = None if half is None else -half
        answer["removals"][0] |= {"change": 0.0, "low": low, "high": half, "rows": rows, "verdict": "inconclusive"}
        assert column(removals_picture(answer), "what") == ["mixup"]
        answer["removals"] = answer["removals"][:1]
        assert "removals" not in [section.id for section in sections(answer, evidence)]


class TestCurves:
    def test_on_training_rows_are_left_out_where_they_are_unknown(self):
        picture = curves_picture(*made("one factor"))
        names = {trace.name for trace in picture.figure.data if trace.name}
        assert names == {"plain, validation rows", "recommended, validation rows"}
        assert "not finite" not in picture.says
        assert len(picture.table.columns) == 3

    def test_there_are_none_of_one_epoch(self):
        assert curves_picture(*made("no knobs")) is None


class TestHyperparameters:
    def test_are_the_knobs_whatever_they_are_called(self):
        picture = hyperparameters_picture(made("tricks")[1])
        titles = [picture.figure.layout[f"xaxis{index}"].title.text for index in ("", 2, 3, 4)]
        assert titles == ["learning rate", "mixup alpha", "units", "best epoch"]

    def test_there_are_none_without_knobs(self):
        assert hyperparameters_picture(made("no knobs")[1]) is None

    def test_losses_below_zero_have_an_axis_too(self):
        _, evidence = made("tricks")
        for configuration in evidence["configurations"]:
            configuration["loss"] -= 1
        figure = hyperparameters_picture(evidence).figure
        assert figure.layout.yaxis.type == "linear"
        low, high = figure.layout.yaxis.range
        assert low < min(configuration["loss"] for configuration in evidence["configurations"]) < high


class TestHostileNames:
    """Of factors, levels, knobs and combinations, and in what a trial has printed."""

    def test_are_text_on_the_page(self):
        page = page_of("names")
        assert [script for script in page.scripts if script] == ["figures", "plotly"]
        assert {tag for tag, _ in page.elements} & {"b", "img", "iframe", "form"} == set()
        assert HOSTILE[0] in page.text

    def test_are_one_line_each_that_commands_no_terminal(self):
        for line in answer_lines(made("names")[0]):
            assert line.isprintable()
            assert len(line) < 1_000

    def test_leave_pictures_readable(self):
        answer, evidence = made("names")
        for section in sections(answer, evidence):
            for picture in section.pictures:
                texts = [note.text for note in picture.figure.layout.annotations]
                assert not any(
                    "<script" in text for text in [*texts, *(trace.name or "" for trace in picture.figure.data)]
                )
                assert all(len(text) < 500 for text in texts)
                assert "x" * 100 not in picture.says

    def test_are_text_in_a_notebook(self):
        page = Page(fragment_of(made("names")[0]))
        assert "script" not in {tag for tag, _ in page.elements}

    def test_are_text_in_a_heading_and_in_the_command(self):
        answer, evidence = made("names")
        assert all(char.isprintable() or char in "\u2068\u2069" for char in arms_title(evidence))
        assert len(NAMES.arms) == 12
        assert "'--target' '<b>y'" not in command(config_of(answer))


class TestComparison:
    @staticmethod
    def runs():
        answer, evidence = made("tricks")
        function = SimpleNamespace(answer=answer, evidence=evidence, config=config_of(answer))
        return {"tricks": function, "networks": run_of(*two())}

    def test_of_designs_that_ask_other_questions_says_so(self):
        runs = self.runs()
        asked = verdicts(runs)
        assert asked["mixup"][1] == "" != asked["mixup"][0]
        assert "not asked in every run" in headline(runs)
        assert comparison_warnings(runs)
        assert drawable(compared_effects_picture(runs).figure)

    def test_is_a_page(self, tmp_path):
        answer, evidence = made("tricks")
        folders = [write_run(tmp_path / "networks", *two())]
        folders.append(write_run(tmp_path / "tricks", answer, evidence, whole=config_of(answer)))
        page = Page(comparison_page(folders))
        heading, _, tricks = page.tables["The runs"]
        assert heading[-1] == "trials"
        assert tricks[3] == "optimizer adam + mixup"
        assert page.tables["The final model"][0][:4] == ["run", "combination", "learning rate", "dropout rate"]
        assert "goru study experiment.py:train table.csv" in page.text
