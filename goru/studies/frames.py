"""What a study found, as frames of pandas."""

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

from goru.experiment.findings.answer import Answer
from goru.experiment.findings.effect import EffectFound
from goru.experiment.forms import to_json
from goru.experiment.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


_COLUMNS = ("arm", "configuration", "split", "epochs", "best_loss", "last_loss", "ended")  # of every trial


def effects_frame(answer: Answer) -> "pd.DataFrame":
    """One row a question.

    | column | what it holds |
    | --- | --- |
    | `name` | the question: a technique, one instead of another, or the best combination |
    | `change` | of the validation loss; below zero is better |
    | `low`, `high` | the ends of its simultaneous confidence interval, at `answer.judgement.confidence` |
    | `margin` | changes smaller than it are negligible |
    | `verdict` | `helps`, `hurts`, `negligible` or `inconclusive` |
    | `rows`, `networks`, `search` | standard errors by source: other rows, other networks, other configurations |
    | `rows_to_decide` | about how many rows would decide what is inconclusive; missing where that is unknown |
    | `configurations_to_decide` | whether more configurations, a larger budget that is, might decide it |
    | `helps`, `negligible` | the probability that the change is below zero, and that it is negligible |
    """
    import pandas as pd

    columns = [field.name for field in fields(EffectFound)]
    return pd.DataFrame([to_json(effect) for effect in answer.effects], columns=columns)


def trials_frame(trials: Iterable[Trial]) -> "pd.DataFrame":
    """One row a trial: arm, configuration, split, hyperparameters, the best and the last loss on validation rows, why
    it ended.

    **Arguments:**

    - `trials`: those of `Run.recorded`, say.

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
