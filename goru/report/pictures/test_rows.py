"""Networks and models that are none on the test rows, like beside like."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.report.estimates import in_shares, together
from goru.report.leakage import repeated
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import PLAIN, RECOMMENDED, SOFT, blank, text

COLOURS = {"plain": (PLAIN, "diamond"), "recommended": (RECOMMENDED, "circle")}
ROW = 40


def test_picture(answer: Mapping[str, Any]) -> Picture | None:
    """The main figure of every model; nothing where there are no test rows."""
    if not answer["test"]:
        return None
    return Picture("test", _says(answer), _figure(answer), _table(answer))


def handed_over(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The test figures of what is handed over."""
    count = sum(candidate["networks"] for candidate in answer["recommended"])
    return next(entry for entry in answer["test"] if (entry["arm"], entry["networks"]) == ("recommended", count))


def main_figure(answer: Mapping[str, Any]) -> str:
    """What is shown: the loss, or in regression the error in the target's own units."""
    names = answer["test"][0]
    return next(name for name in ("balanced log loss", "log loss", "error") if name in names)


def _figure(answer: Mapping[str, Any]) -> go.Figure:
    name = main_figure(answer)
    entries = [entry for entry in answer["test"] if entry[name] is not None]
    figure = blank(80 + ROW * len(entries), showlegend=False, hovermode="closest", margin={"t": 12, "l": 8, "r": 12})
    words = "root mean square error,<br>in the target's own units" if name == "error" else f"{name} (lower is better)"
    figure.update_xaxes(title={"text": words}, rangemode="tozero")
    figure.update_yaxes(
        tickvals=[-place for place in range(len(entries))],
        ticktext=[label(entry) for entry in entries],
        range=[-len(entries) + 0.4, 0.6],
        fixedrange=True,
    )
    over = handed_over(answer)
    for place, entry in enumerate(entries):
        colour, mark = COLOURS.get(entry["arm"], (SOFT, "square"))
        figure.add_trace(
            go.Scatter(
                x=[0, entry[name]],
                y=[-place, -place],
                mode="lines+markers",
                cliponaxis=False,
                line={"color": colour, "width": 2},
                marker={"color": colour, "symbol": mark, "size": [0, 12], "opacity": 1},
                hovertemplate=f"{text(label(entry), 60)}<br>%{{x:.4g}}<extra></extra>",
            )
        )
        if entry is over:
            figure.add_annotation(
                text="handed over",
                x=entry[name],
                y=-place,
                xanchor="left",
                xshift=12,
                showarrow=False,
                font={"size": 12, "color": colour},
            )
    return figure


def label(entry: Mapping[str, Any]) -> str:
    """A model in words."""
    if not entry["networks"]:
        return entry["arm"]
    return f"{entry['arm']}, {'one network' if entry['networks'] == 1 else str(entry['networks']) + ' networks'}"


def _says(answer: Mapping[str, Any]) -> str:
    name, over = main_figure(answer), handed_over(answer)
    plain = next(entry for entry in answer["test"] if entry["arm"] == "plain" and entry["networks"] == over["networks"])
    kind = "networks'" if over["networks"] > 1 else "network's"
    ours, theirs = numbers([over[name], plain[name]])
    rows = "rows that nothing else has looked at" if not repeated(answer) else "test rows"
    said = [
        f"On {answer['data']['test']:,} {rows}, the recommended {kind} {name} is {ours}, the plain {kind} {theirs}."
    ]
    against_plain = answer.get("plain_against_networks")  # an answer on disk may be older
    others = [*([against_plain] if against_plain else []), *answer["against_networks"]]
    said += [_compared(other) for other in others]
    if any("loss" in other for other in others):
        confidence = answer["judgement"]["confidence"]
        said.append(f"Shares are of the recommended {kind} loss, with simultaneous {confidence:.0%} CIs.")
    if not answer["against_networks"]:
        said.append("Linear and boosted models were left out: they would take too much of the budget.")
    return " ".join(said)


def beside(other: Mapping[str, Any]) -> str:
    """Whether the test loss of another model is `"lower"` or `"higher"` than that of what is handed over, or `"alike"`
    as far as these rows tell, or the `"same"`."""
    if other["low"] is None or other["high"] is None:
        return "alike"
    if other["low"] == other["high"] == 0:
        return "same"
    return "lower" if other["high"] < 0 else "higher" if other["low"] > 0 else "alike"


def _compared(other: Mapping[str, Any]) -> str:
    arm = "plain network" if other["arm"] == "plain" else other["arm"]
    words = {
        "lower": "significantly better",
        "higher": "significantly worse",
        "alike": "not significantly different",
        "same": "the same as what is recommended",
    }[beside(other)]
    loss = other["loss"] - other["change"] if other.get("loss") is not None and other["change"] is not None else 0
    by = f", {together(in_shares(other, loss))}" if loss > 0 and beside(other) != "same" else ""
    return f"{arm[0].upper()}{arm[1:]}: {words}{by}."


def _table(answer: Mapping[str, Any]) -> Table:
    figures = [name for name in answer["test"][0] if name not in ("networks", "arm")]
    rows = [
        (
            label(entry) + ("" if entry is not handed_over(answer) else " (handed over)"),
            *("-" if entry[name] is None else number(entry[name]) for name in figures),
        )
        for entry in answer["test"]
    ]
    return Table(("model", *figures), rows)
