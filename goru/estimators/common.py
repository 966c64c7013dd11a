"""What all estimators share: how arguments are kept, what rows count for, and what scikit-learn is told."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from goru.estimators.parameters import check_parameters
from goru.estimators.validation import refuse_gaps
from goru.model.files import save_as
from goru.model.model import Model

if TYPE_CHECKING:
    from goru.export.writing import Written


class Estimator(BaseEstimator, ABC):
    """Not for use: see the classes made from it."""

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store the constructor's arguments untouched."""
        self.__dict__.update({name: value for name, value in arguments.items() if name not in ("self", "__class__")})

    def _check(self, y: Any) -> None:
        """Raise `ValueError` for arguments that make no sense, or a target that is missing, wholly or in some rows."""
        check_parameters(self)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        refuse_gaps(y)

    def _weights(self, sample_weight: Any, X: Any, by_class: np.ndarray | None) -> np.ndarray | None:
        """What rows count for, by themselves and by their class, `(rows,)`; `None` if all count alike.

        **Raises:** `ValueError` for weights below zero, or if all are zero.
        """
        if by_class is not None and (by_class < 0).any():
            raise ValueError("Negative values in class_weight. Give numbers of at least 0.")
        weights = by_class
        if sample_weight is not None:
            checked = _check_sample_weight(sample_weight, X, dtype=np.float64)
            if (checked < 0).any():
                raise ValueError("Negative values in sample_weight. Give numbers of at least 0.")
            weights = checked if by_class is None else checked * by_class
        if weights is not None and not weights.any():
            names = self._weighing(sample_weight)
            raise ValueError(f"{names}: all rows have a weight of zero. Give at least one above zero.")
        return weights

    def _weighing(self, sample_weight: Any) -> str:
        """What weights come from, for messages."""
        given = {"sample_weight": sample_weight, "class_weight": getattr(self, "class_weight", None)}
        return " and ".join(name for name, weight in given.items() if weight is not None)

    @property
    def model_(self) -> Model:
        """The fitted model: predicts from frames, needs no scikit-learn, and can be saved and exported.

        **Raises:** `NotFittedError` before `fit`; `AttributeError` for targets that a model does not know: several
        labels or values a row, and counts fitted by the Poisson loss.
        """
        check_is_fitted(self)
        return self._as_model()

    @abstractmethod
    def _as_model(self) -> Model:
        """The model of a fitted estimator."""

    def _trained(self) -> Mapping[str, np.ndarray]:
        """The networks of the model as they were trained, an array a name."""
        from goru.export.safetensors import tensors

        return tensors(self.model_)

    def save(self, path: str | PathLike[str], overwrite: bool = False) -> Path:
        """Write `model_` into a folder, as safetensors and JSON: nothing is pickled. `goru.load(path)` reads it.

        **Arguments:**

        - `path`: of the folder, which is made.
        - `overwrite`: replace a model that is there; nothing else is ever replaced.

        **Returns:** the folder.

        **Raises:** `InputError` if it cannot be written, or exists and is not to be overwritten; `NotFittedError` and
        `AttributeError` as `model_` does.
        """
        return save_as(self.model_, self._trained(), Path(path), overwrite)

    def export(self, to: str, path: str | PathLike[str], *, single: bool = False, overwrite: bool = False) -> "Written":
        """Write `model_` for programs without goru.

        **Arguments:**

        - `to`: `"onnx"`, `"safetensors"` or `"torch"`.
        - `path`: a file for ONNX, a folder for the others.
        - `single`: the first network alone instead of the ensemble.
        - `overwrite`: replace files that exist.

        **Returns:** the files, each with what it holds, and what has to be known to use them.

        **Raises:** `InputError` if the format is unknown, or something cannot be written; `NotFittedError` and
        `AttributeError` as `model_` does.
        """
        from goru.export.exporting import export_model

        return export_model(self.model_, self._trained, to, Path(path), single, overwrite)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags
