"""Arms compared by a score of somebody's own, with predictions of validation rows that are made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from goru.data.splitting import Split
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.studies.asked.design import PLAIN, arm_of
from goru.studies.final import scoring as module
from goru.studies.final.scoring import by_score, score_arms

DROPOUT, DECAY = arm_of(dropout=True), arm_of(weight_decay=True)
SPLITS = [Split(np.array([0, 1, 2]), np.array([6, 4])), Split(np.array([3, 4, 5]), np.array([2, 0]))]
SCORED = [0, 2, 4, 6]  # of eight rows; the others no split scores


def candidate(arm: Arm, loss: float, configuration: int = 0) -> Candidate:
    return Candidate(arm, configuration, {}, 7, loss)


BEST, SECOND, THIRD, FOURTH = (
    candidate(*said) for said in ((PLAIN, 1.0), (DROPOUT, 2.0), (PLAIN, 3.0, 1), (DECAY, 4.0))
)
RANKED = [BEST, SECOND, THIRD, FOURTH]


@pytest.fixture
def pretend(monkeypatch):
    """Let networks predict one value for all rows, by the loss of their configuration, instead of training them."""

    def install(values):
        asked = []

        def predict(laboratory, shares, splits):
            asked.append((dict(shares), splits))
            found = np.full((len(shares), 8), np.nan)
            for own, one in zip(found, shares, strict=True):
                own[SCORED] = values[one.loss]
            return found

        monkeypatch.setattr(module, "predict_validation", predict)
        return asked

    return install


def score(scoring):
    return score_arms(SimpleNamespace(), RANKED, SPLITS, scoring)


class TestScores:
    def test_one_network_of_the_best_configuration_of_every_arm_predicts(self, pretend):
        asked = pretend({1.0: 0.1, 2.0: 0.2, 4.0: 0.4})
        score(lambda rows, predicted: 0.0)
        assert asked == [({BEST: 1, SECOND: 1, FOURTH: 1}, SPLITS)]

    def test_they_are_what_is_said_of_the_predictions_for_rows_that_are_scored(self, pretend):
        pretend({1.0: 0.1, 2.0: 0.2, 4.0: 0.4})
        told = []

        def scoring(rows, predicted):
            told.append(rows.tolist())
            return predicted.sum()

        scores = score(scoring)
        assert told == [SCORED] * 3
        assert scores == pytest.approx({PLAIN: 0.4, DROPOUT: 0.8, DECAY: 1.6})
        assert list(scores) == [PLAIN, DROPOUT, DECAY]

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_network_that_diverged_has_the_lowest_there_is_and_is_not_shown(self, pretend, value):
        pretend({1.0: [value, 0, 0, 0], 2.0: 0.2, 4.0: 0.4})
        told = []
        scores = score(lambda rows, predicted: told.append(predicted) or -5.0)
        assert scores == {PLAIN: -np.inf, DROPOUT: -5.0, DECAY: -5.0}
        assert len(told) == 2

    def test_a_score_that_is_no_number_is_the_lowest_there_is(self, pretend):
        pretend({1.0: 0.1, 2.0: 0.2, 4.0: 0.4})
        scores = score(lambda rows, predicted: np.nan if predicted[0] == 0.2 else 1.0)
        assert scores == {PLAIN: 1.0, DROPOUT: -np.inf, DECAY: 1.0}


class TestOrder:
    @pytest.mark.parametrize(
        ("scores", "expected"),
        [
            ((0.3, 0.2, 0.1), [BEST, THIRD, SECOND, FOURTH]),
            ((0.1, 0.3, 0.2), [SECOND, BEST, THIRD, FOURTH]),
            ((0.1, 0.2, 0.3), [FOURTH, BEST, SECOND, THIRD]),
            ((0.1, 0.3, 0.3), [SECOND, BEST, THIRD, FOURTH]),  # as good, and a lower loss
            ((-np.inf, -np.inf, -np.inf), [BEST, THIRD, SECOND, FOURTH]),
        ],
    )
    def test_the_configurations_of_the_best_arm_come_first_and_else_the_loss_decides(self, scores, expected):
        assert by_score(RANKED, dict(zip((PLAIN, DROPOUT, DECAY), scores, strict=True))) == expected
