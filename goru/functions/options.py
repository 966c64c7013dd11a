"""What a study of a training function is asked to do."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

from goru.errors import InputError, option
from goru.experiment.design import Design

BUDGET_SECONDS = 600.0
UNTIL_DECIDED_SECONDS = 1800.0
MOST_TRIALS = 1_000_000


@dataclass(frozen=True)
class FunctionOptions:
    """What may be set.

    - `design`: what is varied, tuned and asked.
    - `budget`: seconds for everything; `trials`: how many are made instead.
    - `workers`: processes, 0 for none but this one; `cluster`: a Ray cluster instead.
    - `limit`: seconds after which a trial is taken to hang.
    - `seed`: the random seed, of whatever is random in goru itself.
    - `epochs`: after so many every training is ended.
    - `until_decided`: end once every main effect is decided; the budget is then the most, half an hour by default.

    **Raises:** `InputError` for invalid values.
    """

    design: Design
    budget: float | None = None
    trials: int | None = None
    workers: int | None = None
    cluster: str | None = None
    limit: float | None = None
    seed: int = 0
    until_decided: bool = False
    epochs: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.design, Design):
            raise InputError('design: give goru.Design(factors={"dropout": [False, True]}, ...).')
        for name in ("trials", "workers", "seed", "epochs"):
            if isinstance(value := getattr(self, name), Integral):  # one of NumPy's, say
                object.__setattr__(self, name, int(value))
        if self.budget is not None and self.trials is not None:
            raise InputError(f"budget and {option('trials')} cannot be combined. Give a time or a number of trials.")
        if self.budget is not None and not 0 < self.budget < math.inf:
            raise InputError(f"budget: invalid duration {self.budget:g} s. Give one above zero: '10m'.")
        if self.trials is not None and not (isinstance(self.trials, int) and 1 <= self.trials <= MOST_TRIALS):
            raise InputError(
                f"{option('trials')}: invalid number of trials {self.trials!r}. Give one from 1 to {MOST_TRIALS:,}."
            )
        if self.workers is not None and not (isinstance(self.workers, int) and 0 <= self.workers <= 1024):
            raise InputError(
                f"workers: invalid number of processes {self.workers!r}. Give 0 (this process alone) or more."
            )
        if self.cluster is not None and self.workers is not None:
            raise InputError("workers and cluster cannot be combined: a cluster has its own workers.")
        if self.epochs is not None and not (isinstance(self.epochs, int) and self.epochs >= 1):
            raise InputError(f"{option('epochs')}: {self.epochs!r} is out of range. Give 1 or more.")
        if self.limit is not None and not (isinstance(self.limit, Real) and self.limit > 0):
            raise InputError(f"limit: invalid number of seconds {self.limit!r}. Give one above zero.")
        if self.limit is not None:
            object.__setattr__(self, "limit", float(self.limit))
        if not (isinstance(self.seed, int) and 0 <= self.seed < 2**32):
            raise InputError(f"seed: {self.seed!r} is out of range. Give one from 0 to {2**32 - 1}.")


@dataclass(frozen=True, eq=False)
class Sources:
    """What is studied: a training function, and rows as the user gave them.

    - `test`: a share is set aside (`True`), none is (`False`), or these are the test rows: `(X, y)`.
    - `loss`: of predictions, a row each, if not goru's own.
    - `name`: what the rows are called; `target`: what is predicted.
    """

    train: Callable[..., Any]
    X: Any
    y: Any
    task: Literal["classification", "regression", "loss"] | None = None
    groups: Any = None
    time: Any = None
    sample_weight: Any = None
    stratify: Any = None
    test: Any = True
    cv: Any = None
    loss: Callable[..., Any] | None = None
    name: str = "X"
    target: str = "y"
