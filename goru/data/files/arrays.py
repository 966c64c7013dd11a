"""NPZ: NumPy's archive of named arrays, here the features ``X`` and the target ``y``."""

import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from goru.data.files.unpacking import check_unpacked
from goru.data.table import RawTable, origin_of, tidy
from goru.errors import InputError
from goru.wording import listing

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
        raise InputError(f"{path}: damaged, or not an NPZ file. Save the arrays X and y with numpy.savez.")
    try:
        with zipfile.ZipFile(path) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on headers that Python 2 has written
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            X, y = _pick(archive, path, _FEATURES), _pick(archive, path, _TARGET)
        if y is not None and y.dtype.kind == "S":
            y = np.char.decode(y, "utf-8")
    except InputError:
        raise
    except MemoryError:
        raise InputError(f"{path}: damaged, or its arrays need more memory than there is.") from None
    except Exception as error:  # of ZIP, of the compression, or of NumPy's reader, which lets Python read the header
        why = "it holds Python objects" if "pickle" in str(error).lower() else "it is damaged"
        raise InputError(f"{path}: cannot be read: {why}. Save plain arrays with numpy.savez.") from None
    if X is None:
        raise InputError(f"{path}: no array called X (or x, data), only {listing(names) or 'nothing'}.")
    if X.ndim == 0 or X.size == 0 or X.dtype.kind not in "iufb":
        raise InputError(f"{path}: X has shape {X.shape} and type {X.dtype}; rows of numbers are expected.")
    flat = X.reshape(len(X), -1)
    frame = pd.DataFrame(flat, columns=[f"x{i}" for i in range(flat.shape[1])])
    if y is None:
        return RawTable(frame, path.name, origin=origin_of(path))
    y = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    if y.shape != (len(X),):
        raise InputError(f"{path}: X has {len(X):,} rows, but y has shape {y.shape}; one value per row is expected.")
    if y.dtype.kind not in "iufbcmMU":
        raise InputError(f"{path}: y has type {y.dtype}; numbers or text are expected.")
    frame["target"] = y
    return RawTable(tidy(frame, str(path)), path.name, "target", origin=origin_of(path))


def _pick(archive: zipfile.ZipFile, path: Path, names: tuple[str, ...]) -> np.ndarray | None:
    """Return the first array of these names that there is, in the order of bytes that this machine has."""
    members = archive.namelist()
    found = [name for name in names if f"{name}.npy" in members]
    if not found:
        return None
    member = archive.getinfo(f"{found[0]}.npy")
    check_unpacked(path, member.file_size)
    with archive.open(member) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
