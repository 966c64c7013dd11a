"""What every technique changes: a forest plot."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from goru.data.numbers import number
from goru.experiment.defaults import FEWEST_CONFIGURATIONS
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.effect import EffectFound
from goru.report import words as wording
from goru.report.estimates import change_with_interval, in_loss, in_shares
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import GREEN, INK, RED, SHADE, SOFT, blank, note, short_name, text
from goru.wording import counted

# By verdict a colour and a mark: neither is needed to tell them apart.
LOOKS: dict[Verdict, tuple[str, str]] = {
    "helps": (GREEN, "circle"),
    "hurts": (RED, "diamond"),
    "negligible": (SOFT, "square"),
    "inconclusive": (SOFT, "circle-open"),
}
ROW, AROUND = 58, 84  # pixels: one question, with its name, its verdict and its bar; and the rest


def effects_picture(answer: Answer) -> Picture:
    """The questions of a study."""
    return Picture("effects", _says(answer), forest_plot(answer, answer.effects), effects_table(answer, answer.effects))


def removals_picture(answer: Answer) -> Picture:
    """What each technique changes in the best combination, against the same without it."""
    effects = answer.removals
    needed = [short_name(effect.name) for effect in effects if effect.verdict == "helps"]
    idle = [short_name(effect.name) for effect in effects if effect.verdict in ("hurts", "negligible")]
    sentences = [f"Without {_listed(needed, 'or')} the best combination does significantly worse."] * bool(needed)
    sentences += [f"It can do without {_listed(idle, 'or')}."] * bool(idle)
    inconclusive = sum(effect.verdict == "inconclusive" for effect in effects)
    sentences += [f"{inconclusive} of {counted(len(effects), 'question')} {_are(inconclusive)} inconclusive."] * bool(
        inconclusive
    )
    return Picture("removals", " ".join(sentences), forest_plot(answer, effects), effects_table(answer, effects))


def forest_plot(
    answer: Answer,
    effects: Sequence[EffectFound],
    looks: Mapping[Verdict, tuple[str, str]] = LOOKS,
    words: Mapping[Verdict, str] | None = None,
) -> go.Figure:
    """Effects below one another: a mark with its interval, the margin as a band around no change; in shares of the
    plain loss, or in units of the loss if there is none.

    **Arguments:**

    - `looks`: by verdict, a colour and a mark.
    - `words`: for verdicts, if they are to be others.
    """
    plain = answer.judgement.plain_loss
    unit, scale = (", % of plain", 100 / plain) if plain else ("", 1.0)
    figure = blank(AROUND + ROW * len(effects), showlegend=False, hovermode="closest")
    figure.update_xaxes(
        title={"text": f"change of the {answer.judgement.measure}{unit}"}, ticksuffix="%" if plain else ""
    )
    figure.update_yaxes(visible=False, range=[-len(effects) + 0.5, 0.95], fixedrange=True)
    margin = next((effect.margin for effect in effects if effect.margin is not None), 0.0) * scale
    figure.add_vrect(x0=-margin, x1=margin, fillcolor=SHADE, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": SOFT, "width": 1}, layer="below")
    reach = [margin]
    for place, effect in enumerate(effects):
        colour, mark = looks[effect.verdict]
        verdict = wording.verdict_in_words(effect, words)
        label = f"<b>{text(effect.name, 60)}</b><br>{verdict}"
        label += f": {wording.failure_reason(answer)}" * (effect.change is None)
        here = {"x": 0, "xref": "paper", "xanchor": "left", "y": 0.42 - place, "yanchor": "middle", "align": "left"}
        note(figure, label, **here, font_color=INK)
        if effect.change is None:
            continue
        change, low, high = (end * scale for end in ends(effect))
        reach += [abs(low), abs(change), abs(high)]
        shared = f"<br>{in_shares(effect, plain)[0]} of the {wording.plain(answer)}'s loss" if plain else ""
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
                text=[f"{text(effect.name, 60)}<br>{change_with_interval(in_loss(effect))}{shared}<br>{verdict}"],
                hoverinfo="text",
            )
        )
    furthest = 1.08 * max(reach)
    figure.update_xaxes(range=[-furthest, furthest])
    for direction, side, where in (("← better", "left", 0), ("worse →", "right", 1)):
        note(
            figure,
            direction,
            x=where,
            xref="paper",
            xanchor=side,
            y=1.0,
            yref="paper",
            yanchor="bottom",
            font_color=SOFT,
        )
    return figure


def ends(effect: EffectFound) -> tuple[float, float, float]:
    """The change, and its interval; where that has no end, nothing of it is drawn."""
    change = effect.change
    assert change is not None
    return change, change if effect.low is None else effect.low, change if effect.high is None else effect.high


def effects_table(answer: Answer, effects: Sequence[EffectFound], words: Mapping[Verdict, str] | None = None) -> Table:
    """The numbers of a forest plot."""
    plain = answer.judgement.plain_loss
    columns = ("what", f"change in {answer.judgement.measure}", "interval", "of the plain loss", "verdict")
    rows: list[tuple[str, ...]] = []
    for effect in effects:
        verdict = wording.verdict_in_words(effect, words)
        if effect.change is None:
            rows.append((effect.name, wording.failure_reason(answer), "", "", verdict))
            continue
        shared = in_shares(effect, plain)[0] if plain else ""
        rows.append((effect.name, *in_loss(effect), shared, verdict))
    return Table(columns, rows)


def _says(answer: Answer) -> str:
    effects, plain = answer.effects, answer.judgement.plain_loss
    *techniques, best = effects
    clauses = []
    for verdict, words in (
        ("helps", f"significantly lower {answer.judgement.measure}"),
        ("hurts", f"significantly higher {answer.judgement.measure}"),
        ("negligible", "negligible"),
    ):
        if names := [short_name(effect.name) for effect in techniques if effect.verdict == verdict]:
            clauses.append(f"{_listed(names)}: {words}")
    inconclusive = [effect for effect in effects if effect.verdict == "inconclusive"]
    if len(inconclusive) == len(effects):
        sentences = [f"All questions are inconclusive{_why(answer, effects)}."]
    else:
        sentences = [f"{clauses[0][0].upper()}{'; '.join(clauses)[1:]}."] if clauses else []
        are = _are(len(inconclusive))
        sentences += [f"{len(inconclusive)} of {len(effects)} questions {are} inconclusive."] * bool(inconclusive)
    likely = [
        f"{short_name(effect.name)} {wording.verdict_in_words(effect)}" for effect in inconclusive if effect.likely
    ]
    sentences += [f"Not certain, but {'; '.join(likely)}."] * bool(likely)
    if best.change is not None and plain:
        by = change_with_interval(in_shares(best, plain))
        sentences.append(f"The best combination changes the {wording.plain(answer)}'s {number(plain)} by {by}.")
    return " ".join(sentences)


def _why(answer: Answer, inconclusive: Sequence[EffectFound]) -> str:
    configurations, tuned = answer.plan.configurations, any(one.values for one in answer.recommended)
    if tuned and configurations < FEWEST_CONFIGURATIONS:
        return f": {counted(configurations, 'configuration')} of each combination cannot tell which is better"
    diverged = sum(effect.change is None for effect in inconclusive)
    if diverged == len(inconclusive):
        return f": in some fold {wording.all_failed(answer)}"
    unknown = sum(effect.low is None for effect in inconclusive) - diverged
    clauses = [f"in {diverged} of {len(inconclusive)} {wording.failure_reason(answer)}"] * bool(diverged)
    clauses += [f"in {unknown} of {len(inconclusive)} the interval is unknown"] * bool(unknown)
    if diverged + unknown < len(inconclusive):
        clauses.append(f"every {'other ' * bool(clauses)}interval includes zero and reaches beyond the margin")
    return f": {', and '.join(clauses)}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _listed(names: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
