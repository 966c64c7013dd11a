"""The header of a safetensors file, read and checked before any of its arrays is.

The file begins with the header's length in eight bytes; the header is JSON, and says of every array its type, its
shape and where it lies in what follows. See https://github.com/huggingface/safetensors#format.
"""

import math
from collections.abc import Mapping
from io import BufferedReader
from itertools import pairwise
from typing import Any

import numpy as np

from goru.model.reading import MIB, parse_json

MOST_HEADER = 16 * MIB
_LENGTH = 8  # bytes that say how long the header is
_TYPES = {"F32": np.float32, "F64": np.float64}


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


def layers_of(arrays: Mapping[str, np.ndarray]) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """Weights and biases in the order of their layers.

    **Raises:** `ValueError` if the arrays are called anything but `0.weight`, `0.bias`, `1.weight`, ...
    """
    layers = range(len(arrays) // 2)
    if set(arrays) != {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}:
        raise ValueError("the arrays are not a weight and a bias for every layer")
    weights, biases = (tuple(arrays[f"{layer}.{kind}"] for layer in layers) for kind in ("weight", "bias"))
    return weights, biases


def _announced(name: str, announced: Any) -> tuple[type, tuple[int, ...], tuple[int, int]]:
    match announced:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end], **more} if (
            not more and dtype in _TYPES and all(type(number) is int and number >= 0 for number in (*shape, start, end))
        ):
            return _TYPES[dtype], tuple(shape), (start, end)
    raise ValueError(f"'{name}' is described as no array of numbers")
