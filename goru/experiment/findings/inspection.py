"""What a final model makes of its columns, and where it is wrong: of test rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from goru.experiment.findings.effect import Number


@dataclass(frozen=True)
class Importance:
    """By how much the loss rises where the values of some columns are shuffled among the rows, with a 95 % interval.

    - `columns`: one, or several that say nearly the same and so are shuffled together.
    """

    columns: tuple[str, ...]
    change: float
    low: float
    high: float


@dataclass(frozen=True)
class Dependence:
    """What is predicted on average where all rows have the same value of a column.

    - `values`: numbers, or the names of levels.
    - `curves`: by class, its mean probability; of a number, `predicted`, in the target's own units.
    """

    column: str
    values: tuple[float | str, ...]
    curves: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Slice:
    """Rows with some values of a column: their mean loss, with a 95 % interval.

    - `is_level`: whether the values are a level of a category, as the table calls it.
    """

    column: str
    values: str
    rows: int
    loss: float
    low: float
    high: float
    is_level: bool = False


@dataclass(frozen=True)
class WrongRow:
    """A row with a high loss.

    - `row`: of the table or the file with test rows, from 1.
    - `probability`: of what it really is; `None` for numbers.
    """

    row: int
    true: str
    predicted: str
    probability: Number
    loss: float


@dataclass(frozen=True)
class Inspection:
    """Of the test rows.

    - `rows`: that columns were shuffled in; `all_rows`: those that slices and wrong rows are of.
    - `loss`: the mean over all of them.
    - `importances`: the most important first.
    - `dependences`: of the first few columns.
    - `slices`: with the highest loss, as far as it is above the mean; the highest first.
    - `wrong`: the highest loss first.
    """

    rows: int
    all_rows: int
    loss: float
    importances: tuple[Importance, ...]
    dependences: tuple[Dependence, ...]
    slices: tuple[Slice, ...]
    wrong: tuple[WrongRow, ...]
