"""Whether predictions mean what they say."""

import plotly.graph_objects as go

from goru.data.numbers import UNKNOWN, number, numbers
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Bin, Calibration, ClassPredictions, ValuePredictions
from goru.language import _, retold
from goru.report.parts import words
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import PLAIN, RECOMMENDED, SHORT, SOFT, blank, text, titled

Predictions = ClassPredictions | ValuePredictions
LOOKS = {"recommended": (RECOMMENDED, "circle"), "plain": (PLAIN, "diamond")}


def calibration_picture(answer: Answer, predictions: Predictions) -> Picture:
    """What was said against what was found, in bins of as many rows; with 95 % intervals."""
    classes = answer.data.classes
    figure = blank(440, hovermode="closest")
    ends = [
        end
        for calibration in _of_networks(predictions).values()
        for bin_ in calibration.bins
        for end in (bin_.predicted, bin_.observed)
    ]
    low, high = (0.0, 1.0) if classes is not None else (min(ends), max(ends))
    line = {"color": SOFT, "width": 1.5, "dash": "dash"}
    figure.add_trace(
        go.Scatter(x=[low, high], y=[low, high], mode="lines", line=line, hoverinfo="skip", showlegend=False)
    )
    template = (
        _("predicted {predicted}, observed {observed}", predicted="%{x:.1%}", observed="%{y:.1%}")
        if classes is not None
        else _("predicted {predicted}, observed {observed}", predicted="%{x:.4g}", observed="%{y:.4g}")
    )
    for name, calibration in _of_networks(predictions).items():
        colour, mark = LOOKS[name]
        bins = calibration.bins
        figure.add_trace(
            go.Scatter(
                x=[bin_.predicted for bin_ in bins],
                y=[bin_.observed for bin_ in bins],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [_reach(bin_, bin_.high) for bin_ in bins],
                    "arrayminus": [_reach(bin_, bin_.low) for bin_ in bins],
                    "color": colour,
                    "thickness": 1.2,
                    "width": 0,
                },
                mode="lines+markers",
                line={"color": colour, "width": 1},
                marker={"color": colour, "symbol": mark, "size": 9},
                name=retold(name),
                text=[_("{rows:,} rows", rows=bin_.rows) for bin_ in bins],
                hovertemplate=f"{retold(name)}, %{{text}}<br>{template}<extra></extra>",
            )
        )
    x_title, y_title = _axes(answer)
    percent = {"tickformat": ".0%"} if classes is not None else {}
    figure.update_xaxes(title={"text": x_title}, **percent)
    figure.update_yaxes(title={"text": y_title}, **percent)
    return Picture("calibration", _says(answer, predictions), figure, _table(answer, predictions))


def _of_networks(predictions: Predictions) -> dict[str, Calibration]:
    """Networks alone: more curves would hide one another."""
    return {name: calibration for name, calibration in predictions.calibration.items() if name in LOOKS}


def _reach(bin_: Bin, end: float | None) -> float:
    return 0.0 if end is None else abs(end - bin_.observed)


def _is_away(bin_: Bin) -> bool:
    return bin_.low is not None and bin_.high is not None and not bin_.low <= bin_.predicted <= bin_.high


def _axes(answer: Answer) -> tuple[str, str]:
    classes, target = answer.data.classes, text(answer.data.target, SHORT)
    if classes is None:
        return titled(_("predicted"), target), _("mean of the actual {target}", target=target)
    if len(classes) == 2:
        second = text(classes[1], SHORT)
        return titled(_("probability of"), f"'{second}'"), _("observed share of '{second}'", second=second)
    return _("predicted probability (confidence)"), _("accuracy")


def _says(answer: Answer, predictions: Predictions) -> str:
    calibration = predictions.calibration["recommended"]
    away = [bin_ for bin_ in calibration.bins if _is_away(bin_)]
    regression = answer.data.classes is None
    error = number(calibration.error) if regression else f"{calibration.error or 0:.1%}"
    if "plain" in predictions.calibration:
        plain = predictions.calibration["plain"].error
        error = _(
            "{error} ({plain}: {plain_error})",
            error=error,
            plain=words.plain(answer),
            plain_error=number(plain) if regression else f"{plain or 0:.1%}",
        )
    sentence = _("Mean calibration error {error}.") if regression else _("Expected calibration error {error}.")
    return f"{sentence.format(error=error)} {_found(len(calibration.bins), away)}"


def _found(count: int, away: list[Bin]) -> str:
    if count == 1:
        return _("Too few rows for more than one bin.")
    if not away:
        return _("In all {count} bins the interval includes perfect calibration, the dashed line.", count=count)
    low = sum(bin_.observed < bin_.predicted for bin_ in away)
    how = _("too high") if low == len(away) else _("too low") if low == 0 else _("off")
    return _(
        "In {away} of {count} bins predictions are {how}: the 95% interval excludes the dashed line, which happens by "
        "chance in one of 20.",
        away=len(away),
        count=count,
        how=how,
    )


def _table(answer: Answer, predictions: Predictions) -> Table:
    regression = answer.data.classes is None
    rows = []
    for name, calibration in _of_networks(predictions).items():
        for bin_ in calibration.bins:
            values = (bin_.predicted, bin_.observed, bin_.low, bin_.high)
            spelt = numbers(values) if regression else ["" if value is None else f"{value:.1%}" for value in values]
            predicted, observed, low, high = spelt
            interval = retold(UNKNOWN if bin_.low is None else f"{low} to {high}")
            rows.append((retold(name), predicted, observed, interval, f"{bin_.rows:,}"))
    return Table((_("network"), _("predicted"), _("observed"), _("95 % interval"), _("rows")), rows)
