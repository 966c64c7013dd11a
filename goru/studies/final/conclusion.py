"""The end of a study: what was found, in words and numbers, and the model."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from goru import __version__
from goru.cluster.crew import Crew
from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.errors import InputError
from goru.experiment.arms import PLAIN, Arm
from goru.experiment.candidates import Candidate
from goru.experiment.clock import Clock
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer as answer_questions
from goru.experiment.findings.answer import Answer, Judgement, OverfittingFound, Planned, SimplestFound, Trained
from goru.experiment.findings.effect import EffectFound, InteractionFound, Number
from goru.experiment.findings.evidence import Evidence, LeaderboardEntry, LossByRows
from goru.experiment.findings.failure import Failure
from goru.experiment.findings.gathering import Raced
from goru.experiment.findings.leaderboard import loss_with_interval
from goru.experiment.findings.timings import Timings
from goru.experiment.forms import as_read
from goru.experiment.fraction import notes
from goru.experiment.plan import Plan
from goru.experiment.racing.race import Configurations, Race
from goru.experiment.trial import Losses
from goru.language import kept
from goru.model.model import Model
from goru.nn.judge import Measure
from goru.population import devices
from goru.studies import defaults
from goru.studies.advice import advise
from goru.studies.answer import describe_candidate, describe_data, describe_network, describe_rival, judged_by
from goru.studies.asked.design import knob_values, phrase
from goru.studies.asked.judging import measure_of
from goru.studies.asked.options import Options
from goru.studies.budget.spending import Spending
from goru.studies.environment import describe_environment
from goru.studies.evidence.gathered import gather_all
from goru.studies.evidence.inspection import inspect
from goru.studies.evidence.overview import describe_table
from goru.studies.evidence.rows_curve import loss_by_rows
from goru.studies.final.final_model import FinalModel
from goru.studies.final.model_predictions import ModelPredictions
from goru.studies.final.refits import train_ensemble
from goru.studies.final.rivals import BOOSTING, Baseline, against, cross_validated, linear_name
from goru.studies.laboratory import NetworkLaboratory
from goru.studies.probe import Look
from goru.studies.sampling import in_words, with_final_model
from goru.studies.splits import validation_to_training


@dataclass(frozen=True, eq=False)
class Result:
    """What a study leaves.

    - `answer`: what it found.
    - `evidence`: what its pictures are drawn from.
    - `model`, `trained`: the final model, and its networks as they were trained.
    """

    answer: Answer = field(repr=False)
    evidence: Evidence = field(repr=False)
    model: Model
    trained: dict[str, np.ndarray] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Conclusion:
    """What a study knows when all is trained.

    - `whole`: all rows; those of the laboratory may be a sample.
    - `batch`, `look`: rows in a mini-batch, and what a first look at ways to prepare numbers found, if there was one.
    - `partitions`: the splits of the plan's folds.
    - `losses`: of every arm, in the splits that are done.
    - `ranked`: `plain` and `recommended` candidates, the best first.
    - `scores`: of arms, where the best is chosen by a score instead of the loss.
    - `final_models`: `recommended`, and where there are test rows `plain`, unless the race was on a sample.
    - `rivals`: non-neural baselines, by name; none where there are no test rows.
    - `judged`: the confidence of the answers, and which look they are.
    """

    options: Options
    whole: Dataset
    laboratory: NetworkLaboratory
    batch: int
    look: Look | None
    design: Design
    configurations: Configurations
    plan: Plan
    race: Race
    partitions: Sequence[Sequence[Split]]
    losses: Mapping[Arm, Losses]
    ranked: Mapping[str, Sequence[Candidate]]
    scores: Mapping[Arm, float]
    final_models: Mapping[str, FinalModel]
    rivals: Mapping[str, Baseline]
    crew: Crew | None
    judged: tuple[float, int]

    def result(self, clock: Clock, spending: Spending | None) -> Result:
        """The answer, the evidence and the model.

        **Arguments:**

        - `clock`: of the study.
        - `spending`: of its budget, if there is one.
        """
        laboratory, race, plan, ranked = self.laboratory, self.race, self.plan, self.ranked
        dataset, single, losses = self.whole, self.options.single, self.losses
        # Of a sample: as many rows as if its part of the test rows were all, and those of the table beside them.
        share = len(laboratory.dataset.y_development) / len(dataset.y_development)
        rows = round(share * dataset.n_rows), dataset.n_rows if share < 1 else 0
        balanced, measure = self.options.class_weight == "balanced", measure_of(self.options.judge, dataset)
        folds, all_splits = min(plan.folds, race.splits_done), [split for some in self.partitions for split in some]
        splits = all_splits[: race.splits_done]
        steps = laboratory.steps(plan.epochs, int(np.mean([len(split.training_rows) for split in all_splits])))
        final = self.final_models["recommended"]
        model = final.model.single if single else final.model
        predicted = {name: one.predicted for name, one in self.rivals.items()}
        model_predictions = ModelPredictions(dataset, predicted, self.final_models, single)
        compared = (
            against(dataset, model_predictions.compared, model_predictions.final, balanced, measure)
            if dataset.has_test_rows
            else []
        )
        plain = next((rival for rival in compared if rival.name == PLAIN), None)
        rivals = [rival for rival in compared if rival is not plain]
        answers = answer_questions(self.design, losses, folds, race.configurations_done, self.judged[0])
        recommended = ranked["recommended"][0]
        mixed = len({candidate.arm for candidate in final.shares}) > 1 and not single
        words = kept("the ensemble of several combinations") if mixed else phrase(recommended.arm)
        advice = advise(
            answers.contrasts[-1],
            recommended.arm == self.design.plain and not mixed,
            words,
            rivals,
            race.configurations_done,
            bool(self.scores),
            plain,
            confidence=answers.confidence,
            measure=judged_by(measure, balanced)[1],
        )
        raced = Raced(
            race.trials,
            self.design,
            self.configurations,
            losses,
            folds,
            validation_to_training(splits),
            lambda arm, values: knob_values(self.design, arm, values, steps),
        )
        first = next(iter(final.shares))  # its schedule may be longer than the race's
        raced_first = next(
            one for one in ranked["recommended"] if (one.arm, one.configuration) == (first.arm, first.configuration)
        )
        best = {"plain": ranked["plain"][0], "recommended": raced_first}
        # Of a race on a sample, networks on that sample are shown.
        own = self.final_models.items() if laboratory.dataset is self.whole else ()
        stages = {name: done.ensemble.stages for name, done in own}
        for name in best.keys() - stages.keys():
            with suppress(InputError):  # one that diverges has nothing to show
                stages[name] = train_ensemble(laboratory, {best[name]: 1}).stages
        evidence = gather_all(laboratory, raced, best, stages, model_predictions.predictions())
        if dataset.has_test_rows:
            inspection = inspect(model, dataset, model_predictions.final, laboratory.seed)
            evidence = replace(evidence, inspection=inspection)
        evidence = replace(
            evidence, leaderboard=self._leaderboard(evidence.leaderboard, model_predictions, mixed, measure)
        )
        evidence = replace(
            evidence, by_rows=self._by_rows(best, folds, clock, spending), overview=describe_table(self.whole)
        )
        in_all = sum(
            laboratory.steps(len(trial.curves), len(all_splits[trial.split].training_rows)) for trial in race.made
        )
        clock.begin("writing")
        seconds = clock.spent
        left_out = () if spending is None else (*self._left_out(evidence, spending), *spending.overrun())
        answer = Answer(
            goru=__version__,
            data=describe_data(dataset),
            network=describe_network(laboratory, self.batch, self.look),
            single=single,
            class_weight=self.options.class_weight,
            plan=Planned.of(
                plan,
                len(self.design.arms),
                race.configurations_done,
                race.splits_done,
                len(self.partitions),
                [*notes(self.design), *left_out],
                cut=race.cut,
            ),
            plain=OverfittingFound.of(losses[self.design.plain], folds, validation_to_training(splits)),
            effects=tuple(EffectFound.of(effect, *rows) for effect in answers.contrasts),
            removals=tuple(EffectFound.of(effect, *rows) for effect in answers.removals),
            interactions=InteractionFound.among(answers, self.design, *rows),
            simplest=SimplestFound.of(answers),
            judgement=Judgement.of(
                answers, judged_by(measure, balanced)[0], self.judged[1], judged_by(measure, balanced)[1]
            ),
            recommended=tuple(
                describe_candidate(candidate, 1 if single else count, self.options.search_batch_norm)
                for candidate, count in list(final.shares.items())[: 1 if single else None]
            ),
            chosen_by="loss" if not self.scores else "score",
            scores={arm.name: self.scores[arm] for arm in self.design.arms if arm in self.scores},
            selection=final.selection,
            temperature=model.temperature,
            test=model_predictions.figures(balanced, measure),
            against_networks=tuple(describe_rival(rival) for rival in rivals),
            plain_against_networks=None if plain is None else describe_rival(plain),
            trained=Trained.of(race.made, in_all),
            failures=Failure.among(race.made),
            environment=describe_environment(self.crew),
            advice=advice,
            seconds=seconds,
            timings=Timings.of(clock, devices.n_cores()),
        )
        if laboratory.dataset is not self.whole:
            answer = with_final_model(answer, len(laboratory.dataset.y_development), model.networks.inputs)
        return Result(as_read(answer), as_read(evidence), model, final.ensemble.flat(1 if single else None))

    def _left_out(self, evidence: Evidence, spending: Spending) -> Iterator[str]:
        """What there was no time for; that all baselines are missing is said beside the test."""
        dataset, whole = self.laboratory.dataset, self.whole
        if whole is not dataset:
            yield in_words(len(dataset.y_development), len(whole.y_development), spending.final_rows)
            if whole.has_test_rows and "plain" not in self.final_models:
                yield kept("no plain networks on the test rows: the final model gets all time that is left.")
        if self.options.numbers == "auto" and self.look is None and any(dataset.pieces):
            yield kept("no time for a pilot run: numbers are scaled, and not encoded in pieces.")
        missing = {linear_name(dataset), BOOSTING} - self.rivals.keys()
        if self.rivals and len(missing) == 1:
            yield kept("{model}: left out, too slow for this budget.", model=missing.pop())
        if evidence.by_rows is None and whole is dataset:
            yield kept("no time to train on fewer rows, which would say whether more would help.")

    def _leaderboard(
        self,
        arms: Sequence[LeaderboardEntry],
        model_predictions: ModelPredictions,
        mixed: bool,
        measure: Measure,
    ) -> tuple[LeaderboardEntry, ...]:
        """The arms with what their networks cost, the final model where it is of several arms, and the baselines."""
        laboratory, single = self.laboratory, self.options.single
        thousands = max(len(self.whole.y_test), 1) / 1000

        def costs(entry: LeaderboardEntry, name: str) -> LeaderboardEntry:
            done, seconds = self.final_models[name], model_predictions.seconds.get(name)
            return replace(
                entry,
                networks=1 if single else len(done.model.networks),
                fit_seconds=done.fit_seconds,
                predict_seconds=None if seconds is None else seconds / thousands,
            )

        best, entries = self.ranked["recommended"][0].arm.name, []
        for entry in arms:
            if entry.model == best and not mixed:
                entries.append(costs(entry, "recommended"))
            elif entry.model == self.design.plain.name and "plain" in self.final_models:
                entries.append(costs(entry, "plain"))
            else:
                entries.append(entry)
        if mixed:
            entries.append(costs(LeaderboardEntry(kept("ensemble of several combinations"), "ensemble"), "recommended"))
        splits = self.partitions[0]
        for name, rival in self.rivals.items():
            loss: tuple[Number, Number, Number] = (None, None, None)
            if rival.again is not None:
                compared = cross_validated(
                    laboratory.dataset, splits, rival.again, laboratory.weights, laboratory.parts, measure
                )
                loss = loss_with_interval(compared, laboratory.shares(splits))
            entries.append(
                LeaderboardEntry(
                    name,
                    "baseline",
                    *loss,
                    fit_seconds=rival.fit_seconds,
                    predict_seconds=rival.predict_seconds / thousands,
                )
            )
        return tuple(entries)

    def _by_rows(
        self, best: Mapping[str, Candidate], folds: int, clock: Clock, spending: Spending | None
    ) -> LossByRows | None:
        """Whether more rows would help, where there is time to see."""
        sampled = self.laboratory.dataset is not self.whole  # there are more rows, and the final model has them
        if sampled or clock.ending.asked:
            return None
        epochs = sum(candidate.epochs for candidate in set(best.values()))
        if spending is None:
            possible = self._by_rows_costs(epochs, folds) <= defaults.BY_ROWS_OF_RACE
        else:
            possible = spending.by_rows(self.plan, self.race, epochs)
        if not possible:
            return None
        late = None if spending is None else spending.late
        splits = self.partitions[0][:folds]
        return loss_by_rows(self.laboratory, best, self.race.trials, splits, self.plan.epochs, late)

    def _by_rows_costs(self, epochs: int, folds: int) -> float:
        """As a share of the race: a block takes as long with one network as with many, where programs are compiled."""
        laboratory, race = self.laboratory, self.race
        blocks = len(race.trials)
        if not laboratory.interpreted:
            in_a_split = -(-race.configurations_done // laboratory.configurations_at_once)
            blocks = len(laboratory.trainers) * in_a_split * laboratory.blocks_of_a_split * race.splits_done
        return len(defaults.FEWER_ROWS) * folds * epochs / (blocks * self.plan.epochs)
