"""Two rivals on the same rows: a linear model, and boosted trees. Both are scikit-learn's.

Predictions are those of the test rows, in the form of [`scores`][goru.studies.final.scores].
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from goru.data.dataset import Dataset
from goru.data.preparing import TargetScaling
from goru.data.schema.encoding import Encoded
from goru.data.splitting import Split
from goru.studies.final.scores import losses_at, mean_of_classes
from goru.studies.laboratory import fit_preparation

PENALTIES = tuple(10.0**power for power in range(4, -3, -1))  # of squared weights, beside the sum of row losses
USUAL_PENALTY = 1.0  # where choosing takes too long
CHOOSING_SECONDS = 3.0
MOST_STEPS = 300

MOST_ROUNDS = 500  # early stopping ends most boosting long before
FEW_ROUNDS = 50  # without it; with twice as many, small tables are overfitted
FEWEST_ROWS_TO_STOP = 500  # a tenth of fewer says too little about when to stop
MOST_LEVELS = 255  # of a category that trees split by subsets of its levels

# Seconds, measured on quiet cores on tables of 142 to 16,512 development rows, 4 to 663 features and 1 to 10 outputs.
PATH_SECONDS = (0.1, 4.5e-8)  # logistic regression with every penalty: at least, and for a row, feature and output
RIDGE_SECONDS = (0.01, 4e-11)  # one ridge regression: at least, and for a row, feature and the lesser of both
TREE_SECONDS = (1e-3, 1.5e-8)  # a tree: at least, and for a row and feature
PREPARING_SECONDS, BINNING_SECONDS = 5e-5, 1.3e-4  # a column, for each fit of a linear model, and for all trees


class Stopwatch:
    """Seconds of predicting; all others of a model are for fitting it."""

    def __init__(self) -> None:
        self.predicting = 0.0

    @contextmanager
    def predicts(self) -> Iterator[None]:
        """While it does."""
        began = time.perf_counter()
        yield
        self.predicting += time.perf_counter() - began


def linear(
    dataset: Dataset, splits: Sequence[Split], balanced: bool = False, watch: Stopwatch | None = None
) -> np.ndarray:
    """Logistic regression, or ridge regression, on features prepared as the networks' are.

    **Arguments:**

    - `splits`: of the development rows; the penalty is the one with the lowest loss on their validation rows. On a
      large table only the first split chooses, and on a very large one the penalty is the usual one.
    - `balanced`: whether every class counts alike, however many rows it has.
    - `watch`: is told how long predicting takes.
    """
    with _one_thread():
        penalty = _choose(dataset, splits[: _splits_to_choose_on(dataset, len(splits))], balanced)
        rows = np.arange(len(dataset.y_development))
        return next(_path(dataset, rows, dataset.encoded_test, (penalty,), balanced, watch))


def boosting(
    dataset: Dataset,
    seed: int,
    balanced: bool = False,
    most: int = MOST_ROUNDS,
    watch: Stopwatch | None = None,
) -> np.ndarray:
    """Boosted trees on the columns as they are: missing values missing, categories split by their levels.

    **Arguments:**

    - `seed`: which rows tell when to stop.
    - `balanced`: whether every class counts alike, however many rows it has.
    - `most`: rounds; there may be fewer.
    - `watch`: is told how long predicting takes.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    y, stops, watch = dataset.y_development, _can_stop_early(dataset), watch or Stopwatch()
    x = _columns(dataset, dataset.encoded_development)
    with watch.predicts():
        x_test = _columns(dataset, dataset.encoded_test)
    widths = dataset.encoded_development.widths
    options: dict[str, Any] = {
        "max_iter": min(MOST_ROUNDS if stops else FEW_ROUNDS, most),
        "early_stopping": stops,
        "categorical_features": [False] * (x.shape[1] - len(widths)) + [True] * len(widths),
        "random_state": seed,
    }
    with _one_thread():
        if dataset.classes is None:
            # Trees are the same on any scale, but the library's gradients are float32 and its tolerance is absolute.
            scaling = TargetScaling.fit(y, np.arange(len(y)))
            trees = HistGradientBoostingRegressor(**options).fit(x, scaling.transform(y))
            with watch.predicts():
                return scaling.inverse(trees.predict(x_test))
        if len(classes := np.unique(y)) == 1:
            return _by_code(dataset, classes, np.ones((len(x_test), 1)))
        trees = HistGradientBoostingClassifier(class_weight="balanced" if balanced else None, **options).fit(x, y)
        with watch.predicts():
            return _by_code(dataset, trees.classes_, trees.predict_proba(x_test))


def affordable_splits(dataset: Dataset, available: int, seconds: float) -> int | None:
    """In how many splits the linear model's penalty can be chosen, so that it will probably take less than so many
    seconds; `None` if it would take longer without."""
    usual = _splits_to_choose_on(dataset, available)
    one = PREPARING_SECONDS * dataset.encoded_development.numeric.shape[1] + _path_seconds(dataset)
    return next((few for few in (usual, min(usual, 1), 0) if (few + 1) * one < seconds), None)


def affordable_rounds(dataset: Dataset, seconds: float) -> int | None:
    """Rounds of boosting that will probably take less than so many seconds, if they are enough to speak of."""
    wanted = MOST_ROUNDS if _can_stop_early(dataset) else FEW_ROUNDS
    encoded = dataset.encoded_development
    columns = encoded.numeric.shape[1] + encoded.codes.shape[1]
    a_round = _outputs(dataset) * _seconds(TREE_SECONDS, len(encoded) * columns)
    rounds = min((seconds - BINNING_SECONDS * columns) / a_round, wanted)
    return int(rounds) if rounds >= FEW_ROUNDS else None


def _one_thread() -> AbstractContextManager[Any]:
    """More threads are no faster at these sizes, and up to a hundred times slower where the cores are shared."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _choose(dataset: Dataset, splits: Sequence[Split], balanced: bool) -> float:
    """The penalty that is best on the validation rows, of equals the strongest; the usual one where there are no
    splits."""
    if not splits:
        return USUAL_PENALTY
    total = np.zeros(len(PENALTIES))
    for fit, score in splits:
        y, validation = dataset.y_development[score], dataset.encoded_development.take(score)
        for i, predicted in enumerate(_path(dataset, fit, validation, PENALTIES, balanced)):
            losses = losses_at(dataset, y, predicted)
            total[i] += mean_of_classes(losses, y) if balanced and dataset.classes is not None else losses.mean()
    return PENALTIES[total.argmin()]


def _path(
    dataset: Dataset,
    rows: np.ndarray,
    encoded: Encoded,
    penalties: Sequence[float],
    balanced: bool,
    watch: Stopwatch | None = None,
) -> Iterator[np.ndarray]:
    """Predictions of encoded rows with every penalty, the model being fitted on the given development rows.

    A logistic regression begins where the one before has ended, which is faster.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    preparation, scaling = fit_preparation(dataset, rows)
    x, watch = preparation.transform(dataset.encoded_development.take(rows)), watch or Stopwatch()
    with watch.predicts():
        x_new = preparation.transform(encoded)
    y = dataset.y_development[rows]
    if scaling is not None:
        # All levels of a category together are constant: float32 would not do where the penalty is small.
        x, x_new = x.astype(np.float64), x_new.astype(np.float64)
        for penalty in penalties:
            ridge = Ridge(alpha=penalty).fit(x, scaling.transform(y))
            with watch.predicts():
                values = scaling.inverse(ridge.predict(x_new))
            yield values
        return
    classes = np.unique(y)
    model = LogisticRegression(
        max_iter=MOST_STEPS, warm_start=True, class_weight="balanced" if balanced else None, solver="lbfgs"
    )
    for penalty in penalties:
        probabilities = np.ones((len(x_new), 1))
        if len(classes) > 1:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.set_params(C=1 / penalty).fit(x, y)
            with watch.predicts():
                probabilities = model.predict_proba(x_new)
        yield _by_code(dataset, classes, probabilities)


def _by_code(dataset: Dataset, classes: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Probabilities of some classes among those of all; the others have no row to learn from, and get none."""
    assert dataset.classes is not None
    full = np.zeros((len(probabilities), len(dataset.classes)))
    full[:, classes] = probabilities
    return full


def _columns(dataset: Dataset, encoded: Encoded) -> np.ndarray:
    """Numbers, then codes of categories, `(rows, columns)`; NaN is missing, and a level never seen."""
    codes = encoded.codes.astype(np.float64)
    for i, column in enumerate(dataset.schema.categorical):
        missing = column.width - 1 if column.missing else -1
        codes[np.isin(encoded.codes[:, i], (-1, missing)), i] = np.nan
    # Codes are by frequency, so that the rarest levels are one.
    return np.hstack([encoded.numeric.astype(np.float64), np.minimum(codes, MOST_LEVELS - 1)])


def _can_stop_early(dataset: Dataset) -> bool:
    """Whether a tenth of the rows can be set aside: the library wants every class on both sides."""
    y = dataset.y_development
    if len(y) < FEWEST_ROWS_TO_STOP or dataset.classes is None:
        return len(y) >= FEWEST_ROWS_TO_STOP
    rows = np.unique(y, return_counts=True)[1]
    return bool(rows.min() > 1 and len(rows) <= len(y) // 10)


def _splits_to_choose_on(dataset: Dataset, available: int) -> int:
    """All splits, or one, or none."""
    seconds = _path_seconds(dataset)
    return next((splits for splits in (available, 1) if splits * seconds <= CHOOSING_SECONDS), 0)


def _path_seconds(dataset: Dataset) -> float:
    rows, features = len(dataset.y_development), dataset.n_features
    if dataset.classes is None:
        return len(PENALTIES) * _seconds(RIDGE_SECONDS, rows * features * min(rows, features))
    return _seconds(PATH_SECONDS, rows * features * _outputs(dataset))


def _outputs(dataset: Dataset) -> int:
    """One tree a round, or one vector of weights, serves two classes."""
    return 1 if dataset.n_outputs == 2 else dataset.n_outputs


def _seconds(rate: tuple[float, float], work: float) -> float:
    at_least, a_unit = rate
    return at_least + a_unit * work
