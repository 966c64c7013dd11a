"""Parquet files: columns with types, encoded and compressed."""

from collections.abc import Container
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goru.data.files.unpacking import check_unpacked
from goru.data.schema.numerals import LARGEST_EXACT
from goru.data.table import check_names, tidy
from goru.errors import InputError, option

_TIMES = 500  # columns of few values, most of them the same, are stored better than text can be compressed
_CELL = 8  # bytes
_HINT = "save it without compression and dictionaries"


def read_parquet(path: Path, drop: Container[str] = ()) -> pd.DataFrame:
    """Read a Parquet file.

    Args:
        path: the file.
        drop: columns that are not wanted: there is nothing in them, whatever is in the file.

    Raises:
        InputError: it is damaged, or holds more than a table of its size could; or a column of it cannot be read.
    """
    try:
        table = _table(path, drop)
        try:
            return _frame(table, str(path))
        except MemoryError:
            raise
        except Exception:  # of Arrow, or of what it makes pandas do
            _blame(table, str(path))
            raise
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(f"{path}: damaged, or not a Parquet file ({_reason(error)}).") from None


def parquet_names(path: Path) -> list[str]:
    """The names of a Parquet file's columns, without reading them; InputError if it is damaged."""
    try:
        return list(filter(_is_column, pq.read_schema(path).names))
    except Exception as error:
        raise InputError(f"{path}: damaged, or not a Parquet file ({_reason(error)}).") from None


def _table(path: Path, drop: Container[str]) -> pa.Table:
    with pq.ParquetFile(path) as file:
        found = file.metadata
    groups = [found.row_group(index) for index in range(found.num_row_groups)]
    chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
    check_unpacked(
        path, sum(max(chunk.num_values * _CELL, chunk.total_uncompressed_size) for chunk in chunks), _TIMES, _HINT
    )
    schema = found.schema.to_arrow_schema()
    check_names(schema.names, str(path), drop, f", or leave them out of the fit with {option('drop')}")
    # Text of which every row repeats one of a few is read as what it is in the file, until it is known how much it is.
    texts = {field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)}
    with pq.ParquetFile(path, read_dictionary=sorted(texts)) as file:
        table = file.read()
    columns = {
        name: pa.chunked_array([pa.nulls(len(column))]) if name in drop else column
        for name, column in zip(table.column_names, table.columns, strict=True)
        if _is_column(name)
    }
    texts = {name for name in texts if name in columns and name not in drop}
    check_unpacked(path, sum(_length(columns[name]) for name in texts), _TIMES, _HINT)
    for name in columns:
        if name in texts:
            columns[name] = columns[name].cast(schema.field(name).type)
        elif _would_be_rounded(columns[name]):
            columns[name] = columns[name].cast(pa.string())
    return pa.table(columns)


def _is_column(name: str) -> bool:
    """The index that pandas saved without a name is no column; one with a name is."""
    return not name.startswith("__index_level_")


def _frame(table: pa.Table, source: str) -> pd.DataFrame:
    """What is nested stays in Arrow's hands: it is no feature, and Python would need much more room for it."""
    frame = table.to_pandas(
        date_as_object=False,
        ignore_metadata=True,
        types_mapper=lambda found: pd.ArrowDtype(found) if pa.types.is_nested(found) else None,
    )
    return tidy(frame, source)


def _blame(table: pa.Table, path: str) -> None:
    """Raise InputError for the first column that pandas makes nothing of, such as text that is none."""
    for name in table.column_names:
        try:
            _frame(table.select([name]), path)
        except Exception as error:
            raise InputError(
                f"{path}: column '{name}' cannot be read ({_reason(error)}). "
                f"Fix it, or leave it out with {option('drop')}."
            ) from None


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:80]


def _would_be_rounded(column: pa.ChunkedArray) -> bool:
    """Whether pandas would make other numbers of these: of whole numbers with gaps it makes float64."""
    if column.type not in (pa.int64(), pa.uint64()) or not column.null_count:
        return False
    ends = pc.min_max(column).as_py()
    return any(abs(end) >= LARGEST_EXACT for end in ends.values() if end is not None)


def _length(column: pa.ChunkedArray) -> int:
    """The bytes of the texts of a column, each as often as it occurs."""
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).cast(pa.int64()).take(chunk.indices)
        total += pc.sum(lengths).as_py() or 0
    return total
