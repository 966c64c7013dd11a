"""Learning curves in words and in numbers."""

from collections.abc import Sequence

import numpy as np

from goru.claims.claim import ClaimOutcome, Setup
from goru.claims.pictures.lines import ClaimLine, DrawnLines, Figure, Rows, column_in_words
from goru.claims.pictures.panels import Panel, measure, setting_in_words, spelt
from goru.report.pictures.picture import Table

ROWS: dict[Rows, str] = {"test": "test rows", "training": "training rows"}
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the epochs, in the table


def curves_in_words(outcome: ClaimOutcome, found: DrawnLines, panels: Sequence[Panel]) -> str:
    """What there is to see."""
    setup, figures = outcome.setup, list(dict.fromkeys(panel.figure for panel in panels))
    measures = " and ".join(measure(figure, setup) for figure in figures).capitalize()
    said = [
        f"{measures} by epoch, on average over the seeds; bands go from the lowest seed to the highest, on test rows.",
        _ends(panels, setup),
    ]
    if found.chosen_by:
        *others, last = map(column_in_words, found.chosen_by)
        what = f"{', '.join(others)} or {last}" if others else last
        said.append(
            f"Of several that differ in {what} alone, that with the lowest mean test loss at the end is drawn; "
            "the verdict judges every seed where the other seeds do best."
        )
    if found.shown < found.settings:
        said.append(
            f"Drawn {'is' if found.shown == 1 else 'are'} {found.shown} of {found.settings} settings; how each of them "
            "ended is in the table of all settings below."
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
            f"{end(line, 'training')} on training rows and {end(line)} on test rows ({line.name})"
            for line in told[0].lines
        ]
        return f"At the end the {measure(figure, setup)} is {'; '.join(each)}."
    if len(names) == 1:
        each = [f"{end(line, 'training')} and {end(line)} ({panel.heading})" for panel in told for line in panel.lines]
        return f"At the end the {measure(figure, setup)} on training rows and on test rows is {'; '.join(each)}."
    if len(names) == 2 and all(len(panel.lines) == 2 for panel in told):
        return _two(told, names, figure, setup)
    best = [min(panel.lines, key=lambda line: _rank(line, figure)) for panel in told]
    each = [f"{panel.heading}: {line.name}, {end(line)}" for panel, line in zip(told, best, strict=True)]
    return f"At the end the {measure(figure, setup)} on test rows is best with: {'; '.join(each)}."


def _two(panels: Sequence[Panel], names: Sequence[str], figure: Figure, setup: Setup) -> str:
    """Which of two is ahead in how many panels, and where most."""
    pairs = [[next(line for line in panel.lines if line.name == name) for name in names] for panel in panels]
    leads = [_rank(first, figure) - _rank(second, figure) for first, second in pairs]
    ahead = sum(lead > 0 for lead in leads)
    most = int(np.argmax(np.abs(leads)))
    first, second = (spelt(line.ways["test", figure].mean[-1], figure) for line in pairs[most])
    return (
        f"At the end the {measure(figure, setup)} on test rows is better “{names[1]}” than “{names[0]}” in {ahead} of "
        f"{len(panels)} panels; they are furthest apart in “{panels[most].heading}”, {second} against {first}."
    )


def _rank(line: ClaimLine, figure: Figure) -> float:
    """The lower, the better the line ends on test rows."""
    last = float(line.ways["test", figure].mean[-1])
    if not np.isfinite(last):
        return float(np.finfo(np.float32).max)
    return -last if figure == "score" else last


def curves_table(panels: Sequence[Panel], setup: Setup) -> Table:
    """A row a line, by shares of its epochs: how many there are may differ."""
    shares = [f"after {share:.0%} of them" if share else "after the first" for share in SHARES]
    rows = []
    for panel in panels:
        for line in panel.lines:
            at = [round(share * (len(line.epochs) - 1)) for share in SHARES]
            for kind, said in ROWS.items():
                way = line.ways[kind, panel.figure].mean
                rows.append(
                    (
                        panel.heading,
                        f"{line.name} ({setting_in_words(line)})",
                        said,
                        f"{line.epochs[-1]}",
                        *(spelt(float(way[place]), panel.figure) for place in at),
                    )
                )
    figures = {panel.figure for panel in panels}
    of = f"{measure(panels[0].figure, setup)}, " if len(figures) == 1 else ""  # else the panel says it
    return Table(("panel", "networks", "rows", "epochs", *(f"{of}{share}" for share in shares)), rows)
