"""What the final model makes of its columns, and where it is wrong."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from goru.data.numbers import number, numbers, percents
from goru.experiment.findings.evidence import Inspection
from goru.experiment.findings.inspection import Dependence, Slice
from goru.language import _, _n, retold
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import DASHES, RECOMMENDED, SERIES, SOFT, blank, short_name, text
from goru.wording import listing

ROW, MOST = 30, 20  # pixels of a row; rows that are drawn, all of them stand in the table
PANEL, LETTERS = 300, 14  # pixels; of a level below a panel
NAMED = 3  # columns in a sentence


def importance_picture(inspection: Inspection) -> Picture | None:
    """A bar a column: by how much the loss rises where it is shuffled; nothing where none was."""
    importances = inspection.importances
    if not importances:
        return None
    shown, unit = importances[:MOST], inspection.loss or 1.0
    names = [" + ".join(text(name) for name in one.columns[:2]) + ", …" * (len(one.columns) > 2) for one in shown]
    figure = _rows(names)
    figure.add_trace(
        go.Bar(
            x=[one.change for one in shown],
            y=[-place for place in range(len(shown))],
            orientation="h",
            marker={"color": RECOMMENDED, "opacity": 0.75},
            error_x=_error_bars([(one.low, one.change, one.high) for one in shown], SOFT),
            customdata=names,
            hovertemplate="%{customdata}<br>" + _("loss rises by {change}", change="%{x:.3g}") + "<extra></extra>",
        )
    )
    figure.update_xaxes(title={"text": _("rise of the test loss if shuffled")})
    sure = [one for one in importances if one.low > 0]
    leading = [short_name(" + ".join(one.columns)) for one in sure[:NAMED]]
    sentences = [
        _(
            "Of {rows}; the mean loss of all is {loss}.",
            rows=_n("{n} test row", "{n} test rows", inspection.rows),
            loss=number(inspection.loss),
        )
    ]
    if leading:
        shares = retold(listing(share.lstrip("+") for share in percents([one.change / unit for one in sure[:NAMED]])))
        sentences.append(
            _(
                "The model needs {leading} most: shuffled, the loss rises by {shares}.",
                leading=listing(leading),
                shares=shares,
            )
        )
    idle = sum(one.low <= 0 for one in importances)
    if idle:
        sentences.append(
            _(
                "For {idle} of {importances} the interval includes zero: these rows do not show that they are used.",
                idle=idle,
                importances=len(importances),
            )
        )
    rows = [(" + ".join(one.columns), *numbers([one.change, one.low, one.high], sign=True)) for one in importances]
    return Picture(
        "importance", " ".join(sentences), figure, Table((_("column"), _("rise"), _("low"), _("high")), rows)
    )


def dependence_picture(inspection: Inspection, target: str, numeric: bool) -> Picture | None:
    """A panel a column: what is predicted on average where all rows have the same value of it."""
    dependences = inspection.dependences
    if not dependences:
        return None
    across = min(2, len(dependences))
    down = -(-len(dependences) // across)
    figure = make_subplots(
        down,
        across,
        subplot_titles=[text(one.column) for one in dependences],
        shared_yaxes="all",
        vertical_spacing=0.42 / down,
        horizontal_spacing=0.08,
    )
    height = PANEL * down + 40
    figure.update_layout(blank(height, hovermode="closest", margin={"l": 8, "r": 12, "t": 64, "b": 8}).layout)
    figure.update_layout(legend_y=1 + 26 / height)  # above the names of the panels
    labels = list(dependences[0].curves)
    for place, one in enumerate(dependences):
        axis = "" if place == 0 else str(place + 1)
        for index, label in enumerate(labels):
            figure.add_trace(
                go.Scatter(
                    x=[text(value, LETTERS) if isinstance(value, str) else value for value in one.values],
                    y=one.curves[label],
                    mode="markers" if isinstance(one.values[0], str) else "lines+markers",
                    name=text(label),
                    legendgroup=label,
                    showlegend=place == 0 and len(labels) > 1,
                    line={"color": SERIES[index % len(SERIES)], "dash": DASHES[index // len(SERIES) % len(DASHES)]},
                    marker={"color": SERIES[index % len(SERIES)], "size": 6},
                    xaxis=f"x{axis}",
                    yaxis=f"y{axis}",
                    hovertemplate=f"{text(one.column)} %{{x}}<br>%{{y:.3g}}<extra>{text(label)}</extra>",
                )
            )
    of_one = len(labels) == 1
    what = (
        _("predicted {target}", target=short_name(target))
        if numeric
        else _("probability of {labels}", labels=short_name(labels[0])) * of_one
    )
    what = what or _("probabilities")
    figure.update_yaxes(title={"text": text(what)}, col=1)
    widest = max(dependences, key=_spread)
    given = {"what": what, "column": short_name(widest.column)}
    says = (
        _(
            "Every row is given the same value of one column, and predictions are averaged: how the {what} depends on "
            "it, other columns being as they are. Of these columns {column} moves it most. Where columns go together, "
            "some of these rows could not be.",
            **given,
        )
        if of_one
        else _(
            "Every row is given the same value of one column, and predictions are averaged: how the {what} depend on "
            "it, other columns being as they are. Of these columns {column} moves them most. Where columns go "
            "together, some of these rows could not be.",
            **given,
        )
    )
    rows = [
        (one.column, str(value) if isinstance(value, str) else f"{value:.4g}", label, number(mean))
        for one in dependences
        for label, means in one.curves.items()
        for value, mean in zip(one.values, means, strict=True)
    ]
    return Picture("dependence", says, figure, Table((_("column"), _("value"), _("of"), _("mean prediction")), rows))


def _spread(one: Dependence) -> float:
    return max(max(curve) - min(curve) for curve in one.curves.values())


def slices_picture(inspection: Inspection) -> Picture | None:
    """A mark a slice, its mean loss with an interval, beside the mean over all rows."""
    slices = inspection.slices
    if not slices:
        return None
    values = [_values(one) for one in slices]
    names = [f"{text(one.column)}: {text(words)}" for one, words in zip(slices, values, strict=True)]
    figure = _rows(names)
    figure.add_vline(x=inspection.loss, line={"color": SOFT, "width": 1, "dash": "dash"}, layer="below")
    figure.add_trace(
        go.Scatter(
            x=[one.loss for one in slices],
            y=[-place for place in range(len(slices))],
            mode="markers",
            marker={"color": RECOMMENDED, "size": 10},
            error_x=_error_bars([(one.low, one.loss, one.high) for one in slices], RECOMMENDED),
            customdata=[
                f"{name}, {_n('{n} row', '{n} rows', one.rows)}" for name, one in zip(names, slices, strict=True)
            ],
            hovertemplate="%{customdata}<br>%{x:.3g}<extra></extra>",
        )
    )
    figure.update_xaxes(title={"text": _("mean test loss (dashed: all rows)")}, rangemode="tozero")
    above = [one for one in slices if one.low > inspection.loss]
    says = _(
        "Of {rows}, whose mean loss is {loss}.",
        rows=_n("{n} test row", "{n} test rows", inspection.all_rows),
        loss=number(inspection.loss),
    )
    if above:
        worst = above[0]
        says += " " + _(
            "Where {column} is {values} ({rows}) it is {loss}.",
            column=short_name(worst.column),
            values=short_name(_values(worst)),
            rows=_n("{n} row", "{n} rows", worst.rows),
            loss=number(worst.loss),
        )
    says += " " + _(
        "{above} of the {slices} slices shown lie above the mean with their whole interval; "
        "the worst of many slices look worse than they are, so take them for where to look.",
        above=len(above),
        slices=len(slices),
    )
    rows = [
        (f"{one.column}: {words}", f"{one.rows:,}", *numbers([one.loss, one.low, one.high]))
        for one, words in zip(slices, values, strict=True)
    ]
    return Picture("slices", says, figure, Table((_("slice"), _("rows"), _("mean loss"), _("low"), _("high")), rows))


def _values(one: Slice) -> str:
    return one.values if one.is_level else retold(one.values)


def _rows(names: Sequence[str]) -> go.Figure:
    """An empty figure with a row a name, from the top."""
    figure = blank(70 + ROW * len(names), showlegend=False, hovermode="closest", margin={"t": 8, "l": 8, "r": 12})
    places = [-place for place in range(len(names))]
    figure.update_yaxes(tickvals=places, ticktext=names, range=[-len(names) + 0.4, 0.6], fixedrange=True)
    return figure


def _error_bars(intervals: Sequence[tuple[float, float, float]], colour: str) -> dict[str, Any]:
    """Of low ends, values and high ends."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value for _, value, high in intervals],
        "arrayminus": [value - low for low, value, _ in intervals],
        "color": colour,
        "thickness": 1.5,
    }


def wrong_table(inspection: Inspection) -> Table:
    """The rows with the highest loss."""
    numeric = all(one.probability is None for one in inspection.wrong)
    columns = (
        _("row"),
        _("true"),
        _("predicted"),
        *(() if numeric else (_("probability of the true class"),)),
        _("loss"),
    )
    rows = [
        (
            f"{one.row:,}",
            one.true,
            one.predicted,
            *(() if one.probability is None else (f"{one.probability:.3f}",)),
            number(one.loss),
        )
        for one in inspection.wrong
    ]
    return Table(columns, rows)
