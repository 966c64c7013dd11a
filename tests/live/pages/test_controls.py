"""Every control changes what is trained."""

import time

import pytest
from visiting import fragment, needs_browser

PATIENCE = 20  # seconds, on a busy machine
pytestmark = [needs_browser, pytest.mark.slow]

SLIDERS = [
    "network.dropout",
    "network.decay",
    "data.rows",
    "data.noise",
    "data.useless",
    "training.rate",
    "training.batch",
    "training.seeds",
]
CHOICES = [
    ("network.norm", "after"),
    ("network.decay_form", "decoupled"),
    ("data.name", "spirals"),
    ("network.activation", "tanh"),
    ("network.initial", "xavier"),
    ("training.optimizer", "sgd"),
]


def at(state: dict, path: str):
    for name in path.split("."):
        state = state[name]
    return state


class Changed:
    """Wait for the training of what a control asked for."""

    def __init__(self, live) -> None:
        self.live = live
        self.run = live.last("started")["run"]
        self.posts = len(live.asked)

    def state(self) -> dict:
        live, end = self.live, time.monotonic() + PATIENCE
        live.until(f"events.some(([name, data]) => name === 'frame' && data.run > {self.run})")
        while True:  # the page may have begun another training of its own before: when it was opened
            live.settle()
            asked = [body["state"] for body in live.asked[self.posts :] if body["action"] == "set"]
            started = live.last("started")
            if asked and asked[-1] == started["state"] and live.last("frame")["run"] == started["run"]:
                return started["state"]
            assert time.monotonic() < end, f"asked for {asked[-1:]}, and trains {started['state']}"
            live.page.wait_for_timeout(20)


@pytest.fixture(scope="module")
def live(chromium, served):
    """One page for all controls: each test changes one of them, from wherever the others are."""
    from visiting import LivePage

    page = LivePage(chromium, served, fragment(decay=0.001))
    page.settle()
    yield page
    assert page.said == []
    page.close()


@pytest.mark.parametrize("path", SLIDERS)
def test_slider(live, path):
    before, changed = at(live.last("started")["state"], path), Changed(live)
    slider = live.field(path).locator("input")
    slider.focus()
    live.page.keyboard.press("ArrowRight")
    after = at(changed.state(), path)
    assert after > before
    assert slider.get_attribute("aria-valuetext") == live.field(path).locator("output").text_content()


@pytest.mark.parametrize(("path", "value"), CHOICES)
def test_choice(live, path, value):
    changed = Changed(live)
    live.field(path).locator(f"input[value={value}]").check(force=True)
    assert at(changed.state(), path) == value


def test_standard_deviation(live):
    changed = Changed(live)
    live.field("network.initial").locator("input[value=own]").check(force=True)
    own = changed.state()["network"]["initial"]
    changed = Changed(live)
    live.field("network.deviation").locator("input").press("ArrowLeft")
    assert 0 < changed.state()["network"]["initial"] < own


def test_layers_and_units(live):
    layers = live.field("network.hidden")
    before = live.last("started")["state"]["network"]["hidden"]
    changed = Changed(live)
    layers.get_by_label("One hidden layer more").click()
    assert changed.state()["network"]["hidden"] == [*before, before[-1]]
    changed = Changed(live)
    layers.get_by_label("More units in layer 1").click()
    assert changed.state()["network"]["hidden"][0] > before[0]
    changed = Changed(live)
    layers.get_by_label("Units in layer 2", exact=True).fill("5")
    live.page.keyboard.press("Enter")
    assert changed.state()["network"]["hidden"][1] == 5
    assert len(live.last("frame")["sides"]["with"]["layers"]) == 3
    live.page.locator(".side.with .layers li:visible").nth(2).wait_for()
    assert live.page.locator(".side.with .layers li:visible").count() == 3
    for _ in range(3):
        changed = Changed(live)
        layers.get_by_label("One hidden layer fewer").click()
        changed.state()
    assert live.last("started")["state"]["network"]["hidden"] == []
    assert layers.get_by_label("One hidden layer fewer").is_disabled()


def test_other_rows(live):
    before, changed = live.last("started")["points"], Changed(live)
    live.page.get_by_role("button", name="Other rows").click()
    changed.state()
    assert live.last("started")["points"] != before


def test_transport(visit):
    live = visit(fragment(norm="before"))
    live.settle()
    live.pause()
    for _ in range(2):
        before = live.last("frame")["epoch"]
        live.page.locator("[data-do=step]").click()
        live.until(f"events.findLast(([name]) => name === 'frame')[1].epoch > {before}")
        live.settle()
    assert live.last("frame")["epoch"] == before + 1
    live.page.locator("[data-do=reset]").click()
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch === 0")
    live.settle()
    live.page.locator(".speed input").press("Home")
    live.until("document.querySelector('.speed output').textContent.startsWith('1 ')")
    assert live.asked[-1] == {"action": "speed", "epochs_per_second": 1}
    live.page.locator(".speed input").press("End")
    live.page.locator("[data-do=play]").click()
    live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 3")


def test_what_the_server_refuses_is_said_beside_the_setting(visit):
    live = visit(fragment(rate=1000))
    error = live.page.locator("[data-path='training.rate'] .error")
    error.wait_for()
    assert "training.rate" in error.text_content()
    live.said[:] = [text for text in live.said if "status of 4" not in text]  # the browser names every refusal


def test_invitation_switches_a_technique_on(visit):
    from playwright.sync_api import expect

    live = visit(fragment())
    live.settle()
    expect(live.page.locator(".side:visible")).to_have_count(1)
    changed = Changed(live)
    live.page.get_by_role("button", name="Dropout 0.2").click()
    assert changed.state()["network"]["dropout"] == 0.2
    expect(live.page.locator(".side:visible")).to_have_count(2)
