"""What a claim is: a promise of the textbook, networks that try it, and how their outcome is read."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from goru.claims.effects import ClaimEffect
from goru.claims.table import ClaimTable
from goru.claims.training import SGD, Cell, Keep, TrainedCell
from goru.experiment.effects.effects import Verdict
from goru.language import kept
from goru.nn.architecture import Architecture, Hyperparameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Said = Literal["holds", "holds in part", "does not hold", "inconclusive"]
Results = Mapping[Any, TrainedCell]
Expected = Verdict | tuple[Verdict, ...]  # a word, or any of some
NOTHING_SAID = kept("So nothing can be said yet: the seeds differ too much among themselves.")


@dataclass(frozen=True)
class Sizes:
    """Of an experiment: `depth` hidden layers of `width` units, and how they are trained.

    - `rows`: to fit on.
    - `batch`, `epochs`: rows in a mini-batch, and passes over the rows.
    - `every`: epochs between two points of a learning curve.
    - `rate`: the learning rate.
    """

    depth: int
    width: int
    rows: int
    batch: int
    epochs: int
    every: int
    rate: float

    def with_as_many_steps(self, rows: int, batch: int) -> "Sizes":
        """Other `rows`, or `batch`, and as many steps to within a fortieth: so it does not show how long."""
        epochs = self.epochs * (self.rows / rows) * (batch / self.batch)
        every = max(round(epochs / 20), 1)
        return replace(self, rows=rows, batch=batch, epochs=every * max(round(epochs / every), 1), every=every)


@dataclass(frozen=True)
class Setup:
    """On what, and how large, claims are tried.

    - `table`: the rows.
    - `seeds`: how often every network is trained, each time from other initial weights, on other rows, in other order.
    - `book`: whether the sizes are those of the book's own figures.
    - `tables`: further ones, for claims that are about several.
    """

    table: ClaimTable
    seeds: int
    book: bool = False
    tables: tuple[ClaimTable, ...] = ()

    @property
    def learning(self) -> Sizes:
        """For promises about how fast networks learn."""
        if self.book:
            return Sizes(depth=5, width=100, rows=1000, batch=100, epochs=20, every=1, rate=0.01)
        return self._fitting(Sizes(depth=5, width=50, rows=500, batch=50, epochs=20, every=1, rate=0.03))

    @property
    def overfitting(self) -> Sizes:
        """For promises about overfitting: many learned numbers, few rows, long training."""
        if self.book:
            return Sizes(depth=6, width=100, rows=300, batch=100, epochs=200, every=10, rate=0.01)
        return self._fitting(Sizes(depth=6, width=50, rows=300, batch=50, epochs=100, every=5, rate=0.03))

    @property
    def rates(self) -> tuple[float, ...]:
        """Learning rates, where each side is tuned."""
        return (0.01,) if self.book else (0.03, 0.1, 0.3)

    @property
    def tuning(self) -> str:
        """How a side is tuned, in words."""
        if len(self.rates) == 1:
            return kept("learning rate {rate:g}", rate=self.rates[0])
        rates = ", ".join(f"{rate:g}" for rate in self.rates)
        return kept("each judged at the learning rate of {rates} that is best on the other seeds", rates=rates)

    def describe(self, sizes: Sizes) -> str:
        """The `sizes` in words."""
        return kept(
            "{depth} hidden layers of {width} units, {rows} rows of {name} to fit on, batches of "
            "{batch}, {epochs} epochs of plain gradient descent, {seeds} seeds.",
            depth=sizes.depth,
            width=sizes.width,
            rows=sizes.rows,
            name=self.table.name,
            batch=sizes.batch,
            epochs=sizes.epochs,
            seeds=self.seeds,
        )

    @property
    def score(self) -> str:
        """What scores are called."""
        return kept("accuracy") if self.table.classes else kept("explained variance")

    def _fitting(self, sizes: Sizes) -> Sizes:
        """With fewer rows where the table has not so many."""
        rows = self.table.fitted(sizes.rows)
        return Sizes(**vars(sizes) | {"rows": rows, "batch": min(sizes.batch, max(rows // 6, 2))})

    def cell(self, sizes: Sizes, rate: float | None = None, table: ClaimTable | None = None, **given: Any) -> Cell:
        """A cell of these sizes; what is given goes to where it belongs: architecture, hyperparameters or cell.

        **Arguments:**

        - `sizes`: how large, and how long.
        - `rate`: the learning rate, by default that of the sizes.
        - `table`: by default the setup's own.

        Batch norm may be `"none"`, as it is called in frames.
        """
        table = table or self.table
        shape = {name: given.pop(name) for name in list(given) if name in Architecture.__dataclass_fields__}
        numbers = {name: given.pop(name) for name in list(given) if name in Hyperparameters._fields}
        shape = {"hidden": (sizes.width,) * sizes.depth} | shape
        if shape.get("batch_norm") == "none":
            shape["batch_norm"] = None
        own = {name: getattr(sizes, name) for name in ("rows", "batch", "epochs", "every")} | given
        own.setdefault("recipe", replace(SGD, loss=table.loss))
        return Cell(
            table=table,
            architecture=Architecture(inputs=table.inputs, outputs=table.outputs, **shape),
            hyper=Hyperparameters(learning_rate=sizes.rate if rate is None else rate, **numbers),
            **own,
        )


@dataclass(frozen=True)
class Source:
    """Where a promise, or its explanation, comes from: a `text` that cites it, and a `url`."""

    text: str
    url: str


@dataclass(frozen=True)
class Reading:
    """What a claim's networks say.

    - `effects`: what the verdict rests on.
    - `found`: what was found, in plain sentences.
    - `draw`: draws the figure.
    - `tables`: further frames, by name.
    """

    effects: tuple[ClaimEffect, ...]
    found: str
    draw: Callable[["Figure"], None]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def one_panel(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """Learning curves side by side, each called what its `key` says, on whatever `setup`."""
    return [("", ", ".join(map(str, key)))]


@dataclass(frozen=True)
class Claim:
    """A promise, and the experiment that tries it.

    - `name`, `question`: what is asked.
    - `promise`: what the textbook says.
    - `setting`: what is trained, in plain words.
    - `columns`: what the keys of the plan say, the columns of the frame.
    - `expected`: the words that the effects have if the claim holds; of an effect that may have several, all of them.
    - `meaning`: what it means, by what is said of the promise.
    - `sources`: where the promise comes from.
    - `plan`: the networks.
    - `read`: what they say.
    - `keep`: what is kept of the networks.
    - `size`: the size of the figure, in inches.
    - `shows`: what there is to see in it, in plain sentences; `{score}` stands for what scores are called.
    - `lines`: of a key, where its networks' learning curves are drawn: panels, and their names in them; none if they
      are not. Of several keys with one place, that with the lowest test loss is drawn.
    - `watched`: of which the curves are, where there are several panels; where there is one, both are drawn.
    """

    name: str
    question: str
    promise: str
    setting: Callable[[Setup], str]
    columns: tuple[str, ...]
    expected: tuple[Expected, ...]
    meaning: dict[Said, str]
    sources: tuple[Source, ...]
    plan: Callable[[Setup], Mapping[Any, Cell]]
    read: Callable[[Setup, Results], Reading]
    keep: Keep = "nothing"
    size: tuple[float, float] = (9.0, 3.6)
    shows: str = ""
    lines: Callable[[Setup, tuple[Any, ...]], Sequence[tuple[str, str]]] = one_panel
    watched: Literal["score", "loss"] = "score"


def as_promised(expected: Expected, found: Verdict) -> bool:
    """Whether the verdict that was `found` of an effect is the one, or one of those, `expected` by the promise."""
    return found == expected or (isinstance(expected, tuple) and found in expected)


def said(expected: tuple[Expected, ...], found: tuple[Verdict, ...]) -> Said:
    """Whether a promise holds, by what was `expected` and `found`: all its parts, some, none; or nobody can say."""
    borne_out = [as_promised(one, other) for one, other in zip(expected, found, strict=True)]
    if all(borne_out):
        return "holds"
    if any(borne_out):
        return "holds in part"
    return "inconclusive" if all(one == "inconclusive" for one in found) else "does not hold"


@dataclass(frozen=True)
class ClaimOutcome:
    """A claim after its experiment; it prints itself.

    - `claim`, `setup`: what was tried, and on what.
    - `said`: whether the claim holds.
    - `effects`: what that rests on.
    - `frame`: a row a network: what it is, its seed, and loss and score at the end on training rows and on test rows.
    - `curves`: a row a network and epoch.
    - `tables`: further frames, by name.
    - `done`, `found`, `meaning`: what was trained, what was found, and what that means, in plain words.
    - `draw`: draws the figure; `figure()` gives it.
    """

    claim: Claim
    setup: Setup
    said: Said
    effects: tuple[ClaimEffect, ...]
    frame: pd.DataFrame
    curves: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    done: str
    found: str
    meaning: str
    draw: Callable[["Figure"], None]

    @property
    def name(self) -> str:
        """The claim's."""
        return self.claim.name

    @property
    def paragraph(self) -> str:
        """What was done and found, and what it means."""
        return " ".join([self.done, self.found, self.meaning])

    def figure(self) -> "Figure":
        """The figure, by Matplotlib."""
        from goru.claims.figures import drawn

        return drawn(self.draw, self.claim.size)

    def __repr__(self) -> str:
        effects = [f"{effect.what}: {effect.numbers}, {effect.word(effect.verdict)}" for effect in self.effects]
        return "\n".join([f"{self.name}: {self.said}", *effects, self.paragraph])


def outcome(claim: Claim, setup: Setup, results: Results) -> ClaimOutcome:
    """Read what was trained: the `results` of a `claim` on a `setup`."""
    reading = claim.read(setup, results)
    verdict = said(claim.expected, tuple(effect.verdict for effect in reading.effects))
    frame, curves = frames(claim.columns, results)
    return ClaimOutcome(
        claim,
        setup,
        verdict,
        reading.effects,
        frame,
        curves,
        reading.tables,
        claim.setting(setup),
        reading.found,
        claim.meaning[verdict],
        reading.draw,
    )


def frames(columns: tuple[str, ...], results: Mapping[Hashable, TrainedCell]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of `results`: a row a network, and a row a network and epoch; `columns` are what their keys say."""
    ends, ways = [], []
    for key, found in results.items():
        names = dict(zip(columns, key if isinstance(key, tuple) else (key,), strict=True))
        seeds, points = found.training.shape[:2]
        ends.append(
            pd.DataFrame(
                {
                    "seed": range(seeds),
                    "training_loss": found.training[:, -1, 0],
                    "training_score": found.training_score,
                    "test_loss": found.test_loss,
                    "test_score": found.test_score,
                }
            ).assign(**names)[[*columns, "seed", "training_loss", "training_score", "test_loss", "test_score"]]
        )
        way = pd.DataFrame(
            {
                "seed": [seed for seed in range(seeds) for _ in range(points)],
                "epoch": [*found.epochs] * seeds,
                "training_loss": found.training[..., 0].ravel(),
                "training_score": found.training[..., 1].ravel(),
                "test_loss": found.test[..., 0].ravel(),
                "test_score": found.test[..., 1].ravel(),
            }
        )
        ways.append(way.assign(**names)[[*columns, *way.columns]])
    return pd.concat(ends, ignore_index=True), pd.concat(ways, ignore_index=True)
