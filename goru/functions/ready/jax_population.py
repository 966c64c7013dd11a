"""Networks of JAX in a study: `goru.jax_training` trains all configurations of an arm as one compiled program.

Their numbers (learning rate, dropout rate, ...) are data of that program, one for each network: others need no new one.
"""

import inspect
import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.special import log_softmax, softmax

from goru import forks
from goru.errors import InputError
from goru.functions.config import no_such
from goru.functions.outputs import YieldedPredictions
from goru.functions.ready.features import features
from goru.functions.ready.hyperparameters import hyperparameter
from goru.population import devices

# Splits differ by a row or two, and the last training has some more: they are to share programs.
ROWS_PREDICTED, ROWS_TRAINED = 64, 8  # of these, a multiple

Tree = Any
Init = Callable[[jax.Array, Any], Tree]
Apply = Callable[..., Any]
Optimizer = Callable[[Any], optax.GradientTransformation]
Static = tuple[tuple[str, Any], ...]  # names and values


def jax_training(
    init: Init,
    apply: Apply,
    *,
    epochs: int = 30,
    batch_size: int = 64,
    optimizer: Optimizer | None = None,
) -> "PopulationTraining":
    """A training function for `goru.study`, made of two pure functions.

        def init(rng, config):
            return {"w": 0.1 * jax.random.normal(rng, (64, 10)), "b": jnp.zeros(10)}

        def apply(params, x, rng, training, config):
            return x @ params["w"] + params["b"]

        goru.study(goru.jax_training(init, apply, epochs=30), X, y, design=design)

    Configurations that differ in numbers with a point alone (float) are trained together, as one compiled program that
    takes these numbers as data: in `apply` and `optimizer` they are values that JAX traces. All else (bool, int, str)
    is Python's: `if config.batch_norm == "before"`. Initial weights, the order of the rows and `rng` are functions of
    the seed, the same for all configurations. The target of a regression is standardised.

    **Arguments:**

    - `init`: `init(rng, config)` gives the parameters, any tree of arrays. Not compiled: numbers are numbers.
    - `apply`: `apply(params, x, rng, training)`, or with `config` as a fifth argument; `x` is `(rows, ...)`, float32.
      Outputs are a logit for each class (of two, one for the second is enough), or one number a row. It may give
      `(outputs, changed)`: entries of `params`, a dictionary, that take their new values without gradients, as the
      running statistics of batch norm. Flax's `apply` with `mutable=` gives just that.
    - `epochs`: passes over the rows, 1 at least.
    - `batch_size`: the largest batch; those of an epoch are equal, for which some rows may come twice.
    - `optimizer`: `optimizer(config)` gives an optimiser of Optax. By default AdamW with `config.learning_rate` (else
      1e-3) and, for matrices and kernels alone, `config.weight_decay` (else 0).

    **Raises:** `InputError` if an argument is invalid.
    """
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if count < 1:
            raise InputError(f"{name}: {count} is out of range. Give 1 or more.")
    return PopulationTraining(init, apply, epochs, batch_size, optimizer or _adamw)


class TrainedParameters:
    """A trained network: its parameters, and its predictions. `goru.jax_training` makes it.

    **Arguments:**

    - `apply`, `config`: the user's function, and the configuration that it is given.
    - `params`: a tree of NumPy arrays; an attribute too.
    - `task`: what outputs mean.
    """

    def __init__(self, apply: Apply, config: Any, params: Tree, task: "_Task") -> None:
        self.params = params
        self._apply, self._config, self._task = apply, config, task

    def __call__(self, X: Any) -> np.ndarray:
        """Probabilities `(rows, classes)`, or values `(rows,)` in the target's units, of rows `X`, `(rows, ...)`."""
        x = jnp.asarray(features(X))
        outputs, _ = _applied(self._apply, self.params, x, jax.random.key(0), False, self._config)
        return self._task.predictions(self._task.outputs(outputs))


class PopulationTraining:
    """A population training function; `init`, `apply`, `epochs`, `batch_size`, `optimizer`: see `jax_training`."""

    population = True

    def __init__(self, init: Init, apply: Apply, epochs: int, batch_size: int, optimizer: Optimizer) -> None:
        self._arguments = init, apply, epochs, batch_size, optimizer
        self._init, self._apply, self._epochs, self._batch_size, self._optimizer = self._arguments
        # One program for each arm and each set of shapes, kept as long as this object.
        self._train = jax.jit(self._trained, static_argnums=(0, 1))
        self._predict = jax.jit(self._predicted, static_argnums=(0, 1))

    def __reduce__(self) -> tuple[Any, ...]:
        # What arrives in a process again is the object that is there, with its programs.
        return _arrived, (cloudpickle.dumps(self._arguments),)

    def __call__(
        self, fit: Any, validation: Any, configs: Sequence[Any], seed: int
    ) -> Generator[list[YieldedPredictions], bool | None, list[TrainedParameters]]:
        """Train a network for each configuration, and predict the validation rows after each epoch.

        Yields for each configuration probabilities `(rows, classes)`, or values `(rows,)`, with the mean loss on
        training rows: on about as many as there are validation rows. Returns the networks.
        """
        forks.refuse_fork()
        devices.prepare()
        task, values = _task(fit)
        x, rows = features(fit.X), len(validation)
        weights = (np.ones(len(fit)) if fit.weights is None else fit.weights / np.mean(fit.weights)).astype(np.float32)
        key, order = jax.random.key(seed % 2**32), np.random.default_rng(seed)
        watched = order.choice(len(fit), 2 ** int(math.log2(min(len(fit), rows))), replace=False)
        x_watched = np.concatenate([x[watched], _filled(features(validation.X), -rows % ROWS_PREDICTED)])
        groups = _groups(configs)
        with _diverging_allowed():
            states = [self._started(group, key) for group in groups]
        for epoch in range(self._epochs):
            chosen = _batches(order.permutation(len(fit)), self._batch_size)
            steps, bucket = len(chosen), 2 ** math.ceil(math.log2(len(chosen)))
            batches = tuple(_filled(part[chosen], bucket - steps) for part in (x, values, weights))
            predictions: list[Any] = [None] * len(configs)
            for turn, (static, data, _, positions) in enumerate(groups):
                with _diverging_allowed():
                    now = jax.random.fold_in(key, epoch + 1)
                    states[turn] = self._train(static, task.columns, states[turn], data, batches, steps, now)
                    outputs = self._predict(static, task.columns, states[turn][0], data, x_watched, key)
                for position, outputs_of_network in zip(positions, np.asarray(outputs), strict=True):
                    seen, unseen = np.split(outputs_of_network, [len(watched)])
                    loss = task.mean_loss(seen, values[watched], weights[watched])
                    predictions[position] = YieldedPredictions(task.predictions(unseen[:rows]), loss)
            if (yield predictions):
                break
        networks: list[Any] = [None] * len(configs)
        for group, (params, _) in zip(groups, states, strict=True):
            stacked = jax.tree.map(np.asarray, params)
            for place, position in enumerate(group.positions):
                params_of_network = jax.tree.map(itemgetter(place), stacked)
                networks[position] = TrainedParameters(self._apply, configs[position], params_of_network, task)
        return networks

    def _started(self, group: "_Group", key: jax.Array) -> tuple[Tree, Tree]:
        """Parameters and states of optimisers, stacked."""
        params = [self._init(key, config) for config in group.configs]
        try:
            stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *params)
        except ValueError:
            raise InputError(
                "init: configurations of one arm give parameters of different shapes. Make what the shapes depend on a "
                "factor, or a knob of whole numbers (goru.integers)."
            ) from None
        return stacked, jax.vmap(
            lambda params_of_network, data: self._optimizer(_Values(group.static, data)).init(params_of_network)
        )(stacked, group.data)

    def _trained(
        self, static: Static, columns: int, state: Any, data: Any, batches: Any, steps: int, key: jax.Array
    ) -> Any:
        """The states after an epoch: after so many of the batches."""
        task = _Task(columns)

        def one(state: Any, data: dict[str, jax.Array]) -> Any:
            config = _Values(static, data)
            optimizer = self._optimizer(config)

            def loss(params: Tree, x: Any, values: Any, weights: Any, key: jax.Array) -> tuple[jax.Array, Any]:
                outputs, changed = _applied(self._apply, params, x, key, True, config)
                return jnp.mean(weights * task.losses(task.outputs(outputs), values)), changed

            def step(number: Any, state: Any) -> Any:
                params, optimizer_state = state
                batch = [part[number] for part in batches]
                gradient, changed = jax.grad(loss, has_aux=True)(params, *batch, jax.random.fold_in(key, number))
                update, optimizer_state = optimizer.update(gradient, optimizer_state, params)
                params = optax.apply_updates(params, update)
                return params | changed if changed else params, optimizer_state

            return jax.lax.fori_loop(0, steps, step, state)

        return jax.vmap(one)(state, data)

    def _predicted(self, static: Static, columns: int, params: Any, data: Any, x: Any, key: jax.Array) -> jax.Array:
        """Outputs for the rows of x, `(configs, rows, ...)`."""

        def one(params: Any, data: dict[str, jax.Array]) -> jax.Array:
            return _Task(columns).outputs(_applied(self._apply, params, x, key, False, _Values(static, data))[0])

        return jax.vmap(one)(params, data)


@lru_cache(maxsize=8)
def _arrived(arguments: bytes) -> PopulationTraining:
    return PopulationTraining(*cloudpickle.loads(arguments))


class _Task(NamedTuple):
    """What is learned: classes, or, with 0 columns, a number, of which networks know the standardised value."""

    columns: int
    mean: float = 0.0
    scale: float = 1.0

    def outputs(self, outputs: Any) -> Any:
        """Logits `(rows, classes)`, or standardised values `(rows,)`."""
        if self.columns in (0, 2) and (outputs.ndim == 1 or outputs.shape[1:] == (1,)):
            number = outputs.reshape(-1)
            return jnp.stack([jnp.zeros_like(number), number], 1) if self.columns else number
        if not self.columns or outputs.shape[1:] != (self.columns,):
            wanted = f"a column for each of the {self.columns} classes" if self.columns else "one number a row"
            raise InputError(f"apply: its outputs have the shape {tuple(outputs.shape)}. Give {wanted}.")
        return outputs

    def losses(self, outputs: Any, values: Any) -> Any:
        """Of each row."""
        if self.columns:
            return optax.softmax_cross_entropy_with_integer_labels(outputs, values)
        return (outputs - values) ** 2

    def mean_loss(self, outputs: np.ndarray, values: np.ndarray, weights: np.ndarray) -> float:
        """Of rows that have been predicted."""
        with np.errstate(all="ignore"):  # of a network that has diverged
            exact = np.asarray(outputs, float)
            if self.columns:
                losses = -log_softmax(exact, axis=1)[np.arange(len(values)), values]
            else:
                losses = (exact - values) ** 2
            return float(np.mean(weights * losses))

    def predictions(self, outputs: Any) -> np.ndarray:
        """Probabilities, or values in the target's units."""
        exact = np.asarray(outputs, float)
        with np.errstate(invalid="ignore"):  # of a network that has diverged
            return softmax(exact, axis=1) if self.columns else exact * self.scale + self.mean


def _task(fit: Any) -> tuple[_Task, np.ndarray]:
    """The task, and what networks are to learn of each row."""
    if fit.codes is None:
        raise InputError("goru.jax_training needs y: a label or a number for each row.")
    if fit.classes is not None:
        return _Task(len(fit.classes)), np.asarray(fit.codes, np.int32)
    numbers = np.asarray(fit.codes, float)
    mean = float(np.average(numbers, weights=fit.weights))
    scale = float(np.sqrt(np.average((numbers - mean) ** 2, weights=fit.weights))) or 1.0
    return _Task(0, mean, scale), ((numbers - mean) / scale).astype(np.float32)


class _Group(NamedTuple):
    """Configurations that share a program."""

    static: Static
    data: dict[str, np.ndarray]  # a number for each configuration
    configs: list[Any]
    positions: list[int]


def _groups(configs: Sequence[Any]) -> list[_Group]:
    positions: dict[Any, list[int]] = {}
    for position, config in enumerate(configs):
        positions.setdefault(tuple((name, config[name]) for name in config if not _is_data(config, name)), []).append(
            position
        )
    groups = []
    for static, places in positions.items():
        configs_of_group = [configs[position] for position in places]
        names = [name for name in configs_of_group[0] if _is_data(configs_of_group[0], name)]
        data = {name: np.array([config[name] for config in configs_of_group], np.float32) for name in names}
        groups.append(_Group(static, data, configs_of_group, places))
    return groups


def _is_data(config: Any, name: str) -> bool:
    return isinstance(config[name], float | np.floating)


class _Values(Mapping[str, Any]):
    """A configuration whose numbers are data of a program."""

    def __init__(self, static: Static, data: dict[str, Any]) -> None:
        self._values = {**dict(static), **data}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        raise AttributeError(no_such(name, self._values))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _batches(order: np.ndarray, largest: int) -> np.ndarray:
    """Row numbers `(batches, rows)`: as few equal batches as hold all rows, some rows twice."""
    count = math.ceil(len(order) / largest)
    rows = math.ceil(len(order) / count / ROWS_TRAINED) * ROWS_TRAINED
    return np.resize(order, (count, min(rows, largest, len(order))))


def _filled(array: np.ndarray, more: int) -> np.ndarray:
    """With so many more, zero each, along the first axis."""
    return np.pad(array, [(0, more), *[(0, 0)] * (array.ndim - 1)])


def _applied(apply: Apply, *arguments: Any) -> tuple[Any, Any]:
    """Outputs, and the entries of the parameters that changed on the way, if any."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    taken = sum(parameter.kind in kinds for parameter in inspect.signature(apply).parameters.values())
    outputs = apply(*arguments[:taken])
    return outputs if isinstance(outputs, tuple) else (outputs, None)


def _adamw(config: Any) -> optax.GradientTransformation:
    return optax.adamw(
        hyperparameter(config, "learning_rate", 1e-3),
        weight_decay=hyperparameter(config, "weight_decay", 0.0),
        mask=partial(jax.tree.map, lambda leaf: leaf.ndim > 1),  # biases, γ and β are not decayed
    )


@contextmanager
def _diverging_allowed() -> Iterator[None]:
    """A network that diverges is no error, whatever JAX has been set to."""
    with jax.debug_nans(False), jax.debug_infs(False):
        yield
