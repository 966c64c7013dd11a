"""The validation loss over the number of training rows: whether more of them are likely to help."""

import plotly.graph_objects as go

from goru.data.numbers import number, numbers, percents
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import ArmByRows, Evidence
from goru.language import _, kept, retold
from goru.report.parts.estimates import retold_estimate
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import PLAIN, RECOMMENDED, blank, short_name, text

HEIGHT = 360
INTRO = kept(
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
        title={"text": _("training rows in a fold")},
        type="log",
        tickvals=list(by_rows.rows),
        ticktext=[f"{rows:,}" for rows in by_rows.rows],
    )
    figure.update_yaxes(title={"text": retold(answer.judgement.measure)})
    for arm, colour, mark, dash in arms:
        figure.add_trace(
            go.Scatter(
                x=list(by_rows.rows),
                y=list(arm.loss),
                mode="lines+markers",
                name=text(retold(arm.arm)),
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
                hovertemplate=f"{text(retold(arm.arm), 60)}<br>"
                + _("{rows} rows: {loss}", rows="%{x:,}", loss="%{y:.4g}")
                + "<extra></extra>",
            )
        )
    table = Table(
        (
            _("training rows"),
            *(
                _("{combination}: {measure} (95% CI)", combination=name, measure=retold(answer.judgement.measure))
                for name in (retold(arm.arm) for arm, *_look in arms)
            ),
        ),
        [(f"{rows:,}", *(_cell(arm, place) for arm, *_look in arms)) for place, rows in enumerate(by_rows.rows)],
    )
    return Picture("by-rows", more_rows(answer, evidence), figure, table)


def more_rows(answer: Answer, evidence: Evidence) -> str:
    """Whether more rows are likely to help, by what the last doubling has brought."""
    assert evidence.by_rows is not None
    arm, rows = evidence.by_rows.recommended, evidence.by_rows.rows
    half = arm.loss[-2]
    change, low, high = arm.change, arm.change_low, arm.change_high
    if half is None or change is None or low is None or high is None or half <= 0:
        return _("Whether more rows would help cannot be told.")
    by, interval = retold_estimate([change / half, low / half, high / half], percents)
    step = _(
        "From {half:,} to {all:,} training rows the {measure} of {combination} changes by {change} ({interval})",
        half=rows[-2],
        all=rows[-1],
        measure=retold(answer.judgement.measure),
        combination=short_name(retold(arm.arm)),
        change=by,
        interval=interval,
    )
    if high < 0:
        return _("{step}: more rows are likely to help.", step=step)
    if low > 0:
        return _("{step}: it rises, so more rows like these are unlikely to help.", step=step)
    if max(-low, high) / half <= answer.judgement.margin_share:
        return _("{step}: it no longer falls.", step=step)
    return _("{step}: whether more rows would help is inconclusive.", step=step)


def _apart(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else high - low


def _cell(arm: ArmByRows, place: int) -> str:
    loss, low, high = arm.loss[place], arm.low[place], arm.high[place]
    if loss is None or low is None or high is None:
        return number(loss)
    loss_words, low_words, high_words = numbers([loss, low, high])
    return f"{loss_words} ({_('{low} to {high}', low=low_words, high=high_words)})"
