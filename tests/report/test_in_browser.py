"""Pages in a real browser: nothing is fetched, everything is drawn, readable, and in reach of a keyboard."""

import copy
import re

import pytest
from answers import CLASSIFICATION, changed
from browser import TOOLBARS, Visit, bare, contrast, covering, needs_browser
from drawn import fragment_of as fragment
from drawn import html
from evidences import (
    HOSTILE,
    HOSTILE_FOLDERS,
    config_of,
    evidence_of,
)
from pages import DESK, ELEMENTS, EVERY, NAMES, PHONE, WIDTHS

pytestmark = needs_browser


class TestOpening:
    @EVERY
    def test_says_no_error_and_asks_for_nothing_but_itself(self, look, pages, name):
        found = look(name)
        assert found.said == []
        assert found.asked == [pages[name].as_uri()]

    def test_leaves_nothing_of_what_was_shown_before(self, look):
        assert look("two").page.locator("[data-figure] > svg").count() == 0

    @EVERY
    def test_draws_every_picture(self, look, name):
        found = look(name)
        drawn = found.page.evaluate(
            """() => [...document.querySelectorAll("[data-figure]")].map((div) => ({
              name: div.dataset.figure, traces: div.data.length, height: div.querySelector(".main-svg").clientHeight,
              marks: div.querySelectorAll(".points path, .js-line, .heatmaplayer image, .js-fill").length,
            }))"""
        )
        assert len(drawn) == int(found.page.get_attribute("html", "data-drawn"))
        assert len(drawn) >= 3
        for one in drawn:
            assert one["height"] > 100
            if name != "nothing":
                assert one["traces"] > 0, one
                assert one["marks"] > 0, one


class TestReading:
    @EVERY
    @WIDTHS
    def test_nothing_is_wider_than_the_window(self, measured, name, width):
        assert max(measured(name, width)["reach"]) == width

    @EVERY
    @WIDTHS
    def test_no_text_is_too_small(self, measured, name, width):
        assert [text["text"] for text in measured(name, width)["texts"] if text["size"] < 9] == []

    @EVERY
    @WIDTHS
    def test_no_text_of_a_picture_is_cut_off(self, measured, name, width):
        texts = [text for text in measured(name, width)["texts"] if text["plot"]]
        assert len(texts) > 20
        sides = ("left", "right", "top", "bottom")
        assert [(text["plot"], text["text"]) for text in texts if min(text[side] for side in sides) < -2] == []

    @pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])  # of 14 classes with long names
    @WIDTHS
    def test_no_text_of_a_picture_stands_on_another(self, measured, name, width):
        assert covering(measured(name, width)["texts"]) == []

    @WIDTHS
    def test_every_label_of_the_forest_plot_is_there(self, measured, width):
        shown = measured("two", width)["forest"]
        for effect in CLASSIFICATION["effects"]:
            assert any(text.startswith(f"{effect['name']}{effect['verdict']}") for text in shown)


class TestTheToolbar:
    @EVERY
    def test_stands_on_nothing_of_its_picture(self, look, name):
        self.check(look(name))

    def test_nor_on_a_dark_page(self, look):
        found = look("compared")
        found.page.click("#theme")
        self.check(found)
        found.page.click("#theme")

    def test_comes_when_somebody_points_at_the_picture_and_stays_while_they_go_to_it(self, look):
        found = look("compared")
        area = found.page.locator("#plot-curves .nsewdrag").first
        area.scroll_into_view_if_needed()
        area.hover(force=True)
        found.page.locator("#plot-curves .modebar-btn").first.hover()
        found.until("() => getComputedStyle(document.querySelector('#plot-curves .modebar')).opacity > 0.9")

    @staticmethod
    def check(found: Visit) -> None:
        for width in (PHONE, DESK):
            found.resize(width)
            bars = found.page.evaluate(TOOLBARS)
            assert len(bars) >= 3
            for bar in bars:
                assert bar["covers"] == [], bar["name"]
                assert min(bar["size"]) > 15
                assert bar["left"] >= 0


class TestLightAndDark:
    def test_texts_stand_out_in_both(self, look):
        found = look("two")
        for _ in range(2):
            texts = found.texts()
            assert len([text for text in texts if text["plot"]]) > 100
            for text in texts:
                if not text["cell"]:
                    enough = 3 if text["plot"] else 4.5
                    assert contrast(text["colour"], text["behind"]) >= enough, text
            found.page.click("#theme")

    def test_the_button_changes_the_page_and_its_pictures_and_says_to_what(self, look):
        found = look("compared")
        button = found.page.locator("#theme")
        seen = []
        for theme, words in (("light", "dark"), ("dark", "light"), ("light", "dark")):
            assert found.page.get_attribute("html", "data-theme") == theme
            assert button.text_content() == words
            seen.append(
                found.page.evaluate(
                    """() => [getComputedStyle(document.body).backgroundColor,
                      getComputedStyle(document.querySelector("#plot-effects .main-svg")).backgroundColor,
                      getComputedStyle(document.querySelector("#plot-effects .points path")).fill]"""
                )
            )
            button.click()
        button.click()
        light, dark, again = seen
        assert light == again
        assert light[0] == light[1]
        assert dark[0] == dark[1]
        assert all(one != other for one, other in zip(light, dark, strict=True))
        assert found.said == []
        assert len(found.asked) == 1

    def test_who_prefers_dark_pages_gets_one(self, visit):
        found = visit("compared", theme="dark").drawn()
        assert found.page.get_attribute("html", "data-theme") == "dark"
        shades = {tuple(text["behind"]) for text in found.texts() if text["plot"]}
        assert all(max(shade) < 80 for shade in shades)


class TestAnOldBrowser:
    def test_that_cannot_unpack_what_draws_shows_the_numbers_and_says_why(self, visit):
        found = visit("compared", before="delete window.DecompressionStream").drawn()
        assert found.page.get_attribute("html", "data-drawn") == "none"
        assert found.page.locator(".old").is_visible()
        assert not any(plot.is_visible() for plot in found.page.locator("[data-figure]").all())
        assert found.page.locator("summary").first.is_visible()
        found.page.click("#theme")
        assert found.page.get_attribute("html", "data-theme") == "dark"
        assert found.said == []


class TestHostileNames:
    def test_of_columns_and_classes_stand_in_tables_as_they_are(self, look):
        found = look("hostile")
        assert found.page.locator("section[aria-labelledby=columns] tbody th").all_text_contents() == HOSTILE
        matrix = found.page.locator("figure:has(#plot-confusion) tbody th").all_text_contents()
        assert matrix == HOSTILE

    def test_stand_in_pictures_as_letters(self, look):
        found = look("hostile")
        ticks = found.shown("#plot-confusion .ytick text")
        for name in ("<script>alert…", '"quoted", it\'s', "%{x}", "$x^2$", "<b>bold</b>", "{{ 7*7 }}", "&amp;", "<!--"):
            assert name in ticks
        legend = found.shown("#plot-roc .legendtext")
        assert any(text.startswith("<script>alert(1)</script>, 0.") for text in legend)

    def test_of_the_table_and_of_notes_stand_in_the_text(self, look):
        found = look("hostile")
        assert found.page.title() == f"{HOSTILE[1]}: effect of each technique"
        assert found.shown("main > p bdi")[0] == HOSTILE[1]
        assert "Dropped '<b>bold</b>': it holds identifiers." in found.shown(".notes li")

    @pytest.mark.parametrize(("name", "harmless"), [("hostile", "three"), ("compared hostile", "compared")])
    def test_make_no_element(self, look, name, harmless):
        added = look(name).count(ELEMENTS) - look(harmless).count(ELEMENTS)
        assert added == 0
        assert look(name).count("[onclick], [onload], [onerror], [onmouseover]") == 0

    def test_are_said_on_pointing_at_them(self, look):
        found = look("hostile")
        area = found.page.locator("#plot-confusion .nsewdrag").first
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        found.page.mouse.move(box["x"] + 8, box["y"] + 8)
        found.page.mouse.move(box["x"] + 10, box["y"] + 10)
        said = bare(found.page.wait_for_selector("#plot-confusion .hoverlayer .hovertext").text_content())
        assert said.startswith("actual <script>alert(1)</script>, predicted <script>alert(1)</script>:")
        assert found.said == []

    def test_that_turn_directions_turn_nothing_beside_them(self, browser, tmp_path):
        answer = changed(
            CLASSIFICATION, data={"classes": ["no", "\u202eשלום"], "notes": ["Dropped '\u202eשלום': it is one."]}
        )
        answer["data"]["name"] = "\u202eשלום"
        evidence = evidence_of(answer)
        (tmp_path / "page.html").write_text(html(answer, evidence, config_of(answer)), encoding="utf-8")
        found = Visit(browser, tmp_path / "page.html")
        for words in ("gets a higher probability", "it is one.", "for a network on"):
            places = found.page.evaluate(
                """(words) => {
                  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
                  while (walker.nextNode()) {
                    const at = walker.currentNode.textContent.indexOf(words);
                    if (at < 0 || walker.currentNode.parentElement.closest("svg")) continue;
                    return [0, 2].map((place) => {
                      const range = document.createRange();
                      range.setStart(walker.currentNode, at + place);
                      range.setEnd(walker.currentNode, at + place + 1);
                      return range.getBoundingClientRect().left;
                    });
                  }
                }""",
                words,
            )
            assert places[0] < places[1], words
        found.close()

    def test_of_runs_stand_in_the_comparison_as_they_are(self, look):
        found = look("compared hostile")
        heads = found.page.locator("section[aria-labelledby=helps] > .scroll thead th").all_text_contents()
        assert heads[1:] == HOSTILE_FOLDERS
        ticks = found.shown("#plot-test .ytick text")
        assert ticks[0] == "<script>alert(1)<…"
        assert "$x^2$" in ticks
        assert found.page.locator("pre").first.get_attribute("aria-label") == f"The command of {HOSTILE_FOLDERS[0]}"


class TestANotebook:
    def test_shows_a_study_with_hostile_names_without_scripts(self, browser, tmp_path):
        answer = copy.deepcopy(CLASSIFICATION)
        cells = [fragment(changed(answer, data={"name": name})) for name in HOSTILE]
        page = "<!doctype html><meta charset=utf-8><link rel=icon href='data:,'><div class=out>" + "".join(cells)
        (tmp_path / "notebook.html").write_text(page, encoding="utf-8")
        found = Visit(browser, tmp_path / "notebook.html", width=700)
        assert found.page.locator("bdi").all_text_contents() == HOSTILE
        assert found.count("script, img, iframe") == 0
        assert found.count("b") == len(HOSTILE) * len(re.findall("<b>", fragment(answer)))
        assert found.count("circle") == 6 * len(HOSTILE)
        cut = found.page.evaluate(
            """() => [...document.querySelectorAll("svg text, svg line, svg circle")].filter((each) => {
              const box = each.getBoundingClientRect(), frame = each.ownerSVGElement.getBoundingClientRect();
              return box.left < frame.left - 1 || box.right > frame.right + 1; }).length"""
        )
        assert cut == 0
        assert found.said == []
        assert len(found.asked) == 1
        found.close()
