"""Who does what: every job is done once, whoever comes, is slow, or is lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goru.cluster.dispatch import MOST_COPIES, MOST_LOSSES, SLOW, Dispatch, JobLost


def done_by(dispatch: Dispatch, worker: str, seconds: float = 1.0, began: float = 0.0) -> tuple[int, ...]:
    dispatch.take(worker, 1, began)
    return dispatch.done(worker, began + seconds)


class TestTaking:
    def test_jobs_are_begun_in_their_order(self):
        dispatch = Dispatch("aaaa")
        assert [dispatch.take(worker, 1, 0.0) for worker in "xyz"] == [(0,), (1,), (2,)]
        assert dispatch.waiting == 1

    def test_several_at_a_time_are_of_one_kind(self):
        dispatch = Dispatch("aaabba")
        assert [dispatch.take(worker, 2, 0.0) for worker in "wxyz"] == [(0, 1), (2,), (3, 4), (5,)]

    def test_there_may_be_nothing_to_do(self):
        dispatch = Dispatch("a")
        dispatch.take("x", 1, 0.0)
        assert dispatch.take("y", 1, 0.0) == ()
        assert not dispatch.finished
        assert dispatch.done("x", 1.0) == (0,)
        assert dispatch.finished
        assert Dispatch("").finished


class TestLosing:
    def test_what_a_lost_worker_was_doing_is_the_next_to_be_done(self):
        dispatch = Dispatch("aaaa")
        dispatch.take("x", 2, 0.0)
        dispatch.lost("x")
        assert dispatch.take("y", 1, 0.0) == (0,)
        assert dispatch.take("z", 4, 0.0) == (1, 2, 3)

    def test_nothing_is_lost_with_a_worker_that_was_doing_nothing(self):
        dispatch = Dispatch("a")
        dispatch.lost("x")
        assert dispatch.take("y", 1, 0.0) == (0,)

    def test_a_job_that_takes_worker_after_worker_with_it_is_at_fault(self):
        dispatch = Dispatch("aa")
        for number in range(MOST_LOSSES - 1):
            dispatch.take(number, 1, 0.0)
            dispatch.lost(number)
        dispatch.take("last", 1, 0.0)
        with pytest.raises(JobLost) as lost:
            dispatch.lost("last")
        assert (lost.value.job, lost.value.times) == (0, MOST_LOSSES)


class TestBackups:
    """When nothing is left to give out, what takes long is repeated."""

    def slow(self, **how) -> Dispatch:
        """Three jobs took a second each; the last one is still under way."""
        dispatch = Dispatch("aaaa", **how)
        for _ in range(3):
            done_by(dispatch, "x")
        dispatch.take("y", 1, 0.0)
        return dispatch

    def test_the_first_who_has_it_done_counts_and_the_other_s_is_nothing_new(self):
        dispatch = self.slow()
        assert dispatch.take("x", 1, SLOW + 0.1) == (3,)
        assert dispatch.done("x", SLOW + 1) == (3,)
        assert dispatch.finished
        assert dispatch.done("y", SLOW + 2) == ()

    def test_not_before_it_takes_much_longer_than_others(self):
        assert self.slow().take("x", 1, SLOW - 0.1) == ()

    def test_nor_before_it_is_known_how_long_others_take(self):
        dispatch = Dispatch("ab")
        done_by(dispatch, "x")
        dispatch.take("y", 1, 0.0)
        assert dispatch.take("x", 1, 1e9) == ()

    def test_nor_more_than_once_at_a_time(self):
        dispatch = self.slow()
        taken = [dispatch.take(worker, 1, 100.0) for worker in "xzw"]
        assert taken == [(3,)] * (MOST_COPIES - 1) + [()] * (4 - MOST_COPIES)

    def test_nor_where_that_is_not_wanted(self):
        assert self.slow(backups=False).take("x", 1, 1e9) == ()

    def test_while_a_copy_is_under_way_nothing_is_lost_with_the_other(self):
        dispatch = self.slow()
        dispatch.take("x", 1, 100.0)
        dispatch.lost("y")
        assert dispatch.take("z", 1, 100.5) == ()
        assert dispatch.done("x", 101.0) == (3,)


@settings(max_examples=200)
@given(st.text("ab", max_size=30), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_whatever_happens_every_job_is_done_once(kinds, workers, seed):
    rng, dispatch, now = np.random.default_rng(seed), Dispatch(kinds), 0.0
    busy: set[int] = set()
    found: list[int] = []
    for _ in range(10_000):
        if dispatch.finished:
            break
        now += rng.exponential()
        worker = int(rng.integers(workers))
        if worker not in busy:
            if dispatch.take(worker, int(rng.integers(1, 4)), now):
                busy.add(worker)
            continue
        busy.remove(worker)
        if rng.random() < 0.1:
            try:
                dispatch.lost(worker)
            except JobLost:
                return
        else:
            found += dispatch.done(worker, now)
    assert sorted(found) == list(range(len(kinds)))
