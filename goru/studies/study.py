"""A study, from a table to an answer and a model."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from goru.cluster.crew import Crew
from goru.data.dataset import Dataset
from goru.data.preparing import Encoding
from goru.data.splitting import Split
from goru.errors import InputError, option
from goru.experiment.arms import Arm
from goru.experiment.candidates import rank, recommendable
from goru.experiment.clock import Clock
from goru.experiment.plan import Asked, Plan, plan_trials
from goru.experiment.racing.looks import Looks
from goru.experiment.racing.race import Race
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Silent, Watcher
from goru.experiment.trial import Losses, Trial, losses_by_arm
from goru.language import kept
from goru.nn.architecture import Architecture, Recipe
from goru.nn.layers.scaled_affine import FASTER
from goru.population import devices
from goru.population.immediate.interpreted import interpretable
from goru.population.immediate.threads import one_thread
from goru.studies import defaults
from goru.studies.asked.design import design_of, hyperparameters, programs, sharing
from goru.studies.asked.judging import judge_of
from goru.studies.asked.options import Options
from goru.studies.blocks import Blocks
from goru.studies.budget.spending import Spending, Way
from goru.studies.final.conclusion import Conclusion, Result
from goru.studies.final.decision import DecisionScoring
from goru.studies.final.final_model import needs_validation
from goru.studies.final.final_models import train_final_models
from goru.studies.final.rivals import Baseline, baseline_models
from goru.studies.final.scoring import Scoring, by_score, score_arms
from goru.studies.laboratory import NetworkLaboratory, block_shape, quick
from goru.studies.probe import ENCODINGS, Look, look
from goru.studies.sampling import rows_to_search, sampled
from goru.studies.splits import cut
from goru.wording import counted

FEWEST_TRAINING_ROWS = 10
FEWEST_TRAINING_ROWS_IN_MEMORY = 2  # of rows that somebody gives without test rows: batch norm needs as many


class Study:
    """One study: what it knows while it runs.

    **Arguments:**

    - `dataset`, `options`: what is studied, and how.
    - `watcher`: is told what happens.
    - `clock`: of its time, if that began before now.
    - `partitions`: the splits, if they are not to be goru's own: one or more partitions, all of as many folds. In a
      partition no row is scored twice; there may be rows that are not scored at all.
    - `scoring`: by what the recommended arm is chosen, if not by the loss: the score of predictions for development
      rows, higher is better; see [`score_arms`][goru.studies.final.scoring.score_arms].
    - `crew`: who trains blocks, if not this process.
    - `decision_scoring`: of [`decision_weights`][goru.studies.final.decision.decision_weights], if there are to be any.

    **Raises:** `InputError` if the options or the splits do not fit the table.
    """

    def __init__(
        self,
        dataset: Dataset,
        options: Options,
        watcher: Watcher | None = None,
        clock: Clock | None = None,
        partitions: Sequence[Sequence[Split]] | None = None,
        scoring: Scoring | None = None,
        crew: Crew | None = None,
        decision_scoring: DecisionScoring | None = None,
    ) -> None:
        self.dataset, self.options, self.clock = dataset, options, clock or Clock()
        self._watcher, self._crew = watcher or Silent(), crew
        self._scoring, self._decision_scoring = scoring, decision_scoring
        if options.networks is None:
            usual = defaults.UNTIL_DECIDED_SECONDS if options.until_decided else defaults.BUDGET_SECONDS
            self.clock.budget = options.budget or usual
        if self._balanced and dataset.classes is None:
            raise InputError(
                f"{option('class_weight')}: '{dataset.target_name}' is a number, and has no classes. "
                "Leave the option out."
            )
        self._design = design_of(options, dataset)
        self._judge = judge_of(options.judge, dataset)
        self._partitions = cut(dataset, options.seed, partitions)
        self._asked = Asked(tuple(self._partitions), options.epochs or defaults.EPOCHS)
        self._whole, self._whole_usual, self._own_partitions = dataset, self._usual, partitions
        self._batch = self._batch_size()
        self._look: Look | None = None
        self._warned = False

    def run(self, record: Record | None = None) -> Result:
        """Train every combination, say what helped, and hand over the best.

        **Arguments:**

        - `record`: keeps trials as soon as they are done; a study that was stopped goes on from its record, and finds
          what it would have found.

        **Raises:** `InputError` if no network learns anything, or there is no device to compute on.
        """
        devices.prepare()
        devices.devices()  # where there are none, it is better said now
        self._record = Record() if record is None else record
        self.clock.started = self._record.go_on(self.clock.started)
        self._sample()
        self._spending = None if self.options.networks else self._spend()
        laboratory = self._laboratory()
        try:
            with one_thread():  # with more, sums are in another order, and the bits of predictions others
                return self._conduct(laboratory)
        finally:
            laboratory.close()

    def _sample(self) -> None:
        """Search on a sample of the rows, where the budget is small for all of them; rows that belong together, or
        follow one another, are not taken apart."""
        whole, clock = self.dataset, self.clock
        together = (self._own_partitions, self._scoring, self._crew, whole.groups, whole.time)
        if self.options.networks is not None or any(one is not None for one in together):
            return
        if (known := self._record.recall("sample")) is None:
            widest = max(map(whole.n_prepared, ENCODINGS))
            base, rows = self._base(widest), len(whole.y_development)
            many, seconds = len(programs(self._design.arms, base, Recipe())), clock.left / clock.slowness()
            known = rows_to_search(rows, base.n_parameters, len(self._design.arms), many, seconds) or 0
            self._record.remember("sample", known)
        if known:
            self.dataset = sampled(whole, known, self.options.seed)
            self._partitions = cut(self.dataset, self.options.seed)
            self._asked = Asked(tuple(self._partitions), self._asked.epochs)
            self._batch = self._batch_size()

    def _base(self, inputs: int) -> Architecture:
        """The plain network's shape."""
        options = self.options
        hidden = options.hidden or defaults.usual_widths(len(self._whole.y_development))
        return Architecture(inputs, hidden, self.dataset.n_outputs, options.activation, column_scales=FASTER)

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
        training_rows = min(len(split.training_rows) for split in self._splits)
        fewest = FEWEST_TRAINING_ROWS if self.dataset.has_test_rows else FEWEST_TRAINING_ROWS_IN_MEMORY
        if training_rows < fewest:
            raise InputError(
                f"{self.dataset.name}: a split would fit on {counted(training_rows, 'row')} alone, and {fewest} are "
                f"needed. Give more rows{', or times that spread more evenly' * (self.dataset.time is not None)}."
            )
        batch = self.options.batch_size or defaults.batch_size(training_rows)
        if batch > training_rows:
            raise InputError(
                f"{option('batch_size', batch)}: a batch holds at most the {training_rows:,} rows that a split fits on."
            )
        return batch

    def _spend(self) -> Spending:
        return Spending(
            self.clock,
            self._record,
            self._asked,
            self._batch,
            min(len(split.training_rows) for split in self._partitions[self._asked.folds[-1]][0]),
            scored=0 if self._scoring is None else len(self._design.arms),
            plain=self.dataset.has_test_rows,
            validation=needs_validation(self.dataset),
            crew=self._crew is not None,
            arms=self._design.arms,
            sampled=self._whole is not self.dataset,
        )

    def _begin(self, phase: str, words: str) -> None:
        self.clock.begin(phase)
        self._watcher.phase(words)

    def _laboratory(self) -> NetworkLaboratory:
        options, dataset = self.options, self.dataset
        base = self._base(dataset.n_features)
        recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
        self._look = self._first_look(base, recipe)
        asked: Encoding = "scaled" if options.numbers == "auto" else options.numbers
        encoding = asked if self._look is None else self._look.encoding
        if dataset.n_prepared(encoding) == dataset.n_prepared("scaled"):
            encoding = "scaled"  # no column has enough values for what was asked
        base = replace(base, inputs=dataset.n_prepared(encoding))
        way = self._way(base, recipe) if self._spending is None else self._spending.way(base, recipe)
        self._warn()
        usual = defaults.networks_in_a_block(base.n_parameters) if self._spending is not None else way.networks
        rows = len(dataset.y_development)
        shape = block_shape(rows, self._splits, self._batch, way.networks, self._judge, usual)
        return NetworkLaboratory(
            dataset,
            base,
            recipe,
            shape,
            options.seed,
            self._balanced,
            interpreted=way.interpreted,
            encoding=encoding,
            arms=self._design.arms,
            crew=self._crew,
        )

    def _way(self, base: Architecture, recipe: Recipe) -> Way:
        """How a number of networks is trained: without programs, if they are done before these would be compiled."""
        assert self.options.networks is not None
        planned, arms = self._plan_networks(self.options.networks), self._design.arms
        # Few configurations need no room for more: an arm with and without decay shares a block.
        most = sharing(arms, base, recipe) * planned.configurations
        networks = min(defaults.networks_in_a_block(base.n_parameters), most)
        rows, different = len(self.dataset.y_development), programs(arms, base, recipe)
        work = planned.trials(len(arms)), self._asked.epochs, self._batch, rows, base.n_parameters, len(different)
        return Way(quick(*work) and all(interpretable(each) for _, each in different), networks)

    def _first_look(self, base: Architecture, recipe: Recipe) -> Look | None:
        """What is to stand for numbers, where that is asked and there are numbers to cut."""
        options, dataset = self.options, self.dataset
        if options.numbers != "auto" or not any(dataset.pieces):
            return None
        if (known := self._record.recall("look")) is not None:
            return Look(**known) if known else None
        self._begin("pilot run", kept("pilot run: choosing the numeric encoding"))
        looked = look(
            dataset,
            base,
            recipe,
            self._usual[0],
            self._batch,
            options.seed,
            self._balanced,
            min(defaults.PROBE_EPOCHS, self._asked.epochs),
            None if self._spending is None else self._spending.looking,
            self._crew,
            1.0 if self._spending is None else self._spending.slowness,
            self._judge,
        )
        self._record.remember("look", {} if looked is None else asdict(looked))
        return looked

    def _conduct(self, laboratory: NetworkLaboratory) -> Result:
        options, dataset = self.options, self.dataset
        rivals = self._rivals() if dataset.has_test_rows else {}
        plan, deadline, reserve = self._plan(laboratory)
        self.clock.begin("race")
        partitions = self._partitions[plan.folds]
        all_splits = [split for partition in partitions for split in partition]
        steps = laboratory.steps(plan.epochs, int(np.mean([len(split.training_rows) for split in all_splits])))
        asked, most = self._design, max(plan.configurations, defaults.MOST_CONFIGURATIONS)
        configurations = {
            arm: [
                hyperparameters(values, steps, arm)._asdict()
                for values in asked.configurations(arm, most, options.seed)
            ]
            for arm in asked.arms
        }
        blocks = Blocks(laboratory, all_splits, plan.epochs)

        def losses_of(trials: Sequence[Trial], done: int) -> tuple[dict[Arm, Losses], int]:
            return losses_by_arm(trials, laboratory.shares(all_splits[:done]), laboratory.temperatures), min(
                plan.folds, done
            )

        looks = Looks(asked, losses_of, self._record, options.until_decided)
        race = Race(
            blocks,
            configurations,
            len(all_splits),
            plan,
            self._record,
            self._watcher,
            options.seed,
            clock=self.clock.now,
            ending=self.clock.ending,
            looks=looks,
        )
        race.run(deadline, reserve)
        if self.clock.ending.asked:
            self.clock.hurry()

        losses, folds = losses_of(race.trials, race.splits_done)
        first = partitions[0][:folds]
        ranked = {
            "plain": rank({asked.plain: losses[asked.plain]}, configurations, plan.epochs),
            "recommended": rank(losses, configurations, plan.epochs),
        }
        for name, which in (("recommended", "no network learned anything"), ("plain", "every plain network diverged")):
            if not np.isfinite(ranked[name][0].loss):
                raise InputError(f"{dataset.name}: {which}. Look for huge numbers in the table.")
        scores = {}
        if self._scoring is None:
            ranked["recommended"] = recommendable(ranked["recommended"], losses, asked.plain, folds)
        else:
            self._begin("scoring", kept("scoring the best network of every arm"))
            scored = first if self._spending is None else self._spending.scored(first, plan, race)
            scores = score_arms(laboratory, ranked["recommended"], scored, self._scoring)
            ranked["recommended"] = by_score(ranked["recommended"], scores)
        self._begin("refits", kept("training the final model"))
        final_models = train_final_models(
            laboratory,
            self._whole,
            self._design,
            ranked,
            first,
            plan,
            race,
            self._spending,
            scored=self._scoring is not None,
            single=options.single,
            decision_scoring=self._decision_scoring,
            hurried=self.clock.ending.asked,
            late=self._late,
        )
        self.clock.begin("evidence")
        conclusion = Conclusion(
            options,
            self._whole,
            laboratory,
            self._batch,
            self._look,
            asked,
            configurations,
            plan,
            race,
            partitions,
            losses,
            ranked,
            scores,
            final_models,
            rivals,
            self._crew,
            looks.final(race.cut, len(race.trials)),
        )
        return conclusion.result(self.clock, self._spending)

    def _late(self) -> bool:
        """Whether there is no time any more for what can be left out."""
        if self.clock.ending.noticed(self._watcher.finishing):
            self.clock.hurry()
        return self.clock.left < 0 if self._spending is None else self._spending.late()

    def _rivals(self) -> dict[str, Baseline]:
        """Non-neural baselines, by name."""
        self._begin("baselines", kept("fitting non-neural baselines"))
        seconds, slowness = float("inf"), 1.0
        if self._spending is not None:
            seconds, slowness = self._spending.baselines, self._spending.slowness
        splits, seed = self._whole_usual[0], self.options.seed
        return baseline_models(self._whole, splits, seed, self._balanced, seconds, slowness)

    def _plan_networks(self, networks: int) -> Plan:
        return plan_trials(networks, len(self._design.arms), len(self._usual), self._asked)

    def _plan(self, laboratory: NetworkLaboratory) -> tuple[Plan, float | None, float]:
        """What the budget pays for, by when the race has to end, and how many seconds are for training after it."""
        if self._spending is None:
            assert self.options.networks is not None
            return self._plan_networks(self.options.networks), None, 0.0
        if not laboratory.interpreted:
            self._begin("compiling", kept("compiling {count} programs", count=len(laboratory.trainers)))
            laboratory.wait(self._spending.compiling)
        self.clock.begin("measuring")
        planned = self._spending.plan(laboratory, self._usual[0][-1], len(self._usual))
        self._warn()
        return planned

    def _warn(self) -> None:
        """Say that the budget is too small, once, as soon as it is known."""
        if self._spending is not None and self._spending.exceeding and not self._warned:
            self._warned, takes = True, self._spending.takes
            self._watcher.phase(
                kept(
                    "the {budget:g} s budget is too small here: about {takes:.0f} s are needed",
                    budget=self.clock.budget,
                    takes=takes,
                )
            )
