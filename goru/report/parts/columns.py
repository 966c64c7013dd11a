"""What the columns and the target of a table hold, and their preprocessing, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from goru.data.preparing import Encoding
from goru.experiment.findings.answer import Answer, Data
from goru.experiment.findings.overview import ColumnOverview, TableOverview
from goru.language import _, _n, kept, retold
from goru.report.pictures.picture import Table
from goru.report.pictures.style import short_name
from goru.wording import figure, listing

MOST = 2_000  # columns in a table of them
CLASSES, DIGITS = 6, 4  # in a sentence; of a value
KINDS = kept("numeric"), kept("categorical"), kept("date"), kept("dropped")
PARTS = kept("year"), kept("month"), kept("day"), kept("weekday"), kept("hour")
BOOLEANS = kept("true"), kept("false")


def columns_say(answer: Answer, overview: TableOverview | None) -> str:
    """How many columns of which kind there are, what became of them, and where values are missing."""
    counts = answer.data.columns or {}
    kinds = [
        said(counts[kind])
        for kind, said in (
            ("numeric", lambda n: _n("{n} number", "{n} numbers", n)),
            ("categorical", lambda n: _n("{n} category", "{n} categories", n)),
            ("date", lambda n: _n("{n} date", "{n} dates", n)),
        )
        if counts.get(kind)
    ]
    sentences = [_("{kinds}; {dropped:,} dropped.", kinds=", ".join(kinds), dropped=counts.get("dropped", 0))]
    if answer.network is not None:
        inputs = _n("{n} input", "{n} inputs", answer.network.widths[0])
        sentences[0] = _(
            "{kinds} became {inputs} of the networks; {dropped:,} dropped.",
            kinds=", ".join(kinds),
            inputs=inputs,
            dropped=counts.get("dropped", 0),
        )
        if answer.network.search_inputs is not None:
            searched = _n("{n} input", "{n} inputs", answer.network.search_inputs)
            sentences.append(_("In the search on a sample of the rows they were {inputs}.", inputs=searched))
        sentences.append(_("Preprocessing is fitted on the training rows only."))
    if overview is not None:
        sentences.append(_missing(overview.columns))
    return " ".join(sentences)


def _missing(columns: Sequence[ColumnOverview]) -> str:
    gaps = [one for one in columns if one.missing]
    if not gaps:
        return _("No feature has missing values.")
    most = max(gaps, key=lambda one: one.missing or 0.0)
    return _n(
        "{n} column has missing values: {column} ({share}).",
        "{n} columns have missing values, {column} the most ({share}).",
        len(gaps),
        column=short_name(most.name),
        share=_share(most.missing),
    )


def target_says(data: Data, overview: TableOverview) -> str:
    """What the target holds, in a line."""
    target = overview.target
    rows = _n("{n} training and validation row", "{n} training and validation rows", overview.rows)
    subject = {"target": short_name(data.target), "rows": rows}
    if not target.quartiles:
        order = sorted(target.classes.items(), key=lambda item: -item[1])
        shares = [f"{short_name(name)} {_share(count / overview.rows)}" for name, count in order]
        return _("The target, {target}, in {rows}: {classes}.", classes=retold(listing(shares, CLASSES)), **subject)
    low, lower, median, upper, high = (figure(value, DIGITS) for value in target.quartiles)
    return _(
        "The target, {target}, in {rows}: {low} to {high}, median {median}, half of them {lower} to {upper}.",
        **subject,
        low=low,
        high=high,
        median=median,
        lower=lower,
        upper=upper,
    )


def columns_table(
    columns: Sequence[Mapping[str, Any]], encoding: Encoding, overview: TableOverview | None = None
) -> Table:
    """A row a column.

    **Arguments:**

    - `columns`: as `goru.data.schema.schema_json` writes them.
    - `encoding`: what stood for numbers.
    - `overview`: of them; an older run has none.
    """
    shown = columns[:MOST]
    cells = [(_("column"), [column["name"] for column in shown])]
    cells.append((_("type"), [retold(column["kind"]) for column in shown]))
    if overview is not None:
        by_name = {one.name: one for one in overview.columns}
        held = [by_name.get(column["name"], ColumnOverview(column["name"], "dropped")) for column in shown]
        if any(one.missing for one in held):
            cells.append((_("missing"), ["" if one.missing is None else _share(one.missing) for one in held]))
        cells.append((_("values"), [_values(one) for one in held]))
        if any(one.remarks for one in held):
            cells.append((_("notable"), ["; ".join(map(retold, one.remarks)) for one in held]))
    cells.append((_("preprocessing"), [_done(column, encoding) for column in shown]))
    rows = list(zip(*(texts for _name, texts in cells), strict=True))
    if len(columns) > MOST:
        rows.append((_("{count:,} more", count=len(columns) - MOST), *[""] * (len(cells) - 1)))
    return Table([name for name, _texts in cells], rows)


def _share(share: float | None) -> str:
    """Neither some rows nor all but some are rounded to none or all."""
    if not share or share == 1:
        return "100%" if share else "0%"
    if share < 0.001:
        return "< 0.1%"
    return f"{min(share, 0.999):.1%}" if share < 0.1 or share > 0.99 else f"{share:.0%}"


def _values(one: ColumnOverview) -> str:
    if one.commonest is not None and one.levels is not None:
        over = _n("over {n} level", "over {n} levels", one.levels)
        levels = over if one.other else _n("{n} level", "{n} levels", one.levels)
        commonest = retold(one.commonest) if one.kind == "numeric" else one.commonest
        return _("{levels}, most often {level} ({share})", levels=levels, level=commonest, share=_share(one.share))
    if one.low is None or one.high is None or one.median is None:
        return ""
    low, median, high = (figure(value, DIGITS) for value in (one.low, one.median, one.high))
    return _("{low} to {high}, median {median}", low=low, high=high, median=median)


def _done(column: Mapping[str, Any], encoding: Encoding) -> str:
    imputed = [_("missing values imputed by the median, with an indicator")]
    match column["kind"]:
        case "dropped":
            return _("dropped: {reason}", reason=retold(column["reason"]))
        case "numeric" if column["boolean"]:
            return "; ".join([_("booleans to 1 and 0"), *imputed * column["missing"]])
        case "numeric":
            added = {
                "pieces": [_("piecewise-linear encoding added, where it has enough values")],
                "squares": [_("its square added, where it has enough values")],
            }.get(encoding, [])
            scaled = _("scaled by median and quartiles, outliers soft-clipped")
            return "; ".join([scaled, *added, *imputed * column["missing"]])
        case "categorical":
            levels = _n("one-hot, {n} level", "one-hot, {n} levels", len(column["levels"]))
            return ", ".join([levels, *[_("other levels")] * column["other"], *[_("missing")] * column["missing"]])
        case _other:
            parts = ", ".join(map(retold, column["parts"])) or _("presence")
            return "; ".join([_("its {parts}, scaled", parts=parts), *imputed * column["missing"]])
