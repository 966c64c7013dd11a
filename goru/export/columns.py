"""Columns prepared inside a graph, as `goru.data.preparing` does it: in double, and in the same order."""

from dataclasses import dataclass

import numpy as np

from goru.data.pieces import scale_of
from goru.data.preparing import Preparation
from goru.data.schema.columns import CategoricalColumn, DateColumn
from goru.export.dates import absent_date, add_date_parts
from goru.export.graph import ML, Graph
from goru.export.inputs import Input, codes_of_texts, missing_words


def add_features(graph: Graph, inputs: tuple[Input, ...], preparation: Preparation) -> str:
    """The prepared features, `(rows, d)` float32: numbers, indicators, levels, squares, pieces."""
    blocks = []
    numeric = [given for given in inputs if not isinstance(given.column, CategoricalColumn)]
    numbers = _NumericColumns.of(graph, numeric, preparation) if numeric else None
    scaled = None
    if numbers is not None and preparation.medians:
        scaled = numbers.scaled(graph, preparation)
        blocks.append(graph.cast(scaled, np.float32, "numbers/prepared"))
    if numbers is not None:
        blocks += numbers.indicators(graph)
    for given in inputs:
        if isinstance(given.column, CategoricalColumn):
            blocks.append(_levels(graph, given.name, given.column))
    if scaled is not None and preparation.squared:
        blocks.append(_squares(graph, scaled, preparation.squared))
    if numbers is not None and any(preparation.edges):
        blocks.append(numbers.pieces(graph, preparation))
    return graph.join(blocks, "features")


@dataclass(frozen=True)
class _NumericColumns:
    """Numeric columns and parts of dates, side by side.

    - `filled`: `(rows, p)`, the median where a value is missing.
    - `absent`: where it is; columns behind the first `p` are of dates that have no parts.
    - `marked`: the places of the columns that have an indicator.
    """

    filled: str
    absent: str
    marked: tuple[int, ...]

    @classmethod
    def of(cls, graph: Graph, inputs: list[Input], preparation: Preparation) -> "_NumericColumns":
        p = len(preparation.medians)
        blocks, behind, marked, at = [], [], [], 0
        for given in inputs:
            width = 1
            if not isinstance(given.column, DateColumn):
                blocks.append(given.name)
            elif given.column.parts:
                blocks.append(add_date_parts(graph, given.name, given.column.parts))
                width = len(given.column.parts)
            else:
                behind.append(absent_date(graph, given.name))
                marked.append(p + len(behind) - 1)
                continue
            if given.column.missing:
                marked.append(at)
            at += width
        raw = graph.join([*blocks, *behind], "numbers/raw")
        # An infinite value counts as a missing one.
        absent = graph.node("Or", graph.node("IsNaN", raw), graph.node("IsInf", raw), name="numbers/absent")
        medians = [*preparation.medians, *(0.0 for _ in behind)]
        filled = graph.node("Where", absent, graph.constant("numbers/median", [medians]), raw, name="numbers/filled")
        return cls(filled, absent, tuple(marked))

    def scaled(self, graph: Graph, preparation: Preparation) -> str:
        """The numbers scaled and smoothly clipped, in double; there are some."""
        p = len(preparation.medians)
        x = _gather(graph, self.filled, range(p), "numbers/filled")
        scales = np.array(preparation.scales)
        z = graph.node("Sub", x, graph.constant("numbers/medians", [preparation.medians]))
        z = graph.node("Div", z, graph.constant("numbers/scales", [np.where(scales > 0, scales, 1)]))
        # Far out, z² would overflow; what is clipped here is 3 to the last bit anyway.
        z = graph.node("Clip", z, graph.constant("numbers/low", -1e100), graph.constant("numbers/high", 1e100))
        third = graph.node("Div", z, graph.constant("three", 3.0))
        root = graph.node("Sqrt", graph.node("Add", graph.constant("one", 1.0), graph.node("Mul", third, third)))
        z = graph.node("Div", z, root, name="numbers/scaled")
        if not scales.all():  # columns that were constant where the preparation was fitted
            z = graph.node("Mul", z, graph.constant("numbers/vary", [(scales > 0).astype(float)]))
        return z

    def indicators(self, graph: Graph) -> list[str]:
        """1 where a column is missing, of the columns that have this feature."""
        if not self.marked:
            return []
        return [graph.cast(_gather(graph, self.absent, self.marked, "indicators/absent"), np.float32, "indicators")]

    def pieces(self, graph: Graph, preparation: Preparation) -> str:
        """How far each number has come through each of its pieces; see `goru.data.pieces.piecewise_linear_encoding`."""
        cut = [(column, np.array(edges)) for column, edges in enumerate(preparation.edges) if edges]
        columns = [column for column, edges in cut for _ in edges[1:]]
        scales = np.concatenate([np.full(len(edges) - 1, scale_of(edges)) for _, edges in cut])
        low = np.concatenate([edges[:-1] * scale_of(edges) for _, edges in cut])
        widths = np.concatenate([np.diff(edges * scale_of(edges)) for _, edges in cut])
        half = graph.constant("half", 0.5)
        x = _gather(graph, self.filled, columns, "pieces/filled")
        if (scales < 1).any():
            x = graph.node("Mul", x, graph.constant("pieces/scales", [scales]))
        come = graph.node("Sub", x, graph.constant("pieces/begin", [low]))
        come = graph.node("Div", come, graph.constant("pieces/widths", [np.where(widths > 0, widths, 1)]))
        come = graph.node("Clip", come, graph.constant("zero", 0.0), graph.constant("one", 1.0))
        come = graph.node("Sub", come, half, name="pieces/come")
        nothing = _gather(graph, self.absent, columns, "pieces/absent")
        if not (widths > 0).all():
            empty = graph.constant("pieces/empty", [widths <= 0], bool)
            nothing = graph.node("Or", nothing, empty, name="pieces/nothing")
        come = graph.node("Where", nothing, graph.constant("zero", 0.0), come)
        return graph.cast(come, np.float32, "pieces")


def _squares(graph: Graph, scaled: str, columns: tuple[int, ...]) -> str:
    """Of some of the scaled numbers; see `goru.data.squares.squares`."""
    z = _gather(graph, scaled, columns, "squares/numbers")
    third = graph.node("Div", graph.node("Mul", z, z), graph.constant("three", 3.0))
    return graph.cast(third, np.float32, "squares")


def _levels(graph: Graph, name: str, column: CategoricalColumn) -> str:
    """One column a level, 1 where the row has it; none for a level that is not known."""
    code_of: dict[str, int] = dict.fromkeys(missing_words(column), column.width - 1 if column.missing else -1)
    code_of |= codes_of_texts(column)
    codes = graph.node(
        "LabelEncoder",
        name,
        name="levels/code",
        domain=ML,
        keys_strings=list(code_of),
        values_int64s=list(code_of.values()),
        default_int64=len(column.levels) if column.other else -1,
    )
    every = graph.constant("levels/codes", [range(column.width)], np.int64)
    return graph.cast(graph.node("Equal", codes, every, name="levels/is"), np.float32, "levels")


def _gather(graph: Graph, values: str, columns: range | list[int] | tuple[int, ...], name: str) -> str:
    """Some of the columns, in this order."""
    return graph.node("Gather", values, graph.constant("columns", list(columns), np.int64), name=name, axis=1)
