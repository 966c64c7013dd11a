"""Learning curves in words and in numbers."""

from collections.abc import Sequence

import numpy as np

from goru.claims.claim import ClaimOutcome, Setup
from goru.claims.pictures.lines import ClaimLine, DrawnLines, Figure, Rows, column_in_words
from goru.claims.pictures.panels import Panel, measure, setting_in_words, spelt
from goru.language import _, _n, kept, retold
from goru.report.pictures.picture import Table

ROWS: dict[Rows, str] = {"test": kept("test rows"), "training": kept("training rows")}
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the epochs, in the table


def curves_in_words(outcome: ClaimOutcome, found: DrawnLines, panels: Sequence[Panel]) -> str:
    """What there is to see."""
    setup, figures = outcome.setup, list(dict.fromkeys(panel.figure for panel in panels))
    measures = _(" and ").join(measure(figure, setup) for figure in figures)
    said = [
        _(
            "{measures} by epoch, on average over the seeds; bands go from the lowest seed to the highest, on test "
            "rows.",
            measures=f"{measures[0].upper()}{measures[1:]}",
        ),
        _ends(panels, setup),
    ]
    if found.chosen_by:
        *others, last = map(column_in_words, found.chosen_by)
        said.append(
            _(
                "Of several that differ in {what} alone, that with the lowest mean test loss at the end is drawn; the "
                "verdict judges every seed where the other seeds do best.",
                what=_("{others} or {last}", others=", ".join(others), last=last) if others else last,
            )
        )
    if found.shown < found.settings:
        said.append(
            _n(
                "Drawn is {n} of {settings} settings; how each of them ended is in the table of all settings below.",
                "Drawn are {n} of {settings} settings; how each of them ended is in the table of all settings below.",
                found.shown,
                settings=found.settings,
            )
        )
    return " ".join(said)


def _ends(panels: Sequence[Panel], setup: Setup) -> str:
    """Where the lines end: all, if they are few; else what is to be seen first."""
    figure = panels[0].figure
    told = [panel for panel in panels if panel.figure == figure]
    names = list(dict.fromkeys(line.name for panel in told for line in panel.lines))

    def end(line: ClaimLine, rows: Rows = "test") -> str:
        return spelt(line.ways[rows, figure].mean[-1], figure)

    if len(told) == 1:
        each = [
            _(
                "{training} on training rows and {test} on test rows ({name})",
                training=end(line, "training"),
                test=end(line),
                name=retold(line.name),
            )
            for line in told[0].lines
        ]
        return _("At the end the {measure} is {ends}.", measure=measure(figure, setup), ends="; ".join(each))
    if len(names) == 1:
        each = [
            _(
                "{training} and {test} ({panel})",
                training=end(line, "training"),
                test=end(line),
                panel=retold(panel.heading),
            )
            for panel in told
            for line in panel.lines
        ]
        return _(
            "At the end the {measure} on training rows and on test rows is {ends}.",
            measure=measure(figure, setup),
            ends="; ".join(each),
        )
    if len(names) == 2 and all(len(panel.lines) == 2 for panel in told):
        return _two(told, names, figure, setup)
    best = [min(panel.lines, key=lambda line: _rank(line, figure)) for panel in told]
    each = [
        f"{retold(panel.heading)}: {retold(line.name)}, {end(line)}" for panel, line in zip(told, best, strict=True)
    ]
    return _(
        "At the end the {measure} on test rows is best with: {ends}.",
        measure=measure(figure, setup),
        ends="; ".join(each),
    )


def _two(panels: Sequence[Panel], names: Sequence[str], figure: Figure, setup: Setup) -> str:
    """Which of two is ahead in how many panels, and where most."""
    pairs = [[next(line for line in panel.lines if line.name == name) for name in names] for panel in panels]
    leads = [_rank(first, figure) - _rank(second, figure) for first, second in pairs]
    ahead = sum(lead > 0 for lead in leads)
    most = int(np.argmax(np.abs(leads)))
    first, second = (spelt(line.ways["test", figure].mean[-1], figure) for line in pairs[most])
    return _(
        "At the end the {measure} on test rows is better “{second}” than “{first}” in {ahead} of {panels} panels; they "
        "are furthest apart in “{panel}”, {best} against {other}.",
        measure=measure(figure, setup),
        first=retold(names[0]),
        second=retold(names[1]),
        ahead=ahead,
        panels=len(panels),
        panel=retold(panels[most].heading),
        best=second,
        other=first,
    )


def _rank(line: ClaimLine, figure: Figure) -> float:
    """The lower, the better the line ends on test rows."""
    last = float(line.ways["test", figure].mean[-1])
    if not np.isfinite(last):
        return float(np.finfo(np.float32).max)
    return -last if figure == "score" else last


def curves_table(panels: Sequence[Panel], setup: Setup) -> Table:
    """A row a line, by shares of its epochs: how many there are may differ."""
    shares = [_("after {share:.0%} of them", share=share) if share else _("after the first") for share in SHARES]
    rows = []
    for panel in panels:
        for line in panel.lines:
            at = [round(share * (len(line.epochs) - 1)) for share in SHARES]
            for kind, said in ROWS.items():
                way = line.ways[kind, panel.figure].mean
                rows.append(
                    (
                        retold(panel.heading),
                        f"{retold(line.name)} ({setting_in_words(line)})",
                        retold(said),
                        f"{line.epochs[-1]}",
                        *(spelt(float(way[place]), panel.figure) for place in at),
                    )
                )
    figures = {panel.figure for panel in panels}
    of = f"{measure(panels[0].figure, setup)}, " if len(figures) == 1 else ""  # else the panel says it
    return Table((_("panel"), _("networks"), _("rows"), _("epochs"), *(f"{of}{share}" for share in shares)), rows)
