"""Decision weights: chosen by a score on validation rows, and taken only where other rows say that they help."""

from types import SimpleNamespace

import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from goru.studies.final.decision import decided, decision_weights

ROWS, RARE = 2_000, 0.06


def rows(shares, seed=0):
    """Classes that are rare, and probabilities that are right of them."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), ROWS, p=shares)
    logits = rng.normal(size=(ROWS, len(shares)))
    logits[np.arange(ROWS), y] += 1.0
    likelihood = np.exp(logits - 0.5)  # of N(1, 1) against N(0, 1)
    odds = likelihood * np.asarray(shares)
    return y, odds / odds.sum(axis=1, keepdims=True)


def scoring(y, metric):
    return lambda rows, predicted, weights: metric(y[rows], (predicted * weights).argmax(axis=1))


def weights_for(metric, shares, folds=5):
    y, predicted = rows(shares)
    return decision_weights(
        predicted, y, scoring(y, metric), np.array_split(np.random.default_rng(1).permutation(ROWS), folds)
    )


class TestWeights:
    def test_rare_classes_count_more_where_the_score_says_so(self):
        for shares in ((1 - RARE, RARE), (0.8, 0.14, 0.06)):
            weights = weights_for(balanced_accuracy_score, shares)
            assert min(weights) == 1
            assert np.argsort(weights).tolist() == list(range(len(shares)))
            y, predicted = rows(shares, seed=1)  # other rows
            before, after = (
                balanced_accuracy_score(y, codes.argmax(axis=1)) for codes in (predicted, predicted * weights)
            )
            assert after > before + 0.1

    def test_for_f1_they_lie_between(self):
        balanced, f1 = (weights_for(metric, (1 - RARE, RARE))[1] for metric in (balanced_accuracy_score, f1_score))
        assert 1 < f1 < balanced

    def test_of_probabilities_that_are_right_accuracy_asks_for_none(self):
        assert weights_for(accuracy_score, (1 - RARE, RARE)) == ()

    def test_of_classes_that_are_nearly_as_frequent_they_are_nearly_one(self):
        assert max(weights_for(balanced_accuracy_score, (0.5, 0.5)) or (1,)) < 1.1

    def test_a_score_of_probabilities_is_not_changed_by_them(self):
        y, predicted = rows((1 - RARE, RARE))
        folds = np.array_split(np.arange(ROWS), 5)
        assert decision_weights(predicted, y, lambda rows, p, _: -log_loss(y[rows], p), folds) == ()

    def test_one_fold_has_nobody_to_judge_it(self):
        assert weights_for(balanced_accuracy_score, (1 - RARE, RARE), folds=1) == ()

    def test_a_score_that_is_no_number_says_nothing(self):
        y, predicted = rows((1 - RARE, RARE))
        folds = np.array_split(np.arange(ROWS), 5)
        assert decision_weights(predicted, y, lambda *_: np.nan, folds) == ()


def test_without_a_score_or_classes_the_final_model_stays_as_it_is():
    final = SimpleNamespace()
    assert decided(final, SimpleNamespace(classes=("a", "b")), [], None) is final
    assert decided(final, SimpleNamespace(classes=None), [], lambda *_: 1.0) is final
