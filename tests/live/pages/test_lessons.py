"""Lessons are set up, ask before they show, and say what came out of the frames."""

import pytest
from visiting import LivePage, fragment, needs_browser

from goru.claims import NAMES
from goru.live.state import State

pytestmark = [needs_browser, pytest.mark.slow]

LESSONS = """import("/static/lessons/lessons.js").then(({ LESSONS }) => LESSONS.map(
  ({ name, claim, state, before }) => ({ name, claim, states: before ? [before.state, state] : [state] })))"""
# What a lesson says of losses that are made up: of the side without and the side with a technique.
OUTCOME = """([name, losses]) => Promise.all([import("/static/lessons/lessons.js"), import("/static/history.js")]).then(
  ([{ LESSONS }, { Run }]) => {
    const lesson = LESSONS.find((each) => each.name === name);
    const run = new Run({ run: 1, state: lesson.state, sides: Object.keys(losses) });
    const line = (values) => ({ mean: values, low: values, high: values });
    const sides = Object.fromEntries(Object.entries(losses).map(([side, { training, validation, ...more }]) => [side, {
      losses: { epoch: training.map((_, index) => index), training: line(training), validation: line(validation) },
      gap: validation.at(-1) - training.at(-1), networks: 16, ...more,
    }]));
    run.take({ run: 1, epoch: 2, compiled: true, sides });
    return lesson.outcome({ run, kept: null });
  })"""
GOOD = {"training": [0.7, 0.3, 0.2], "validation": [0.7, 0.4, 0.3], "learned": 16}
BAD = {"training": [0.7, 0.5, 0.1], "validation": [0.7, 0.5, 0.9], "learned": 3}


@pytest.fixture(scope="module")
def page(chromium, served):
    """A page whose modules are asked."""
    live = LivePage(chromium, served, fragment())
    yield live.page
    live.close()


def test_a_lesson_runs(visit):
    live = visit(fragment() + "&lesson=initial-small")
    page = live.page
    page.get_by_role("button", name="Set it up").click()
    page.locator("[data-phase=predict]").wait_for()
    assert page.get_by_role("button", name="Play").last.is_disabled()
    assert not page.locator(".side.without .layers").is_visible()
    page.locator(".question input[value=one]").check()
    page.locator(".tour .primary").click()
    page.locator(".outcome").wait_for(timeout=40_000)
    frame = live.last("frame")
    assert frame["epoch"] >= 60
    assert page.locator(".outcome").get_attribute("data-answer") == "one"
    assert "As you predicted" in page.locator(".outcome").text_content()
    learned = frame["sides"]["without"]["learned"]
    assert f"{learned} of 16" in page.locator(".outcome").text_content()
    assert "goru claims activations" in page.locator(".tour .more").text_content()
    page.locator("[data-do=play]").wait_for()  # it pauses by itself
    page.get_by_role("button", name="Next lesson").last.click()
    assert "lesson=initial-large" in page.evaluate("location.hash")


def test_a_lesson_keeps_what_it_compares_with(visit):
    live = visit(fragment() + "&lesson=initial-he")
    page = live.page
    page.get_by_role("button", name="Set it up").click()
    page.locator("[data-phase=predict]").wait_for(timeout=20_000)
    assert "Xavier" in page.locator(".kept").text_content()
    assert live.last("started")["state"]["network"]["initial"] == "he"
    # Whoever changes the setting has left the lesson's.
    live.field("network.norm").locator("input[value=before]").check(force=True)
    page.locator("[data-phase=intro]").wait_for()


def test_every_lesson_can_be_trained_and_is_a_claim(page):
    lessons = page.evaluate(LESSONS)
    assert len(lessons) == len({lesson["name"] for lesson in lessons}) == 12
    for lesson in lessons:
        assert lesson["claim"] in NAMES
        for state in lesson["states"]:
            assert State.from_json(state).to_json() == state


@pytest.mark.parametrize(
    ("lesson", "without", "with_", "answer", "verdict"),
    [
        ("bn-speed", BAD, GOOD, "less", "holds"),
        ("bn-speed", GOOD, BAD, "more", "fails"),
        ("bn-init", BAD, GOOD, "with", "holds"),
        ("bn-init", GOOD, GOOD, "both", "open"),
        ("bn-init", BAD, BAD, "neither", "fails"),
        ("dropout", BAD, GOOD, "less", "holds"),
        ("dropout", GOOD, BAD, "more", "fails"),
        ("weight-decay", GOOD, GOOD, "alike", "open"),
    ],
)
def test_a_promise_may_fail(page, lesson, without, with_, answer, verdict):
    said = page.evaluate(OUTCOME, [lesson, {"without": without, "with": with_}])
    assert (said["answer"], said["verdict"]) == (answer, verdict)


@pytest.mark.parametrize(("losses", "answer", "verdict"), [(BAD, "turns", "holds"), (GOOD, "falls", "fails")])
def test_overfitting_may_not_show(page, losses, answer, verdict):
    said = page.evaluate(OUTCOME, ["overfitting", {"without": losses}])
    assert (said["answer"], said["verdict"]) == (answer, verdict)
