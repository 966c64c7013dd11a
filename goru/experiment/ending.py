"""Somebody's wish that a study finish before its time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goru.experiment.watcher import Watcher


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

    def noticed(self, watcher: "Watcher", at_once: bool = True) -> bool:
        """Whether somebody wants it. The first time that is noticed, who watches is told.

        **Arguments:**

        - `at_once`: whether there is something to finish with.
        """
        if self.asked and not self.told:
            self.told = True
            watcher.finishing(at_once)
        return self.asked
