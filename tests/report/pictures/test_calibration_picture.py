"""Whether predictions mean what they say."""

import numpy as np
import pytest
from answers import changed
from drawn import calibration_picture
from evidences import numbers, three, two
from looking import column, drawable, named


def of(*bins, kind=two, rows=100, plain=None):
    """A picture of bins: what was said, what was found, and the interval of that."""
    answer, evidence = kind()
    made = [dict(zip(("predicted", "observed", "low", "high"), each, strict=True)) | {"rows": rows} for each in bins]
    error = float(np.mean([abs(each["predicted"] - each["observed"]) for each in made]))
    found = evidence["predictions"] | {"calibration": {"recommended": {"bins": made, "error": error}}}
    if plain is not None:
        found["calibration"]["plain"] = {"bins": made, "error": plain}
    return calibration_picture(answer, found)


GOOD, HIGH, LOW = (0.5, 0.5, 0.4, 0.6), (0.9, 0.5, 0.4, 0.6), (0.1, 0.5, 0.4, 0.6)


class TestTheSentence:
    @pytest.mark.parametrize(
        ("bins", "words"),
        [
            ([GOOD, GOOD], "In all 2 bins the interval includes perfect calibration, the dashed line."),
            ([GOOD, HIGH], "In 1 of 2 bins predictions are too high: the 95% interval excludes"),
            ([LOW, LOW, GOOD], "In 2 of 3 bins predictions are too low: the 95% interval excludes"),
            ([LOW, HIGH, GOOD], "In 2 of 3 bins predictions are off: the 95% interval excludes"),
            ([HIGH], "Too few rows for more than one bin."),
        ],
    )
    def test_counts_the_bins_that_are_off_and_says_how_many_are_by_chance(self, bins, words):
        said = of(*bins).says
        assert f"%. {words}" in said
        assert said.endswith(("in one of 20.", "the dashed line.", "than one bin."))

    def test_gives_the_error_beside_that_of_the_plain_network(self):
        assert of(GOOD, HIGH, plain=0.25).says.startswith("Expected calibration error 20.0% (plain network: 25.0%). ")
        assert "plain network" not in of(GOOD, HIGH).says

    def test_of_numbers_is_in_their_own_units(self):
        said = of((5000, 4000, 3000, 6000), (1, 2, None, None), kind=numbers, plain=1234.5).says
        assert said.startswith("Mean calibration error 500.5 (plain network: 1,23")
        assert "%" not in said


class TestTheFigure:
    @pytest.mark.parametrize("kind", [two, three, numbers])
    def test_has_a_mark_a_bin_with_its_interval_for_both_networks(self, kind):
        answer, evidence = kind()
        found = evidence["predictions"]
        figure = calibration_picture(answer, found).figure
        for name in ("recommended", "plain"):
            (trace,) = named(figure, name)
            bins = found["calibration"][name]["bins"]
            assert list(trace.x) == [each["predicted"] for each in bins]
            assert list(trace.y) == [each["observed"] for each in bins]
            np.testing.assert_allclose(np.add(trace.y, trace.error_y.array), [each["high"] for each in bins], atol=1e-9)
            np.testing.assert_allclose(
                np.subtract(trace.y, trace.error_y.arrayminus), [each["low"] for each in bins], atol=1e-9
            )
        assert len({trace.marker.symbol for trace in figure.data[1:]}) == 2

    def test_shows_networks_alone(self):
        answer, evidence = two()
        assert "logistic regression" in evidence["predictions"]["calibration"]
        figure = calibration_picture(answer, evidence["predictions"]).figure
        assert [trace.name for trace in figure.data if trace.name] == ["recommended", "plain"]

    def test_dashes_the_line_on_which_both_are_equal(self):
        line = of(GOOD).figure.data[0]
        assert (list(line.x), list(line.y), line.line.dash) == ([0, 1], [0, 1], "dash")
        line = of((5, 4, 3, 6), (1, 2, 1, 3), kind=numbers).figure.data[0]
        assert (list(line.x), list(line.y)) == ([1, 5], [1, 5])

    def test_a_bin_without_an_interval_has_none(self):
        (trace,) = named(of((1, 2, None, None), kind=numbers).figure, "recommended")
        assert (list(trace.error_y.array), list(trace.error_y.arrayminus)) == ([0], [0])

    @pytest.mark.parametrize(
        ("kind", "titles"),
        [
            (two, ("probability of 'good'", "observed share of 'good'")),
            (three, ("predicted probability (confidence)", "accuracy")),
            (numbers, ("predicted class", "mean of the actual class")),
        ],
    )
    def test_axes_say_what_is_compared(self, kind, titles):
        answer, evidence = kind()
        layout = calibration_picture(answer, evidence["predictions"]).figure.layout
        assert (layout.xaxis.title.text, layout.yaxis.title.text) == titles

    def test_hostile_names_are_made_harmless(self):
        answer, evidence = two()
        answer = changed(answer, data={"classes": ["no", "<script>alert(1)</script>"]})
        layout = calibration_picture(answer, evidence["predictions"]).figure.layout
        assert "<script" not in layout.xaxis.title.text + layout.yaxis.title.text

    def test_is_drawn_without_a_plain_network(self):
        assert drawable(of(GOOD).figure)


class TestTheTable:
    def test_has_all_bins_of_both_networks(self):
        answer, evidence = two()
        picture = calibration_picture(answer, evidence["predictions"])
        bins = [
            each for name in ("recommended", "plain") for each in evidence["predictions"]["calibration"][name]["bins"]
        ]
        assert column(picture, "predicted") == [f"{each['predicted']:.1%}" for each in bins]
        assert sum(map(int, column(picture, "rows"))) == 2 * 200

    def test_says_where_there_is_no_interval(self):
        (row,) = of((1, 2, None, None), kind=numbers).table.rows
        assert row == ("recommended", "1.000", "2.000", "unknown", "100")
