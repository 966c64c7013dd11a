"""From the name of a source to a table: files by their ending, built-in tables by name, frames as they are."""

import os
from pathlib import Path

import pandas as pd

from goru.data.builtin import BUILTIN, read_builtin
from goru.data.table import RawTable, tidy
from goru.data.wording import listing, nearest
from goru.errors import InputError

Source = str | os.PathLike[str] | pd.DataFrame

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_KNOWN = ".csv, .tsv (both also .gz), .parquet, .npz, IDX files"


def read_table(source: Source) -> RawTable:
    """Read a file (CSV, TSV, Parquet, NPZ, a pair of IDX files or their folder), a built-in table, or a frame.

    A built-in name is used where no file of that name exists.

    Raises:
        InputError: the source is missing, empty, damaged or of no known kind; the message says what to do.
    """
    if isinstance(source, pd.DataFrame):
        return _checked(RawTable(tidy(source).reset_index(drop=True), "the table"))
    path = Path(source)
    try:
        if not path.exists():
            if str(source) in BUILTIN:
                return read_builtin(str(source))
            hint = nearest(str(source), BUILTIN)
            raise InputError(f"{path}: no such file.{hint or f' Built-in tables: {listing(BUILTIN)}.'}")
        return _checked(_read_path(path))
    except PermissionError:
        raise InputError(f"{path}: no permission to read it.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from None


def _read_path(path: Path) -> RawTable:
    from goru.data.idx import is_idx, read_idx_pair

    if not path.is_dir() and not path.is_file():
        raise InputError(f"{path}: a pipe or a device, and no file. Save the table to a file first.")
    if path.is_dir() or is_idx(path):
        return read_idx_pair(path)
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
        if suffixes[-1:] not in ([".csv"], [".tsv"]):
            raise InputError(f"{path}: goru reads {_KNOWN}.")
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _DELIMITERS:
        from goru.data.delimited import read_delimited

        return RawTable(read_delimited(path, _DELIMITERS[suffix]), path.name)
    if suffix == ".npz":
        from goru.data.arrays import read_npz

        return read_npz(path)
    if suffix == ".parquet":
        from goru.data.parquet import read_parquet

        return read_parquet(path)
    raise InputError(f"{path}: goru reads {_KNOWN}; the file's name ends in none of these.")


def _checked(table: RawTable) -> RawTable:
    if table.frame.shape[1] == 0:
        raise InputError(f"{table.name}: no columns.")
    if len(table.frame) == 0:
        raise InputError(f"{table.name}: no rows.")
    return table
