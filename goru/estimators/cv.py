"""Estimators that pick their own regularisation."""

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_is_fitted,
    column_or_1d,
)

from goru.estimators.parameters import equals_text
from goru.estimators.predicted import PredictedClasses, PredictedValues
from goru.estimators.studying import BaseMLPCV


class MLPClassifierCV(ClassifierMixin, BaseMLPCV):
    """A classifier that finds out what batch norm, weight decay and dropout do on these rows, and takes the best.

    `fit` trains every combination of the three, each with its own learning rate, dropout rate and decay, compares them
    on rows that chose nothing, and trains an ensemble of the best one on all rows.

    **Arguments:**

    - `budget`: a time for the whole fit, in seconds or as `"60s"`, `"2m"`, where time matters: how many networks are
      trained is then a matter of the machine.
    - `n_networks`: networks to train in the comparison. By default 900: ten configurations of hyperparameters for each
      of the twelve combinations, in five folds, and the better half in five others; a minute or two on two cores for
      a table of some hundred rows. Larger tables get fewer, 108 at least, which may take long: give `budget`. Fewer
      than 36 become 36, one configuration each, which tunes nothing. With the same `random_state`, the same number of
      networks gives the same result on every run.
    - `cv`: `None`: 2 x 5 folds, of whole groups if there are `groups`. A number of folds, once; a splitter or
      pairs of indices; a repeated splitter gives one partition a repetition. In a partition no row may be scored twice.
    - `scoring`: by what the recommended combination is chosen, a scorer's name or a scorer; by default the loss. Which
      hyperparameters are best within a combination, and the verdicts, are always a matter of the loss. A scorer is
      given what was predicted for validation rows and what they are; the features that it is given are zeros. Of a name
      whose score is one of predicted classes, `"balanced_accuracy"` or `"f1"`, `predict` follows: rare classes are
      predicted before they are the most probable, where that raises the score of validation rows
      (`model_.decision_weights`). Probabilities stay as they are, and combinations are compared by their most probable
      classes.
    - `hidden_layer_sizes`: by default 128, 128, or 256, 256 from 4,000 rows.
    - `activation`: `"relu"`, `"tanh"`, `"logistic"`, `"identity"`, `"gelu"`, `"silu"`, `"mish"` or `"selu"`.
    - `batch_size`: rows in a mini-batch; `"auto"` follows the number of rows.
    - `epochs`: the length of the schedule; which epoch is the best is found out as well.
    - `numbers`: `"scaled"` alone; with `"squares"` added, or `"pieces"`, a piecewise-linear encoding (Gorishniy et al.
      2022); or `"auto"`: what a first look finds best.
    - `single`: predict with one network instead of an ensemble of eight.
    - `search_batch_norm`: draw the initial γ and β, ε and the momentum of batch norm as well.
    - `factors`: what is asked about, `["norm", "dropout", "mixup"]`, or with levels of your own, the reference first:
      `{"norm": ["none", "layer"], "mixup": None}`; `"all"` for everything; see `goru.studies.asked.techniques`.
    - `group_duplicates`: rows that are alike, `y` included, stay in one fold, as rows of one group do. Without it
      copies are counted among the notes of `study_`. It takes goru's own splits: a splitter in `cv` makes its own.
    - `class_weight`: `None`, `"balanced"` or a dict, what the rows of a class count for.
    - `random_state`: the random seed.
    - `verbose`: show how far the study is, and print what it found.

    **Attributes:**

    - `model_`: the fitted model; `save(path)` writes it without pickle, `goru.load(path)` reads it, `export(...)`
      writes it for other programs.
    - `study_`: what was found; print it. `study_.answer` is everything, typed, `study_.trials` every network.
    - `report_`: the report, an HTML page, as text.
    - `effects_`: a frame, one row a question, with the columns `name`, `change` (of the validation loss; below zero is
      better), `low` and `high` (its simultaneous interval), `margin` (less is negligible), `verdict`, the standard
      errors `rows`, `networks` and `search`, `rows_to_decide`, `configurations_to_decide`, and the probabilities
      `helps` and `negligible`; see [`effects_frame`][goru.studies.frames.effects_frame].
    - `recommended_`: what the networks are made of, an entry for each kind, with `arm`, `values`, `epochs`, `networks`.
    - `n_iter_`: the epochs of the longest trained of them.
    - `classes_`, `n_features_in_`, `feature_names_in_`: as in scikit-learn.
    """

    classes_: np.ndarray

    def __init__(
        self,
        *,
        budget: float | str | None = None,
        n_networks: int | None = None,
        cv: Any = None,
        scoring: Any = None,
        hidden_layer_sizes: Any = None,
        activation: str = "relu",
        batch_size: int | str = "auto",
        epochs: int = 100,
        numbers: Literal["auto", "scaled", "squares", "pieces"] = "auto",
        single: bool = False,
        search_batch_norm: bool = False,
        factors: Any = None,
        group_duplicates: bool = False,
        class_weight: Any = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Study rows `(rows, features)` and their labels, `(rows,)`.

        **Arguments:**

        - `X`: an array or a frame; missing values and, in frames, categories are taken care of. A sparse matrix is
          refused: studies train on dense rows.
        - `y`: the labels, of two classes at least; none may be missing.
        - `sample_weight`: what each row counts for, `(rows,)`.
        - `groups`: the group of each row, `(rows,)`: rows of one group stay in one fold.

        **Raises:** `ValueError` for input that cannot be used.
        """
        return self._fit(X, y, sample_weight, groups)

    def predict(self, X: Any) -> np.ndarray:
        """The class of every row, `(rows,)`: the most probable one, unless `scoring` asks for others.

        **Arguments:**

        - `X`: rows as of `fit`, `(rows, features)`.

        **Raises:** `NotFittedError` before `fit`; `ValueError` for other columns than those that were fitted on.
        """
        check_is_fitted(self)
        return self.classes_[self._model.decide(self.predict_proba(X))]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of every class, in the order of `classes_`, `(rows, classes)`; `X` as of `predict`."""
        encoded = self._encoded(X)  # and with it, whether there is a model
        return self._model.probabilities(encoded)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba(X)`, `(rows, classes)`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _checked_target(self, y: Any) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y", ensure_all_finite="allow-nan")
        if y.ndim == 2:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        encoder = LabelEncoder().fit(y)
        if len(encoder.classes_) < 2:
            raise ValueError(
                f"y has one class only, {encoder.classes_.tolist()[0]!r}. Give rows of two classes or more."
            )
        self.classes_ = encoder.classes_
        return encoder.transform(y)

    def _classes(self) -> tuple[int, ...] | None:
        return tuple(range(len(self.classes_)))

    def _class_weight(self, y: np.ndarray) -> tuple[Literal["balanced"] | None, np.ndarray | None]:
        if self.class_weight is None or equals_text(self.class_weight, "balanced"):
            return self.class_weight, None
        return None, compute_sample_weight(self.class_weight, self.classes_[y])

    def _as_predictor(self, predicted: np.ndarray, decision_weights: np.ndarray | float) -> BaseEstimator:
        return PredictedClasses(predicted, self.classes_, decision_weights)

    def _score_target(self, y: np.ndarray) -> np.ndarray:
        return self.classes_[y]


class MLPRegressorCV(RegressorMixin, BaseMLPCV):
    """A regressor that finds out what batch norm, weight decay and dropout do on these rows, and takes the best.

    Arguments mean what they mean for `MLPClassifierCV`, which says more about them. The loss is the squared error.

    **Arguments:**

    - `budget`: a time for the whole fit, in seconds or as `"60s"`, `"2m"`; `n_networks`: networks to train in the
      comparison instead, by default 900, and fewer for large tables.
    - `cv`: `None` (2 x 5 folds), a number of folds, a splitter or pairs of indices.
    - `scoring`: by what the recommended combination is chosen, a scorer's name or a scorer; by default the loss.
    - `hidden_layer_sizes`: by default 128, 128, or 256, 256 from 4,000 rows.
    - `activation`: `"relu"`, `"tanh"`, `"logistic"`, `"identity"`, `"gelu"`, `"silu"`, `"mish"` or `"selu"`.
    - `batch_size`: rows in a mini-batch; `"auto"` follows the number of rows.
    - `epochs`: the length of the schedule; which epoch is the best is found out as well.
    - `numbers`: `"scaled"` alone; with `"squares"` added, or `"pieces"`, a piecewise-linear encoding; or `"auto"`: what
      a first look finds best.
    - `single`: predict with one network instead of an ensemble of eight.
    - `search_batch_norm`: draw the initial γ and β, ε and the momentum of batch norm as well.
    - `factors`: what is asked about, such as `["norm", "dropout", "mixup"]`, or a mapping with levels; `"all"`.
    - `group_duplicates`: rows that are alike, `y` included, stay in one fold.
    - `random_state`: the random seed.
    - `verbose`: show how far the study is, and print what it found.

    **Attributes:** `model_`, `study_`, `report_`, `effects_`, `recommended_`, `n_iter_`, `n_features_in_` and
    `feature_names_in_`, as `MLPClassifierCV` has them.
    """

    def __init__(
        self,
        *,
        budget: float | str | None = None,
        n_networks: int | None = None,
        cv: Any = None,
        scoring: Any = None,
        hidden_layer_sizes: Any = None,
        activation: str = "relu",
        batch_size: int | str = "auto",
        epochs: int = 100,
        numbers: Literal["auto", "scaled", "squares", "pieces"] = "auto",
        single: bool = False,
        search_batch_norm: bool = False,
        factors: Any = None,
        group_duplicates: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Study rows `(rows, features)` and their values, `(rows,)`.

        **Arguments:**

        - `X`: an array or a frame; missing values and, in frames, categories are taken care of. A sparse matrix is
          refused: studies train on dense rows.
        - `y`: the values; none may be missing.
        - `sample_weight`: what each row counts for, `(rows,)`.
        - `groups`: the group of each row, `(rows,)`: rows of one group stay in one fold.

        **Raises:** `ValueError` for input that cannot be used.
        """
        return self._fit(X, y, sample_weight, groups)

    def predict(self, X: Any) -> np.ndarray:
        """The predicted value of every row, `(rows,)`, in the target's own units.

        **Arguments:**

        - `X`: rows as of `fit`, `(rows, features)`.

        **Raises:** `NotFittedError` before `fit`; `ValueError` for other columns than those that were fitted on.
        """
        encoded = self._encoded(X)  # and with it, whether there is a model
        return self._model.values(encoded)

    def _checked_target(self, y: Any) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=self)
        return column_or_1d(y, warn=True).astype(np.float64)

    def _classes(self) -> tuple[int, ...] | None:
        return None

    def _as_predictor(self, predicted: np.ndarray, decision_weights: np.ndarray | float) -> BaseEstimator:
        return PredictedValues(predicted)

    def _score_target(self, y: np.ndarray) -> np.ndarray:
        return y
