"""NPZ: NumPy's archive of named arrays, here the features ``X`` and the target ``y``."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from goru.data.table import RawTable, tidy
from goru.data.wording import listing
from goru.errors import InputError

_FEATURES = ("X", "x", "data")
_TARGET = ("y", "target")


def read_npz(path: Path) -> RawTable:
    """Read the features (``X``, ``x`` or ``data``) and, if there is one, the target (``y`` or ``target``).

    Returns:
        A table with the columns ``x0``, ``x1``, ... in the array's type, and ``target``. Images are flattened.

    Raises:
        InputError: a damaged file, no features, arrays of Python objects, or arrays of different lengths.
    """
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: damaged, or no NPZ file. Save the arrays X and y with numpy.savez.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            X, y, names = _pick(archive, _FEATURES), _pick(archive, _TARGET), archive.files
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError) as error:
        why = "it holds Python objects" if "pickle" in str(error).lower() else "it is damaged"
        raise InputError(f"{path}: cannot be read: {why}. Save plain arrays with numpy.savez.") from None
    if X is None:
        raise InputError(f"{path}: no array called X (or x, data), only {listing(names) or 'nothing'}.")
    if X.ndim == 0 or X.size == 0 or X.dtype.kind not in "iufb":
        raise InputError(f"{path}: X has shape {X.shape} and type {X.dtype}; rows of numbers are wanted.")
    flat = X.reshape(len(X), -1)
    frame = pd.DataFrame(flat, columns=[f"x{i}" for i in range(flat.shape[1])])
    if y is None:
        return RawTable(frame, path.name)
    y = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    if y.shape != (len(X),):
        raise InputError(f"{path}: X has {len(X):,} rows, but y has shape {y.shape}; one value a row is wanted.")
    frame["target"] = y.astype(str) if y.dtype.kind == "S" else y
    return RawTable(tidy(frame, str(path)), path.name, "target")


def _pick(archive: np.lib.npyio.NpzFile, names: tuple[str, ...]) -> np.ndarray | None:
    found = [name for name in names if name in archive.files]
    return archive[found[0]] if found else None
