"""Predictions as text: CSV or TSV, plain or gzipped, on disk whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

from goru.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = {"": ",", ".csv": ",", ".tsv": "\t"}


def check_output(path: Path) -> None:
    """Raise `InputError` if predictions cannot be written there, or would not be what the name says."""
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written, it is a folder or lies in none. Name a file.")
    ending, _ = _endings(path)
    if _is_whole(path) and ending not in _SEPARATORS:
        raise InputError(f"{path}: predictions are written as .csv or .tsv (both also .gz), not as {ending}.")


def write_predictions(predicted: "pd.DataFrame", path: Path | None) -> None:
    """Write predictions as the file's name says; to standard output, if there is none.

    **Raises:** `InputError` if they cannot be written.
    """
    if path is None:
        print(predicted.to_csv(index=False), end="")
        return
    # A file appears whole or not at all; a pipe or a device, which is there already, is written into.
    whole = _is_whole(path)
    target = path.resolve() if whole else path
    temporary = target.with_name(f".{target.name}.part") if whole else target
    ending, zipped = _endings(path)
    compression = {"method": "gzip", "mtime": 0} if zipped and whole else None  # the same predictions, the same file
    try:
        predicted.to_csv(temporary, index=False, sep=_SEPARATORS.get(ending, ","), compression=compression)
        if whole:
            temporary.replace(target)
    except OSError as error:
        if whole:
            temporary.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written ({error.strerror}).") from None


def _endings(path: Path) -> tuple[str, bool]:
    """The ending that says how cells are separated, and whether `.gz` follows it."""
    zipped = path.suffix.lower() == ".gz"
    return (path.with_suffix("") if zipped else path).suffix.lower(), zipped


def _is_whole(path: Path) -> bool:
    return path.is_file() or not path.exists()
