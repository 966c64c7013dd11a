"""What is seen: numbers as they were sent, at every width, in both themes and languages, by keyboard, shared."""

import re
from itertools import pairwise

import pytest
from visiting import fragment, needs_browser

pytestmark = [needs_browser, pytest.mark.slow]

# Texts and controls that stand on one another, and what reaches beyond the page.
CROWDED = """() => {
  const texts = "h2, h3, dt, dd, legend, label, button, output, .legend span, .layers p span, .headline, canvas";
  const boxes = [...document.querySelectorAll(texts)]
    .filter((element) => element.checkVisibility({ visibilityProperty: true }))
    .filter((element) => !element.matches(".unseen, label:has(input)"))
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ element, box }) => box.width && box.height && element.textContent !== null);
  const found = [];
  boxes.forEach(({ element, box }, index) => {
    if (box.right > innerWidth + 1 || box.left < -1) found.push(`beyond: ${element.outerHTML.slice(0, 80)}`);
    for (const { element: other, box: its } of boxes.slice(index + 1)) {
      if (element.contains(other) || other.contains(element)) continue;
      if (element.closest(".bar") || other.closest(".bar")) continue; // it stays while the page moves below it
      const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
      const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
      if (across > 3 && down > 3) found.push(`${element.outerHTML.slice(0, 60)} | ${other.outerHTML.slice(0, 60)}`);
    }
  });
  return found;
}"""
# Texts with too little contrast to what is behind them (WCAG 2, AA).
PALE = """() => {
  const parsed = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = parsed(getComputedStyle(each).backgroundColor);
      if (a > 0.5) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.querySelector(".goru-live"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.matches(":disabled, .unseen, .skip") || element.closest("dialog, .bar")) continue;
    const colours = [parsed(getComputedStyle(element).color), behind(element)];
    const [dark, bright] = colours.map(light).sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 90)}`);
  }
  return found;
}"""


def shown(live, side: str, number: str) -> str:
    return live.page.locator(f".side.{side} [data-number={number}]").text_content()


def test_numbers_are_those_of_the_event(visit):
    live = visit(fragment(norm="before"))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 5")
    live.pause()
    frame = live.last("frame")
    for name, side in frame["sides"].items():
        for part in ("training", "validation"):
            assert shown(live, name, f"{part}_accuracy") == f"{100 * side['accuracy'][part]:.1f} %"
        loss = float(shown(live, name, "validation_loss").replace("−", "-"))
        assert loss == pytest.approx(side["losses"]["validation"]["mean"][-1], rel=0.01)
        assert float(shown(live, name, "gap").replace("−", "-")) == pytest.approx(side["gap"], rel=0.06, abs=0.001)
        assert live.page.locator(f".side.{name} .dots i").count() == side["networks"] == 2
        assert live.page.locator(f".side.{name} .dots .learned").count() == side["learned"]
        for layer, row in zip(side["layers"], live.page.locator(f".side.{name} .layers li:visible").all(), strict=True):
            text = row.text_content()
            assert float(re.search(r"weights ([\d.]+)", text)[1]) == pytest.approx(layer["weight_rms"], rel=0.01)
            assert int(re.search(r"dead (\d+)", text)[1]) == pytest.approx(100 * layer["dead"], abs=1)
            assert ("γ" in text) == (layer["gamma"] is not None) == (name == "with")


def test_curves_hold_every_epoch_that_was_sent(visit):
    live = visit(fragment(dropout=0.2))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 5")
    live.pause()
    live.until(
        "document.querySelector('.side.with .losses').getAttribute('aria-label')"
        ".includes(`Epoch ${events.findLast(([name]) => name === 'frame')[1].epoch}:`)"
    )
    side = live.last("frame")["sides"]["with"]
    label = live.page.locator(".side.with .losses").get_attribute("aria-label")
    said = float(re.search(r"validation ([\d.]+)", label)[1].rstrip("."))
    assert said == pytest.approx(side["losses"]["validation"]["mean"][-1], rel=0.01)
    assert f"Epoch {live.last('frame')['epoch']}" in label


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_nothing_overlaps_or_reaches_beyond_the_page_and_texts_can_be_read(visit, lang):
    live = visit(fragment(norm="before", dropout=0.2, decay=0.01, initial=0.1), lang=lang)
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 1")
    live.pause()
    live.page.locator("[data-do=keep]").click()
    live.page.locator(".looking input[value=one]").check(force=True)
    live.page.locator(".begin").click()
    for width in (390, 768, 900, 1024, 1440):
        live.page.set_viewport_size({"width": width, "height": 900})
        live.page.wait_for_timeout(80)
        assert live.page.evaluate("document.documentElement.scrollWidth") <= width
        assert live.page.evaluate(CROWDED) == []
    for theme in ("light", "dark"):
        live.page.emulate_media(color_scheme=theme)
        live.page.wait_for_timeout(300)  # colours of buttons take a moment
        assert live.page.evaluate(PALE) == []


def test_pictures_take_the_colours_of_the_theme(visit):
    live = visit(fragment(norm="before"))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 1")
    live.pause()
    drawn = "document.querySelector('.side.with .losses').toDataURL()"
    light = live.page.evaluate(drawn)
    live.page.emulate_media(color_scheme="dark")
    live.page.evaluate("(light) => { window.light = light; }", light)
    live.until(f"{drawn} !== light")
    live.page.emulate_media(color_scheme="light")
    live.until(f"{drawn} === light")


def test_every_picture_is_drawn(visit):
    live = visit(fragment(norm="after"))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 1")
    live.pause()
    empty = live.page.evaluate(
        """() => [...document.querySelectorAll("canvas")].filter((canvas) => {
          if (!canvas.checkVisibility()) return false;
          const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return !pixels.some((value) => value);
        }).map((canvas) => canvas.outerHTML)"""
    )
    assert empty == []


def test_views_change_the_surface(visit):
    live = visit(fragment(norm="before"))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 5")
    live.pause()
    drawn = "document.querySelector('.side.with .surface').toDataURL()"
    live.page.evaluate(f"window.pictures = [{drawn}]")
    for view in ("spread", "one"):
        live.page.locator(f".looking input[value={view}]").check(force=True)
        live.until(f"!pictures.includes({drawn})")
        live.page.evaluate(f"pictures.push({drawn})")
    live.page.get_by_label("Next network").click()
    assert live.asked[-1] == {"action": "look", "layer": 1, "network": 1}


def test_a_pointer_reads_the_losses_of_both_sides(visit):
    live = visit(fragment(norm="before"))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 5")
    live.pause()
    drawn = "[...document.querySelectorAll('.side:not([hidden]) .losses')].map((canvas) => canvas.toDataURL())"
    live.page.evaluate(f"window.before = {drawn}")
    for x in range(45, 65):  # what is said above may move the picture away from below a pointer that stands still
        live.page.locator(".side.with .losses").hover(position={"x": x, "y": 40})
        live.page.wait_for_timeout(50)
        if live.page.evaluate(f"{drawn}.every((picture, index) => picture !== before[index])"):
            break
    else:
        pytest.fail("a pointer changes nothing")
    live.page.locator(".headline").hover()
    live.until(f"{drawn}.every((picture, index) => picture === before[index])")


def test_an_address_holds_the_state(visit):
    live = visit(fragment(norm="before"))
    live.settle()
    live.field("network.dropout").locator("input").press("ArrowRight")
    live.until("location.hash.includes('dropout=0.05')")
    live.until("events.findLast(([name]) => name === 'started')[1].state.network.dropout === 0.05")
    state, shared = live.last("started")["state"], live.page.evaluate("location.hash")
    other = visit(fragment(data="xor", rows=80))
    other.until("events.findLast(([name]) => name === 'started')[1].state.data.name === 'xor'")
    opened = visit(shared)
    opened.until("events.findLast(([name]) => name === 'started')[1].state.network.dropout === 0.05")
    assert opened.last("started")["state"] == state
    assert opened.field("network.norm").locator("input[value=before]").is_checked()
    # Whoever else looks at the same server follows.
    other.until("location.hash.includes('dropout=0.05')")


def test_keyboard_alone(visit):
    live = visit(fragment(norm="before"))
    live.settle()
    keyboard = live.page.keyboard
    keyboard.press("Space")
    live.page.locator("[data-do=play]").wait_for()
    live.page.wait_for_timeout(150)
    before = live.last("frame")["epoch"]
    keyboard.press("s")
    live.until(f"events.findLast(([name]) => name === 'frame')[1].epoch > {before}")
    keyboard.press("r")
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch === 0")
    # Tab reaches everything once, in a circle, and shows where it is.
    reached = []
    for _ in range(90):
        keyboard.press("Tab")
        seen = live.page.evaluate(
            """() => {
              const element = document.activeElement;
              if (element === document.body) return null;
              const ring = element.closest(".choice") ?? element;
              const style = getComputedStyle(ring);
              return [element.outerHTML.slice(0, 120), style.outlineStyle !== "none" || element.matches(".skip")];
            }"""
        )
        if seen is None:
            break
        reached.append(seen)
    assert all(visible for _, visible in reached)
    tools = ['data-do="reset"', 'data-do="share"', 'class="begin"', 'class="step"', 'type="range"', 'type="number"']
    for wanted in [*tools, 'value="before"', 'value="circles"', 'value="relu"', 'value="mean"']:
        assert any(wanted in html for html, _ in reached), wanted


def test_a_picture_is_kept_as_a(visit):
    live = visit(fragment(norm="before"))
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 5")
    live.pause()
    accuracy = shown(live, "with", "validation_accuracy")
    live.page.locator("[data-do=keep]").click()
    assert "batch norm (before)" in live.page.locator(".kept").text_content()
    live.field("network.norm").locator("input[value=after]").check(force=True)
    live.until("events.findLast(([name]) => name === 'started')[1].state.network.norm === 'after'")
    live.settle()
    was = live.page.locator(".side.with .numbers div:has([data-number=validation_accuracy]) .was")
    assert was.text_content() == f"A {accuracy}"
    live.page.get_by_role("button", name="Back to A").click()
    live.until("events.findLast(([name]) => name === 'started')[1].state.network.norm === 'before'")
    live.page.get_by_role("button", name="Forget A").click()
    assert live.page.locator(".kept:visible, .was:visible").count() == 0


def test_shares_an_address_and_python(visit):
    live = visit(fragment(norm="before"))
    live.settle()
    live.page.locator("[data-do=share]").click()
    live.until("document.querySelector('.sharing pre').textContent.includes('import')")
    assert "norm=before" in live.page.locator(".sharing .address").text_content()
    compile(live.page.locator(".sharing pre").text_content(), "snippet", "exec")
    live.page.keyboard.press("Escape")
    assert not live.page.locator(".sharing").is_visible()


def test_speaks_the_other_language_and_keeps_the_state(visit):
    live = visit(fragment(norm="before"))
    live.settle()
    live.page.locator(".language").click()
    live.page.get_by_text("배치 정규화", exact=True).first.wait_for()
    assert live.page.evaluate("document.documentElement.lang") == "ko"
    assert "norm=before" in live.page.evaluate("location.hash")


def test_long_runs_are_thinned_and_their_newest_losses_kept(visit):
    live = visit(fragment())
    kept = live.page.evaluate(
        """() => import("/static/history.js").then(({ Curve }) => {
          const curve = new Curve();
          for (let epoch = 0; epoch <= 15001; epoch++) {
            const line = { mean: [epoch], low: [epoch - 1], high: [epoch + 1] };
            curve.add({ epoch: [epoch], training: line, validation: line });
          }
          const { epoch: epochs, training: { mean }, validation: { high } } = curve;
          return { epochs, mean, high, last: curve.last("validation") };
        })"""
    )
    assert 1000 <= len(kept["epochs"]) <= 2000
    assert kept["mean"] == kept["epochs"]
    assert kept["high"] == [epoch + 1 for epoch in kept["epochs"]]
    steps = {later - earlier for earlier, later in pairwise(kept["epochs"])}
    assert len(steps) == 1
    assert kept["last"] == 15001


def test_policy_holds(visit):
    live = visit(fragment(norm="before"), reduced_motion="reduce")
    live.settle()
    origin = live.page.evaluate("location.origin")
    assert {address for address in live.addresses if not address.startswith((origin, "data:"))} == set()
    policy = live.page.request.get(live.address.split("#")[0]).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
