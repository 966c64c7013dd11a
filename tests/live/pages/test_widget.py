"""The same page as a notebook's widget, with a model that is made up."""

import json

import pytest
from visiting import needs_browser

from goru.live import train
from goru.live.bundle import bundle
from goru.live.paths import STATIC
from goru.live.state import NetworkState, State

pytestmark = [needs_browser, pytest.mark.slow]

MODEL = """([words, language]) => {
  const listeners = new Map();
  window.sent = [];
  window.tell = (event, data) => listeners.get("msg:custom")?.({ event, data });
  const model = {
    get: (name) => ({ words, language })[name],
    send: (message) => sent.push(message),
    on: (name, listener) => listeners.set(name, listener),
    off: (name) => listeners.delete(name),
  };
  window.away = widget.render({ model, el: document.body });
}"""


def test_widget_draws_what_the_kernel_says_and_asks_it(chromium):
    state = State(network=NetworkState((4,), norm="before"))
    frame = next(train(state))
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content("<p>a notebook</p>")
    page.add_style_tag(path=STATIC / "style.css")
    page.add_script_tag(
        type="module",
        content=bundle(STATIC, "widget.js").replace("export default goru_default", "window.widget = goru_default"),
    )
    page.wait_for_function("window.widget")
    page.evaluate(MODEL, [json.loads((STATIC / "words.en.json").read_text(encoding="utf-8")), "en"])
    assert page.evaluate("sent[0]") == {"action": "ready", "opened": True}
    tell = "([event, data]) => tell(event, data)"
    hello = {"table": None, "state": state.to_json(), "playing": False, "reason": "asked", "epochs_per_second": 30}
    page.evaluate(tell, ["hello", hello])
    started = {"run": 1, "state": state.to_json(), "sides": ["without", "with"], "extent": [-1, 1, -1, 1]}
    points = {"x": [0.1, -0.2], "y": [0.3, 0.4], "label": [0, 1], "validation": [False, True]}
    page.evaluate(tell, ["started", {**started, "points": points, "classes": ["0", "1"], "columns": ["x", "y"]}])
    page.evaluate(tell, ["frame", {"run": 1, "epochs_per_second": 0, **frame}])
    page.wait_for_function("sent.some(({ action, opened }) => action === 'ready' && !opened)")
    accuracy = frame["sides"]["with"]["accuracy"]["validation"]
    assert page.locator(".side.with [data-number=validation_accuracy]").text_content() == f"{100 * accuracy:.1f} %"
    page.locator("[data-path='network.norm'] input[value=after]").check(force=True)
    page.wait_for_function("sent.some(({ action }) => action === 'set')")
    asked = page.evaluate("sent.find(({ action }) => action === 'set').state")
    assert State.from_json(asked).network.norm == "after"
    page.evaluate(tell, ["refused", {"error": "no such norm", "where": "network.norm"}])
    assert page.locator("[data-path='network.norm'] .error").text_content() == "no such norm"
    page.locator("[data-do=share]").click()
    page.evaluate(tell, ["snippet", {"text": "import goru.live"}])
    page.wait_for_function("document.querySelector('.sharing pre').textContent === 'import goru.live'")
    page.evaluate("away()")
    assert errors == []
    page.close()
