"""What estimators that pick their own regularisation share: a whole study inside `fit`."""

import warnings
from abc import abstractmethod
from contextlib import nullcontext
from dataclasses import replace
from inspect import signature
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
)

from goru.data.dataset import Dataset
from goru.data.memory import dataset_from
from goru.data.schema.encoding import Encoded
from goru.data.table import array_names
from goru.durations import seconds_of
from goru.errors import InputWarning, spelled
from goru.estimators.common import Estimator
from goru.estimators.findings import Findings
from goru.estimators.inputs import encode_numbers
from goru.estimators.notes import notes_on_quantity, warn_of
from goru.estimators.parameters import ACTIVATIONS, ARGUMENTS, factor_names, hidden_widths
from goru.estimators.validation import validated, within_floats
from goru.experiment.clock import Clock
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Silent
from goru.model.model import Model
from goru.nn.architecture import Architecture
from goru.report.progress.progress import watcher
from goru.studies import defaults
from goru.studies.asked.design import design
from goru.studies.asked.options import Options
from goru.studies.asked.techniques import parsed
from goru.studies.cv import partitions_of
from goru.studies.final.conclusion import Result
from goru.studies.splits import cut
from goru.studies.splits import partitions as own_partitions
from goru.studies.study import Study

FEWEST_ROWS = 4
LONG = 5.0  # times the usual work: more is said


class BaseMLPCV(Estimator):
    """Not for use: see the classes made from it."""

    _model: Model

    @abstractmethod
    def _checked_target(self, y: Any) -> np.ndarray:
        """The target as codes or values, `(rows,)`; learns the classes."""

    @abstractmethod
    def _classes(self) -> tuple[int, ...] | None:
        """The codes of the classes."""

    @abstractmethod
    def _as_predictor(self, predicted: np.ndarray, decision_weights: np.ndarray | float) -> BaseEstimator:
        """Predictions as an estimator that has made them, for a scorer."""

    @abstractmethod
    def _score_target(self, y: np.ndarray) -> np.ndarray:
        """Codes or values as the user gave them."""

    def _class_weight(self, y: np.ndarray) -> tuple[Literal["balanced"] | None, np.ndarray | None]:
        """The study's own option, and what rows count for by their class."""
        return None, None

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Self:
        clock = Clock()  # a wide table is prepared for longer than some budgets last
        self._check(y)
        if self.budget is not None and self.n_networks is not None:
            raise ValueError("budget and n_networks cannot be combined. Give a time or a number of networks.")
        if sparse.issparse(X):
            raise ValueError(self._sparse_refused(X))
        index = X.index if isinstance(X, pd.DataFrame) else None
        with within_floats():
            X = validated(self, X, None, reset=True)
            check_consistent_length(X, y, groups)
            if X.shape[0] < FEWEST_ROWS:
                raise ValueError(
                    f"n_samples={X.shape[0]}: a study needs {FEWEST_ROWS} rows at least, some to fit on and others to "
                    "score. Give more rows."
                )
            codes = self._checked_target(y)
            balanced, by_class = self._class_weight(codes)
            weights = self._weights(sample_weight, X, by_class)
        kept = None if weights is None or weights.all() else np.flatnonzero(weights)
        classifier = self._classes() is not None
        partitions = partitions_of(self.cv, X, codes, groups, classifier, kept)
        if self.group_duplicates and partitions is not None:
            raise ValueError(
                "group_duplicates and cv: a splitter makes its own folds. Give a number of folds, or None."
            )
        self._by_frame = isinstance(X, pd.DataFrame)
        frame = self._frame(X, index)
        groups = None if groups is None else np.asarray(groups)
        if kept is not None and weights is not None:
            frame, codes, weights = frame.iloc[kept], codes[kept], weights[kept]
            groups = None if groups is None else groups[kept]
            if classifier and len(np.unique(codes)) < 2:
                raise ValueError(
                    f"{self._weighing(sample_weight)}: all rows of weight above zero are of one class. Give weight to "
                    "rows of another."
                )
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(np.iinfo(np.int32).max)
        own_groups = groups if partitions is None else None
        record = Record()
        with spelled(ARGUMENTS):
            dataset = dataset_from(
                frame,
                codes,
                self._classes(),
                weights=weights,
                groups=own_groups,
                group_duplicates=self.group_duplicates,
            )
            # Of an array without names, that a column counts its rows says nothing.
            about_columns = dataset.schema.warnings if hasattr(self, "feature_names_in_") else ()
            about_target = () if classifier else notes_on_quantity(codes, kept)
            warn_of((*about_target, *about_columns, *dataset.encoded_development.notes), stacklevel=3)
            found = self._study(dataset, partitions, balanced, int(seed), record, clock)
        self._model, self._as_trained = found.model, found.trained
        self.study_ = Findings(found.answer, found.evidence, tuple(record.trials))
        self.effects_ = self.study_.effects
        self.recommended_ = found.answer.recommended
        self.n_iter_ = max(candidate.epochs for candidate in self.recommended_)
        if self.verbose:
            print(self.study_)
        return self

    def _study(
        self,
        dataset: Dataset,
        partitions: Any,
        balanced: Literal["balanced"] | None,
        seed: int,
        record: Record,
        clock: Clock,
    ) -> Result:
        if partitions is None and self.cv is not None:
            partitions = own_partitions(dataset, self.cv, seed)[:1]
        budget = seconds_of(self.budget)
        options = Options(
            budget=budget,
            networks=self.n_networks,
            hidden=None if self.hidden_layer_sizes is None else hidden_widths(self.hidden_layer_sizes),
            activation=ACTIVATIONS[self.activation],
            batch_size=None if self.batch_size == "auto" else self.batch_size,
            seed=seed,
            single=self.single,
            search_batch_norm=self.search_batch_norm,
            class_weight=balanced,
            epochs=self.epochs,
            numbers=self.numbers,
            factors=factor_names(self.factors),
        )
        if budget is None and self.n_networks is None:
            options = replace(options, networks=self._usual_networks(dataset, partitions, options))
        with watcher() if self.verbose else nullcontext(Silent()) as watching:
            scoring = None if self.scoring is None else self._scoring(dataset.y_development, dataset.weights)
            # A scorer of the user's own may count or log its calls; decision weights take many.
            decides = scoring if isinstance(self.scoring, str) else None
            study = Study(dataset, options, watching, clock, partitions, scoring, decision_scoring=decides)
            return study.run(record)

    def _usual_networks(self, dataset: Dataset, partitions: Any, options: Options) -> int:
        """How many networks to train without a budget: a function of the table, so that every fit is the same."""
        rows = len(dataset.y_development)
        hidden = options.hidden or defaults.usual_widths(rows)
        parameters = Architecture(dataset.n_features, hidden, dataset.n_outputs).n_parameters
        cuts = next(iter(cut(dataset, options.seed, partitions).values()))
        factors = None
        if options.factors is not None:
            factors = parsed(options.factors, dataset.classes is not None, options.activation)
        arms, epochs = len(design(options.search_batch_norm, factors).arms), options.epochs or defaults.EPOCHS
        networks = defaults.networks(arms, len(cuts[0]), len(cuts), parameters, rows, epochs)
        times = networks * defaults.work(parameters, rows, epochs) / defaults.USUAL_WORK
        if times > LONG:
            warnings.warn(
                f"{networks:,} networks of {parameters:,} parameters on {rows:,} rows take about {times:.0f} times as "
                "long as a small table does. Give budget= where time matters.",
                InputWarning,
                stacklevel=4,
            )
        return networks

    def _frame(self, X: Any, index: pd.Index | None) -> pd.DataFrame:
        if isinstance(X, pd.DataFrame):
            return X
        names = getattr(self, "feature_names_in_", array_names(X.shape[1]))
        return pd.DataFrame(X, index, list(names))

    def _sparse_refused(self, X: Any) -> str:
        """Why: a sparse matrix written out may be larger than memory, which is the user's to decide."""
        size = 8 * X.shape[0] * X.shape[1] / 2**20
        return (
            f"X is sparse, and {type(self).__name__} trains on dense rows only. Give X.toarray() ({size:,.0f} MiB), or "
            "use MLPClassifier or MLPRegressor, which keep it sparse."
        )

    def _as_model(self) -> Model:
        classes = (
            None
            if self._classes() is None
            else tuple(self._score_target(np.arange(len(self._classes() or ()))).tolist())
        )
        return replace(self._model, target=replace(self._model.target, classes=classes))

    def _trained(self) -> dict[str, np.ndarray]:
        return self._as_trained

    @property
    def report_(self) -> str:
        """The report, one HTML page that opens offline: `Path("report.html").write_text(model.report_, "utf-8")`."""
        check_is_fitted(self)
        return self.study_.report_html()

    def _scoring(self, codes: np.ndarray, weights: np.ndarray | None) -> Any:
        scorer = check_scoring(self, scoring=self.scoring)
        target = self._score_target(codes)
        weighs = "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters

        def score(rows: np.ndarray, predicted: np.ndarray, decision_weights: np.ndarray | float = 1.0) -> float:
            own = {"sample_weight": weights[rows]} if weighs and weights is not None else {}
            predictor = self._as_predictor(predicted, decision_weights)
            return scorer(predictor, np.zeros((len(rows), 1)), target[rows], **own)

        return score

    def _encoded(self, X: Any) -> Encoded:
        check_is_fitted(self)
        if sparse.issparse(X):
            raise ValueError(self._sparse_refused(X))
        with within_floats():
            X = validated(self, X, self._model.schema if self._by_frame else None, reset=False)
        if isinstance(X, pd.DataFrame):
            return self._model.schema.encode(X, "X")
        return encode_numbers(self._model.schema, X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
