"""Every kind of layer by its name in files, and networks as plain JSON types and back."""

import math
from dataclasses import fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from goru.errors import InputError
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.augmentation import CutMix, Cutout, InputDropout, Mixup
from goru.nn.layers.batch_norm import BatchNorm
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.group_norm import GroupNorm
from goru.nn.layers.layer import Layer
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.layers.scaled_affine import ScaledAffine
from goru.nn.layers.scaling import Scaling
from goru.nn.network import Layers

LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        *(Activation, Affine, BatchNorm, Dropout, GroupNorm, LayerNorm, Residual, RMSNorm, ScaledAffine),
        *(Scaling,),
        *(Cutout, CutMix, InputDropout, Mixup),
    )
}
_DEEPEST = 8  # blocks in blocks; whoever nests more means harm


def layers_to_json(layers: Layers) -> list[dict[str, Any]]:
    """A dictionary a layer: its kind, and its fields.

    **Raises:** `InputError` for a layer that is not in the table: it could not be read again.
    """
    for layer in layers:
        if LAYERS.get(layer.kind) is not type(layer):
            raise InputError(f"a layer of kind {layer.kind!r} cannot be written to files: goru has no such kind.")
    return [
        {"kind": layer.kind}
        | {name: layers_to_json(value) if isinstance(value, tuple) else value for name, value in vars(layer).items()}
        for layer in layers
    ]


def layers_from_json(content: object, depth: int = 0) -> Layers:
    """The layers that `layers_to_json` wrote.

    **Arguments:**

    - `content`: what it wrote.
    - `depth`: in how many blocks they are.

    **Raises:** `ValueError` for anything else: a model file may be damaged or foreign.
    """
    if not isinstance(content, list) or depth > _DEEPEST:
        raise ValueError("the layers are no list, or blocks are nested too deeply")
    return tuple(_layer(item, depth) for item in content)


def _layer(item: object, depth: int) -> Layer:
    match item:
        case {"kind": str(name), **given} if name in LAYERS:
            hints, wanted = get_type_hints(LAYERS[name]), [own.name for own in fields(LAYERS[name])]
            if given.keys() == set(wanted):
                return LAYERS[name](*(_value(given[field], hints[field], depth) for field in wanted))
    raise ValueError("a layer has no kind that there is, or not the fields of its kind")


def _value(value: Any, hint: Any, depth: int) -> Any:
    """A field, if it has the type that the layer wants; no number of a layer is below zero."""
    if get_origin(hint) is tuple:
        return layers_from_json(value, depth + 1)
    for wanted in get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,):
        if get_origin(wanted) is Literal:
            fits = value in get_args(wanted)
        elif wanted is float:
            fits = type(value) in (int, float) and value >= 0 and math.isfinite(value)
        else:
            fits = type(value) is wanted and (wanted is not int or value >= 0)
        if fits:
            return value
    raise ValueError("a layer has a field of another type, or a number below zero")
