"""Small models with weights from a random generator: nothing is trained."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from goru.data.encoding import Schema
from goru.data.preparing import Preparation, TargetScaling
from goru.data.target import Target
from goru.model.model import Model
from goru.model.networks import PlainNetworks

CLASSES = ("Äpfel", "no", "yes, \u202e🙂")


def make_networks(widths: Sequence[int], count: int = 3, activation: str = "relu", seed: int = 0) -> PlainNetworks:
    rng = np.random.default_rng(seed)
    shapes = list(pairwise(widths))
    return PlainNetworks(
        activation,
        tuple(rng.normal(size=(count, *shape)).astype(np.float32) for shape in shapes),
        tuple(rng.normal(size=(count, shape[1])).astype(np.float32) for shape in shapes),
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
    task: str = "classification", activation: str = "relu", hidden: Sequence[int] = (7, 5), **temperatures: float
) -> Model:
    table = make_table()
    schema = Schema.from_frame(table)
    encoded = schema.encode(table)
    classification = task == "classification"
    outputs = len(CLASSES) if classification else 1
    return Model(
        target=Target("kind" if classification else "price", task, CLASSES if classification else None),
        schema=schema,
        preparation=Preparation.fit(encoded, np.arange(30)),
        scaling=None if classification else TargetScaling(mean=250.0, std=40.0),
        networks=make_networks((schema.n_features, *hidden, outputs), activation=activation),
        members=tuple({"arm": "plain", "epochs": number, "learning_rate": 0.1 / 3} for number in (10, 20, 30)),
        **temperatures,
    )


def flat(model: Model) -> dict[str, np.ndarray]:
    """Arrays as they stand in a model's second file of weights."""
    return {f"{index}.network.output.bias": bias for index, bias in enumerate(model.networks.biases[-1])}
