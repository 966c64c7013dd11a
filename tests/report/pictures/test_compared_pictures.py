"""Several runs in one picture."""

import pytest
from answers import changed
from drawn import (
    compared_curves_picture,
    compared_effects_picture,
    compared_test_picture,
    verdicts,
)
from evidences import numbers, run_of, three, two
from looking import column, drawable, named, notes

from goru.report.pictures.effects import LOOKS

QUESTIONS = [effect["name"] for effect in two()[0]["effects"]]


def runs(**made):
    """By name, of what `evidences` makes."""
    return {name: run_of(*study()) for name, study in (made or {"credit": two, "houses": numbers}).items()}


def with_verdicts(run, *said):
    """A run whose first questions have these verdicts; the others are inconclusive."""
    padded = [*said, *["inconclusive"] * 7][:7]
    for effect, verdict in zip(run.answer["effects"], padded, strict=True):
        effect["verdict"] = verdict
    return run


def with_plain_loss(run, loss):
    run.answer = changed(run.answer, judgement={"plain_loss": loss})
    run.evidence["curves"]["plain"]["overfitting"]["best"] = loss
    return run


def diverged(run, question):
    run.answer["effects"][question] |= dict.fromkeys(("change", "low", "high"))
    return run


def test_verdicts_are_by_question_in_the_order_of_the_runs():
    one, other = (with_verdicts(run_of(*two()), word) for word in ("helps", "hurts"))
    found = verdicts({"one": one, "other": other})
    assert list(found) == QUESTIONS
    assert found["dropout"] == ["helps", "hurts"]


class TestEffects:
    @pytest.mark.parametrize(
        ("one", "other", "words"),
        [
            (["helps"], ["helps"], "In every run dropout helps. 12 of 14 answers are inconclusive."),
            (["helps", "helps"], ["helps", "helps"], "In every run dropout, weight decay help. 10 of 14"),
            (["hurts"], ["hurts"], "In every run dropout hurts."),
            (["helps"], ["hurts"], "The runs contradict each other on dropout. 12 of 14"),
            (["helps"], ["inconclusive"], "13 of 14 answers are inconclusive. Marks: "),
        ],
    )
    def test_sentence_says_where_runs_agree(self, one, other, words):
        both = {"one": with_verdicts(run_of(*two()), *one), "other": with_verdicts(run_of(*two()), *other)}
        assert compared_effects_picture(both).says.startswith(words)

    def test_figure_has_a_bar_for_every_question_and_run_in_shares_of_its_own_plain_loss(self):
        both = {"credit": run_of(*two()), "other": with_plain_loss(run_of(*two()), 0.25)}
        both["other"].answer["effects"][0]["low"] = -0.12  # further from the change than the other end
        figure = compared_effects_picture(both).figure
        assert len(figure.data) == 2 * 6  # of the seventh question nothing is known
        for name, scale in (("credit", 200), ("other", 400)):
            known = [effect for effect in both[name].answer["effects"] if effect["change"] is not None]
            for trace, effect in zip(named(figure, name), known, strict=True):
                assert trace.x[0] == pytest.approx(scale * effect["change"])
                assert trace.x[0] + trace.error_x.array[0] == pytest.approx(scale * effect["high"])
                assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(scale * effect["low"])
                assert trace.marker.symbol == LOOKS[effect["verdict"]][1]
        low, high = figure.layout.xaxis.range
        assert low < -52
        assert high == -low

    def test_figure_names_questions_from_the_top_down_and_runs_below_them(self):
        figure = compared_effects_picture(runs()).figure
        titles = [note for note in figure.layout.annotations if note.text.startswith("<b>")]
        assert [note.text for note in titles] == [f"<b>{question}</b>" for question in QUESTIONS]
        heights = [note.y for note in titles]
        assert heights == sorted(heights, reverse=True)
        credit, houses = (named(figure, name)[0] for name in ("credit", "houses"))
        assert heights[0] > credit.y[0] > houses.y[0] > heights[1]

    @pytest.mark.parametrize("question", [0, 3])
    def test_every_run_is_named_once_in_the_legend_though_it_diverged_in_some_question(self, question):
        both = {"credit": diverged(run_of(*two()), question), "houses": run_of(*numbers())}
        figure = compared_effects_picture(both).figure
        assert sorted(trace.name for trace in figure.data if trace.showlegend) == ["credit", "houses"]

    def test_what_diverged_says_so_in_the_figure_and_in_the_table(self):
        picture = compared_effects_picture({"credit": run_of(*two()), "houses": run_of(*three())})
        assert notes(picture.figure).count("a network diverged") == 2
        assert ("batch norm after the activation", "credit", "a network diverged", "", "inconclusive") in (
            picture.table.rows
        )

    def test_a_plain_loss_of_zero_has_no_shares(self):
        picture = compared_effects_picture({"a": with_plain_loss(run_of(*two()), 0.0), "b": run_of(*two())})
        assert named(picture.figure, "a") == []
        assert "no share of a loss of zero" in notes(picture.figure)
        assert drawable(picture.figure)

    def test_table_has_a_row_for_every_question_and_run(self):
        picture = compared_effects_picture(runs())
        assert column(picture, "question") == [question for question in QUESTIONS for _ in range(2)]
        assert picture.table.rows[0] == ("dropout", "credit", "-10%", "-16% to -4%", "helps")

    def test_runs_differ_in_colour(self):
        twelve = {f"run {index}": run_of(*two()) for index in range(6)}
        colours = {trace.marker.color for trace in compared_effects_picture(twelve).figure.data}
        assert len(colours) == 6


class TestCurves:
    def test_are_shares_of_each_run_s_own_plain_loss(self):
        both = {"credit": run_of(*two()), "other": with_plain_loss(run_of(*two()), 0.25)}
        figure = compared_curves_picture(both).figure
        assert both["credit"].evidence["curves"]["plain"]["overfitting"]["best"] != 0.25
        for name in both:
            (trace,) = named(figure, name)
            plain = both[name].evidence["curves"]["plain"]["overfitting"]["best"]  # of the curves, whatever judges
            means = both[name].evidence["curves"]["recommended"]["curves"]["validation"]["loss"]["mean"]
            assert list(trace.x) == both[name].evidence["curves"]["epochs"]
            assert list(trace.y) == pytest.approx([100 * mean / plain for mean in means])

    def test_sentence_ranks_no_runs_for_curves_have_no_intervals(self):
        assert compared_curves_picture(runs()).says == (
            "The validation loss of the recommended configuration of every run, as a share of what its plain network "
            "reaches (100%). The curves have no intervals: which run's is lower, they do not show for sure."
        )

    def test_of_many_runs_can_be_told_apart(self):
        twelve = {f"run {index}": run_of(*two()) for index in range(12)}
        lines = {(trace.line.color, trace.line.dash) for trace in compared_curves_picture(twelve).figure.data}
        assert len(lines) == 12

    @pytest.mark.parametrize("loss", [None, 0.0])
    def test_of_a_plain_network_without_a_loss_are_left_out(self, loss):
        picture = compared_curves_picture({"a": with_plain_loss(run_of(*two()), loss), "b": run_of(*two())})
        assert [trace.name for trace in picture.figure.data] == ["b"]
        assert column(picture, "run") == ["a", "b"]

    def test_of_nothing_but_such_runs_are_empty(self):
        picture = compared_curves_picture({"a": with_plain_loss(run_of(*two()), None)})
        assert len(picture.figure.data) == 0
        assert drawable(picture.figure)

    def test_of_a_configuration_that_diverged_have_gaps(self):
        run = run_of(*two())
        run.evidence["curves"]["recommended"]["curves"]["validation"]["loss"]["mean"][40:] = [None] * 40
        picture = compared_curves_picture({"a": run, "b": run_of(*two())})
        assert named(picture.figure, "a")[0].y[-1] is None
        assert drawable(picture.figure)

    def test_table_says_where_training_stops(self):
        picture = compared_curves_picture(runs())
        assert picture.table.rows[1] == ("houses", "plain", "0.500", "0.500", "33")


class TestTestRows:
    def test_there_are_none_where_no_run_has_any(self):
        run = run_of(*two())
        run.answer["test"] = []
        assert compared_test_picture({"a": run, "b": run}) is None

    def test_are_shares_of_a_constant(self):
        figure = compared_test_picture(runs()).figure
        (over,), (plain,), (linear,) = (
            named(figure, name) for name in ("final model", "plain", "logistic regression")
        )  # fmt: skip
        assert list(over.x) == pytest.approx([100 * 0.45 / 0.69, 100 * 58.04 / 71000])
        assert list(plain.x) == pytest.approx([100 * 0.5 / 0.69, 100 * 12 / 71000])
        assert list(linear.x) == pytest.approx([100 * 0.49 / 0.69])
        assert (list(over.y), list(linear.y)) == ([0, -1], [0])
        assert list(figure.layout.yaxis.ticktext) == ["credit", "houses"]

    def test_sentence_counts_the_runs_in_which_the_study_surely_paid(self):
        """In the other one the plain networks' loss is lower, by less than its interval."""
        assert compared_test_picture(runs()).says.startswith(
            "The final model has a significantly lower test loss than the plain networks of its kind in 1 of 2 "
            "runs, a significantly higher one in 0."
        )

    def test_sentence_counts_the_runs_in_which_it_surely_did_not(self):
        run = run_of(*two())
        run.answer["plain_against_networks"] |= {"change": -0.05, "low": -0.08, "high": -0.02}
        assert "in 0 of 1 run, a significantly higher one in 1." in compared_test_picture({"a": run}).says

    def test_sentence_says_nothing_of_answers_that_are_older_than_such_comparisons(self):
        run = run_of(*two())
        del run.answer["plain_against_networks"]
        assert compared_test_picture({"a": run}).says.startswith("The constant baseline predicts")

    def test_of_a_single_network_are_those_of_one(self):
        run = run_of(*two())
        run.answer["single"] = True
        run.answer["recommended"] = [{**run.answer["recommended"][0], "networks": 1}]
        picture = compared_test_picture({"a": run, "b": run_of(*two())})
        assert [row for row in picture.table.rows if row[2] in ("plain", "final model")] == [
            ("a", "log loss", "plain", "0.510"),
            ("a", "log loss", "final model", "0.460"),
            ("b", "log loss", "plain", "0.500"),
            ("b", "log loss", "final model", "0.450"),
        ]

    @pytest.mark.parametrize("arm", ["plain", "recommended"])
    def test_a_loss_that_is_not_finite_is_left_out_and_not_compared(self, arm):
        run = run_of(*two())
        for entry in run.answer["test"]:
            if entry["arm"] == arm:
                entry["figures"]["log loss"] = None
        picture = compared_test_picture({"a": run, "b": run_of(*two())})
        assert "not finite" in column(picture, "value")
        assert drawable(picture.figure)

    def test_a_run_without_test_rows_is_left_out(self):
        run = run_of(*two())
        run.answer["test"] = []
        assert column(compared_test_picture({"a": run, "b": run_of(*two())}), "run") == ["b"] * 4
