"""How pictures and pages are looked at."""

import json
from html.parser import HTMLParser

import plotly.graph_objects as go

INERT = {"br", "hr", "img", "input", "link", "meta", "circle", "line", "rect"}


def named(figure: go.Figure, name: str) -> list:
    """The traces of a name."""
    return [trace for trace in figure.data if trace.name == name]


def notes(figure: go.Figure) -> list[str]:
    """What is written into a figure."""
    return [note.text.strip() for note in figure.layout.annotations]


def column(picture, name: str) -> list[str]:
    """A column of a picture's table."""
    return [row[list(picture.table.columns).index(name)] for row in picture.table.rows]


def drawable(figure: go.Figure) -> dict:
    """A figure as JSON, which another program would read."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(figure.to_json(), parse_constant=refuse)


class Page(HTMLParser):
    """What a page holds.

    - `elements`: tags with their attributes.
    - `headings`: levels with their texts.
    - `tables`: by what they are called, their rows of texts.
    - `scripts`: by their ids, or `None`.
    - `text`: all that is written.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.scripts: dict[str | None, str] = {}
        self.text = ""
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag not in INERT:
            self._open.append((tag, given))
        if tag in ("h1", "h2", "h3"):
            self.headings.append((int(tag[1]), ""))
        if tag == "table":
            name = next((own["aria-label"] for _, own in reversed(self._open) if "aria-label" in own), "")
            self._table = self.tables.setdefault(name or "", [])
        if tag == "tr":
            self._table.append([])
        if tag in ("td", "th"):
            self._table[-1].append("")

    def handle_endtag(self, tag):
        if tag in INERT:
            return
        assert self._open, f"</{tag}> ends nothing"
        assert self._open[-1][0] == tag, f"</{tag}> where {self._open[-1][0]} is open"
        self._open.pop()

    def handle_data(self, data):
        tags = [tag for tag, _ in self._open]
        if tags and tags[-1] in ("script", "style"):
            self.scripts[self._open[-1][1].get("id")] = data
            return
        self.text += data
        if tags and tags[-1] in ("h1", "h2", "h3"):
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)
        if {"td", "th"} & set(tags):
            self._table[-1][-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a tag."""
        return [given for one, given in self.elements if one == tag]

    @property
    def figures(self) -> dict:
        """What is drawn, by name."""
        return json.loads(self.scripts["figures"])
