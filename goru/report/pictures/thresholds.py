"""Two classes: precision and recall, and what comes of a threshold."""

import plotly.graph_objects as go

from goru.experiment.findings.evidence import ClassPredictions
from goru.language import _, retold
from goru.report.pictures.classes import COLOURS
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import GREEN, SHORT, SOFT, blank, short_name, text


def precision_recall_picture(predictions: ClassPredictions) -> Picture | None:
    """A curve a model, for the second class; nothing of more classes, or where the rows are all of one."""
    curves = predictions.precision_recall
    if not curves:
        return None
    figure = blank(480, hovermode="closest", margin={"l": 8, "r": 24, "t": 30, "b": 8})
    share = sum(predictions.confusion[1]) / predictions.rows
    figure.add_hline(y=share, line={"color": SOFT, "width": 1, "dash": "dash"}, layer="below")
    for index, curve in enumerate(curves):
        known = curve.name in COLOURS
        figure.add_trace(
            go.Scatter(
                x=curve.recall,
                y=curve.precision,
                mode="lines",
                line={
                    "color": COLOURS.get(curve.name, (SOFT, GREEN)[index % 2]),
                    "dash": "solid" if known else "dot",
                    "width": 2,
                },
                name=f"{text(retold(curve.name))}, {curve.area:.3f}",
                hovertemplate=_(
                    "{model}<br>recall {recall}, precision {precision}",
                    model=text(retold(curve.name)),
                    recall="%{x:.1%}",
                    precision="%{y:.1%}",
                )
                + "<extra></extra>",
            )
        )
    label = short_name(predictions.classes[1], SHORT)
    figure.update_xaxes(title={"text": _("recall")}, tickformat=".0%", range=[-0.01, 1.01])
    figure.update_yaxes(title={"text": _("precision")}, tickformat=".0%", range=[0, 1.01])
    best = max(curves, key=lambda curve: curve.area)
    says = _(
        "Precision over recall of class '{label}', which {share:.1%} of the rows are of "
        "(dashed). Highest average precision: {name}, {area:.3f}.",
        label=label,
        share=share,
        name=retold(best.name),
        area=best.area,
    )
    rows = [(retold(curve.name), f"{curve.area:.3f}") for curve in curves]
    return Picture("precision-recall", says, figure, Table((_("model"), _("average precision")), rows))


def thresholds_title(predictions: ClassPredictions) -> str:
    """What the table is of."""
    return _("Decision thresholds for '{label}'", label=short_name(predictions.classes[1], SHORT))


def thresholds_table(predictions: ClassPredictions) -> Table:
    """Of the final model; the highest F1 is marked."""
    highest = max(one.f1 for one in predictions.thresholds)
    rows = [
        (
            f"{one.probability:.3g}",
            f"{one.taken:,}",
            "-" if one.precision is None else f"{one.precision:.3f}",
            f"{one.recall:.3f}",
            f"{one.f1:.3f}" + _(" (highest)") * (one.f1 == highest),
            f"{one.accuracy:.3f}",
        )
        for one in predictions.thresholds
    ]
    return Table((_("threshold"), _("predicted rows"), _("precision"), _("recall"), _("F1"), _("accuracy")), rows)
