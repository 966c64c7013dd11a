"""Which columns a model uses, and where it is wrong, in pictures."""

from dataclasses import replace

from looking import drawable

from goru.experiment.findings.inspection import Dependence, Importance, Inspection, Slice, WrongRow
from goru.language import spoken
from goru.report.pictures.inspection import dependence_picture, importance_picture, slices_picture, wrong_table

FOUND = Inspection(
    rows=200,
    all_rows=300,
    loss=0.5,
    importances=(Importance(("a", "b", "c"), 0.1, 0.05, 0.15), Importance(("<b>idle</b>",), 0.0, -0.01, 0.01)),
    dependences=(
        Dependence("a", (1.0, 2.0, 3.0), {"good": (0.2, 0.4, 0.8)}),
        Dependence("kind", ("x", "y"), {"good": (0.5, 0.6)}),
        Dependence("third", (1.0, 2.0), {"good": (0.5, 0.6)}),
    ),
    slices=(Slice("kind", "x", 40, 0.9, 0.7, 1.1, is_level=True), Slice("a", "1 to 2", 50, 0.6, 0.4, 0.8)),
    wrong=(WrongRow(1234, "good", "bad", 0.012, 4.4), WrongRow(7, "bad", "good", 0.1, 2.3)),
)


def test_importances_say_what_is_needed_and_what_is_not_shown_to_be():
    picture = importance_picture(FOUND)
    assert drawable(picture.figure)
    assert "needs a + b + c most: shuffled, the loss rises by 20%." in picture.says
    assert "For 1 of 2 the interval includes zero" in picture.says
    assert list(picture.figure.data[0].x) == [0.1, 0.0]
    assert "<b>" not in str(picture.figure.layout.yaxis.ticktext)


def test_every_column_has_a_panel_and_every_value_a_row_in_the_table():
    picture = dependence_picture(FOUND, "class", numeric=False)
    assert drawable(picture.figure)
    assert [note.text for note in picture.figure.layout.annotations] == ["a", "kind", "third"]
    assert len(picture.table.rows) == 7
    assert "the probability of good depends on it" in picture.says
    assert "a moves it most" in picture.says


def test_slices_are_compared_with_all_rows():
    picture = slices_picture(FOUND)
    assert drawable(picture.figure)
    assert "Where kind is x (40 rows) it is 0.900." in picture.says
    assert "1 of the 2 slices shown lie above the mean" in picture.says


def test_slices_are_in_the_language_that_is_spoken_but_levels_are_the_tables():
    level = Slice("kind", "missing", 40, 0.9, 0.7, 1.1, is_level=True)
    slices = (level, replace(level, is_level=False), Slice("a", "8 to 800", 50, 0.6, 0.4, 0.8))
    with spoken("ko"):
        picture = slices_picture(replace(FOUND, slices=slices))
    assert [row[0] for row in picture.table.rows] == ["kind: missing", "kind: 결측", "a: 8 ~ 800"]


def test_wrong_rows_have_their_number_and_of_classes_a_probability():
    assert wrong_table(FOUND).rows[0] == ("1,234", "good", "bad", "0.012", "4.400")


def test_where_there_is_nothing_there_is_no_picture():
    nothing = Inspection(10, 10, 0.5, (), (), (), ())
    pictures = importance_picture(nothing), dependence_picture(nothing, "y", True), slices_picture(nothing)
    assert pictures == (None, None, None)
