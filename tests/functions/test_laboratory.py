"""What becomes of trials: whatever a function does, and whatever happens to its worker."""

import numpy as np
import pytest

import goru
from goru.data.splitting import Split
from goru.experiment.racing.laboratory import Job
from goru.functions.laboratory import TrainingFunctions
from goru.functions.workers.attempts import Attempt, TrainingTask, failed
from goru.functions.workers.workers import LostWorker

DESIGN = goru.Design({"trick": ["none", "one", "two", "three", "four"]}, {"rate": goru.uniform(0, 1)})
SPLITS = [Split(np.arange(10), np.arange(10, 15)), Split(np.arange(5, 15), np.arange(5))]
PARTS = 2


class Time:
    """A clock that is set."""

    now = 0.0

    def __call__(self):
        return self.now


class Workers:
    """A pool that does what it is told: `outcome(task, how often it was begun)`, or None for what never ends.

    Waiting takes a second of its clock.
    """

    def __init__(self, outcome, clock, size=1):
        self._outcome, self._clock, self.size = outcome, clock, size
        self.busy, self.begun, self.ended = {}, [], []

    def idle(self):
        return [worker for worker in range(self.size) if worker not in self.busy]

    def start(self, worker, task):
        self.begun.append(task)
        times = sum(task is one for one in self.begun)
        self.busy[worker] = self._outcome(task, times)

    def wait(self, seconds):
        self._clock.now += 1
        done = [(worker, outcome) for worker, outcome in self.busy.items() if outcome is not None]
        self.busy = {worker: None for worker, outcome in self.busy.items() if outcome is None}
        return done

    def end(self, worker):
        self.busy.pop(worker, None)
        self.ended.append(worker)

    def close(self):
        pass


def well(loss=1.0, seconds=1.0):
    return Attempt(np.full((1, 2, 1), loss, np.float32), np.full((1, PARTS), loss / PARTS, np.float32), seconds)


def jobs(arms=5, configurations=1, splits=1):
    return [
        Job(arm, configuration, split, {"rate": configuration / 8}, 100 * place + 10 * configuration + split)
        for place, arm in enumerate(DESIGN.arms[:arms])
        for configuration in range(configurations)
        for split in range(splits)
    ]


def train(outcome, wanted, watch=lambda done: True, size=1, **more):
    clock = Time()
    pool = Workers(outcome, clock, size)
    laboratory = TrainingFunctions(pool, len(DESIGN.arms), SPLITS, PARTS, 0, clock=clock, **more)
    found = [trial for trials in laboratory.train(wanted, watch) for trial in trials]
    return found, pool


def arm_of(task):
    return task.configs[0]["trick"]


def test_every_job_becomes_a_trial():
    wanted = jobs(configurations=2, splits=2)
    found, _ = train(lambda task, times: [well()], wanted)
    key = [(job.arm, job.configuration, job.split, job.values, job.id) for job in wanted]
    assert sorted(map(str, key)) == sorted(
        str((trial.arm, trial.configuration, trial.split, trial.values, trial.id)) for trial in found
    )
    assert {trial.ended for trial in found} == {"finished"}


def test_a_function_is_told_levels_and_knobs_together():
    _, pool = train(lambda task, times: [well()], jobs(1, configurations=2))
    assert [task.configs for task in pool.begun] == [
        ({"trick": "none", "rate": 0.0},),
        ({"trick": "none", "rate": 0.125},),
    ]
    np.testing.assert_array_equal(pool.begun[0].training, SPLITS[0].training_rows)
    np.testing.assert_array_equal(pool.begun[0].validation, SPLITS[0].validation_rows)


def test_configurations_that_are_the_same_are_trained_once():
    same = [Job(DESIGN.arms[0], configuration, 0, {}, configuration) for configuration in range(3)]
    found, pool = train(lambda task, times: [well()], same)
    assert len(pool.begun) == 1
    assert [trial.configuration for trial in found] == [0, 1, 2]


def test_what_diverges_is_no_failure():
    found, _ = train(lambda task, times: [well(np.nan)], jobs(2))
    assert [trial.ended for trial in found] == ["diverged"] * 2


def test_what_fails_keeps_its_traceback_and_what_was_printed():
    def outcome(task, times):
        return [well() if arm_of(task) == "none" else failed(PARTS, "ValueError: bad", 0.1, "epoch 1")]

    found, _ = train(outcome, jobs())
    assert [trial.ended for trial in found] == ["finished"] + ["failed"] * 4
    assert found[1].output == "epoch 1\nValueError: bad"


def test_if_all_of_the_first_fail_the_study_ends_with_the_reason():
    with pytest.raises(goru.InputError, match="ValueError: bad") as refused:
        train(lambda task, times: [failed(PARTS, 'File "x.py"\nValueError: bad', 0.1)], jobs(configurations=3))
    assert "\n" not in str(refused.value)


def test_if_the_plain_arm_fails_again_and_again_the_study_ends_with_the_reason():
    def outcome(task, times):
        return [failed(PARTS, "ValueError: bad", 0.1) if arm_of(task) == "none" else well()]

    with pytest.raises(goru.InputError, match=r"plain.*ValueError: bad"):
        train(outcome, jobs(configurations=3, splits=2))


def test_a_study_that_goes_on_knows_what_went_well_before():
    found, _ = train(lambda task, times: [failed(PARTS, "no", 0.1)], jobs()[1:], went_well=DESIGN.arms[:1])
    assert [trial.ended for trial in found] == ["failed"] * 4


def test_other_arms_that_fail_at_once_while_the_plain_one_is_training_end_nothing():
    class Slow(Workers):
        def __init__(self, *given):
            super().__init__(*given)
            self.at = {}

        def wait(self, seconds):
            """The plain arm is done last."""
            others = [worker for worker, task in self.at.items() if arm_of(task) != "none"]
            chosen = others[:1] or list(self.at)
            return [(worker, self._outcome(self.at.pop(worker), 1)) for worker in chosen]

        def start(self, worker, task):
            self.at[worker] = task

        def idle(self):
            return [worker for worker in range(self.size) if worker not in self.at]

    clock = Time()
    pool = Slow(lambda task, times: [well() if arm_of(task) == "none" else failed(PARTS, "no", 0.1)], clock, 5)
    laboratory = TrainingFunctions(pool, len(DESIGN.arms), SPLITS, PARTS, 0, clock=clock)
    found = [trial for trials in laboratory.train(jobs(), lambda done: True) for trial in trials]
    assert sorted(trial.ended for trial in found) == ["failed"] * 4 + ["finished"]


def test_a_trial_whose_process_dies_once_is_made_again():
    found, pool = train(lambda task, times: [well()] if times > 1 else LostWorker("killed"), jobs(2))
    assert [trial.ended for trial in found] == ["finished"] * 2
    assert len(pool.begun) == 4


def test_a_trial_whose_process_dies_again_and_again_has_failed_and_harms_no_other():
    found, _ = train(lambda task, times: LostWorker("exit status 3") if arm_of(task) == "two" else [well()], jobs())
    assert {trial.arm["trick"]: trial.ended for trial in found} == {
        **dict.fromkeys(["none", "one", "three", "four"], "finished"),
        "two": "failed",
    }
    assert "died" in next(trial.output for trial in found if trial.ended == "failed")
    assert "exit status 3" in next(trial.output for trial in found if trial.ended == "failed")


def test_a_trial_that_hangs_past_the_limit_is_ended():
    found, pool = train(lambda task, times: None if arm_of(task) == "one" else [well()], jobs(), limit=10, size=2)
    assert {trial.arm["trick"]: trial.ended for trial in found}["one"] == "failed"
    assert sum(trial.ended == "finished" for trial in found) == 4
    assert len(pool.ended) == 1
    assert "10 s" in next(trial.output for trial in found if trial.ended == "failed")


def test_a_population_may_take_as_long_for_each():
    def outcome(task, times):
        return None if arm_of(task) == "one" else [well() for _ in task.configs]

    clock = Time()
    pool = Workers(outcome, clock)
    laboratory = TrainingFunctions(pool, 5, SPLITS, PARTS, 0, 10, together=4, clock=clock)
    found = [trial for trials in laboratory.train(jobs(2, configurations=4), lambda done: True) for trial in trials]
    assert [len(task.configs) for task in pool.begun] == [4, 4]
    assert sum(trial.ended == "failed" for trial in found) == 4
    assert clock.now > 40


def test_without_a_limit_a_trial_hangs_after_many_times_what_others_took():
    found, _ = train(lambda task, times: None if arm_of(task) == "four" else [well(seconds=30.0)], jobs())
    assert "600 s" in next(trial.output for trial in found if trial.ended == "failed")


def test_a_last_training_that_hangs_is_ended_too():
    clock = Time()
    pool = Workers(lambda task, times: None, clock)
    laboratory = TrainingFunctions(pool, 5, SPLITS, PARTS, 0, 10, clock=clock)
    (found,) = laboratory.refit([TrainingTask(({},), np.arange(5), np.arange(5), 0)])
    assert "ended" in found.failure


def test_where_time_is_over_what_is_under_way_is_ended():
    asked = iter([True, True, True, False])
    found, pool = train(lambda task, times: [well()], jobs(configurations=4), watch=lambda done: next(asked, False))
    assert 0 < len(found) < 20
    assert pool.busy == {}


def test_each_population_is_of_one_arm_and_one_split():
    _, pool = train(lambda task, times: [well() for _ in task.configs], jobs(3, configurations=5, splits=2), together=4)
    for task in pool.begun:
        assert len({config["trick"] for config in task.configs}) == 1
    assert sorted(len(task.configs) for task in pool.begun) == [1] * 6 + [4] * 6
