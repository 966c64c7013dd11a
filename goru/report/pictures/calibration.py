"""Whether predictions mean what they say."""

import plotly.graph_objects as go

from goru.data.numbers import UNKNOWN, number, numbers
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Bin, Calibration, ClassPredictions, ValuePredictions
from goru.report import words
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import PLAIN, RECOMMENDED, SHORT, SOFT, blank, text, titled

Predictions = ClassPredictions | ValuePredictions
LOOKS = {"recommended": (RECOMMENDED, "circle"), "plain": (PLAIN, "diamond")}


def calibration_picture(answer: Answer, found: Predictions) -> Picture:
    """What was said against what was found, in bins of as many rows; with 95 % intervals."""
    classes = answer.data.classes
    figure = blank(440, hovermode="closest")
    ends = [end for own in _own(found).values() for each in own.bins for end in (each.said, each.found)]
    low, high = (0.0, 1.0) if classes is not None else (min(ends), max(ends))
    line = {"color": SOFT, "width": 1.5, "dash": "dash"}
    figure.add_trace(
        go.Scatter(x=[low, high], y=[low, high], mode="lines", line=line, hoverinfo="skip", showlegend=False)
    )
    template = "%{x:.1%} said, %{y:.1%} found" if classes is not None else "%{x:.4g} said, %{y:.4g} found"
    for name, own in _own(found).items():
        colour, mark = LOOKS[name]
        bins = own.bins
        figure.add_trace(
            go.Scatter(
                x=[each.said for each in bins],
                y=[each.found for each in bins],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [_reach(each, each.high) for each in bins],
                    "arrayminus": [_reach(each, each.low) for each in bins],
                    "color": colour,
                    "thickness": 1.2,
                    "width": 0,
                },
                mode="lines+markers",
                line={"color": colour, "width": 1},
                marker={"color": colour, "symbol": mark, "size": 9},
                name=name,
                text=[f"{each.rows:,} rows" for each in bins],
                hovertemplate=f"{name}, %{{text}}<br>{template}<extra></extra>",
            )
        )
    said, was = _axes(answer)
    percent = {"tickformat": ".0%"} if classes is not None else {}
    figure.update_xaxes(title={"text": said}, **percent)
    figure.update_yaxes(title={"text": was}, **percent)
    return Picture("calibration", _says(answer, found), figure, _table(answer, found))


def _own(found: Predictions) -> dict[str, Calibration]:
    """Networks alone: more curves would hide one another."""
    return {name: own for name, own in found.calibration.items() if name in LOOKS}


def _reach(each: Bin, end: float | None) -> float:
    return 0.0 if end is None else abs(end - each.found)


def _is_away(each: Bin) -> bool:
    return each.low is not None and each.high is not None and not each.low <= each.said <= each.high


def _axes(answer: Answer) -> tuple[str, str]:
    classes, target = answer.data.classes, text(answer.data.target, SHORT)
    if classes is None:
        return titled("predicted", target), f"mean of the true {target}"
    if len(classes) == 2:
        second = text(classes[1], SHORT)
        return titled("probability of", f"'{second}'"), f"share that is '{second}'"
    return "probability of the class predicted", "share that is right"


def _says(answer: Answer, found: Predictions) -> str:
    own = found.calibration["recommended"]
    away = [each for each in own.bins if _is_away(each)]
    regression = answer.data.classes is None
    error = number(own.error) if regression else f"{own.error or 0:.1%}"
    said = f"On average, what is said and what is found are {error} apart"
    if "plain" in found.calibration:
        plain = found.calibration["plain"].error
        said += f" ({words.plain(answer)}: {number(plain) if regression else f'{plain or 0:.1%}'})"
    said += ". "
    count = len(own.bins)
    if count == 1:
        return said + "There are too few rows for more than one bin."
    if not away:
        return said + f"In all {count} bins the interval reaches the dashed line, on which both are equal."
    low = sum(each.found < each.said for each in away)
    how = "too high" if low == len(away) else "too low" if low == 0 else "off"
    return said + (
        f"In {len(away)} of {count} bins predictions are {how}: the 95% interval leaves out the dashed line, which by "
        "chance happens in one of 20."
    )


def _table(answer: Answer, found: Predictions) -> Table:
    regression = answer.data.classes is None
    rows = []
    for name, own in _own(found).items():
        for each in own.bins:
            values = (each.said, each.found, each.low, each.high)
            spelt = numbers(values) if regression else ["" if value is None else f"{value:.1%}" for value in values]
            said, was, low, high = spelt
            interval = UNKNOWN if each.low is None else f"{low} to {high}"
            rows.append((name, said, was, interval, f"{each.rows:,}"))
    return Table(("network", "said", "found", "95 % interval", "rows"), rows)
