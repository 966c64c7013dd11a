"""`answers`, answers of studies that these tests share, is imported by its name."""

import io
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browser import PROGRAM, Visit
from pages import DESK, FOREST, PHONE, written_pages


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of a hundred columns, to stand in for standard error."""
    for variable in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


@pytest.fixture(scope="module")
def browser():
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield program
        program.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    return written_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def look(browser, pages):
    """Look at a page, which is opened once: a test leaves it as it finds it."""
    visits: dict[str, Visit] = {}

    def open_(name: str) -> Visit:
        if name not in visits:
            visits[name] = Visit(browser, pages[name]).drawn()
        return visits[name]

    yield open_
    for visit in visits.values():
        visit.close()


@pytest.fixture(scope="module")
def measured(look):
    """How wide a page is in a window of some width, and where its texts are."""
    found: dict[tuple[str, int], dict] = {}

    def measure(name: str, width: int) -> dict:
        if (name, width) not in found:
            visit = look(name)
            for own in (PHONE, DESK):
                visit.resize(own)
                reach = visit.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
                found[name, own] = {"reach": reach, "texts": visit.texts(), "forest": visit.shown(FOREST)}
        return found[name, width]

    return measure


@pytest.fixture
def visit(browser, pages):
    """Open a page for one test, which may change it."""
    made: list[Visit] = []

    def open_(name: str, **given) -> Visit:
        made.append(Visit(browser, pages[name], **given))
        return made[-1]

    yield open_
    for each in made:
        each.close()
