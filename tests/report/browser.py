"""A real browser, and how a page in it is looked at."""

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="needs a browser: apt-get install chromium")

# Every text that can be seen: where it is, how large, and of which colour on which.
TEXTS = """() => {
  const parsed = (colour) => (colour.match(/[\\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = parsed(getComputedStyle(each).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script, style, .hoverlayer, .hidden, .skip")) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const plot = element.closest("[data-figure]"), style = getComputedStyle(element);
    const frame = (plot ?? document.documentElement).getBoundingClientRect();
    found.push({
      text: node.textContent,
      plot: plot?.dataset.figure ?? null,
      size: parseFloat(style.fontSize),
      colour: parsed(plot ? style.fill : style.color).slice(0, 3),
      behind: behind(plot ?? element),
      cell: !!element.closest(".heatmaplayer, .heatmap-label"),
      turned: /rotate\\((?!0)/.test(element.closest("text")?.getAttribute("transform") ?? ""),
      left: box.left - frame.left, right: frame.right - box.right,
      top: box.top - frame.top, bottom: frame.bottom - box.bottom,
      box: [box.left, box.top, box.right, box.bottom],
    });
  }
  return found;
}"""


# Of every toolbar: the texts, the legends and the plotting areas of its picture that it stands on.
TOOLBARS = """() => [...document.querySelectorAll("[data-figure]")].map((div) => {
  const bar = div.querySelector(".modebar").getBoundingClientRect();
  const parts = div.querySelectorAll("svg text, svg .legend .bg, svg .nsewdrag, svg .points path");
  return {
    name: div.dataset.figure,
    size: [bar.width, bar.height],
    left: bar.left,
    covers: [...parts].filter((part) => {
      const box = part.getBoundingClientRect();
      return Math.min(bar.right, box.right) > Math.max(bar.left, box.left)
        && Math.min(bar.bottom, box.bottom) > Math.max(bar.top, box.top);
    }).map((part) => part.textContent || part.getAttribute("class")),
  };
})"""


@dataclass
class Visit:
    """A page in a tab, and all that it says and asks for.

    - `before`: a script that runs before all others.
    - `said`: errors and warnings of its console, errors of its scripts, and dialogs.
    - `asked`: the addresses of everything that was requested.
    """

    browser: Any
    path: Path
    width: int = 1440
    theme: str = "light"
    phone: bool = False
    before: str = ""
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(
            viewport={"width": self.width, "height": 900},
            color_scheme=self.theme,
            is_mobile=self.phone,
            has_touch=self.phone,
            offline=True,
        )
        self.page = self.context.new_page()
        self.page.add_init_script(self.before)
        self.page.on("console", lambda told: told.type in ("error", "warning") and self.said.append(told.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(self.path.as_uri())

    def _dismiss(self, dialog) -> None:
        self.said.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def drawn(self) -> "Visit":
        """Wait for all pictures."""
        self.page.wait_for_selector("html[data-drawn]")
        return self

    def resize(self, width: int) -> "Visit":
        """Change the width of the window, and wait for the pictures to follow."""
        self.width = width
        self.page.set_viewport_size({"width": width, "height": 900})
        self.until(
            "() => [...document.querySelectorAll('[data-figure]')].every((div) => "
            "Math.abs(div.clientWidth - div.querySelector('.main-svg').clientWidth) < 1)"
        )
        return self

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait for a condition; the page's policy forbids what Playwright itself would wait with."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(condition):
            assert time.monotonic() < end, f"never: {condition}"
            self.page.wait_for_timeout(20)

    def texts(self) -> list[dict]:
        """Every text that can be seen."""
        return self.page.evaluate(TEXTS)

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def shown(self, selector: str) -> list[str]:
        """The texts of elements, without marks that have no width."""
        return [bare(text) for text in self.page.locator(selector).all_text_contents()]

    def close(self) -> None:
        self.context.close()


def bare(text: str) -> str:
    """A text without the marks that pictures write around names."""
    return text.translate(dict.fromkeys(map(ord, "\u2068\u2069\u200b")))


def contrast(one, other) -> float:
    """Of WCAG 2, between two colours."""

    def luminance(colour) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def covering(texts: list[dict]) -> list[tuple[str, str]]:
    """Texts of one picture that stand on one another; turned ones have boxes that are larger than they are."""
    flat = [text for text in texts if text["plot"] and not text["turned"]]
    found = []
    for index, one in enumerate(flat):
        for other in flat[index + 1 :]:
            across = min(one["box"][2], other["box"][2]) - max(one["box"][0], other["box"][0])
            down = min(one["box"][3], other["box"][3]) - max(one["box"][1], other["box"][1])
            if one["plot"] == other["plot"] and across > 2 and down > 6:
                found.append((one["text"], other["text"]))
    return found
