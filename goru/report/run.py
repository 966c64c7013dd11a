"""A run's folder, opened to be used and looked at."""

import os
from typing import TYPE_CHECKING

from goru.report.viewable import Viewable
from goru.studies.runs import run as on_disk

if TYPE_CHECKING:
    from goru.experiment.trial import Trial


class Run(Viewable, on_disk.RunFolder):
    """A finished run: its `model`, its `answer`, and everything that can be looked at."""

    def _recorded(self) -> "list[Trial]":
        return self.recorded


def load(folder: str | os.PathLike[str]) -> Run:
    """Open a finished run: `goru.load("runs/credit-g").model.predict(table)`.

    **Raises:** `InputError` if the folder is no run of goru's, or is not finished.
    """
    return Run(on_disk.open_run(folder).folder)
