"""Pages in a real browser, in use: with a mouse, with a keyboard, read aloud, and on paper."""

import re
from itertools import pairwise

import pytest
from browser import needs_browser
from pages import DESK, EVERY, PHONE, SHEET

pytestmark = needs_browser


class TestPointing:
    def test_at_a_mark_shows_its_numbers(self, look):
        found = look("two")
        found.page.locator("#plot-effects .points path").first.hover(force=True)
        said = found.page.wait_for_selector("#plot-effects .hoverlayer .hovertext").text_content()
        assert "dropout" in said
        assert "-0.050 (-0.080 to -0.020)" in said
        assert "helps" in said
        found.page.locator("#plot-test .points path").last.hover(force=True)
        found.page.wait_for_selector("#plot-test .hoverlayer .hovertext")
        assert found.said == []
        assert len(found.asked) == 1

    def test_and_dragging_zooms_and_a_double_click_shows_everything_again(self, look):
        found = look("two")
        reach = "() => document.getElementById('plot-curves').layout.xaxis.range.map(Number)"
        before = found.page.evaluate(reach)
        area = found.page.locator("#plot-curves .nsewdrag").first
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        middle = box["y"] + box["height"] / 2
        found.page.mouse.move(box["x"] + 0.3 * box["width"], middle)
        found.page.mouse.down()
        found.page.mouse.move(box["x"] + 0.6 * box["width"], middle, steps=4)
        found.page.mouse.up()
        found.until(f"() => ({reach})()[0] > 1")
        low, high = found.page.evaluate(reach)
        assert low == pytest.approx(before[0] + 0.3 * (before[1] - before[0]), abs=2)
        assert high == pytest.approx(before[0] + 0.6 * (before[1] - before[0]), abs=2)
        found.page.mouse.dblclick(box["x"] + 0.5 * box["width"], middle)
        found.until(f"() => ({reach})()[0] === {before[0]}")
        assert found.page.evaluate(reach) == before
        assert found.said == []
        assert len(found.asked) == 1

    def test_with_a_finger_scrolls_the_page_and_zooms_nothing(self, visit):
        found = visit("compared", width=PHONE, phone=True).drawn()
        modes = found.page.evaluate(
            "() => [...document.querySelectorAll('[data-figure]')].map((div) => div.layout.dragmode)"
        )
        assert set(modes) == {False}
        assert found.count(".modebar") == 0
        assert found.page.evaluate("document.documentElement.scrollWidth") == PHONE
        found.page.tap("#theme")
        assert found.page.get_attribute("html", "data-theme") == "dark"
        assert found.said == []


class TestTheKeyboard:
    def test_reaches_everything_that_does_something(self, look):
        found = look("two")
        found.page.locator(".skip").focus()
        reached = []
        for _ in range(120):
            found.page.keyboard.press("Tab")
            here = found.page.evaluate(
                """() => { const on = document.activeElement;
                  return [on.tagName, on.id, on.classList.contains("skip"), getComputedStyle(on).outlineStyle]; }"""
            )
            if here[0] == "BODY" or here[2]:
                break
            reached.append(here)
        assert reached[0][1] == "theme"
        assert all(outline != "none" for *_, outline in reached)
        tags = [tag for tag, *_ in reached]
        assert tags.count("A") == found.count("nav a")
        assert tags.count("SUMMARY") == found.count("summary")
        visible = "() => [...document.querySelectorAll('.scroll, pre')].filter((each) => each.checkVisibility()).length"
        assert tags.count("DIV") + tags.count("PRE") == found.page.evaluate(visible)

    def test_skips_to_the_contents(self, visit):
        found = visit("compared")
        found.page.keyboard.press("Tab")
        assert found.page.locator(".skip").bounding_box()["x"] >= 0
        found.page.keyboard.press("Enter")
        assert found.page.evaluate("document.activeElement.id") == "main"

    def test_opens_and_closes_the_numbers_and_changes_the_theme(self, look):
        found = look("compared")
        summary = found.page.locator("summary").first
        table = found.page.locator("details table").first
        summary.focus()
        assert not table.is_visible()
        found.page.keyboard.press("Enter")
        assert table.is_visible()
        found.page.keyboard.press("Enter")
        assert not table.is_visible()
        found.page.locator("#theme").focus()
        for theme in ("dark", "light"):
            found.page.keyboard.press("Enter")
            assert found.page.get_attribute("html", "data-theme") == theme


class TestForThoseWhoCannotSee:
    @EVERY
    def test_headings_pictures_and_tables_say_what_they_are(self, look, name):
        found = look(name)
        levels = found.page.evaluate("() => [...document.querySelectorAll('h1,h2,h3,h4')].map((h) => +h.tagName[1])")
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        labels = found.page.evaluate(
            "() => [...document.querySelectorAll('[data-figure]')].map((d) => d.ariaLabel.trim())"
        )
        assert all(len(label) > 20 for label in labels)
        assert found.count("[data-figure][role=group]") == len(labels)
        headed = found.page.evaluate(
            "() => [...document.querySelectorAll('table')].map((t) => t.querySelectorAll('thead th[scope=col]').length)"
        )
        assert len(headed) > len(labels)
        assert min(headed) >= 2

    def test_the_button_has_a_name(self, look):
        assert look("two").page.get_attribute("#theme", "aria-label") == "change between light and dark"


class TestPrinting:
    def test_is_light_has_no_buttons_and_fits_on_a_sheet(self, look):
        found = look("two")
        found.page.click("#theme")
        found.page.set_viewport_size({"width": SHEET, "height": 1000})
        found.page.emulate_media(media="print")
        found.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        found.until("() => document.querySelector('#plot-curves .main-svg').clientWidth < 700")
        assert found.page.get_attribute("html", "data-theme") == "light"
        backgrounds = {tuple(text["behind"]) for text in found.texts()}
        assert all(min(shade) > 200 for shade in backgrounds)
        for selector in ("#theme", "nav", ".skip", ".modebar"):
            assert not any(each.is_visible() for each in found.page.locator(selector).all())
        assert found.page.evaluate("document.documentElement.scrollWidth") <= SHEET
        reach = found.page.evaluate(
            "() => Math.max(...[...document.querySelectorAll('.main-svg, table, pre, p')]"
            ".filter((each) => each.checkVisibility()).map((each) => each.getBoundingClientRect().right))"
        )
        assert reach <= SHEET
        cut = [text["text"] for text in found.texts() if text["plot"] and min(text["left"], text["right"]) < -2]
        assert cut == []
        found.page.emulate_media(media="screen")
        found.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert found.page.get_attribute("html", "data-theme") == "dark"
        found.page.click("#theme")
        found.resize(DESK)
        assert found.said == []

    def test_makes_sheets_and_leaves_the_page_as_it_was(self, look):
        found = look("numbers")
        found.page.click("#theme")
        found.page.evaluate(
            "() => { window.themes = [];"
            " addEventListener('beforeprint', () => themes.push(document.documentElement.dataset.theme)); }"
        )
        sheets = found.page.pdf(format="A4")
        assert sheets.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", sheets)) >= 3
        assert found.page.evaluate("themes") == ["light"]
        assert found.page.get_attribute("html", "data-theme") == "dark"
        found.page.click("#theme")
        assert found.said == []
