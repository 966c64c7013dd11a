"""Combinations whose networks have different layers: each predicts by its own, and one model is of one kind."""

import numpy as np
import pytest

from goru.experiment.candidates import Candidate
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.studies.asked.design import design
from goru.studies.budget.extent import Extent
from goru.studies.final.final_model import train_final_model
from goru.studies.final.refits import predict_validation
from goru.studies.final.scoring import score_arms
from goru.studies.laboratory import NetworkLaboratory, block_shape

ASKED = design(factors={"activation": ("relu", "gelu"), "norm": (None, "layer norm", "batch norm before")})
SCHEDULE = 6


@pytest.fixture(scope="module")
def mixed(flowers, splits):
    base = Architecture(flowers.n_features, (8,), flowers.n_outputs)
    shape = block_shape(len(flowers.y_development), splits, batch=8, networks=2)
    laboratory = NetworkLaboratory(flowers, base, Recipe(), shape, seed=0, interpreted=True, arms=ASKED.arms)
    laboratory.wait()
    yield laboratory
    laboratory.close()


def candidates(*losses):
    values = Hyperparameters(learning_rate=0.02)._asdict()
    return [Candidate(arm, 0, values, 5, loss, schedule=SCHEDULE) for arm, loss in zip(ASKED.arms, losses, strict=True)]


def test_each_predicts_validation_rows_as_it_does_alone(mixed, splits):
    every = candidates(*range(6))
    together = predict_validation(mixed, dict.fromkeys(every, 1), splits)
    for one, predicted in zip(every, together, strict=True):
        np.testing.assert_allclose(predicted, predict_validation(mixed, {one: 1}, splits)[0], atol=1e-6)


def test_each_is_scored_by_what_it_predicts(mixed, splits):
    every = candidates(*range(6))

    def first(_, predicted):
        return float(predicted[0, 0])

    scores = score_arms(mixed, every, splits, first)
    assert len(set(scores.values())) == 6


def test_the_final_model_is_of_one_kind_of_layers(mixed, splits):
    """The best two have layer norm; what has none, or another activation, is no rival; batch norm is folded away."""
    losses = {arm.name: loss for loss, arm in enumerate(ASKED.arms)}
    ranked = sorted(candidates(*range(6)), key=lambda one: ("gelu" not in one.arm.name, losses[one.arm.name]))
    assert "layer norm" not in ranked[0].arm.name
    final = train_final_model(mixed, ranked, splits, Extent(4, len(splits), greedy=True))
    names = {member["arm"] for member in final.model.members}
    assert names <= {one.arm.name for one in ranked if "gelu" in one.arm.name and "layer norm" not in one.arm.name}
    assert final.model.networks.layers[1].name == "gelu"
