"""A study, from a table to an answer and a model."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from goru import __version__
from goru.data.dataset import Dataset
from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.model.model import Model
from goru.nn.architecture import Architecture, Recipe
from goru.population import devices
from goru.study import answer, defaults
from goru.study.design import PLAIN
from goru.study.handover import Bag, as_model, rank, shortlist, train_bag
from goru.study.laboratory import Laboratory
from goru.study.options import Options
from goru.study.pace import measure
from goru.study.plan import Plan, plan_networks
from goru.study.race import Race
from goru.study.scores import score_on_test
from goru.study.trial import Trial, score_losses
from goru.study.watcher import Silent, Watcher


@dataclass(frozen=True, eq=False)
class Result:
    """What a study leaves: the answer in plain JSON types, the model that is handed over, its networks as trained."""

    answer: dict[str, Any]
    model: Model
    bag: Bag


class Study:
    """One study: what it knows while it runs.

    **Arguments:**

    - `dataset`, `options`: what is studied, and how.
    - `watcher`: is told what happens.
    - `started`: when the budget's clock began, of `time.monotonic`; by default now.

    **Raises:** `InputError` if the options do not fit the table.
    """

    def __init__(
        self,
        dataset: Dataset,
        options: Options,
        watcher: Watcher | None = None,
        started: float | None = None,
    ) -> None:
        self.dataset, self.options = dataset, options
        self._watcher = watcher or Silent()
        self._started = time.monotonic() if started is None else started
        self._splits = {n: self._cut(n) for n in (defaults.FOLDS, defaults.FEWEST_FOLDS)}
        self._batch = self._batch_size()

    def run(self, keep: Callable[[list[Trial]], None] = lambda trials: None) -> Result:
        """Train every combination, say what helped, and hand over the best.

        **Arguments:**

        - `keep`: is given trials as soon as they are done.

        **Raises:** `InputError` if no network learns anything.
        """
        devices.prepare()
        laboratory = self._laboratory()
        try:
            return self._conduct(laboratory, keep)
        finally:
            laboratory.close()

    def _cut(self, n_folds: int) -> list[Split]:
        data = self.dataset
        return folds(data.y_development, data.task, n_folds, self.options.seed, data.groups, data.time)

    def _batch_size(self) -> int:
        fit_rows = min(len(split.fit_rows) for cut in self._splits.values() for split in cut)
        batch = self.options.batch_size or defaults.batch_size(fit_rows)
        if batch > fit_rows:
            raise InputError(f"--batch-size {batch}: a batch holds at most the {fit_rows:,} rows that a split fits on.")
        return batch

    def _laboratory(self) -> Laboratory:
        options, dataset = self.options, self.dataset
        splits = [split for cut in self._splits.values() for split in cut]
        base = Architecture(
            inputs=dataset.n_features,
            hidden=options.hidden or defaults.hidden(dataset.n_rows),
            outputs=dataset.n_outputs,
            activation=options.activation,
        )
        recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
        networks = defaults.networks_in_a_block(base.n_parameters)
        if options.networks:
            # Few draws need no room for more: an arm with and without decay shares a block.
            networks = min(networks, 2 * plan_networks(options.networks).draws)
        return Laboratory(dataset, base, recipe, self._batch, networks, splits, options.seed)

    def _conduct(self, laboratory: Laboratory, keep: Callable[[list[Trial]], None]) -> Result:
        plan, deadline = self._plan(laboratory)
        splits = self._splits[plan.folds]
        race = Race(laboratory, [laboratory.rows(split) for split in splits], plan, keep, self._watcher)
        race.run(deadline)
        splits = splits[: race.splits_done]

        self._watcher.phase("training the recommended networks on all development rows")
        losses = score_losses(race.trials)
        plain = rank({PLAIN: losses[PLAIN]}, race.drawn)
        recommended = rank(losses, race.drawn)
        if not np.isfinite([plain[0].loss, recommended[0].loss]).all():
            raise InputError(f"{self.dataset.name}: no network learned anything. Look for huge numbers in the table.")
        bags = {
            "plain": train_bag(laboratory, shortlist(plain), plan.epochs, defaults.BAG),
            "recommended": train_bag(laboratory, shortlist(recommended), plan.epochs, defaults.BAG),
        }
        models = {name: as_model(self.dataset, bag) for name, bag in bags.items()}
        score_to_fit = float(np.mean([len(split.score_rows) / len(split.fit_rows) for split in splits]))
        found = {
            "goru": __version__,
            "data": answer.describe_data(self.dataset),
            "plan": answer.describe_plan(plan, race.draws_done, race.splits_done),
            "plain": answer.describe_plain(race.trials, plain[0]),
            **answer.describe_effects(race.trials, score_to_fit),
            "recommended": answer.describe_candidate(recommended[0]),
            "test": [
                {"networks": networks, "arm": name, **score_on_test(self.dataset, model)}
                for name, bag in models.items()
                for networks, model in ((1, bag.single), (len(bag.networks), bag))
            ],
            "trained": {
                "networks": race.networks + sum(len(bag.candidates) for bag in bags.values()),
                "diverged": race.diverged,
                "steps": race.steps,
            },
            "seconds": time.monotonic() - self._started,
        }
        return Result(answer.finite(found), models["recommended"], bags["recommended"])

    def _plan(self, laboratory: Laboratory) -> tuple[Plan, float | None]:
        """What the budget pays for, and by when the race has to end."""
        if self.options.networks:
            return plan_networks(self.options.networks), None
        self._watcher.phase(f"compiling {len(laboratory.trainers)} programs")
        rows = laboratory.rows(self._splits[defaults.FOLDS][-1])
        laboratory.wait()
        pace = measure(laboratory, rows)
        now = time.monotonic()
        left = self._started + (self.options.budget or defaults.BUDGET_SECONDS) - now
        plan, race = pace.plan(left)
        return plan, now + race
