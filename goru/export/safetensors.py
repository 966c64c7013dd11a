"""A model's networks as tensors: as they were trained, with γ, β and statistics of batch norm, and folded.

The layout is safetensors', which has readers in many languages: https://github.com/huggingface/safetensors.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goru.errors import InputError
from goru.export.description import as_json, describe
from goru.export.writing import Written, write_files
from goru.model.model import Model
from goru.model.weights import named
from goru.nn.layers.kinds import layers_to_json

TRAINED, FOLDED, DESCRIPTION = "trained.safetensors", "folded.safetensors", "tensors.json"

_SAID = {
    "affine": {"weight": "weights W: W x + b, outputs by inputs", "bias": "bias b"},
    "batch_norm": {
        "scale": "γ: γ (x - mean) / sqrt(variance + ε) + β",
        "shift": "β",
        "mean": "the mean, over the rows that it was fitted on",
        "variance": "the variance, over the rows that it was fitted on",
    },
    "group_norm": {"scale": "γ: γ (x - mean) / sqrt(variance + ε) + β, over the units of a group", "shift": "β"},
    "layer_norm": {"scale": "γ: γ (x - mean) / sqrt(variance + ε) + β, over the units of a row", "shift": "β"},
    "rms_norm": {"scale": "γ: γ x / sqrt(mean of x² + ε), over the units of a row"},
    "scaling": {"scale": "s: s x + t", "shift": "t"},
}
_SAID["scaled_affine"] = _SAID["affine"] | {
    "stretch": "u: W (s x) + b, with the scales s = 1 + c u of the inputs, c being the layer's factor"
}
#: Up to format 3 names said the layer themselves, and weights were the other way round.
_SAID_BEFORE = _SAID["affine"] | _SAID["batch_norm"] | {"weight": "weights W: x W + b, inputs by outputs"}


def save(model: Model, trained: Mapping[str, np.ndarray], folder: str | Path, overwrite: bool = False) -> Written:
    """Write networks as tensors, and a description of each.

    **Arguments:**

    - `model`: the ensemble; `model.single` for its first network.
    - `trained`: its networks as they were trained, from `goru.model.files.load_trained`; those behind the model's are
        left out.
    - `folder`: is made if it is not there.
    - `overwrite`: whether files that are there are replaced.

    **Raises:** `InputError` if they cannot be written.
    """
    from safetensors.numpy import save as to_bytes

    folder, folded = Path(folder), tensors(model)
    folded_layers = layers_to_json(model.networks.layers)
    layers_of = dict(enumerate(member.get("layers") for member in model.members))
    try:
        # Sorted, as safetensors reads arrays in no order: the same model is the same bytes.
        numbers = {name: int(name.split(".")[0]) for name in sorted(trained)}
        kept = {name: trained[name] for name, number in numbers.items() if number < len(model.networks)}
        said = {name: _described(name, array, layers_of.get(numbers[name])) for name, array in kept.items()}
    except (LookupError, TypeError, ValueError):
        raise InputError("networks.safetensors holds other layers than the model describes. Fit it again.") from None
    folded_said = {name: _described(name, array, folded_layers) for name, array in folded.items()}
    description = describe(model) | {"tensors": {TRAINED: said, FOLDED: folded_said}}
    contents = {
        folder / FOLDED: to_bytes(folded),
        folder / TRAINED: to_bytes({name: np.ascontiguousarray(array) for name, array in kept.items()}),
        folder / DESCRIPTION: as_json(description),
    }
    write_files(contents, overwrite, folder)
    what = ("the networks with batch norm folded in", "the networks as they were trained", "what every tensor is")
    return Written(dict(zip(contents, what, strict=True)))


def tensors(model: Model) -> dict[str, np.ndarray]:
    """The folded networks of a `model`, an array a name: that of the network, and the array's own.

    Weights are `(outputs, inputs)`, biases and what belongs to units `(units,)`.
    """
    return {
        f"{network}.{name}": np.ascontiguousarray(array)
        for network, learned in enumerate(model.networks.one_by_one)
        for name, array in named(learned).items()
    }


def _described(name: str, array: np.ndarray, layers: Any) -> dict[str, Any]:
    """What a tensor is, given the layers of its network; a model of format 3 does not say them."""
    network, *places, own = name.split(".")
    where, said = ".".join(places), _SAID_BEFORE
    if layers is not None:
        layer = {"layers": layers}
        for place in places:
            layer = layer["layers"][int(place)]
        where, said = f"layer {where}, {layer['kind']}", _SAID.get(layer["kind"], {})
    what = f"network {network}, {where}: {said.get(own, own)}"
    return {"shape": list(array.shape), "type": array.dtype.name, "what": what}
