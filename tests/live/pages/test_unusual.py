"""A table instead of shapes, and networks that diverge."""

import pytest
from visiting import LivePage, fragment, needs_browser

from goru.live.rows import Source, table
from goru.live.session import Session
from goru.live.state import NetworkState, State, TrainingState

pytestmark = [needs_browser, pytest.mark.slow]


@pytest.mark.parametrize(("name", "score"), [("iris", "accuracy"), ("diabetes", "r2")])
def test_a_table_of_ones_own(chromium, served, name, score):
    state = State(None, NetworkState((8,), norm="before"), TrainingState(batch=64, seeds=2))
    own = type(served)(Session(state, Source(table(name))))
    live = LivePage(chromium, own, "")
    try:
        live.until("events.findLast(([name]) => name === 'frame')[1].epoch > 1")
        live.pause()
        button = live.page.locator(".own-table")
        assert name in button.text_content()
        assert button.get_attribute("aria-pressed") == "true"
        assert live.page.locator("[data-path^='data.']:visible").count() == 1  # the shapes, to go to
        assert not live.page.locator(".looking input[value=spread]").is_visible()
        classes = live.last("started")["classes"] or []
        assert live.page.locator(".legend-points span").all_text_contents() == [
            f"{mark}{each}" for mark, each in zip("●◆▲■", classes, strict=False)
        ]
        value = live.last("frame")["sides"]["with"][score]["validation"]
        said = live.page.locator(f".side.with [data-number=validation_{score}]").text_content().replace("−", "-")
        assert float(said.rstrip(" %")) == pytest.approx(100 * value if score == "accuracy" else value, abs=0.06)
        live.field("data.name").locator("input[value=moons]").check(force=True)
        live.until("events.findLast(([name]) => name === 'started')[1].state.data.name === 'moons'")
        button.click()
        live.until("events.findLast(([name]) => name === 'started')[1].state.data.kind === 'table'")
        assert "data=table" in live.page.evaluate("location.hash")
        assert live.said == []
    finally:
        live.close()
        own.close()


def test_networks_that_diverge_are_counted_and_drawn(visit):
    live = visit(fragment(optimizer="sgd", rate=10, decay=10))
    live.until("events.findLast(([name]) => name === 'frame')[1].sides.with.diverged > 0")
    live.pause()
    side = live.last("frame")["sides"]["with"]
    assert live.page.locator(".side.with .dots .diverged").count() == side["diverged"]
    assert "diverged" in live.page.locator(".headline").text_content()
    assert "diverged" in live.page.locator(".side.with .dots").get_attribute("aria-label")
