"""axe-core finds nothing serious on a page; it is looked for where `AXE_CORE` says: `npm install axe-core`."""

import os
from pathlib import Path

import pytest
from browser import needs_browser
from pages import DESK, PHONE

AXE = os.environ.get("AXE_CORE", "")  # .../node_modules/axe-core/axe.min.js

pytestmark = [pytest.mark.slow, needs_browser, pytest.mark.skipif(not AXE, reason="needs AXE_CORE")]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_serious_is_found(browser, pages, width, theme):
    for path in pages.values():
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=theme, bypass_csp=True)
        page = context.new_page()
        page.goto(path.as_uri())
        page.evaluate(Path(AXE).read_text("utf-8"))
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        context.close()
        serious = [(one["id"], len(one["nodes"])) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], path.name
