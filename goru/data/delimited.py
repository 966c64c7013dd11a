"""CSV and TSV files, plain or gzipped.

PyArrow reads every cell as text, strictly: it never guesses a missing cell into a short row, and columns with one
name stay apart. Then each column is given its type as a whole. Where PyArrow stops, the file is read a second time
to say on which line and why.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from goru.data.cells import MISSING_WORDS, TEXT, parse_text
from goru.data.table import check_names
from goru.data.unpacking import gunzip
from goru.data.wording import counted, shortened
from goru.errors import InputError

#: A row must fit into a block. Large blocks cost nothing here, as no type is guessed from the first one.
_BLOCK_BYTES = 1 << 24


def read_delimited(path: Path, delimiter: str) -> pd.DataFrame:
    """Read a text file with a header: UTF-8, cells in quotes where they hold the delimiter or a line's end.

    Raises:
        InputError: the file is empty, binary, not UTF-8, ragged, or has a header alone; the line is named.
    """
    data = _content(path)
    _check_text(path, data)
    header = _header(path, data, delimiter)
    if data.count(b'"') % 2:
        _refuse_open_quote(path, data, delimiter)
    try:
        cells = _read_cells(data, delimiter, len(header)).columns
    except pa.ArrowInvalid as error:
        raise _diagnosis(path, data, delimiter, len(header), str(error)) from None
    # What is not needed any more is let go early: a table of short numbers is larger in memory than in its file.
    del data
    cells.reverse()
    return pd.DataFrame({name: _column(cells.pop().slice(1)) for name in header}, copy=False)


def _content(path: Path) -> bytes:
    if path.suffix.lower() == ".gz":
        data = gunzip(path)
    else:
        with path.open("rb") as file:
            _check_text(path, file.read(_BLOCK_BYTES))  # before something large is read as a whole
            file.seek(0)
            data = file.read()
    if not data or data.isspace():
        raise InputError(f"{path}: the file is empty.")
    return data


def _check_text(path: Path, data: bytes) -> None:
    if b"\0" in data:
        raise InputError(f"{path}: this is a binary file (or UTF-16), not text. Save the table as UTF-8 text.")


def _records(data: bytes, delimiter: str, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, each with the line (from 1) on which it begins."""
    # No limit on the size of a cell: csv's own is 128 kB.
    csv.field_size_limit(max(csv.field_size_limit(), len(data)))
    reader = csv.reader(
        io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=""), delimiter=delimiter, strict=strict
    )
    line = 1
    for record in reader:
        if record:
            yield line, record
        line = reader.line_num + 1


def _header(path: Path, data: bytes, delimiter: str) -> list[str]:
    try:
        records = _records(data, delimiter)
        _, cells = next(records, (1, []))
        line, first = next(records, (0, cells))
    except UnicodeDecodeError:
        raise _wrong_encoding(path, data) from None
    if not any(cell.strip() for cell in cells):
        raise InputError(f"{path}: line 1 has no column names.")
    if len(cells) == 1:
        for other, word in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
            if other in cells[0] and other != delimiter:
                wanted = "commas" if delimiter == "," else "tabs"
                raise InputError(f"{path}: line 1: columns are separated by {word}. Separate them by {wanted}.")
    if line == 0:
        raise InputError(f"{path}: a header and no rows. Give a file with at least one row below the header.")
    names = [" ".join(cell.splitlines()).strip() or f"column {i}" for i, cell in enumerate(cells, start=1)]
    check_names(names, str(path))
    if len(first) != len(cells):  # before columns by the thousand are made ready for rows that have not as many cells
        raise _ragged(path, line, len(first), len(cells))
    return names


def _read_cells(data: bytes, delimiter: str, width: int) -> pa.Table:
    """Read every cell as text; the header is the first row, and the columns are called f0, f1, ..."""
    return pyarrow.csv.read_csv(
        pa.BufferReader(data),
        read_options=pyarrow.csv.ReadOptions(autogenerate_column_names=True, block_size=_BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={f"f{i}": pa.string() for i in range(width)}, strings_can_be_null=False
        ),
    )


def _column(cells: pa.ChunkedArray) -> pd.Series:
    cells = pc.utf8_trim_whitespace(cells)
    missing = pc.is_in(cells, value_set=pa.array(MISSING_WORDS))
    if pc.any(missing).as_py():
        cells = pc.if_else(missing, pa.scalar(None, pa.string()), cells)
    if cells.null_count < len(cells):
        try:
            return pd.Series(pc.cast(cells, pa.float64()).to_numpy())
        except pa.ArrowInvalid:
            pass  # words; or numbers that only pandas reads, such as "+3"
    return parse_text(pd.Series(cells.to_pandas(types_mapper={pa.string(): TEXT}.get)))


def _wrong_encoding(path: Path, data: bytes) -> InputError:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        return InputError(f"{path}: line {line:,}: byte 0x{byte:02x} is not UTF-8. Save the file as UTF-8.")
    return InputError(f"{path}: the text is not UTF-8. Save the file as UTF-8.")


def _refuse_open_quote(path: Path, data: bytes, delimiter: str) -> None:
    """Raise InputError if a quote is opened and never closed: it would swallow the rest of the file as one cell."""
    line = 1
    try:
        for line, record in _records(data, delimiter, strict=True):  # noqa: B007
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise InputError(f'{path}: a quote (") opened after line {line:,} is never closed.') from None
    except UnicodeDecodeError:
        raise _wrong_encoding(path, data) from None


def _ragged(path: Path, line: int, cells: int, width: int) -> InputError:
    return InputError(
        f"{path}: line {line:,} has {counted(cells, 'cell')} where the header has {width}. "
        "Mend the line, or put cells that hold the separator in quotes."
    )


def _diagnosis(path: Path, data: bytes, delimiter: str, width: int, reason: str) -> InputError:
    try:
        for line, record in _records(data, delimiter):
            if len(record) != width:
                return _ragged(path, line, len(record), width)
    except UnicodeDecodeError:
        return _wrong_encoding(path, data)
    except csv.Error as error:
        reason = str(error)
    return InputError(f"{path}: the file cannot be read as a table: {shortened(reason, 120)}.")
