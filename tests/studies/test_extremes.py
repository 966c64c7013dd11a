"""Studies of tables that strain numbers: what comes out is finite, and says so where it is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from goru.data.memory import dataset_from
from goru.data.splitting import Split
from goru.studies.asked.options import Options
from goru.studies.study import Study

FEW = Options(networks=36, hidden=(6,), epochs=3, numbers="scaled")


def table(rows: int = 60, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return pd.DataFrame(x, columns=["a", "b", "c"]), (x[:, 0] + x[:, 1] > 0).astype(int)


def studied(frame, y, options=FEW, partitions=None, classes=(0, 1)):
    return Study(dataset_from(frame, y, classes), options, partitions=partitions).run()


def check(result, frame) -> None:
    """All finite: the answer's losses, and predictions that are probabilities."""
    answer = result.answer
    assert answer.trained.diverged == 0
    assert answer.judgement.plain_loss > 0
    assert all(effect.change is not None for effect in answer.effects)
    probabilities = result.model.predict_proba(frame)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-9)
    assert np.isfinite(probabilities).all()


def test_batches_of_two_rows():
    frame, y = table()
    check(studied(frame, y, replace(FEW, batch_size=2)), frame)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e30, 1e300])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_scales_that_are_tiny_or_huge(factor, offset):
    frame, y = table()
    frame["a"] = (frame["a"] + offset) * factor
    check(studied(frame, y), frame)


def test_a_feature_that_is_constant_in_the_training_rows_of_a_split():
    frame, y = table()
    frame["b"] = 0.0
    frame.loc[:11, "b"] = 1.0
    rows = np.arange(60)
    partition = [
        Split(np.setdiff1d(rows, rows[fold * 12 : fold * 12 + 12]), rows[fold * 12 :][:12]) for fold in range(5)
    ]
    check(studied(frame, y, partitions=[partition]), frame)


def test_a_class_that_only_validation_rows_are_of():
    frame, y = table()
    y[:12] = 2
    rows = np.arange(60)
    partition = [
        Split(np.setdiff1d(rows, rows[fold * 12 : fold * 12 + 12]), rows[fold * 12 :][:12]) for fold in range(5)
    ]
    result = studied(frame, y, partitions=[partition], classes=(0, 1, 2))
    check(result, frame)
    assert result.evidence.predictions.rows == 60


def test_a_number_to_predict_is_learned_alike_in_any_unit():
    frame, _ = table()
    target = (frame["a"] - frame["c"]).to_numpy()
    expected = studied(frame, target, classes=None).model.predict(frame)
    for factor in (2.0**-700, 2.0**700):  # whose squares float64 does not hold either
        result = studied(frame, target * factor, classes=None)
        assert result.answer.trained.diverged == 0
        np.testing.assert_allclose(result.model.predict(frame) / factor, expected, rtol=1e-6, atol=1e-9)
