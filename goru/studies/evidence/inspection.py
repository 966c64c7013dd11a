"""What a final model makes of its columns, and where it is wrong, by the test rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.stats import t

from goru.data.dataset import Dataset
from goru.data.schema.columns import CategoricalColumn, DateColumn, NumericColumn
from goru.data.schema.encoding import Encoded, Schema
from goru.experiment.findings.inspection import Dependence, Importance, Inspection, Slice, WrongRow
from goru.language import kept
from goru.model.model import Model
from goru.studies.final.scores import losses_at
from goru.wording import figure

WORK = 1e10  # multiplications that shuffling may take: so many rows are looked at
MOST_ROWS, FEWEST_ROWS = 1000, 50
REPEATS = 3  # times that a column is shuffled
ALIKE = 0.7  # of columns that are shuffled together, the rank correlation
SHOWN, POINTS, MOST_LEVELS, MOST_CLASSES = 4, 13, 8, 5  # of dependences: columns, values of numbers, levels, classes
SLICES, FEWEST_IN_A_SLICE, QUARTERS = 8, 10, 4
WRONG = 10  # rows
LONGEST = 60  # letters of a label

Losses = Callable[[np.ndarray, np.ndarray], np.ndarray]
Predict = Callable[[Encoded], np.ndarray]


@dataclass(frozen=True)
class Places:
    """Where a column of the table stands in encoded rows."""

    numeric: tuple[int, ...] = ()
    indicators: tuple[int, ...] = ()
    codes: tuple[int, ...] = ()

    def exchanged(self, encoded: Encoded, order: np.ndarray) -> Encoded:
        """Rows with the column's values of other rows.

        **Arguments:**

        - `order`: `(rows,)`: whose.
        """
        parts = {}
        for name in ("numeric", "indicators", "codes"):
            if columns := list(getattr(self, name)):
                parts[name] = getattr(encoded, name).copy()
                parts[name][:, columns] = getattr(encoded, name)[np.ix_(order, columns)]
        return replace(encoded, **parts)


def places(schema: Schema) -> dict[str, Places]:
    """Of every column that is a feature."""
    by_column: dict[str, Places] = {}
    number, indicator = 0, 0
    for column in schema.numeric:
        width = len(column.parts) if isinstance(column, DateColumn) else 1
        missing = (indicator,) if column.missing else ()
        by_column[column.name] = Places(tuple(range(number, number + width)), missing)
        number, indicator = number + width, indicator + len(missing)
    return by_column | {column.name: Places(codes=(place,)) for place, column in enumerate(schema.categorical)}


def inspect(model: Model, dataset: Dataset, predicted: np.ndarray, seed: int) -> Inspection | None:
    """What a model makes of the test rows; `None` where there are fewer than two, or a loss is not finite.

    Of very many columns, or networks so large that shuffling them all would take long, importances are left out.

    **Arguments:**

    - `predicted`: of the test rows, by this model.
    - `seed`: what is shuffled, and which rows are looked at where they are many.
    """
    losses = losses_at(dataset, dataset.y_test, predicted)
    if len(losses) < 2 or not np.isfinite(losses).all():
        return None
    where = places(model.schema)
    groups = alike(model.schema, dataset.encoded_development, where)
    rng = np.random.default_rng((seed, 7))
    weights = sum(array.size for array in model.networks.arrays.values())
    affordable = int(WORK / (weights * REPEATS * len(groups)))
    groups = groups if affordable >= FEWEST_ROWS else []
    rows = np.sort(rng.permutation(len(losses))[: max(min(affordable, MOST_ROWS), FEWEST_ROWS)])
    encoded, y = dataset.encoded_test.take(rows), dataset.y_test[rows]
    predict: Predict = model.values if dataset.classes is None else model.probabilities
    importances = sorted(
        (
            importance(group, where, encoded, losses[rows], lambda rows_: losses_at(dataset, y, predict(rows_)), rng)
            for group in groups
        ),
        key=lambda one: -one.change,
    )
    columns = {column.name: column for column in (*model.schema.numeric, *model.schema.categorical)}
    first = [name for one in importances if one.change > 0 for name in one.columns]
    dependences = [
        one
        for name in first[:SHOWN]
        if (one := dependence(columns[name], where[name], encoded, predict, dataset)) is not None
    ]
    return Inspection(
        len(rows),
        len(losses),
        float(losses.mean()),
        tuple(importances),
        tuple(dependences),
        tuple(worst_slices(list(columns.values()), where, dataset.encoded_test, losses)),
        tuple(wrong_rows(dataset, predicted, losses)),
    )


def alike(schema: Schema, encoded: Encoded, where: dict[str, Places]) -> list[tuple[str, ...]]:
    """Columns, those of numbers that say nearly the same (a rank correlation of 0.7 or more, every two of them)
    together: shuffled alone, each would seem to matter little, as the others say it still."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform
    from scipy.stats import rankdata

    names = [column.name for column in schema.numeric if isinstance(column, NumericColumn)]
    others = [(name,) for name in where if name not in names]
    if len(names) < 2:
        return [*((name,) for name in names), *others]
    x = np.stack([encoded.numeric[:, where[name].numeric[0]] for name in names])
    middle = np.nanmedian(np.where(np.isnan(x).all(axis=1, keepdims=True), 0.0, x), axis=1, keepdims=True)
    ranks = rankdata(np.where(np.isnan(x), middle, x), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.nan_to_num(np.corrcoef(ranks))
    distances = np.clip(1 - np.abs(correlations), 0, None)
    np.fill_diagonal(distances, 0)
    labels = fcluster(linkage(squareform(distances, checks=False), "complete"), 1 - ALIKE, "distance")
    groups = [tuple(name for name, one in zip(names, labels, strict=True) if one == label) for label in set(labels)]
    return [*groups, *others]


def importance(
    group: tuple[str, ...],
    where: dict[str, Places],
    encoded: Encoded,
    losses: np.ndarray,
    losses_of: Callable[[Encoded], np.ndarray],
    rng: np.random.Generator,
) -> Importance:
    """Permutation importance (Breiman 2001, section 10; Fisher, Rudin, Dominici 2019), its interval by Student's t over
    the rows.

    **Arguments:**

    - `losses`: of the rows as they are, `(rows,)`.
    """
    rises = np.zeros(len(losses))
    for _ in range(REPEATS):
        order = rng.permutation(len(losses))
        shuffled = encoded
        for name in group:
            shuffled = where[name].exchanged(shuffled, order)
        rises += (losses_of(shuffled) - losses) / REPEATS
    return Importance(group, *_with_interval(rises))


def dependence(
    column: NumericColumn | CategoricalColumn | DateColumn,
    at: Places,
    encoded: Encoded,
    predict: Predict,
    dataset: Dataset,
) -> Dependence | None:
    """Partial dependence (Friedman 2001, section 8.2), over the quantiles of a number or the commonest levels of a
    category; `None` of dates, and where there are fewer than two values."""
    if isinstance(column, DateColumn):
        return None
    points: list[tuple[float | str, int]]  # a value, and a row that has it
    if isinstance(column, CategoricalColumn):
        codes = encoded.codes[:, at.codes[0]]
        there, rows, counts = np.unique(codes, return_index=True, return_counts=True)
        common = [place for place in np.argsort(-counts, kind="stable") if there[place] >= 0][:MOST_LEVELS]
        points = [(column.level_names[there[place]][:LONGEST], int(rows[place])) for place in common]
    else:
        x = encoded.numeric[:, at.numeric[0]].astype(np.float64)
        if np.isnan(x).all():
            return None
        wanted = np.quantile(x[~np.isnan(x)], np.linspace(0.02, 0.98, POINTS))
        nearest = [int(np.nanargmin(np.abs(x - value))) for value in wanted]
        points = list({float(x[row]): (float(x[row]), row) for row in nearest}.values())
    if len(points) < 2:
        return None
    means = np.array(
        [predict(at.exchanged(encoded, np.full(len(encoded), row))).mean(axis=0) for _, row in points], np.float64
    )
    values = tuple(value for value, _ in points)
    if dataset.classes is None:
        return Dependence(column.name, values, {"predicted": tuple(means.tolist())})
    frequent = np.argsort(-np.bincount(dataset.y_development, minlength=means.shape[1]), kind="stable")[:MOST_CLASSES]
    shown = [1] if means.shape[1] == 2 else sorted(frequent.tolist())
    curves = {str(dataset.classes[code])[:LONGEST]: tuple(means[:, code].tolist()) for code in shown}
    return Dependence(column.name, values, curves)


def worst_slices(
    columns: Sequence[NumericColumn | CategoricalColumn | DateColumn],
    where: dict[str, Places],
    encoded: Encoded,
    losses: np.ndarray,
) -> list[Slice]:
    """Levels, quarters of numbers, and missing values, of which the mean loss is highest: by the lower end of its
    interval, so that few rows do not come first by chance."""
    slices = []
    for column in columns:
        for label, chosen in _slices(column, where[column.name], encoded):
            if FEWEST_IN_A_SLICE <= chosen.sum() < len(losses):
                is_level = isinstance(column, CategoricalColumn)
                slices.append(Slice(column.name, label, int(chosen.sum()), *_with_interval(losses[chosen]), is_level))
    worse = [one for one in slices if one.loss > losses.mean()]
    return sorted(worse, key=lambda one: -one.low)[:SLICES]


def _slices(
    column: NumericColumn | CategoricalColumn | DateColumn, at: Places, encoded: Encoded
) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(column, CategoricalColumn):
        codes = encoded.codes[:, at.codes[0]]
        for code, level in enumerate(column.level_names):
            yield level[:LONGEST], codes == code
        return
    if isinstance(column, DateColumn):
        return
    x = encoded.numeric[:, at.numeric[0]].astype(np.float64)
    missing = np.isnan(x)
    yield kept("missing"), missing
    if missing.all():
        return
    edges = np.unique(np.quantile(x[~missing], np.linspace(0, 1, QUARTERS + 1)))
    if len(edges) < 2:
        return
    places = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    for place, (low, high) in enumerate(pairwise(edges)):
        yield kept("{low} to {high}", low=figure(low), high=figure(high)), ~missing & (places == place)


def wrong_rows(dataset: Dataset, predicted: np.ndarray, losses: np.ndarray) -> Iterator[WrongRow]:
    """The rows with the highest loss."""
    for row in np.argsort(-losses, kind="stable")[:WRONG]:
        true, number = dataset.y_test[row], int(dataset.test_rows[row]) + 1
        if dataset.classes is None:
            yield WrongRow(number, f"{true:.6g}", f"{predicted[row]:.6g}", None, float(losses[row]))
        else:
            really, taken = (str(dataset.classes[code])[:LONGEST] for code in (true, int(predicted[row].argmax())))
            yield WrongRow(number, really, taken, float(predicted[row, true]), float(losses[row]))


def _with_interval(values: np.ndarray) -> tuple[float, float, float]:
    """A mean with its 95 % interval, by Student's t."""
    mean, n = float(values.mean()), len(values)
    half = float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return mean, mean - half, mean + half
