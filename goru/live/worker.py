"""The thread that trains: epoch after epoch at the speed that is wanted, a frame now and then."""

import time
from collections import deque
from typing import Any

from goru.live.networks.compiling import Compiler, hand_over
from goru.live.networks.sides import GivenUp
from goru.live.networks.training import Run
from goru.live.session import Session
from goru.live.state import StateError
from goru.population.devices import out_of_memory

FRAMES_A_SECOND = 20
SHARE_OF_FRAMES = 0.3  # of the time, at the most
MOST_EPOCHS = 20_000  # until somebody has to press play again
SETTLED_SECONDS = 0.5  # a run that is this old is compiled; while a slider is drawn, none is


class Worker:
    """Does what its session says; see `work`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._compiler = Compiler(session.wake)
        self._run: Run | None = None
        self._begun = 0.0
        self._asked = False  # whether programs of this run have been asked for
        self._paces: deque[tuple[float, int]] = deque(maxlen=40)
        self._due = self._shown = 0.0  # when the next epoch may begin, and the next frame be made

    def work(self) -> None:
        """Until the session is closed."""
        try:
            self._work()
        finally:
            self._compiler.close()

    def _work(self) -> None:
        session = self._session
        while (task := session.next_task(self._due)) is not None:
            try:
                if task.begin is not None:
                    self._run = None  # room for the next one
                    self._run = Run(task.begin, session.source.rows(task.begin))
                    self._begun, self._asked, self._due = time.monotonic(), False, 0.0
                    self._paces.clear()
                    session.began(self._run)
                if self._run is None:
                    continue
                if task.epoch:
                    self._epoch(self._run)
                if task.show or time.monotonic() >= self._shown:
                    self._show(self._run)
            except GivenUp:
                continue
            except StateError as error:
                self._fail(str(error))
            except Exception as error:  # whatever it is, the page is told, and can ask for something else
                if out_of_memory(error):
                    self._fail("not enough memory for these networks. Give fewer rows, narrower layers or fewer seeds.")
                else:
                    self._fail(f"training has stopped: {type(error).__name__}: {error}")

    def _epoch(self, run: Run) -> None:
        begun = time.monotonic()
        self._compile(run)
        run.advance(self._session.given_up)
        # What one epoch is late the next ones need not make up for.
        self._due = max(self._due, begun - 1 / self._session.epochs_per_second) + 1 / self._session.epochs_per_second
        self._paces.append((time.monotonic(), run.epoch))
        if run.epoch % MOST_EPOCHS == 0:
            self._session.pause("too long")
            self._shown = 0.0

    def _compile(self, run: Run) -> None:
        """Go on compiled as soon as the programs are there; have them made if the run is not left at once."""
        sides = list(run.sides.values())
        if run.compiled:
            return
        if self._compiler.ready(sides):
            for side in sides:
                hand_over(side)
            self._paces.clear()
        elif not self._asked and time.monotonic() - self._begun > SETTLED_SECONDS:
            self._asked = True
            self._compiler.want(sides)

    def _show(self, run: Run) -> None:
        begun = time.monotonic()
        frame: dict[str, Any] = {
            "epoch": run.epoch,
            "compiled": run.compiled,
            "epochs_per_second": self._pace(),
            "sides": run.view(self._session.network),
        }
        self._session.showed(frame)
        now = time.monotonic()
        self._shown = now + max(1 / FRAMES_A_SECOND - (now - begun), (now - begun) / SHARE_OF_FRAMES)

    def _pace(self) -> float | None:
        """Epochs in a second, over the last ones."""
        while self._paces and time.monotonic() - self._paces[0][0] > 3 and len(self._paces) > 2:
            self._paces.popleft()
        if len(self._paces) < 2:
            return None
        (first, earlier), (last, later) = self._paces[0], self._paces[-1]
        return round((later - earlier) / max(last - first, 1e-9), 1)

    def _fail(self, message: str) -> None:
        self._run = None
        self._session.failed(message)
