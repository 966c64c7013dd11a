"""Several runs in one picture."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from goru.data.numbers import number
from goru.experiment.effects.comparison import CONSTANTS
from goru.language import _, _n, retold
from goru.report.parts import words as wording
from goru.report.parts.estimates import change_with_interval, in_shares
from goru.report.parts.final_scores import final_scores, main_figure, plain_beside
from goru.report.pictures.effects import LOOKS, ends
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import DASHES, INK, SERIES, SHADE, SOFT, blank, note, short_name, text
from goru.report.pictures.test_rows import beside

if TYPE_CHECKING:
    from goru.studies.runs.run import RunFolder

Runs = Mapping[str, "RunFolder"]
LINE, ABOVE, AROUND = 18, 30, 100  # pixels: a run's, a question's, and the rest


def verdicts(runs: Runs) -> dict[str, list[str]]:
    """By question, what each run says; nothing where it has not asked."""
    questions = dict.fromkeys(effect.name for run in runs.values() for effect in run.answer.effects)
    answered = [{effect.name: effect.verdict for effect in run.answer.effects} for run in runs.values()]
    return {question: [str(of.get(question, "")) for of in answered] for question in questions}


def compared_effects_picture(runs: Runs) -> Picture:
    """Every question, a bar a run; changes in shares of each run's own plain network's loss."""
    questions = list(verdicts(runs))
    height = LINE * len(runs) + ABOVE
    figure = blank(AROUND + height * len(questions) + 20 * len(runs), hovermode="closest")
    measures = {retold(run.answer.judgement.measure) for run in runs.values()}
    judge = measures.pop() if len(measures) == 1 else _("what judges")
    figure.update_xaxes(title={"text": _("change of the {measure}, % of plain", measure=judge)}, ticksuffix="%")
    figure.update_yaxes(visible=False, range=[-height * len(questions), 8], fixedrange=True)
    figure.add_vline(x=0, line={"color": SOFT, "width": 1}, layer="below")
    reach, named = [1.0], set()
    rows: list[tuple[str, ...]] = []
    for place, question in enumerate(questions):
        top = -height * place
        note(
            figure,
            f"<b>{text(retold(question), 60)}</b>",
            x=0,
            xref="paper",
            xanchor="left",
            y=top - 12,
            font_color=INK,
        )
        for index, (name, run) in enumerate(runs.items()):
            effect = next((answered for answered in run.answer.effects if answered.name == question), None)
            if effect is None:
                continue
            plain, colour = run.answer.judgement.plain_loss, SERIES[index % len(SERIES)]
            if effect.change is None or not plain:
                why = wording.failure_reason(run.answer) if effect.change is None else _("no share of a loss of zero")
                rows.append((retold(question), name, why, "", wording.verdict_in_words(effect)))
                here = {"x": 0, "xref": "paper", "xanchor": "left", "y": top - ABOVE - LINE * index}
                note(figure, why, **here, font={"size": 11, "color": colour})
                continue
            change, low, high = (100 * end / plain for end in ends(effect))
            reach += [abs(low), abs(high)]
            spelt = in_shares(effect, plain)
            rows.append((retold(question), name, *spelt, wording.verdict_in_words(effect)))
            figure.add_trace(
                go.Scatter(
                    x=[change],
                    y=[top - ABOVE - LINE * index],
                    error_x={
                        "type": "data",
                        "symmetric": False,
                        "array": [high - change],
                        "arrayminus": [change - low],
                        "color": colour,
                        "thickness": 2,
                        "width": 0,
                    },
                    mode="markers",
                    marker={
                        "color": colour,
                        "symbol": LOOKS[effect.verdict][1],
                        "size": 9,
                        "line": {"color": colour, "width": 2},
                    },
                    name=text(name),
                    legendgroup=name,
                    showlegend=name not in named,
                    text=[f"{text(name)}: {change_with_interval(spelt)}<br>{wording.verdict_in_words(effect)}"],
                    hoverinfo="text",
                )
            )
            named.add(name)
    furthest = 1.08 * max(reach)
    figure.update_xaxes(range=[-furthest, furthest])
    first = next(iter(runs.values())).answer.judgement.margin_share * 100
    figure.add_vrect(x0=-first, x1=first, fillcolor=SHADE, line_width=0, layer="below")
    return Picture(
        "effects", _says(runs), figure, Table((_("question"), _("run"), _("change"), _("interval"), _("verdict")), rows)
    )


def _says(runs: Runs) -> str:
    verdicts_on = verdicts(runs)
    sentences = []
    for word, said in (("helps", _helped), ("hurts", _hurt)):
        everywhere = [short_name(retold(name)) for name, words in verdicts_on.items() if set(words) == {word}]
        if everywhere:
            sentences.append(said(everywhere))
    against = [short_name(retold(name)) for name, words in verdicts_on.items() if {"helps", "hurts"} <= set(words)]
    if against:
        sentences.append(_("The runs contradict each other on {against}.", against=", ".join(against)))
    inconclusive = sum(words.count("inconclusive") for words in verdicts_on.values())
    answers = sum(word != "" for words in verdicts_on.values() for word in words)
    sentences.append(
        _("{inconclusive} of {answers} answers are inconclusive.", inconclusive=inconclusive, answers=answers)
    )
    return " ".join(
        [*sentences, _("Marks: filled circle helps, diamond hurts, square no effect, open circle inconclusive.")]
    )


def _helped(names: Sequence[str]) -> str:
    return _n("In every run {names} helps.", "In every run {names} help.", len(names), names=", ".join(names))


def _hurt(names: Sequence[str]) -> str:
    return _n("In every run {names} hurts.", "In every run {names} hurt.", len(names), names=", ".join(names))


def compared_curves_picture(runs: Runs) -> Picture:
    """The validation loss of every run's recommendation, in shares of its plain network's."""
    figure = blank(380 + 20 * len(runs), hovermode="x unified")
    figure.update_xaxes(title={"text": _("epoch")})
    figure.update_yaxes(title={"text": _("validation loss, % of plain")}, ticksuffix="%")
    rows, low = [], []
    for index, (name, run) in enumerate(runs.items()):
        curves = run.evidence.curves
        recommended, plain = curves.recommended, curves.plain.overfitting.best  # which are of one loss, whatever judges
        means = recommended.curves.validation.loss.mean
        best = min((value for value in means if value is not None), default=None)
        rows.append((name, retold(recommended.arm), number(best), number(plain), f"{recommended.stops}"))
        if not plain:
            continue
        shares = [None if value is None else 100 * value / plain for value in means]
        low += [value for value in shares if value is not None]
        figure.add_trace(
            go.Scatter(
                x=list(curves.epochs),
                y=shares,
                mode="lines",
                name=text(name),
                line={"color": SERIES[index % len(SERIES)], "dash": DASHES[index // len(SERIES)], "width": 2},
                hovertemplate="%{y:.4g}",
            )
        )
    if low:
        figure.update_yaxes(range=[0, min(max(low), 2.5 * sorted(low)[len(low) // 2]) * 1.05])
    caption = _(
        "The validation loss of the recommended configuration of every run, as a share of "
        "what its plain network reaches (100%). The curves have no intervals: which run's is "
        "lower, they do not show for sure."
    )
    columns = (_("run"), _("recommended"), _("lowest validation loss"), _("plain network's"), _("stops after epoch"))
    return Picture("curves", caption, figure, Table(columns, rows))


def compared_test_picture(runs: Runs) -> Picture | None:
    """The final model on each run's test rows, as a share of the constant baseline's loss; nothing without those."""
    rows, places = [], []
    for name, run in runs.items():
        answer = run.answer
        if not answer.test:
            continue
        figure_name = main_figure(answer)
        constant = answer.test[0].figures[figure_name]
        over, plain = final_scores(answer), plain_beside(answer)
        values = {} if plain is None else {"plain": plain.figures[figure_name]}
        values["final model"] = over.figures[figure_name]
        values |= {
            scores.arm: scores.figures[figure_name]
            for scores in answer.test
            if not scores.networks and scores.arm not in CONSTANTS
        }
        rows += [(name, retold(figure_name), retold(model), number(value)) for model, value in values.items()]
        if constant:
            places.append((name, {model: value / constant for model, value in values.items() if value is not None}))
    if not rows:
        return None
    looks = {"plain": (SERIES[1], "diamond"), "final model": (SERIES[0], "circle")}
    figure = blank(130 + 34 * len(places), hovermode="closest")
    figure.update_xaxes(title={"text": _("loss or error, % of a constant's")}, ticksuffix="%", rangemode="tozero")
    figure.update_yaxes(
        tickvals=[-place for place in range(len(places))],
        ticktext=[text(name, 18) for name, _ in places],
        range=[-len(places) + 0.4, 0.6],
        fixedrange=True,
    )
    models = list(dict.fromkeys(model for _, values in places for model in values))
    for model in models:
        colour, mark = looks.get(model, (SOFT, "square-open" if "boosted" in model else "triangle-up-open"))
        values_of_model = [(place, values[model]) for place, (_, values) in enumerate(places) if model in values]
        figure.add_trace(
            go.Scatter(
                x=[100 * value for _, value in values_of_model],
                y=[-place for place, _ in values_of_model],
                mode="markers",
                cliponaxis=False,
                marker={
                    "color": colour,
                    "symbol": mark,
                    "size": 11,
                    "opacity": 1,
                    "line": {"color": colour, "width": 2},
                },
                name=text(retold(model)),
                text=[text(places[place][0]) for place, _ in values_of_model],
                hovertemplate=f"%{{text}}: {text(retold(model))}<br>"
                + _("{share} of a constant's", share="%{x:.3g}")
                + "<extra></extra>",
            )
        )
    caption = " ".join([*_against_plain(runs), _("The constant baseline predicts the class shares, or the mean.")])
    return Picture("test", caption, figure, Table((_("run"), _("figure"), _("model"), _("value")), rows))


def _against_plain(runs: Runs) -> list[str]:
    """In how many runs the final model is better than the plain networks, beyond the interval."""
    known = [plain for run in runs.values() if (plain := run.answer.plain_against_networks) is not None]
    comparisons = [beside(plain) for plain in known]
    if not comparisons:
        return []
    better, worse = comparisons.count("higher"), comparisons.count("lower")  # the plain networks' loss is
    return [
        _(
            "The final model has a significantly lower test loss than the plain networks of its kind in {better} of "
            "{runs}, a significantly higher one in {worse}.",
            better=better,
            runs=_n("{n} run", "{n} runs", len(comparisons)),
            worse=worse,
        )
    ]
