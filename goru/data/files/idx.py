"""IDX, the format of MNIST: images in one file, labels in another, plain or gzipped.

A file begins with four bytes: two zeros, the type of the numbers, the number of dimensions. The sizes of the
dimensions follow as big-endian 32-bit numbers, then the numbers themselves. See http://yann.lecun.com/exdb/mnist.
"""

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pandas as pd

from goru.data.files.unpacking import most_unpacked, no_gzip
from goru.data.table import RawTable, origin_of
from goru.errors import InputError
from goru.language import kept
from goru.wording import listing

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"^(?P<stem>.*?)(?P<role>images|labels)[-.]idx(?P<dims>\d)(-ubyte)?(\.gz)?$", re.IGNORECASE)
_MOST_DIMENSIONS = 32


def is_idx(path: Path) -> bool:
    """Whether the name is that of an IDX file, such as ``t10k-images-idx3-ubyte.gz``."""
    return _NAME.match(path.name) is not None


def read_idx_pair(path: Path) -> RawTable:
    """Read images and labels from a folder with one such pair, or from one file of a pair and its neighbour.

    In a folder with several pairs the one called ``train`` is taken, and said.

    Returns:
        A table with the columns ``pixel0``, ``pixel1``, ... in the file's type, and ``target``.

    Raises:
        InputError: no pair, more than one, a damaged file, or as many labels as images are not there.
    """
    folder = path if path.is_dir() else path.parent
    pairs = _pairs(folder)
    notes: tuple[str, ...] = ()
    if path.is_dir():
        stem, note = _choose(path, sorted(pairs))
        notes = (note,) if note else ()
    else:
        match = _NAME.match(path.name)
        assert match is not None, "callers ask is_idx first"
        stem = match["stem"]
        pairs[stem][match["role"].lower()] = path  # this very file, where it lies there plain and gzipped
    pair = pairs[stem]
    for role in ("images", "labels"):
        if role not in pair:
            there = next(iter(pair.values()))
            raise InputError(f"{there}: the file with its {role} is not beside it in {folder}.")
    images, labels = read_idx(pair["images"]), read_idx(pair["labels"])
    if images.ndim < 2 or labels.ndim != 1:
        raise InputError(
            f"{pair['images']}: images of at least 2 dimensions and labels of 1 are expected, "
            f"not {images.ndim} and {labels.ndim}."
        )
    if len(images) != len(labels):
        raise InputError(f"{pair['images']}: {len(images):,} images, but {len(labels):,} labels.")
    flat = images.reshape(len(images), -1)
    frame = pd.DataFrame(flat, columns=[f"pixel{i}" for i in range(flat.shape[1])])
    frame["target"] = labels
    return RawTable(frame, path.name or str(path), "target", notes, origin_of(*pair.values()))


def _pairs(folder: Path) -> dict[str, dict[str, Path]]:
    pairs: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        match = _NAME.match(file.name)
        if match and file.is_file():
            pairs.setdefault(match["stem"], {}).setdefault(match["role"].lower(), file)
    return pairs


def _choose(folder: Path, stems: list[str]) -> tuple[str, str]:
    if not stems:
        raise InputError(f"{folder}: a folder without IDX files (such as train-images-idx3-ubyte.gz). Name a file.")
    if len(stems) == 1:
        return stems[0], ""
    for stem in stems:
        if stem.strip("-_.").lower() == "train":
            others = [other.strip("-_.") for other in stems if other != stem]
            return stem, kept(
                "Of the pairs in {name} the one called train was read, not {others}.",
                name=folder.name,
                others=listing(others),
            )
    raise InputError(f"{folder}: {len(stems)} pairs of IDX files ({listing(stems)}). Name one of the files.")


def read_idx(path: Path) -> np.ndarray:
    """Read one IDX file; the sizes in its header are checked against the file before anything is allocated.

    Raises:
        InputError: not an IDX file, or shorter or longer than its header says.
    """
    try:
        zipped = path.suffix.lower() == ".gz"
        bytes_at_most = most_unpacked(path) if zipped else path.stat().st_size
        with gzip.open(path) if zipped else path.open("rb") as file:
            return _parse(path, cast(BinaryIO, file), bytes_at_most)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise no_gzip(path) from None


def _parse(path: Path, file: BinaryIO, bytes_at_most: int) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES or not 0 < magic[3] <= _MOST_DIMENSIONS:
        raise InputError(f"{path}: not an IDX file: it begins with 0x{magic.hex() or '00'}.")
    dtype, n_dims = np.dtype(_TYPES[magic[2]]), magic[3]
    sizes = file.read(4 * n_dims)
    if len(sizes) < 4 * n_dims:
        raise InputError(f"{path}: the IDX header is cut off.")
    shape = struct.unpack(f">{n_dims}I", sizes)
    wanted = math.prod(shape) * dtype.itemsize
    if not 0 < wanted <= bytes_at_most:
        raise InputError(f"{path}: the header announces {' x '.join(map(str, shape))} numbers; the file is too short.")
    content = file.read(wanted + 1)
    if len(content) != wanted:
        more = "more" if len(content) > wanted else "fewer"
        raise InputError(f"{path}: {more} numbers than the {' x '.join(map(str, shape))} of its header.")
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))
