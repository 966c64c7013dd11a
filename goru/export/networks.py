"""The networks of a bag inside a graph, and what is made of their outputs: `goru.model.model`, operator by operator."""

from typing import Any

import numpy as np

from goru.export.graph import Graph
from goru.model.model import Model
from goru.model.networks import PlainNetworks


def predictions(graph: Graph, x: str, model: Model, outputs: tuple[str, ...]) -> None:
    """Add the networks, and the outputs of the graph.

    **Arguments:**

    - `x`: the prepared features, `(rows, d)` float32.
    - `outputs`: the names of probabilities and label, or of the value.
    """
    x = x if model.networks.weights[0].dtype == np.float32 else graph.cast(x, np.float64)
    of_networks = [
        graph.cast(_network(graph, x, model.networks, network), np.float64) for network in range(len(model.networks))
    ]
    if model.target.classes is None:
        _value(graph, _mean(graph, of_networks), model, *outputs)
    else:
        mean = _mean(graph, [graph.node("Softmax", logits, axis=1) for logits in of_networks])
        _classes(graph, mean, model, *outputs)


def _network(graph: Graph, x: str, networks: PlainNetworks, network: int) -> str:
    """Affine, activation, ..., affine."""
    last = len(networks.weights) - 1
    for layer, (weights, biases) in enumerate(zip(networks.weights, networks.biases, strict=True)):
        weight, bias = weights[network], biases[network]
        name = f"network {network}/layer {layer}"
        x = graph.node(
            "Gemm",
            x,
            graph.constant(f"{name}/weight", weight, weight.dtype),
            graph.constant(f"{name}/bias", bias, bias.dtype),
            name=name,
        )
        if layer < last:
            x = _activate(graph, networks.activation, x, weight.dtype)
    return x


def _activate(graph: Graph, name: str, z: str, dtype: np.dtype) -> str:
    match name:
        case "identity":
            return z
        case "relu" | "tanh" | "sigmoid":
            return graph.node({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[name], z)
        case "silu":
            return graph.node("Mul", z, graph.node("Sigmoid", z), name="silu")
        case "gelu":
            # Erf is known in single precision alone to most runtimes.
            single = graph.cast(graph.node("Mul", z, graph.constant("root", np.sqrt(0.5), dtype)), np.float32)
            erf = graph.cast(graph.node("Erf", single), dtype)
            twice = graph.node("Mul", z, graph.node("Add", erf, graph.constant("one", 1, dtype)))
            return graph.node("Mul", twice, graph.constant("half", 0.5, dtype), name="gelu")
    raise ValueError(f"unknown activation {name!r}")


def _mean(graph: Graph, values: list[str]) -> str:
    """The mean of the networks, one added after the other as NumPy does it."""
    if len(values) == 1:
        return values[0]
    total = values[0]
    for value in values[1:]:
        total = graph.node("Add", total, value)
    return graph.node("Div", total, graph.constant("networks", len(values)), name="mean")


def _value(graph: Graph, mean: str, model: Model, output: str) -> None:
    assert model.scaling is not None
    spread = graph.node("Mul", mean, graph.constant("target/std", model.scaling.std))
    value = graph.node("Add", spread, graph.constant("target/mean", model.scaling.mean))
    graph.node("Reshape", value, graph.constant("shape", [-1], np.int64), name="value", output=output)


def _classes(graph: Graph, mean: str, model: Model, probabilities: str, label: str) -> None:
    if model.temperature == 1:
        graph.node("Identity", mean, output=probabilities)
    else:
        tiny = graph.constant("tiny", np.finfo(np.float64).tiny)
        logs = graph.node("Log", graph.node("Max", mean, tiny))
        tempered = graph.node("Div", logs, graph.constant("temperature", model.temperature))
        graph.node("Softmax", tempered, name="tempered", output=probabilities, axis=1)
    code = graph.node("ArgMax", probabilities, name="code", axis=1, keepdims=0)
    labels, dtype = labels_of(model)
    graph.node("Gather", graph.constant("classes", labels, dtype), code, name="label", output=label, axis=0)


def labels_of(model: Model) -> tuple[list, type]:
    """The classes, and the one type that holds them all: as it is where they have one, else text."""
    classes: list[Any] = list(model.target.classes or ())
    types = {type(label) for label in classes}
    if types in ({bool}, {float}):
        return classes, types.pop()
    if types == {int} and all(-(2**63) <= label < 2**63 for label in classes):
        return classes, np.int64
    return [str(label) for label in classes], str
