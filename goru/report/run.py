"""A run's folder, opened to be used and looked at; and a model's."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goru.language import spoken
from goru.report.viewable import Viewable
from goru.studies.runs import run as on_disk

if TYPE_CHECKING:
    import numpy as np

    from goru.experiment.trial import Trial
    from goru.export.writing import Written
    from goru.model.model import Model


class Run(Viewable, on_disk.RunFolder):
    """A finished run. Shown in a terminal or a notebook, it is its answer.

    - `folder`: where it is.
    - `model`: the final model, see [`Model`][goru.model.model.Model]. `answer`: everything that was found, typed.
    - `effects`: a frame with one row a question, in the columns of
      [`effects_frame`][goru.studies.frames.effects_frame]; `trials`: a frame with one row a network of the comparison.
    - `plot_effects()`, `plot_curves()`, `plot_activations()`, `plot_hyperparameters()`, `plot_arms()`: by Plotly.
    """

    def __repr__(self) -> str:
        return str(self)

    def predict(self, table: Any) -> "np.ndarray":
        """The class of every row, or its value, `(rows,)`; see `Model.predict`.

        **Arguments:**

        - `table`: a frame with the columns that were fitted on; an array, if that was one.

        **Raises:** `InputError` if columns are missing, or hold something else.
        """
        return self.model.predict(table)

    def predict_proba(self, table: Any) -> "np.ndarray":
        """The probability of every class, `(rows, classes)`, in the order of `model.target.classes`.

        **Arguments:**

        - `table`: as of `predict`.

        **Raises:** `TypeError` in regression; `InputError` as `predict` does.
        """
        return self.model.predict_proba(table)

    def report(
        self,
        path: str | os.PathLike[str] | None = None,
        overwrite: bool = True,
        show: bool = False,
        lang: str | None = None,
    ) -> Path:
        """Write the report, one HTML page that opens offline.

        **Arguments:**

        - `path`: of the page; by default `report.html` in the run's folder.
        - `overwrite`: whether it replaces a file at `path`.
        - `show`: open it in the browser.
        - `lang`: its language, `"en"` or `"ko"`; by default that of the locale.

        **Returns:** where it is.

        **Raises:** `InputError` if it cannot be written, or would replace a file that is to stay; for a language
        that there is not.
        """
        from goru.report.study_page import write_study_page

        page = self.folder / on_disk.REPORT if path is None else Path(path)
        with spoken(lang):
            if path is None:
                write_study_page(self)
            else:
                self.write_report(page, overwrite)
        if show:
            import webbrowser

            webbrowser.open(page.resolve().as_uri())
        return page

    def report_html(self) -> str:
        """The report as text, with what it takes to repeat the run."""
        from goru.report.study_page import study_page

        return study_page(self)

    def save(self, folder: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Copy the run to a folder that stays; `goru.load(folder)` opens it.

        **Arguments:**

        - `folder`: where to; it is made.
        - `overwrite`: replace a run that is there; nothing else is ever replaced.

        **Returns:** the folder.

        **Raises:** `InputError` if it cannot be written, or holds something already.
        """
        from goru.studies.runs.folder import LOCK, new_run

        own = {on_disk.CONFIG, on_disk.MAKING, on_disk.READY, LOCK, on_disk.MANIFEST}
        with new_run(Path(folder), self.config, overwrite) as making:
            for path in self.folder.iterdir():
                if path.is_dir() and path.name not in own:
                    shutil.copytree(path, making / path.name)
                elif path.name not in own:
                    shutil.copyfile(path, making / path.name)
        return Path(folder)

    def export(
        self,
        to: str,
        path: str | os.PathLike[str] | None = None,
        *,
        single: bool = False,
        overwrite: bool = False,
    ) -> "Written":
        """Write the final model for programs without goru.

        **Arguments:**

        - `to`: `"onnx"`, `"safetensors"` or `"torch"`.
        - `path`: a file for ONNX, a folder for the others; by default called as the run's folder is.
        - `single`: the first network alone instead of the ensemble.
        - `overwrite`: replace files that exist.

        **Returns:** the files, each with what it holds.

        **Raises:** `InputError` if the format is unknown, or something cannot be written.
        """
        from goru.export.exporting import export_run

        return export_run(self.folder, to, None if path is None else Path(path), single, overwrite)

    def _recorded(self) -> "list[Trial]":
        return self.recorded


def load(path: str | os.PathLike[str]) -> "Run | Model":
    """Open a finished run, or read a model that an estimator has saved: `goru.load("runs/credit-g").predict(table)`.

    **Arguments:**

    - `path`: of the folder that `goru fit`, `Run.save` or an estimator's `save` has written.

    **Returns:** a [`Run`][goru.report.run.Run], or a [`Model`][goru.model.model.Model].

    **Raises:** `InputError` if the folder is neither, or not finished, or damaged.
    """
    from goru.model.files import is_model, load_model

    return load_model(Path(path)) if is_model(Path(path)) else Run(on_disk.open_run(path).folder)
