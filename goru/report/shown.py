"""A study that shows itself: printed, in a notebook, as figures."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from goru.errors import InputError
from goru.report.terminal import answer_lines

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

    from goru.study.trial import Trial


class Shown:
    """What can be looked at of a study, wherever it was kept.

    - `answer`: what it found, in plain JSON types.
    - `evidence`: what its pictures are drawn from, in plain JSON types.
    """

    answer: dict[str, Any]
    evidence: dict[str, Any]

    def _recorded(self) -> "list[Trial]":
        """Every network of the comparison."""
        raise NotImplementedError

    @cached_property
    def effects(self) -> "pd.DataFrame":
        """One row a question: the change of the held-out loss, its interval, the margin, the verdict."""
        from goru.study.frames import effects_frame

        return effects_frame(self.answer)

    @cached_property
    def trials(self) -> "pd.DataFrame":
        """One row a network of the comparison: arm, draw, split, hyperparameters, losses, why its training ended."""
        from goru.study.frames import trials_frame

        return trials_frame(self._recorded())

    def plot_effects(self) -> "Figure":
        """What every technique changes, with intervals: a forest plot, by Plotly."""
        from goru.report.pictures.effects import effects_picture

        return effects_picture(self.answer).figure

    def plot_curves(self) -> "Figure":
        """Learning curves of the plain network and of the recommendation, on fit rows and on held-out rows."""
        from goru.report.pictures.curves import curves_picture

        return curves_picture(self.answer, self.evidence).figure

    def plot_activations(self) -> "Figure":
        """How the activations of each layer are spread: before training, half way, and at the end.

        **Raises:** `InputError` if a network diverged, so that it has none.
        """
        from goru.report.pictures.activations import activations_picture

        picture = activations_picture(self.evidence)
        if picture is None:
            raise InputError("a network diverged, and has no activations to show. Fit again with another seed.")
        return picture.figure

    def plot_hyperparameters(self) -> "Figure":
        """The held-out loss over each hyperparameter, a point a draw."""
        from goru.report.pictures.hyperparameters import hyperparameters_picture

        return hyperparameters_picture(self.evidence).figure

    def _repr_html_(self) -> str:
        """What a notebook shows: no scripts, so that it is there in notebooks that are not trusted too."""
        from goru.report.fragment import fragment

        return fragment(self.answer)

    def __str__(self) -> str:
        return "\n".join(answer_lines(self.answer))
