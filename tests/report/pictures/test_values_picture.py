"""Predicted against true, in the target's own units."""

import numpy as np
from drawn import values_picture
from evidences import numbers
from looking import drawable

from goru.experiment.forms import to_json
from goru.report.pictures.style import text
from goru.studies.evidence.predictions import MOST_ROWS, describe_values


def found(y, predicted, of="test") -> dict:
    y, predicted = np.asarray(y, float), np.asarray(predicted, float)
    return to_json(describe_values(of, y, {"recommended": predicted}, 0))


HUNDRED = found(np.arange(100), np.arange(100) + np.arange(100) / 10)


class TestTheSentence:
    def test_says_how_far_predictions_are_off(self):
        assert values_picture(HUNDRED, "price").says == (
            "100 test rows. Half of the predictions are off by no more than 4.950, nine of ten by no more than 8.910, "
            "and by 4.950 on average (mean absolute error); on the dashed line a prediction is right."
        )

    def test_says_whose_rows_they_are(self):
        said = values_picture(HUNDRED | {"of": "validation"}, "price").says
        assert said.startswith("100 development rows, each predicted by networks that were not trained on it. Half")

    def test_says_how_many_of_many_rows_are_shown(self):
        y = np.arange(5000)
        said = values_picture(found(y, y), "price").says
        assert said.startswith(f"5,000 test rows (shown: {MOST_ROWS:,} of them).")

    def test_of_one_row(self):
        assert values_picture(found([1], [3]), "price").says.startswith(
            "1 test row. Half of the predictions are off by no more than 2.000"
        )


class TestTheFigure:
    def test_has_a_point_a_row(self):
        line, points = values_picture(HUNDRED, "price").figure.data
        assert (list(points.x), list(points.y)) == (HUNDRED["predicted"], HUNDRED["true"])
        assert points.mode == "markers"
        assert (list(line.x), list(line.y)) == ([0, 108.9], [0, 108.9])

    def test_names_the_target_along_both_axes(self):
        layout = values_picture(HUNDRED, "price").figure.layout
        assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("predicted price", "true price")

    def test_a_hostile_target_is_made_harmless_and_has_a_line_of_its_own(self):
        name = "<b>bold</b>" + "n" * 300
        title = values_picture(HUNDRED, name).figure.layout.xaxis.title.text
        assert title == f"predicted<br>{text(name, 20)}"
        assert "<b>" not in title

    def test_of_enormous_numbers_is_drawn(self):
        picture = values_picture(found([-1e300, 1e300], [1e300, -1e300]), "price")
        assert drawable(picture.figure)


class TestTheTable:
    def test_has_quantiles_of_what_is_true_of_what_was_predicted_and_of_their_difference(self):
        table = values_picture(HUNDRED, "price").table
        assert [row[0] for row in table.rows] == ["true", "predicted", "predicted less true"]
        assert table.rows[0][1:] == ("5.0", "24.8", "49.5", "74.2", "94.0")
        assert table.rows[2][3] == "4.950"

    def test_is_of_the_rows_of_the_study(self):
        answer, evidence = numbers()
        table = values_picture(evidence["predictions"], answer["data"]["target"]).table
        assert all(len(row) == len(table.columns) for row in table.rows)
