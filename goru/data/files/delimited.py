"""CSV and TSV files, plain or gzipped.

PyArrow reads every cell as text, strictly: it never guesses a missing cell into a short row, and columns with one
name stay apart. Then each column is given its type as a whole; numbers that may be names stay text. Where PyArrow
stops, the file is read a second time to say on which line and why.
"""

import csv
import io
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from goru.data.files.signatures import disguise
from goru.data.files.unpacking import gunzip, gunzip_head
from goru.data.schema.cells import MISSING_WORDS, TEXT, booleans_or_text
from goru.data.schema.numerals import are_names
from goru.data.table import check_names
from goru.errors import InputError, option
from goru.language import kept
from goru.wording import counted, listing, shortened

#: A row must fit into a block. Large blocks cost nothing here, as no type is guessed from the first one.
_BLOCK_BYTES = 1 << 24
_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "pipes (|)", " ": "spaces"}
_ENDINGS = {",": ".csv", "\t": ".tsv"}
#: What stands in names and cells as well separates them only where the row below has as many.
_IN_NAMES = ("|", " ")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
#: What Excel takes for the separator of the file, before the header.
_SEPARATOR_LINE = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=(.)"?[ ,;\t]*\r?\n', re.IGNORECASE)


def read_delimited(path: Path, delimiter: str, drop: Container[str] = ()) -> pd.DataFrame:
    """Read a text file with a header: UTF-8, cells in quotes where they hold the delimiter or a line's end.

    Args:
        path: the file.
        delimiter: what separates its cells.
        drop: columns that are not wanted, and may share a name.

    Raises:
        InputError: the file is empty, binary, not UTF-8, ragged, or has a header alone; the line is named.
    """
    data = _without_separator_line(path, _content(path), delimiter)
    header = _header(path, data, delimiter, drop)
    if data.count(b'"') % 2:
        _refuse_open_quote(path, data, delimiter)
    try:
        cells = _read_cells(data, delimiter, len(header)).columns
    except pa.ArrowInvalid as error:
        raise _diagnosis(path, data, delimiter, header, str(error)) from None
    # What is not needed any more is let go early: a table of short numbers is larger in memory than in its file.
    del data
    cells.reverse()
    return pd.DataFrame({name: _column(cells.pop().slice(1)) for name in header}, copy=False)


def read_header(path: Path, delimiter: str, drop: Container[str] = ()) -> list[str]:
    """Return the names of the columns, without reading more than that takes; InputError as `read_delimited`."""
    data = _content(path, _BLOCK_BYTES)
    return _header(path, _without_separator_line(path, data, delimiter), delimiter, drop)


def question_header(frame: pd.DataFrame) -> str:
    """Return a question, if the names of the columns look like the cells below them: is there no header?"""
    names = list(frame.columns)
    numbers = pd.to_numeric(pd.Series(names), errors="coerce").dropna()
    if len(names) < 2 or numbers.empty:
        return ""
    several = len(numbers) > 1
    counted_up = several and numbers.is_monotonic_increasing and numbers.is_unique and (numbers % 1 == 0).all()
    texts = [name for place, name in enumerate(names) if place not in numbers.index]
    # A class, or another level, stands in its column again.
    like_cells = (several and len(texts) <= 1) or all(frame[name].astype("string").eq(name).any() for name in texts)
    if counted_up or not like_cells:
        return ""
    return kept(
        "The names in line 1 look like cells: {names}. Is there no header? Then write one "
        "above them, as they are no row now.",
        names=listing(map(shortened, names), 4),
    )


def _content(path: Path, most: int | None = None) -> bytes:
    if path.suffix.lower() == ".gz":
        data = gunzip(path) if most is None else gunzip_head(path, most)
    else:
        with path.open("rb") as file:
            _check_text(path, file.read(_BLOCK_BYTES))  # before something large is read as a whole
            file.seek(0)
            data = file.read(most)
    if not data or data.isspace():
        raise InputError(f"{path}: the file is empty.")
    _check_text(path, data)
    return data


def _check_text(path: Path, data: bytes) -> None:
    if found := disguise(data):
        raise InputError(f"{path}: not a CSV file: it is {found[0]}. {found[1]}.")
    if b"\0" in data:
        raise InputError(f"{path}: this is a binary file (or UTF-16), not text. Save the table as UTF-8 text.")


def _without_separator_line(path: Path, data: bytes, delimiter: str) -> bytes:
    """Leave out the line in which a file says what separates its cells; the lines below keep their numbers."""
    found = _SEPARATOR_LINE.match(data)
    if found is None:
        return data
    said = found[1].decode("utf-8", errors="replace")
    if said != delimiter:
        raise _separated(path, said, delimiter, [])
    return b"\n" + data[found.end() :]


def _records(data: bytes, delimiter: str, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, each with the line (from 1) on which it begins."""
    # No limit on the size of a cell: csv's own is 128 kB.
    csv.field_size_limit(max(csv.field_size_limit(), len(data)))
    reader = csv.reader(
        io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=""),
        delimiter=delimiter,
        strict=strict,
        skipinitialspace=delimiter == " ",
    )
    line = 1
    for record in reader:
        if record:
            yield line, record
        line = reader.line_num + 1


def _header(path: Path, data: bytes, delimiter: str, drop: Container[str]) -> list[str]:
    try:
        records = _records(data, delimiter)
        _, cells = next(records, (1, []))
        line, first = next(records, (0, cells))
        if not any(cell.strip() for cell in cells):
            raise InputError(f"{path}: line 1 has no column names.")
        if len(cells) == 1 or len(first) != len(cells):
            _refuse_other_separator(path, data, delimiter, len(cells))
    except UnicodeDecodeError:
        raise _wrong_encoding(path, data) from None
    if line == 0:
        raise InputError(f"{path}: a header and no rows. Give a file with at least one row below the header.")
    names = [" ".join(cell.splitlines()).strip() or f"column {i}" for i, cell in enumerate(cells, start=1)]
    hint = f", or leave them out of the fit with {option('drop')}; if there is no header, write one"
    check_names(names, str(path), drop, hint)
    if len(first) != len(cells):  # before columns by the thousand are made ready for rows that have not as many cells
        raise _ragged(path, line, first, cells)
    return names


def _refuse_other_separator(path: Path, data: bytes, delimiter: str, width: int) -> None:
    """Raise InputError if the header, and the row below it, are of several cells by another separator."""
    for other in _NAMES:
        records = _records(data, other)
        _, cells = next(records, (1, []))
        _, first = next(records, (0, []))
        alike, alone = len(first) == len(cells), width == 1
        if other != delimiter and len(cells) > 1 and (alike and alone if other in _IN_NAMES else alike or alone):
            raise _separated(path, other, delimiter, first)


def _separated(path: Path, other: str, delimiter: str, cells: list[str]) -> InputError:
    """What is said of a file whose cells another separator separates, by the first row's cells."""
    words = [f"Separate them by {_NAMES[delimiter]}"]
    if other in _ENDINGS:
        words.append(f"or call the file {_ENDINGS[other]}")
    if other != "," and any(_DECIMAL_COMMA.fullmatch(cell.strip()) for cell in cells):
        words.append("and write decimals with a point: 1.5, not 1,5")
    by = _NAMES.get(other, shortened(other))
    return InputError(f"{path}: line 1: columns are separated by {by}. {', '.join(words)}.")


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
        with suppress(pa.ArrowInvalid):  # words; or numbers that only pandas reads, such as "+3"
            numbers = pc.cast(cells, pa.float64()).to_numpy()
            if not are_names(cells, numbers):
                return pd.Series(numbers)
            return _text(cells)
    text = _text(cells)
    # In other letters they may be labels, which come back as they are written.
    return booleans_or_text(text) if text.dropna().isin(("True", "False")).all() else text


def _text(cells: pa.ChunkedArray) -> pd.Series:
    return pd.Series(cells.to_pandas(types_mapper={pa.string(): TEXT}.get))


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


def _ragged(path: Path, line: int, cells: list[str], header: list[str]) -> InputError:
    # "#id" may be a name; "# made by me" is none.
    comment = re.match("#" if len(header) == 1 else r"#[#\s]", header[0])
    place, text = (1, header[0]) if comment else (line, cells[0])
    if comment or text.startswith("#"):
        return InputError(f"{path}: line {place:,} is a comment, {shortened(text)}, and no row. Remove it.")
    return InputError(
        f"{path}: line {line:,} has {counted(len(cells), 'cell')} where the header has {len(header)}. "
        "Fix the line, or put cells that hold the separator in quotes."
    )


def _diagnosis(path: Path, data: bytes, delimiter: str, header: list[str], reason: str) -> InputError:
    try:
        for line, record in _records(data, delimiter):
            if len(record) != len(header):
                return _ragged(path, line, record, header)
    except UnicodeDecodeError:
        return _wrong_encoding(path, data)
    except csv.Error as error:
        reason = str(error)
    return InputError(f"{path}: the file cannot be read as a table: {shortened(reason, 120)}.")
