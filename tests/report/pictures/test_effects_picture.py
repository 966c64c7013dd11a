"""The forest plot: what every technique changes."""

import pytest
from answers import CLASSIFICATION, REGRESSION, changed
from drawn import effects_picture
from evidences import two
from looking import column, drawable, notes

from goru.report.pictures.effects import LOOKS

NAMES = [effect["name"] for effect in CLASSIFICATION["effects"]]
INTERVALS = {
    "helps": (-0.05, -0.08, -0.02),
    "hurts": (0.05, 0.02, 0.08),
    "negligible": (0.001, -0.004, 0.006),
    "inconclusive": (-0.01, -0.05, 0.03),
    "diverged": (None, None, None),
    "endless": (-0.01, None, None),  # one configuration of an arm alone did not diverge
}


def with_verdicts(*verdicts, configurations=8, plain_loss=0.5):
    """An answer with these verdicts on the first questions; all others are inconclusive."""
    answer = changed(CLASSIFICATION, plan={"configurations": configurations}, judgement={"plain_loss": plain_loss})
    padded = [*verdicts, *["inconclusive"] * 7][:7]
    for effect, verdict in zip(answer["effects"], padded, strict=True):
        effect |= dict(zip(("change", "low", "high"), INTERVALS[verdict], strict=True))
        effect["verdict"] = "inconclusive" if verdict in ("diverged", "endless") else verdict
    return answer


def says(*verdicts, **given) -> str:
    return effects_picture(with_verdicts(*verdicts, **given)).says


class TestTheSentence:
    def test_names_what_is_sure_and_counts_what_is_not_of_as_many_questions_as_there_are(self):
        assert effects_picture(CLASSIFICATION).says == (
            "Dropout: significantly lower validation loss; weight decay: significantly higher validation loss; batch "
            "norm before the activation: negligible. 4 of 7 questions are inconclusive. The best "
            "combination changes the plain network's 0.500 by -12% (-26% to +2%)."
        )

    def test_names_what_is_likely_with_how_likely(self):
        answer = with_verdicts("helps")
        answer["effects"][1] |= {"helps": 0.91, "negligible": 0.1}
        answer["effects"][2] |= {"helps": 0.5, "negligible": 0.82}
        assert (
            "6 of 7 questions are inconclusive. Not certain, but weight decay likely helps (91%); batch norm before "
            "the activation likely negligible (82%). The best" in effects_picture(answer).says
        )

    @pytest.mark.parametrize(
        ("verdicts", "words"),
        [
            (["helps"], "Dropout: significantly lower validation loss. 6 of 7 questions are inconclusive. The best"),
            (["helps", "helps"], "Dropout and weight decay: significantly lower validation loss. 5 of 7"),
            (["inconclusive", "hurts"], "Weight decay: significantly higher validation loss. 6 of 7"),
            (["negligible"], "Dropout: negligible. 6 of 7"),
            (
                ["negligible"] * 6,
                f"Dropout, {', '.join(NAMES[1:5])} and {NAMES[5]}: negligible. 1 of 7 questions is",
            ),
            (
                ["helps"] * 7,
                f"Dropout, {', '.join(NAMES[1:5])} and {NAMES[5]}: significantly lower validation loss. The",
            ),
            ([*["inconclusive"] * 6, "helps"], "6 of 7 questions are inconclusive. The best combination changes"),
        ],
    )
    def test_counts_every_question_once(self, verdicts, words):
        assert says(*verdicts).startswith(words)

    @pytest.mark.parametrize(
        ("verdicts", "configurations", "words"),
        [
            ([], 8, ": every interval includes zero and reaches beyond the margin."),
            ([], 1, ": 1 configuration of each combination cannot tell which is better."),
            ([], 2, ": 2 configurations of each combination cannot tell which is better."),
            (["diverged"], 8, ": in 1 of 7 a network diverged, and every other interval includes zero"),
            (
                ["diverged", "endless", "endless"],
                8,
                ": in 1 of 7 a network diverged, and in 2 of 7 the interval is unknown, and every other interval",
            ),
            (["endless"] * 7, 8, ": in 7 of 7 the interval is unknown."),
            (["diverged"] * 7, 8, ": in some fold networks diverged."),
        ],
    )
    def test_says_why_nothing_is_decided(self, verdicts, configurations, words):
        assert says(*verdicts, configurations=configurations).startswith(f"All questions are inconclusive{words}")

    @pytest.mark.parametrize("plain_loss", [None, 0.0])
    def test_speaks_of_no_share_where_there_is_nothing_to_have_a_share_of(self, plain_loss):
        said = says("helps", plain_loss=plain_loss)
        assert "%" not in said
        assert said.endswith("6 of 7 questions are inconclusive.")

    def test_speaks_of_no_best_combination_where_that_diverged(self):
        assert "best combination" not in says(*["diverged"] * 7)


class TestTheFigure:
    def test_has_a_mark_with_its_interval_for_every_change_in_percent_of_plain(self):
        answer = changed(CLASSIFICATION)
        answer["effects"][0]["low"] = -0.12  # further from the change than the other end
        figure = effects_picture(answer).figure
        known = [effect for effect in answer["effects"] if effect["change"] is not None]
        assert len(figure.data) == len(known) == 6
        for trace, effect in zip(figure.data, known, strict=True):
            assert trace.x[0] == pytest.approx(effect["change"] / 0.005)
            assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(effect["low"] / 0.005)
            assert trace.x[0] + trace.error_x.array[0] == pytest.approx(effect["high"] / 0.005)
            assert (trace.marker.color, trace.marker.symbol) == LOOKS[effect["verdict"]]

    def test_names_every_question_with_its_verdict_from_the_top_down(self):
        answer = CLASSIFICATION
        labels = [note for note in effects_picture(answer).figure.layout.annotations if note.text.startswith("<b>")]
        verdicts = [effect["verdict"] for effect in answer["effects"]]
        verdicts[3] = "inconclusive: a network diverged"
        assert [note.text for note in labels] == [
            f"<b>{name}</b><br>{verdict}" for name, verdict in zip(NAMES, verdicts, strict=True)
        ]
        assert [note.y for note in labels] == sorted((note.y for note in labels), reverse=True)

    def test_tells_verdicts_apart_by_marks_as_well_as_by_colours(self):
        assert len({mark for _, mark in LOOKS.values()}) == len(LOOKS) == 4

    def test_shades_the_margin_around_zero(self):
        band, line = effects_picture(CLASSIFICATION).figure.layout.shapes
        assert (band.x0, band.x1) == (pytest.approx(-2), pytest.approx(2))
        assert (line.x0, line.x1) == (0, 0)

    def test_shows_all_of_every_interval_and_as_much_to_either_side(self):
        low, high = effects_picture(CLASSIFICATION).figure.layout.xaxis.range
        assert low < -26
        assert high == -low

    def test_says_on_hovering_what_the_change_is_in_both_units(self):
        trace = effects_picture(CLASSIFICATION).figure.data[0]
        assert trace.text[0] == "dropout<br>-0.050 (-0.080 to -0.020)<br>-10% of the plain network's loss<br>helps"
        assert trace.hoverinfo == "text"

    @pytest.mark.parametrize("plain_loss", [None, 0.0])
    def test_is_in_units_of_the_loss_without_a_plain_loss(self, plain_loss):
        figure = effects_picture(with_verdicts("helps", plain_loss=plain_loss)).figure
        assert figure.data[0].x[0] == -0.05
        assert not figure.layout.xaxis.ticksuffix
        assert "%" not in figure.layout.xaxis.title.text

    def test_may_be_empty(self):
        answer = with_verdicts(*["diverged"] * 7, plain_loss=None)
        for effect in answer["effects"]:
            effect["margin"] = None
        picture = effects_picture(answer)
        assert len(picture.figure.data) == 0
        assert sum("a network diverged" in note for note in notes(picture.figure)) == 7
        assert drawable(picture.figure)

    def test_is_as_high_as_its_questions_need(self):
        answer, _ = two()
        few = dict(answer, effects=answer["effects"][-2:])
        assert effects_picture(few).figure.layout.height < effects_picture(answer).figure.layout.height


class TestTheTable:
    def test_has_the_numbers_of_the_figure(self):
        picture = effects_picture(CLASSIFICATION)
        assert column(picture, "what") == NAMES
        assert picture.table.rows[0] == ("dropout", "-0.050", "-0.080 to -0.020", "-10%", "helps")
        assert picture.table.rows[3] == (NAMES[3], "a network diverged", "", "", "inconclusive")
        assert column(picture, "verdict") == [effect["verdict"] for effect in CLASSIFICATION["effects"]]

    def test_has_no_shares_without_a_plain_loss(self):
        answer = changed(REGRESSION, judgement={"plain_loss": 0.0})
        assert set(column(effects_picture(answer), "of the plain loss")) == {""}


class TestAnIntervalWithoutEnds:
    def test_is_not_drawn_but_its_mark_is_and_the_rest_is_said(self):
        picture = effects_picture(with_verdicts("endless", *["helps"] * 5, "endless"))
        drawable(picture.figure)
        first = picture.figure.data[0]
        assert (first.x, first.error_x.array, first.error_x.arrayminus) == ((-2.0,), (0,), (0,))
        assert "(interval unknown)" in picture.says
        assert column(picture, "interval")[0] == "unknown"
