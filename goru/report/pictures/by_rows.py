"""The validation loss over the number of training rows: whether more of them are likely to help."""

import plotly.graph_objects as go

from goru.data.numbers import estimate, number, numbers, percents
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import ArmByRows, Evidence
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import PLAIN, RECOMMENDED, blank, short_name, text

HEIGHT = 360
INTRO = (
    "The recommended configuration and the plain network, trained in every fold on a quarter, on half and on all "
    "training rows, with as many steps each; the epoch that counts in a fold is the one that is best in the others. "
    "Hyperparameters are those found on all rows. Bars are 95% intervals, each of its own."
)


def by_rows_picture(answer: Answer, evidence: Evidence) -> Picture | None:
    """Nothing where no network was trained on fewer rows."""
    by_rows = evidence.by_rows
    if by_rows is None:
        return None
    arms = [(by_rows.recommended, RECOMMENDED, "circle", "solid")]
    if by_rows.plain.arm != by_rows.recommended.arm:
        arms.append((by_rows.plain, PLAIN, "diamond", "dash"))
    figure = blank(HEIGHT, hovermode="closest")
    figure.update_xaxes(
        title={"text": "training rows in a fold"},
        type="log",
        tickvals=list(by_rows.rows),
        ticktext=[f"{rows:,}" for rows in by_rows.rows],
    )
    figure.update_yaxes(title={"text": answer.judgement.measure})
    for arm, colour, mark, dash in arms:
        figure.add_trace(
            go.Scatter(
                x=list(by_rows.rows),
                y=list(arm.loss),
                mode="lines+markers",
                name=text(arm.arm),
                line={"color": colour, "width": 2, "dash": dash},
                marker={"color": colour, "symbol": mark, "size": 10},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [_apart(high, loss) for loss, high in zip(arm.loss, arm.high, strict=True)],
                    "arrayminus": [_apart(loss, low) for loss, low in zip(arm.loss, arm.low, strict=True)],
                    "color": colour,
                    "thickness": 1.2,
                    "width": 0,
                },
                hovertemplate=f"{text(arm.arm, 60)}<br>%{{x:,}} rows: %{{y:.4g}}<extra></extra>",
            )
        )
    table = Table(
        ("training rows", *(f"{arm.arm}: {answer.judgement.measure} (95% CI)" for arm, *_ in arms)),
        [(f"{rows:,}", *(_cell(arm, place) for arm, *_ in arms)) for place, rows in enumerate(by_rows.rows)],
    )
    return Picture("by-rows", more_rows(answer, evidence), figure, table)


def more_rows(answer: Answer, evidence: Evidence) -> str:
    """Whether more rows are likely to help, by what the last doubling has brought."""
    assert evidence.by_rows is not None
    arm, rows = evidence.by_rows.recommended, evidence.by_rows.rows
    half, name = arm.loss[-2], short_name(arm.arm)
    change, low, high = arm.change, arm.change_low, arm.change_high
    if half is None or change is None or low is None or high is None or half <= 0:
        return "Whether more rows would help cannot be told."
    by, interval = estimate([change / half, low / half, high / half], percents)
    measure, margin = answer.judgement.measure, answer.judgement.margin_share
    step = f"From {rows[-2]:,} to {rows[-1]:,} training rows the {measure} of {name} changes by {by} ({interval})"
    if high < 0:
        return f"{step}: more rows are likely to help."
    if low > 0:
        return f"{step}: it rises, so more rows like these are unlikely to help."
    if max(-low, high) / half <= margin:
        return f"{step}: it no longer falls."
    return f"{step}: whether more rows would help is inconclusive."


def _apart(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else high - low


def _cell(arm: ArmByRows, place: int) -> str:
    loss, low, high = arm.loss[place], arm.low[place], arm.high[place]
    if loss is None or low is None or high is None:
        return number(loss)
    loss_words, low_words, high_words = numbers([loss, low, high])
    return f"{loss_words} ({low_words} to {high_words})"
