"""A browser, and pages of a server in it.

`visiting` is imported by its name.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from visiting import PROGRAM, LivePage


@pytest.fixture(scope="module")
def chromium():
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield program
        program.close()


@pytest.fixture
def visit(chromium, served):
    """Open the page; whatever it complains about fails the test."""
    pages: list[LivePage] = []

    def open_(fragment: str = "", **options) -> LivePage:
        served.session.speed(30)
        served.session.play()
        page = LivePage(chromium, served, fragment, **options)
        pages.append(page)
        return page

    yield open_
    complaints = [text for page in pages for text in page.said]
    for page in pages:
        page.close()
    served.session.pause()
    assert complaints == []
