"""Training functions of a few lines, for studies that take no time."""

from typing import Any

import numpy as np
import pandas as pd

import goru

ROWS = 80


def classes(rows: int = ROWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two columns, and a class that the first explains."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2))
    return X, np.where(X[:, 0] + 0.5 * rng.normal(size=rows) > 0, "yes", "no")


def numbers(rows: int = ROWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The same with a number."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 2))
    return X, 3 * X[:, 0] + rng.normal(size=rows)


def design(**more: Any) -> goru.Design:
    """One factor that `logistic` knows, and nothing to tune."""
    return goru.Design(**{"factors": {"scaled": [False, True]}, **more})


def logistic(fit: Any, validation: Any, config: Any, seed: int) -> Any:
    """Three epochs of logistic regression; `scaled` takes larger steps and does more."""
    rate = config.get("rate", 0.5) * (4 if config.get("scaled") else 1)
    X, rows = (np.asarray(part.X, float)[:, :1] for part in (fit, validation))
    weights = np.random.default_rng(seed).normal(scale=0.1, size=2)
    for _ in range(3):
        p = probability(X, weights)
        error = p - fit.codes
        weights = weights - rate * np.array([np.mean(error * X[:, 0]), np.mean(error)])
        yield probability(rows, weights)
    return weights


def probability(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(X[:, 0] * weights[0] + weights[1])))


def shares(fit: Any, validation: Any, config: Any, seed: int) -> Any:
    """Two epochs without any learning: the shares of the classes, whatever the rows are."""
    counts = np.bincount(fit.codes, minlength=len(fit.classes)) + 1.0
    for sharper in (0.5, 1.0 + 0.2 * bool(config.get("scaled"))):
        p = counts**sharper
        yield np.tile(p / p.sum(), (len(validation), 1))


def means(fit: Any, validation: Any, config: Any, seed: int) -> Any:
    """Two epochs of a number: nothing, then the mean."""
    for share in (0.0, 0.8 + 0.2 * bool(config.get("scaled"))):
        yield np.full(len(validation), share * np.mean(fit.y))
    return float(np.mean(fit.y))


def study(train: Any, X: Any, y: Any = None, **more: Any) -> Any:
    """Five folds, once, of two arms: in this process, and without a word."""
    return goru.study(
        train, X, y, **{"design": design(), "n_trials": 10, "workers": 0, "verbose": False, "test": False, **more}
    )


def trials(result: Any) -> pd.DataFrame:
    """All that was trained, clocks aside."""
    return result.trials.drop(columns="seconds", errors="ignore")
