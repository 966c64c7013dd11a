"""The confusion matrix and the ROC curves."""

import numpy as np
import pytest
from drawn import confusion_picture, roc_picture
from evidences import three, two
from looking import column, drawable

from goru.experiment.forms import to_json
from goru.report.pictures.style import text
from goru.studies.evidence.predictions import MOST_CLASSES, describe_classes


def predictions(kind=two, **changes) -> dict:
    return kind()[1]["predictions"] | changes


def many(classes: int) -> dict:
    """Predictions of so many classes, one row in five of them wrong."""
    y = np.arange(10 * classes) % classes
    said = np.where(np.arange(len(y)) % 5, y, (y + 1) % classes)
    probabilities = np.full((len(y), classes), 0.1 / (classes - 1))
    probabilities[np.arange(len(y)), said] = 0.9
    labels = tuple(f"class {code}" for code in range(classes))
    return to_json(describe_classes("test", y, {"recommended": probabilities}, labels))


class TestTheSentenceOfTheMatrix:
    def test_of_two_classes(self):
        assert confusion_picture(predictions()).says == (
            "Of 200 test rows, 176 are correct (accuracy 88.0%). "
            "The most frequent mistake: 'good' predicted as 'bad', 14 times."
        )

    def test_of_three_classes_names_the_one_found_least(self):
        assert confusion_picture(predictions(three)).says == (
            "Of 200 test rows, 158 are correct (accuracy 79.0%). "
            "The most frequent mistake: 'lily' predicted as 'iris', 10 times. "
            "The class with the lowest recall is 'rose' (74%)."
        )

    def test_of_no_mistake(self):
        found = predictions(three, confusion=[[3, 0, 0], [0, 2, 0], [0, 0, 1]], wrong=0, rows=6)
        assert confusion_picture(found).says == "Of 6 test rows, 6 are correct (accuracy 100.0%)."

    def test_of_one_mistake(self):
        found = predictions(confusion=[[3, 1], [0, 2]], wrong=1, rows=6)
        assert confusion_picture(found).says.endswith("'bad' predicted as 'good', 1 time.")

    def test_of_a_class_without_rows(self):
        found = predictions(three, confusion=[[3, 1, 0], [0, 2, 0], [0, 0, 0]], wrong=1, rows=6)
        assert "rose" not in confusion_picture(found).says

    def test_without_test_rows_says_whose_predictions_they_are(self):
        assert confusion_picture(predictions(of="validation")).says.startswith(
            "Of 200 development rows, each predicted by networks that were not trained on it, 176 are correct"
        )


class TestTheMatrix:
    def test_has_a_row_a_class_and_shades_of_its_share(self):
        found = predictions(three)
        (heat,) = confusion_picture(found).figure.data
        counts = np.array(found["confusion"])
        np.testing.assert_allclose(heat.z, counts / counts.sum(axis=1, keepdims=True))
        assert (heat.zmin, heat.zmax) == (0, 1)
        assert [list(row) for row in heat.text] == [[f"{count}" for count in row] for row in found["confusion"]]
        assert heat.texttemplate == "%{text}"

    def test_names_classes_along_both_axes_the_first_one_on_top(self):
        layout = confusion_picture(predictions(three)).figure.layout
        assert list(layout.xaxis.ticktext) == list(layout.yaxis.ticktext) == ["iris", "lily", "rose"]
        assert layout.yaxis.autorange == "reversed"
        assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("predicted", "true")

    def test_says_on_hovering_what_was_taken_for_what(self):
        (heat,) = confusion_picture(predictions()).figure.data
        assert heat.customdata[1][0] == "actual good, predicted bad: 14 rows"

    def test_of_a_class_without_rows_is_no_division_by_zero(self):
        figure = confusion_picture(predictions(confusion=[[3, 1], [0, 0]], wrong=1, rows=4)).figure
        assert list(figure.data[0].z[1]) == [0, 0]
        assert drawable(figure)

    @pytest.mark.parametrize(("labels", "angle"), [(["no", "yes"], 0), (["a rather long name"] * 3, -40)])
    def test_names_that_have_no_room_are_turned(self, labels, angle):
        found = predictions(three if len(labels) == 3 else two, classes=labels)
        assert confusion_picture(found).figure.layout.xaxis.tickangle == angle

    @pytest.mark.parametrize(("classes", "numbers"), [(12, True), (13, False)])
    def test_of_many_classes_has_no_numbers_in_its_cells(self, classes, numbers):
        assert bool(confusion_picture(many(classes)).figure.data[0].texttemplate) == numbers

    def test_of_very_many_classes_has_one_for_the_others(self):
        picture = confusion_picture(many(30))
        assert len(picture.figure.data[0].z) == MOST_CLASSES
        assert column(picture, "actual, across: predicted")[-1] == "(all others)"

    def test_table_has_all_counts(self):
        picture = confusion_picture(predictions())
        assert list(picture.table.columns) == ["actual, across: predicted", "bad", "good"]
        assert [tuple(row) for row in picture.table.rows] == [("bad", "90", "10"), ("good", "14", "86")]


class TestTheSentenceOfTheCurves:
    def test_of_two_classes(self):
        found = predictions()
        areas = [f"{curve['area']:.3f}" for curve in found["roc"]]
        assert roc_picture(found).says == (
            f"A row of 'good' gets a higher probability of it than another row in {found['roc'][0]['area']:.1%} of all "
            f"such pairs: the area under the curve. Beside it: plain {areas[1]}, logistic regression {areas[2]}."
        )

    def test_of_two_classes_and_networks_alone(self):
        found = predictions()
        assert roc_picture(found | {"roc": found["roc"][:1]}).says.endswith(
            "of all such pairs: the area under the curve."
        )

    def test_of_three_classes_names_the_worst_and_the_best(self):
        assert roc_picture(predictions(three)).says == (
            "Each class against all others. "
            "The lowest area under the curve is that of 'lily', 0.898; the highest that of 'rose', 0.929."
        )

    def test_of_many_classes_says_how_many_are_shown(self):
        assert roc_picture(many(12)).says.endswith("; shown are 10 of 12 classes.")


class TestTheCurves:
    def test_there_are_none_where_all_rows_are_of_one_class(self):
        assert roc_picture(predictions(roc=[])) is None

    @pytest.mark.parametrize("kind", [two, three])
    def test_are_those_of_the_evidence_with_their_areas(self, kind):
        found = predictions(kind)
        chance, *curves = roc_picture(found).figure.data
        assert (list(chance.x), list(chance.y)) == ([0, 1], [0, 1])
        for trace, curve in zip(curves, found["roc"], strict=True):
            assert (list(trace.x), list(trace.y)) == (curve["false"], curve["true"])
            assert trace.name == f"{curve['name']}, {curve['area']:.3f}"

    def test_of_many_classes_can_be_told_apart(self):
        _, *curves = roc_picture(many(12)).figure.data
        assert len({(trace.line.color, trace.line.dash) for trace in curves}) == len(curves) == 10

    def test_axes_say_what_is_counted(self):
        layout = roc_picture(predictions()).figure.layout
        assert layout.xaxis.title.text == "false positive rate, 'good'"
        assert layout.yaxis.title.text == "true positive rate, 'good'"
        assert roc_picture(predictions(three)).figure.layout.yaxis.title.text == "true positive rate, the class"

    def test_table_has_the_areas(self):
        picture = roc_picture(predictions(three))
        assert column(picture, "AUC") == [f"{curve['area']:.4f}" for curve in predictions(three)["roc"]]
        assert column(picture, "class") == ["lily", "iris", "rose"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "%{x}", "n" * 300, "\u202eשלום", "&amp;"])
def test_hostile_classes_are_written_as_they_are_in_tables_and_made_harmless_in_figures(name):
    labels = ("harmless", name)
    y = np.array([0, 1] * 20)
    probabilities = np.stack([1 - 0.6 * y, 0.6 * y], axis=1)
    found = to_json(describe_classes("test", y, {"recommended": probabilities}, labels))
    confusion, roc = confusion_picture(found), roc_picture(found)
    assert column(confusion, "actual, across: predicted") == list(labels)
    assert column(roc, "class") == [name]
    assert confusion.figure.layout.xaxis.ticktext[1] == text(name, 14)
    assert text(name, 60) in confusion.figure.data[0].customdata[1][1]
    assert text(name, 20) in roc.figure.layout.xaxis.title.text
    assert len(roc.says) < 250
