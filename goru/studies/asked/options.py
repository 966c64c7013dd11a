"""What a study is asked to do."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from goru.errors import InputError, option
from goru.nn.architecture import ActivationName
from goru.nn.judge import Measure
from goru.studies.asked.techniques import parsed

MOST_WIDTH = 65_536
MOST_LAYERS = 100
MOST_NETWORKS = 1_000_000
MOST_EPOCHS = 100_000


@dataclass(frozen=True)
class Options:
    """What may be set; nobody has to set anything.

    - `budget`: seconds for everything, from the start of the command to the files written.
    - `networks`: networks to train in the race, instead of a time: the result is then the same on every run.
    - `hidden`: widths of the hidden layers; by default as `study/defaults.py` says.
    - `activation`: of the hidden layers.
    - `batch_size`: rows in a mini-batch; by default as `study/defaults.py` says.
    - `epochs`: the length of the schedule; by default as `study/defaults.py` says.
    - `numbers`: `"scaled"` alone; with `"squares"` added (see `goru.data.squares`), or `"pieces"` (`goru.data.pieces`);
      `"auto"`: what a first look finds best.
    - `seed`: the random seed.
    - `single`: hand over one network instead of an ensemble.
    - `search_batch_norm`: draw the initial γ and β, ε and the momentum of batch norm as well.
    - `factors`: what is asked about; by default batch norm, dropout and weight decay; see
      [`parsed`][goru.studies.asked.techniques.parsed].
    - `class_weight`: `"balanced"`: every class counts alike, however many rows it has.
    - `until_decided`: end once every main effect is decided; the budget is then the most, half an hour by default.
    - `judge`: what effects, configurations and ensembles are judged by, see [`Judge`][goru.nn.judge.Judge]: by default
      the log loss of calibrated probabilities, or the squared error. Networks are trained as ever.

    **Raises:** `InputError` for invalid values.
    """

    budget: float | None = None
    networks: int | None = None
    hidden: tuple[int, ...] | None = None
    activation: ActivationName = "relu"
    batch_size: int | None = None
    seed: int = 0
    single: bool = False
    search_batch_norm: bool = False
    class_weight: Literal["balanced"] | None = None
    epochs: int | None = None
    numbers: Literal["auto", "scaled", "squares", "pieces"] = "auto"
    factors: tuple[str, ...] | None = None
    until_decided: bool = False
    judge: Measure | None = None

    def __post_init__(self) -> None:
        if self.budget is not None and self.networks is not None:
            raise InputError(
                f"{option('budget')} and {option('networks')} cannot be combined. Give a time or a number of networks."
            )
        if self.budget is not None and not (0 < self.budget < math.inf):
            raise InputError(f"{option('budget')}: invalid duration {self.budget:g} s. Give one above zero: 60s.")
        if self.networks is not None and not 1 <= self.networks <= MOST_NETWORKS:
            raise InputError(
                f"{option('networks')}: {self.networks} is out of range. Give a number from 1 to {MOST_NETWORKS:,}."
            )
        if self.hidden is not None:
            if not 1 <= len(self.hidden) <= MOST_LAYERS:
                raise InputError(
                    f"{option('hidden')}: {len(self.hidden)} layers. Give the width of 1 to {MOST_LAYERS}: 128,128."
                )
            if not all(1 <= width <= MOST_WIDTH for width in self.hidden):
                widths = ",".join(map(str, self.hidden))
                raise InputError(
                    f"{option('hidden')}: invalid layer widths {widths}. Give widths from 1 to {MOST_WIDTH:,}: 128,128."
                )
        if self.activation not in get_args(ActivationName):
            choices = ", ".join(get_args(ActivationName))
            raise InputError(f"{option('activation')}: unknown activation {self.activation!r}. Choose {choices}.")
        if self.batch_size is not None and self.batch_size < 2:
            raise InputError(f"{option('batch_size')}: {self.batch_size} is too small. Give at least 2.")
        if self.epochs is not None and not 1 <= self.epochs <= MOST_EPOCHS:
            raise InputError(
                f"{option('epochs')}: {self.epochs} is out of range. Give a number from 1 to {MOST_EPOCHS:,}."
            )
        if self.numbers not in ("auto", "scaled", "squares", "pieces"):
            raise InputError(
                f"{option('numbers')}: unknown value {self.numbers!r}. Give auto, scaled, squares or pieces."
            )
        if not 0 <= self.seed < 2**32:
            raise InputError(f"{option('seed')}: {self.seed} is out of range. Give one from 0 to {2**32 - 1}.")
        if self.factors is not None:
            object.__setattr__(self, "factors", tuple(self.factors))
            parsed(self.factors)
        if self.class_weight not in (None, "balanced"):
            raise InputError(
                f"{option('class_weight')}: unknown value {self.class_weight!r}. Give balanced, or leave it out."
            )
        if self.judge not in (None, *get_args(Measure)):
            choices = ", ".join(get_args(Measure))
            raise InputError(f"{option('judge')}: unknown measure {self.judge!r}. Choose one of {choices}.")
