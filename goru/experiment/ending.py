"""Somebody's wish that a study finish before its time."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Ending:
    """Whether a study is to finish with what there is: whoever starts it may ask, the study looks again and again.

    - `possible`: whether there is something to finish with, or will be soon. Before, a study can only be stopped.
    - `asked`: whether somebody wants it.
    - `told`: whether that was said to who watches.
    """

    possible: bool = False
    asked: bool = False
    told: bool = False

    def ask(self) -> None:
        """Want it. Nothing else is done here, so that a signal may call this at any moment."""
        self.asked = True

    def noticed(self, tell: Callable[[bool], None], at_once: bool = True) -> bool:
        """Whether somebody wants it. The first time that is noticed, who watches is told.

        **Arguments:**

        - `tell`: tells who watches, [`Watcher.finishing`][goru.experiment.racing.watcher.Watcher.finishing].
        - `at_once`: whether there is something to finish with.
        """
        if self.asked and not self.told:
            self.told = True
            tell(at_once)
        return self.asked
