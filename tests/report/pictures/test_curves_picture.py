"""Learning curves, with where overfitting starts."""

import numpy as np
import pytest
from answers import CLASSIFICATION, changed
from drawn import curves_picture
from evidences import evidence_of, numbers, two
from looking import column, drawable, named, notes

ROWS = ("training", "validation")
FOUR = [f"{network}, {rows} rows" for network in ("plain", "recommended") for rows in ROWS]


def picture(plain=(), recommended=(), answer=CLASSIFICATION):
    """Of two classes, with other figures in what is said of the networks."""
    evidence = two()[1]
    for network, changes in (("plain", dict(plain)), ("recommended", dict(recommended))):
        evidence["curves"][network]["stops"] = changes.pop("stops", evidence["curves"][network]["stops"])
        evidence["curves"][network]["overfitting"] |= changes
    return curves_picture(answer, evidence)


def marks(figure) -> dict[str, float]:
    """Where upright lines stand, by what is written at them."""
    lines = [shape.x0 for shape in figure.layout.shapes]
    said = [note.replace("<br>", "").replace("  ", " ") for note in notes(figure)]
    return dict(zip(said, lines, strict=True))


class TestTheSentence:
    def test_of_a_network_that_overfits(self):
        assert picture().says == (
            "The plain network overfits: after epoch 7 its validation loss rises from 0.500 to 0.900, while its loss "
            "on training rows goes on falling to 0.100. The first of 2 recommended configurations (batch norm before "
            "+ dropout + weight decay) ends with 0.300 and 0.460; its final training stops after epoch 33, "
            "where its validation loss is lowest. Bands: range over folds."
        )

    def test_of_a_network_whose_loss_on_training_rows_rises_as_well(self):
        said = picture(plain={"training": 0.88}).says
        assert "falling" not in said
        assert "while its loss on training rows ends with 0.880." in said

    @pytest.mark.parametrize(
        ("overfits", "words"),
        [
            (
                "gap",
                "The plain network overfits: at the end its training loss is 0.100 and its validation loss 0.900; no "
                "clear rise in validation loss.",
            ),
            (
                None,
                "At the end the plain network's loss is 0.100 on training rows and 0.900 on validation rows; "
                "overfitting is inconclusive.",
            ),
        ],
    )
    def test_is_as_sure_of_overfitting_as_the_study(self, overfits, words):
        assert picture(plain={"overfits": overfits}).says.startswith(words)

    def test_of_networks_that_diverge(self):
        nothing = dict.fromkeys(("training", "validation", "gap", "overfits"))
        said = picture(plain=nothing, recommended=nothing).says
        assert said.startswith("The plain network diverges in some fold. The first of 2 recommended configurations (")
        assert "diverges in some fold; its final training stops after epoch 33" in said
        assert "not finite" not in said

    def test_of_one_configuration(self):
        one = dict(CLASSIFICATION, recommended=CLASSIFICATION["recommended"][:1])
        assert "The recommended one (batch norm before" in picture(answer=one).says

    def test_of_a_plain_network_that_is_what_is_recommended(self):
        said = curves_picture(*numbers()).says
        assert "It is what is recommended, stopped after epoch 33." in said
        assert "The recommended one" not in said


class TestTheFigure:
    def test_has_the_mean_of_every_network_and_kind_of_rows(self):
        answer, evidence = two()
        figure = curves_picture(answer, evidence).figure
        assert [trace.name for trace in figure.data if trace.name and trace.showlegend] == FOUR
        for name in FOUR:
            network, rows = name.removesuffix(" rows").split(", ")
            curves = evidence["curves"][network]["curves"][rows]
            loss, accuracy = named(figure, name)
            assert list(loss.x) == list(accuracy.x) == evidence["curves"]["epochs"]
            assert list(loss.y) == curves["loss"]["mean"]
            assert list(accuracy.y) == curves["accuracy"]["mean"]
            assert loss.line.dash == {"training": "dot", "validation": "solid"}[rows]
            assert loss.yaxis != accuracy.yaxis

    def test_has_a_band_from_the_lowest_to_the_highest_fold(self):
        answer, evidence = two()
        low, high, mean = curves_picture(answer, evidence).figure.data[:3]
        assert (low.fill, high.fill) == (None, "tonexty")
        np.testing.assert_allclose(np.subtract(high.y, low.y), 0.04, atol=1e-4)
        np.testing.assert_allclose(np.subtract(mean.y, low.y), 0.02, atol=1e-4)
        assert high.fillcolor.startswith(mean.line.color)
        assert high.fillcolor != mean.line.color

    def test_of_a_regression_has_no_accuracy(self):
        figure = curves_picture(*numbers()).figure
        assert {trace.yaxis for trace in figure.data} == {"y"}
        assert figure.layout.yaxis.title.text == "loss"

    def test_shows_one_network_where_the_plain_one_is_recommended(self):
        figure = curves_picture(*numbers()).figure
        assert [trace.name for trace in figure.data if trace.name] == FOUR[2:]

    def test_marks_where_overfitting_starts_and_where_training_stops(self):
        assert marks(picture().figure) == {
            "plain: overfitting starts": 7,
            "recommended: overfitting starts": 33,
            "recommended: stops here": 33,
        }

    @pytest.mark.parametrize("overfits", ["gap", None])
    def test_marks_no_start_that_is_not_sure(self, overfits):
        found = marks(picture({"overfits": overfits}, {"overfits": overfits}).figure)
        assert found == {"recommended: stops here": 33}

    @pytest.mark.parametrize(("epoch", "side"), [(1, "left"), (43, "left"), (46, "right"), (80, "right")])
    def test_writes_on_the_side_that_has_room(self, epoch, side):
        figure = picture({"overfits": None}, {"overfits": None, "stops": epoch}).figure
        (note,) = figure.layout.annotations
        assert (note.x, note.xanchor) == (epoch, side)

    def test_shows_the_losses_that_matter(self):
        answer, evidence = two()
        for network in ("plain", "recommended"):
            for rows in evidence["curves"][network]["curves"].values():
                rows["loss"]["mean"][0] = rows["loss"]["high"][0] = 1e6
        low, high = curves_picture(answer, evidence).figure.layout.yaxis.range
        assert low == 0
        assert 0.9 < high < 3  # all that the plain network ends with, and no first epoch

    def test_of_curves_that_diverged_has_gaps(self):
        answer = changed(CLASSIFICATION, plan={"configurations": 3})
        evidence = evidence_of(answer, diverged=["plain", answer["recommended"][0]["arm"]])
        assert None in evidence["curves"]["plain"]["curves"]["validation"]["loss"]["mean"]
        assert drawable(curves_picture(answer, evidence).figure)


class TestTheTable:
    def test_has_the_first_and_the_last_epoch_and_some_between(self):
        found = picture()
        epochs = [int(epoch) for epoch in column(found, "epoch")]
        assert len(epochs) == 12
        assert (epochs[0], epochs[-1]) == (1, 80)
        assert epochs == sorted(set(epochs))
        assert [column(found, f"plain, {rows} rows, loss")[-1] for rows in ROWS] == ["0.100", "0.900"]
        assert column(found, "recommended, validation rows, accuracy")[-1] == "0.770"

    def test_is_as_long_as_a_short_training(self):
        answer = changed(CLASSIFICATION, plan={"epochs": 2}, plain={"epoch": 1})
        answer["recommended"][0]["epochs"] = 2
        assert column(curves_picture(answer, evidence_of(answer)), "epoch") == ["1", "2"]

    def test_of_one_network_names_one(self):
        columns = curves_picture(*numbers()).table.columns
        assert list(columns) == ["epoch", "recommended, training rows, loss", "recommended, validation rows, loss"]
