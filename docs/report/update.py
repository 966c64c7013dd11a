"""Take the pictures of the report that the documentation shows.

    goru fit digits --budget 120s --out runs/digits
    python docs/report/update.py runs/digits      # with Debian's chromium

Writes `page.png` (the top of the page) and `dark.png` (further down, on a dark screen) beside this file.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
SHOTS = (("page", "light", None, 1240), ("dark", "dark", "#learning", 1280))  # name, colours, from where on, height
WIDTH, COLOURS = 1200, 128


def main(run: str) -> None:
    """Of a run."""
    page = (Path(run) / "report.html").resolve()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, scheme, start, height in SHOTS:
            tab = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme=scheme)
            tab.goto(page.as_uri() + (start or ""))
            tab.wait_for_selector("html[data-drawn]")
            if start:
                tab.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
                tab.evaluate(f"document.querySelector('{start}').scrollIntoView()")
            picture = Image.open(io.BytesIO(tab.screenshot()))
            # Few colours: a page has no more, and the file is a third as large.
            few = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=COLOURS)
            few.save(HERE / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
