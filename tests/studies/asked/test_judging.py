"""By what a study judges: what may be asked for, and that all of the study hears it."""

from dataclasses import replace

import numpy as np
import pytest
from studies import TINY

from goru.errors import InputError
from goru.experiment.racing.record import Record
from goru.nn.judge import CLASSES, NUMBERS, Judge
from goru.studies import defaults
from goru.studies.asked.judging import judge_of, measure_of, uniform_share
from goru.studies.defaults import roomy
from goru.studies.study import Study


def test_classes_are_judged_by_calibrated_probabilities_and_numbers_by_what_they_are_trained_by(flowers, prices):
    share = 1 / (2 * (roomy(len(flowers.y_development)) + 1))
    assert judge_of(None, flowers) == judge_of("log-loss", flowers) == Judge("log-loss", defaults.TEMPERATURES, share)
    assert judge_of("brier", flowers) == Judge("brier", defaults.TEMPERATURES)
    assert judge_of("accuracy", flowers) == Judge("accuracy")  # which no temperature changes
    assert judge_of(None, prices) is judge_of("rmse", prices) is None
    assert judge_of("mae", prices) == Judge("mae")


def test_tables_of_nearly_as_many_rows_are_judged_alike_so_that_they_share_programs(flowers):
    rows = len(flowers.y_development)
    fewer = replace(flowers, y_development=flowers.y_development[:-1])
    assert roomy(rows) == roomy(rows - 1)
    assert judge_of(None, fewer) == judge_of(None, flowers)
    assert uniform_share(rows - 1) > uniform_share(rows)


@pytest.mark.parametrize("measure", [*CLASSES, *NUMBERS])
def test_what_is_for_classes_is_refused_for_numbers_and_the_other_way_round(flowers, prices, measure):
    right, wrong = (flowers, prices) if measure in CLASSES else (prices, flowers)
    assert measure_of(measure, right) == measure
    with pytest.raises(InputError, match=rf"^judge='{measure}': '{wrong.target_name}' [^\n]+$"):
        measure_of(measure, wrong)
    with pytest.raises(InputError, match="judge"):
        Study(wrong, replace(TINY, judge=measure))  # before anything is trained


@pytest.mark.parametrize(
    ("table", "measure", "name", "figure"),
    [
        ("flowers", "brier", "Brier score", "Brier score"),
        ("flowers", "accuracy", "error rate", "accuracy"),
        ("prices", "mae", "mean absolute error", "absolute error"),
    ],
)
def test_a_study_is_judged_by_what_it_is_told(request, table, measure, name, figure):
    dataset, record = request.getfixturevalue(table), Record()
    answer = Study(dataset, replace(TINY, judge=measure)).run(record).answer
    judged = {trial.arm.name: [] for trial in record.trials}
    for trial in record.trials:
        assert trial.parts.ndim == 3
        np.testing.assert_allclose(trial.validation, trial.parts.sum(axis=-1), rtol=1e-5)
        judged[trial.arm.name].append(trial.validation)
    (recommended, *_) = answer.recommended
    assert recommended.validation_loss == pytest.approx(np.mean(judged[recommended.arm], axis=0).min(), rel=1e-5)
    assert (answer.judgement.measure, figure in answer.test[0].figures) == (name, True)
    if measure == "accuracy":  # the curves have it already
        for trial in record.trials:
            np.testing.assert_allclose(trial.validation[:, 0], 1 - trial.curves[:, 1, 1], atol=1e-5)
