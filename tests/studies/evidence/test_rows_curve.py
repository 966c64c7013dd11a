"""Networks on a part of the training rows, beside those of the race."""

import numpy as np
import pytest

from goru.experiment.candidates import Candidate
from goru.experiment.racing.laboratory import Job
from goru.nn.architecture import Hyperparameters
from goru.studies.asked.design import PLAIN, arm_of
from goru.studies.blocks import Blocks
from goru.studies.evidence import rows_curve
from goru.studies.evidence.rows_curve import loss_by_rows

NORMED, SCHEDULE, STOPS = arm_of("before"), 6, 4
HYPER = Hyperparameters(learning_rate=0.01)._asdict()
BEST = {name: Candidate(arm, 1, HYPER, STOPS, 0.5) for name, arm in (("plain", PLAIN), ("recommended", NORMED))}


@pytest.fixture(autouse=True, scope="module")
def a_quarter_is_enough():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_curve, "FEWEST_ROWS", 8)
        yield


@pytest.fixture(scope="module")
def raced(laboratory, splits):
    """The trials of both candidates, and of another configuration that is nobody's."""
    jobs = [
        Job(candidate.arm, configuration, split, HYPER, 100 * configuration + split)
        for candidate in BEST.values()
        for configuration in (0, 1)
        for split in range(len(splits))
    ]
    return [trial for some in Blocks(laboratory, splits, SCHEDULE).train(jobs, lambda _: True) for trial in some]


@pytest.fixture(scope="module")
def found(laboratory, splits, raced):
    return loss_by_rows(laboratory, BEST, raced, splits, SCHEDULE)


def test_a_loss_an_arm_for_a_quarter_half_and_all_of_the_rows(found, splits):
    usual = np.mean([len(split.training_rows) for split in splits])
    assert found.rows == pytest.approx([usual / 4, usual / 2, usual], abs=1)
    for arm, by_rows in ((PLAIN, found.plain), (NORMED, found.recommended)):
        assert by_rows.arm == arm.name
        assert len(by_rows.loss) == 3
        assert all(low < loss < high for low, loss, high in zip(by_rows.low, by_rows.loss, by_rows.high, strict=True))
        assert by_rows.change == pytest.approx(by_rows.loss[2] - by_rows.loss[1])
        assert by_rows.change_low < by_rows.change < by_rows.change_high


def test_on_all_rows_it_is_the_race_s_own_until_the_candidate_stops(found, raced, splits):
    curves = np.stack(
        [trial.validation[:STOPS].min(axis=1) for trial in raced if trial.arm == PLAIN and trial.configuration == 1]
    )
    chosen = [np.delete(curves, split, axis=0).mean(axis=0).argmin() for split in range(len(splits))]
    expected = np.mean([curves[split, stop] for split, stop in enumerate(chosen)])
    assert found.plain.loss[-1] == pytest.approx(expected, rel=1e-6)


def test_fewer_rows_are_passed_over_as_many_times_more(laboratory, splits, raced, monkeypatch):
    seen, train = [], laboratory.train

    def watched(jobs, **named):
        seen.extend(block for _, block in jobs)
        return train(jobs, **named)

    monkeypatch.setattr(laboratory, "train", watched)
    loss_by_rows(laboratory, BEST, raced, splits, SCHEDULE)
    steps = {(block.epochs // block.every, round(block.epochs * len(block.rows.training), -2)) for block in seen}
    assert {points for points, _ in steps} == {STOPS}
    assert {block.schedule_epochs / block.epochs for block in seen} == {SCHEDULE / STOPS}
    for split in splits:
        half, quarter = (
            next(
                set(b.rows.training)
                for b in seen
                if b.every == part and set(b.rows.training) <= set(split.training_rows)
            )
            for part in (2, 4)
        )
        assert quarter < half


def test_the_plain_network_is_trained_once_where_it_is_recommended(laboratory, splits, raced):
    found = loss_by_rows(laboratory, {"plain": BEST["plain"], "recommended": BEST["plain"]}, raced, splits, SCHEDULE)
    assert found.plain == found.recommended


def test_where_there_are_too_few_rows_or_it_is_late_there_is_nothing(laboratory, splits, raced, monkeypatch):
    assert loss_by_rows(laboratory, BEST, raced, splits, SCHEDULE, lambda: True) is None
    monkeypatch.setattr(rows_curve, "FEWEST_ROWS", 10_000)
    assert loss_by_rows(laboratory, BEST, raced, splits, SCHEDULE) is None
