"""Epochs, their end, and what is said of them, where goru has more than scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from tables import IRIS, KINDS, SPECIES, first_predicted, ignore_warnings, make_estimator, make_kind, quick_classifier

import goru

pytestmark = ignore_warnings


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_random_state_gives_the_same_model_and_another_gives_another(kind):
    X, y = make_kind(kind)

    def predicted(random_state):
        given = {"hidden_layer_sizes": (6,), "max_iter": 3, "dropout": 0.2, "n_members": 2}
        return first_predicted(make_estimator(kind, random_state=random_state, **given).fit(X, y), X)

    np.testing.assert_array_equal(predicted(5), predicted(5))
    np.testing.assert_array_equal(predicted(np.random.RandomState(5)), predicted(5))
    assert not np.allclose(predicted(6), predicted(5))


def test_the_cosine_schedule_falls_to_zero_over_all_steps():
    """Plain steps on a table without features: the output's bias moves by the rate times what is still missing."""
    X, y = np.zeros((10, 1)), np.ones(10)
    epochs, batches, rate = 5, 2, 0.3
    model = goru.MLPRegressor(
        hidden_layer_sizes=(),
        solver="sgd",
        momentum=0.0,
        learning_rate="cosine",
        learning_rate_init=rate,
        max_iter=epochs,
        batch_size=5,
        scaling=None,
        tol=0.0,
    ).fit(X, y)
    steps = np.arange(epochs * batches) / (epochs * batches)
    missing = np.prod(1 - rate * 0.5 * (1 + np.cos(np.pi * steps)))
    np.testing.assert_allclose(model.intercepts_[0], 1 - missing, rtol=1e-6)


def test_a_schedule_that_ends_is_no_reason_for_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick_classifier(learning_rate="cosine", solver="adam").fit(IRIS, SPECIES)
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        quick_classifier().fit(IRIS, SPECIES)


def test_early_stopping_keeps_the_network_of_the_best_epoch():
    X, y = make_kind("binary")
    model = quick_classifier(early_stopping=True, validation_fraction=0.3, max_iter=40, n_iter_no_change=40).fit(X, y)
    best = int(np.argmax(model.validation_scores_))
    again = quick_classifier(early_stopping=True, validation_fraction=0.3, max_iter=best + 1).fit(X, y)
    assert model.validation_scores_[best] == model.best_validation_score_
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X))


def test_with_poisson_s_loss_the_share_of_the_deviance_explained_is_watched():
    X, y = make_kind("poisson")
    given = {"hidden_layer_sizes": (8,), "random_state": 0, "learning_rate_init": 0.01, "max_iter": 80}
    model = goru.MLPRegressor(loss="poisson", early_stopping=True, n_iter_no_change=80, **given).fit(X, y)
    assert max(model.validation_scores_) == model.best_validation_score_ < 1
    assert (model.predict(X) > 0).all()


def test_target_scaling_makes_units_not_matter():
    X, y = make_kind("regression")
    given = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 5}
    plain = goru.MLPRegressor(**given).fit(X, y).predict(X)
    for factor, offset in ((1e6, 0.0), (1e-6, 0.0), (1.0, 1e4), (-3.0, 7.0)):
        other = goru.MLPRegressor(**given).fit(X, factor * y + offset).predict(X)
        if factor > 0:
            np.testing.assert_allclose((other - offset) / factor, plain, rtol=1e-6, atol=1e-8)
        assert np.isfinite(other).all()


def test_progress_is_told_if_wanted(capsys):
    quick_classifier(verbose=True, max_iter=2, early_stopping=True).fit(IRIS, SPECIES)
    said = capsys.readouterr().out
    assert "Iteration 2, loss = " in said
    assert "Validation score: " in said
    quick_classifier(max_iter=2).fit(IRIS, SPECIES)
    assert capsys.readouterr().out == ""


def test_an_interrupted_training_keeps_what_was_learned(monkeypatch):
    from goru.population.immediate.learner import Learner

    learn, calls = Learner.learn, []

    def interrupted(self, *args, **kwargs):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return learn(self, *args, **kwargs)

    monkeypatch.setattr(Learner, "learn", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        model = quick_classifier().fit(IRIS, SPECIES)
    assert model.n_iter_ == 3
    monkeypatch.undo()
    np.testing.assert_allclose(
        model.predict_proba(IRIS), quick_classifier(max_iter=3).fit(IRIS, SPECIES).predict_proba(IRIS)
    )


def test_labels_may_be_text_and_are_told_in_the_order_of_classes():
    names = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
    model = quick_classifier(max_iter=100).fit(IRIS, names)
    assert list(model.classes_) == ["setosa", "versicolor", "virginica"]
    np.testing.assert_array_equal(model.predict(IRIS), model.classes_[model.predict_proba(IRIS).argmax(axis=1)])
    np.testing.assert_allclose(model.predict_log_proba(IRIS), np.log(model.predict_proba(IRIS)))
    assert model.score(IRIS, names) > 0.9


def test_partial_fit_wants_to_know_all_classes_first_and_none_that_is_new_later():
    with pytest.raises(ValueError, match="classes"):
        quick_classifier().partial_fit(IRIS, SPECIES)
    model = quick_classifier().partial_fit(IRIS[:100], SPECIES[:100], classes=[0, 1])
    with pytest.raises(ValueError, match="classes"):
        model.partial_fit(IRIS, SPECIES)
    with pytest.raises(ValueError, match="classes"):
        model.partial_fit(IRIS[:100], SPECIES[:100], classes=[0, 1, 2])
