"""The networks of an ensemble inside a graph, and what is made of their outputs: `goru.model.model`, operator by
operator."""

from typing import Any

import numpy as np

from goru.export.description import refuse_others
from goru.export.graph import Graph
from goru.model.model import Model
from goru.nn.layers.activation import SELU_ALPHA, SELU_SCALE
from goru.nn.layers.layer import Learned
from goru.nn.network import Layers


def add_predictions(graph: Graph, x: str, model: Model, outputs: tuple[str, ...]) -> None:
    """Add the networks, and the outputs of the graph.

    **Arguments:**

    - `x`: the prepared features, `(rows, d)` float32.
    - `outputs`: the names of probabilities and label, or of the value.

    **Raises:** `InputError` for a kind of layer that has no operators here.
    """
    networks = model.networks
    refuse_others(networks.layers, vars(_Operators), "ONNX")
    x = x if networks.dtype == np.float32 else graph.cast(x, np.float64)
    operators = _Operators(graph, networks.dtype)
    of_networks = [
        graph.cast(operators(x, networks.layers, learned, f"network {index}"), np.float64)
        for index, learned in enumerate(networks.one_by_one)
    ]
    if model.target.classes is None:
        _value(graph, _mean(graph, of_networks), model, *outputs)
    else:
        mean = _mean(graph, [graph.node("Softmax", logits, axis=1) for logits in of_networks])
        _classes(graph, mean, model, *outputs)


class _Operators:
    """The operators of layers, which are called as their kinds are; every row of `x` is a row of the table."""

    def __init__(self, graph: Graph, dtype: np.dtype) -> None:
        self._node, self._cast, self._graph, self._dtype = graph.node, graph.cast, graph, dtype

    def __call__(self, x: str, layers: Layers, learned: Learned, name: str) -> str:
        for index, (layer, own) in enumerate(zip(layers, learned, strict=True)):
            x = getattr(self, layer.kind)(x, layer, own, f"{name}/layer {index}")
        return x

    def affine(self, x: str, layer: Any, own: Any, name: str) -> str:
        return self._node("Gemm", x, *self._constants(own, name), name=name, transB=1)

    def scaling(self, x: str, layer: Any, own: Any, name: str) -> str:
        scale, shift = self._constants(own, name)
        return self._node("Add", self._node("Mul", x, scale), shift, name=name)

    def layer_norm(self, x: str, layer: Any, own: Any, name: str) -> str:
        return self.scaling(self._standardized(x, layer.epsilon), layer, own, name)

    def group_norm(self, x: str, layer: Any, own: Any, name: str) -> str:
        grouped = self._standardized(self._shaped(x, (0, layer.groups, -1)), layer.epsilon)
        return self.scaling(self._shaped(grouped, (0, layer.units)), layer, own, name)

    def rms_norm(self, x: str, layer: Any, own: Any, name: str) -> str:
        return self._node("Mul", self._over_root(x, layer.epsilon), *self._constants(own, name), name=name)

    def residual(self, x: str, layer: Any, own: Any, name: str) -> str:
        return self._node("Add", x, self(x, layer.layers, own, name), name=name)

    def activation(self, x: str, layer: Any, own: Any, name: str) -> str:
        match layer.name:
            case "identity":
                return x
            case "relu" | "tanh" | "sigmoid":
                return self._node({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[layer.name], x)
            case "silu":
                return self._node("Mul", x, self._node("Sigmoid", x), name="silu")
            case "gelu":
                # Erf is known in single precision alone to most runtimes.
                single = self._cast(self._node("Mul", x, self._constant("root", np.sqrt(0.5))), np.float32)
                erf = self._cast(self._node("Erf", single), self._dtype)
                twice = self._node("Mul", x, self._node("Add", erf, self._constant("one", 1)))
                return self._node("Mul", twice, self._constant("half", 0.5), name="gelu")
            case "mish" | "selu":
                return self._from_exponentials(x, layer.name)
        raise ValueError(f"unknown activation {layer.name!r}")

    def _from_exponentials(self, x: str, name: str) -> str:
        """By operations that all runtimes know in double precision."""
        zero, one = self._constant("zero", 0), self._constant("one", 1)
        above = self._node("Max", x, zero)
        if name == "mish":  # x tanh(log(1 + exp x)), the logarithm without overflow
            small = self._node("Exp", self._node("Neg", self._node("Abs", x)))
            softplus = self._node("Add", above, self._node("Log", self._node("Add", small, one)))
            return self._node("Mul", x, self._node("Tanh", softplus), name=name)
        less = self._node("Sub", self._node("Exp", self._node("Min", x, zero)), one)
        scaled = self._node("Mul", less, self._constant("alpha", SELU_ALPHA))
        return self._node("Mul", self._node("Add", above, scaled), self._constant("scale", SELU_SCALE), name=name)

    def _shaped(self, x: str, shape: tuple[int, ...]) -> str:
        """In another shape; an axis of 0 is as long as it was."""
        return self._node("Reshape", x, self._graph.constant("shape", shape, np.int64))

    def _standardized(self, x: str, epsilon: float) -> str:
        return self._over_root(self._node("Sub", x, self._node("ReduceMean", x, axes=[-1])), epsilon)

    def _over_root(self, x: str, epsilon: float) -> str:
        """Every row over the root of its mean square."""
        square = self._node("ReduceMean", self._node("Mul", x, x), axes=[-1])
        return self._node("Div", x, self._node("Sqrt", self._node("Add", square, self._constant("epsilon", epsilon))))

    def _constants(self, own: Any, name: str) -> list[str]:
        """What a layer has learned."""
        arrays = own._asdict().items()
        return [self._constant(f"{name}/{key}", array) for key, array in arrays if array is not None]

    def _constant(self, name: str, values: Any) -> str:
        return self._graph.constant(name, values, self._dtype)


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
    tempered = mean
    if model.temperature != 1:
        tiny = graph.constant("tiny", np.finfo(np.float64).tiny)
        logs = graph.node("Log", graph.node("Max", mean, tiny))
        divided = graph.node("Div", logs, graph.constant("temperature", model.temperature))
        tempered = graph.node("Softmax", divided, name="tempered", axis=1)
    certain = graph.node("Mul", tempered, graph.constant("certain", 1 - model.uniform_share))
    uniform = graph.constant("uniform", model.uniform_share / model.networks.n_outputs)
    graph.node("Add", certain, uniform, name="mixed", output=probabilities)
    weighted = probabilities
    if model.decision_weights:
        weighted = graph.node("Mul", probabilities, graph.constant("decision_weights", model.decision_weights))
    code = graph.node("ArgMax", weighted, name="code", axis=1, keepdims=0)
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
