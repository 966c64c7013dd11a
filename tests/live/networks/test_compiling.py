"""`goru.live.networks.compiling`: networks go on compiled from where they stand, and sliders cost no compilation."""

import subprocess
import sys

import numpy as np
import pytest
from live_served import wait_for
from live_states import PLAIN, with_data, with_network, with_training

from goru.live import worker
from goru.live.networks.compiling import Compiler, hand_over
from goru.live.networks.sides import Side
from goru.live.rows import Source, of_shape
from goru.live.session import Session
from goru.population import ensemble

pytestmark = pytest.mark.slow  # programs are compiled

TECHNIQUES = {
    "plain": PLAIN,
    "batch norm and dropout": with_network(norm="before", dropout=0.2),
    "after, half squared": with_network(norm="after", decay=0.1),
    "the norm itself": with_network(decay=0.01, decay_form="norm"),
    "decoupled, momentum": with_training(with_network(decay=0.3, decay_form="decoupled"), optimizer="momentum"),
}


@pytest.mark.parametrize("state", TECHNIQUES.values(), ids=TECHNIQUES)
def test_networks_are_those_that_numpy_would_have_trained(state):
    rows = of_shape(state.data)
    one, other = (Side(state, rows, True) for _ in range(2))
    for epoch in range(6):
        if epoch == 2:
            hand_over(other)
        one.epoch()
        other.epoch()
    assert other.compiled
    np.testing.assert_allclose(other.outputs(rows.x), one.outputs(rows.x), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(other.home().numbers.flat, one.home().numbers.flat, rtol=1e-2, atol=1e-4)


def test_rates_and_strengths_are_data_of_a_program(monkeypatch):
    made = []
    of_program = ensemble._program
    monkeypatch.setattr(ensemble, "_program", lambda *key: made.append((key, of_program(*key))) or made[-1][1])
    first = with_training(with_network(norm="before", dropout=0.2, decay=0.1, decay_form="decoupled"), rate=0.02)
    for state in (
        first,
        with_network(first, dropout=0.5),
        with_network(first, decay=0.3),
        with_network(first, initial=0.7),
        with_training(first, rate=0.001),
        with_data(first, noise=0.5, name="xor"),
    ):
        side = Side(state, of_shape(state.data), True)
        hand_over(side)
        side.epoch()
    assert len({id(program) for _, program in made}) == 1
    assert made[0][1]._cache_size() == 2  # for whole batches, and for the last one of an epoch


def test_a_session_goes_on_compiled_and_the_next_state_begins_so(monkeypatch):
    monkeypatch.setattr(worker, "SETTLED_SECONDS", 0.0)
    session = Session(with_network(dropout=0.1), Source())
    session.watch()
    session.start()
    wait_for(lambda: session._frame.get("compiled"), 90)
    assert session._frame["epochs_per_second"] is None or session._frame["epochs_per_second"] > 0
    epoch = session._frame["epoch"]
    assert epoch > 0
    monkeypatch.setattr(worker, "SETTLED_SECONDS", float("inf"))
    session.set(with_network(dropout=0.3))
    wait_for(lambda: session._latest.run == 2 and session._frame.get("epoch", 0) > 0, 30)
    assert session._frame["compiled"]
    assert session.close(60)


def test_a_compiler_knows_what_it_has_made():
    compiler = Compiler()
    state = with_network(hidden=(3,), norm="before")
    rows = of_shape(state.data)
    sides = [Side(state.plain, rows, True), Side(state, rows, True)]
    assert not compiler.ready(sides)
    compiler.want(sides)
    wait_for(lambda: compiler.ready(sides), 90)
    other = of_shape(with_data(state, rows=70).data)
    assert not compiler.ready([Side(state, other, True)])
    compiler.close()


def test_python_ends_cleanly_while_a_program_is_compiled():
    code = """
import time
from goru.live import worker
from goru.live.rows import Source
from goru.live.session import Session
from goru.live.state import NetworkState, State

worker.SETTLED_SECONDS = 0.0
session = Session(State(network=NetworkState((7, 9), norm="before")), Source())
session.start()
while not session._frame.get("epoch"):
    time.sleep(0.01)
time.sleep(0.3)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
