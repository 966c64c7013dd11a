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
from goru.study.scores import guess_on_test, score_on_test
from goru.study.trial import Trial, score_losses
from goru.study.watcher import Silent, Watcher

FEWEST_FIT_ROWS = 10


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
        if fit_rows < FEWEST_FIT_ROWS:
            raise InputError(
                f"{self.dataset.name}: a split would fit on {fit_rows} rows alone, and {FEWEST_FIT_ROWS} are needed. "
                "Give more rows, or times that spread more evenly."
            )
        batch = self.options.batch_size or defaults.batch_size(fit_rows)
        if batch > fit_rows:
            raise InputError(f"--batch-size {batch}: a batch holds at most the {fit_rows:,} rows that a split fits on.")
        return batch

    def _laboratory(self) -> Laboratory:
        options, dataset = self.options, self.dataset
        splits = [split for cut in self._splits.values() for split in cut]
        base = Architecture(
            inputs=dataset.n_features,
            hidden=options.hidden or defaults.hidden(len(dataset.y_development)),
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
        best = rank(losses, race.drawn)[0]
        ranked = {"plain": rank({PLAIN: losses[PLAIN]}, race.drawn)}
        ranked["recommended"] = rank({best.arm: losses[best.arm]}, race.drawn)
        if not np.isfinite([candidates[0].loss for candidates in ranked.values()]).all():
            raise InputError(f"{self.dataset.name}: no network learned anything. Look for huge numbers in the table.")
        bags = {
            name: train_bag(laboratory, shortlist(candidates), plan.epochs, defaults.BAG)
            for name, candidates in ranked.items()
        }
        models = {name: as_model(self.dataset, bag) for name, bag in bags.items()}
        score_to_fit = float(np.mean([len(split.score_rows) / len(split.fit_rows) for split in splits]))
        handed_over = bags["recommended"].candidates
        found = {
            "goru": __version__,
            "data": answer.describe_data(self.dataset),
            "network": answer.describe_network(laboratory.base, laboratory.recipe, self._batch),
            "plan": answer.describe_plan(plan, race.draws_done, race.splits_done),
            "plain": answer.describe_plain(race.trials, ranked["plain"][0]),
            **answer.describe_effects(race.trials, score_to_fit),
            "recommended": [
                answer.describe_candidate(candidate, handed_over.count(candidate), plan.epochs)
                for candidate in dict.fromkeys(handed_over)
            ],
            "test": [
                {"networks": 0, "arm": "guess", **guess_on_test(self.dataset)},
                *(
                    {"networks": len(model.networks), "arm": name, **score_on_test(self.dataset, model)}
                    for name, bag in models.items()
                    for model in (bag.single, bag)
                ),
            ],
            "trained": {"networks": race.networks, "diverged": race.diverged, "steps": race.steps},
            "seconds": time.monotonic() - self._started,
        }
        asked = self.options.budget or defaults.BUDGET_SECONDS
        if plan.shortfalls and deadline is not None and found["seconds"] > 1.15 * asked:
            found["plan"]["shortfalls"].append(
                f"took {found['seconds']:.0f} s, not {asked:.0f}: a study needs that here."
            )
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
