"""What every technique changes: a forest plot."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from goru.data.numbers import number
from goru.data.wording import counted
from goru.report.estimates import in_loss, in_shares, together
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import GREEN, INK, RED, SHADE, SOFT, blank, note, text
from goru.study import defaults

Effect = Mapping[str, Any]
# By verdict a colour and a mark: neither is needed to tell them apart.
LOOKS = {
    "helps": (GREEN, "circle"),
    "hurts": (RED, "diamond"),
    "no effect worth having": (SOFT, "square"),
    "undecided": (SOFT, "circle-open"),
}
ROW, AROUND = 58, 84  # pixels: one question, with its name, its verdict and its bar; and the rest


def effects_picture(answer: Mapping[str, Any]) -> Picture:
    """The seven questions of a study."""
    effects, judgement = answer["effects"], answer["judgement"]
    plain = judgement["plain_loss"]
    return Picture(
        "effects",
        _says(effects, plain, answer["plan"]["draws"]),
        forest(effects, plain),
        effects_table(effects, plain),
    )


def forest(effects: Sequence[Effect], plain: float | None, looks: Mapping[str, tuple[str, str]] = LOOKS) -> go.Figure:
    """Effects below one another: a mark with its interval, the margin as a band around no change.

    **Arguments:**

    - `plain`: the loss of the plain network, in whose shares changes are shown; in units of the loss if there is none.
    - `looks`: by verdict, a colour and a mark.
    """
    unit, scale = (", % of plain", 100 / plain) if plain else ("", 1.0)
    figure = blank(AROUND + ROW * len(effects), showlegend=False, hovermode="closest")
    figure.update_xaxes(title={"text": f"change of the held-out loss{unit}"}, ticksuffix="%" if plain else "")
    figure.update_yaxes(visible=False, range=[-len(effects) + 0.5, 0.95], fixedrange=True)
    margin = next((effect["margin"] for effect in effects if effect["margin"] is not None), 0.0) * scale
    figure.add_vrect(x0=-margin, x1=margin, fillcolor=SHADE, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": SOFT, "width": 1}, layer="below")
    reach = [margin]
    for place, effect in enumerate(effects):
        colour, mark = looks[effect["verdict"]]
        verdict = effect["verdict"] if effect["change"] is not None else f"{effect['verdict']}: a network diverged"
        label = f"<b>{text(effect['name'], 60)}</b><br>{verdict}"
        here = {"x": 0, "xref": "paper", "xanchor": "left", "y": 0.42 - place, "yanchor": "middle", "align": "left"}
        note(figure, label, **here, font_color=INK)
        if effect["change"] is None:
            continue
        change, low, high = (end * scale for end in ends(effect))
        reach += [abs(low), abs(change), abs(high)]
        shared = f"<br>{in_shares(effect, plain)[0]} of the plain network's loss" if plain else ""
        figure.add_trace(
            go.Scatter(
                x=[change],
                y=[-place],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [high - change],
                    "arrayminus": [change - low],
                    "color": colour,
                    "thickness": 2.5,
                    "width": 0,
                },
                mode="markers",
                marker={"color": colour, "symbol": mark, "size": 11, "line": {"color": colour, "width": 2.5}},
                text=[f"{text(effect['name'], 60)}<br>{together(in_loss(effect))}{shared}<br>{effect['verdict']}"],
                hoverinfo="text",
            )
        )
    furthest = 1.08 * max(reach)
    figure.update_xaxes(range=[-furthest, furthest])
    for said, side, where in (("← better", "left", 0), ("worse →", "right", 1)):
        note(figure, said, x=where, xref="paper", xanchor=side, y=1.0, yref="paper", yanchor="bottom", font_color=SOFT)
    return figure


def ends(effect: Effect) -> tuple[float, float, float]:
    """The change, and its interval; where that has no end, nothing of it is drawn."""
    change = effect["change"]
    return (change, *(change if effect[end] is None else effect[end] for end in ("low", "high")))


def effects_table(effects: Sequence[Effect], plain: float | None) -> Table:
    """The numbers of a forest plot."""
    columns = ("what", "change in held-out loss", "interval", "of the plain loss", "verdict")
    rows = []
    for effect in effects:
        if effect["change"] is None:
            rows.append((effect["name"], "a network diverged", "", "", effect["verdict"]))
            continue
        shared = in_shares(effect, plain)[0] if plain else ""
        rows.append((effect["name"], *in_loss(effect), shared, effect["verdict"]))
    return Table(columns, rows)


def _says(effects: Sequence[Effect], plain: float | None, draws: int) -> str:
    *techniques, best = effects
    said = []
    for verdict, words in (
        ("helps", "significantly lower validation loss"),
        ("hurts", "significantly higher validation loss"),
        ("no effect worth having", "no difference worth having"),
    ):
        if names := [effect["name"] for effect in techniques if effect["verdict"] == verdict]:
            said.append(f"{_listed(names)}: {words}")
    undecided = [effect for effect in effects if effect["verdict"] == "undecided"]
    if len(undecided) == len(effects):
        sentences = [f"No question is decided{_why(effects, draws)}."]
    else:
        sentences = [f"{said[0][0].upper()}{'; '.join(said)[1:]}."] if said else []
        are = "is" if len(undecided) == 1 else "are"
        sentences += [f"{len(undecided)} of {len(effects)} questions {are} undecided."] * bool(undecided)
    if best["change"] is not None and plain:
        by = together(in_shares(best, plain))
        sentences.append(f"The best combination changes the plain network's {number(plain)} by {by}.")
    return " ".join(sentences)


def _why(undecided: Sequence[Effect], draws: int) -> str:
    if draws < defaults.FEWEST_DRAWS:
        return f": {counted(draws, 'configuration')} of each combination cannot tell which is better"
    diverged = sum(effect["change"] is None for effect in undecided)
    if diverged == len(undecided):
        return ": in some fold networks diverged"
    unknown = sum(effect["low"] is None for effect in undecided) - diverged
    said = [f"in {diverged} of {len(undecided)} a network diverged"] * bool(diverged)
    said += [f"in {unknown} of {len(undecided)} the interval is unknown"] * bool(unknown)
    if diverged + unknown < len(undecided):
        said.append(f"every {'other ' * bool(said)}interval reaches across zero and out of the margin")
    return f": {', and '.join(said)}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
