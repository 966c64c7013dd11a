"""How fast a program is: by its quickest call, with every device at work."""

from types import SimpleNamespace

import numpy as np
import pytest
from populations import PLAIN, table, trainer

from goru.population.member import PreparedRows
from goru.population.timing import CALLS, block_seconds
from goru.population.trainer import Trainer


def test_a_program_takes_some_time():
    assert block_seconds(trainer(PLAIN), table()) > 0


def test_the_last_call_which_prepares_no_other_does_not_count(monkeypatch):
    clock, stopped = [0.0], []

    class Ahead(Trainer):
        """Prepares every call for 0.03 s while the devices are done with the last one after 0.01 s."""

        def __init__(self):
            self.shape, self.devices = SimpleNamespace(networks=2, epochs=10), ("one", "other")

        def train(self, blocks, on_epochs, points_in_a_call):
            assert points_in_a_call == 5
            (calls,) = {block.epochs // 5 for block in blocks}
            clock[0] += 0.03
            for call in range(calls):
                clock[0] += 0.03 if call < calls - 1 else 0.01
                if not on_epochs(5):
                    stopped.append(call)
                    return
                yield call

    monkeypatch.setattr("goru.population.timing.time.monotonic", lambda: clock[0])
    rows = PreparedRows(np.zeros((4, 1), np.float32), np.zeros(4, np.int32), *[np.arange(4)] * 3)
    assert block_seconds(Ahead(), rows) == pytest.approx(0.03 / (5 * 2))
    assert stopped == [CALLS - 1]
