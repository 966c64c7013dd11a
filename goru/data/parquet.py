"""Parquet files: columns with types, encoded and compressed."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goru.data.table import RawTable, check_names, tidy
from goru.data.unpacking import check_unpacked
from goru.errors import InputError

_TIMES = 500  # columns of few values, most of them the same, are stored better than text can be compressed
_CELL = 8  # bytes
_HINT = "save it without compression and dictionaries"


def read_parquet(path: Path) -> RawTable:
    """Read a Parquet file.

    Raises:
        InputError: it is damaged, or holds more than a table of its size could.
    """
    try:
        return RawTable(tidy(_frame(path), str(path)), path.name)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # of Arrow, or of what it makes pandas do: a time zone that is none, text that is none
        why = (str(error).splitlines() or [""])[0][:80]
        raise InputError(f"{path}: damaged, or no Parquet file ({why}).") from None


def _frame(path: Path) -> pd.DataFrame:
    with pq.ParquetFile(path) as file:
        found = file.metadata
    groups = [found.row_group(index) for index in range(found.num_row_groups)]
    chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
    check_unpacked(
        path, sum(max(chunk.num_values * _CELL, chunk.total_uncompressed_size) for chunk in chunks), _TIMES, _HINT
    )
    schema = found.schema.to_arrow_schema()
    check_names(schema.names, str(path))
    # The index that pandas saved without a name is no column; one with a name is.
    kept = [name for name in schema.names if not name.startswith("__index_level_")]
    texts = [name for name in kept if pa.types.is_string(schema.field(name).type)]
    # Text of which every row repeats one of a few is read as what it is in the file, until it is known how much it is.
    table = pq.read_table(path, partitioning=None, read_dictionary=texts).select(kept)
    check_unpacked(path, sum(_length(table[name]) for name in texts), _TIMES, _HINT)
    for place, name in enumerate(kept):
        if name in texts:
            table = table.set_column(place, name, table[name].cast(pa.string()))
    return table.to_pandas(date_as_object=False, ignore_metadata=True)


def _length(column: pa.ChunkedArray) -> int:
    """The bytes of the texts of a column, each as often as it occurs."""
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary).cast(pa.int64()).take(chunk.indices)
        total += pc.sum(lengths).as_py() or 0
    return total
