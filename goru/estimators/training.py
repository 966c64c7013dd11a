"""Epoch after epoch of mini-batches, and when it is enough: scikit-learn's rules, for an ensemble as for one
network."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from goru.nn.losses import LOSSES
from goru.nn.optimizers import cosine
from goru.nn.rows import Features
from goru.population.ensemble import WORTH_COMPILING, CompiledEnsemble
from goru.population.immediate.learner import Learner, Order
from goru.population.immediate.threads import threads_for

SMALLEST_RATE = 1e-6  # where "adaptive" ends
FLOPS_A_NUMBER = 6  # of a weight, for one row: two in each of three products
ADAPTED = 5.0  # by which it divides


def work(numbers: int, rows: int, epochs: int) -> float:
    """Floating-point operations of training so many learned numbers on so many rows."""
    return float(FLOPS_A_NUMBER) * numbers * rows * epochs


def labels_or_numbers(loss: str, targets: np.ndarray) -> np.ndarray:
    """Targets `(rows, outputs)` as the loss takes them: class indices, or as they are."""
    return targets.argmax(axis=1).astype(np.int32) if loss == "softmax_cross_entropy" else targets


def loss_factor(loss: str, outputs: int) -> float:
    """What makes of goru's loss scikit-learn's: there it is the sum over the outputs, and half the squared error."""
    return {"softmax_cross_entropy": 1.0, "squared_error": outputs / 2}.get(loss, float(outputs))


def begin(estimator: Any) -> None:
    """The fitted attributes that describe training, before it."""
    estimator.n_iter_ = estimator.t_ = 0
    if estimator.solver == "lbfgs":
        return
    estimator.loss_curve_ = []
    early = estimator.early_stopping
    estimator.best_loss_ = None if early else np.inf
    estimator.validation_scores_ = [] if early else None
    estimator.best_validation_score_ = -np.inf if early else None
    estimator._no_improvement_count = 0
    estimator._best = None


def train(
    estimator: Any,
    learner: Learner,
    x: Features,
    targets: np.ndarray,
    weights: np.ndarray | None,
    random: np.random.RandomState,
    incremental: bool,
) -> None:
    """Train until the loss, or the score on validation rows, no longer improves; an ensemble stops as one.

    **Arguments:**

    - `weights`: of the rows; `None` is all ones.
    - `incremental`: one epoch alone.
    """
    validation = None
    if estimator.early_stopping:
        x, targets, weights, validation = _hold_out(estimator, x, targets, weights, random)
    size = _batch_size(estimator, len(targets))
    y = labels_or_numbers(learner.loss, targets)
    learning = _compiled(learner, x, y, 1 if incremental else estimator.max_iter)
    if not incremental or not hasattr(estimator, "_rate"):
        estimator._rate = estimator.learning_rate_init
    try:
        with threads_for(learner.layers, size):
            _epochs(estimator, learning, x, y, weights, random, incremental, size, validation)
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=4)
    if isinstance(learning, CompiledEnsemble):
        learning.write_back()
    if validation is not None and estimator._best is not None:
        learner.numbers.flat[:], learner.averaged = estimator._best


def _epochs(
    estimator: Any,
    learning: Learner | CompiledEnsemble,
    x: Features,
    y: np.ndarray,
    weights: np.ndarray | None,
    random: np.random.RandomState,
    incremental: bool,
    size: int,
    validation: tuple | None,
) -> None:
    rows = len(y)
    times = loss_factor(learning.loss, estimator.n_outputs_)
    estimator.n_iter_ = 0
    before = len(estimator.loss_curve_) if incremental else 0  # a falling rate goes on falling from call to call
    for epoch in range(estimator.max_iter):
        order = random.permutation(rows) if estimator.shuffle else None
        orders = list(_orders(estimator, before + epoch, order, rows, size, weights, times))
        losses = learning.learn(x, y, orders)
        sizes = [len(order.shares) for order in orders]
        estimator.loss_ = mean_of_finite(np.average(losses, axis=0, weights=sizes))
        estimator.n_iter_ += 1
        estimator.t_ += rows
        estimator.loss_curve_.append(estimator.loss_)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        if validation is not None:
            if _watch_score(estimator, learning, *validation):
                estimator._best = learning.numbers.flat.copy(), _average_of(learning)
        else:
            _watch_loss(estimator)
        if estimator.solver == "sgd" and estimator.learning_rate == "invscaling":
            estimator._rate = estimator.learning_rate_init / (estimator.t_ + 1) ** estimator.power_t
        if estimator._no_improvement_count > estimator.n_iter_no_change:
            if _ended(estimator, validation is not None):
                break
            estimator._no_improvement_count = 0
        if incremental:
            break
        if estimator.n_iter_ == estimator.max_iter and estimator.learning_rate != "cosine":
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
                "hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=5,
            )


def _average_of(learning: Learner | CompiledEnsemble) -> Any:
    """The average of what a learner has learned, if it keeps one; each step makes another."""
    return learning.averaged if isinstance(learning, Learner) else ()


def _compiled(learner: Learner, x: Features, y: np.ndarray, epochs: int) -> Learner | CompiledEnsemble:
    """An ensemble that is worth compiling, as a program; else the learner itself."""
    worth = work(learner.numbers.flat.size, len(y), epochs) > WORTH_COMPILING
    if (
        len(learner) > 1
        and worth
        and not learner.hyper.averaging
        and isinstance(x, np.ndarray)
        and x.dtype == np.float32
    ):
        return CompiledEnsemble(learner, x, y)
    return learner


def _hold_out(estimator, x, targets, weights, random):
    """Rows to learn from, and rows to watch the score on."""
    fit, watched = train_test_split(
        np.arange(len(targets)),
        random_state=random,
        test_size=estimator.validation_fraction,
        stratify=estimator._stratify(targets),
    )
    if len(watched) < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
    fit_weights, watched_weights = (None, None) if weights is None else (weights[fit], weights[watched])
    return x[fit], targets[fit], fit_weights, (x[watched], targets[watched], watched_weights)


def _batch_size(estimator: Any, rows: int) -> int:
    if estimator.batch_size == "auto":
        return min(200, rows)
    if estimator.batch_size > rows:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=5
        )
    return int(np.clip(estimator.batch_size, 1, rows))


def _orders(
    estimator: Any,
    epoch: int,
    order: np.ndarray | None,
    rows: int,
    size: int,
    weights: np.ndarray | None,
    times: float,
) -> Iterator[Order]:
    starts = list(range(0, rows, size))
    if estimator.batch_norm:
        if size == 1:
            raise ValueError("batch normalization needs at least two rows in a batch. Give a larger batch_size.")
        if len(starts) > 1 and rows - starts[-1] == 1:
            starts.pop()  # one row has no variance: it goes with those before it
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else rows
        chosen = slice(start, end) if order is None else order[start:end]
        own = np.ones(end - start) if weights is None else weights[chosen]
        total = float(own.sum())
        rate = estimator._rate
        if estimator.learning_rate == "cosine":
            done = min((epoch + index / len(starts)) / estimator.max_iter, 1)
            rate = estimator.learning_rate_init * cosine(done)
        yield Order(chosen, own * (times / total), rate, estimator.alpha / total)


def mean_of_finite(losses: np.ndarray) -> float:
    """The mean of the members' losses, without those that have diverged; NaN if all have."""
    finite = losses[np.isfinite(losses)]
    return float(finite.mean()) if len(finite) else np.nan


def _watch_loss(estimator: Any) -> None:
    if estimator.loss_ > estimator.best_loss_ - estimator.tol:
        estimator._no_improvement_count += 1
    else:
        estimator._no_improvement_count = 0
    estimator.best_loss_ = min(estimator.best_loss_, estimator.loss_)


def _watch_score(
    estimator: Any, learner: Learner | CompiledEnsemble, x: Features, targets: np.ndarray, weights: np.ndarray | None
) -> bool:
    """Whether the score of the ensemble on validation rows is the best so far."""
    every = LOSSES[learner.loss].predictions(learner.outputs(x))
    every = every[np.isfinite(every).all(axis=(1, 2))]
    score = estimator._score_validation(every.mean(axis=0).T, targets, weights) if len(every) else np.nan
    estimator.validation_scores_.append(score)
    if estimator.verbose:
        print(f"Validation score: {score:.6f}")
    if score < estimator.best_validation_score_ + estimator.tol:
        estimator._no_improvement_count += 1
    else:
        estimator._no_improvement_count = 0
    if score > estimator.best_validation_score_:
        estimator.best_validation_score_ = score
        return True
    return False


def _ended(estimator: Any, validation: bool) -> bool:
    """Say why nothing improves, and whether that is the end; with an adaptive rate it may not be."""
    what = "Validation score" if validation else "Training loss"
    epochs = estimator.n_iter_no_change
    said = f"{what} did not improve more than tol={estimator.tol:f} for {epochs} consecutive epochs."
    if estimator.solver == "sgd" and estimator.learning_rate == "adaptive" and estimator._rate > SMALLEST_RATE:
        estimator._rate /= ADAPTED
        if estimator.verbose:
            print(f"{said} Setting learning rate to {estimator._rate:f}")
        return False
    if estimator.verbose:
        print(f"{said} Stopping.")
    return True
