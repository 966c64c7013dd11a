"""What can be looked at when a study is done."""

import json

import numpy as np
import pandas as pd
import pytest
from plotly.graph_objects import Figure
from user_functions import classes, design, logistic, study

import goru
from goru.experiment.forms import to_json

X, Y = classes()
KNOBS = {"rate": goru.log_uniform(0.05, 2), "units": goru.integers(1, 8, when={"scaled": True})}


@pytest.fixture(scope="module")
def result():
    return study(logistic, X, Y, design=design(knobs=KNOBS), n_trials=60, test=True)


def test_the_configuration_is_a_dictionary(result):
    assert isinstance(result.configuration, dict)
    assert set(result.configuration) in ({"scaled", "rate"}, {"scaled", "rate", "units"})
    assert ("units" in result.configuration) == result.configuration["scaled"]


def test_the_snippet_can_be_run(result):
    namespace = {}
    exec(result.snippet, namespace)
    assert namespace["config"] == result.configuration
    assert "\n" not in result.snippet


def test_effects_are_a_frame(result):
    assert isinstance(result.effects, pd.DataFrame)
    assert {"name", "change", "low", "high", "verdict"} <= set(result.effects.columns)
    assert result.effects["name"].iloc[0] == "scaled"


def test_trials_are_a_frame_with_factors_and_knobs(result):
    assert isinstance(result.trials, pd.DataFrame)
    assert {"arm", "scaled", "configuration", "split", "hyper_rate", "hyper_units", "last_loss", "ended"} <= set(
        result.trials.columns
    )
    assert result.trials.loc[~result.trials["scaled"], "hyper_units"].isna().all()
    assert result.trials.loc[result.trials["scaled"], "hyper_units"].notna().all()
    assert not result.trials.duplicated(["arm", "configuration", "split"]).any()


def test_factors_that_are_called_like_a_column_do_not_hide_it():
    names = ["arm", "configuration", "split", "ended"]
    result = study(lambda *given: logistic(*given), X, Y, design=goru.Design({name: ["a", "b"] for name in names}))
    assert result.trials["arm"].nunique() == 16
    assert set(result.trials["ended"]) == {"finished"}
    assert result.trials["configuration"].unique().tolist() == [0]
    for name in names:
        assert set(result.trials[f"factor_{name}"]) == {"a", "b"}


def test_it_prints_itself_and_shows_itself_in_a_notebook(result):
    assert str(result) == repr(result)
    assert "scaled" in str(result)
    page = result._repr_html_()
    assert "<script" not in page
    assert "scaled" in page


@pytest.mark.parametrize("name", ["effects", "curves", "arms", "hyperparameters"])
def test_it_draws_itself(result, name):
    assert isinstance(getattr(result, f"plot_{name}")(), Figure)


def test_activations_are_not_known():
    result = study(logistic, X, Y)
    with pytest.raises(goru.InputError, match="activations"):
        result.plot_activations()
    with pytest.raises(goru.InputError, match="knobs"):
        study(lambda f, v, c, s: (yield np.full(len(v), 0.5)), X, Y).plot_hyperparameters()


def test_one_epoch_has_no_curve():
    result = study(lambda f, v, c, s: (yield np.full(len(v), 0.5)), X, Y)
    with pytest.raises(goru.InputError, match="one epoch"):
        result.plot_curves()


def test_answer_and_evidence_are_plain_json(result):
    for found in (result.answer, result.evidence):
        json.loads(json.dumps(to_json(found), allow_nan=False))
