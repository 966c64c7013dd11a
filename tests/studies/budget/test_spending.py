"""A budget holds, whatever networks take, and however much slower the machine gets: all is planned by the clock."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from budgets import ASKED, SMALL, WIDE, Machine, spend
from hypothesis import given, settings
from hypothesis import strategies as st
from studies import Notebook

from goru.experiment import clock
from goru.experiment.clock import Clock
from goru.experiment.plan import USUAL_SHARE, Plan
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.scheduler import SAFETY
from goru.nn.architecture import Hyperparameters
from goru.studies import defaults
from goru.studies.asked.design import ARMS, design
from goru.studies.asked.techniques import parsed
from goru.studies.blocks import Blocks
from goru.studies.budget import spending as module
from goru.studies.budget.extent import EXTENTS, LENGTHENED, Extent
from goru.studies.budget.forecast import Work
from goru.studies.budget.pace import Pace
from goru.studies.budget.spending import Spending, Way


def after_a_sample(machine: Machine) -> tuple[Spending, Plan, SimpleNamespace]:
    """Ten minutes for a race on a sample, which has just ended."""
    spending = spend(machine, 600, sampled=True, plain=False)
    plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
    return spending, plan, SimpleNamespace(block_seconds=None, splits_done=3)


def study(machine: Machine, budget: float) -> tuple[float, float, Extent]:
    """A study as far as it takes time: what it took, what was planned, and what there was in the end."""
    spending = spend(machine, budget)
    plan, deadline, reserve = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
    splits = [split for partition in machine.partitions[plan.folds] for split in partition]
    blocks, most = (
        Blocks(machine.laboratory, splits, plan.epochs),
        max(plan.configurations, defaults.MOST_CONFIGURATIONS),
    )
    configurations = {arm: [Hyperparameters()._asdict()] * most for arm in ARMS}
    run = Race(blocks, configurations, len(splits), plan, Record(), Notebook(), clock=machine.time.monotonic)
    run.run(deadline, reserve)
    epochs, folds = max(round(USUAL_SHARE * plan.epochs), 1), min(plan.folds, run.splits_done)
    extent = spending.extent(plan, run, epochs, EXTENTS[0 if plan.full else 1], True)
    pace: Pace = spending._pace
    machine.take(pace.last)
    machine.take(pace.training_again(extent, folds, epochs) / SAFETY)  # what was measured, without what is on top
    return machine.time.now - 1000.0, spending.takes, extent


seconds = st.floats(0.5, 600)
epochs = st.floats(1e-3, 0.1)


class TestTheBudget:
    @settings(max_examples=40)
    @given(seconds, epochs)
    def test_it_is_held_unless_it_is_smaller_than_the_smallest_study(self, budget, an_epoch):
        with pytest.MonkeyPatch.context() as patch:
            took, _, _ = study(Machine(patch, an_epoch), budget)
        with pytest.MonkeyPatch.context() as patch:
            least, _, _ = study(Machine(patch, an_epoch), 1e-3)
        assert took <= max(1.03 * budget, least) + 2 * an_epoch

    @pytest.mark.slow
    @settings(max_examples=40)
    @given(st.floats(10, 600), st.floats(1e-3, 0.02), st.floats(1, 3), st.floats(0, 1))
    def test_so_it_is_where_the_machine_gets_slower(self, budget, an_epoch, slower, when):
        """At whatever moment, but for what must be trained in any case; to within half of it, if everything takes three
        times as long all at once: what was begun as the last thing for which there was time is finished."""
        with pytest.MonkeyPatch.context() as patch:
            took, _, _ = study(Machine(patch, an_epoch, slower, when * budget), budget)
        with pytest.MonkeyPatch.context() as patch:
            least, _, _ = study(Machine(patch, an_epoch, slower, 0), 1e-3)
        assert took <= max(1.5 * budget, least)

    def test_nearly_all_of_it_is_used(self):
        for budget in (5, 20, 60, 120, 300):
            with pytest.MonkeyPatch.context() as patch:
                took, planned, extent = study(Machine(patch, 0.01), budget)
            assert 0.75 * budget < took
            assert planned <= budget
            assert extent.networks == defaults.ENSEMBLE

    @settings(max_examples=60)
    @given(seconds, st.floats(0, 100), epochs)
    def test_a_larger_one_is_never_planned_to_take_less(self, budget, more, an_epoch):
        planned = []
        for some in (budget, budget + more):
            with pytest.MonkeyPatch.context() as patch:
                machine = Machine(patch, an_epoch)
                spending = spend(machine, some)
                spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
                planned.append(spending.takes)
        assert planned[0] <= planned[1]


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch, 0.01, known=False)


class TestWay:
    def test_with_time_programs_are_compiled_and_without_they_are_not(self, machine):
        ways = [spend(machine, budget).way(SMALL).interpreted for budget in (1e-3, 2, 5, 20, 60, 600)]
        assert ways == sorted(ways, reverse=True)
        assert (ways[0], ways[-1]) == (True, False)

    def test_on_a_machine_that_is_busy_it_takes_more_time(self, machine, monkeypatch):
        assert not spend(machine, 60).way(SMALL).interpreted
        monkeypatch.setattr(clock.Clock, "slowness", lambda _: 20.0)
        assert spend(machine, 60).way(SMALL).interpreted

    def test_where_numpy_would_take_longer_than_a_compiler_it_is_asked(self, machine):
        assert not spend(machine, 1e-3, batch=32).way(WIDE).interpreted

    def test_a_cluster_always_compiles(self, machine):
        assert not spend(machine, 1e-3, crew=True).way(SMALL).interpreted

    @pytest.mark.parametrize("token", ["averaging", "sam", "optimizer"])
    def test_what_numpy_cannot_train_is_compiled_waited_for_and_takes_as_long_as_that(self, machine, token):
        some, other = (design(factors=parsed([name, "dropout"])).arms for name in (token, "mixup"))
        spending, usual = spend(machine, 1e-3, arms=some), spend(machine, 1e-3, arms=other)
        assert not spending.way(SMALL).interpreted
        assert usual.way(SMALL).interpreted
        assert spending.compiling is None
        assert usual.compiling is not None
        assert spending.takes > usual.takes

    def test_where_there_is_time_for_few_networks_blocks_hold_few(self, machine):
        assert spend(machine, 600).way(SMALL).networks == defaults.networks_in_a_block(SMALL.n_parameters) == 4
        assert spend(machine, 1e-3, crew=True).way(SMALL).networks == 2

    def test_programs_are_waited_for_as_long_as_numpy_would_not_be_sooner(self, machine):
        small, wide = spend(machine, 60), spend(machine, 1e-3, batch=32)
        small.way(SMALL), wide.way(WIDE)
        assert small.compiling == pytest.approx(0.4 * small.left)
        assert wide.compiling is None

    @pytest.mark.parametrize(("budget", "exceeding"), [(1e-3, True), (60, False)])
    def test_that_the_budget_is_too_small_is_known_before_anything_is_trained(self, machine, budget, exceeding):
        spending = spend(machine, budget)
        spending.way(SMALL)
        assert spending.exceeding == exceeding

    def test_a_study_that_goes_on_goes_the_same_way(self, machine):
        record = Record()
        first = spend(machine, 600, record).way(SMALL)
        assert spend(machine, 1e-3, record).way(SMALL) == first == Way(False, 4)


class TestShares:
    def test_of_what_is_left(self, machine):
        spending = spend(machine, 60)
        assert spending.looking == pytest.approx(defaults.PROBE_SHARE * spending.left)
        assert spending.baselines == pytest.approx(defaults.BASELINES * 60)

    def test_where_little_is_left_baselines_have_less(self, machine):
        spending = spend(machine, 60)
        machine.time.now += 50
        assert 0 < spending.baselines < 0.3 * 10

    def test_where_nothing_is_left_there_is_nothing(self, machine):
        spending = spend(machine, 60)
        machine.time.now += 61
        assert (spending.looking, spending.baselines, spending.late()) == (0, 0, True)

    def test_a_study_that_goes_on_has_as_much_for_baselines(self, machine):
        record = Record()
        assert spend(machine, 60, record).baselines == spend(machine, 1, record).baselines


class TestScored:
    """Arms are scored in all splits where that takes half of what is left, and else in two."""

    @pytest.mark.parametrize(("left", "splits"), [(1000, 5), (1, 2)])
    def test_there_are_as_many_as_there_is_time_for(self, machine, left, splits):
        record = Record()
        spending = spend(machine, 600, record, scored=12)
        plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        machine.time.now += spending.left - left
        done = SimpleNamespace(block_seconds=None, splits_done=10)
        assert len(spending.scored(range(5), plan, done)) == splits
        machine.time.now -= 500
        assert len(spending.scored(range(5), plan, done)) == splits  # as it was decided


class TestDecisions:
    def test_a_study_that_goes_on_plans_nothing_anew(self, machine):
        record, split = Record(), machine.laboratory.partitions[0][0]
        first = spend(machine, 60, record)
        plan = first.plan(machine.laboratory, split, 2)
        machine.laboratory.block_seconds = None
        again = spend(machine, 60, record)
        assert again.plan(machine.laboratory, split, 2) == plan
        assert (again.takes, again._pace) == (first.takes, first._pace)

    def test_nor_what_is_trained_in_the_end(self, machine):
        record, done = Record(), SimpleNamespace(block_seconds=None, splits_done=10)
        spending = spend(machine, 600, record)
        plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        first = spending.extent(plan, done, 10, EXTENTS[0], True)
        machine.time.now += 599
        assert spending.extent(plan, done, 10, EXTENTS[0], True) == first == EXTENTS[0]

    def test_nor_how_long_the_schedule_of_the_final_model_is(self, machine):
        record, done = Record(), SimpleNamespace(block_seconds=None, splits_done=3)
        spending = spend(machine, 600, record)
        plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        assert spending.longest(plan, done, True) is None  # the race's is as long as it should be
        short = replace(plan, epochs=plan.epochs // 4)
        extent, schedule = spending.longest(short, done, True)
        assert (extent, schedule) == (LENGTHENED[0], plan.epochs)
        machine.time.now += 599
        assert spending.longest(short, done, True) == (extent, schedule)

    def test_nor_what_is_trained_on_all_rows_after_a_race_on_a_sample(self, machine):
        spending, plan, done = after_a_sample(machine)
        rows = spending.rows_in_the_end(plan, done, 1_000, 2.0)
        trained = spending.on_all_rows(plan, done, machine.laboratory, 1.0)
        assert (rows, trained) == (1_000, (EXTENTS[3], ASKED.epochs, True))
        machine.time.now += 599
        assert spending.rows_in_the_end(plan, done, 1_000, 2.0) == rows == spending.final_rows
        assert spending.on_all_rows(plan, done, None, 1.0) == trained

    def test_facts_are_plain_json(self, machine, tmp_path):
        from goru.experiment.racing.store import Store

        store = Store(tmp_path / "study.sqlite")
        spending = spend(machine, 60, store)
        spending.way(SMALL)
        plan = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        store._connection.close()
        kept = Store(tmp_path / "study.sqlite")
        assert spend(machine, 60, kept).plan(None, None, 2) == plan
        kept._connection.close()


class TestMeasuring:
    def test_it_tells_how_long_every_program_takes_and_on_how_many_rows(self, laboratory, splits, flowers):
        spending = Spending(Clock(budget=1e6), Record(), ASKED, 8, 48, 0, plain=True, validation=True, crew=False)
        spending.plan(laboratory, splits[0], 2)
        pace = spending._pace
        assert (pace.configurations, pace.at_once) == (laboratory.configurations_at_once, laboratory.blocks_at_once)
        assert len(pace.block_seconds) == len(laboratory.trainers)
        assert min(pace.block_seconds) > 0
        assert min(pace.a_block, pace.a_split) > 0
        assert (pace.training_rows, pace.all_rows) == (len(splits[0].training_rows), len(flowers.y_development))

    def test_programs_that_there_is_no_time_for_are_taken_to_be_as_slow_as_the_others(self, machine):
        machine.laboratory.block_seconds = lambda rows, seconds: [0.3, 0.2, 0.5]
        spending = spend(machine, 600)
        spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        expected = [SAFETY * seconds for seconds in (0.3, 0.2, 0.5, 0.5, 0.5, 0.5)]
        assert spending._pace.block_seconds == pytest.approx(expected)

    def test_on_all_rows_programs_are_timed_on_some_of_them(self, machine, monkeypatch):
        monkeypatch.setattr(module, "TIMED_ROWS", 4)
        (spending, plan, done), laboratory, timed = after_a_sample(machine), machine.laboratory, []
        monkeypatch.setattr(Pace, "on_all_rows", lambda pace, *_: timed.append(pace) or (EXTENTS[3], 10, True))
        laboratory.block_seconds = lambda rows, seconds: timed.append(rows) or [0.1]
        spending.on_all_rows(plan, done, laboratory, 1.0)
        rows, pace = timed
        assert len(rows.training) == len(rows.x) == 4
        assert (pace.training_rows, pace.all_rows) == (4, len(laboratory.dataset.y_development))

    def test_of_too_many_rows_none_are_timed_and_the_race_says_how_fast_programs_are(self, machine, monkeypatch):
        monkeypatch.setattr(module, "MOST_ROWS_TIMED", 29)
        (spending, plan, done), laboratory, paces = after_a_sample(machine), machine.laboratory, []
        monkeypatch.setattr(Pace, "on_all_rows", lambda pace, *_: paces.append(pace) or (EXTENTS[3], 10, True))
        laboratory.block_seconds = None
        spending.on_all_rows(plan, done, laboratory, 2.0)
        assert paces[0].block_seconds == pytest.approx([2 * one for one in spending._pace.block_seconds])

    def test_where_there_is_no_time_for_a_pass_there_are_fewer_rows_and_no_fewer_than_were_searched(self, machine):
        rows = []
        for later in (0, 590, 700):
            spending, plan, done = after_a_sample(machine)
            machine.time.now += later
            rows.append(spending.rows_in_the_end(plan, done, 100_000, 1.0))
        assert rows[0] > rows[1] > rows[2] == 30

    def test_where_no_time_is_left_nothing_is_measured(self, machine):
        machine.laboratory.block_seconds = lambda rows, seconds: pytest.fail("measured")
        spending = spend(machine, 1e-3)
        plan, _, _ = spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        assert (plan.configurations, plan.partitions, plan.folds, plan.epochs) == (1, 1, 3, 8)
        assert min(spending._pace.block_seconds) > 0


class TestOverrun:
    @pytest.mark.parametrize(("spent", "said"), [(69, []), (70, ["slower than estimated"])])
    def test_it_is_said_if_it_is_more_than_a_little(self, machine, spent, said):
        spending = spend(machine, 60)
        spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        machine.time.now = 1000.0 + spent
        assert [said for said in ("slower than estimated", "minimum") if said in " ".join(spending.overrun())] == said

    def test_so_it_is_where_nothing_smaller_could_be_planned(self, machine):
        spending = spend(machine, 0.5)
        spending.plan(machine.laboratory, machine.laboratory.partitions[0][0], 2)
        machine.time.now = 1003.0
        assert spending.takes > 0.5
        assert spending.overrun() == ["exceeded the 0.5 s budget (minimum here: 3 s)."]


def test_what_is_planned_to_be_compiled_counts():
    """Six programs are not there for nothing."""
    assert Work(20_000, 128, 1, 1, 6).compiling > 5 * Work(20_000, 128, 1, 1, 1).compiling
    assert module.COMPILING < 0.5
