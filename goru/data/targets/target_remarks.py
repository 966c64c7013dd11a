"""What a target looks like, where whoever asks about it should know: a cap, a column that gives it away, a drift."""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from goru.data.numbers import numbers
from goru.data.schema.columns import CategoricalColumn, NumericColumn
from goru.data.schema.encoding import Encoded, Schema
from goru.data.targets.piles import piles
from goru.language import kept
from goru.wording import counted, figure, listing, shortened

MOST_ROWS, MOST_COLUMNS = 5_000, 500  # that are looked at
FEWEST_ROWS = 50
TELLS = 0.999  # of the rows, or the rank correlation
LIKELIEST = 0.99  # a class that so many rows are of is told by anything
DRIFTS, ERRORS = 0.2, 4.0  # standard deviations, or classes' share; and standard errors


def remarks_on_target(
    schema: Schema,
    encoded: Encoded,
    y: np.ndarray,
    classes: tuple[object, ...] | None,
    times: np.ndarray | None = None,
) -> tuple[str, ...]:
    """Return a sentence for whatever is odd.

    Args:
        schema: what the columns are.
        encoded: the development rows.
        y: their target: codes of classes, or numbers.
        classes: the labels, or None for numbers.
        times: of the rows, in the order of time; None if nobody knows them.
    """
    if len(y) < FEWEST_ROWS:
        return ()
    caps = _caps(y) if classes is None else ()
    drift = () if times is None else _drift(y, classes, times)
    return tuple(chain(caps, _given_away(schema, encoded, y, classes), drift))


def _caps(y: np.ndarray) -> Iterator[str]:
    for pile in piles(y):
        yield kept(
            "{rows} ({share:.1%}) have the {end} target, {value}: if it was cut off there, what lies beyond cannot "
            "be learned.",
            rows=counted(pile.rows, "row"),
            share=pile.rows / len(y),
            end=kept("highest") if pile.highest else kept("lowest"),
            value=figure(pile.value, 6),
        )


def _given_away(schema: Schema, encoded: Encoded, y: np.ndarray, classes: tuple[object, ...] | None) -> Iterator[str]:
    rows = np.random.default_rng(0).permutation(len(y))[:MOST_ROWS]
    encoded, y = encoded.take(rows), y[rows]
    if classes is not None and np.bincount(y).max() >= LIKELIEST * len(y):
        return
    names = []
    at = 0
    for column in schema.numeric[:MOST_COLUMNS]:
        if isinstance(column, NumericColumn):
            x = encoded.numeric[:, at].astype(np.float64)
            names.extend([column.name] if _tells_numbers(x, y, classes) else [])
            at += 1
        else:
            at += len(column.parts)
    for place, category in enumerate(schema.categorical[:MOST_COLUMNS]):
        names.extend([category.name] if _tells_levels(category, encoded.codes[:, place], y, classes) else [])
    if names:
        what = kept("the target") if classes is None else kept("the class of nearly all rows")
        told = kept("{names} alone tells {what}.") if len(names) == 1 else kept("{names} each tell {what}.")
        known = kept("Is that known when you predict? If not, drop it: it gives the answer away.")
        yield f"{told.format(names=listing(map(shortened, names)), what=what)} {known}"


def _tells_numbers(x: np.ndarray, y: np.ndarray, classes: tuple[object, ...] | None) -> bool:
    known = ~np.isnan(x)
    if known.sum() < max(FEWEST_ROWS, len(x) / 2) or np.ptp(x[known]) == 0:
        return False
    if classes is None:
        from scipy.stats import spearmanr

        return np.ptp(y[known]) > 0 and abs(spearmanr(x[known], y[known]).statistic) >= TELLS
    # Told by so few cuts that they are no lookup table: one more than there are classes.
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    changes = np.flatnonzero((y[1:] != y[:-1]) & (x[1:] > x[:-1]))
    mixed = np.flatnonzero((y[1:] != y[:-1]) & (x[1:] == x[:-1]))
    return len(changes) <= len(classes) and len(mixed) <= (1 - TELLS) * len(y)


def _tells_levels(
    category: CategoricalColumn, codes: np.ndarray, y: np.ndarray, classes: tuple[object, ...] | None
) -> bool:
    if classes is None or category.width > len(y) / 10:
        return False
    counts = np.zeros((category.width + 1, len(classes)))
    np.add.at(counts, (codes, y), 1)
    return bool(counts.max(axis=1).sum() >= TELLS * len(y))


def _drift(y: np.ndarray, classes: tuple[object, ...] | None, times: np.ndarray) -> Iterator[str]:
    """Yield what changes from the first third of the time to the last."""
    order = np.argsort(times, kind="stable")
    first, last = (y[order[: len(y) // 3]], y[order[-(len(y) // 3) :]])
    if classes is None:
        spread = y.std()
        change = last.mean() - first.mean()
        error = np.sqrt(first.var() / len(first) + last.var() / len(last))
        if abs(change) > max(DRIFTS * spread, ERRORS * error) > 0:
            before, after = numbers([float(first.mean()), float(last.mean())])
            yield (
                kept(
                    "The target drifts: its mean is {before} in the first third of the time, {after} in "
                    "the last. What was learned from the past may not hold.",
                    before=before,
                    after=after,
                )
            )
        return
    shares = [np.bincount(part, minlength=len(classes)) / len(part) for part in (first, last)]
    changes = shares[1] - shares[0]
    most = int(np.abs(changes).argmax())
    error = np.sqrt(sum(share[most] * (1 - share[most]) / len(first) for share in shares))
    if abs(changes[most]) > max(DRIFTS / 2, ERRORS * error):
        yield (
            kept(
                "The target drifts: {before:.0%} of the rows are of class {label} in the first third "
                "of the time, {after:.0%} in the last. What was learned from the past may not hold.",
                before=shares[0][most],
                label=shortened(classes[most]),
                after=shares[1][most],
            )
        )
