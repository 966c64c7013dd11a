"""Networks and models that are none on the test rows."""

import copy

import pytest
from answers import CLASSIFICATION, REGRESSION, changed
from drawn import main_figure, scores_of_final_model, test_picture
from looking import column, drawable, notes

MODELS = [
    *("class prior", "logistic regression", "boosted trees", "plain, one network", "recommended, one network"),
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
            entry["figures"][figure] = None
    return answer


def test_there_is_none_without_test_rows():
    assert test_picture(dict(CLASSIFICATION, test=[])) is None


class TestTheSentence:
    def test_sets_networks_beside_networks_and_every_other_model_beside_the_final_model_with_its_interval(self):
        assert test_picture(CLASSIFICATION).says == (
            "On 200 test rows, the recommended networks' log loss is 0.450, the plain "
            "networks' 0.500. Plain network: significantly worse, +11% (+4% to +18%). Logistic regression: "
            "significantly worse, +9% (+2% to +16%). Boosted trees: not significantly different, +7% (0% to +13%). "
            "Shares are of the recommended networks' loss, with simultaneous 95% CIs."
        )

    @pytest.mark.parametrize(
        ("interval", "words"),
        [
            ((0.01, 0.07), "Logistic regression: significantly worse, +9"),
            ((-0.07, -0.01), "Logistic regression: significantly better, +9"),
            ((-0.01, 0.09), "Logistic regression: not significantly different, +9"),
            ((None, None), "Logistic regression: not significantly different, +8.9% (interval unknown)."),
        ],
    )
    def test_is_as_sure_as_the_interval(self, interval, words):
        assert words in test_picture(against(interval, (0, 1))).says

    def test_where_the_plain_network_is_what_is_recommended_says_so(self):
        answer = changed(CLASSIFICATION, plain_against_networks={"change": 0.0, "low": 0.0, "high": 0.0})
        assert "Plain network: the same as what is recommended." in test_picture(answer).says

    def test_of_a_single_network(self):
        recommended = [{**CLASSIFICATION["recommended"][0], "networks": 1}]
        answer = changed(CLASSIFICATION, single=True, recommended=recommended)
        assert "the recommended network's log loss is 0.460, the plain network's 0.510." in test_picture(answer).says

    def test_of_a_regression_that_had_no_time_for_rivals(self):
        """Its figures are of one format, and its interval is of the loss."""
        assert test_picture(REGRESSION).says == (
            "On 12 test rows, the recommended networks' error is 58.0, the plain networks' "
            "12.0. Plain network: not significantly different, -25% (-62% to +12%). Shares are of the "
            "recommended networks' loss, with simultaneous 95% CIs. Linear and boosted models were left out: they "
            "would take too much of the budget."
        )

    def test_of_an_answer_that_is_older_than_such_comparisons_gives_what_it_has(self):
        answer = copy.deepcopy(CLASSIFICATION)
        del answer["plain_against_networks"]
        for rival in answer["against_networks"]:
            rival["loss"] = None
        assert test_picture(answer).says.endswith(
            "Logistic regression: significantly worse. Boosted trees: not significantly different."
        )

    @pytest.mark.parametrize("arm", ["plain", "recommended"])
    def test_of_a_loss_that_is_not_finite_gives_no_share(self, arm):
        answer = without("log loss", arm)
        answer["plain_against_networks"] |= dict.fromkeys(("change", "low", "high"))
        said = test_picture(answer).says
        assert "not finite" in said
        assert "Plain network: not significantly different." in said


class TestTheFigure:
    def test_has_a_line_from_zero_to_every_model_s_figure_from_the_top_down(self):
        figure = test_picture(CLASSIFICATION).figure
        assert list(figure.layout.yaxis.ticktext) == MODELS
        for place, (trace, entry) in enumerate(zip(figure.data, CLASSIFICATION["test"], strict=True)):
            assert list(trace.x) == [0, entry["figures"]["log loss"]]
            assert list(trace.y) == [-place, -place]
        assert list(figure.layout.yaxis.tickvals) == [-place for place in range(7)]

    @pytest.mark.parametrize(("single", "loss"), [(False, 0.45), (True, 0.46)])
    def test_marks_the_final_model_and_nothing_else(self, single, loss):
        recommended = [{**CLASSIFICATION["recommended"][0], "networks": 1}] if single else CLASSIFICATION["recommended"]
        answer = changed(CLASSIFICATION, single=single, recommended=recommended)
        figure = test_picture(answer).figure
        assert notes(figure) == ["final model"]
        assert figure.layout.annotations[0].x == loss == scores_of_final_model(answer).figures["log loss"]

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

    def test_may_have_no_final_model_to_mark(self):
        figure = test_picture(without("log loss", "recommended")).figure
        assert notes(figure) == []


class TestTheTable:
    def test_has_every_figure_of_every_model(self):
        picture = test_picture(CLASSIFICATION)
        assert list(picture.table.columns) == ["model", "log loss", "accuracy", "balanced accuracy", "AUC"]
        assert column(picture, "model") == [*MODELS[:-1], "recommended, 8 networks (final model)"]
        assert picture.table.rows[-1][1:] == ("0.450", "0.780", "0.720", "0.800")

    def test_has_a_dash_where_a_figure_is_not_defined(self):
        assert column(test_picture(without("AUC", "class prior")), "AUC")[0] == "-"


def test_the_main_figure_counts_classes_alike_where_the_study_did():
    answer = copy.deepcopy(CLASSIFICATION)
    for entry in answer["test"]:
        entry["figures"]["balanced log loss"] = 0.6
    assert main_figure(answer) == "balanced log loss"
    assert test_picture(answer).figure.layout.xaxis.title.text == "balanced log loss (lower is better)"
    assert [main_figure(each) for each in (CLASSIFICATION, REGRESSION)] == ["log loss", "error"]
