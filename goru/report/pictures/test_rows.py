"""Networks and models that are none on the test rows, like beside like."""

import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.experiment.findings.answer import Answer, ModelScores, RivalFound
from goru.report import words as wording
from goru.report.estimates import change_with_interval, in_shares
from goru.report.final_scores import PLAIN as PLAIN_ARM
from goru.report.final_scores import final_scores, main_figure, plain_beside
from goru.report.leakage import repeated_test_rows
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import PLAIN, RECOMMENDED, SOFT, blank, short_name, text

COLOURS = {"plain": (PLAIN, "diamond"), "recommended": (RECOMMENDED, "circle")}
ROW = 40


def test_picture(answer: Answer) -> Picture | None:
    """The main figure of every model; nothing where there are no test rows."""
    if not answer.test:
        return None
    return Picture("test", _says(answer), _figure(answer), _table(answer))


def _figure(answer: Answer) -> go.Figure:
    name = main_figure(answer)
    known = [(entry, value) for entry in answer.test if (value := entry.figures[name]) is not None]
    figure = blank(80 + ROW * len(known), showlegend=False, hovermode="closest", margin={"t": 12, "l": 8, "r": 12})
    words = "root mean square error,<br>in the target's own units" if name == "error" else f"{name} (lower is better)"
    figure.update_xaxes(title={"text": words}, rangemode="tozero")
    figure.update_yaxes(
        tickvals=[-place for place in range(len(known))],
        ticktext=[text(label(answer, entry), 60) for entry, _ in known],
        range=[-len(known) + 0.4, 0.6],
        fixedrange=True,
    )
    over = final_scores(answer)
    for place, (entry, value) in enumerate(known):
        colour, mark = COLOURS.get(entry.arm, (SOFT, "square"))
        figure.add_trace(
            go.Scatter(
                x=[0, value],
                y=[-place, -place],
                mode="lines+markers",
                cliponaxis=False,
                line={"color": colour, "width": 2},
                marker={"color": colour, "symbol": mark, "size": [0, 12], "opacity": 1},
                hovertemplate=f"{text(label(answer, entry), 60)}<br>%{{x:.4g}}<extra></extra>",
            )
        )
        if entry is over:
            figure.add_annotation(
                text="final model",
                x=value,
                y=-place,
                xanchor="left",
                xshift=12,
                showarrow=False,
                font={"size": 12, "color": colour},
            )
    return figure


def label(answer: Answer, entry: ModelScores) -> str:
    """A model in words."""
    if not entry.networks or not wording.of_networks(answer):
        return entry.arm
    return f"{entry.arm}, {'one network' if entry.networks == 1 else str(entry.networks) + ' networks'}"


def _says(answer: Answer) -> str:
    name, over, plain = main_figure(answer), final_scores(answer), plain_beside(answer)
    own = wording.of_networks(answer)
    kind = "configuration's" if not own else "networks'" if over.networks > 1 else "network's"
    ours, theirs = numbers([over.figures[name], None if plain is None else plain.figures[name]])
    rows = "rows that nothing else has looked at" if not repeated_test_rows(answer) else "test rows"
    beside_it = f", the plain {kind} {theirs}" if plain is not None else ""
    said = [f"On {answer.data.test:,} {rows}, the recommended {kind} {name} is {ours}{beside_it}."]
    against_plain = answer.plain_against_networks  # an answer on disk may be older
    others = [*([against_plain] if against_plain else []), *answer.against_networks]
    said += [_compared(answer, other) for other in others]
    if any(other.loss is not None for other in others):
        confidence = answer.judgement.confidence
        said.append(f"Shares are of the recommended {kind} loss, with simultaneous {confidence:.0%} CIs.")
    if own and not answer.against_networks:
        said.append("Linear and boosted models were left out: they would take too much of the budget.")
    return " ".join(said)


def beside(other: RivalFound) -> str:
    """Whether the test loss of another model is `"lower"` or `"higher"` than that of the final model, or `"alike"`
    as far as these rows tell, or the `"same"`."""
    if other.low is None or other.high is None:
        return "alike"
    if other.low == other.high == 0:
        return "same"
    return "lower" if other.high < 0 else "higher" if other.low > 0 else "alike"


def _compared(answer: Answer, other: RivalFound) -> str:
    arm = wording.plain(answer) if other.arm == PLAIN_ARM else short_name(other.arm)
    words = {
        "lower": "significantly better",
        "higher": "significantly worse",
        "alike": "not significantly different",
        "same": "the same as what is recommended",
    }[beside(other)]
    loss = other.loss - other.change if other.loss is not None and other.change is not None else 0
    by = f", {change_with_interval(in_shares(other, loss))}" if loss > 0 and beside(other) != "same" else ""
    return f"{arm[0].upper()}{arm[1:]}: {words}{by}."


def _table(answer: Answer) -> Table:
    figures, final = list(answer.test[0].figures), final_scores(answer)
    rows = [
        (
            label(answer, entry) + ("" if entry is not final else " (final model)"),
            *("-" if entry.figures[name] is None else number(entry.figures[name]) for name in figures),
        )
        for entry in answer.test
    ]
    return Table(("model", *figures), rows)
