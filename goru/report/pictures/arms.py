"""All twelve combinations beside one another: batch norm before against after, and what techniques do together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import UNKNOWN, number, numbers
from goru.data.wording import counted
from goru.report.estimates import in_loss, in_shares
from goru.report.pictures.effects import effects_table, forest
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import BLUE, GREEN, LINE, ORANGE, SOFT, blank, text

# By where batch norm stands: words, colour, mark.
PLACES = {
    None: ("no batch norm", SOFT, "circle-open"),
    "before": ("batch norm before the activation", BLUE, "circle"),
    "after": ("batch norm after the activation", GREEN, "diamond"),
}
TOGETHER = {
    "helps": "more together than apart",
    "hurts": "each makes the other less necessary",
    "no effect worth having": "they add up",
    "undecided": "undecided",
}
LOOKS = {
    TOGETHER["helps"]: (GREEN, "circle"),
    TOGETHER["hurts"]: (ORANGE, "diamond"),
    TOGETHER["no effect worth having"]: (SOFT, "square"),
    TOGETHER["undecided"]: (SOFT, "circle-open"),
}


def arms_picture(answer: Mapping[str, Any], evidence: Mapping[str, Any]) -> Picture:
    """The held-out loss of every arm: a row for what else is on, a mark for where batch norm stands."""
    arms = evidence["arms"]
    return Picture("arms", _says(answer, arms), _figure(arms), _table(arms))


def interactions_picture(answer: Mapping[str, Any], evidence: Mapping[str, Any]) -> Picture:
    """What two techniques change together, less what each changes alone."""
    plain = answer["judgement"]["plain_loss"]
    effects = [pair | {"verdict": TOGETHER[pair["verdict"]]} for pair in evidence["interactions"]]
    figure = forest(effects, plain, LOOKS)
    figure.update_xaxes(title={"text": "together, less each alone" + ", % of plain" * bool(plain)})
    figure.layout.annotations[-2].text, figure.layout.annotations[-1].text = "← more together", "less together →"
    return Picture("interactions", _says_together(effects), figure, effects_table(effects, plain))


def _row(arm: Mapping[str, Any]) -> str:
    words = ["dropout"] * arm["dropout"] + ["weight decay"] * arm["weight_decay"]
    return " + ".join(words) or "neither"


def _figure(arms: Sequence[Mapping[str, Any]]) -> go.Figure:
    rows = list(dict.fromkeys(_row(arm) for arm in arms))
    figure = blank(110 + 74 * len(rows), hovermode="closest")
    figure.update_xaxes(title={"text": "held-out loss (bars: all folds)"})
    figure.update_yaxes(
        tickvals=[-place for place in range(len(rows))],
        ticktext=[row.replace(" + ", "<br>+ ") for row in rows],
        range=[-len(rows) + 0.5, 0.5],
        gridcolor=LINE,
        fixedrange=True,
    )
    for shift, (place, (words, colour, mark)) in zip((0.2, 0.0, -0.2), PLACES.items(), strict=True):
        own = [arm for arm in arms if arm["batch_norm"] == place and None not in arm["losses"]]
        means = [float(np.mean(arm["losses"])) for arm in own]
        figure.add_trace(
            go.Scatter(
                x=means,
                y=[shift - rows.index(_row(arm)) for arm in own],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [max(arm["losses"]) - mean for arm, mean in zip(own, means, strict=True)],
                    "arrayminus": [mean - min(arm["losses"]) for arm, mean in zip(own, means, strict=True)],
                    "color": colour,
                    "thickness": 1.2,
                    "width": 0,
                },
                mode="markers",
                marker={"color": colour, "symbol": mark, "size": 11, "line": {"color": colour, "width": 2}},
                name=words,
                text=[text(arm["arm"], 60) for arm in own],
                hovertemplate="%{text}<br>held-out loss %{x:.4g}<extra></extra>",
            )
        )
    return figure


def _says(answer: Mapping[str, Any], arms: Sequence[Mapping[str, Any]]) -> str:
    contrast = next(effect for effect in answer["effects"] if effect["name"] == "batch norm after instead of before")
    plain = answer["judgement"]["plain_loss"]
    if contrast["change"] is None:
        said = "Batch norm before and after cannot be compared: in some fold a network diverged."
    else:
        by = ", ".join(in_shares(contrast, plain) if plain else in_loss(contrast)).replace(UNKNOWN, "interval unknown")
        said = {
            "helps": f"Alone, batch norm does better after the activation than before it ({by}).",
            "hurts": f"Alone, batch norm does better before the activation than after it ({by}).",
            "no effect worth having": f"Alone, it does not matter where batch norm stands ({by}).",
            "undecided": "Alone, whether batch norm is better before or after stays undecided (after instead of "
            f"before: {by}).",
        }[contrast["verdict"]]
    means = {arm["arm"]: float(np.mean(arm["losses"])) for arm in arms if None not in arm["losses"]}
    wins = [
        means[arm["arm"]] > means[other["arm"]]
        for arm in arms
        for other in arms
        if arm["batch_norm"] == "before"
        and other["batch_norm"] == "after"
        and _row(arm) == _row(other)
        and arm["arm"] in means
        and other["arm"] in means
    ]
    if wins:
        said += f" By the means alone, after is better in {sum(wins)} of {counted(len(wins), 'pair')}."
    if means:
        best = min(means, key=lambda name: means[name])
        said += f" Of {counted(len(means), 'combination')} {best} has the lowest mean, {number(means[best])}; how sure "
        said += "that is, the interval of the best of all combinations says."
    return said


def _says_together(effects: Sequence[Mapping[str, Any]]) -> str:
    said = []
    for words in (TOGETHER["helps"], TOGETHER["hurts"], TOGETHER["no effect worth having"]):
        names = [effect["name"] for effect in effects if effect["verdict"] == words]
        if names:
            listed = "; ".join(names)
            said.append(f"{listed[0].upper()}{listed[1:]}: {words}.")
    undecided = sum(effect["verdict"] == TOGETHER["undecided"] for effect in effects)
    if undecided == len(effects):
        said.append("Whether techniques do more together than apart stays undecided for every pair.")
    elif undecided:
        said.append(f"{undecided} of {len(effects)} pairs stay undecided.")
    known = [effect["change"] for effect in effects if effect["change"] is not None]
    above = sum(change > 0 for change in known)
    if known:
        said.append(
            f"Right of zero, where {above} of {counted(len(known), 'mark')} lie, two techniques together would bring "
            "less than the sum of both, one taking over what the other does; an interval that holds zero leaves that "
            "open."
        )
    return " ".join(said)


def _table(arms: Sequence[Mapping[str, Any]]) -> Table:
    rows = []
    for arm in arms:
        if None in arm["losses"]:
            rows.append((arm["arm"], "a network diverged", "", ""))
        else:
            found = (float(np.mean(arm["losses"])), min(arm["losses"]), max(arm["losses"]))
            rows.append((arm["arm"], *numbers(found)))
    return Table(("combination", "mean held-out loss", "lowest fold", "highest fold"), rows)
