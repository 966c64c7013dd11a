"""A picture, with what it says in words and in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go


@dataclass(frozen=True)
class Table:
    """A table of text: its `columns` by name, and `rows` with a cell for each."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A figure for a page.

    - `name`: what it is called in the page.
    - `says`: what there is to see, in plain sentences.
    - `figure`: by Plotly.
    - `table`: its numbers, for those who cannot see it, or want to have them.
    """

    name: str
    says: str
    figure: go.Figure
    table: Table
