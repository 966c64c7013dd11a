"""What a study found, as frames of pandas."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from goru.study.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


def effects_frame(answer: dict[str, Any]) -> "pd.DataFrame":
    """One row a question: the change of the held-out loss, its interval, the margin, the verdict."""
    import pandas as pd

    return pd.DataFrame(answer["effects"])


def trials_frame(trials: Iterable[Trial]) -> "pd.DataFrame":
    """One row a trial: arm, draw, split, hyperparameters, the best and the last loss on score rows, why it ended."""
    import pandas as pd

    return pd.DataFrame(
        {
            "arm": trial.arm.name,
            "batch_norm": trial.arm.batch_norm,
            "dropout": trial.arm.dropout,
            "weight_decay": trial.arm.weight_decay,
            "draw": trial.draw,
            "split": trial.split,
            **{f"hyper_{name}": value for name, value in trial.hyper._asdict().items()},
            "epochs": len(trial.curves),
            "best_loss": trial.best,
            "last_loss": float(trial.curves[-1, 1, 0]),
            "ended": trial.ended,
        }
        for trial in trials
    )
