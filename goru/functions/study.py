"""A study of a training function, from rows to an answer and a model."""

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from goru import __version__
from goru.data.splitting import Split
from goru.errors import InputError
from goru.experiment import defaults
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate, rank, recommendable
from goru.experiment.clock import Clock
from goru.experiment.effects.answers import answer as answer_questions
from goru.experiment.effects.failures import renumbered, splits_compared
from goru.experiment.findings.answer import (
    Answer,
    Data,
    Judgement,
    OverfittingFound,
    Planned,
    Recommendation,
    SimplestFound,
    Trained,
)
from goru.experiment.findings.effect import EffectFound, InteractionFound
from goru.experiment.findings.evidence import Evidence
from goru.experiment.findings.failure import Failure
from goru.experiment.findings.gathering import Raced, gather
from goru.experiment.forms import as_read
from goru.experiment.plan import Asked, Plan, plan_trials
from goru.experiment.racing.looks import Looks
from goru.experiment.racing.race import Configurations, Race, job_of
from goru.experiment.racing.record import Record
from goru.experiment.racing.watcher import Silent, Watcher
from goru.experiment.trial import Losses, Trial, losses_by_arm
from goru.functions.final import ScoredModels, described_rival, refits, scored_models
from goru.functions.laboratory import MOST_TOGETHER, TrainingFunctions
from goru.functions.options import BUDGET_SECONDS, UNTIL_DECIDED_SECONDS, FunctionOptions, Sources
from goru.functions.rows import table_of
from goru.functions.splits import Sides, deviation, divided, folds_of
from goru.functions.workers.attempts import Attempt, Held
from goru.functions.workers.pools import send
from goru.functions.workers.workers import Pool
from goru.language import kept
from goru.studies.advice import advise
from goru.studies.evidence.predictions import describe_classes, describe_values
from goru.studies.splits import validation_to_training
from goru.wording import counted

LAST = 1.25  # times as long as a trial takes a training on all development rows, and a bit more
LEAST = 2  # trials of each arm that are made, however late it is
OVERRUN = 1.15  # times the budget: more is said
LAST_SECONDS = 1.0  # for describing and writing
FRAMEWORKS = ("torch", "keras", "tensorflow", "jax", "flax", "equinox", "sklearn", "xgboost", "lightgbm", "catboost")


@dataclass(frozen=True, eq=False)
class FunctionStudyResult:
    """What a study leaves.

    - `model`: what the function returned for the recommended configuration, trained on all development rows.
    """

    answer: Answer = field(repr=False)
    evidence: Evidence = field(repr=False)
    model: Any


class FunctionStudy:
    """One study: what it knows while it runs.

    **Arguments:**

    - `sources`, `options`: what is studied, and how.
    - `pool`: trains.
    - `watcher`: is told what happens.
    - `clock`: of its time, if that began before now.

    **Raises:** `InputError` if they do not fit together.
    """

    def __init__(
        self,
        sources: Sources,
        options: FunctionOptions,
        pool: Pool,
        watcher: Watcher | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not callable(sources.train):
            raise InputError(
                "train: it is no function. Give train(fit, validation, config, seed), which yields predictions."
            )
        self.options, self._pool = options, pool
        self._watcher, self.clock = watcher or Silent(), clock or Clock()
        if options.trials is None:
            usual = UNTIL_DECIDED_SECONDS if options.until_decided else BUDGET_SECONDS
            self.clock.budget = options.budget or usual
        self._sources, self._design = sources, options.design
        whole = table_of(sources.X, sources.y, sources.task, sources.sample_weight)
        sides = Sides.of(whole, sources.groups, sources.time, sources.stratify)
        self.tables, self._development_rows, self._test_groups = divided(whole, sides, sources.test, options.seed)
        development = sides.development(self._development_rows)
        X = sources.X if len(self._development_rows) == whole.n else self.tables[0].rows(np.arange(self.tables[0].n)).X
        self._partitions = folds_of(development, options.seed, sources.cv, X, whole.n - len(self._development_rows))
        self._part = development.part(options.seed)
        self._scale = 1.0 if whole.codes is None or whole.classes is not None else deviation(self.tables[0])

    @property
    def _folds(self) -> int:
        return next(iter(self._partitions))

    @property
    def _arms(self) -> tuple[Arm, ...]:
        return self._design.arms

    def run(self, record: Record | None = None) -> FunctionStudyResult:
        """Train every combination, say what helped, and train the best once more.

        **Arguments:**

        - `record`: keeps trials as soon as they are done; a study that was stopped goes on from its record.

        **Raises:** `InputError` if nothing can be learned of the function.
        """
        record = Record() if record is None else record
        self.clock.started = record.go_on(self.clock.started)
        held = Held(
            self._sources.train,
            self.tables,
            self._part,
            defaults.PARTS,
            self._sources.loss,
            self._scale,
            self.options.epochs,
        )
        send(held, self._pool)
        return self._conduct(record, held)

    def _conduct(self, record: Record, held: Held) -> FunctionStudyResult:
        asked = Asked(
            tuple(self._partitions),
            1,
            (defaults.FEWEST_CONFIGURATIONS, defaults.MOST_CONFIGURATIONS) if self._tuned else (1, 1),
        )
        partitions = self._partitions[self._folds]
        plan = self._plan(asked, len(partitions))
        partitions = self._partitions[plan.folds]
        all_splits = [split for partition in partitions for split in partition]
        laboratory = TrainingFunctions(
            self._pool,
            len(self._arms),
            all_splits,
            held.parts,
            self.options.seed,
            self.options.limit,
            MOST_TOGETHER if held.population else 1,
            self.clock.now,
            {trial.arm for trial in record.trials if trial.ended != "failed"},
            () if self.options.workers == 0 else ("scipy.stats", "sklearn.metrics")[: len(self.tables)],
        )
        most = max(plan.configurations, asked.configurations[1])
        configurations = {arm: self._design.configurations(arm, most, self.options.seed) for arm in self._arms}
        self._begin("race", kept("training {combinations}", combinations=counted(len(self._arms), "combination")))
        self.clock.ending.possible = True
        deadline = None if self.options.trials else self._deadline(laboratory, configurations, record)

        def compared(trials: Sequence[Trial], done: int) -> tuple[list[Trial], list[Split]]:
            chosen = splits_compared(trials, done, plan.folds, self._design.plain)
            return renumbered(trials, chosen), [all_splits[split] for split in chosen]

        def losses_of(trials: Sequence[Trial], done: int) -> tuple[dict[Arm, Losses], int]:
            kept, there = compared(trials, done)
            return losses_by_arm(kept, self._shares(there)), min(plan.folds, len(there))

        looks = Looks(self._design, losses_of, record, self.options.until_decided)
        race = Race(
            laboratory,
            configurations,
            len(all_splits),
            plan,
            record,
            self._watcher,
            self.options.seed,
            clock=self.clock.now,
            noun="trials",
            ending=self.clock.ending,
            looks=looks,
        )
        race.run(deadline)
        trials, splits = compared(race.trials, race.splits_done)
        losses, folds = losses_of(race.trials, race.splits_done)
        self._judged = looks.final(race.cut, len(race.trials))
        ranked = rank(losses, configurations)
        best = self._best(ranked, losses, folds, race)
        self._begin("refits", kept("training the final model"))
        done = refits(
            laboratory,
            best if len(self.tables) > 1 else {"recommended": best["recommended"]},
            self.tables,
            self.options.seed,
            lambda: self.clock.ending.noticed(self._watcher.finishing),
        )
        self.clock.begin("evidence")
        return self._described(race, trials, losses, folds, splits, plan, len(partitions), best, done, configurations)

    @property
    def _tuned(self) -> bool:
        return bool(self._design.knobs)

    def _begin(self, phase: str, words: str) -> None:
        self.clock.begin(phase)
        self._watcher.phase(words)

    def _plan(self, asked: Asked, partitions: int) -> Plan:
        if self.options.trials is not None:
            return plan_trials(self.options.trials, len(self._arms), partitions, asked, "trials")
        return Plan(asked.configurations[0], partitions, asked.folds[0], 1, asked=asked)

    def _deadline(self, laboratory: TrainingFunctions, configurations: Configurations, record: Record) -> float:
        """When the race has to end, of `time.monotonic`: there must be time for the refits, and what a training takes
        shows in the first trials, one a worker."""
        if not record.trials:
            first = [
                job_of(self.options.seed, self._arms, configurations, arm) for arm in self._arms[: laboratory.workers]
            ]
            for trials in laboratory.train(first, lambda done: True):
                record.add(trials)
        took = float(np.median([trial.seconds for trial in record.trials]))
        needed = self.clock.spent + took * (LEAST * len(self._arms) / laboratory.workers + LAST) + LAST_SECONDS
        if needed > OVERRUN * self.clock.budget:
            message = kept(
                "the {budget:g} s budget is too small here: about {needed:.0f} s are needed",
                budget=self.clock.budget,
                needed=needed,
            )
            self._watcher.phase(message)
        return self.clock.started + self.clock.budget - LAST * took - LAST_SECONDS

    def _shares(self, splits: Sequence[Split]) -> np.ndarray:
        """The share of every split's validation rows that is in each part, `(splits, parts)`."""
        shares = np.zeros((len(splits), defaults.PARTS))
        weights = self.tables[0].weights
        for share, split in zip(shares, splits, strict=True):
            row_weights = np.ones(len(split.validation_rows)) if weights is None else weights[split.validation_rows]
            np.add.at(share, self._part[split.validation_rows], row_weights / row_weights.sum())
        return shares

    def _best(
        self, ranked: list[Candidate], losses: Mapping[Arm, Losses], folds: int, race: Race
    ) -> dict[str, Candidate]:
        """The plain arm's best configuration, and what is recommended."""
        plain = [candidate for candidate in ranked if candidate.arm == self._design.plain]
        finite = plain and np.isfinite(plain[0].loss)
        if not finite:
            failed = [trial.output for trial in race.made if trial.arm == self._design.plain and trial.output]
            why = f" ({failed[-1].splitlines()[-1]})" if failed else ""
            ranges = ", or the ranges of the knobs" if self._tuned else ""
            raise InputError(
                f"train: no configuration of the plain combination finished in every split{why}, so there is nothing "
                f"to compare with. Mend train{ranges}."
            )
        recommended = recommendable(ranked, losses, self._design.plain, folds)
        return {"plain": plain[0], "recommended": recommended[0]}

    def _described(
        self,
        race: Race,
        trials: Sequence[Trial],
        losses: dict[Arm, Losses],
        folds: int,
        splits: list[Split],
        plan: Plan,
        partitions: int,
        best: dict[str, Candidate],
        done: Mapping[str, Attempt],
        configurations: Configurations,
    ) -> FunctionStudyResult:
        design, rows = self._design, sum(table.n for table in self.tables)
        answers = answer_questions(design, losses, folds, race.configurations_done, self._judged[0])
        on_test = None
        if len(self.tables) > 1:
            on_test = scored_models(self.tables, done, self._scale, self._sources.loss is not None, self._test_groups)
        rival = None if on_test is None or best["plain"] == best["recommended"] else on_test.plain()
        epochs = max(len(trial.curves) for trial in trials)
        recommended, plain = best["recommended"], best["plain"]
        answer = Answer(
            goru=__version__,
            subject="function",
            data=self._data(rows),
            plan=Planned.of(
                replace(plan, folds=folds, epochs=epochs, shortfalls=self._left_out(race, plan, folds)),
                len(self._arms),
                race.configurations_done,
                race.splits_done,
                partitions,
                [*self._overrun(), *_left_out(race.splits_done, len(splits)), *_no_model(done)],
                tuned=self._tuned,
                cut=race.cut,
                noun="trials",
            ),
            plain=OverfittingFound.of(losses[design.plain], folds, validation_to_training(splits)),
            effects=tuple(EffectFound.of(effect, rows) for effect in answers.contrasts),
            removals=tuple(EffectFound.of(effect, rows) for effect in answers.removals),
            interactions=InteractionFound.among(answers, design, rows),
            simplest=SimplestFound.of(answers),
            judgement=Judgement.of(answers, self._loss_words(), self._judged[1]),
            recommended=(Recommendation.of(recommended, epochs),),
            trained=Trained.of(race.made),
            failures=(*Failure.among(race.made), *_last_failures(best, done)),
            test=() if on_test is None else on_test.figures(),
            plain_against_networks=None if rival is None else described_rival(rival),
            environment=self._environment(),
            advice=advise(
                answers.contrasts[-1],
                recommended.arm == design.plain,
                recommended.arm.phrase,
                (),
                race.configurations_done if self._tuned else defaults.FEWEST_CONFIGURATIONS,
                plain=rival,
                noun="combination",
                confidence=answers.confidence,
            ),
            seconds=self.clock.spent,
        )
        raced = Raced(trials, design, configurations, losses, folds, validation_to_training(splits))
        evidence = gather(raced, plain, recommended)
        if on_test is not None:
            evidence = replace(evidence, predictions=self._predictions(on_test))
        return FunctionStudyResult(as_read(answer), as_read(evidence), done["recommended"].model)

    def _data(self, rows: int) -> Data:
        table = self.tables[0]
        return Data(
            name=self._sources.name,
            rows=rows,
            development=table.n,
            test=rows - table.n,
            target=self._sources.target,
            task=table.task,
            classes=None if table.classes is None else tuple(table.classes.tolist()),
        )

    def _loss_words(self) -> str:
        if self._sources.loss is not None or self.tables[0].task == "loss":
            return kept("the training function's own loss")
        return "log loss" if self.tables[0].classes is not None else "squared error over the target's variance"

    def _predictions(self, on_test: ScoredModels) -> Any:
        known = {name: on_test.predicted[name] for name in ("recommended", "plain") if name in on_test.predicted}
        table = on_test.table
        if "recommended" not in known or table.codes is None or on_test.user_loss:
            return None
        if table.classes is None:
            return describe_values("test", table.codes, known, self.options.seed)
        return describe_classes("test", table.codes, known, tuple(map(str, table.classes)))

    def _left_out(self, race: Race, plan: Plan, folds: int) -> tuple[str, ...]:
        """What there was no time for."""
        late = folds < plan.folds and race.cut is None
        fewer = (
            (kept("there was time for {folds} of {planned} folds.", folds=folds, planned=plan.folds),) if late else ()
        )
        return (*plan.shortfalls, *fewer)

    def _overrun(self) -> list[str]:
        budget = self.clock.budget
        if self.clock.spent <= OVERRUN * budget:
            return []
        return [
            kept(
                "exceeded the {budget:g} s budget (took {spent:.0f} s: each combination needs a few trials).",
                budget=budget,
                spent=self.clock.spent,
            )
        ]

    def _environment(self) -> dict[str, str]:
        loaded = {name: sys.modules[name] for name in FRAMEWORKS if name in sys.modules}
        versions = {name: str(getattr(module, "__version__", "")) for name, module in loaded.items()}
        return {
            "goru": __version__,
            "numpy": np.__version__,
            **{name: version for name, version in versions.items() if version},
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        }


def _left_out(splits: int, compared: int) -> list[str]:
    """What failed trials have cost all combinations."""
    if compared == splits:
        return []
    return [
        kept(
            "some trials of otherwise good combinations failed: {missing} of {splits} left out, so that all "
            "combinations are compared on the same rows.",
            missing=splits - compared,
            splits=counted(splits, "split"),
        )
    ]


def _no_model(done: Mapping[str, Attempt]) -> list[str]:
    why = done["recommended"].no_model
    return [] if why is None else [kept("no model of the recommended configuration: {why}", why=" ".join(why.split()))]


def _last_failures(best: Mapping[str, Candidate], done: Mapping[str, Attempt]) -> list[Failure]:
    """Of the trainings on all development rows."""
    return [Failure(best[name].arm.name, 1, 1, one.failure) for name, one in done.items() if one.failure]
