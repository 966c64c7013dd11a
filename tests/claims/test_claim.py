"""`goru.claims.claim`: what is said of a promise, and what is handed over."""

import sys
from functools import partial

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from claimed import SEEDS, cell, numbered, setup, table, trained_by_hand

from goru.claims.claim import Claim, Reading, Sizes, frames, outcome, said
from goru.claims.effects import mean_effect
from goru.claims.figures import band, panels
from goru.claims.training import SGD

HELPS, HURTS, NONE, INCONCLUSIVE = "helps", "hurts", "negligible", "inconclusive"
MEANING = {
    "holds": "Meaning: holds.",
    "holds in part": "Meaning: part.",
    "does not hold": "Meaning: not.",
    "inconclusive": "Meaning: nobody knows.",
}


@pytest.mark.parametrize(
    ("expected", "found", "word"),
    [
        ((HELPS,), (HELPS,), "holds"),
        ((HELPS,), (HURTS,), "does not hold"),
        ((HELPS,), (NONE,), "does not hold"),
        ((HELPS,), (INCONCLUSIVE,), "inconclusive"),
        ((NONE,), (NONE,), "holds"),
        ((NONE,), (HELPS,), "does not hold"),
        ((HELPS, HELPS), (HELPS, HELPS), "holds"),
        ((HELPS, HURTS), (HELPS, HURTS), "holds"),
        ((HELPS, HURTS), (HURTS, HELPS), "does not hold"),
        ((HELPS, HELPS), (HELPS, HURTS), "holds in part"),
        ((HELPS, HELPS), (NONE, HELPS), "holds in part"),
        ((HELPS, HELPS), (HURTS, NONE), "does not hold"),
        ((HELPS, HELPS), (HELPS, INCONCLUSIVE), "holds in part"),
        ((HELPS, HELPS), (INCONCLUSIVE, HURTS), "does not hold"),
        ((HELPS, HELPS), (INCONCLUSIVE, INCONCLUSIVE), "inconclusive"),
        ((HELPS, HELPS, NONE), (HELPS, INCONCLUSIVE, HURTS), "holds in part"),
        (((NONE, HURTS),), (HURTS,), "holds"),
        (((NONE, HURTS),), (NONE,), "holds"),
        (((NONE, HURTS),), (HELPS,), "does not hold"),
        (((NONE, HURTS),), (INCONCLUSIVE,), "inconclusive"),
        (((NONE, HURTS), HELPS), (HELPS, HELPS), "holds in part"),
    ],
)
def test_a_promise_holds_wholly_in_part_not_or_nobody_can_say(expected, found, word):
    assert said(expected, found) == word


def test_there_is_an_effect_for_every_expectation():
    with pytest.raises(ValueError, match="zip"):
        said((HELPS, HELPS), (HELPS,))


RESULTS = {
    ("none", 0.1): trained_by_hand(cell(every=2), seed=1),
    ("before", 0.3): trained_by_hand(cell(every=2), seed=2),
}


class TestFrames:
    def test_one_has_a_row_a_network(self):
        frame, _ = frames(("batch_norm", "rate"), RESULTS)
        assert [*frame] == ["batch_norm", "rate", "seed", "training_loss", "training_score", "test_loss", "test_score"]
        assert len(frame) == 2 * SEEDS
        for (place, rate), found in RESULTS.items():
            own = frame[(frame["batch_norm"] == place) & (frame["rate"] == rate)]
            assert own["seed"].tolist() == [0, 1, 2]
            np.testing.assert_array_equal(own[["training_loss", "training_score"]], found.training[:, -1])
            np.testing.assert_array_equal(own[["test_loss", "test_score"]], found.final)
        assert frame.index.tolist() == [*range(6)]

    def test_one_has_a_row_a_network_and_epoch(self):
        _, curves = frames(("batch_norm", "rate"), RESULTS)
        columns = ["seed", "epoch", "training_loss", "training_score", "test_loss", "test_score"]
        assert [*curves] == ["batch_norm", "rate", *columns]
        assert len(curves) == 2 * SEEDS * 2
        for (place, _), found in RESULTS.items():
            for seed in range(SEEDS):
                own = curves[(curves["batch_norm"] == place) & (curves["seed"] == seed)]
                assert own["epoch"].tolist() == [2, 4]
                np.testing.assert_array_equal(own[["training_loss", "training_score"]], found.training[seed])
                np.testing.assert_array_equal(own[["test_loss", "test_score"]], found.test[seed])

    def test_a_key_may_be_no_tuple(self):
        frame, curves = frames(("rate",), {0.1: trained_by_hand(cell()), 0.3: trained_by_hand(cell())})
        assert frame["rate"].unique().tolist() == curves["rate"].unique().tolist() == [0.1, 0.3]

    def test_a_key_says_as_much_as_there_are_columns(self):
        with pytest.raises(ValueError, match="zip"):
            frames(("rate",), RESULTS)


def draw(found, figure):
    (axes,) = panels(figure, 1, 1)[0]
    band(axes, found.epochs, found.training[..., 1], "red", "a line")


def make_claim(changes=(-10.0, -11.0, -12.0), expected=(HELPS,), **given):
    def read(setup, results):
        effects = (mean_effect("Epochs", np.array(changes), 2, "%"),)
        note = pd.DataFrame({"networks": [len(results)]})
        return Reading(effects, "It took long.", partial(draw, results["a", 1]), {"note": note})

    return Claim(
        name="some-claim",
        question="Is it?",
        promise="It is.",
        setting=lambda setup: f"Trained with {setup.seeds} seeds.",
        columns=("side", "number"),
        expected=expected,
        meaning=MEANING,
        sources=(),
        plan=lambda setup: {("a", 1): cell()},
        read=read,
        **given,
    )


def make_outcome(*args, **kwargs):
    return outcome(make_claim(*args, **kwargs), setup(), {("a", 1): trained_by_hand(cell())})


class TestAnOutcome:
    def test_says_what_was_trained_what_was_found_and_what_it_means(self):
        assert make_outcome().paragraph == "Trained with 3 seeds. It took long. Meaning: holds."

    def test_shows_its_verdict_its_numbers_and_its_paragraph(self):
        found = make_outcome()
        (shown,) = found.effects
        assert shown.numbers.startswith("−11.0 %")
        assert repr(found) == f"some-claim: holds\nEpochs: {shown.numbers}, helps\n{found.paragraph}"

    @pytest.mark.parametrize(
        ("changes", "expected", "word"),
        [
            ((-10, -11, -12), (HELPS,), "holds"),
            ((10, 11, 12), (HELPS,), "does not hold"),
            ((0.1, 0, -0.1), (NONE,), "holds"),
            ((-9, 0, 9), (HELPS,), "inconclusive"),
        ],
    )
    def test_follows_from_the_effects(self, changes, expected, word):
        found = make_outcome(changes, expected)
        assert found.said == word
        assert found.paragraph.endswith(MEANING[word])
        assert repr(found).startswith(f"some-claim: {word}\n")

    def test_hands_over_what_was_trained(self):
        found = make_outcome()
        assert found.name == "some-claim"
        assert found.frame[["side", "number"]].to_numpy().tolist() == [["a", 1]] * SEEDS
        assert [*found.curves][:4] == ["side", "number", "seed", "epoch"]
        assert found.tables["note"]["networks"].tolist() == [1]
        assert found.setup.seeds == SEEDS

    def test_draws_its_figure_without_pyplot_and_leaves_matplotlib_as_it_is(self, monkeypatch):
        monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
        before = mpl.rcParams.copy()  # asked for each by name, one of them would load pyplot
        figure = make_outcome(size=(5.0, 2.5)).figure()
        assert figure.get_size_inches().tolist() == [5.0, 2.5]
        (axes,) = figure.axes
        assert [line.get_label() for line in axes.lines] == ["a line"]
        figure.canvas.draw()
        assert "matplotlib.pyplot" not in sys.modules
        assert mpl.rcParams.copy() == before

    def test_draws_a_new_figure_each_time(self):
        found = make_outcome()
        assert found.figure() is not found.figure()
        assert len(found.figure().axes) == 1


class TestSetup:
    SIZES = Sizes(depth=2, width=7, rows=60, batch=12, epochs=6, every=3, rate=0.2)

    def test_makes_cells_of_a_size(self):
        made = setup().cell(self.SIZES)
        assert made.architecture.widths == (table().inputs, 7, 7, 3)
        assert (made.rows, made.batch, made.epochs, made.every, made.replica) == (60, 12, 6, 3, 0)
        assert made.hyper.learning_rate == 0.2
        assert made.recipe == SGD
        assert made.table is table()

    def test_puts_what_is_given_where_it_belongs(self):
        made = setup().cell(self.SIZES, 0.5, batch_norm="after", hidden=(3,), weight_decay=0.1, replica=4, rows=50)
        assert (made.architecture.batch_norm, made.architecture.hidden) == ("after", (3,))
        assert (made.hyper.learning_rate, made.hyper.weight_decay) == (0.5, 0.1)
        assert (made.replica, made.rows, made.batch) == (4, 50, 12)

    def test_a_table_decides_on_inputs_outputs_and_loss(self):
        values = table(0)
        for made in (setup(values).cell(self.SIZES), setup().cell(self.SIZES, table=values)):
            assert made.recipe.loss == "squared_error"
            assert (made.architecture.outputs, made.table) == (1, values)

    def test_a_rate_of_zero_is_a_rate(self):
        assert setup().cell(self.SIZES, 0).hyper.learning_rate == 0

    def test_small_tables_have_fewer_rows_and_smaller_batches(self):
        small = setup(numbered(100)).learning
        assert (small.rows, small.batch) == (60, 10)
        large = setup(table()).learning
        assert (large.rows, large.batch) == (500, 50)
        assert setup(numbered(100)).overfitting.rows == 60

    def test_the_sizes_of_the_book_are_those_whatever_the_table(self):
        assert setup(numbered(100), book=True).learning.rows == 1000
        assert setup(book=True).overfitting.epochs == 200
        assert (setup(book=True).rates, setup().rates) == ((0.01,), (0.03, 0.1, 0.3))

    def test_scores_are_called_by_their_name(self):
        assert (setup().score, setup(table(0)).score) == ("accuracy", "explained variance")

    def test_is_described_in_words(self):
        text = setup().describe(self.SIZES)
        for word in ("2 hidden layers of 7 units", "60 rows of blobs", "batches of 12", "6 epochs", "3 seeds"):
            assert word in text
