"""A network's numbers as `goru.nn` has them, and in one array, as `goru.direct` has them."""

from typing import Any

import numpy as np

from goru.direct.parameters import Layout, Parameters
from goru.nn.affine import Affine
from goru.nn.batch_norm import BatchNorm
from goru.nn.network import HiddenLayer, Network


def network_of(layout: Layout, flat: Any) -> Network:
    """The network of numbers `(size,)`, or networks of `(networks, size)`, stacked along a first axis."""
    parts = layout.parts_of(flat)
    layers = [Affine(parts["weight", layer], parts["bias", layer]) for layer in range(layout.layers)]
    hidden = tuple(
        HiddenLayer(affine, BatchNorm(parts["scale", layer], parts["shift", layer]) if layout.batch_norm else None)
        for layer, affine in enumerate(layers[:-1])
    )
    return Network(hidden, layers[-1])


def parameters_of(layout: Layout, networks: Network) -> Parameters:
    """The way back, of stacked networks."""
    parameters = Parameters(layout, np.zeros((len(networks.output.bias), layout.size), np.float32))
    for index, layer in enumerate([*(hidden.affine for hidden in networks.hidden), networks.output]):
        parameters.weights[index][:], parameters.biases[index][:] = layer.weight, layer.bias
    for index, hidden in enumerate(networks.hidden):
        if hidden.batch_norm is not None:
            parameters.scales[index][:], parameters.shifts[index][:] = hidden.batch_norm.scale, hidden.batch_norm.shift
    return parameters
