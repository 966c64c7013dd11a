"""All combinations beside one another, and what techniques do together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import plotly.graph_objects as go

from goru.data.numbers import UNKNOWN, number, numbers
from goru.experiment.arms import Level, technique
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Answer
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.evidence import ArmLosses, Evidence
from goru.language import _, _n, retold
from goru.report.parts import words
from goru.report.parts.estimates import in_loss, in_shares
from goru.report.parts.interactions import TOGETHER
from goru.report.pictures.effects import effects_table, forest_plot
from goru.report.pictures.picture import Picture, Table
from goru.report.pictures.style import BLUE, GREEN, LINE, ORANGE, PURPLE, RED, SKY, SOFT, blank, short_name, text

Row = tuple[tuple[str, Level], ...]
# By the place of a level among those of its factor; the reference stands first.
MARKS = (
    *((SOFT, "circle-open"), (BLUE, "circle"), (GREEN, "diamond"), (ORANGE, "square"), (PURPLE, "triangle-up")),
    *((SKY, "star"), (RED, "cross"), (SOFT, "x"), (BLUE, "triangle-down"), (GREEN, "pentagon")),
)
ROW, MARK, ROWS_CLOSE, CLOSE = 74, 24, 16, 0.6  # pixels: a row, a mark in it; so many rows stand closer together
WIDE = 0.7  # of a row, over which its marks are spread
LOOKS: dict[Verdict, tuple[str, str]] = {
    "helps": (GREEN, "circle"),
    "hurts": (ORANGE, "diamond"),
    "negligible": (SOFT, "square"),
    "inconclusive": (SOFT, "circle-open"),
}


def arms_picture(answer: Answer, evidence: Evidence) -> Picture:
    """The validation loss of every arm: a mark for its level of the factor with the most levels, in a row for those of
    the others."""
    grid = Grid(evidence.arms)
    return Picture(
        "arms", _says(answer, grid), _figure(grid, retold(answer.judgement.measure)), _table(answer, grid.arms)
    )


def arms_title(evidence: Evidence) -> str:
    """What the picture shows: `Batch norm: none, before or after`."""
    grid = Grid(evidence.arms)
    *first, last = [short_name(words.level(level)) for level in grid.levels]
    name = short_name(words.factor(grid.factor))
    title = _("{factor}: {levels} or {last}", factor=name, levels=", ".join(first), last=last)
    return f"{title[0].upper()}{title[1:]}"


def interactions_picture(answer: Answer) -> Picture | None:
    """What two techniques change together, less what each changes alone; nothing where no pair was asked about."""
    if not answer.interactions:
        return None
    figure = forest_plot(answer, answer.interactions, LOOKS, TOGETHER)
    figure.update_xaxes(
        title={
            "text": _("together, less each alone, % of plain")
            if answer.judgement.plain_loss
            else _("together, less each alone")
        }
    )
    figure.layout.annotations[-2].text, figure.layout.annotations[-1].text = _("← more together"), _("less together →")
    table = effects_table(answer, answer.interactions, TOGETHER)
    return Picture("interactions", _says_together(answer.interactions), figure, table)


@dataclass(frozen=True)
class Grid:
    """Arms, the plain one first, by their level of one factor and by those of all others."""

    arms: Sequence[ArmLosses]

    def levels_of(self, factor: str) -> list[Level]:
        """In their order, the reference first."""
        return list(dict.fromkeys(arm.levels[factor] for arm in self.arms))

    @cached_property
    def factor(self) -> str:
        """The one with the most levels, the first of these."""
        return max(self.arms[0].levels, key=lambda name: len(self.levels_of(name)))

    @cached_property
    def levels(self) -> list[Level]:
        """Of that factor."""
        return self.levels_of(self.factor)

    def row(self, arm: ArmLosses) -> Row:
        """The levels of all others."""
        return tuple((name, level) for name, level in arm.levels.items() if name != self.factor)

    def in_words(self, row: Row) -> list[str]:
        """What is not at its reference."""
        plain = self.arms[0].levels
        nothing = {0: _("all"), 1: _("without"), 2: _("neither")}.get(len(row), _("none of them"))
        return [retold(technique(name, level)) for name, level in row if level != plain[name]] or [nothing]

    @cached_property
    def rows(self) -> list[Row]:
        """In their order."""
        return list(dict.fromkeys(self.row(arm) for arm in self.arms))

    def level_in_words(self, level: Level) -> str:
        """A level of the factor, in words."""
        if level is None or level is False:
            return f"no {self.factor.replace('_', ' ')}"
        return technique(self.factor, level)


def mean(arm: ArmLosses) -> float | None:
    """Over the splits; nothing where a loss is not finite."""
    known = [loss for loss in arm.losses if loss is not None]
    return float(np.mean(known)) if len(known) == len(arm.losses) else None


def _figure(grid: Grid, measure: str) -> go.Figure:
    rows, levels = grid.rows, grid.levels
    height = max(ROW, MARK * len(levels)) * (CLOSE if len(rows) > ROWS_CLOSE else 1)
    figure = blank(110 + round(height * len(rows)), hovermode="closest")
    figure.update_xaxes(title={"text": _("{measure} (bars: all folds)", measure=measure)})
    figure.update_yaxes(
        tickvals=[-place for place in range(len(rows))],
        ticktext=["<br>+ ".join(text(part) for part in grid.in_words(row)) for row in rows],
        range=[-len(rows) + 0.5, 0.5],
        gridcolor=LINE,
        fixedrange=True,
    )
    step = min(0.2, WIDE / max(len(levels) - 1, 1))
    for place, level in enumerate(levels):
        colour, mark = MARKS[place % len(MARKS)]
        arms_with_means = [
            (arm, mean_loss)
            for arm in grid.arms
            if arm.levels[grid.factor] == level and (mean_loss := mean(arm)) is not None
        ]
        losses = [[loss for loss in arm.losses if loss is not None] for arm, _ in arms_with_means]
        shift = step * ((len(levels) - 1) / 2 - place)
        figure.add_trace(
            go.Scatter(
                x=[mean_loss for _, mean_loss in arms_with_means],
                y=[shift - rows.index(grid.row(arm)) for arm, _ in arms_with_means],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [
                        max(losses_of_arm) - mean_loss
                        for losses_of_arm, (_, mean_loss) in zip(losses, arms_with_means, strict=True)
                    ],
                    "arrayminus": [
                        mean_loss - min(losses_of_arm)
                        for losses_of_arm, (_, mean_loss) in zip(losses, arms_with_means, strict=True)
                    ],
                    "color": colour,
                    "thickness": 1.2,
                    "width": 0,
                },
                mode="markers",
                marker={"color": colour, "symbol": mark, "size": 11, "line": {"color": colour, "width": 2}},
                name=text(retold(grid.level_in_words(level))),
                text=[text(retold(arm.arm), 60) for arm, _ in arms_with_means],
                hovertemplate=f"%{{text}}<br>{measure} %{{x:.4g}}<extra></extra>",
            )
        )
    return figure


def _says(answer: Answer, grid: Grid) -> str:
    sentences = [_verdict(answer, effect) for effect in _contrasts(answer, grid)]
    means = {arm.arm: mean_loss for arm in grid.arms if (mean_loss := mean(arm)) is not None}
    sentences += _by_means(grid)
    if means:
        best = min(means, key=lambda name: means[name])
        sentences.append(
            _(
                "Of {combinations} {best} has the lowest mean, {loss}; how sure that is, the interval of the best "
                "combination says.",
                combinations=_n("{n} combination", "{n} combinations", len(means)),
                best=short_name(retold(best)),
                loss=number(means[best]),
            )
        )
    return " ".join(sentences)


def _contrasts(answer: Answer, grid: Grid) -> list[EffectFound]:
    """Of levels of the factor against each other, where neither is the reference."""
    names = {
        f"{grid.level_in_words(first)} instead of {against}"
        for second, first in combinations(grid.levels[1:], 2)
        for against in (grid.level_in_words(second), words.level_name(second))
    }
    return [effect for effect in answer.effects if effect.name in names]


def _verdict(answer: Answer, effect: EffectFound) -> str:
    name, plain = short_name(retold(effect.name)), answer.judgement.plain_loss
    name = name[0].upper() + name[1:]
    if effect.change is None:
        return _(
            "{name} cannot be judged: in some fold {failure_reason}.",
            name=name,
            failure_reason=words.failure_reason(answer),
        )
    by = ", ".join(in_shares(effect, plain) if plain else in_loss(effect)).replace(
        retold(UNKNOWN), _("interval unknown")
    )
    return {
        "helps": _("{name} does better ({by}).", name=name, by=by),
        "hurts": _("{name} does worse ({by}).", name=name, by=by),
        "negligible": _("{name} is negligible ({by}).", name=name, by=by),
        "inconclusive": _("{name}: inconclusive ({by}).", name=name, by=by),
    }[effect.verdict]


def _by_means(grid: Grid) -> list[str]:
    """Which level is the best in how many rows of which every arm is known."""
    levels, wins, count = grid.levels, dict[Level, int](), 0
    for row in grid.rows:
        means = {arm.levels[grid.factor]: mean(arm) for arm in grid.arms if grid.row(arm) == row}
        known = {level: loss for level, loss in means.items() if loss is not None}
        if len(known) == len(levels):
            best = min(known, key=lambda level: known[level])
            wins[best] = wins.get(best, 0) + 1
            count += 1
    if not count:
        return []
    most = max(wins, key=lambda level: (wins[level], -levels.index(level)))
    winner = short_name(retold(grid.level_in_words(most)))
    return [
        _(
            "By the means alone, {winner} is best in {most} of {rows}.",
            winner=winner,
            most=wins[most],
            rows=_n("{n} row", "{n} rows", count),
        )
    ]


def _says_together(effects: Sequence[EffectFound]) -> str:
    sentences = []
    decided: tuple[Verdict, ...] = ("helps", "hurts", "negligible")
    for verdict in decided:
        names = [short_name(retold(effect.name)) for effect in effects if effect.verdict == verdict]
        if names:
            listed = "; ".join(names)
            sentences.append(f"{listed[0].upper()}{listed[1:]}: {retold(TOGETHER[verdict])}.")
    inconclusive = sum(effect.verdict == "inconclusive" for effect in effects)
    if inconclusive == len(effects):
        sentences.append(_("All pairs are inconclusive."))
    elif inconclusive:
        sentences.append(
            _("{inconclusive} of {effects} pairs are inconclusive.", inconclusive=inconclusive, effects=len(effects))
        )
    known = [effect.change for effect in effects if effect.change is not None]
    above = sum(change > 0 for change in known)
    if known:
        sentences.append(
            _(
                "Right of zero, where {above} of {marks} lie, two techniques together would bring "
                "less than the sum of both, one taking over what the other does; an interval that "
                "holds zero leaves that open.",
                above=above,
                marks=_n("{n} mark", "{n} marks", len(known)),
            )
        )
    return " ".join(sentences)


def _table(answer: Answer, arms: Sequence[ArmLosses]) -> Table:
    rows: list[tuple[str, ...]] = []
    for arm in arms:
        mean_loss = mean(arm)
        if mean_loss is None:
            rows.append((retold(arm.arm), words.failure_reason(answer), "", ""))
        else:
            losses = [loss for loss in arm.losses if loss is not None]
            rows.append((retold(arm.arm), *numbers((mean_loss, min(losses), max(losses)))))
    return Table(
        (
            _("combination"),
            _("mean {measure}", measure=retold(answer.judgement.measure)),
            _("lowest fold"),
            _("highest fold"),
        ),
        rows,
    )
