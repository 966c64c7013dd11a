"""Ctrl-C: once to finish with what there is, twice to stop."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from goru.experiment.ending import Ending


@contextlib.contextmanager
def interruptible(ending: Ending) -> Iterator[None]:
    """Let the first SIGINT ask for the end, where there is something to end with, and every other one interrupt.

    Nothing is said here: a signal may come in the middle of a line. The study says it as soon as it looks.

    Where signals are somebody else's (they are ignored, as of a command that a shell runs in the background, or have a
    handler), they stay that.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def interrupted(number: int, frame: FrameType | None) -> None:
        if ending.asked or not ending.possible:
            raise KeyboardInterrupt
        ending.ask()

    try:
        signal.signal(signal.SIGINT, interrupted)
    except ValueError:  # not the main thread, which alone may
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
