"""Estimators that pick their own regularisation, by a score of the user's choice."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, make_scorer
from studies_cv import LEARNS, MODELS, T, Y, classifier, fitted, regressor

from goru.studies.asked.design import ARMS
from goru.studies.study import Study


class TestScoring:
    @pytest.mark.parametrize("scoring", ["accuracy", "roc_auc_ovr", "neg_log_loss"])
    def test_a_name_chooses_the_arm(self, scoring):
        model = fitted(scoring=scoring)
        answer = model.study_.answer
        assert answer.chosen_by == "score"
        assert set(answer.scores) == {arm.name for arm in ARMS}
        best = max(answer.scores.values())
        assert {answer.scores[kind.arm] for kind in model.recommended_} == {best}

    @pytest.mark.parametrize("scoring", ["r2", "neg_mean_absolute_error"])
    def test_so_it_does_for_numbers(self, scoring):
        answer = fitted(regressor, scoring=scoring).study_.answer
        best = max(answer.scores.values())
        assert {answer.scores[kind.arm] for kind in answer.recommended} == {best}

    def test_without_one_the_loss_does(self):
        answer = fitted().study_.answer
        assert (answer.chosen_by, answer.scores) == ("loss", {})

    @MODELS
    def test_a_scorer_is_given_predictions_for_all_rows_and_the_target_as_it_was(self, make):
        y, seen = np.array(["u", "v", "w"])[Y] if make is classifier else T, []

        def scorer(estimator, X, y):
            seen.append((estimator.predict(X), np.asarray(y), len(X)))
            return -len(seen)  # the first is the best

        model = fitted(make, y=y, scoring=scorer)
        assert len(seen) == len(ARMS)
        for predicted, target, rows in seen:
            assert rows == 60 == len(predicted)
            np.testing.assert_array_equal(target, y)
            if make is classifier:
                assert set(predicted) <= set(y)
        scores = model.study_.answer.scores
        assert scores[model.recommended_[0].arm] == -1

    def test_a_scorer_sees_probabilities_and_classes(self):
        def scorer(estimator, X, y):
            np.testing.assert_allclose(estimator.predict_proba(X).sum(axis=1), 1, atol=1e-6)
            assert estimator.classes_.tolist() == [0, 1, 2]
            return accuracy_score(y, estimator.predict(X))

        named, own = fitted(scoring="accuracy"), fitted(scoring=scorer)
        made = fitted(scoring=make_scorer(accuracy_score))
        assert named.study_.answer.scores == own.study_.answer.scores == made.study_.answer.scores

    def test_of_a_score_of_classes_rare_ones_are_predicted_sooner(self):
        rng = np.random.default_rng(0)
        rows = rng.normal(size=(300, 4))
        rare = rows[:, 0] + rng.normal(size=300) > 1.8
        usual, model = (fitted(X=rows, y=rare, scoring=name, **LEARNS) for name in (None, "balanced_accuracy"))
        weights = model.model_.decision_weights
        assert usual.model_.decision_weights == ()
        assert weights[1] > weights[0] == 1
        probabilities = model.predict_proba(rows)
        np.testing.assert_array_equal(model.predict(rows), model.classes_[(probabilities * weights).argmax(axis=1)])
        assert model.predict(rows).sum() > probabilities.argmax(axis=1).sum()

    def test_a_scorer_that_knows_weights_gets_them(self):
        weight, seen = np.arange(1.0, 61), []

        def metric(y, predicted, sample_weight=None):
            seen.append(sample_weight)
            return 0.0

        fitted(scoring=make_scorer(metric), fit={"sample_weight": weight})
        assert len(seen) == len(ARMS)
        for own in seen:
            np.testing.assert_array_equal(own, weight)

    def test_a_scorer_that_does_not_is_not_given_any(self):
        weight = np.arange(1.0, 61)
        model = fitted(scoring=lambda estimator, X, y: estimator.score(X, y), fit={"sample_weight": weight})
        assert model.study_.answer.chosen_by == "score"

    def test_several_scores_at_once_are_refused_before_anything_is_trained(self, monkeypatch):
        monkeypatch.setattr(Study, "run", lambda *args, **kwargs: pytest.fail("it was trained"))
        with pytest.raises(ValueError, match="scoring"):
            fitted(scoring=["accuracy", "f1_macro"])
