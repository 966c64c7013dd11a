"""Which networks' learning curves are drawn, and what they are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from goru.claims.claim import ClaimOutcome
from goru.language import kept, retold

Rows = Literal["test", "training"]
Figure = Literal["score", "loss"]
WORDS = {
    "batch_norm": kept("batch norm"),
    "depth": kept("hidden layers"),
    "dropout_rate": kept("dropout rate"),
    "init": kept("initial weights"),
    "learning_rate": kept("learning rate"),
    "mixup_alpha": kept("α of mixup"),
    "strength": kept("strength"),
    "which": kept("number or learning rate"),
    "weight_decay": kept("λ"),
    "weight_scale": kept("initial weights, times He's"),
    "weight_std": kept("standard deviation of the initial weights"),
    "what": kept("hyperparameter"),
    "value": kept("value"),
    "test_loss": kept("test loss"),
    "test_score": kept("test score"),
    "dropout_against_decay_percent": kept("dropout against decay, percent"),
    "width": kept("units"),
}

# Columns that are called as they are, and values of keys.
NAMES = (
    *(
        kept("side"),
        kept("form"),
        kept("part"),
        kept("table"),
        kept("rows"),
        kept("seed"),
        kept("factor"),
        kept("where"),
    ),
    *(kept("scaled by"), kept("norm"), kept("gap"), kept("learned"), kept("best"), kept("change"), kept("low")),
    *(kept("high"), kept("verdict"), kept("normalization"), kept("masks"), kept("networks"), kept("effect")),
    *(kept("usual"), kept("near"), kept("far"), kept("batch"), kept("layer"), kept("rms"), kept("decay"), kept("both")),
    *(
        kept("classic"),
        kept("inverted"),
        kept("along"),
        kept("across"),
        kept("momentum"),
        kept("without"),
        kept("with"),
    ),
)


@dataclass(frozen=True)
class SeedBand:
    """A figure by epoch: its mean over the seeds, the lowest and the highest; `(points,)` each."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class ClaimLine:
    """The learning curves of a setting's networks.

    - `panel`, `name`: where they are drawn, and what they are called there.
    - `setting`: what the networks are, by the columns of the claim.
    - `among`: how many settings have that place; of them this has the lowest test loss at the end.
    """

    panel: str
    name: str
    setting: dict[str, Any]
    among: int
    epochs: np.ndarray
    ways: dict[tuple[Rows, Figure], SeedBand]


@dataclass(frozen=True)
class DrawnLines:
    """All that is drawn of a claim.

    - `settings`: how many there are, drawn or not.
    - `shown`: how many are drawn.
    - `chosen_by`: columns in which those differ of which one is drawn.
    """

    lines: list[ClaimLine]
    settings: int
    shown: int
    chosen_by: list[str]


def claim_lines(outcome: ClaimOutcome) -> DrawnLines:
    """The lines of a claim: where several settings have one place, that with the lowest mean test loss at the end."""
    columns = [*outcome.claim.columns]
    ends = {_key(key): own for key, own in outcome.frame.groupby(columns, sort=False)}
    places: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for key in ends:
        for place in outcome.claim.lines(outcome.setup, key):
            places.setdefault(place, []).append(key)
    ways = {_key(key): own for key, own in outcome.curves.groupby(columns, sort=False)}
    lines, shown, chosen_by = [], set(), set()
    for (panel, name), keys in places.items():
        losses = [float(ends[key]["test_loss"].to_numpy().mean()) for key in keys]
        key = keys[int(np.argmin(np.nan_to_num(losses, nan=np.inf, posinf=np.inf)))]
        shown.add(key)
        # Names differ in what they say themselves: what is chosen is a number.
        chosen_by |= {
            column
            for column, *values in zip(columns, *keys, strict=True)
            if len({*values}) > 1 and not isinstance(values[0], str)
        }
        epochs, found = _ways(ways[key])
        lines.append(ClaimLine(panel, name, dict(zip(columns, key, strict=True)), len(keys), epochs, found))
    return DrawnLines(lines, len(ends), len(shown), [column for column in columns if column in chosen_by])


def _key(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _ways(own: pd.DataFrame) -> tuple[np.ndarray, dict[tuple[Rows, Figure], SeedBand]]:
    own = own.sort_values(["seed", "epoch"])
    epochs = own["epoch"].unique()
    found: dict[tuple[Rows, Figure], SeedBand] = {}
    rows: Sequence[Rows] = ("test", "training")
    figures: Sequence[Figure] = ("score", "loss")
    for row in rows:
        for figure in figures:
            values = own[f"{row}_{figure}"].to_numpy().reshape(-1, len(epochs))  # a row a seed
            found[row, figure] = SeedBand(values.mean(axis=0), values.min(axis=0), values.max(axis=0))
    return np.asarray(epochs), found


def column_in_words(column: str) -> str:
    """What a column of keys is called."""
    return retold(WORDS.get(column, column.replace("_", " ")))


def value(of: Any) -> str:
    """A value of a key."""
    return f"{of:g}" if isinstance(of, float) else retold(str(of))
