"""Estimators that pick their own regularisation: a whole study inside `fit`."""

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from studies_cv import LEARNS, MODELS, T, X, Y, classifier, fitted, predictions, regressor, same
from tables import IRIS, SPECIES

from goru.data.memory import dataset_from
from goru.experiment.forms import to_json
from goru.studies.asked.design import ARMS


class TestFitted:
    def test_it_predicts_what_it_has_learned(self, iris):
        assert iris.score(IRIS, SPECIES) > 0.9
        assert fitted(regressor, **LEARNS | {"epochs": 40}).score(X, T) > 0.6

    def test_probabilities_sum_to_one_and_the_most_probable_class_is_predicted(self, iris):
        found = iris.predict_proba(IRIS)
        assert found.shape == (150, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
        assert (found >= 0).all()
        np.testing.assert_array_equal(iris.predict(IRIS), iris.classes_[found.argmax(axis=1)])
        np.testing.assert_allclose(np.exp(iris.predict_log_proba(IRIS)), found)

    def test_what_was_found_is_printed_as_a_whole(self, iris):
        printed = str(iris.study_)
        assert len(printed.splitlines()) > 10
        assert iris.study_.answer.advice in " ".join(printed.split())

    def test_a_row_of_the_trials_is_a_network(self, iris):
        trials = iris.study_.trials
        assert isinstance(trials, pd.DataFrame)
        assert len(trials) == iris.study_.answer.trained.networks
        assert set(trials["arm"]) == {arm.name for arm in ARMS}
        assert not trials.duplicated(["arm", "configuration", "split"]).any()

    @MODELS
    def test_a_row_of_the_effects_is_a_question(self, make):
        model = fitted(make)
        assert isinstance(model.effects_, pd.DataFrame)
        assert len(model.effects_) == 6
        assert {"name", "change", "low", "high", "verdict"} <= set(model.effects_)
        assert model.effects_.to_dict("records") == [to_json(effect) for effect in model.study_.answer.effects]
        pd.testing.assert_frame_equal(model.effects_, model.study_.effects)

    def test_what_is_recommended_is_what_the_networks_are_made_of(self, iris):
        assert iris.recommended_ == iris.study_.answer.recommended
        assert sum(kind.networks for kind in iris.recommended_) == 8
        assert iris.n_iter_ == max(kind.epochs for kind in iris.recommended_) <= 15

    def test_the_columns_and_the_classes_are_remembered(self, iris):
        assert iris.n_features_in_ == 4
        assert iris.classes_.tolist() == [0, 1, 2]
        assert not hasattr(iris, "feature_names_in_")
        model = fitted(X=pd.DataFrame(X, columns=list("abcd")))
        assert model.feature_names_in_.tolist() == list("abcd")

    @MODELS
    def test_one_network_may_be_all_there_is(self, make):
        single, ensemble = fitted(make, single=True), fitted(make)
        assert sum(kind.networks for kind in single.recommended_) == 1
        assert single.study_.answer.single is True
        assert not same(single, ensemble)
        pd.testing.assert_frame_equal(single.effects_, ensemble.effects_)

    def test_before_there_is_a_fit_nothing_is_predicted(self):
        for model, methods in (
            (classifier(), ("predict", "predict_proba", "predict_log_proba")),
            (regressor(), ("predict",)),
        ):
            for method in methods:
                with pytest.raises(NotFittedError):
                    getattr(model, method)(X)

    def test_a_second_fit_forgets_the_first(self):
        model = fitted()
        model.fit(X[:, :2], np.where(Y > 0, "yes", "no"))
        assert model.n_features_in_ == 2
        assert model.classes_.tolist() == ["no", "yes"]
        assert same(model, classifier().fit(X[:, :2], np.where(Y > 0, "yes", "no")), X[:, :2])


class TestRandomState:
    @MODELS
    def test_a_number_of_networks_gives_the_same_result_on_every_run(self, make):
        first, second = fitted(make), fitted(make)
        assert same(first, second)
        pd.testing.assert_frame_equal(first.study_.trials, second.study_.trials)
        assert not same(first, fitted(make, random_state=1))

    def test_a_random_state_may_be_a_generator_of_numbers(self):
        first, second = (fitted(random_state=np.random.RandomState(3)) for _ in range(2))
        assert same(first, second)
        state = np.random.RandomState(3)
        assert not same(fitted(random_state=state), fitted(random_state=state))

    def test_what_was_given_is_not_changed(self):
        X_before, Y_before = X.copy(), Y.copy()
        weight = np.arange(60) % 3.0
        fitted(fit={"sample_weight": weight})
        np.testing.assert_array_equal(X, X_before)
        np.testing.assert_array_equal(Y, Y_before)
        np.testing.assert_array_equal(weight, np.arange(60) % 3.0)


class TestOptions:
    def test_they_reach_the_study(self, study_of):
        asked = study_of(
            activation="logistic", batch_size=16, search_batch_norm=True, class_weight="balanced", numbers="pieces"
        ).options
        assert (asked.activation, asked.batch_size, asked.numbers) == ("sigmoid", 16, "pieces")
        assert (asked.networks, asked.budget, asked.hidden, asked.epochs) == (36, None, (4,), 3)
        assert (asked.search_batch_norm, asked.class_weight, asked.seed) == (True, "balanced", 0)

    def test_a_budget_begins_before_the_table_is_prepared(self, study_of, monkeypatch):
        began = []

        def prepared(*args, **given):
            began.append(time.monotonic())
            return dataset_from(*args, **given)

        monkeypatch.setattr("goru.estimators.studying.dataset_from", prepared)
        assert study_of(n_networks=None, budget=30).clock.started < began[0]

    def test_a_time_may_be_given_or_nothing(self, study_of):
        assert study_of(n_networks=None, budget=30).options.budget == 30
        nothing = study_of(n_networks=None, hidden_layer_sizes=None).options
        assert (nothing.budget, nothing.networks, nothing.hidden) == (None, 900, None)
        assert nothing.batch_size is None

    def test_hidden_layers_are_given_as_sequences_or_a_number(self, study_of):
        for given, expected in ((7, (7,)), ([5, 3], (5, 3)), (np.array([4, 2]), (4, 2))):
            assert study_of(hidden_layer_sizes=given).options.hidden == expected

    def test_in_pieces_it_still_predicts_from_arrays(self):
        model = fitted(numbers="pieces")
        assert model.study_.answer.network.numbers == "pieces"
        assert fitted(numbers="auto").study_.answer.network.first_look is not None
        np.testing.assert_allclose(predictions(model).sum(axis=1), 1, atol=1e-6)

    def test_fewer_networks_than_there_have_to_be_are_more(self):
        assert same(fitted(n_networks=1), fitted(n_networks=36))


class TestQuiet:
    @MODELS
    def test_nothing_is_said_unless_asked(self, make, capsys):
        fitted(make)
        assert capsys.readouterr() == ("", "")

    @MODELS
    def test_if_asked_what_was_found_is_printed(self, make, capsys):
        model = fitted(make, verbose=True)
        assert str(model.study_) in capsys.readouterr().out
