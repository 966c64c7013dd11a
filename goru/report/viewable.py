"""A study that shows itself: printed, in a notebook, as figures."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from goru.errors import InputError
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence
from goru.report.terminal import answer_lines

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

    from goru.experiment.trial import Trial
    from goru.report.pictures.picture import Picture


def _drawn(picture: "Picture | None", why: str) -> "Figure":
    if picture is None:
        raise InputError(f"{why}.")
    return picture.figure


class Viewable:
    """What can be looked at of a study, wherever it was kept.

    - `answer`: what it found.
    - `evidence`: what its pictures are drawn from.
    """

    answer: Answer
    evidence: Evidence

    def _recorded(self) -> "list[Trial]":
        """Every network of the comparison."""
        raise NotImplementedError

    @cached_property
    def effects(self) -> "pd.DataFrame":
        """One row a question, in the columns that [`effects_frame`][goru.studies.frames.effects_frame] documents."""
        from goru.studies.frames import effects_frame

        return effects_frame(self.answer)

    @cached_property
    def trials(self) -> "pd.DataFrame":
        """One row a network of the comparison: arm, configuration, split, hyperparameters, losses, why its training
        ended."""
        from goru.studies.frames import trials_frame

        return trials_frame(self._recorded())

    def plot_effects(self) -> "Figure":
        """What every technique changes, with intervals: a forest plot, by Plotly."""
        from goru.report.pictures.effects import effects_picture

        return effects_picture(self.answer).figure

    def plot_curves(self) -> "Figure":
        """Learning curves of the plain network and of the recommendation, on training rows and on validation rows.

        **Raises:** `InputError` for trainings of one epoch.
        """
        from goru.report.pictures.curves import curves_picture

        return _drawn(curves_picture(self.answer, self.evidence), "a training of one epoch has no curve")

    def plot_activations(self) -> "Figure":
        """How the activations of each layer are spread: before training, half way, and at the end.

        **Raises:** `InputError` if a network diverged, so that it has none, or it is no network of goru's.
        """
        from goru.report.pictures.activations import activations_picture

        why = "a network diverged, and has no activations to show. Fit again with another seed"
        if self.answer.network is None:
            why = "what a training function trains has no activations that goru knows of"
        return _drawn(activations_picture(self.evidence), why)

    def plot_hyperparameters(self) -> "Figure":
        """Validation loss vs hyperparameters, a point a configuration.

        **Raises:** `InputError` if there is none.
        """
        from goru.report.pictures.hyperparameters import hyperparameters_picture

        return _drawn(hyperparameters_picture(self.evidence, self.answer.judgement.measure), "the design has no knobs")

    def plot_arms(self) -> "Figure":
        """The validation loss of every combination."""
        from goru.report.pictures.arms import arms_picture

        return arms_picture(self.answer, self.evidence).figure

    def report_html(self) -> str:
        """The report, one HTML page that opens offline, as text."""
        from goru.report.study_page import html

        return html(self.answer, self.evidence)

    def write_report(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the report, one HTML file that opens offline.

        **Arguments:**

        - `path`: of the file.
        - `overwrite`: replace a file that is there.

        **Raises:** `InputError` if it cannot be written, or a file is there and is not to be overwritten.
        """
        from goru.report.writing import write_page

        write_page(self.report_html(), Path(path), overwrite)

    def _repr_html_(self) -> str:
        """What a notebook shows: no scripts, so that it is there in notebooks that are not trusted too."""
        from goru.report.fragment import fragment

        return fragment(self.answer)

    def __str__(self) -> str:
        return "\n".join(answer_lines(self.answer))
