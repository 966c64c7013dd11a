"""Networks and models that are none on the test rows."""

import copy

import pytest
from answers import CLASSIFICATION, REGRESSION, changed
from looking import column, drawable, notes

from goru.report.pictures.test_rows import handed_over, main_figure, test_picture

MODELS = [
    *("guess", "logistic regression", "boosted trees", "plain, one network", "recommended, one network"),
    *("plain, 8 networks", "recommended, 8 networks"),
]
test_picture.__test__ = False  # it begins like a test, and is none


def against(*intervals) -> dict:
    """Of a linear model and of boosted trees, the intervals of their losses less the networks'."""
    answer = copy.deepcopy(CLASSIFICATION)
    for rival, (low, high) in zip(answer["against_networks"], intervals, strict=True):
        rival |= {"low": low, "high": high}
    return answer


def without(figure: str, *arms: str) -> dict:
    """An answer in which some models' figures are not defined."""
    answer = copy.deepcopy(CLASSIFICATION)
    for entry in answer["test"]:
        if entry["arm"] in arms:
            entry[figure] = None
    return answer


def test_there_is_none_without_test_rows():
    assert test_picture(dict(CLASSIFICATION, test=[])) is None


class TestTheSentence:
    def test_sets_networks_beside_networks_and_rivals_beside_what_is_handed_over(self):
        assert test_picture(CLASSIFICATION).says == (
            "On 200 rows that nothing else has looked at, the recommended networks' log loss is 0.450, the plain "
            "networks' 0.500 (-10.0%). Logistic regression: worse, by more than chance explains. Boosted trees: which "
            "is better cannot be told on these rows."
        )

    @pytest.mark.parametrize(
        ("interval", "words"),
        [
            ((0.01, 0.07), "Logistic regression: worse, by more than chance explains."),
            ((-0.07, -0.01), "Logistic regression: better than what is handed over, by more than chance explains."),
            ((-0.01, 0.01), "Logistic regression: which is better cannot be told on these rows."),
            ((None, None), "Logistic regression: which is better cannot be told on these rows."),
        ],
    )
    def test_is_as_sure_as_the_interval(self, interval, words):
        assert words in test_picture(against(interval, (0, 1))).says

    def test_of_a_single_network(self):
        answer = changed(CLASSIFICATION, options={"single": True})
        assert "the recommended network's log loss is 0.460, the plain network's 0.510 (-9.8%)" in (
            test_picture(answer).says
        )

    def test_of_a_regression_that_had_no_time_for_rivals(self):
        assert test_picture(REGRESSION).says == (
            "On 12 rows that nothing else has looked at, the recommended networks' error is 58.0, the plain networks' "
            "12.0 (+383%). Linear and boosted models were left out: they would take too much of the budget."
        ).replace("+383%", f"{58.04 / 12 - 1:+.0%}")

    @pytest.mark.parametrize("arm", ["plain", "recommended"])
    def test_of_a_loss_that_is_not_finite_gives_no_share(self, arm):
        said = test_picture(without("log loss", arm)).says
        assert "not finite" in said
        assert "%" not in said


class TestTheFigure:
    def test_has_a_line_from_zero_to_every_model_s_figure_from_the_top_down(self):
        figure = test_picture(CLASSIFICATION).figure
        assert list(figure.layout.yaxis.ticktext) == MODELS
        for place, (trace, entry) in enumerate(zip(figure.data, CLASSIFICATION["test"], strict=True)):
            assert list(trace.x) == [0, entry["log loss"]]
            assert list(trace.y) == [-place, -place]
        assert list(figure.layout.yaxis.tickvals) == [-place for place in range(7)]

    @pytest.mark.parametrize(("single", "loss"), [(False, 0.45), (True, 0.46)])
    def test_marks_what_is_handed_over_and_nothing_else(self, single, loss):
        answer = changed(CLASSIFICATION, options={"single": single})
        figure = test_picture(answer).figure
        assert notes(figure) == ["handed over"]
        assert figure.layout.annotations[0].x == loss == handed_over(answer)["log loss"]

    def test_models_differ_in_marks_as_well_as_in_colours(self):
        looks = {(trace.line.color, trace.marker.symbol) for trace in test_picture(CLASSIFICATION).figure.data}
        assert len({colour for colour, _ in looks}) == len({mark for _, mark in looks}) == 3

    def test_of_a_regression_is_in_the_target_s_own_units(self):
        figure = test_picture(REGRESSION).figure
        assert figure.layout.xaxis.title.text == "root mean square error,<br>in the target's own units"
        assert figure.data[1].x[1] == 60123.4

    def test_leaves_out_what_has_no_number(self):
        figure = test_picture(without("log loss", "boosted trees")).figure
        assert list(figure.layout.yaxis.ticktext) == [model for model in MODELS if model != "boosted trees"]
        assert drawable(figure)

    def test_may_have_nothing_handed_over_to_mark(self):
        figure = test_picture(without("log loss", "recommended")).figure
        assert notes(figure) == []


class TestTheTable:
    def test_has_every_figure_of_every_model(self):
        picture = test_picture(CLASSIFICATION)
        assert list(picture.table.columns) == ["model", "log loss", "accuracy", "balanced accuracy", "AUC"]
        assert column(picture, "model") == [*MODELS[:-1], "recommended, 8 networks (handed over)"]
        assert picture.table.rows[-1][1:] == ("0.450", "0.780", "0.720", "0.800")

    def test_has_a_dash_where_a_figure_is_not_defined(self):
        assert column(test_picture(without("AUC", "guess")), "AUC")[0] == "-"


def test_the_main_figure_counts_classes_alike_where_the_study_did():
    answer = copy.deepcopy(CLASSIFICATION)
    for entry in answer["test"]:
        entry["balanced log loss"] = 0.6
    assert main_figure(answer) == "balanced log loss"
    assert test_picture(answer).figure.layout.xaxis.title.text == "balanced log loss (lower is better)"
    assert [main_figure(each) for each in (CLASSIFICATION, REGRESSION)] == ["log loss", "error"]
