"""How the activations of every hidden layer are spread: before training, half way, and at the end."""

from collections.abc import Sequence

import plotly.graph_objects as go

from goru.experiment.findings.evidence import Activations, Evidence, Stage
from goru.language import _, retold
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import FAINT, PLAIN, RECOMMENDED, axis_name, blank, note

COLOURS = {"plain": PLAIN, "recommended": RECOMMENDED}
ROW, GAP_X, GAP_Y = 150, 0.04, 44  # pixels, a share, pixels
MANY_DEAD = 0.05
EVEN = 1.5  # standard deviations of layers that differ by no more than this factor are about even


def activations_picture(evidence: Evidence) -> Picture | None:
    """A panel a layer and stage, both networks in it; nothing where a network diverged."""
    activations = evidence.activations
    if activations is None:
        return None
    return Picture("activations", _says(activations), _figure(activations), _table(activations))


def _stages(activations: Activations) -> list[str]:
    count = max(len(stages) for stages in activations.networks.values())
    return [_("start"), _("half way"), _("end")] if count == 3 else [_("start"), _("end")][:count]


def _stage(stages: Sequence[Stage], place: int, count: int) -> Stage:
    """A network that is trained for one epoch has no half way: it is what it was before."""
    return stages[place] if len(stages) == count else stages[0 if place < count - 1 else -1]


def _figure(activations: Activations) -> go.Figure:
    titles, layers = _stages(activations), activations.layers
    height = (ROW + GAP_Y) * len(layers) + 70
    figure = blank(height, hovermode="closest", margin={"l": 8, "r": 8, "t": 52, "b": 8})
    figure.update_layout(legend={"y": 1 + 26 / height})
    gap = GAP_Y / height
    row, column = (1 + gap) / len(layers) - gap, (1 + GAP_X) / len(titles) - GAP_X
    for across, title in enumerate(titles):
        left = across * (column + GAP_X)
        for down, layer in enumerate(layers):
            top = 1 - down * (row + gap)
            index = down * len(titles) + across
            x, y = (axis_name(index, letter) for letter in "xy")
            edges = activations.edges[down]
            figure.update_layout(
                {
                    f"xaxis{index + 1}": {
                        "domain": [left, left + column],
                        "anchor": y,
                        "range": [edges[0], edges[-1]],
                        "nticks": 4,
                        "showgrid": False,
                    },
                    f"yaxis{index + 1}": {
                        "domain": [max(top - row, 0), top],
                        "anchor": x,
                        "rangemode": "tozero",
                        "showticklabels": False,
                        "showgrid": False,
                    },
                }
            )
            note(
                figure,
                "<b>{layer}</b>, {title}".format(layer=_("layer {number}", number=layer), title=title)
                if across == 0
                else title,
                x=left,
                xref="paper",
                y=top,
                yref="paper",
                xanchor="left",
                yanchor="bottom",
                font_size=11,
            )
            for place, (name, stages) in enumerate(activations.networks.items()):
                stage = _stage(stages, across, len(titles))
                _panel(figure, stage, down, edges, name, place, f"{x} domain", f"{y} domain", index == 0)
    return figure


def _panel(
    figure: go.Figure,
    stage: Stage,
    down: int,
    edges: Sequence[float],
    name: str,
    place: int,
    x: str,
    y: str,
    legend: bool,
) -> None:
    activations, colour = stage.layers[down], COLOURS[name]
    shares = activations.shares or (None,) * (len(edges) - 1)
    figure.add_trace(
        go.Scatter(
            x=list(edges),
            y=[*shares, shares[-1]],
            xaxis=x.split()[0],
            yaxis=y.split()[0],
            mode="lines",
            line={"shape": "hv", "color": colour, "width": 1.5},
            fill="tozeroy",
            fillcolor=colour + FAINT,
            name=retold(name),
            legendgroup=name,
            showlegend=legend,
            hovertemplate=_(
                "{network}, epoch {epoch}<br>{share} from {value} on",
                network=retold(name),
                epoch=stage.epoch,
                share="%{y:.1%}",
                value="%{x:.3g}",
            )
            + "<extra></extra>",
        )
    )
    note(
        figure,
        _("diverged")
        if activations.shares is None
        else f"σ {activations.std:.2g}" + _(", {share:.0%} zero", share=activations.zero) * bool(activations.zero),
        x=1,
        xref=x,
        y=1 - 0.13 * place,
        yref=y,
        xanchor="right",
        yanchor="top",
        font={"size": 10, "color": colour},
    )


def _says(activations: Activations) -> str:
    networks = activations.networks
    sentences = []
    for name, stages in networks.items():
        last = stages[-1].layers
        if any(layer.shares is None for layer in last):
            sentences.append(_("The {name} network has diverged.", name=retold(name)))
            continue
        spreads = [layer.std or 0.0 for layer in last]
        low, high = (f"{end(spreads):.2g}" for end in (min, max))
        reach = low if low == high else _("{low} to {high}", low=low, high=high)
        if len(spreads) == 1:
            how = _("spread by {deviation}", deviation=reach)
        elif max(spreads) <= EVEN * min(spreads):
            how = _("about evenly spread over the layers (standard deviation {deviation})", deviation=reach)
        else:
            how = _("unevenly spread over the layers (standard deviation {deviation})", deviation=reach)
        given = {"epoch": stages[-1].epoch, "name": retold(name), "how": how}
        dead = max(layer.dead or 0.0 for layer in last)
        sentences.append(
            _("At the end (epoch {epoch}) the {name} network's activations are {how}.", **given)
            if dead <= MANY_DEAD
            else _(
                "At the end (epoch {epoch}) the {name} network's activations are {how}; up to {share:.0%} of a layer's "
                "units are dead (constant).",
                **given,
                share=dead,
            )
        )
    return " ".join(
        [
            *sentences,
            _("Zeros are left out of the areas and counted beside them; {rows:,} rows.", rows=activations.rows),
        ]
    )


def _table(activations: Activations) -> Table:
    rows = []
    for name, stages in activations.networks.items():
        for stage in stages:
            for layer, of_layer in zip(activations.layers, stage.layers, strict=True):
                numbers = [_("diverged")] * 4
                if of_layer.shares is not None:
                    numbers = [
                        f"{of_layer.mean:.3f}",
                        f"{of_layer.std:.3f}",
                        f"{of_layer.zero:.0%}",
                        f"{of_layer.dead:.0%}",
                    ]
                rows.append((retold(name), f"{stage.epoch}", f"{layer}", *numbers))
    return Table(
        (_("network"), _("epoch"), _("layer"), _("mean"), _("standard deviation"), _("zero"), _("dead units")), rows
    )
