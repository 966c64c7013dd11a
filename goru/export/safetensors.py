"""A model's networks as tensors: as they were trained, with γ, β and statistics of batch norm, and folded.

The layout is safetensors', which has readers in many languages: https://github.com/huggingface/safetensors.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goru.export.description import as_json, describe
from goru.export.writing import Written, write_files
from goru.model.model import Model

TRAINED, FOLDED, DESCRIPTION = "trained.safetensors", "folded.safetensors", "tensors.json"

_SAID = {
    "affine.weight": "weights W of hidden layer {layer}: x W + b, inputs by outputs",
    "affine.bias": "bias b of hidden layer {layer}",
    "batch_norm.scale": "γ of hidden layer {layer}: γ (x - mean) / sqrt(variance + ε) + β",
    "batch_norm.shift": "β of hidden layer {layer}",
    "mean": "batch norm's mean of hidden layer {layer}, over the rows that it was fitted on",
    "variance": "batch norm's variance of hidden layer {layer}, over the rows that it was fitted on",
}


def save(model: Model, trained: Mapping[str, np.ndarray], folder: str | Path, overwrite: bool = False) -> Written:
    """Write networks as tensors, and a description of each.

    **Arguments:**

    - `model`: the bag; `model.single` for its first network.
    - `trained`: its networks as they were trained, from `goru.model.files.load_trained`; those behind the model's are
        left out.
    - `folder`: is made if it is not there.
    - `overwrite`: whether files that are there are replaced.

    **Raises:** `InputError` if they cannot be written.
    """
    from safetensors.numpy import save as to_bytes

    folder = Path(folder)
    # Sorted, as safetensors reads arrays in no order: the same model is the same bytes.
    kept = {name: trained[name] for name in sorted(trained) if int(name.split(".")[0]) < len(model.networks)}
    folded = {
        f"{network}.{layer}.{kind}": np.ascontiguousarray(array[network])
        for network in range(len(model.networks))
        for kind, arrays in (("weight", model.networks.weights), ("bias", model.networks.biases))
        for layer, array in enumerate(arrays)
    }
    last = len(model.networks.weights) - 1
    description = describe(model) | {
        "tensors": {
            TRAINED: {name: _described(array, _trained(name)) for name, array in kept.items()},
            FOLDED: {name: _described(array, _folded(name, last)) for name, array in folded.items()},
        }
    }
    contents = {
        folder / FOLDED: to_bytes(folded),
        folder / TRAINED: to_bytes({name: np.ascontiguousarray(array) for name, array in kept.items()}),
        folder / DESCRIPTION: as_json(description),
    }
    write_files(contents, overwrite, folder)
    what = ("the networks with batch norm folded in", "the networks as they were trained", "what every tensor is")
    return Written(dict(zip(contents, what, strict=True)))


def _described(array: np.ndarray, what: str) -> dict[str, Any]:
    return {"shape": list(array.shape), "type": array.dtype.name, "what": what}


def _trained(name: str) -> str:
    """What a tensor of a network is, as it was trained: `3.network.hidden.0.batch_norm.scale`."""
    network, _, *rest = name.split(".")
    if rest[0] == "output":
        return f"network {network}: {'weights W of the last layer: x W + b' if rest[1] == 'weight' else 'its bias b'}"
    place = rest[1] if rest[0] == "hidden" else rest[0]
    what = ".".join(rest[2:] if rest[0] == "hidden" else rest[1:])
    return f"network {network}: {_SAID[what].format(layer=place)}"


def _folded(name: str, last: int) -> str:
    """What a tensor of a folded network is: `3.0.weight`."""
    network, layer, kind = name.split(".")
    what = "weights W: x W + b, inputs by outputs" if kind == "weight" else "bias b"
    after = "the last layer" if int(layer) == last else "then the activation"
    return f"network {network}, layer {layer}: {what}; {after}"
