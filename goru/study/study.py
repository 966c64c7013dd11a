"""A study, from a table to an answer and a model."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from goru import __version__
from goru.cluster.crew import Crew
from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.data.wording import counted
from goru.errors import InputError
from goru.model.model import Model
from goru.nn.architecture import Architecture, Recipe
from goru.population import devices
from goru.study import answer, defaults
from goru.study.advice import advise
from goru.study.candidates import rank
from goru.study.design import ARMS, PLAIN
from goru.study.environment import describe_environment
from goru.study.evidence.gathered import Raced, gather
from goru.study.finish import finish
from goru.study.handover import train_bag
from goru.study.laboratory import Laboratory, block_shape, quick
from goru.study.options import Options
from goru.study.pace import measure
from goru.study.plan import Asked, Plan, plan_networks
from goru.study.probe import Look, look
from goru.study.race import Race
from goru.study.record import Record
from goru.study.rivals import against, predictions
from goru.study.scoring import Scoring, by_score, score_arms
from goru.study.splits import cut, score_to_fit
from goru.study.tested import Tested
from goru.study.trial import losses
from goru.study.watcher import Silent, Watcher

FEWEST_FIT_ROWS = 10
FEWEST_FIT_ROWS_IN_MEMORY = 2  # of rows that somebody hands over without test rows: batch norm needs as many


@dataclass(frozen=True, eq=False)
class Result:
    """What a study leaves.

    - `answer`: what it found, in plain JSON types.
    - `evidence`: what its pictures are drawn from, in plain JSON types.
    - `model`, `trained`: what is handed over, and its networks as they were trained.
    """

    answer: dict[str, Any]
    evidence: dict[str, Any]
    model: Model
    trained: dict[str, np.ndarray]


class Study:
    """One study: what it knows while it runs.

    **Arguments:**

    - `dataset`, `options`: what is studied, and how.
    - `watcher`: is told what happens.
    - `started`: when the budget's clock began, of `time.monotonic`; by default now.
    - `partitions`: the splits, if they are not to be goru's own: one or more partitions, all of as many folds. In a
      partition no row is scored twice; there may be rows that are not scored at all.
    - `scoring`: by what the recommended arm is chosen, if not by the loss: the score of predictions for development
      rows, higher is better; see [`score_arms`][goru.study.scoring.score_arms].
    - `crew`: who trains blocks, if not this process.

    **Raises:** `InputError` if the options or the splits do not fit the table.
    """

    def __init__(
        self,
        dataset: Dataset,
        options: Options,
        watcher: Watcher | None = None,
        started: float | None = None,
        partitions: Sequence[Sequence[Split]] | None = None,
        scoring: Scoring | None = None,
        crew: Crew | None = None,
    ) -> None:
        self.dataset, self.options, self._scoring, self._crew = dataset, options, scoring, crew
        self._watcher = watcher or Silent()
        self._started = time.monotonic() if started is None else started
        if self._balanced and dataset.classes is None:
            raise InputError(
                f"--class-weight: '{dataset.target_name}' is a number, and has no classes. Leave the option out."
            )
        self._partitions = cut(dataset, options.seed, partitions)
        self._asked = Asked(tuple(self._partitions), options.epochs or defaults.EPOCHS)
        self._batch = self._batch_size()
        self._look: Look | None = None

    def run(self, record: Record | None = None) -> Result:
        """Train every combination, say what helped, and hand over the best.

        **Arguments:**

        - `record`: keeps trials as soon as they are done; a study that was stopped goes on from its record, and finds
          what it would have found.

        **Raises:** `InputError` if no network learns anything.
        """
        devices.prepare()
        self._record = Record() if record is None else record
        self._started = self._record.go_on(self._started)
        laboratory = self._laboratory()
        try:
            return self._conduct(laboratory)
        finally:
            laboratory.close()

    @property
    def _splits(self) -> list[Split]:
        return [split for cuts in self._partitions.values() for partition in cuts for split in partition]

    @property
    def _usual(self) -> list[list[Split]]:
        """The partitions of the usual number of folds."""
        return self._partitions[self._asked.folds[0]]

    @property
    def _balanced(self) -> bool:
        return self.options.class_weight == "balanced"

    def _batch_size(self) -> int:
        fit_rows = min(len(split.fit_rows) for split in self._splits)
        fewest = FEWEST_FIT_ROWS if self.dataset.has_test_rows else FEWEST_FIT_ROWS_IN_MEMORY
        if fit_rows < fewest:
            raise InputError(
                f"{self.dataset.name}: a split would fit on {counted(fit_rows, 'row')} alone, and {fewest} are needed. "
                f"Give more rows{', or times that spread more evenly' * (self.dataset.time is not None)}."
            )
        batch = self.options.batch_size or defaults.batch_size(fit_rows)
        if batch > fit_rows:
            raise InputError(f"--batch-size {batch}: a batch holds at most the {fit_rows:,} rows that a split fits on.")
        return batch

    def _laboratory(self) -> Laboratory:
        options, dataset = self.options, self.dataset
        base = Architecture(
            inputs=dataset.n_features,
            hidden=options.hidden or defaults.hidden(len(dataset.y_development)),
            outputs=dataset.n_outputs,
            activation=options.activation,
        )
        recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
        self._look = self._first_look(base, recipe)
        in_pieces = options.numbers == "pieces" if self._look is None else self._look.in_pieces
        base = replace(base, inputs=dataset.n_prepared(in_pieces))
        networks = defaults.networks_in_a_block(base.n_parameters)
        if options.networks:
            # Few draws need no room for more: an arm with and without decay shares a block.
            networks = min(networks, 2 * self._plan_networks(options.networks).draws)
        shape = block_shape(len(dataset.y_development), self._splits, self._batch, networks)
        return Laboratory(
            dataset,
            base,
            recipe,
            shape,
            options.seed,
            self._balanced,
            interpreted=self._interpreted(base),
            in_pieces=in_pieces,
            crew=self._crew,
        )

    def _interpreted(self, base: Architecture) -> bool:
        """Whether the networks asked for are trained before programs would be compiled."""
        if self.options.networks is None:
            return False
        networks, rows = self._plan_networks(self.options.networks).networks, len(self.dataset.y_development)
        programs = len({arm.architecture(base) for arm in ARMS})
        return quick(networks, self._asked.epochs, self._batch, rows, base.n_parameters, programs)

    def _first_look(self, base: Architecture, recipe: Recipe) -> Look | None:
        """Whether numbers are better in pieces as well, where that is asked and there are numbers to cut."""
        options, dataset = self.options, self.dataset
        if options.numbers != "auto" or not any(dataset.to_cut):
            return None
        if known := self._record.recall("look"):
            return Look(**known)
        self._watcher.phase("looking whether numbers are better in pieces")
        budget = None if options.networks else options.budget or defaults.BUDGET_SECONDS
        found = look(
            dataset,
            base,
            recipe,
            self._usual[0],
            self._batch,
            options.seed,
            self._balanced,
            min(defaults.PROBE_EPOCHS, self._asked.epochs),
            None if budget is None else defaults.PROBE_SHARE * budget,
            self._crew,
        )
        self._record.remember("look", asdict(found))
        return found

    def _conduct(self, laboratory: Laboratory) -> Result:
        options, dataset = self.options, self.dataset
        asked = options.budget or defaults.BUDGET_SECONDS
        predicted = self._rivals(asked) if dataset.has_test_rows else {}
        plan, deadline, reserve = self._plan(laboratory)
        partitions = self._partitions[plan.folds]
        race = Race(laboratory, partitions, plan, self._record, self._watcher, options.search_batch_norm)
        race.run(deadline, reserve)

        folds = min(plan.folds, race.splits_done)
        first = partitions[0][:folds]
        splits = [split for partition in partitions for split in partition][: race.splits_done]
        found = losses(race.trials, laboratory.shares(splits))
        ranked = {"plain": rank({PLAIN: found[PLAIN]}, race.drawn), "recommended": rank(found, race.drawn)}
        for name, which in (("recommended", "no network learned anything"), ("plain", "every plain network diverged")):
            if not np.isfinite(ranked[name][0].loss):
                raise InputError(f"{dataset.name}: {which}. Look for huge numbers in the table.")
        scores = {}
        if self._scoring is not None:
            self._watcher.phase("scoring the best network of every arm")
            scores = score_arms(laboratory, ranked["recommended"], first, plan.epochs, self._scoring)
            ranked["recommended"] = by_score(ranked["recommended"], scores)
        self._watcher.phase("training the recommended networks on all development rows")
        greedy = plan.full and self._scoring is None
        finished = {
            name: finish(laboratory, candidates, first, plan.epochs, name == "recommended" and greedy)
            for name, candidates in ranked.items()
            if name == "recommended" or dataset.has_test_rows
        }
        handed_over = finished["recommended"]
        model = handed_over.model.single if options.single else handed_over.model
        tested = Tested(dataset, predicted, finished, options.single)
        rivals = against(dataset, predicted, tested.handed_over, self._balanced) if predicted else []
        effects, judgement = answer.find_effects(found, folds, race.draws_done)
        told: dict[str, Any] = {
            "goru": __version__,
            "data": answer.describe_data(dataset),
            "network": answer.describe_network(laboratory, self._batch, self._look),
            "options": {"single": options.single, "class_weight": options.class_weight},
            "plan": answer.describe_plan(plan, race.draws_done, race.splits_done, len(partitions)),
            "plain": answer.describe_plain(found[PLAIN], folds, score_to_fit(splits)),
            "effects": [answer.describe_effect(effect, dataset.n_rows) for effect in effects],
            "judgement": judgement,
            "recommended": [
                answer.describe_candidate(
                    candidate, 1 if options.single else count, plan.epochs, options.search_batch_norm
                )
                for candidate, count in list(handed_over.shares.items())[: 1 if options.single else None]
            ],
            "chosen_by": "loss" if self._scoring is None else "score",
            "scores": {arm.name: scores[arm] for arm in ARMS if arm in scores},
            "selection": handed_over.selection,
            "temperature": model.temperature,
            "test": tested.figures(self._balanced),
            "against_networks": [answer.describe_rival(rival) for rival in rivals],
            "trained": {"networks": race.networks, "diverged": race.diverged, "steps": race.steps},
            "environment": describe_environment(self._crew),
        }
        recommended = ranked["recommended"][0]
        mixed = len({candidate.arm for candidate in handed_over.shares}) > 1 and not options.single
        words = "the bag of several combinations" if mixed else recommended.arm.phrase
        told["advice"] = advise(
            effects[-1],
            recommended.arm == PLAIN and not mixed,
            words,
            rivals,
            race.draws_done,
            self._scoring is not None,
        )
        raced = Raced(
            race.trials,
            race.drawn,
            found,
            folds,
            score_to_fit(splits),
            race.draws_done,
            race.schedule_steps,
            options.search_batch_norm,
        )
        best = {"plain": ranked["plain"][0], "recommended": next(iter(handed_over.shares))}
        stages = {name: done.bag.stages for name, done in finished.items()}
        if "plain" not in stages:
            with suppress(InputError):  # one that diverges has nothing to show, and is not handed over
                stages["plain"] = train_bag(laboratory, {best["plain"]: 1}, plan.epochs).stages
        evidence = gather(laboratory, raced, best, stages, tested.predictions())
        told["seconds"] = time.monotonic() - self._started
        if deadline is not None and told["seconds"] > 1.15 * asked:
            told["plan"]["shortfalls"].append(
                f"took {told['seconds']:.0f} s, not {asked:.0f}: a study needs that here."
            )
        return Result(answer.finite(told), evidence, model, handed_over.bag.flat(1 if options.single else None))

    def _rivals(self, budget: float) -> dict[str, np.ndarray]:
        """Predictions of the test rows by models that are no networks."""
        self._watcher.phase("fitting the models that are no networks")
        spare = float("inf") if self.options.networks else defaults.BASELINES * budget
        return predictions(self.dataset, self._usual[0], self.options.seed, self._balanced, spare)

    def _plan_networks(self, networks: int) -> Plan:
        return plan_networks(networks, len(self._usual), self._asked)

    def _plan(self, laboratory: Laboratory) -> tuple[Plan, float | None, float]:
        """What the budget pays for, by when the race has to end, and how many seconds are for training after it."""
        if self.options.networks:
            return self._plan_networks(self.options.networks), None, 0.0
        self._watcher.phase(f"compiling {len(laboratory.trainers)} programs")
        rows = laboratory.rows(self._usual[0][-1])
        laboratory.wait()
        budget = self.options.budget or defaults.BUDGET_SECONDS
        known: dict[str, Any] | None = self._record.recall("plan")
        if known is None:
            pace = measure(laboratory, rows, 0 if self._scoring is None else len(ARMS))
            now = time.monotonic()
            plan, race, reserve = pace.plan(
                self._started + budget - now, len(self._usual), now - self._started, self._asked
            )
            known = {
                "draws": plan.draws,
                "partitions": plan.partitions,
                "folds": plan.folds,
                "epochs": plan.epochs,
                "shortfalls": list(plan.shortfalls),
                "ends": now + race - self._started,
                "reserve": reserve,
            }
            self._record.remember("plan", known)
        numbers = {name: known[name] for name in ("draws", "partitions", "folds", "epochs")}
        plan = Plan(**numbers, shortfalls=tuple(known["shortfalls"]), asked=self._asked)
        return plan, self._started + known["ends"], known["reserve"]
