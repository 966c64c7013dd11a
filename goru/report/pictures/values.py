"""Predicted against true values, in the target's own units."""

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import numbers
from goru.experiment.findings.evidence import ValuePredictions
from goru.language import _
from goru.report.pictures.classes import whose
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import RECOMMENDED, SHORT, SOFT, blank, text, titled


def values_picture(predictions: ValuePredictions, target: str) -> Picture:
    """A point a row."""
    true, predicted = predictions.true, predictions.predicted
    low, high = min(*true, *predicted), max(*true, *predicted)
    figure = blank(500, hovermode="closest", showlegend=False, margin={"t": 12, "l": 8, "r": 12})
    line = {"color": SOFT, "width": 1.5, "dash": "dash"}
    figure.add_trace(go.Scatter(x=[low, high], y=[low, high], mode="lines", line=line, hoverinfo="skip"))
    figure.add_trace(
        go.Scatter(
            x=predicted,
            y=true,
            mode="markers",
            marker={"color": RECOMMENDED, "size": 6, "opacity": 0.55},
            hovertemplate=_("predicted {predicted}<br>true {true}", predicted="%{x:.4g}", true="%{y:.4g}")
            + "<extra></extra>",
        )
    )
    figure.update_xaxes(title={"text": titled(_("predicted"), text(target, SHORT))})
    figure.update_yaxes(title={"text": _("true {target}", target=text(target))})
    return Picture("values", _says(predictions), figure, _table(predictions))


def _off(predictions: ValuePredictions) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.array(predictions.predicted) - np.array(predictions.true)


def _says(predictions: ValuePredictions) -> str:
    off = _off(predictions)
    rows = whose(predictions)
    if len(off) < predictions.rows:
        rows = _("{rows} (shown: {count:,} of them)", rows=rows, count=len(off))
    sizes = np.abs(off)
    mean, half, ninety = numbers([float(sizes.mean()), *(float(np.quantile(sizes, share)) for share in (0.5, 0.9))])
    return _(
        "{rows}. Half of the predictions are off by no more than {half}, nine of ten by no more than {ninety}, and by "
        "{mean} on average (mean absolute error); on the dashed line a prediction is right.",
        rows=f"{rows[0].upper()}{rows[1:]}",
        half=half,
        ninety=ninety,
        mean=mean,
    )


def _table(predictions: ValuePredictions) -> Table:
    off = _off(predictions)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    columns = ("", *(_("{share:.0%} quantile", share=share) for share in shares))
    rows = [
        (name, *numbers([float(value) for value in np.quantile(values, shares)]))
        for name, values in (
            (_("true"), predictions.true),
            (_("predicted"), predictions.predicted),
            (_("predicted less true"), off),
        )
    ]
    return Table(columns, rows)
