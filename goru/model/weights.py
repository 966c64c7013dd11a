"""What networks have learned as arrays with names; and the header of their file, checked before any array is read.

A name is the way to an array: `0.weight` is of the first layer, `3.1.scale` of the second one inside of the fourth.

A file of safetensors begins with the header's length in eight bytes; the header is JSON, and says of every array its
type, its shape and where it lies in what follows. See https://github.com/huggingface/safetensors#format.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from io import BufferedReader
from itertools import count, pairwise
from typing import Any

import numpy as np

from goru.model.reading import MIB, parse_json
from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Layer, Learned
from goru.nn.layers.residual import Residual
from goru.nn.network import Layers

MOST_HEADER = 16 * MIB
_LENGTH = 8  # bytes that say how long the header is
_TYPES = {"F32": np.float32, "F64": np.float64}


def named(learned: Learned, name: str = "") -> dict[str, np.ndarray]:
    """All arrays of a tree by their names: of what networks have learned, or of their statistics."""
    if learned is None:
        return {}
    if not isinstance(learned, tuple):
        return {name[1:]: learned}
    parts = zip(getattr(learned, "_fields", count()), learned, strict=False)
    return {full: array for key, own in parts for full, array in named(own, f"{name}.{key}").items()}


def unnamed(layers: Layers, arrays: Mapping[str, np.ndarray]) -> Learned:
    """What `named` has named.

    **Raises:** `ValueError` if there are other names than the layers have.
    """
    names = shapes(layers)
    if arrays.keys() != names.keys():
        raise ValueError("the arrays are not those that the layers have")
    in_order = map(arrays.__getitem__, names)
    return mapped(lambda _: next(in_order), tuple(_small(layer)[0] for layer in layers))


def mapped(change: Callable[[np.ndarray], np.ndarray], learned: Learned) -> Learned:
    """The tree with every array changed: `jax.tree.map` without JAX, which predicting does not need."""
    if isinstance(learned, tuple):
        parts = [mapped(change, own) for own in learned]
        return learned._make(parts) if hasattr(learned, "_make") else tuple(parts)
    return None if learned is None else change(learned)


@lru_cache(maxsize=256)
def shapes(layers: Layers) -> dict[str, tuple[int, ...]]:
    """The shapes of the arrays that one network of these layers learns, by name."""
    return {f"{index}.{name}": shape for index, layer in enumerate(layers) for name, shape in _small(layer)[1].items()}


@lru_cache(maxsize=256)
def _small(layer: Layer) -> tuple[Learned, dict[str, tuple[int, ...]]]:
    """What a layer of its kind learns that has hardly any units, and the shapes of what this one does.

    So no layer takes memory before it is known to have weights. Every axis of an array is one of the layer's sizes.
    """
    if isinstance(layer, Residual):
        return tuple(_small(own)[0] for own in layer.layers), shapes(layer.layers)
    sizes = {name: value for name, value in vars(layer).items() if type(value) is int}
    small = {name: number for number, name in enumerate(sizes, start=1)}
    size_of = dict(zip(small.values(), sizes.values(), strict=True))
    learned = replace(layer, **small).init(np.random.default_rng(0), Hyperparameters())
    return learned, {name: tuple(size_of[n] for n in array.shape) for name, array in named(learned).items()}


def read_outline(file: BufferedReader, size: int) -> dict[str, np.ndarray]:
    """Arrays as the header announces them, all of them zeros that take no memory.

    **Arguments:**

    - `size`: of the file; what is announced fills it to the last byte.

    **Raises:** `ValueError` for a header that is none, or announces what the file does not hold.
    """
    length = int.from_bytes(file.read(_LENGTH), "little")
    if size < _LENGTH or length > min(size - _LENGTH, MOST_HEADER):
        raise ValueError(f"a header of {length:,} bytes, in a file of {size:,}")
    header = parse_json(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("the header is no JSON object")
    header.pop("__metadata__", None)
    found: dict[str, np.ndarray] = {}
    ends = [(0, 0)]
    for name, announced in header.items():
        dtype, shape, place = _announced(name, announced)
        if place[1] - place[0] != math.prod(shape) * np.dtype(dtype).itemsize:
            raise ValueError(f"'{name}' has {place[1] - place[0]:,} bytes, which do not fill its shape {shape}")
        ends.append(place)
        found[name] = np.broadcast_to(np.zeros((), dtype), shape)
    ends.sort()
    if any(start != end for (_, end), (start, _) in pairwise(ends)):
        raise ValueError("arrays overlap, or leave gaps")
    if ends[-1][1] != size - _LENGTH - length:
        raise ValueError(f"arrays of {ends[-1][1]:,} bytes, where there are {size - _LENGTH - length:,}")
    return found


def _announced(name: str, announced: Any) -> tuple[type, tuple[int, ...], tuple[int, int]]:
    match announced:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end], **more} if (
            not more and dtype in _TYPES and all(type(number) is int and number >= 0 for number in (*shape, start, end))
        ):
            return _TYPES[dtype], tuple(shape), (start, end)
    raise ValueError(f"'{name}' is described as no array of numbers")
