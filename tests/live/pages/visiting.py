"""A page of goru live in a tab: what it says, asks for and is told."""

import shutil
import time
from typing import Any
from urllib.parse import urlencode

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="needs a browser: apt-get install chromium")

SMALL = {
    "data": "circles",
    "rows": 60,
    "noise": 0.1,
    "hidden": "6-4",
    "activation": "relu",
    "initial": "he",
    "norm": "none",
    "rate": 0.01,
    "batch": 16,
    "optimizer": "adam",
    "seeds": 2,
}
# Every event that comes is kept, before the page sees it.
LISTEN = """
window.events = [];
const Native = window.EventSource;
window.EventSource = class extends Native {
  addEventListener(name, listener) {
    super.addEventListener(name, (event) => {
      if (event.data) window.events.push([name, JSON.parse(event.data)]);
      listener(event);
    });
  }
};
"""


def fragment(**changes: Any) -> str:
    """A small state as a part of an address, with changes."""
    return "#" + urlencode(SMALL | changes)


class LivePage:
    """A page in a tab of its own.

    - `said`: errors and warnings of its console, of its scripts, and what its policy refused.
    - `asked`: the bodies of its POSTs, the newest last.
    - `addresses`: of everything that it requested.
    """

    def __init__(self, chromium, served, fragment: str, width: int = 1440, lang: str = "en", **options: Any) -> None:
        self.said: list[str] = []
        self.asked: list[dict] = []
        self.addresses: list[str] = []
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, locale="en-US", **options)
        self.page = self.context.new_page()
        self.page.add_init_script(LISTEN)
        self.page.on("console", lambda line: line.type in ("error", "warning") and self.said.append(line.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._request)
        self.address = f"http://127.0.0.1:{served.port}/?token={served.token}&lang={lang}{fragment}"
        self.page.goto(self.address)
        self.until("events.some(([name]) => name === 'frame')")

    def _request(self, request) -> None:
        self.addresses.append(request.url)
        if request.method == "POST":
            self.asked.append(request.post_data_json)

    def until(self, condition: str, seconds: float = 60) -> None:
        """Wait for a condition; the page's policy forbids what Playwright itself would wait with."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"never: {condition}"
            self.page.wait_for_timeout(20)

    def last(self, name: str) -> dict:
        """The newest event of a name."""
        return self.page.evaluate("(wanted) => events.findLast(([name]) => name === wanted)[1]", name)

    def settle(self) -> None:
        """Wait until the page's state is the one that is trained, and a frame of it is drawn."""
        self.until(
            """(() => {
              const newest = (wanted) => events.findLast(([name]) => name === wanted)?.[1];
              const [started, frame] = [newest('started'), newest('frame')];
              if (!started || frame?.run !== started.run) return false;
              const epoch = document.querySelector('.epoch-number').textContent.replaceAll(',', '');
              return Number(epoch) === frame.epoch;
            })()"""
        )

    def pause(self) -> None:
        if self.page.locator("[data-do=pause]").count():
            self.page.locator("[data-do=pause]").click()
        self.page.locator("[data-do=play]").wait_for()
        self.page.wait_for_timeout(200)  # the epoch that was under way
        self.settle()

    def field(self, path: str):
        return self.page.locator(f"[data-path='{path}']")

    def close(self) -> None:
        self.context.close()
