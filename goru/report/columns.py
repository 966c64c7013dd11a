"""Preprocessing of a table, in words."""

from collections.abc import Mapping
from typing import Any

from goru.language import _, _n, kept, retold
from goru.report.pictures.picture import Table

MOST = 2_000  # columns in a table of them
KINDS = kept("numeric"), kept("categorical"), kept("date"), kept("dropped")
PARTS = kept("year"), kept("month"), kept("day"), kept("weekday"), kept("hour")


def columns_table(columns: list[Mapping[str, Any]], in_pieces: bool) -> Table:
    """A row a column.

    **Arguments:**

    - `columns`: as `goru.data.schema_json` writes them.
    - `in_pieces`: whether a piecewise-linear encoding of numbers was added.
    """
    rows = [(column["name"], retold(column["kind"]), _done(column, in_pieces)) for column in columns[:MOST]]
    if len(columns) > MOST:
        rows.append((_("{count:,} more", count=len(columns) - MOST), "", ""))
    return Table((_("column"), _("type"), _("preprocessing")), rows)


def _done(column: Mapping[str, Any], in_pieces: bool) -> str:
    imputed = [_("missing values imputed by the median, with an indicator")]
    match column["kind"]:
        case "dropped":
            return _("dropped: {reason}", reason=retold(column["reason"]))
        case "numeric" if column["boolean"]:
            return "; ".join([_("booleans to 1 and 0"), *imputed * column["missing"]])
        case "numeric":
            pieces = [_("piecewise-linear encoding added, where it has enough values")] * in_pieces
            scaled = _("scaled by median and quartiles, outliers soft-clipped")
            return "; ".join([scaled, *pieces, *imputed * column["missing"]])
        case "categorical":
            levels = _n("one-hot, {n} level", "one-hot, {n} levels", len(column["levels"]))
            return ", ".join([levels, *[_("other levels")] * column["other"], *[_("missing")] * column["missing"]])
        case _other:
            parts = ", ".join(map(retold, column["parts"])) or _("presence")
            return "; ".join([_("its {parts}, scaled", parts=parts), *imputed * column["missing"]])
