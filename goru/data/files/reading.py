"""From the name of a source to a table: files by their ending, built-in tables by name, frames as they are."""

import os
import zipfile
from collections.abc import Container
from pathlib import Path

import pandas as pd

from goru.data.files.builtin import BUILTIN, read_builtin
from goru.data.files.signatures import HEAD, disguise, looks_like_text
from goru.data.table import RawTable, as_frame, origin_of, tidy
from goru.errors import InputError
from goru.wording import listing, nearest

Source = str | os.PathLike[str] | pd.DataFrame

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
#: How the others begin, and what they are called.
_BINARY = {".parquet": (b"PAR1", "Parquet"), ".npz": (b"PK", "NPZ")}
_KNOWN = ".csv, .tsv (both also .gz), .parquet, .npz, IDX files"


def read_table(source: Source, drop: Container[str] = (), header: bool = False) -> RawTable:
    """Read a file (CSV, TSV, Parquet, NPZ, a pair of IDX files or their folder), a built-in table, or a frame.

    A built-in name is used where no file of that name exists.

    Args:
        source: where the table is.
        drop: columns of a file that are not wanted: it does not matter what they hold, nor whether they share a name.
        header: the columns' names are enough; rows are left where they are if that is quicker.

    Raises:
        InputError: the source is missing, empty, damaged or of no known kind; the message says what to do.
    """
    if not isinstance(source, str | os.PathLike):
        return _checked(RawTable(tidy(as_frame(source)).reset_index(drop=True), "the table"))
    path = Path(source)
    try:
        if not path.exists():
            if str(source) in BUILTIN:
                return read_builtin(str(source))
            hint = nearest(str(source), BUILTIN)
            raise InputError(f"{path}: no such file.{hint or f' Built-in tables: {listing(BUILTIN)}.'}")
        table = _read_path(path, drop, header)
        return table if header else _checked(table)
    except PermissionError:
        raise InputError(f"{path}: no permission to read it.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from None


def _read_path(path: Path, drop: Container[str], header: bool) -> RawTable:
    from goru.data.files.idx import is_idx, read_idx_pair

    if not path.is_dir() and not path.is_file():
        raise InputError(f"{path}: a pipe or a device, not a file. Save the table to a file first.")
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
        from goru.data.files.delimited import question_header, read_delimited, read_header

        if header:
            return _of(path, pd.DataFrame(columns=read_header(path, _DELIMITERS[suffix], drop)))
        frame = read_delimited(path, _DELIMITERS[suffix], drop)
        return _of(path, frame, question_header(frame))
    if suffix not in _BINARY:
        raise InputError(f"{path}: goru reads {_KNOWN}; the file's name ends in none of these.")
    _check_signature(path, suffix)
    if suffix == ".npz":
        from goru.data.files.arrays import read_npz

        return read_npz(path)
    from goru.data.files.parquet import parquet_names, read_parquet

    return _of(path, pd.DataFrame(columns=parquet_names(path)) if header else read_parquet(path, drop))


def _of(path: Path, frame: pd.DataFrame, *notes: str) -> RawTable:
    return RawTable(frame, path.name, notes=tuple(filter(None, notes)), origin=origin_of(path))


def _check_signature(path: Path, suffix: str) -> None:
    """Raise InputError if a file's first bytes are those of another format than its name says."""
    beginning, kind = _BINARY[suffix]
    with path.open("rb") as file:
        head = file.read(HEAD)
    # An archive may have something before it.
    if not head.startswith(beginning) and not (suffix == ".npz" and zipfile.is_zipfile(path)):
        text = ("text", "If it is a table, give its name the ending .csv") if looks_like_text(head) else None
        if found := disguise(head) or text:
            raise InputError(f"{path}: not a valid {kind} file: it is {found[0]}. {found[1]}.")


def _checked(table: RawTable) -> RawTable:
    if table.frame.shape[1] == 0:
        raise InputError(f"{table.name}: no columns.")
    if len(table.frame) == 0:
        raise InputError(f"{table.name}: no rows.")
    return table
