"""Training functions on a Ray cluster: what is found is what is found here."""

from dataclasses import replace

import numpy as np
import pytest

import goru

pytest.importorskip("ray")

DESIGN = goru.Design({"trick": [False, True]}, {"rate": goru.uniform(0.1, 1.0)})


@pytest.mark.slow
def test_a_study_on_a_cluster_is_the_one_that_is_made_here_and_what_fails_there_is_named():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = (X[:, 0] + 0.5 * rng.normal(size=80) > 0).astype(int)

    def train(fit, validation, config, seed):
        if config.trick and config.rate > 0.6:
            raise ValueError("too high a rate")
        weights = np.zeros(3)
        for _ in range(5):
            weights += config.rate * fit.X.T @ (fit.y - 1 / (1 + np.exp(-fit.X @ weights))) / len(fit)
            yield 1 / (1 + np.exp(-validation.X @ weights))
        return weights

    def studied(**where):
        result = goru.study(train, X, y, design=DESIGN, n_trials=60, verbose=False, **where)
        return replace(result.answer, seconds=0.0, environment={}, failures=()), result

    (there, on_cluster), (here, _) = studied(cluster="local"), studied(workers=0)
    assert there == here
    assert on_cluster.answer.failures[0].last_line == "ValueError: too high a rate"
    assert on_cluster.model.shape == (3,)
