"""What every technique changes: a forest plot."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from goru.data.numbers import number
from goru.experiment.defaults import FEWEST_CONFIGURATIONS
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.effect import EffectFound
from goru.language import _, _n, retold
from goru.report.parts import words as wording
from goru.report.parts.estimates import change_with_interval, in_loss, in_shares
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import GREEN, INK, RED, SHADE, SOFT, blank, note, short_name, text

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
    effects = wording.removals(answer)
    needed = [short_name(retold(effect.name)) for effect in effects if effect.verdict == "helps"]
    idle = [short_name(retold(effect.name)) for effect in effects if effect.verdict in ("hurts", "negligible")]
    sentences = [
        _("Without {needed} the best combination does significantly worse.", needed=_listed(needed, _("or")))
    ] * bool(needed)
    sentences += [_("It can do without {idle}.", idle=_listed(idle, _("or")))] * bool(idle)
    inconclusive = sum(effect.verdict == "inconclusive" for effect in effects)
    sentences += _inconclusive(inconclusive, len(effects))
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
    scale = 100 / plain if plain else 1.0
    measure = retold(answer.judgement.measure)
    title = _("change of the {measure}, % of plain") if plain else _("change of the {measure}")
    figure = blank(AROUND + ROW * len(effects), showlegend=False, hovermode="closest")
    figure.update_xaxes(title={"text": title.format(measure=measure)}, ticksuffix="%" if plain else "")
    figure.update_yaxes(visible=False, range=[-len(effects) + 0.5, 0.95], fixedrange=True)
    margin = next((effect.margin for effect in effects if effect.margin is not None), 0.0) * scale
    figure.add_vrect(x0=-margin, x1=margin, fillcolor=SHADE, line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": SOFT, "width": 1}, layer="below")
    reach = [margin]
    for place, effect in enumerate(effects):
        colour, mark = looks[effect.verdict]
        verdict = wording.verdict_in_words(effect, words)
        label = f"<b>{text(retold(effect.name), 60)}</b><br>{verdict}"
        label += f": {wording.failure_reason(answer)}" * (effect.change is None)
        here = {"x": 0, "xref": "paper", "xanchor": "left", "y": 0.42 - place, "yanchor": "middle", "align": "left"}
        note(figure, label, **here, font_color=INK)
        if effect.change is None:
            continue
        change, low, high = (end * scale for end in ends(effect))
        reach += [abs(low), abs(change), abs(high)]
        shared = ""
        if plain:
            share = in_shares(effect, plain)[0]
            shared = "<br>" + _("{share} of the {plain}'s loss", share=share, plain=wording.plain(answer))
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
                text=[
                    f"{text(retold(effect.name), 60)}<br>{change_with_interval(in_loss(effect))}{shared}<br>{verdict}"
                ],
                hoverinfo="text",
            )
        )
    furthest = 1.08 * max(reach)
    figure.update_xaxes(range=[-furthest, furthest])
    for direction, side, where in ((_("← better"), "left", 0), (_("worse →"), "right", 1)):
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
    columns = (
        _("what"),
        _("change in {measure}", measure=retold(answer.judgement.measure)),
        _("interval"),
        _("of the plain loss"),
        _("verdict"),
    )
    rows: list[tuple[str, ...]] = []
    for effect in effects:
        verdict = wording.verdict_in_words(effect, words)
        if effect.change is None:
            rows.append((retold(effect.name), wording.failure_reason(answer), "", "", verdict))
            continue
        shared = in_shares(effect, plain)[0] if plain else ""
        rows.append((retold(effect.name), *in_loss(effect), shared, verdict))
    return Table(columns, rows)


def _says(answer: Answer) -> str:
    effects, plain = answer.effects, answer.judgement.plain_loss
    *techniques, best = effects
    measure = retold(answer.judgement.measure)
    clauses = []
    for verdict, words in (
        ("helps", _("significantly lower {measure}", measure=measure)),
        ("hurts", _("significantly higher {measure}", measure=measure)),
        ("negligible", _("negligible")),
    ):
        if names := [short_name(retold(effect.name)) for effect in techniques if effect.verdict == verdict]:
            clauses.append(f"{_listed(names)}: {words}")
    inconclusive = [effect for effect in effects if effect.verdict == "inconclusive"]
    if len(inconclusive) == len(effects):
        sentences = [_("All questions are inconclusive: {why}.", why=_why(answer, effects))]
    else:
        sentences = [f"{clauses[0][0].upper()}{'; '.join(clauses)[1:]}."] if clauses else []
        sentences += _inconclusive(len(inconclusive), len(effects))
    likely = [
        f"{short_name(retold(effect.name))} {wording.verdict_in_words(effect)}"
        for effect in inconclusive
        if effect.likely
    ]
    sentences += [_("Not certain, but {likely}.", likely="; ".join(likely))] * bool(likely)
    if best.change is not None and plain:
        by = change_with_interval(in_shares(best, plain))
        sentences.append(
            _(
                "The best combination changes the {plain}'s {loss} by {change}.",
                plain=wording.plain(answer),
                loss=number(plain),
                change=by,
            )
        )
    return " ".join(sentences)


def _inconclusive(count: int, questions: int) -> list[str]:
    if not count:
        return []
    said = _n(
        "{n} of {questions} questions is inconclusive.",
        "{n} of {questions} questions are inconclusive.",
        count,
        questions=questions,
    )
    return [said]


def _why(answer: Answer, inconclusive: Sequence[EffectFound]) -> str:
    configurations, tuned = answer.plan.configurations, any(one.values for one in answer.recommended)
    if tuned and configurations < FEWEST_CONFIGURATIONS:
        return _(
            "{configurations} of each combination cannot tell which is better",
            configurations=_n("{n} configuration", "{n} configurations", configurations),
        )
    count, diverged = len(inconclusive), sum(effect.change is None for effect in inconclusive)
    if diverged == count:
        return _("in some fold {reason}", reason=wording.all_failed(answer))
    unknown = sum(effect.low is None for effect in inconclusive) - diverged
    clauses = []
    if diverged:
        reason = wording.failure_reason(answer)
        clauses.append(_("in {some} of {count} {reason}", some=diverged, count=count, reason=reason))
    if unknown:
        clauses.append(_("in {some} of {count} the interval is unknown", some=unknown, count=count))
    if diverged + unknown < count:
        clauses.append(
            _("every other interval includes zero and reaches beyond the margin")
            if clauses
            else _("every interval includes zero and reaches beyond the margin")
        )
    return _(", and ").join(clauses)


def _listed(names: Sequence[str], word: str | None = None) -> str:
    return f" {word or _('and')} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
