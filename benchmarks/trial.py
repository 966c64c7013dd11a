"""Tables of which the truth is known, and studies of them: what the trial of the method is made of."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from goru.data.dataset import Dataset, load_dataset
from goru.data.splitting import Split
from goru.experiment import defaults as experiment_defaults
from goru.experiment.arms import Arm
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer
from goru.experiment.effects.standings import Standings
from goru.experiment.effects.weights import weights
from goru.experiment.findings.effect import EffectFound
from goru.experiment.plan import Plan
from goru.experiment.racing.looks import error
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Silent
from goru.experiment.trial import Losses, Trial, judged, losses_by_arm
from goru.nn.architecture import Architecture, Recipe
from goru.nn.layers.scaled_affine import FASTER
from goru.population.member import PreparedRows
from goru.population.program import BlockShape
from goru.studies import defaults
from goru.studies.asked.design import hyperparameters
from goru.studies.asked.judging import judge_of
from goru.studies.blocks import Blocks
from goru.studies.laboratory import NetworkLaboratory

FRESH = 512  # rows a table, to know the truth by
TRAINED = Plan(configurations=16, epochs=30)
HIDDEN = (32,)
NETWORKS = 16  # in a block
RACED = experiment_defaults.KEPT  # of configurations: what a race trains in the second partition


@dataclass(frozen=True)
class Shape:
    """A plan that a budget pays for: configurations, folds, partitions."""

    configurations: int
    folds: int
    partitions: int

    @property
    def name(self) -> str:
        return f"{self.configurations} in {self.partitions} x {self.folds}"

    @property
    def splits(self) -> list[int]:
        return [TRAINED.folds * partition + fold for partition in range(self.partitions) for fold in range(self.folds)]

    def subsets(self, trained: int = TRAINED.configurations) -> Iterator[list[int]]:
        """Of so many configurations, those that make a search each."""
        for first in range(0, trained - self.configurations + 1, self.configurations):
            yield list(range(first, first + self.configurations))


SHAPES = (Shape(3, 3, 1), Shape(4, 5, 1), Shape(6, 5, 2), Shape(16, 5, 2))
LOOKS = (*(Shape(count, 5, 1) for count in (3, 4, 6, 9, 13, 16)), Shape(16, 5, 2))


@dataclass(frozen=True)
class Setting:
    """A population of tables.

    - `rows`: of the table; a fifth of them is set aside, as `goru fit` does.
    - `informative`, `useless`: columns of numbers.
    - `noise`: for numbers, the standard deviation of what cannot be known, against 1 of what can; for classes, how
      much the log-odds are flattened.
    - `rare`: the log-odds of the rarer class are lower by this.
    - `tails`: degrees of freedom of Student's t, of which the noise is; without, it is normal.
    - `categories`: columns of eight categories each, which shift the signal.
    """

    task: str
    rows: int
    informative: int
    useless: int
    noise: float
    rare: float = 0.0
    tails: float = math.inf
    categories: int = 0

    @property
    def name(self) -> str:
        words = f"{self.task}, {self.rows:,} rows, {self.informative}+{self.useless} columns, noise {self.noise:g}"
        words += ", one in twenty" * (self.rare > 0) + ", heavy tails" * (self.tails < math.inf)
        return words + f", {self.categories} of categories" * (self.categories > 0)

    def table(self, seed: int) -> Dataset:
        """A table, with fresh rows as its test rows."""
        rng = np.random.default_rng((seed, self.rows, self.informative, self.useless))
        n = self.rows * 4 // 5
        x = rng.normal(size=(n + FRESH, self.informative + self.useless))
        kinds = rng.integers(0, 8, size=(n + FRESH, self.categories))
        frame = pd.DataFrame(x, columns=[f"x{column}" for column in range(x.shape[1])])
        for column, kind in enumerate(kinds.T):
            frame[f"c{column}"] = np.array(list("abcdefgh"))[kind]
        frame["y"] = self._target(x[:, : self.informative], kinds, rng)
        return load_dataset(frame[:n], target="y", task=self.task, test=frame[n:].reset_index(drop=True), seed=seed)

    def _target(self, x: np.ndarray, kinds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same smooth function in all tables of a setting."""
        fixed = np.random.default_rng((1, self.informative))
        inner = fixed.normal(size=(self.informative, 8)) / math.sqrt(self.informative)
        bias, outer = fixed.normal(size=8) / 2, fixed.normal(size=8) / 1.8
        signal = np.tanh(2 * x @ inner + bias) @ outer
        shifts = fixed.normal(size=(self.categories, 8)) / 2
        signal = signal + sum((shift[kind] for shift, kind in zip(shifts, kinds.T, strict=True)), np.zeros(len(x)))
        if self.task == "regression":
            noise = rng.normal(size=len(x)) if self.tails == math.inf else rng.standard_t(self.tails, size=len(x))
            return signal + self.noise * noise
        return np.where(rng.random(len(x)) < 1 / (1 + np.exp(self.rare - signal / self.noise)), "yes", "no")


SETTINGS = (
    Setting("classification", 1000, 3, 17, 0.125),
    Setting("classification", 300, 5, 5, 0.33),
    Setting("regression", 1000, 3, 17, 0.3),
    Setting("regression", 300, 5, 5, 0.8),
    Setting("classification", 200, 4, 4, 0.25),
    Setting("classification", 1000, 4, 6, 0.33, rare=3.7),
    Setting("regression", 1000, 4, 6, 0.3, tails=3.0),
    Setting("classification", 1000, 3, 5, 0.25, categories=4),
    Setting("regression", 5000, 4, 16, 0.4),
)


class FreshRows(NetworkLaboratory):
    """A laboratory that scores fresh rows with the validation rows, as a part of their own: the last one."""

    def rows(self, split: Split) -> PreparedRows:
        prepared = super().rows(split)
        preparation, scaling = self.fit_preparation(split.training_rows)
        y = self.dataset.y_test if scaling is None else scaling.transform(self.dataset.y_test)[:, None]
        n = len(prepared.x)
        return PreparedRows(
            x=np.concatenate([prepared.x, self.scales * preparation.transform(self.dataset.encoded_test)]),
            y=np.concatenate([prepared.y, y.astype(prepared.y.dtype)]),
            training=prepared.training,
            training_scored=prepared.training_scored,
            validation=np.concatenate([prepared.validation, np.arange(n, n + FRESH)]),
            part=np.concatenate([self.parts, np.full(FRESH, defaults.PARTS, np.int32)]),
        )

    def losses(self, trials: Sequence[Trial], splits: Sequence[Split]) -> dict[Arm, Losses]:
        """Of every arm, as a study sees them; but in the place of training rows' are those of the fresh rows,
        `(configurations, splits, stops)`."""
        seen, fresh = [], []
        for trial in trials:
            validation = len(splits[trial.split].validation_rows)
            parts = trial.parts.reshape(len(trial.parts), -1, defaults.PARTS + 1) * np.float32(validation + FRESH)
            own, other = parts[..., :-1] / validation, parts[..., -1:] / FRESH
            seen.append(replace(trial, parts=own, judged=judged(own)))
            fresh.append(replace(trial, parts=other, judged=judged(other)))
        shares = self.shares(splits)
        truth = losses_by_arm(fresh, shares[:, -1:], self.temperatures)
        return {
            arm: replace(losses, training=truth[arm].validation)
            for arm, losses in losses_by_arm(seen, shares[:, :-1], self.temperatures).items()
        }


class Laboratories:
    """One for every shape of table; it is compiled once.

    **Arguments:**

    - `design`: has the arms.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._made: dict[tuple[str, int, int], FreshRows] = {}

    def of(self, setting: Setting, dataset: Dataset, seed: int) -> FreshRows:
        key = (setting.task, setting.rows, dataset.n_features)
        if key not in self._made:
            n = len(dataset.y_development)
            batch = 64 if n >= 500 else 32
            shape = BlockShape(
                networks=NETWORKS,
                batch=batch,
                epochs=TRAINED.epochs,
                steps=-(-TRAINED.epochs * n // batch),
                eval_chunks=1,
                eval_rows=FRESH + n // TRAINED.folds + 1,
                parts=defaults.PARTS + 1,
                judge=judge_of(None, dataset),
            )
            recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
            base = Architecture(dataset.n_features, HIDDEN, dataset.n_outputs, column_scales=FASTER)
            arms = self.design.arms
            self._made[key] = FreshRows(dataset, base, recipe, shape, seed, rows=n + FRESH, arms=arms)
            self._made[key].wait()
        return self._made[key].for_table(dataset, seed)


def run(
    laboratory: FreshRows, splits: Sequence[Split], design: Design, search: int, plan: Plan = TRAINED
) -> dict[Arm, Losses]:
    """The race, as a study runs it; but all configurations are trained in the second partition too.

    **Arguments:**

    - `search`: the seed of the configurations.
    """
    steps = laboratory.steps(plan.epochs, int(np.mean([len(split.training_rows) for split in splits])))
    count = max(plan.configurations, defaults.MOST_CONFIGURATIONS)
    configurations = {
        arm: [hyperparameters(values, steps, arm)._asdict() for values in design.configurations(arm, count, search)]
        for arm in design.arms
    }
    blocks = Blocks(laboratory, splits, plan.epochs)
    seed = laboratory.seed
    Race(blocks, configurations, len(splits), plan, record := Record(), Silent(), seed, places=laboratory.arms).run()
    return laboratory.losses(record.trials, splits)


@dataclass(frozen=True)
class Studied:
    """What was trained on a table, whatever part of it is looked at."""

    design: Design
    losses: Mapping[Arm, Losses]

    def called_at_any_look(self, name: str, spending: bool) -> bool:
        """Whether a study that is looked at while it grows, until there is an answer, ever says that a factor helps or
        hurts.

        **Arguments:**

        - `name`: of the effect.
        - `spending`: whether looks share the error, as those of `--until-decided` do, or each is at 95 %.
        """
        for look, shape in enumerate(LOOKS, 1):
            arms = {arm: part_of(own, list(range(shape.configurations)), shape) for arm, own in self.losses.items()}
            confidence = 1 - error(look) if spending else experiment_defaults.CONFIDENCE
            answers = answer(self.design, arms, shape.folds, shape.configurations, confidence)
            (effect,) = (effect for effect in answers.contrasts if effect.name == name)
            if effect.verdict != "inconclusive":
                return effect.verdict in ("helps", "hurts")
        return False

    def effects(self, shape: Shape) -> Iterator[dict[str, Any]]:
        """All effects of all searches of such a shape; in shares of the plain loss."""
        trained = min(len(own.validation) for own in self.losses.values())
        for search, subset in enumerate(shape.subsets(trained)):
            arms = {arm: part_of(own, subset, shape) for arm, own in self.losses.items()}
            answers = answer(self.design, arms, shape.folds, shape.configurations)
            standings = Standings(arms, shape.folds)
            fresh = standings.chosen([own.training for own in arms.values()])
            families = zip(("main", "interaction", "removal"), self.design.asked, strict=True)
            for (family, questions), found in zip(
                families, (answers.contrasts, answers.interactions, answers.removals), strict=True
            ):
                for asked, effect in zip(questions, found, strict=True):
                    known = EffectFound.of(effect, 1)
                    if family == "removal" and known.is_of_itself:
                        continue  # a study does not show it
                    by_split = weights(asked, standings, standings.all)
                    truth = float((by_split.T * fresh).sum(axis=0).mean())
                    numbers = ("change", "low", "high", "rows", "networks", "search")
                    likely = known.likely
                    yield {
                        "shape": shape.name,
                        "search": search,
                        "family": "best" if getattr(asked, "kind", "mean") == "best" else family,
                        "name": asked.name,
                        "verdict": effect.verdict,
                        "likely": likely and likely[0],
                        "helps": effect.helps,
                        "truth": truth / answers.plain_loss,
                        **{name: getattr(effect, name) / answers.plain_loss for name in numbers},
                    }


def part_of(arm: Losses, subset: list[int], shape: Shape) -> Losses:
    """Some configurations in some splits; past the first partition the better ones alone, as in a race."""
    score, fit = (losses[np.ix_(subset, shape.splits)].copy() for losses in (arm.validation, arm.training))
    first = score[:, : shape.folds].mean(axis=1)
    order = np.argsort(np.where(np.isnan(first), np.inf, first).min(axis=1), kind="stable")
    kept = max(defaults.FEWEST_CONFIGURATIONS, math.ceil(RACED * shape.configurations))
    score[order[kept:], shape.folds :] = np.nan
    parts = np.asarray(arm.parts)[np.ix_(subset, shape.splits)]
    return replace(arm, validation=score, training=fit, parts=parts, shares=arm.shares[shape.splits], learning=None)
