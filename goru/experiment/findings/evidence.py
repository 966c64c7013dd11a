"""What the pictures of an answer are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from goru.experiment.arms import Level
from goru.experiment.findings.answer import OverfittingFound
from goru.experiment.findings.effect import Number
from goru.experiment.findings.inspection import Inspection
from goru.experiment.findings.overview import TableOverview

Numbers = tuple[Number, ...]


@dataclass(frozen=True)
class Band:
    """A figure after each of the epochs shown: the mean over the splits, and the lowest and the highest of them."""

    mean: Numbers
    low: Numbers
    high: Numbers

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for value in self.mean)


@dataclass(frozen=True)
class RowsCurves:
    """Of some rows, the loss and, for classes, the accuracy."""

    loss: Band
    accuracy: Band | None = None


@dataclass(frozen=True)
class LearningCurves:
    """On training rows and on validation rows; those on training rows may be unknown."""

    training: RowsCurves
    validation: RowsCurves


@dataclass(frozen=True)
class ConfigurationCurves:
    """Of one configuration.

    - `stops`: after which epoch its final training stops.
    """

    arm: str
    configuration: int
    stops: int
    overfitting: OverfittingFound
    curves: LearningCurves


@dataclass(frozen=True)
class Curves:
    """Of the plain arm's best configuration and of what is recommended.

    - `epochs`: those shown, from 1.
    """

    epochs: tuple[int, ...]
    plain: ConfigurationCurves
    recommended: ConfigurationCurves


@dataclass(frozen=True)
class ArmLosses:
    """An arm's validation loss in every split, cross-fitted."""

    arm: str
    levels: Mapping[str, Level]
    losses: Numbers


@dataclass(frozen=True)
class LeaderboardEntry:
    """A model beside the others: one arm of an experiment, a non-neural baseline, or an ensemble of several arms.

    - `loss`, `low`, `high`: its cross-validated validation loss, with a 95 % interval of its own; `None` where that is
      not known.
    - `networks`: of the final model, or of the plain one beside it; 0 for a model of which there is none.
    - `fit_seconds`: until it was fitted on all development rows, with everything that it was tuned by. Of networks that
      is the training of an ensemble whose hyperparameters are known.
    - `predict_seconds`: for a thousand test rows.
    """

    model: str
    kind: Literal["combination", "baseline", "ensemble"]
    loss: Number = None
    low: Number = None
    high: Number = None
    networks: int = 0
    fit_seconds: Number = field(default=None, compare=False)
    predict_seconds: Number = field(default=None, compare=False)


@dataclass(frozen=True)
class ArmByRows:
    """An arm's validation loss by the number of training rows, the fewest first.

    - `loss`, `low`, `high`: the mean over the folds, and a 95 % interval.
    - `change`, `change_low`, `change_high`: of the loss from half of the rows to all of them; below zero it falls.
    """

    arm: str
    loss: Numbers
    low: Numbers
    high: Numbers
    change: Number
    change_low: Number
    change_high: Number


@dataclass(frozen=True)
class LossByRows:
    """Whether more rows are likely to help.

    - `rows`: training rows in a fold, on average; the last are all there are, those before it half as many.
    - `plain`, `recommended`: may be of one arm.
    """

    rows: tuple[int, ...]
    plain: ArmByRows
    recommended: ArmByRows


@dataclass(frozen=True)
class Configuration:
    """A configuration: its numbers, the best epoch, and the mean loss there."""

    arm: str
    configuration: int
    values: Mapping[str, float]
    epochs: int
    loss: Number


@dataclass(frozen=True)
class Hyperparameter:
    """A knob with its range, or the number of epochs.

    - `recommended`, `edge`: what was chosen, where its arm has it, and at which end of the range that lies.
    - `is_epochs`: whether it is that number, which every configuration has, and no knob.
    """

    name: str
    low: float
    high: float
    log: bool
    recommended: float | None = None
    edge: Literal["low", "high"] | None = None
    is_epochs: bool = False

    def of(self, configuration: Configuration) -> float | None:
        """Of a configuration, if it has it."""
        return configuration.epochs if self.is_epochs else configuration.values.get(self.name)


@dataclass(frozen=True)
class LayerActivations:
    """How a layer's activations are spread; all of it is `None` where one is not finite.

    - `shares`: of them in every bin.
    - `zero`, `dead`: the shares of those that are exactly zero, and of constant units.
    """

    shares: tuple[float, ...] | None
    mean: Number
    std: Number
    zero: Number
    dead: Number


@dataclass(frozen=True)
class Stage:
    """A network after some epochs."""

    epoch: int
    layers: tuple[LayerActivations, ...]


@dataclass(frozen=True)
class Activations:
    """The activations of hidden layers.

    - `rows`: that they are of.
    - `layers`: which, from 1.
    - `edges`: of each, of the bins that all networks and stages share.
    """

    rows: int
    layers: tuple[int, ...]
    edges: tuple[tuple[float, ...], ...]
    networks: Mapping[str, tuple[Stage, ...]]


@dataclass(frozen=True)
class Bin:
    """Predictions of about one size: their mean, that of what was true with an interval, and how many they are."""

    predicted: float
    observed: float
    low: Number
    high: Number
    rows: int


@dataclass(frozen=True)
class Calibration:
    """Whether predictions mean what they say.

    - `error`: the mean distance of what is said from what is found.
    """

    bins: tuple[Bin, ...]
    error: Number


@dataclass(frozen=True)
class Roc:
    """A curve: how many rows of a class are found, and how many others are taken for it.

    - `name`: of a model, or of many classes that of the class.
    - `label`: of the class.
    """

    name: str
    label: str
    area: float
    false: tuple[float, ...]
    true: tuple[float, ...]


@dataclass(frozen=True)
class PrecisionRecall:
    """A model's curve, of two classes for the second: of the rows that are found, and of those that are taken for it.

    - `area`: the average precision.
    """

    name: str
    area: float
    recall: tuple[float, ...]
    precision: tuple[float, ...]


@dataclass(frozen=True)
class Threshold:
    """What comes of taking every row for the second class whose probability of it is at least this.

    - `taken`: rows that are.
    - `precision`: the share of them that is of it; `None` where there are none.
    """

    probability: float
    taken: int
    precision: Number
    recall: float
    f1: float
    accuracy: float


Of = Literal["test", "validation"]  # which rows were predicted


@dataclass(frozen=True)
class ClassPredictions:
    """Which classes were taken for which.

    - `confusion`: by true class, by predicted class, how many rows.
    - `calibration`: by model.
    - `precision_recall`, `thresholds`: of two classes; thresholds are of the final model's probabilities.
    """

    of: Of
    rows: int
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    wrong: int
    roc: tuple[Roc, ...]
    calibration: Mapping[str, Calibration]
    precision_recall: tuple[PrecisionRecall, ...] = ()
    thresholds: tuple[Threshold, ...] = ()


@dataclass(frozen=True)
class ValuePredictions:
    """Values of some rows, true and predicted.

    - `calibration`: by model.
    """

    of: Of
    rows: int
    true: tuple[float, ...]
    predicted: tuple[float, ...]
    calibration: Mapping[str, Calibration]


@dataclass(frozen=True)
class Evidence:
    """What the pictures of an answer are drawn from.

    - `activations`, `predictions`, `inspection`: `None` where there are none to be had.
    - `leaderboard`: of every model, in no order; an older run has none.
    - `by_rows`: `None` where it was not trained: an older run, a small budget, a training function.
    - `overview`: of the table; `None` of an older run, or where it is not goru that reads it.
    """

    curves: Curves
    arms: tuple[ArmLosses, ...]
    configurations: tuple[Configuration, ...]
    hyperparameters: tuple[Hyperparameter, ...]
    activations: Activations | None = None
    predictions: ClassPredictions | ValuePredictions | None = None
    inspection: Inspection | None = None
    leaderboard: tuple[LeaderboardEntry, ...] = ()
    by_rows: LossByRows | None = None
    overview: TableOverview | None = None
