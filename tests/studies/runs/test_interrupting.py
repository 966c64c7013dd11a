"""Ctrl-C, as the process gets it."""

import signal
import threading

import pytest

from goru.experiment.ending import Ending
from goru.studies.runs.interrupting import interruptible


@pytest.fixture(autouse=True)
def _usual():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_first_one_asks_for_the_end_and_the_second_interrupts():
    ending = Ending(possible=True)
    with interruptible(ending):
        ctrl_c()
        assert ending.asked
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()


def test_where_there_is_nothing_to_finish_with_the_first_one_interrupts():
    ending = Ending()
    with interruptible(ending), pytest.raises(KeyboardInterrupt):
        ctrl_c()
    assert not ending.asked


def test_afterwards_it_is_what_it_was():
    with interruptible(Ending(possible=True)):
        pass
    with pytest.raises(KeyboardInterrupt):
        ctrl_c()


def test_where_it_is_ignored_it_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ending = Ending(possible=True)
    with interruptible(ending):
        ctrl_c()
    assert not ending.asked


def test_another_thread_leaves_it_as_it_is():
    ended = []

    def work():
        with interruptible(Ending(possible=True)):
            ended.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [signal.default_int_handler]
