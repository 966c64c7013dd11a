"""Small models with weights from a random generator: nothing is trained."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
import numpy as np
import pandas as pd

from goru.data.preparing import Preparation, TargetScaling
from goru.data.schema.encoding import Schema
from goru.data.targets.target import Target
from goru.model.model import Model
from goru.model.networks import Networks
from goru.model.weights import named
from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.fold import fold
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.group_norm import GroupNorm
from goru.nn.layers.kinds import layers_to_json
from goru.nn.layers.layer import Context, Learned
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.network import Layers

CLASSES = ("Äpfel", "no", "yes, \u202e🙂")
HYPER = Hyperparameters(dropout_rate=0.25, batch_norm_epsilon=1e-3)

#: Networks as they are trained, of so many inputs and outputs. Folded, they have every kind of layer that then is left.
STACKS: dict[str, Callable[[int, int], Layers]] = {
    "batch norm before": lambda inputs, outputs: Architecture(inputs, (8, 6), outputs, batch_norm="before").layers,
    "batch norm after, classic dropout": lambda inputs, outputs: (
        Architecture(
            inputs, (8, 6), outputs, batch_norm="after", dropout=True, dropout_form="classic", weight_init="normal"
        ).layers
    ),
    "column scales": lambda inputs, outputs: (
        Architecture(inputs, (8, 6), outputs, batch_norm="before", column_scales=6.0).layers
    ),
    "layer norm": lambda inputs, outputs: (
        Affine(inputs, 8),
        LayerNorm(8, 1e-3),
        Activation("relu"),
        Affine(8, outputs),
    ),
    "group norm": lambda inputs, outputs: (
        Affine(inputs, 8),
        GroupNorm(4, 8, 1e-3),
        Activation("relu"),
        Affine(8, outputs),
    ),
    "rms norm without biases": lambda inputs, outputs: (
        RMSNorm(inputs),
        Affine(inputs, 8, bias=False, weight_init=0.5),
        RMSNorm(8),
        Activation("gelu"),
        Affine(8, outputs, bias=False),
    ),
    "residual": lambda inputs, outputs: (
        Affine(inputs, 8),
        Residual((LayerNorm(8), Affine(8, 4), Activation("silu"), Dropout(0), Affine(4, 8))),
        Residual((Activation("tanh"), BatchNorm(8), Residual((RMSNorm(8), Activation("relu"))))),
        Affine(8, outputs),
    ),
    "scaling": lambda inputs, outputs: (
        Affine(inputs, 8),
        Activation("tanh"),
        BatchNorm(8),
        Activation("sigmoid"),
        Affine(8, outputs),
        Activation("identity"),
        BatchNorm(outputs),
    ),
}


def initial(layers: Layers, count: int, seed: int = 0, dtype: type = np.float32) -> Learned:
    """Of so many networks, no γ being 1 and no bias 0."""
    rng = np.random.default_rng(seed)
    each = [network.init(layers, rng, HYPER) for _ in range(count)]
    return jax.tree.map(lambda *own: (np.stack(own) + rng.normal(0, 0.2, (count, *own[0].shape))).astype(dtype), *each)


def statistics_of(layers: Layers, learned: Learned, x: np.ndarray) -> Learned:
    """Of rows `(rows, inputs)`."""
    return network.exact_statistics(layers, learned, x.T, Context(HYPER))


def folded(layers: Layers, learned: Learned, statistics: Learned) -> Networks:
    return Networks(*fold(layers, learned, statistics, HYPER))


def as_trained(learned: Learned, statistics: Learned) -> dict[str, np.ndarray]:
    """Arrays as they stand in a model's second file of weights."""
    arrays = named(learned) | named(statistics)
    count = len(next(iter(arrays.values())))
    return {f"{member}.{name}": array[member] for member in range(count) for name, array in arrays.items()}


def stacked(name: str, inputs: int, outputs: int, count: int = 3, dtype: type = np.float32) -> Networks:
    """Networks of one of the stacks, folded."""
    layers = STACKS[name](inputs, outputs)
    learned = initial(layers, count, dtype=dtype)
    x = np.random.default_rng(1).normal(size=(50, inputs)).astype(dtype)
    return folded(layers, learned, statistics_of(layers, learned, x))


def make_networks(widths: Sequence[int], count: int = 3, activation: str = "relu", seed: int = 0) -> Networks:
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(widths))
    return Networks.perceptron(
        activation,
        [rng.normal(size=(count, *shape)).astype(np.float32).swapaxes(1, 2) for shape in shapes],
        [rng.normal(size=(count, shape[1])).astype(np.float32) for shape in shapes],
    )


def make_table(rows: int = 40, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "length": np.where(rng.random(rows) < 0.2, np.nan, rng.normal(5, 2, rows)),
            "colour": rng.choice(["red", "blue", "grün"], rows),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D"),
        }
    )


def make_model(
    task: str = "classification",
    activation: str = "relu",
    hidden: Sequence[int] = (7, 5),
    stack: str | None = None,
    **numbers: Any,
) -> Model:
    table = make_table()
    schema = Schema.from_frame(table)
    encoded = schema.encode(table)
    classification = task == "classification"
    outputs = len(CLASSES) if classification else 1
    networks = make_networks((schema.n_features, *hidden, outputs), activation=activation)
    layers = networks.layers
    if stack is not None:
        layers, networks = STACKS[stack](schema.n_features, outputs), stacked(stack, schema.n_features, outputs)
    described = {"arm": "plain", "learning_rate": 0.1 / 3, "layers": layers_to_json(layers)}
    return Model(
        target=Target("kind" if classification else "price", task, CLASSES if classification else None),
        schema=schema,
        preparation=Preparation.fit(encoded, np.arange(30)),
        scaling=None if classification else TargetScaling(mean=250.0, std=40.0),
        networks=networks,
        members=tuple(described | {"epochs": number} for number in (10, 20, 30)),
        **numbers,
    )


def flat(model: Model) -> dict[str, np.ndarray]:
    """Arrays for a model's second file of weights."""
    return as_trained(model.networks.learned, ())
