"""Effects from a table of runs that exist already, a run a row: sweeps of Optuna, W&B, MLflow, or by hand."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from goru.errors import InputError
from goru.experiment import defaults
from goru.experiment.arms import Level, technique
from goru.experiment.effects.effects import Verdict, verdict
from goru.experiment.findings.effect import EffectFound
from goru.experiment.questions import NOTHING
from goru.language import _, _n, kept, retold
from goru.report.parts.estimates import in_loss
from goru.report.parts.interactions import TOGETHER
from goru.report.terminal import labelled, printable, table, wrapped
from goru.wording import counted, listing, nearest, shortened

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 12
FEWEST_LEFT = 5  # runs more than there are numbers to estimate
_ROUNDING = 1e-8
DECADES = 2.0  # a knob above zero that spans more powers of ten is looked at by its logarithm

WEAKER = kept(
    "Weaker than a study: whoever chose these runs may have looked at the losses of others (a sampler that goes where "
    "it is good does), knobs were not tuned for each combination by itself, and rows that judge may have chosen. So "
    "this says how runs with and without differ on average, other columns being equal, and not what each could do at "
    "its best."
)


@dataclass(frozen=True)
class RunEffects:
    """What a table of runs says.

    - `effects`: of every level against the reference, on average over the others, knobs and blocks being equal.
    - `interactions`: of every two levels, where there are runs with both, either and neither.
    - `plain_loss`: the mean loss at the references, as it is estimated.
    - `runs`: that were looked at; `notes`: what was left out, in sentences.
    """

    effects: tuple[EffectFound, ...]
    interactions: tuple[EffectFound, ...]
    plain_loss: float
    runs: int
    notes: tuple[str, ...] = field(default=())

    def lines(self) -> Iterator[str]:
        """As text."""
        notes = [_n("{n} run", "{n} runs", self.runs), *(retold(note) for note in self.notes)]
        yield from labelled(_("runs"), notes)
        yield ""
        none: Mapping[Verdict, str] = {}
        kinds = (
            (_("effect of each level"), self.effects, none),
            (_("interaction: both, less each alone"), self.interactions, TOGETHER),
        )
        for title, effects, words in kinds:
            if effects:
                rows = [self._row(effect, words) for effect in effects]
                yield from table(
                    [(title, _("change in loss"), _("{confidence} interval", confidence="95%"), _("verdict")), *rows]
                )
                yield ""
        yield from wrapped(retold(WEAKER))

    def _row(self, effect: EffectFound, words: Mapping[Verdict, str]) -> tuple[str, str, str, str]:
        change, interval = in_loss(effect)
        share = (
            f" ({effect.change / abs(self.plain_loss):+.1%})" if effect.change is not None and self.plain_loss else ""
        )
        return (
            printable(retold(effect.name)),
            change + share,
            interval,
            retold(words.get(effect.verdict, effect.verdict)),
        )

    def frame(self) -> "pd.DataFrame":
        """One row a question."""
        import pandas as pd

        return pd.DataFrame([*self.effects, *self.interactions])

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return str(self)


def effects(
    frame: "pd.DataFrame",
    factors: Sequence[str] | Mapping[str, Sequence[Level] | None],
    loss: str,
    knobs: Sequence[str] = (),
    blocks: Sequence[str] = (),
    maximize: bool = False,
) -> RunEffects:
    """Main effects and interactions from runs, by least squares.

    The loss of a run is taken for the sum of what its block, its levels, pairs of levels and its knobs (up to their
    squares) add; errors are robust to unequal spread (HC3, MacKinnon & White 1985), intervals of each kind hold
    together (Bonferroni).

    **Arguments:**

    - `frame`: one run a row.
    - `factors`: columns; as a mapping with their levels, the reference first, and no others.
    - `loss`: the column with what is to be low.
    - `knobs`: columns with numbers that differ from run to run; missing where a run has none.
    - `blocks`: columns, such as the seed or the fold, of which runs with equal values are alike.
    - `maximize`: whether the column is a score instead, which is to be high.

    **Raises:** `InputError` for columns that are not there, or too few runs.
    """
    knobs, blocks = _several(knobs), _several(blocks)
    levels = dict(factors) if isinstance(factors, Mapping) else dict.fromkeys(_several(factors))
    _check(frame, [*levels, loss, *knobs, *blocks])
    if not levels:
        raise InputError("factors: there are none. Name one column or more.")
    runs, notes = _whole(frame, loss)
    columns = {name: _levels(runs, name, wanted) for name, wanted in levels.items()}
    for name, levels_of_factor in columns.items():
        known = np.array([_plain_value(value) in levels_of_factor for value in runs[name]])
        if not known.all():
            notes.append(
                kept(
                    "{runs} with other levels of {name!r}: left out",
                    runs=counted(int((~known).sum()), "run"),
                    name=name,
                )
            )
            runs = runs[known]
    y = runs[loss].to_numpy(dtype=float) * (-1 if maximize else 1)
    coded = {name: np.array([_plain_value(value) for value in runs[name]], dtype=object) for name in columns}
    covariates = [*_blocks(runs, blocks), *(column for name in knobs for column in _knob(runs, name))]
    mains = [(name, level) for name, known_levels in columns.items() for level in known_levels[1:]]
    pairs = [
        pair
        for pair in itertools.combinations(mains, 2)
        if pair[0][0] != pair[1][0] and _all_corners(coded, columns, pair)
    ]
    model = _Model(y, coded, columns, mains, pairs, covariates)
    if model.left < FEWEST_LEFT and pairs:
        notes.append(kept("too few runs to tell what levels do together"))
        pairs = []
        model = _Model(y, coded, columns, mains, pairs, covariates)
    if model.left < FEWEST_LEFT:
        raise InputError(
            f"{counted(len(y), 'run')} are too few to estimate {model.numbers} numbers: {model.numbers + FEWEST_LEFT} "
            "are needed. Give more runs, or name fewer factors, knobs or blocks."
        )
    if lost := [pair for pair in pairs if not model.is_known(model.pair(*pair))]:
        notes.append(kept("{pairs} of levels that other columns hide: left out", pairs=counted(len(lost), "pair")))
        pairs = [pair for pair in pairs if pair not in lost]
        model = _Model(y, coded, columns, mains, pairs, covariates)
    if hidden := [repr(name) for name, level in mains if not model.is_known(model.main(name, level))]:
        raise InputError(
            f"{listing(dict.fromkeys(hidden))}: cannot be told apart from other columns, which always change together. "
            "Leave one of them out."
        )
    plain = model.plain
    margin = defaults.MARGIN * abs(plain)
    main_effects = [
        model.effect(model.main(name, level), _named(name, level, columns[name][0]), margin, len(mains))
        for name, level in mains
    ]
    together = [
        model.effect(model.pair(first, second), f"{technique(*first)} and {technique(*second)}", margin, len(pairs))
        for first, second in pairs
    ]
    return RunEffects(tuple(main_effects), tuple(together), plain, len(y), tuple(notes))


def effects_of_file(
    source: str,
    factors: Sequence[str],
    loss: str,
    knobs: Sequence[str] = (),
    blocks: Sequence[str] = (),
    maximize: bool = False,
) -> RunEffects:
    """The same of a file.

    **Arguments:**

    - `factors`: `NAME`, or `NAME=off,on` with its levels, the reference first.

    **Raises:** see `effects`, and `InputError` if the file cannot be read.
    """
    from goru.data.files.reading import read_table

    frame = read_table(source).frame
    named = {}
    for factor in factors:
        name, levels = _column_and_levels(factor, frame.columns)
        named[name] = [_read_level(level) for level in levels.split(",")] if levels else None
    asked: Any = list(named) if all(levels is None for levels in named.values()) else named
    return effects(frame, asked, loss, knobs, blocks, maximize)


def _column_and_levels(factor: str, columns: Collection[str]) -> tuple[str, str]:
    """What stands before and behind an equals sign, which a column may have in its name too."""
    signs = [place for place, letter in enumerate(factor) if letter == "="]
    whole = [(factor, ""), *((factor[:place], factor[place + 1 :]) for place in reversed(signs))]
    return next((pair for pair in whole if pair[0] in columns), whole[-1])


def _read_level(text: str) -> Level:
    """A level as it stands in a file: a number, if it looks like one."""
    try:
        return _plain_value(float(text))
    except ValueError:
        return text or None


def _named(factor: str, level: Level, reference: Level) -> str:
    """A level in words; beside its reference, if that is something too."""
    words = technique(factor, level)
    return words if str(reference).lower() in NOTHING else f"{words} instead of {reference}"


def _several(names: Sequence[str]) -> Sequence[str]:
    """Also if one is given by itself."""
    return [names] if isinstance(names, str) else names


def _check(frame: "pd.DataFrame", names: list[str]) -> None:
    there = list(map(str, frame.columns))
    for name in names:
        if name not in frame.columns:
            raise InputError(f"{name!r}: the table has no such column.{nearest(str(name), there)}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{twice[0]!r} is named twice. Name a column once: as a factor, a knob, a block or the loss.")


def _whole(frame: "pd.DataFrame", loss: str) -> tuple["pd.DataFrame", list[str]]:
    """Runs of which the loss is a number; and what is said of the others."""
    import pandas as pd

    losses = pd.to_numeric(frame[loss], errors="coerce")
    known = np.isfinite(losses.to_numpy(dtype=float))
    notes = [
        kept("{runs} without a finite {loss!r}: left out", runs=counted(int((~known).sum()), "run"), loss=loss)
    ] * (not known.all())
    if not known.any():
        raise InputError(f"{loss!r}: no run has a finite number in this column. Name the column that holds the loss.")
    return frame[known].assign(**{loss: losses[known]}), notes


def _plain_value(value: Any) -> Level:
    """A cell as a level: without NumPy's types; what is missing is None."""
    import pandas as pd

    if pd.isna(value):
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


def _levels(table: "pd.DataFrame", name: str, wanted: Sequence[Level] | None) -> list[Level]:
    """The levels of a factor, its reference first."""
    there = list(dict.fromkeys(_plain_value(value) for value in table[name]))
    if wanted is not None:
        words = {str(level).lower(): level for level in there}  # a command has nothing else
        asked = [
            level if level in there else words.get(str(level).lower(), level) for level in map(_plain_value, wanted)
        ]
        if missing := [level for level in asked if level not in there]:
            raise InputError(
                f"{name!r}: no run has the level {listing(map(repr, missing))}. Runs have {listing(map(repr, there))}."
            )
        there = asked
    else:
        there.sort(key=lambda level: (NOTHING.index(word) if (word := str(level).lower()) in NOTHING else 99, word))
    if len(there) < 2:
        raise InputError(f"{name!r}: all runs have the same level, {there[0]!r}. Leave it out.")
    if len(there) > MOST_LEVELS:
        raise InputError(
            f"{name!r} has {len(there)} levels, and {MOST_LEVELS} are the most for a factor. Make it a knob if it is a "
            "number, or name the levels to compare."
        )
    return there


def _blocks(table: "pd.DataFrame", names: Sequence[str]) -> list[np.ndarray]:
    """A column for every block but one of each kind."""
    indicators = []
    for name in names:
        values = [_plain_value(value) for value in table[name]]
        blocks = list(dict.fromkeys(values))
        indicators += [np.array([value == block for value in values], float) for block in blocks[1:]]
    return indicators


def _knob(table: "pd.DataFrame", name: str) -> list[np.ndarray]:
    """A knob and its square, on a logarithmic scale where it spans decades; nothing where a run has none."""
    import pandas as pd

    values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(values)
    if (text := table[name][np.isnan(values) & table[name].notna().to_numpy()]).size:
        raise InputError(
            f"{name!r}: {shortened(text.iloc[0])} is not a number, so this cannot be a knob. Make it a factor."
        )
    if not known.any() or np.ptp(values[known]) == 0:
        return []
    low, high = values[known].min(), values[known].max()
    if low > 0 and np.log10(high / low) > DECADES:
        values = np.log(np.where(known, values, low))
    scaled = (values - values[known].mean()) / values[known].std()
    first = np.where(known, scaled, 0.0)
    return [first, np.where(known, first**2, 1.0)]


def _all_corners(
    coded: Mapping[str, np.ndarray],
    columns: Mapping[str, Sequence[Level]],
    pair: tuple[tuple[str, Level], tuple[str, Level]],
) -> bool:
    """Whether there are runs with both levels, with either and with neither."""
    (first, a), (second, b) = pair
    there = set(zip(coded[first], coded[second], strict=True))
    return all(corner in there for corner in itertools.product((columns[first][0], a), (columns[second][0], b)))


class _Model:
    """Least squares with levels coded about their means, so that a main effect is that over all levels of the others.

    **Arguments:**

    - `y`: losses, `(runs,)`.
    - `coded`, `columns`: of every factor its level in every run, and all its levels.
    - `mains`, `pairs`: what is estimated.
    - `covariates`: columns of numbers, `(runs,)` each.
    """

    def __init__(
        self,
        y: np.ndarray,
        coded: Mapping[str, np.ndarray],
        columns: Mapping[str, Sequence[Level]],
        mains: Sequence[tuple[str, Level]],
        pairs: Sequence[tuple[tuple[str, Level], tuple[str, Level]]],
        covariates: Sequence[np.ndarray],
    ) -> None:
        # An indicator less the share that the level would have if all were as frequent.
        centred = {
            (name, level): np.array([value == level for value in coded[name]], float) - 1 / len(columns[name])
            for name, level in mains
        }
        together = [centred[first] * centred[second] for first, second in pairs]
        design = [np.ones(len(y)), *centred.values(), *together]
        X = np.stack([*design, *(column - column.mean() for column in covariates)], axis=1)
        self._mains = {main: 1 + place for place, main in enumerate(mains)}
        self._pairs = {pair: 1 + len(mains) + place for place, pair in enumerate(pairs)}
        self._shares = {name: 1 / len(levels) for name, levels in columns.items()}
        self.numbers = int(np.linalg.matrix_rank(X))
        self._hidden = np.linalg.svd(X)[2][self.numbers :]  # what can be added to all coefficients, and nobody sees it
        self.left = len(y) - self.numbers
        inverse = np.linalg.pinv(X.T @ X)
        self._beta = inverse @ X.T @ y
        leverage = np.clip(np.einsum("ij,jk,ik->i", X, inverse, X), 0, 1 - 1e-6)
        half = inverse @ X.T
        self._covariance = (half * ((y - X @ self._beta) / (1 - leverage)) ** 2) @ half.T

    @property
    def plain(self) -> float:
        """The loss with every factor at its reference, blocks and knobs at their means."""
        shares = self._shares
        mains = sum(self._beta[place] * shares[name] for (name, _), place in self._mains.items())
        pairs = sum(
            self._beta[place] * shares[first[0]] * shares[second[0]] for (first, second), place in self._pairs.items()
        )
        return float(self._beta[0] - mains + pairs)

    def is_known(self, place: int) -> bool:
        """Whether the runs say anything of a coefficient by itself."""
        return bool(np.all(abs(self._hidden[:, place]) < _ROUNDING))

    def main(self, factor: str, level: Level) -> int:
        """Where the coefficient of a level against the reference stands."""
        return self._mains[factor, level]

    def pair(self, first: tuple[str, Level], second: tuple[str, Level]) -> int:
        """Where the coefficient of two levels together stands."""
        return self._pairs[first, second]

    def effect(self, place: int, name: str, margin: float, comparisons: int) -> EffectFound:
        """A coefficient with its interval."""
        from scipy.stats import t

        change, error = float(self._beta[place]), float(np.sqrt(max(self._covariance[place, place], 0.0)))
        half = float(t.ppf(1 - (1 - defaults.CONFIDENCE) / (2 * comparisons), self.left)) * error
        effect_verdict: Verdict = verdict(change - half, change + half, margin)
        return EffectFound(name, change, change - half, change + half, margin, effect_verdict, error, None, None)
