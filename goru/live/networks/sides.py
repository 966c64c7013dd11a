"""Networks of one side of the page in training: those of one perceptron of goru's, with as many members as seeds.

A side draws its initial weights, dropout masks and mini-batches exactly as `goru.MLPClassifier` and `goru.MLPRegressor`
do by `partial_fit`, from a `RandomState` of the same seed; so they train the same networks (`goru.live.snippet` writes
the call). Both sides of a page draw alike.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from goru.live.rows import Rows
from goru.live.state import State
from goru.nn import network
from goru.nn.architecture import Architecture, DecayForm, Hyperparameters, WeightInit
from goru.nn.layers.batch_norm import corrected
from goru.nn.losses import LOSSES
from goru.nn.network import Layers
from goru.nn.optimizers import Adam, Momentum
from goru.population.immediate.learner import Learner, Order
from goru.population.immediate.threads import threads_for

MOMENTUM = 0.9
_CELLS = 1 << 22  # activations of a layer that are computed at once, of all networks together
WEIGHT_INITS: dict[str, WeightInit] = {"he": "he_normal", "xavier": "glorot_normal"}
PENALTIES: dict[str, DecayForm] = {"half_squared": "l2_squared", "norm": "l2_norm", "decoupled": "decoupled"}


def architecture(state: State, rows: Rows) -> Architecture:
    """Of the networks of a state; with layers of dropout also where nothing is deleted, as estimators have them."""
    own = state.network
    initial = WEIGHT_INITS[own.initial] if isinstance(own.initial, str) else own.initial
    return Architecture(
        rows.x.shape[1],
        own.hidden,
        rows.outputs,
        own.activation,
        None if own.norm == "none" else own.norm,
        dropout=True,
        weight_init=initial,
    )


class GivenUp(Exception):  # noqa: N818  # nothing is wrong
    """Somebody wants other networks now."""


@dataclass
class Batches:
    """Mini-batches as estimators draw them: a permutation for every epoch, the last batch being what is left."""

    random: np.random.RandomState
    rows: np.ndarray
    size: int
    joined: bool  # whether one row that is left goes with those before it: batch norm needs two

    def epoch(self) -> list[np.ndarray]:
        """The rows of every batch."""
        order = self.rows[self.random.permutation(len(self.rows))]
        starts = list(range(0, len(order), self.size))
        if self.joined and len(starts) > 1 and len(order) - starts[-1] == 1:
            starts.pop()
        return [
            order[start : starts[index + 1] if index + 1 < len(starts) else None] for index, start in enumerate(starts)
        ]


class Side:
    """As many networks as there are seeds.

    **Arguments:**

    - `state`: all techniques that it has are used.
    - `joined`: whether a single last row of an epoch joins the batch before it, as it must for batch norm; both sides
      of a page do alike.
    - `seed`: of initial weights, masks and batches.

    `learner` has the networks; `learning` trains them: the learner itself, or its compiled stand-in. `penalised` is the
    λ of a penalty.
    """

    def __init__(self, state: State, rows: Rows, joined: bool, seed: int = 0) -> None:
        self.state, self.rows = state, rows
        random = np.random.RandomState(seed)
        drawn, own = architecture(state, rows), state.network
        seeds = random.randint(np.iinfo(np.int32).max, size=(state.training.seeds, 2))
        hyper = Hyperparameters(
            dropout_rate=own.dropout, weight_decay=own.decay if own.decay_form == "decoupled" else 0.0
        )
        members = [network.init(drawn.layers, np.random.default_rng(each), hyper) for each in seeds[:, 0]]
        learned = jax.tree.map(lambda *leaves: np.stack(leaves, dtype=np.float32), *members)
        # How weights were drawn is nothing that a program depends on.
        layers = replace(drawn, weight_init="he_normal").layers
        self.learner = Learner(layers, rows.loss, hyper, learned, seeds[:, 1].astype(np.uint32))
        self.learner.optimizer = _optimizer(state, self.learner.numbers.flat)
        self.penalised = own.decay if own.decay_form != "decoupled" else 0.0
        self.learner.penalty = PENALTIES[own.decay_form] if self.penalised else "decoupled"
        self.batch = min(state.training.batch, len(rows.training))
        self.batches = Batches(random, rows.training, self.batch, joined)
        self.learning: Any = self.learner  # or what stands in for it, compiled

    @property
    def layers(self) -> Layers:
        """Of every network."""
        return self.learner.layers

    def orders(self) -> list[Order]:
        """The mini-batches of an epoch; each call draws the next one's."""
        times = 0.5 if self.rows.loss == "squared_error" else 1.0  # scikit-learn's loss has the factor ½
        rate = self.state.training.rate
        found = []
        for chosen in self.batches.epoch():
            size = len(chosen)
            # As scikit-learn's alpha, which is divided by the rows of a batch: λ is larger in a short one.
            penalty = self.penalised * self.batch / size
            found.append(Order(chosen, np.full(size, times / size), rate, penalty))
        return found

    @property
    def compiled(self) -> bool:
        """Whether a program trains them."""
        return self.learning is not self.learner

    def epoch(self, given_up: Callable[[], bool] = lambda: False) -> None:
        """Train for one.

        **Arguments:**

        - `given_up`: asked at first and, as long as nothing is compiled, before every mini-batch.

        **Raises:** `GivenUp` where it says so; the networks are then somewhere inside the epoch.
        """

        def watched() -> Iterator[Order]:
            for order in orders:
                if given_up():
                    raise GivenUp
                yield order

        if given_up():
            raise GivenUp
        orders = self.orders()
        with threads_for(self.layers, self.batch):
            self.learning.learn(self.rows.x, self.rows.y, orders if self.compiled else watched())

    def outputs(self, x: np.ndarray) -> np.ndarray:
        """At inference, batch norm by its running statistics, `(networks, outputs, rows)`."""
        widest = max((self.rows.outputs, *self.state.network.hidden))
        at_once = max(_CELLS // (len(self.learner) * widest), 64)
        parts = [x[start : start + at_once] for start in range(0, len(x), at_once)]
        with threads_for(self.layers, at_once):
            return np.concatenate([self.learning.outputs(part) for part in parts], axis=2)

    def predictions(self, x: np.ndarray) -> np.ndarray:
        """Probabilities, or scaled numbers, `(networks, outputs, rows)`."""
        with np.errstate(all="ignore"):
            return LOSSES[self.rows.loss].predictions(self.outputs(x))

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """What every hidden block hands on at inference, `(networks, units, rows)` each."""
        learner = self.home()
        with np.errstate(all="ignore"), threads_for(self.layers, len(x)):
            statistics = corrected(learner.running)
            return list(network.hidden(learner.layers, learner.numbers.tree, statistics, learner.hyper, x.T))

    def home(self) -> Learner:
        """The learner, with all that has been learned."""
        if self.compiled:
            self.learning.write_back()
        return self.learner


def _optimizer(state: State, numbers: np.ndarray) -> Adam | Momentum:
    match state.training.optimizer:
        case "adam":
            return Adam(numbers, 0.9, 0.999, 1e-8)
        case "momentum":
            return Momentum(numbers, MOMENTUM, nesterov=False)
        case _:
            return Momentum(numbers, 0.0, nesterov=False)
