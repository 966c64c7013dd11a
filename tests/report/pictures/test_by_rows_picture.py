"""Would more rows help: the picture and its sentence, of losses made by hand."""

from dataclasses import replace

import pytest
from drawn import typed
from evidences import three

from goru.experiment.findings.evidence import ArmByRows, LossByRows
from goru.report.pictures.by_rows import by_rows_picture


def arm(name="batch norm before", change=-0.05, low=-0.08, high=-0.02):
    return ArmByRows(name, (0.6, 0.5, 0.45), (0.55, 0.46, 0.4), (0.65, 0.54, 0.5), change, low, high)


def picture(recommended, plain=None):
    answer, evidence = map(typed, three())
    by_rows = LossByRows((100, 200, 400), plain or recommended, recommended)
    return by_rows_picture(answer, replace(evidence, by_rows=by_rows))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((-0.05, -0.08, -0.02), "changes by -10% (-16% to -4%): more rows are likely to help."),
        ((0.05, 0.02, 0.08), "more rows like these are unlikely to help."),
        ((-0.001, -0.005, 0.003), "it no longer falls."),
        ((-0.02, -0.08, 0.04), "whether more rows would help is inconclusive."),
        ((-0.02, None, None), "Whether more rows would help cannot be told."),
    ],
)
def test_the_sentence_says_what_the_last_doubling_brought(change, words):
    assert picture(arm("dropout", *change)).says.endswith(words)


def test_a_line_an_arm_with_the_intervals_of_its_points():
    figure = picture(arm(), arm("plain")).figure
    assert [trace.name for trace in figure.data] == ["batch norm before", "plain"]
    assert list(figure.data[0].x) == [100, 200, 400]
    assert list(figure.data[0].error_y.array) == pytest.approx([0.05, 0.04, 0.05])


def test_where_the_plain_network_is_recommended_there_is_one_line():
    assert len(picture(arm("plain")).figure.data) == 1


def test_the_table_has_the_numbers():
    table = picture(arm(), arm("plain")).table
    assert [row[0] for row in table.rows] == ["100", "200", "400"]
    assert table.rows[0][1] == "0.600 (0.550 to 0.650)"


def test_a_run_without_it_has_no_picture():
    assert by_rows_picture(*map(typed, three())) is None
