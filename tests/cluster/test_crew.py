"""Blocks that a crew trains: the same bits as in this process, whoever trains them and whatever becomes of workers."""

import time
from dataclasses import replace

import numpy as np
import pytest
from crews import Machines, once, turns
from populations import (
    AFTER,
    CLASSIFY,
    PLAIN,
    ROWS,
    SHAPE,
    block,
    different_bits,
    five_blocks,
    member,
    outcome,
    table,
    train,
    trainer,
)

from goru.cluster.crew import Crew, connected
from goru.cluster.dispatch import MOST_LOSSES
from goru.population.spec import TrainerSpec

SPEC = TrainerSpec(PLAIN, CLASSIFY, SHAPE, ROWS)
OTHER = TrainerSpec(AFTER, CLASSIFY, SHAPE, ROWS)
SLOWLY = replace(SPEC, interpreted=True)


def jobs(spec: TrainerSpec = SPEC):
    return [(spec, one) for one in five_blocks()]


def assert_trained(found, expected, keep_networks=True) -> None:
    assert sorted(found) == list(range(len(expected)))
    for place, here in enumerate(expected):
        for index in range(len(here.block.members)):
            assert different_bits(outcome(found[place], index), outcome(here, index)) == []


class TestTheSameBits:
    @pytest.mark.parametrize("cores", [(1,), (1, 1), (2,), (4, 1), (1, 1, 1, 1, 1, 1, 1)])
    def test_however_many_workers_of_however_many_cores(self, cores):
        found = dict(Crew(Machines(cores)).train(jobs(), keep_networks=True))
        assert_trained(found, train(trainer(PLAIN), *five_blocks()))

    @pytest.mark.parametrize("fate", [once(0), once(0, 1, 2), once(2, 3, 5)])
    def test_whichever_workers_are_lost(self, fate):
        machines = Machines(fate=fate, order=turns())
        found = dict(Crew(machines).train(jobs(), keep_networks=True))
        assert machines.lost
        assert_trained(found, train(trainer(PLAIN), *five_blocks()))

    def test_of_programs_that_are_several(self):
        mixed = [(SPEC if number % 2 else OTHER, one) for number, one in enumerate(five_blocks())]
        found = dict(Crew(Machines((2, 1))).train(mixed, keep_networks=True))
        for number, one in enumerate(five_blocks()):
            (here,) = train(trainer(PLAIN if number % 2 else AFTER), one)
            assert_trained({0: found[number]}, [here])

    def test_without_a_compiler(self):
        found = dict(Crew(Machines()).train(jobs(SLOWLY), keep_networks=True))
        here = list(SLOWLY.build().train(five_blocks(), keep_networks=True))
        assert_trained(found, here)

    def test_networks_on_the_way_come_too_and_curves_alone_are_enough(self):
        one = replace(block(member(0), member(1)), snapshots=(0, 2), every=2)
        ((_, found),) = Crew(Machines()).train([(SPEC, one)])
        ((here),) = trainer(PLAIN).train([one])
        assert found.training is None
        assert found.block is one
        assert np.array_equal(found.curves, here.curves)
        assert sorted(found.snapshots) == [0, 2]

    def test_nothing_to_train_is_nothing(self):
        assert list(Crew(Machines()).train([])) == []


class TestWhoDoesWhat:
    def test_a_worker_is_given_as_many_blocks_as_it_trains_at_a_time_and_leaves_others_theirs(self):
        machines = Machines((4, 4))
        list(Crew(machines).train(jobs()))
        assert machines.given == [(0, 3), (1, 2)]

    def test_a_table_is_sent_once_however_many_blocks_there_are_of_it(self):
        machines = Machines()
        crew = Crew(machines)
        other = table(seed=1)
        for _ in range(2):
            list(crew.train([*jobs(), (SPEC, block(member(0), rows=other))]))
        assert machines.tables == 2


class TestProgress:
    def test_network_epochs_are_told_as_blocks_are_done(self):
        told = []
        list(Crew(Machines()).train(jobs(), on_epochs=lambda done: told.append(done) or True))
        assert sum(told) == 5 * 2 * 4
        assert max(told) == 2 * 4

    def test_where_it_is_enough_the_others_are_stopped_and_what_was_done_is_handed_over(self):
        machines = Machines((1, 1))
        found = dict(Crew(machines).train(jobs(), on_epochs=lambda done: False))
        assert sorted(found) == [0]
        assert machines.stopped == [0]
        assert len(machines.under_way) == 2

    def test_a_worker_that_is_still_at_it_is_given_nothing_until_it_is_done(self):
        machines = Machines((1, 1), order=max)
        crew = Crew(machines)
        list(crew.train(jobs(), on_epochs=lambda done: False))
        found = dict(crew.train(jobs(), keep_networks=True))
        assert_trained(found, train(trainer(PLAIN), *five_blocks()))

    def test_whoever_stops_listening_stops_them_too(self):
        machines = Machines((1, 1))
        training = Crew(machines).train(jobs())
        next(training)
        training.close()
        assert machines.stopped == [0]


class TestFaults:
    def test_a_block_that_takes_worker_after_worker_with_it_ends_the_training(self):
        with pytest.raises(OSError, match=f"has ended {MOST_LOSSES} workers"):
            list(Crew(Machines((1,), fate=lambda number: True)).train(jobs()))

    def test_what_a_worker_raises_is_raised(self):
        with pytest.raises(MemoryError):
            list(Crew(Machines(fate=lambda number: MemoryError("too little"))).train(jobs()))

    def test_but_not_what_one_raises_for_whom_nobody_waits_any_more(self):
        machines = Machines((1, 1), fate=lambda number: MemoryError("late") if number == 1 else False)
        crew = Crew(machines)
        list(crew.train(jobs(), on_epochs=lambda done: False))
        assert len(dict(crew.train(jobs()))) == 5

    def test_a_program_that_takes_worker_after_worker_with_it_is_not_measured_for_ever(self):
        with pytest.raises(OSError, match=f"has ended {MOST_LOSSES} workers"):
            Crew(Machines((1,), fate=lambda number: True)).block_seconds(SPEC, table())


class TestPace:
    def test_workers_together_are_as_fast_as_the_sum_of_them(self, monkeypatch):
        paces = iter([0.5, 0.25])
        monkeypatch.setattr("goru.cluster.worker.block_seconds", lambda trainer, rows: next(paces))
        assert Crew(Machines()).block_seconds(SPEC, table()) == pytest.approx(1 / (2 + 4))

    def test_one_that_is_lost_does_not_count_and_whoever_comes_instead_does(self, monkeypatch):
        paces = iter([0.5, 0.25])
        monkeypatch.setattr("goru.cluster.worker.block_seconds", lambda trainer, rows: next(paces))
        machines = Machines(fate=once(0))
        assert Crew(machines).block_seconds(SPEC, table()) == pytest.approx(1 / (2 + 4))
        assert machines.lost == [0]

    def test_it_is_measured(self):
        began = time.monotonic()
        seconds = Crew(Machines()).block_seconds(SPEC, table())
        assert 0 < seconds < time.monotonic() - began


def test_without_an_address_there_is_no_crew():
    with connected(None) as crew:
        assert crew is None
