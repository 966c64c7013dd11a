"""Programs for the networks of a page, compiled beside their training in NumPy, which goes on meanwhile.

Once its program is there a side hands over what it has learned, its optimiser and its step, and goes on compiled. The
rates and strengths that a page has sliders for are data of a program: moving one costs no compilation.
"""

import contextlib
import threading
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from goru.live.networks.sides import Side
from goru.live.networks.surface import grid
from goru.live.rows import Rows
from goru.live.state import State
from goru.nn.rows import Features
from goru.population import ensemble
from goru.population.ensemble import CompiledEnsemble

MOST_PROGRAMS = 12  # that are kept, of about 20 MB each


class _OnDevices(CompiledEnsemble):
    """An ensemble that is asked for the outputs of the same rows after every epoch."""

    def outputs(self, x: Features) -> np.ndarray:
        """By a program of its own."""
        return self.outputs_on_devices(x) if isinstance(x, np.ndarray) else super().outputs(x)


def hand_over(side: Side) -> None:
    """Let a side go on compiled, from where it stands."""
    side.learning = _OnDevices(side.learner, side.rows.x, side.rows.y)


class Compiler:
    """Compiles for one run after the other, the latest first, in a thread of its own.

    **Arguments:**

    - `on_ready`: called in that thread once a run's programs are there.
    """

    def __init__(self, on_ready: Callable[[], None] = lambda: None) -> None:
        self._on_ready = on_ready
        self._ready: set[Hashable] = set()
        self._wanted: list[tuple[State, Rows, bool]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ready(self, sides: list[Side]) -> bool:
        """Whether the programs of these sides are there."""
        with self._changed:
            return all(_program(side) in self._ready for side in sides)

    def want(self, sides: list[Side]) -> None:
        """Compile for these sides, and for no others that are still waiting."""
        with self._changed:
            self._wanted = [(side.state, side.rows, side.batches.joined) for side in sides]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="goru-live-compiling", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Compile nothing more, and wait for what is being compiled: that cannot be stopped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._wanted and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                wanted, self._wanted = self._wanted, []
                if len(self._ready) >= MOST_PROGRAMS:
                    # Programs that are in use live on until their run ends.
                    self._ready.clear()
                    ensemble.forget_programs()
            with contextlib.suppress(Exception):  # what cannot be compiled goes on as it is
                for given in wanted:
                    if not self._closed:
                        self._make(Side(*given))
            self._on_ready()

    def _make(self, side: Side) -> None:
        """Programs, by a first use of each."""
        hand_over(side)
        side.epoch()
        side.outputs(side.rows.x)
        if side.rows.plane:
            side.outputs(grid(side.rows.extent, side.rows.x.shape[1]))
        with self._changed:
            self._ready.add(_program(side))


def _program(side: Side) -> Hashable:
    """What a side's programs are compiled for."""
    learner, rows = side.learner, side.rows
    assert learner.optimizer is not None
    given: Any = [bool(learner.hyper.dropout_rate), bool(learner.hyper.weight_decay), side.penalised]
    return (
        *(learner.layers, learner.loss, learner.optimizer.settings, learner.penalty, *given, len(learner)),
        *(rows.x.shape, len(rows.training), side.batch, side.batches.joined),
    )
