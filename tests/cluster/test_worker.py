"""A worker: what it trains is what this process would, and it holds on to few tables."""

from populations import CLASSIFY, PLAIN, ROWS, SHAPE, block, different_bits, member, outcome, table, train, trainer

from goru.cluster.worker import ROWS_HELD, BlockTask, Worker
from goru.population.spec import TrainerSpec
from goru.versions import versions

SPEC = TrainerSpec(PLAIN, CLASSIFY, SHAPE, ROWS)


def worker(fetched: list | None = None) -> Worker:
    def fetch(seed: int):
        if fetched is not None:
            fetched.append(seed)
        return table(seed=seed)

    return Worker(1, fetch)


def test_it_trains_what_this_process_would():
    one = block(member(0), member(1))
    (found,) = worker().train(SPEC, [BlockTask.of(one, 0)], True, 0)
    (here,) = train(trainer(PLAIN), one)
    for index in range(2):
        assert different_bits(outcome(found.trained(one), index), outcome(here, index)) == []


def test_a_task_is_a_block_and_back():
    one = block(member(0), order=(3, 4), epochs=6, schedule_epochs=9)
    again = BlockTask.of(one, "anywhere").block(one.rows)
    assert vars(again) == vars(one)


def test_it_says_what_it_computes_with():
    assert worker().describe() == versions()


def test_a_table_is_fetched_once_until_there_are_too_many():
    fetched: list[int] = []
    one = worker(fetched)
    for seed in (0, 0, 1, *range(ROWS_HELD), 0, 1):
        one._table(seed)
    assert fetched == list(range(ROWS_HELD))
    one._table(ROWS_HELD)
    one._table(1)
    one._table(2)
    assert fetched == [*range(ROWS_HELD + 1), 2]


def test_what_nobody_waits_for_any_more_is_not_trained_to_the_end_and_what_comes_later_is():
    one = worker()
    one.stop(3)
    assert one.train(SPEC, [BlockTask.of(block(member(0)), 0)], False, 3) == []
    assert len(one.train(SPEC, [BlockTask.of(block(member(0)), 0)], False, 4)) == 1
