"""What is trained: data, network and training as the page sets them, and what each of them may be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal, get_args

from goru.wording import listing

ShapeName = Literal["circles", "moons", "spirals", "xor", "stripes"]
Activation = Literal["relu", "sigmoid", "tanh", "gelu", "silu", "mish", "selu"]
Norm = Literal["none", "before", "after"]
DecayForm = Literal["half_squared", "norm", "decoupled"]
Optimizer = Literal["adam", "momentum", "sgd"]
Initial = Literal["he", "xavier"]

#: The least and the greatest number that a field may have.
BOUNDS: dict[str, tuple[float, float]] = {
    "data.rows": (20, 5000),
    "data.noise": (0, 2),
    "data.useless": (0, 20),
    "data.seed": (0, 2**31 - 1),
    "network.layers": (0, 6),
    "network.width": (1, 256),
    "network.initial": (1e-4, 10),
    "network.dropout": (0, 0.9),
    "network.decay": (0, 10),
    "training.rate": (1e-5, 10),
    "training.batch": (1, 1024),
    "training.seeds": (1, 32),
    "epochs_per_second": (1, 60),
}
#: The words that a field may have.
CHOICES: dict[str, tuple[str, ...]] = {
    "data.name": get_args(ShapeName),
    "network.activation": get_args(Activation),
    "network.initial": get_args(Initial),
    "network.norm": get_args(Norm),
    "network.decay_form": get_args(DecayForm),
    "training.optimizer": get_args(Optimizer),
}
#: Rows times weights times networks: an epoch of more would take longer than anybody looks at a page.
MOST_WORK = 8e9


class StateError(ValueError):
    """A field that cannot be used.

    `where` names it (`training.rate`); the `message` is one sentence.
    """

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True)
class ShapeData:
    """Points in the plane, of two classes; see `goru.live.shapes`.

    - `name`: `"circles"`, `"moons"`, `"spirals"`, `"xor"` or `"stripes"`.
    - `rows`: how many; half of them are trained on.
    - `noise`: the standard deviation of what is added to both coordinates.
    - `useless`: columns of noise beside them.
    - `seed`: of all that is drawn.
    """

    name: ShapeName = "circles"
    rows: int = 300
    noise: float = 0.2
    useless: int = 0
    seed: int = 0


@dataclass(frozen=True)
class NetworkState:
    """The networks.

    - `hidden`: widths of the hidden layers.
    - `activation`: `"relu"`, `"sigmoid"`, `"tanh"`, `"gelu"`, `"silu"`, `"mish"` or `"selu"`.
    - `initial`: of the weights, `"he"`, `"xavier"` or a standard deviation.
    - `norm`: batch norm's place, `"before"` or `"after"` the activation, or `"none"`.
    - `dropout`: the share of hidden neurons deleted in training.
    - `decay`: λ of weight decay; `decay_form`: `"half_squared"` (½ λ ‖W‖² in the loss), `"norm"` (λ ‖W‖) or
      `"decoupled"` (Loshchilov & Hutter 2019).
    """

    hidden: tuple[int, ...] = (16, 16)
    activation: Activation = "relu"
    initial: Initial | float = "he"
    norm: Norm = "none"
    dropout: float = 0.0
    decay: float = 0.0
    decay_form: DecayForm = "half_squared"


@dataclass(frozen=True)
class TrainingState:
    """How they are trained: at a constant learning rate, so that there need be no end.

    - `rate`: the learning rate.
    - `batch`: rows in a mini-batch.
    - `optimizer`: `"adam"`, `"momentum"` or `"sgd"`.
    - `seeds`: how many networks of either kind, each from its own initial weights.
    """

    rate: float = 0.01
    batch: int = 32
    optimizer: Optimizer = "adam"
    seeds: int = 16


@dataclass(frozen=True)
class State:
    """Everything that decides the numbers; of two that are equal, networks are the same.

    - `data`: a [`ShapeData`][goru.live.state.ShapeData], or `None` for the table that the page was opened with.
    - `network`: a [`NetworkState`][goru.live.state.NetworkState]: layers and techniques.
    - `training`: a [`TrainingState`][goru.live.state.TrainingState]: learning rate, batch, optimiser, seeds.
    """

    data: ShapeData | None = field(default_factory=ShapeData)
    network: NetworkState = field(default_factory=NetworkState)
    training: TrainingState = field(default_factory=TrainingState)

    @classmethod
    def from_json(cls, content: object) -> "State":
        """The state that `to_json` wrote: `content` is a mapping of plain JSON types.

        **Raises:** `StateError` for anything else.
        """
        top = _Reader("", content, ("data", "network", "training"))
        data = _Reader("data", top.get("data"), ("kind", "name", "rows", "noise", "useless", "seed"))
        network = _Reader("network", top.get("network"), tuple(NetworkState.__dataclass_fields__))
        training = _Reader("training", top.get("training"), tuple(TrainingState.__dataclass_fields__))
        kind = data.word("kind", ("shape", "table"))
        return cls(
            None if kind == "table" else data.shape(),
            NetworkState(
                network.widths("hidden"),
                network.word("activation"),
                network.word("initial") if isinstance(network.get("initial"), str) else network.number("initial"),
                network.word("norm"),
                network.number("dropout"),
                network.number("decay"),
                network.word("decay_form"),
            ),
            TrainingState(
                training.number("rate"), training.count("batch"), training.word("optimizer"), training.count("seeds")
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        found = asdict(self)
        found["data"] = {"kind": "table"} if self.data is None else {"kind": "shape", **found["data"]}
        found["network"]["hidden"] = list(self.network.hidden)
        return found

    @property
    def plain(self) -> "State":
        """The same without batch norm, dropout and weight decay."""
        network = self.network
        without = NetworkState(network.hidden, network.activation, network.initial, decay_form=network.decay_form)
        return State(self.data, without, self.training)

    @property
    def switched_on(self) -> bool:
        """Whether any of the techniques is."""
        network = self.network
        return network.norm != "none" or network.dropout > 0 or network.decay > 0

    def check(self, rows: int, inputs: int, outputs: int) -> None:
        """Raise `StateError` if so many training rows cannot be trained on like this, or not while somebody waits.

        **Arguments:**

        - `rows`: for training.
        - `inputs`, `outputs`: of a network.
        """
        if self.network.norm != "none" and self.training.batch < 2:
            raise StateError("training.batch", "batch norm needs at least two rows in a batch: training.batch is 1.")
        widths = (inputs, *self.network.hidden, outputs)
        weights = sum(below * above for below, above in pairwise(widths))
        networks = self.training.seeds * (1 + self.switched_on)
        if rows * weights * networks > MOST_WORK:
            raise StateError(
                "network.hidden",
                f"{rows:,} training rows x {weights:,} weights x {networks} networks are too much for a page: "
                f"at most {MOST_WORK:.0e} together. Give fewer rows, narrower layers or fewer seeds.",
            )


def limits() -> dict[str, Any]:
    """All bounds and choices, for the page."""
    return {"bounds": {name: list(ends) for name, ends in BOUNDS.items()}, "choices": CHOICES, "most_work": MOST_WORK}


class _Reader:
    """An object of JSON, and its fields, checked."""

    def __init__(self, name: str, content: object, known: tuple[str, ...]) -> None:
        self._name = name
        if not isinstance(content, Mapping):
            raise StateError(name or "state", f"{name or 'the state'} must be an object of JSON.")
        if unknown := [str(key)[:40] for key in content if key not in known]:
            raise StateError(name or "state", f"{name or 'the state'} has no field {listing(map(repr, unknown), 3)}.")
        self._content = content

    def _where(self, field_name: str) -> str:
        return f"{self._name}.{field_name}" if self._name else field_name

    def get(self, field_name: str) -> Any:
        if field_name not in self._content:
            raise StateError(self._where(field_name), f"{self._where(field_name)} is missing.")
        return self._content[field_name]

    def word(self, field_name: str, choices: tuple[str, ...] | None = None) -> Any:
        where, value = self._where(field_name), self.get(field_name)
        choices = choices or CHOICES[where]
        if not isinstance(value, str) or value not in choices:
            raise StateError(where, f"{where} must be one of {', '.join(choices)}.")
        return value

    def number(self, field_name: str) -> float:
        where = self._where(field_name)
        return checked_number(where, self.get(field_name))

    def count(self, field_name: str) -> int:
        where = self._where(field_name)
        return checked_count(where, self.get(field_name))

    def shape(self) -> ShapeData:
        return ShapeData(
            self.word("name"), self.count("rows"), self.number("noise"), self.count("useless"), self.count("seed")
        )

    def widths(self, field_name: str) -> tuple[int, ...]:
        where, value = self._where(field_name), self.get(field_name)
        most = int(BOUNDS["network.layers"][1])
        if not isinstance(value, list | tuple) or len(value) > most:
            raise StateError(where, f"{where} must be a list of at most {most} widths.")
        return tuple(checked_count(where, width, BOUNDS["network.width"]) for width in value)


def checked_shape(fields: Mapping[str, object]) -> ShapeData:
    """Points in the plane of these fields, all of them.

    **Raises:** `StateError` if one cannot be used.
    """
    return _Reader("data", fields, tuple(ShapeData.__dataclass_fields__)).shape()


def checked_number(where: str, value: object, bounds: tuple[float, float] | None = None) -> float:
    """A finite number within its bounds; true and false are none.

    **Raises:** `StateError`.
    """
    low, high = bounds or BOUNDS[where]
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise StateError(where, f"{where} must be a number from {low:g} to {high:g}.")
    return float(value)


def checked_count(where: str, value: object, bounds: tuple[float, float] | None = None) -> int:
    """A whole number within its bounds; one without a fraction may be written as 3.0, as JavaScript may.

    **Raises:** `StateError`.
    """
    low, high = bounds or BOUNDS[where]
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high and value == int(value):
        return int(value)
    raise StateError(where, f"{where} must be a whole number from {low:g} to {high:g}.")
