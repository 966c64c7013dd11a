"""Ensembles selected and probabilities calibrated, on rows so few that it can be done by hand."""

import numpy as np
import pytest

from goru.model.networks import tempered
from goru.studies.final.selection import HOTTEST, best_temperature, greedy, select, temperature

NAN = float("nan")


def squared(rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The truth is zero in every row."""
    assert predicted.shape == rows.shape
    return predicted**2


def counts(predictions: object, size: int, rows: object = None, weights: object = None) -> list[int]:
    """What the greedy selection takes, by default judged by all rows alike."""
    predictions = np.asarray(predictions, np.float64)
    n = predictions.shape[1]
    rows = np.arange(n) if rows is None else np.asarray(rows)
    weights = np.ones(n) if weights is None else np.asarray(weights, np.float64)
    return list(greedy(predictions, squared, rows, weights, size))


class TestGreedy:
    def test_what_errs_the_other_way_is_taken_and_not_what_is_best_alone(self):
        # The first predicts 3, and is there. With the second the means would be 1.5, 1, 0.75; with the third 1, 1/3, 0.
        assert counts([[3.0], [0.0], [-1.0]], size=4) == [1, 0, 3]

    def test_one_that_is_better_alone_outnumbers_the_first_and_does_not_replace_it(self):
        assert counts([[1.0, 1.0], [0.1, 0.1]], size=8) == [1, 7]

    def test_of_candidates_alike_the_first_is_taken(self):
        # Means: 1; then 0 with the second; then 1/3 or -1/3; then 0 again.
        assert counts([[1.0], [-1.0], [-1.0]], size=1) == [1, 0, 0]
        assert counts([[1.0], [-1.0], [-1.0]], size=2) == [1, 1, 0]
        assert counts([[1.0], [-1.0], [-1.0]], size=3) == [2, 1, 0]
        assert counts([[1.0], [-1.0], [-1.0]], size=4) == [2, 2, 0]

    def test_only_the_given_rows_judge(self):
        predictions = [[1.0, 1.0, NAN], [0.0, 9.0, NAN], [9.0, 0.0, NAN]]
        assert counts(predictions, 2, rows=[0]) == [1, 1, 0]
        assert counts(predictions, 2, rows=[1]) == [1, 0, 1]

    def test_rows_count_for_their_weights(self):
        predictions = [[NAN, 1.0, 1.0], [NAN, 0.0, 2.0], [NAN, 2.0, 0.0]]
        assert counts(predictions, 2, rows=[1, 2], weights=[0, 3, 1]) == [1, 1, 0]
        assert counts(predictions, 2, rows=[1, 2], weights=[0, 1, 3]) == [1, 0, 1]

    def test_probabilities_are_averaged_and_not_the_losses(self):
        """Two that are sure of different classes make one that is sure of neither, and so it is with their losses."""
        truth = np.array([0, 1])
        sure = [[[0.99, 0.01], [0.99, 0.01]], [[0.01, 0.99], [0.01, 0.99]]]

        def log_loss(rows, predicted):
            return -np.log(predicted[np.arange(len(rows)), truth[rows]])

        # Alone each has a mean loss of 2.3; together, at one half, of 0.69.
        assert list(greedy(np.array(sure), log_loss, np.arange(2), np.ones(2), 2)) == [1, 1]


class TestSelect:
    """The truth is zero; the uniform ensemble is of the first candidate alone, which always predicts one."""

    UNIFORM = np.array([2, 0, 0, 0, 0, 0])

    def select(self, predictions, folds, weights=None, size=2):
        predictions = np.asarray(predictions, np.float64)
        weights = np.ones(predictions.shape[1]) if weights is None else np.asarray(weights, np.float64)
        uniform = self.UNIFORM[: len(predictions)]
        chosen = select(predictions, uniform, squared, [np.array(fold) for fold in folds], weights, size)
        return "uniform" if chosen is uniform else list(chosen)

    def test_what_is_better_everywhere_is_selected(self):
        assert self.select([[1.0] * 3, [0.5] * 3], [[0], [1], [2]]) == [1, 1]

    @pytest.mark.parametrize(
        ("second", "expected"),
        [
            # In each fold the other two select it, and a half of it and of the first changes the loss from 1 to 0.25,
            # 0.5625 and 1.21: gains of 0.75, 0.4375 and -0.21, of mean 0.326 and standard error 0.283.
            ([0.0, 0.5, 1.2], [1, 1]),
            # 0.25, 0.49, 1.3225: gains of 0.75, 0.51 and -0.3225, of mean 0.313 and standard error 0.325.
            ([0.0, 0.4, 1.3], "uniform"),
        ],
    )
    def test_a_gain_no_larger_than_its_standard_error_is_none(self, second, expected):
        assert self.select([[1.0] * 3, second], [[0], [1], [2]]) == expected

    def test_what_is_better_only_on_rows_that_select_is_not(self):
        # Each of the others errs by 1.5 in one row, and not at all in the four that would select it for that one: half
        # of it and half of the first lose 1.25² there, and not 1. By all rows, and judged by the same, it would be far
        # better: 1.25² + 4 · 0.5² and not 5, gains of -0.56 and four times 0.75.
        others = (1.5 * np.eye(5)).tolist()
        assert self.select([[1.0] * 5, *others], [[0], [1], [2], [3], [4]]) == "uniform"
        assert counts([[1.0] * 5, *others], size=2) == [1, 1, 0, 0, 0, 0]

    def test_where_the_greedy_ensemble_is_no_better_the_uniform_one_stays(self):
        assert self.select([[1.0] * 3, [1.0] * 3], [[0], [1], [2]]) == "uniform"
        assert self.select([[1.0] * 3, [2.0] * 3], [[0], [1], [2]]) == "uniform"

    def test_rows_count_for_their_weights(self):
        # In both folds half of the second candidate loses 0 in one row, and 1.6² in the other: more than 1 on average,
        # unless the first row counts at least three times.
        predictions, folds = [[1.0] * 4, [-1.0, 2.2, -1.0, 2.2]], [[0, 1], [2, 3]]
        assert self.select(predictions, folds) == "uniform"
        assert self.select(predictions, folds, weights=[3, 1, 3, 1]) == [1, 1]

    def test_a_fold_does_not_count_for_more_because_its_rows_do(self):
        # The last of three folds gains nothing, the others do: where it has most of the weight too.
        predictions, folds = [[1.0] * 3, [0.5, 0.5, 1.0]], [[0], [1], [2]]
        assert self.select(predictions, folds) == [1, 1]
        assert self.select(predictions, folds, weights=[1, 1, 100]) == [1, 1]

    def test_rows_that_nothing_scores_have_no_say(self):
        """With times, the first period is only fitted on."""
        assert self.select([[NAN, 1.0, 1.0], [NAN, 0.5, 0.5]], [[1], [2]]) == [1, 1]

    def test_the_ensemble_that_is_kept_may_be_of_several_candidates(self):
        # Candidates 2 and -2 make 0 together, which the greedy selection finds too: no better.
        predictions = np.array([[2.0, 2.0], [-2.0, -2.0]])
        uniform = np.array([1, 1])
        assert select(predictions, uniform, squared, [np.array([0]), np.array([1])], np.ones(2), 2) is uniform

    def test_networks_that_diverged_select_nothing(self):
        assert self.select([[1.0] * 3, [NAN] * 3], [[0], [1], [2]]) == "uniform"


def judged(right: int, wrong: int, probability: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two classes, the second one predicted with the same probability in all: so many are of it, or are not."""
    truth = np.repeat([1, 0], [right, wrong])
    return np.tile([1 - probability, probability], (len(truth), 1)), truth


def log_losses(truth: np.ndarray):
    return lambda rows, predicted: -np.log(predicted[np.arange(len(rows)), truth[rows]])


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


class TestBestTemperature:
    """A probability p of two becomes 1 / (1 + exp(-logit(p) / T)), and is best where it is the share of rows."""

    def found(self, predicted, truth, rows=None, weights=None):
        rows = np.arange(len(truth)) if rows is None else rows
        weights = np.ones(len(truth)) if weights is None else weights
        return best_temperature(predicted, log_losses(truth), rows, weights)

    @pytest.mark.parametrize("right", [6, 7, 8, 9])
    def test_the_share_of_rows_that_are_right_says_how_sure_to_be(self, right):
        assert self.found(*judged(right, 10 - right)) == pytest.approx(logit(0.8) / logit(right / 10), rel=1e-3)

    @pytest.mark.parametrize("sharpened", [0.5, 1.0, 2.5, 4.0])
    def test_what_was_made_too_sure_or_not_sure_enough_is_found_out(self, sharpened):
        rng = np.random.default_rng(0)
        honest = rng.dirichlet([1, 2, 3], 20_000)
        truth = (rng.random((20_000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
        assert self.found(tempered(honest, 1 / sharpened), truth) == pytest.approx(sharpened, rel=0.05)

    def test_there_are_bounds(self):
        assert self.found(*judged(5, 5)) == pytest.approx(HOTTEST, rel=1e-3)  # it should be infinite
        assert self.found(*judged(10, 0)) == pytest.approx(1 / HOTTEST, rel=1e-3)  # it should be 0

    def test_rows_count_for_their_weights(self):
        predicted, truth = judged(6, 4)
        weights = np.where(truth == 1, 6.0, 1.0)  # 36 of 40
        assert self.found(predicted, truth, weights=weights) == pytest.approx(logit(0.8) / logit(0.9), rel=1e-3)

    def test_only_the_given_rows_judge(self):
        predicted, truth = judged(9, 11)
        predicted[10:] = NAN
        rows, weights = np.arange(10), np.ones(20)
        assert self.found(predicted, truth, rows, weights) == pytest.approx(logit(0.8) / logit(0.9), rel=1e-3)
        weights[9] = 9 / 4  # the one of them that is wrong: 9 of 11.25
        assert self.found(predicted, truth, rows, weights) == pytest.approx(1, rel=1e-3)


class TestTemperature:
    """Every fold has ten rows, and predicts 0.8 in all; its share of rows that are right differs."""

    def found(self, *rights: int, weights: object = None) -> float:
        truth = np.concatenate([judged(right, 10 - right)[1] for right in rights])
        predicted = np.tile([0.2, 0.8], (len(truth), 1))
        folds = list(np.arange(len(truth)).reshape(-1, 10))
        weights = np.ones(len(truth)) if weights is None else np.repeat(weights, 10)
        return temperature(predicted, log_losses(truth), folds, weights)

    def test_where_all_folds_agree_it_is_the_best_one(self):
        assert self.found(6, 6) == pytest.approx(logit(0.8) / logit(0.6), rel=1e-3)
        assert self.found(9, 9, 9) == pytest.approx(logit(0.8) / logit(0.9), rel=1e-3)

    def test_where_what_one_fold_says_is_wrong_in_the_other_it_is_1(self):
        """The best one of both together, by the rows that it was fitted on, would be 1.26."""
        assert self.found(9, 6) == 1.0

    def test_where_there_is_nothing_to_mend_it_is_nearly_or_exactly_1(self):
        assert self.found(8, 8) == pytest.approx(1.0, abs=1e-3)

    def test_the_gains_of_all_folds_are_weighed_against_each_other(self):
        # Fitted on shares of 0.75, each of the first two folds loses 0.727 and not 0.778: 0.05 less. Fitted on shares
        # of 0.6, the third loses 0.551 and not 0.362: 0.19 more, which outweighs both.
        assert self.found(6, 6, 9) == 1.0
        # Where its rows count half, it adds 0.09, and the others, fitted on 0.7, gain 0.08 each; of all rows 16.5 of 25
        # are right.
        assert self.found(6, 6, 9, weights=[1, 1, 0.5]) == pytest.approx(logit(0.8) / logit(16.5 / 25), rel=1e-3)

    def test_rows_that_nothing_scores_have_no_say(self):
        predicted, truth = judged(12, 8)
        order = [*range(6), *range(12, 16), *range(6, 12), *range(16, 20)]  # six of ten are right, twice
        predicted = np.concatenate([predicted, np.full((5, 2), NAN)])
        truth = np.concatenate([truth, np.zeros(5, int)])
        folds = [np.array(order[:10]), np.array(order[10:])]
        found = temperature(predicted, log_losses(truth), folds, np.ones(25))
        assert found == pytest.approx(logit(0.8) / logit(0.6), rel=1e-3)

    def test_networks_that_diverged_have_none(self):
        _, truth = judged(6, 4)
        assert (
            temperature(np.full((10, 2), NAN), log_losses(truth), list(np.arange(10).reshape(2, 5)), np.ones(10)) == 1
        )
