"""What is trained, and what watchers are told of it; the training itself is `goru.live.worker`'s, in a thread.

Nothing is queued for a watcher: it asks what is new since it last asked, and gets the latest of it, with all losses
since then. So a slow one costs no memory, misses frames, and no loss.
"""

import atexit
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from weakref import WeakSet

from goru.live.rows import Source
from goru.live.state import State

if TYPE_CHECKING:
    from goru.live.networks.training import Run

EPOCHS_A_SECOND = 30.0  # at first
ENTRIES_AT_ONCE = 4_000  # of losses in one frame
PAUSE_SECONDS = 120  # without a watcher
Reason = Literal["asked", "nobody watched", "too long"]
Event = tuple[str, dict[str, Any]]
TableCall = tuple[str, dict[str, Any]]  # a source, and options of `goru.live.table`


@dataclass
class Seen:
    """What a watcher has been told: the number of the last run, frame, status and error, and of entries of losses."""

    run: int = 0
    frame: int = 0
    status: int = 0
    error: int = 0
    entries: int = 0


class Task(NamedTuple):
    """What is to be done next: `begin` a state, or an `epoch`; in any case a frame where `show` says so."""

    begin: State | None = None
    epoch: bool = False
    show: bool = False


class Session:
    """One training at a time.

    **Arguments:**

    - `state`: what is trained at first.
    - `source`: of the rows.
    - `call`: how its table was read, for the snippet.
    """

    def __init__(self, state: State, source: Source, call: TableCall | None = None) -> None:
        self.state, self.source, self.call = state, source, call
        self.on_news: Callable[[], None] = lambda: None  # called, in any thread, when there is news for watchers
        self.playing = True
        self.reason: Reason = "asked"
        self.epochs_per_second = EPOCHS_A_SECOND
        self.network = 0  # whose surface is shown alone
        self.unwatched_since = time.monotonic()
        self._changed = threading.Condition()
        self._wanted: State | None = state  # to be trained anew
        self._steps, self._look, self._closed = 0, False, False
        self._watchers = 0
        self._run: Run | None = None
        self._latest = Seen()
        self._started: dict[str, Any] = {}
        self._frame: dict[str, Any] = {}
        self._error = ""
        self._thread = threading.Thread(target=self._work, name="goru-live", daemon=True)

    def start(self) -> None:
        """Begin to train."""
        _STARTED.add(self)
        self._thread.start()

    def _work(self) -> None:
        try:
            from goru.live.worker import Worker  # JAX comes with it, for which no page has to wait

            Worker(self).work()
        except Exception as error:  # of a thread nobody else would hear
            self.failed(f"training cannot begin: {type(error).__name__}: {error}")
            raise

    def close(self, seconds: float | None = None) -> bool:
        """End the training, and wait for its threads: a program that is being compiled cannot be stopped.

        **Arguments:**

        - `seconds`: the longest that is waited.

        **Returns:** whether they have ended.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # What a page asks for; each returns at once.

    def set(self, state: State) -> None:
        """Train this from now on; training that had stopped by itself goes on.

        **Raises:** `StateError` if it cannot be trained.
        """
        rows = self.source.rows(state)
        state.check(len(rows.training), rows.x.shape[1], rows.outputs)
        with self._changed:
            self.state = self._wanted = state
            if self.reason != "asked":
                self._set_playing(True)
            self._changed.notify_all()

    def reset(self) -> None:
        """Train the same from its first epoch."""
        self.set(self.state)

    def play(self) -> None:
        """Go on."""
        with self._changed:
            self._set_playing(True)

    def pause(self, reason: Reason = "asked") -> None:
        """Stop after the epoch that is under way."""
        with self._changed:
            self._set_playing(False, reason)

    def step(self) -> None:
        """One epoch, and pause."""
        with self._changed:
            self._set_playing(False)
            self._steps = min(self._steps + 1, 100)
            self._changed.notify_all()

    def speed(self, epochs_per_second: float) -> None:
        """The most epochs in a second."""
        with self._changed:
            self.epochs_per_second = epochs_per_second
            self._changed.notify_all()

    def look(self, network: int) -> None:
        """Show this network's surface alone."""
        with self._changed:
            self.network, self._look = network, True
            self._changed.notify_all()

    def snippet(self) -> str:
        """Python that trains the networks that were last set."""
        from goru.live.snippet import snippet

        state = self.state
        return snippet(state, self.source.rows(state), self.call)

    # Watchers

    @property
    def watchers(self) -> int:
        """How many there are."""
        return self._watchers

    def watch(self) -> Seen:
        """Begin to watch; training that has paused since nobody did goes on."""
        with self._changed:
            self._watchers += 1
            if self.reason == "nobody watched":
                self._set_playing(True)
            untold = bool(self._error) and self._run is None  # the last error still holds
            return Seen(status=self._latest.status, error=self._latest.error - untold)

    def leave(self) -> None:
        """Watch no longer."""
        with self._changed:
            self._watchers -= 1
            self.unwatched_since = time.monotonic()

    def news(self, seen: Seen) -> list[Event]:
        """What is new for a watcher, in the order to be told; `seen` is brought up to date."""
        with self._changed:
            latest, found = self._latest, list[Event]()
            if seen.error < latest.error:
                found.append(("error", {"error": self._error}))
                seen.error = latest.error
            if seen.status < latest.status:
                found.append(("state", {"playing": self.playing, "reason": self.reason}))
                seen.status = latest.status
            if seen.run < latest.run:
                found.append(("started", self._started))
                seen.run, seen.entries = latest.run, 0
            if seen.frame < latest.frame and self._run is not None and self._frame:
                found.append(("frame", self._frame_since(seen, self._run)))
            return found

    def _frame_since(self, seen: Seen, run: "Run") -> dict[str, Any]:
        """The latest frame, with the losses that the watcher has not had; if they are many, with the next of them."""
        last = self._frame["epoch"] + 1
        end = min(last, seen.entries + ENTRIES_AT_ONCE)
        losses = run.losses(seen.entries, end)
        seen.entries = end
        if end == last:
            seen.frame = self._latest.frame
        sides = {name: {"losses": losses[name], **own} for name, own in self._frame["sides"].items()}
        return {**self._frame, "sides": sides}

    # What the worker asks, and tells

    def next_task(self, due: float) -> Task | None:
        """Wait until there is something to do; `None` once the session is closed.

        **Arguments:**

        - `due`: when the next epoch may begin, by the monotonic clock.
        """
        with self._changed:
            while not self._closed:
                if self._wanted is not None:
                    begin, self._wanted, self._look = self._wanted, None, False
                    return Task(begin=begin, show=True)
                if self._run is not None:
                    if self._steps:
                        self._steps -= 1
                        return Task(epoch=True, show=True)
                    if self._look:
                        self._look = False
                        return Task(show=True)
                    if self.playing and not self._watchers and time.monotonic() - self.unwatched_since > PAUSE_SECONDS:
                        self._set_playing(False, "nobody watched")
                    if self.playing and due <= time.monotonic():
                        return Task(epoch=True)
                self._changed.wait(max(due - time.monotonic(), 0) if self.playing and self._run is not None else None)
            return None

    def given_up(self) -> bool:
        """Whether nobody wants the epoch that is under way."""
        return self._wanted is not None or self._closed

    def wake(self) -> None:
        """Let the worker look again."""
        with self._changed:
            self._changed.notify_all()

    def began(self, run: "Run") -> None:
        """A new run is there."""
        started = run.started()
        with self._changed:
            self._run, self._frame = run, {}
            self._latest.run += 1
            self._started = {"run": self._latest.run, **started}

    def showed(self, frame: dict[str, Any]) -> None:
        """Here is how the run stands: a frame without losses."""
        with self._changed:
            self._latest.frame += 1
            self._frame = {"run": self._latest.run, **frame}
        self.on_news()

    def failed(self, message: str) -> None:
        """The run cannot go on."""
        with self._changed:
            self._run, self._steps = None, 0
            self._latest.error += 1
            self._error = message
        self.on_news()

    def _set_playing(self, playing: bool, reason: Reason = "asked") -> None:
        if (playing, reason) != (self.playing, self.reason):
            self.playing, self.reason = playing, reason
            self._latest.status += 1
            self._changed.notify_all()
            self.on_news()


_STARTED: "WeakSet[Session]" = WeakSet()


@atexit.register
def _close_all() -> None:
    """Python must not end while a thread is inside of JAX: it would be torn out of it, and the process aborts."""
    for session in list(_STARTED):
        session.close()
