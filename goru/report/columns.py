"""Preprocessing of a table, in words."""

from collections.abc import Mapping
from typing import Any

from goru.report.pictures.picture import Table
from goru.wording import counted

MOST = 2_000  # columns in a table of them


def columns_table(columns: list[Mapping[str, Any]], in_pieces: bool) -> Table:
    """A row a column.

    **Arguments:**

    - `columns`: as `goru.data.schema_json` writes them.
    - `in_pieces`: whether a piecewise-linear encoding of numbers was added.
    """
    rows = [(column["name"], column["kind"], _done(column, in_pieces)) for column in columns[:MOST]]
    if len(columns) > MOST:
        rows.append((f"{len(columns) - MOST:,} more", "", ""))
    return Table(("column", "type", "preprocessing"), rows)


def _done(column: Mapping[str, Any], in_pieces: bool) -> str:
    match column["kind"]:
        case "dropped":
            return f"dropped: {column['reason']}"
        case "numeric":
            done = (
                "booleans to 1 and 0" if column["boolean"] else "scaled by median and quartiles, outliers soft-clipped"
            )
            if in_pieces and not column["boolean"]:
                done += "; piecewise-linear encoding added, where it has enough values"
            if column["missing"]:
                done += "; missing values imputed by the median, with an indicator"
            return done
        case "categorical":
            further_columns = ["other levels"] * column["other"] + ["missing"] * column["missing"]
            return f"one-hot, {counted(len(column['levels']), 'level')}" + "".join(
                f", {one}" for one in further_columns
            )
        case _:
            missing = "; missing values imputed by the median, with an indicator" if column["missing"] else ""
            return f"its {', '.join(column['parts']) or 'presence'}, scaled{missing}"
