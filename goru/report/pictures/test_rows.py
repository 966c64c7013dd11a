"""Networks and non-neural baselines on the test rows, compared like for like."""

import plotly.graph_objects as go

from goru.data.numbers import number, numbers
from goru.experiment.defaults import CONFIDENCE
from goru.experiment.findings.answer import Answer, ModelScores, RivalFound
from goru.language import _, retold
from goru.report.parts import words as wording
from goru.report.parts.estimates import change_with_interval, in_shares
from goru.report.parts.final_scores import PLAIN as PLAIN_ARM
from goru.report.parts.final_scores import final_scores, main_figure, plain_beside
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
    words = _("{figure} (lower is better)", figure=retold(name))
    if name == "error":
        words = _("root mean square error,<br>in the target's own units")
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
                error_x=None
                if (interval := entry.intervals.get(name)) is None
                else {
                    "type": "data",
                    "symmetric": False,
                    "array": [0, interval[1] - value],
                    "arrayminus": [0, value - interval[0]],
                    "color": colour,
                    "thickness": 1,
                },
            )
        )
        if entry is over:
            figure.add_annotation(
                text=_("final model"),
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
        return retold(entry.arm)
    networks = _("one network") if entry.networks == 1 else wording.trials(answer, entry.networks)
    return f"{retold(entry.arm)}, {networks}"


def _says(answer: Answer) -> str:
    name, over, plain = main_figure(answer), final_scores(answer), plain_beside(answer)
    of_networks = wording.of_networks(answer)
    ours, theirs = numbers([over.figures[name], None if plain is None else plain.figures[name]])
    kind = _("configuration's")
    if of_networks:
        kind = _("networks'") if over.networks > 1 else _("network's")
    given = {"rows": answer.data.test, "kind": kind, "figure": retold(name), "ours": ours}
    sentences = [
        _("On {rows:,} test rows, the recommended {kind} {figure} is {ours}.", **given)
        if plain is None
        else _(
            "On {rows:,} test rows, the recommended {kind} {figure} is {ours}, the plain {kind} {theirs}.",
            **given,
            theirs=theirs,
        )
    ]
    against_plain = answer.plain_against_networks  # an answer on disk may be older
    rivals = [*([against_plain] if against_plain else []), *answer.against_networks]
    sentences += [_compared(answer, rival) for rival in rivals]
    if any(rival.loss is not None for rival in rivals):
        sentences.append(
            _(
                "Shares are of the recommended {kind} loss, with simultaneous {confidence:.0%} CIs.",
                kind=kind,
                confidence=CONFIDENCE,
            )
        )
    if of_networks and not answer.against_networks:
        sentences.append(_("Linear and boosted models were left out: they would take too much of the budget."))
    return " ".join(sentences)


def beside(rival: RivalFound) -> str:
    """Whether the test loss of another model is `"lower"` or `"higher"` than that of the final model, or `"alike"`
    as far as these rows tell, or the `"same"`."""
    if rival.low is None or rival.high is None:
        return "alike"
    if rival.low == rival.high == 0:
        return "same"
    return "lower" if rival.high < 0 else "higher" if rival.low > 0 else "alike"


def _compared(answer: Answer, rival: RivalFound) -> str:
    arm = wording.plain(answer) if rival.arm == PLAIN_ARM else short_name(retold(rival.arm))
    words = {
        "lower": _("significantly better"),
        "higher": _("significantly worse"),
        "alike": _("not significantly different"),
        "same": _("the same as what is recommended"),
    }[beside(rival)]
    loss = rival.loss - rival.change if rival.loss is not None and rival.change is not None else 0
    by = f", {change_with_interval(in_shares(rival, loss))}" if loss > 0 and beside(rival) != "same" else ""
    return f"{arm[0].upper()}{arm[1:]}: {words}{by}."


def _cell(entry: ModelScores, name: str) -> str:
    value, interval = entry.figures[name], entry.intervals.get(name)
    if value is None or interval is None:
        return "-" if value is None else number(value)
    said, low, high = numbers([value, *interval])
    return f"{said} ({_('{low} to {high}', low=low, high=high)})"


def _table(answer: Answer) -> Table:
    figures, final = list(answer.test[0].figures), final_scores(answer)
    rows = [
        (
            label(answer, entry) + ("" if entry is not final else f" ({_('final model')})"),
            *(_cell(entry, name) for name in figures),
        )
        for entry in answer.test
    ]
    return Table((_("model"), *map(retold, figures)), rows)
