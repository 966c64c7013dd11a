"""What a study found, as frames of pandas."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from goru.experiment.findings.answer import Answer
from goru.experiment.forms import to_json
from goru.experiment.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


_COLUMNS = ("arm", "configuration", "split", "epochs", "best_loss", "last_loss", "ended")  # of every trial


def effects_frame(answer: Answer) -> "pd.DataFrame":
    """One row a question: the change of the validation loss, its interval, the margin, the verdict."""
    import pandas as pd

    return pd.DataFrame([to_json(effect) for effect in answer.effects])


def trials_frame(trials: Iterable[Trial]) -> "pd.DataFrame":
    """One row a trial: arm, configuration, split, hyperparameters, the best and the last loss on validation rows, why
    it ended.

    A factor that is called like one of these columns is `factor_` and its name.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "arm": trial.arm.name,
            **{f"factor_{name}" if name in _COLUMNS else name: level for name, level in trial.arm.items()},
            "configuration": trial.configuration,
            "split": trial.split,
            **{f"hyper_{name}": value for name, value in dict(trial.values).items()},
            "epochs": len(trial.curves),
            "best_loss": trial.best,
            "last_loss": float(trial.curves[-1, 1, 0]),
            "ended": trial.ended,
        }
        for trial in trials
    )
