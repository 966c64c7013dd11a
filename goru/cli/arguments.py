"""What options are written as, and what they mean."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from goru.errors import InputError
from goru.language import choose
from goru.wording import listing, shortened

STARTED = time.monotonic()  # a budget counts from here
Language = Annotated[
    str | None,
    typer.Option(
        "--lang", callback=choose, is_eager=True, help="Language of results: en or ko. Default: the locale's."
    ),
]


def typed(name: str, value: object) -> str:
    """An option as it is typed: `--overwrite`, `--task regression`."""
    name = "out" if name == "folder" else name.replace("_", "-")
    return f"--{name}" if value is None or value is True else f"--{name} {value}"


def parsed_widths(text: str) -> tuple[int, ...]:
    """Widths with commas between them."""
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise InputError(f"--hidden: invalid layer widths {text!r}. Give whole numbers: 128,128.") from None


def names(texts: list[str] | None) -> tuple[str, ...]:
    """Names given once each or with commas between them; a name that holds a comma is given in quotes, as in CSV."""
    import csv

    try:
        rows = list(csv.reader(texts or [], skipinitialspace=True))
    except csv.Error:
        raise InputError(
            f"{listing(map(shortened, texts or []))}: invalid column names. Give them as A,B, or one option each; put "
            "names with commas in quotes."
        ) from None
    return tuple(name.strip() for row in rows for name in row if name.strip())


@contextlib.contextmanager
def reading(*runs: Path) -> Iterator[None]:
    """Say of files that are whole and yet not what a study writes that they are not: somebody else wrote them."""
    try:
        yield
    except (InputError, OSError, MemoryError):
        raise
    except Exception as error:  # whatever comes of a number where there should be a list
        message = (
            f"{listing(runs)}: files are not as goru writes them ({type(error).__name__}: {shortened(error, 100)})."
        )
        raise InputError(f"{message} Fit the run again with --overwrite.") from error


def stem(source: str) -> str:
    """The table's name without its folder and endings."""
    path = Path(source)
    return (path.resolve() if path.name in ("", "..") else path).name.split(".")[0] or "run"
