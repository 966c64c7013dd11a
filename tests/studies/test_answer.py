"""What is goru's own in an answer: the table, the networks, and a configuration in words."""

from types import SimpleNamespace
from typing import ClassVar

import pytest

from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.experiment.findings.answer import FirstLook, Network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.studies.answer import describe_candidate, describe_data, describe_network, judged_by
from goru.studies.asked.design import PLAIN, arm_of
from goru.studies.probe import Look

DROPOUT, BEST = arm_of(dropout=True), arm_of("after", True, True)


class TestCandidate:
    HYPER = Hyperparameters(
        learning_rate=0.01,
        dropout_rate=0.3,
        weight_decay=0.2,
        batch_norm_scale=0.5,
        batch_norm_shift=-0.5,
        batch_norm_epsilon=1e-3,
        batch_norm_momentum=0.7,
    )
    DRAWN: ClassVar = {
        "batch_norm_scale": 0.5,
        "batch_norm_shift": -0.5,
        "batch_norm_epsilon": 1e-3,
        "batch_norm_momentum": 0.7,
    }

    def describe(self, arm: Arm, networks: int = 8, searched: bool = False):
        return describe_candidate(Candidate(arm, 0, self.HYPER._asdict(), 7, 0.4, schedule=80), networks, searched)

    def test_in_levels_and_numbers(self):
        found = self.describe(BEST, networks=5)
        assert (found.networks, found.arm) == (5, "batch norm after + dropout + weight decay")
        assert found.levels == {"batch_norm": "after", "dropout": True, "weight_decay": True}
        assert found.values == {"learning_rate": 0.01, "dropout_rate": 0.3, "weight_decay": 0.2}
        assert (found.epochs, found.schedule_epochs, found.validation_loss) == (7, 80, 0.4)

    def test_numbers_of_techniques_that_are_off_are_not_named(self):
        assert self.describe(PLAIN).values == {"learning_rate": 0.01}
        assert self.describe(arm_of(weight_decay=True)).values == {"learning_rate": 0.01, "weight_decay": 0.2}

    def test_numbers_of_batch_norm_are_named_where_they_were_drawn(self):
        assert self.describe(BEST, searched=True).values == self.describe(BEST).values | self.DRAWN
        assert self.describe(DROPOUT, searched=True) == self.describe(DROPOUT)

    @pytest.mark.parametrize(
        ("arm", "searched", "words"),
        [
            (PLAIN, False, "none of the techniques, learning rate 1.0e-02"),
            (
                BEST,
                False,
                "batch norm after the activation, dropout 0.30, weight decay 0.2, learning rate 1.0e-02",
            ),
            (
                arm_of("before"),
                True,
                "batch norm before the activation, γ 0.5, β -0.5, ε 1.0e-03, momentum 0.70, learning rate 1.0e-02",
            ),
        ],
    )
    def test_in_words(self, arm, searched, words):
        assert self.describe(arm, searched=searched).words == words


def test_what_all_networks_have_in_common():
    base, recipe = Architecture(4, (16, 8), 1, activation="tanh"), Recipe(loss="squared_error")
    laboratory = SimpleNamespace(base=base, recipe=recipe, encoding="pieces")
    look = Look(scaled=0.5, pieces=0.4, squares=0.45)
    assert describe_network(laboratory, batch=32, look=look) == Network(
        widths=(4, 16, 8, 1),
        activation="tanh",
        batch_size=32,
        loss="squared_error",
        optimizer="adam",
        schedule="cosine",
        decay="decoupled",
        numbers="pieces",
        first_look=FirstLook(scaled=0.5, pieces=0.4, squares=0.45),
    )
    laboratory.encoding = "scaled"
    described = describe_network(laboratory, batch=32, look=None)
    assert (described.numbers, described.first_look) == ("scaled", None)


def test_the_table(flowers, prices):
    described = describe_data(flowers)
    assert described.name == "flowers.csv"
    assert (described.rows, described.development, described.test) == (90, 72, 18)
    assert (described.target, described.classes) == ("kind", ("iris", "lily", "rose"))
    assert described.columns == {"numeric": 2, "categorical": 1, "date": 0, "dropped": 0}
    assert (describe_data(prices).task, describe_data(prices).classes) == ("regression", None)


def test_what_judges():
    assert judged_by("log-loss", balanced=False) == ("log loss of calibrated probabilities", "validation loss")
    assert judged_by("brier", balanced=True)[0].endswith("; classes balanced")
    assert judged_by("rmse", balanced=False) == ("squared error over the target's variance", "validation loss")
    names = [judged_by(measure, balanced=False)[1] for measure in ("brier", "accuracy", "mae")]
    assert names == ["Brier score", "error rate", "mean absolute error"]
