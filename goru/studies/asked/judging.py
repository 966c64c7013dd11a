"""By what a study judges."""

from goru.data.dataset import Dataset
from goru.errors import InputError, option
from goru.nn.judge import CLASSES, NUMBERS, Judge, Measure
from goru.studies import defaults


def measure_of(judge: Measure | None, dataset: Dataset) -> Measure:
    """The measure that is asked for, or the usual one.

    **Raises:** `InputError` if it is none for the table's target.
    """
    numeric = dataset.classes is None
    measures = NUMBERS if numeric else CLASSES
    if judge is not None and judge not in measures:
        what = "is a number" if numeric else "has classes"
        raise InputError(
            f"{option('judge', judge)}: '{dataset.target_name}' {what}. Give {' or '.join(measures)}, or leave it out."
        )
    return judge or measures[0]


def judge_of(judge: Measure | None, dataset: Dataset) -> Judge | None:
    """Who judges validation rows; `None` where it is the loss that networks are trained by, as it is."""
    measure = measure_of(judge, dataset)
    if measure == "rmse":
        return None
    temperatures = defaults.TEMPERATURES if measure in ("log-loss", "brier") else (1.0,)
    # Of a round number of rows: it is a constant of programs, which tables of nearly as many rows share.
    share = uniform_share(defaults.roomy(len(dataset.y_development))) if measure == "log-loss" else 0.0
    return Judge(measure, temperatures, share)


def uniform_share(rows: int) -> float:
    """Of probabilities, that of the uniform distribution: 1 / (2 (n + 1)), what is estimated of the frequency of an
    event that n development rows have not seen (Krichevsky & Trofimov 1981).

    So many rows do not tell a rarer one from an impossible one. The probability of each of K classes is at least a K-th
    of it, which bounds the loss of a row that comes as a surprise.
    """
    return 1 / (2 * (rows + 1))
