"""What an experiment found, as it is kept, shown and drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from goru.experiment import defaults
from goru.experiment.arms import Level
from goru.experiment.candidates import Candidate
from goru.experiment.effects.answers import Answers
from goru.experiment.effects.overfitting import overfitting
from goru.experiment.findings.effect import EffectFound, InteractionFound, Number
from goru.experiment.findings.failure import Failure
from goru.experiment.findings.timings import Timings
from goru.experiment.plan import Cut, Plan, few_configurations
from goru.experiment.trial import Losses, Trial
from goru.language import kept
from goru.wording import counted, figure, repeated


@dataclass(frozen=True)
class Data:
    """The rows.

    - `development`, `test`: how many of them are for development and for the test.
    - `repeated_test_rows`: test rows that stand among the development rows too.
    - `columns`: by kind (`numeric`, `categorical`, `date`, `dropped`); `None` where it is not goru that prepares them.
    - `features`: inputs of a network before squares of numbers or pieces.
    - `task`: `loss` where rows have a loss, and what is predicted of them is nobody's business.
    - `classes`: the labels; `None` where there are none.
    - `notes`: what was noticed when they were read, in sentences.
    """

    name: str
    rows: int
    development: int
    test: int
    target: str
    task: Literal["classification", "regression", "loss"]
    classes: tuple[Level, ...] | None = None
    repeated_test_rows: int = 0
    columns: Mapping[str, int] | None = None
    features: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirstLook:
    """The validation loss with numbers scaled, with numbers in pieces as well, and with their squares, which older
    versions did not try."""

    scaled: Number
    pieces: Number
    squares: Number | None = None


@dataclass(frozen=True)
class Network:
    """What all of goru's own networks of a study have in common.

    - `widths`: of the final model, from the inputs to the outputs.
    - `search_inputs`: of networks in the search, where a sample of the rows was searched on and they have fewer.
    """

    widths: tuple[int, ...]
    activation: str
    batch_size: int
    loss: str
    optimizer: str
    schedule: str
    decay: str
    numbers: Literal["scaled", "squares", "pieces"] = "scaled"
    first_look: FirstLook | None = None
    search_inputs: int | None = None


@dataclass(frozen=True)
class Planned:
    """What was trained, and in sentences what the budget did not pay for.

    - `sample`: how many rows were searched on, where those were not all development rows.
    """

    arms: int
    partitions: int
    folds: int
    configurations: int
    epochs: int
    shortfalls: tuple[str, ...] = ()
    sample: int | None = None

    @classmethod
    def of(
        cls,
        plan: Plan,
        arms: int,
        configurations: int,
        splits: int,
        partitions: int,
        more: Sequence[str] = (),
        tuned: bool = True,
        cut: Cut | None = None,
        noun: str = "networks",
    ) -> "Planned":
        """What came of a plan.

        **Arguments:**

        - `configurations`, `splits`: of the race, finished.
        - `partitions`: that there might have been.
        - `more`: what else there was no time for.
        - `tuned`: whether there are knobs.
        - `cut`: of the race.
        - `noun`: what trials are called.
        """
        shortfalls = list(plan.shortfalls)
        folds, done = min(plan.folds, splits), max(splits // plan.folds, 1)
        if cut is not None:
            shortfalls.append(cut.in_words(noun))
        elif folds < plan.folds:
            shortfalls.append(
                kept(
                    "slower than estimated: {folds} of {planned} folds were finished.", folds=folds, planned=plan.folds
                )
            )
        elif done < partitions and not shortfalls:
            shortfalls.append(
                kept(
                    "there was no room to cut the rows into folds {partitions}; with a larger budget, "
                    "intervals are narrower.",
                    partitions=repeated(partitions),
                )
            )
        few = few_configurations(configurations)
        known = any(few in sentence for sentence in shortfalls)
        if tuned and configurations < defaults.FEWEST_CONFIGURATIONS and not known:
            shortfalls.append(
                kept(
                    "{configurations} of each combination, too few to tune it: all inconclusive.",
                    configurations=counted(configurations, "configuration"),
                )
            )
        return cls(arms, done, folds, configurations, plan.epochs, (*shortfalls, *more))


@dataclass(frozen=True)
class OverfittingFound:
    """See [`Overfitting`][goru.experiment.effects.overfitting.Overfitting].

    The gap is unknown where the training loss is.
    """

    training: Number
    validation: Number
    best: Number
    epoch: int
    gap: Number
    gap_low: Number
    gap_high: Number
    rise: Number
    rise_low: Number
    rise_high: Number
    overfits: Literal["rises", "gap"] | None

    @classmethod
    def of(cls, losses: Losses, folds: int, validation_to_training: float) -> "OverfittingFound":
        """Of an arm's best configuration."""
        of_plain = overfitting(losses, folds, validation_to_training, defaults.MARGIN, defaults.CONFIDENCE)
        return cls(**asdict(of_plain))


@dataclass(frozen=True)
class SimplestFound:
    """The arm with the fewest techniques whose loss is within one standard error of the lowest: of how much higher it
    is.

    - `best`: the arm with the lowest.
    """

    arm: str
    best: str
    change: float
    error: float

    @classmethod
    def of(cls, answers: Answers) -> "SimplestFound | None":
        """Of the answers to all questions."""
        arm = answers.simplest
        return None if arm is None else cls(arm.arm.name, arm.best.name, arm.change, arm.error)


@dataclass(frozen=True)
class Judgement:
    """By what effects were judged.

    - `loss`: what it is, in words.
    - `looks`: which look at the answers this was: where the race could have ended at an earlier one, the confidence is
      such that all looks together are right as often as one look at the end would be.
    - `measure`: what it is called for short, where it changes.
    """

    plain_loss: Number
    margin_share: float = defaults.MARGIN
    confidence: float = defaults.CONFIDENCE
    loss: str = "log loss"
    looks: int = 1
    measure: str = "validation loss"

    @classmethod
    def of(
        cls, answers: Answers, loss: str = "log loss", looks: int = 1, measure: str = "validation loss"
    ) -> "Judgement":
        """Of the answers to all questions."""
        return cls(answers.plain_loss, confidence=answers.confidence, loss=loss, looks=looks, measure=measure)


@dataclass(frozen=True)
class Recommendation:
    """A configuration that is recommended, and how many networks of the final model are of it.

    - `levels`, `values`: of factors, and of the knobs that the arm has.
    - `words`: all of it as a phrase.
    - `epochs`, `schedule_epochs`: after how many of how many its training stops.
    - `validation_loss`: what it was judged by, with probabilities at this `temperature`.
    """

    arm: str
    levels: Mapping[str, Level]
    values: Mapping[str, float]
    words: str
    networks: int
    epochs: int
    schedule_epochs: int
    validation_loss: Number
    temperature: float = 1.0

    @classmethod
    def of(
        cls,
        candidate: Candidate,
        schedule_epochs: int,
        networks: int = 1,
        values: Mapping[str, float] | None = None,
        words: str = "",
    ) -> "Recommendation":
        """A candidate.

        **Arguments:**

        - `networks`: of the final model.
        - `values`: of the knobs, if they are others than it is trained with.
        - `words`: if they are to be others than the names of levels and knobs.
        """
        values = dict(candidate.values if values is None else values)
        numbers = [f"{name.replace('_', ' ')} {figure(value)}" for name, value in values.items()]
        return cls(
            candidate.arm.name,
            dict(candidate.arm),
            values,
            words or ", ".join([candidate.arm.phrase, *numbers]),
            networks,
            candidate.epochs,
            schedule_epochs,
            candidate.loss,
            candidate.temperature,
        )


@dataclass(frozen=True)
class ModelScores:
    """A model on the test rows; `recommended` and `plain` are the experiment's own.

    - `networks`: that it is made of; 0 if it is none of the experiment's own.
    - `figures`: by name, such as `log loss`; `None` where the test rows do not define it.
    - `intervals`: of figures, at 95 %; see `goru.studies.final.scores`. An older answer has none.
    """

    networks: int
    arm: str
    figures: Mapping[str, Number]
    intervals: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class RivalFound:
    """By how much another model's test loss differs from that of the final model, and what it is."""

    arm: str
    change: Number
    low: Number
    high: Number
    loss: Number


@dataclass(frozen=True)
class Trained:
    """Trials in all.

    - `failed`: that raised, hung or died.
    - `steps`: of gradient descent; `None` where that is not known.
    """

    networks: int
    diverged: int
    steps: int | None = None
    failed: int = 0

    @classmethod
    def of(cls, trials: Sequence[Trial], steps: int | None = None) -> "Trained":
        """Of all trials."""
        diverged, failed = (sum(trial.ended == ended for trial in trials) for ended in ("diverged", "failed"))
        return cls(len(trials), diverged, steps, failed)


@dataclass(frozen=True)
class Answer:
    """What an experiment found.

    - `subject`: what it is about: goru's own networks, or a training function.
    - `effects`: one a question, that of the best arm against the plain one last.
    - `recommended`: the configurations of the final model, the best first.
    - `scores`: by arm, where the best is chosen by a score instead of the loss.
    - `selection`: how the networks of the final model were chosen.
    - `temperature`: that its probabilities are scaled by.
    - `test`: models on the test rows, the simplest first.
    - `against_networks`, `plain_against_networks`: other models, and the plain arm, against the final model.
    - `environment`: versions and the machine.
    - `removals`: what each technique changes in the best arm, against the same without it: taken out, a helping one
      is missed.
    - `interactions`: of every two techniques.
    - `failures`: arms of which trials failed.
    - `simplest`: arm that does about as well as the best; `None` where that cannot be told.
    - `timings`: where time went until the answer was there; two answers are equal whatever it was.
    """

    goru: str
    data: Data
    plan: Planned
    plain: OverfittingFound
    effects: tuple[EffectFound, ...]
    judgement: Judgement
    recommended: tuple[Recommendation, ...]
    trained: Trained
    advice: str
    seconds: float
    subject: Literal["networks", "function"] = "networks"
    network: Network | None = None
    single: bool = False
    class_weight: Literal["balanced"] | None = None
    chosen_by: Literal["loss", "score"] = "loss"
    scores: Mapping[str, Number] = field(default_factory=dict)
    selection: Literal["uniform", "greedy"] = "uniform"
    temperature: float = 1.0
    test: tuple[ModelScores, ...] = ()
    against_networks: tuple[RivalFound, ...] = ()
    plain_against_networks: RivalFound | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    removals: tuple[EffectFound, ...] = ()
    interactions: tuple[InteractionFound, ...] = ()
    failures: tuple[Failure, ...] = ()
    simplest: SimplestFound | None = None
    timings: Timings | None = field(default=None, compare=False)

    @property
    def networks(self) -> int:
        """That the final model is made of."""
        return sum(one.networks for one in self.recommended)
