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
    - `seed`: everything random that is goru's is a function of it.
    - `until_decided`: end once every main effect is decided; the budget is then the most, half an hour by default.

    **Raises:** `InputError` for values that make no sense.
    """

    design: Design
    budget: float | None = None
    trials: int | None = None
    workers: int | None = None
    cluster: str | None = None
    limit: float | None = None
    seed: int = 0
    until_decided: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.design, Design):
            raise InputError('design: give goru.Design(factors={"dropout": [False, True]}, ...).')
        for name in ("trials", "workers", "seed"):
            if isinstance(value := getattr(self, name), Integral):  # one of NumPy's, say
                object.__setattr__(self, name, int(value))
        if self.budget is not None and self.trials is not None:
            raise InputError(f"budget and {option('trials')} exclude each other. Give a time or a number of trials.")
        if self.budget is not None and not 0 < self.budget < math.inf:
            raise InputError(f"budget: {self.budget:g} s is no time to train in. Give one above zero, '10m' say.")
        if self.trials is not None and not (isinstance(self.trials, int) and 1 <= self.trials <= MOST_TRIALS):
            raise InputError(
                f"{option('trials')}: {self.trials!r} is no number of trials. Give one from 1 to {MOST_TRIALS:,}."
            )
        if self.workers is not None and not (isinstance(self.workers, int) and 0 <= self.workers <= 1024):
            raise InputError(
                f"workers: {self.workers!r} is no number of processes. Give one from 0 (this one alone) on."
            )
        if self.cluster is not None and self.workers is not None:
            raise InputError("workers and cluster exclude each other: a cluster has its own.")
        if self.limit is not None and not (isinstance(self.limit, Real) and self.limit > 0):
            raise InputError(f"limit: {self.limit!r} s is no time for a trial. Give one above zero.")
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


def seconds_of(budget: float | str | None) -> float | None:
    """A time such as `90`, `"60s"`, `"2m"`, `"1.5h"`, in seconds.

    **Raises:** `InputError` if it is none.
    """
    if budget is None or isinstance(budget, Real):
        return None if budget is None else float(budget)
    text = str(budget).strip().lower()
    number, unit = (text[:-1], text[-1:]) if text[-1:] in ("s", "m", "h") else (text, "s")
    try:
        return float(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    except ValueError:
        raise InputError(f"budget: {budget!r} is no time. Give seconds, minutes or hours: 60s, 2m, 1h.") from None
