"""Estimators that pick their own regularisation: a whole study inside `fit`."""

from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import check_scoring
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from goru.data.encoding import Encoded
from goru.data.memory import dataset_from
from goru.estimators.inputs import Inputs, encode_numbers
from goru.estimators.parameters import ACTIVATIONS, _is, check, hidden_widths
from goru.estimators.splits import partitions_of
from goru.model.model import Model
from goru.report.progress import watcher
from goru.report.terminal import answer_lines
from goru.study.frames import effects_frame, trials_frame
from goru.study.options import Options
from goru.study.splits import partitions as own_partitions
from goru.study.study import Study
from goru.study.trial import Trial
from goru.study.watcher import Silent

FEWEST_ROWS = 4


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found; printed, it is the whole answer.

    - `answer`: everything, in plain JSON types.
    - `effects`: what every technique changed, a frame.
    - `trials`: every network that was trained, a frame.
    """

    answer: dict[str, Any]
    _trials: tuple[Trial, ...]

    @property
    def effects(self) -> pd.DataFrame:
        """One row a question: the change of the held-out loss, its interval and the verdict."""
        return effects_frame(self.answer)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row a network of the comparison."""
        return trials_frame(self._trials)

    def __str__(self) -> str:
        return "\n".join(answer_lines(self.answer))


class BaseMLPCV(BaseEstimator, ABC):
    """Not for use: see the classes made from it."""

    _model: Model

    def _keep(self, arguments: dict[str, Any]) -> None:
        """Store the constructor's arguments untouched."""
        self.__dict__.update({name: value for name, value in arguments.items() if name not in ("self", "__class__")})

    @abstractmethod
    def _checked_target(self, y: Any) -> np.ndarray:
        """The target as codes or values, `(rows,)`; learns the classes."""

    @abstractmethod
    def _classes(self) -> tuple[int, ...] | None:
        """The codes of the classes."""

    @abstractmethod
    def _as_predictor(self, predicted: np.ndarray) -> BaseEstimator:
        """Predictions as an estimator that has made them, for a scorer."""

    @abstractmethod
    def _score_target(self, y: np.ndarray) -> np.ndarray:
        """Codes or values as the user gave them."""

    def _class_weight(self, y: np.ndarray) -> tuple[Literal["balanced"] | None, np.ndarray | None]:
        """The study's own option, and what rows count for by their class."""
        return None, None

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Self:
        check(self)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        if self.budget is not None and self.n_networks is not None:
            raise ValueError("budget and n_networks exclude each other. Give a time or a number of networks.")
        inputs = Inputs("robust")
        X = inputs.validate(self, X, reset=True)
        check_consistent_length(X, y, groups)
        if X.shape[0] < FEWEST_ROWS:
            raise ValueError(
                f"n_samples={X.shape[0]}: a study fits on some rows and scores others; {FEWEST_ROWS} are needed."
            )
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
        codes = self._checked_target(y)
        balanced, by_class = self._class_weight(codes)
        if by_class is not None:
            weights = by_class if weights is None else weights * by_class
        if weights is not None and (weights < 0).any():
            raise ValueError("Negative values in sample_weight: a row counts for something, or for nothing.")
        kept = None if weights is None or weights.all() else np.flatnonzero(weights)
        classifier = self._classes() is not None
        partitions = partitions_of(self.cv, X, codes, groups, classifier, kept)
        self._by_frame = isinstance(X, pd.DataFrame)
        frame = self._frame(X)
        groups = None if groups is None else np.asarray(groups)
        if kept is not None and weights is not None:
            frame, codes, weights = frame.iloc[kept], codes[kept], weights[kept]
            groups = None if groups is None else groups[kept]
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        own_groups = groups if self.cv is None else None
        dataset = dataset_from(frame, codes, self._classes(), weights=weights, groups=own_groups)
        if partitions is None and self.cv is not None:
            partitions = own_partitions(dataset, self.cv, int(seed))
        options = Options(
            budget=self.budget,
            networks=self.n_networks,
            hidden=None if self.hidden_layer_sizes is None else hidden_widths(self.hidden_layer_sizes),
            activation=ACTIVATIONS[self.activation],  # type: ignore[arg-type]  # checked there
            batch_size=None if self.batch_size == "auto" else self.batch_size,
            seed=int(seed),
            single=self.single,
            search_batch_norm=self.search_batch_norm,
            class_weight=balanced,
            epochs=self.epochs,
            numbers=self.numbers,
        )
        trials: list[Trial] = []
        with watcher() if self.verbose else nullcontext(Silent()) as watching:
            scoring = None if self.scoring is None else self._scoring(codes, weights)
            study = Study(dataset, options, watching, partitions=partitions, scoring=scoring)
            found = study.run(keep=trials.extend)
        self._model = found.model
        self.study_ = Findings(found.answer, tuple(trials))
        self.effects_ = self.study_.effects
        self.recommended_ = found.answer["recommended"]
        self.n_iter_ = max(candidate["epochs"] for candidate in self.recommended_)
        if self.verbose:
            print(self.study_)
        return self

    def _frame(self, X: Any) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            return X
        values = X.toarray() if sparse.issparse(X) else X
        names = getattr(self, "feature_names_in_", [f"x{index}" for index in range(X.shape[1])])
        return pd.DataFrame(values, columns=list(names))

    def _scoring(self, codes: np.ndarray, weights: np.ndarray | None) -> Any:
        scorer = check_scoring(self, scoring=self.scoring)
        target = self._score_target(codes)

        def score(rows: np.ndarray, predicted: np.ndarray) -> float:
            own = {} if weights is None else {"sample_weight": weights[rows]}
            return scorer(self._as_predictor(predicted), np.zeros((len(rows), 1)), target[rows], **own)

        return score

    def _encoded(self, X: Any) -> Encoded:
        check_is_fitted(self)
        inputs = Inputs("robust")
        if self._by_frame:
            inputs.expect(self._model.schema)
        X = inputs.validate(self, X, reset=False)
        if isinstance(X, pd.DataFrame):
            return self._model.schema.encode(X, "X")
        return encode_numbers(self._model.schema, X.toarray() if sparse.issparse(X) else X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags


class _Predicted(BaseEstimator):
    """Predictions that were made before, as an estimator."""

    def __init__(self, predicted: np.ndarray) -> None:
        self.predicted = predicted

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Nothing is left to fit."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Any) -> np.ndarray:
        """The predictions, `(rows,)`."""
        return self.predicted


class _PredictedClasses(ClassifierMixin, _Predicted):
    def __init__(self, predicted: np.ndarray, classes: np.ndarray) -> None:
        super().__init__(predicted)
        self.classes_ = classes

    def predict(self, X: Any) -> np.ndarray:
        """The most probable classes, `(rows,)`."""
        return self.classes_[self.predicted.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probabilities, `(rows, classes)`."""
        return self.predicted


class _PredictedValues(RegressorMixin, _Predicted):
    pass


class MLPClassifierCV(ClassifierMixin, BaseMLPCV):
    """A classifier that finds out what batch norm, weight decay and dropout do on these rows, and takes the best.

    `fit` trains every combination of the three, each with its own learning rate, dropout rate and decay, compares them
    on rows that chose nothing, and trains a bag of the best one on all rows.

    **Arguments:**

    - `budget`: seconds for the whole fit; two minutes, if `n_networks` is not given either.
    - `n_networks`: networks to train in the comparison, instead of a time: the result is then the same on every run.
      There are twelve combinations, in three folds at least: fewer than 36 become 36.
    - `cv`: `None`: five folds, twice, of whole groups if there are `groups`. A number of folds, a splitter or pairs of
      indices; a repeated splitter gives one partition a repetition. In a partition no row may be scored twice.
    - `scoring`: by what the recommended combination is chosen, a scorer's name or a scorer; by default the loss. Which
      hyperparameters are best within a combination, and the verdicts, are always a matter of the loss.
    - `hidden_layer_sizes`: by default 128, 128, or 256, 256 from 4,000 rows.
    - `activation`: `"relu"`, `"tanh"`, `"logistic"`, `"identity"`, `"gelu"` or `"silu"`.
    - `batch_size`: rows in a mini-batch; `"auto"` follows the number of rows.
    - `epochs`: the length of the schedule; which epoch is the best is found out as well.
    - `numbers`: `"scaled"`; in `"pieces"` between quantiles as well (Gorishniy et al. 2022); or `"auto"`: what a first
      look finds better.
    - `single`: predict with one network instead of a bag of eight.
    - `search_batch_norm`: draw the initial γ and β, ε and the momentum of batch norm as well.
    - `class_weight`: `None`, `"balanced"` or a dict, what the rows of a class count for.
    - `random_state`: everything random is a function of it.
    - `verbose`: show how far the study is, and print what it found.

    **Attributes:**

    - `study_`: what was found; print it. `study_.answer` is everything in plain types, `study_.trials` every network.
    - `effects_`: a frame, one row a question: what it changed, the interval, the verdict.
    - `recommended_`: what the networks are made of, a dict for each kind.
    - `n_iter_`: the epochs of the longest trained of them.
    - `classes_`, `n_features_in_`, `feature_names_in_`: as in scikit-learn.
    """

    classes_: np.ndarray

    def __init__(
        self,
        *,
        budget: float | None = None,
        n_networks: int | None = None,
        cv: Any = None,
        scoring: Any = None,
        hidden_layer_sizes: Any = None,
        activation: str = "relu",
        batch_size: int | str = "auto",
        epochs: int = 100,
        numbers: Literal["auto", "scaled", "pieces"] = "auto",
        single: bool = False,
        search_batch_norm: bool = False,
        class_weight: Any = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Study rows `(rows, features)` and their labels, `(rows,)`.

        **Arguments:**

        - `X`: an array, a sparse matrix, or a frame; missing values and, in frames, categories are taken care of.
        - `sample_weight`: what each row counts for.
        - `groups`: the group of each row, for splits.

        **Raises:** `ValueError` for input that cannot be used.
        """
        return self._fit(X, y, sample_weight, groups)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of every row, `(rows,)`."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of every class, in the order of `classes_`, `(rows, classes)`."""
        encoded = self._encoded(X)  # and with it, whether there is a model
        return self._model.probabilities(encoded)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _checked_target(self, y: Any) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y", ensure_all_finite="allow-nan")
        if y.ndim == 2:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        encoder = LabelEncoder().fit(y)
        if len(encoder.classes_) < 2:
            raise ValueError(f"y has one class only, {encoder.classes_[0]!r}. There is nothing to predict.")
        self.classes_ = encoder.classes_
        return encoder.transform(y)

    def _classes(self) -> tuple[int, ...] | None:
        return tuple(range(len(self.classes_)))

    def _class_weight(self, y: np.ndarray) -> tuple[Literal["balanced"] | None, np.ndarray | None]:
        if self.class_weight is None or _is(self.class_weight, "balanced"):
            return self.class_weight, None
        return None, compute_sample_weight(self.class_weight, self.classes_[y])

    def _as_predictor(self, predicted: np.ndarray) -> BaseEstimator:
        return _PredictedClasses(predicted, self.classes_)

    def _score_target(self, y: np.ndarray) -> np.ndarray:
        return self.classes_[y]


class MLPRegressorCV(RegressorMixin, BaseMLPCV):
    """A regressor that finds out what batch norm, weight decay and dropout do on these rows, and takes the best.

    Arguments and attributes are those of `MLPClassifierCV`, but for `class_weight` and `classes_`. The loss is the
    squared error.
    """

    def __init__(
        self,
        *,
        budget: float | None = None,
        n_networks: int | None = None,
        cv: Any = None,
        scoring: Any = None,
        hidden_layer_sizes: Any = None,
        activation: str = "relu",
        batch_size: int | str = "auto",
        epochs: int = 100,
        numbers: Literal["auto", "scaled", "pieces"] = "auto",
        single: bool = False,
        search_batch_norm: bool = False,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self._keep(locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Study rows `(rows, features)` and their values, `(rows,)`; see `MLPClassifierCV.fit`."""
        return self._fit(X, y, sample_weight, groups)

    def predict(self, X: Any) -> np.ndarray:
        """The predicted value of every row, `(rows,)`."""
        encoded = self._encoded(X)  # and with it, whether there is a model
        return self._model.values(encoded)

    def _checked_target(self, y: Any) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=self)
        return column_or_1d(y, warn=True).astype(np.float64)

    def _classes(self) -> tuple[int, ...] | None:
        return None

    def _as_predictor(self, predicted: np.ndarray) -> BaseEstimator:
        return _PredictedValues(predicted)

    def _score_target(self, y: np.ndarray) -> np.ndarray:
        return y
