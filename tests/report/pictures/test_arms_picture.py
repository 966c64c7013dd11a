"""All twelve combinations: batch norm before against after, and what techniques do together."""

import numpy as np
import pytest
from answers import CLASSIFICATION, changed
from drawn import arms_picture, interactions_picture
from evidences import LOWEST, evidence_of, numbers, study_of, three, two
from looking import column, drawable, named, notes

from goru.report.parts.interactions import TOGETHER
from goru.report.pictures.arms import LOOKS, MARKS

AFTER = [name for name in LOWEST if "after" in name]
CONTRAST = 4  # batch norm after instead of before


def before_and_after(verdict, change=-0.005, low=-0.02, high=0.01, plain_loss=0.5):
    answer = changed(CLASSIFICATION, judgement={"plain_loss": plain_loss})
    answer["effects"][CONTRAST] |= {"change": change, "low": low, "high": high, "verdict": verdict}
    return answer


def with_pairs(*verdicts, changes=(-0.1, 0.1, 0.0, -0.1, 0.1)):
    answer, evidence = three()
    for pair, verdict, change in zip(answer["interactions"], verdicts, changes, strict=True):
        pair |= {"verdict": verdict, "change": change}
    return answer, evidence


class TestTheSentenceAboutBatchNorm:
    @pytest.mark.parametrize(
        ("verdict", "words"),
        [
            ("helps", "Batch norm after instead of before does better (-1.0%, -4.0% to +2.0%)."),
            ("hurts", "Batch norm after instead of before does worse (-1.0%, -4.0% to +2.0%)."),
            (
                "negligible",
                "Batch norm after instead of before is negligible (-1.0%, -4.0% to +2.0%).",
            ),
            (
                "inconclusive",
                "Batch norm after instead of before: inconclusive (-1.0%, -4.0% to +2.0%).",
            ),
        ],
    )
    def test_says_what_the_verdict_is(self, verdict, words):
        assert arms_picture(before_and_after(verdict), three()[1]).says.startswith(words)

    def test_of_a_network_that_diverged(self):
        answer = before_and_after("inconclusive", None, None, None)
        said = arms_picture(answer, two()[1]).says
        assert said.startswith("Batch norm after instead of before cannot be judged: in some fold a network diverged.")

    def test_is_in_units_of_the_loss_without_a_plain_loss(self):
        said = arms_picture(before_and_after("helps", plain_loss=0.0), three()[1]).says
        assert "(-0.005, -0.020 to +0.010)" in said

    def test_counts_the_rows_and_names_the_best(self):
        said = arms_picture(*three()).says
        assert "By the means alone, batch norm before is best in 3 of 4 rows." in said
        assert said.endswith(
            "Of 12 combinations batch norm before + dropout + weight decay has the lowest mean, 0.440; how sure that "
            "is, the interval of the best combination says."
        )

    def test_counts_only_rows_of_which_all_are_known(self):
        """Of one arm a network diverged."""
        said = arms_picture(*two()).says
        assert "batch norm before is best in 3 of 3 rows" in said
        assert "Of 11 combinations" in said

    def test_names_no_best_where_all_diverged(self):
        said = arms_picture(CLASSIFICATION, evidence_of(CLASSIFICATION, diverged=list(LOWEST))).says
        assert "rows" not in said
        assert "lowest" not in said


class TestTheFigureOfArms:
    def test_has_a_mark_for_every_arm_by_where_batch_norm_stands(self):
        answer, evidence = three()
        figure = arms_picture(answer, evidence).figure
        words = {None: "no batch norm", "before": "batch norm before", "after": "batch norm after"}
        for (place, name), (colour, mark) in zip(words.items(), MARKS, strict=False):
            (trace,) = named(figure, name)
            own = [arm for arm in evidence["arms"] if arm["levels"]["batch_norm"] == place]
            np.testing.assert_allclose(trace.x, [np.mean(arm["losses"]) for arm in own])
            assert list(trace.text) == [arm["arm"] for arm in own]
            assert (trace.marker.color, trace.marker.symbol) == (colour, mark)

    def test_bars_reach_from_the_lowest_to_the_highest_fold(self):
        trace = arms_picture(*three()).figure.data[0]
        np.testing.assert_allclose(trace.error_x.array, 0.02, atol=1e-6)
        np.testing.assert_allclose(trace.error_x.arrayminus, 0.02, atol=1e-6)

    def test_sets_what_else_is_on_one_below_the_other(self):
        figure = arms_picture(*three()).figure
        assert list(figure.layout.yaxis.ticktext) == ["neither", "weight decay", "dropout", "dropout<br>+ weight decay"]
        for row in range(4):
            heights = [trace.y[row] for trace in figure.data]
            assert [round(height) for height in heights] == [-row] * 3
            assert heights == sorted(heights, reverse=True)

    def test_marks_differ_in_more_than_colour(self):
        assert len({mark for _, mark in MARKS}) == len(MARKS)

    def test_leaves_out_what_diverged(self):
        picture = arms_picture(*two())
        assert "batch norm after" not in named(picture.figure, "batch norm after")[0].text
        row = next(row for row in picture.table.rows if row[0] == "batch norm after")
        assert row == ("batch norm after", "a network diverged", "", "")

    def test_may_be_empty(self):
        picture = arms_picture(CLASSIFICATION, evidence_of(CLASSIFICATION, diverged=list(LOWEST)))
        assert drawable(picture.figure)
        assert set(column(picture, "mean validation loss")) == {"a network diverged"}


def test_the_table_of_arms_has_all_twelve():
    picture = arms_picture(*three())
    assert column(picture, "combination") == list(LOWEST)
    assert picture.table.rows[0] == ("plain", "0.500", "0.480", "0.520")


class TestTheSentenceAboutInteractions:
    def test_where_nothing_is_decided(self):
        said = interactions_picture(three()[0]).says
        assert said.startswith("All pairs are inconclusive.")
        assert "Right of zero, where 2 of 5 marks lie, two techniques together would bring less than the sum" in said

    def test_names_pairs_by_what_they_do(self):
        pairs = with_pairs("helps", "hurts", "negligible", "helps", "inconclusive")
        said = interactions_picture(pairs[0]).says
        assert said.startswith(
            "Batch norm before and dropout; batch norm after and weight decay: more together than apart. Batch norm "
            "after and dropout: each makes the other less necessary. Batch norm before and weight decay: they add up. "
            "1 of 5 pairs are inconclusive. Right of zero, where 2 of 5 marks lie"
        )

    def test_counts_no_marks_of_pairs_that_diverged(self):
        said = interactions_picture(study_of(CLASSIFICATION, diverged=AFTER)[0]).says
        assert "where 1 of 3 marks lie" in said

    def test_a_pair_of_which_some_arms_are_left_is_judged_by_them(self):
        assert "where 2 of 5 marks lie" in interactions_picture(two()[0]).says

    def test_speaks_of_no_marks_where_there_are_none(self):
        answer, _ = study_of(CLASSIFICATION, diverged=list(LOWEST))
        assert "Right of zero" not in interactions_picture(answer).says


class TestTheFigureOfInteractions:
    def test_has_a_mark_for_every_pair_in_percent_of_plain(self):
        answer, _ = three()
        figure = interactions_picture(answer).figure
        changes = [pair["change"] / 0.005 for pair in answer["interactions"]]
        np.testing.assert_allclose([trace.x[0] for trace in figure.data], changes)
        assert figure.layout.xaxis.title.text == "together, less each alone, % of plain"

    def test_says_which_side_is_which(self):
        assert notes(interactions_picture(three()[0]).figure)[-2:] == ["← more together", "less together →"]

    @pytest.mark.parametrize("verdict", TOGETHER)
    def test_writes_and_marks_a_verdict_in_its_own_words(self, verdict):
        picture = interactions_picture(with_pairs(*[verdict] * 5)[0])
        words = TOGETHER[verdict]
        assert notes(picture.figure)[0] == f"<b>batch norm before and dropout</b><br>{words}"
        assert column(picture, "verdict") == [words] * 5
        assert (picture.figure.data[0].marker.color, picture.figure.data[0].marker.symbol) == LOOKS[verdict]

    def test_of_a_regression_and_of_one_configuration(self):
        assert drawable(interactions_picture(numbers()[0]).figure)

    def test_table_has_its_numbers(self):
        answer, _ = study_of(CLASSIFICATION, diverged=AFTER)
        picture = interactions_picture(answer)
        assert column(picture, "what") == [pair["name"] for pair in answer["interactions"]]
        assert column(picture, "change in validation loss")[1] == "a network diverged"
