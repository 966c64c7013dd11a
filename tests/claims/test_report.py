"""`goru.claims.report`: outcomes as a page."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from claimed import table
from planted import HOSTILE, SEEDS, four, hostile, outcome_of

from goru.claims.figures import write_svg
from goru.claims.report import claims_html, promises_held, tried
from goru.claims.running import NAMES, claim
from goru.claims.section import section

INERT = {"br", "hr", "img", "input", "link", "meta", "path", "use"}
SVG = '<?xml version="1.0"?><svg/>'


class Page(HTMLParser):
    """What a page holds: elements with their attributes, text, and what stands in scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text, self.scripts, self.opened = "", [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in INERT:
            self.opened.append(tag)

    def handle_endtag(self, tag):
        if tag not in INERT:
            assert self.opened.pop() == tag

    def handle_data(self, data):
        if self.opened and self.opened[-1] == "script":
            self.scripts.append(data)
        elif "style" not in self.opened:
            self.text += data

    def named(self, tag):
        return [given for one, given in self.elements if one == tag]

    @property
    def figures(self):
        """Those that Plotly draws."""
        return json.loads(self.scripts[1], parse_constant=pytest.fail)


def page_of(*outcomes) -> Page:
    return Page(claims_html([section(found, SVG) for found in outcomes]))


@pytest.fixture(scope="module")
def outcomes():
    return [outcome_of("bn-overfit"), outcome_of("weight-decay")]


@pytest.fixture(scope="module")
def drawings(outcomes):
    return {found.name: write_svg(found.figure()) for found in outcomes}


@pytest.fixture(scope="module")
def text(outcomes, drawings):
    return claims_html([section(found, drawings[found.name]) for found in outcomes])


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


class TestThePage:
    def test_tells_every_claim(self, page, outcomes):
        for found in outcomes:
            for part in (found.claim.question, found.claim.promise, found.found, found.meaning, found.done):
                assert part in page.text
            assert {"id": found.name} in page.named("h2")
            assert {"aria-labelledby": found.name} in page.named("section")
            assert {"href": f"#{found.name}"} in page.named("a")
            for effect in found.effects:
                assert effect.what in page.text
                assert effect.numbers in page.text
            for source in found.claim.sources:
                assert {"href": source.url} in page.named("a")
            for file in (f"{found.name}.csv", f"{found.name}-curves.csv"):
                assert file in page.text
        assert f"{SEEDS} seeds" in page.text
        assert re.search(r"2 (%|points)", page.text)

    def test_has_two_pictures_a_claim_each_with_a_sentence_and_its_numbers(self, page, outcomes):
        names = [f"{found.name}-{kind}" for found in outcomes for kind in ("effects", "curves")]
        assert [*page.figures] == names
        plots = [given for given in page.named("div") if "data-figure" in given]
        assert [given["data-figure"] for given in plots] == names
        for given in plots:
            assert given["aria-label"].endswith(".")
            assert given["aria-label"] in page.text
        assert page.text.count("Data table\n") >= len(names)

    def test_has_the_drawing_as_an_image_that_is_fetched_from_nowhere(self, page, outcomes, drawings):
        for given, found in zip(page.named("img"), outcomes, strict=True):
            kind, content = given["src"].split(",")
            assert kind == "data:image/svg+xml;base64"
            assert base64.b64decode(content).decode() == drawings[found.name]
            assert given["alt"] == found.claim.shows.replace("{score}", "accuracy")
            assert given["alt"] in page.text

    def test_shows_verdicts_in_a_style_that_there_is(self, page, text):
        styles = text[text.index("<style>") : text.index("</style>")]
        for one in ("holds", "holds-in-part", "does-not-hold", "inconclusive"):
            assert f".{one} {{" in styles
        said = [given["class"] for given in page.named("span") if given.get("class", "").startswith("said")]
        assert len(said) == 4  # above, and in the section
        assert all(f".{one.split()[1]} {{" in styles for one in said)

    def test_links_lead_somewhere(self, page):
        ids = [given["id"] for _, given in page.elements if "id" in given]
        assert len(ids) == len({*ids})
        for given in page.named("a"):
            assert given["href"].startswith("https://") or given["href"].removeprefix("#") in ids

    def test_has_all_settings_and_further_tables(self, page, outcomes):
        assert "All 6 settings at the end" in page.text
        assert "All 27 settings at the end" in page.text
        assert "weight-decay-forms.csv" in page.text
        long = outcome_of("activations")
        assert len(long.tables["layers"]) > 1000
        assert "activations-layers.csv" not in page_of(long).text

    def test_of_one_claim_has_its_parts_for_contents(self, outcomes):
        page = page_of(outcomes[0])
        parts = ("", "-changes", "-learning", "-drawing", "-trained")
        links = [given["href"] for given in page.named("a") if given["href"].startswith("#")]
        assert links == ["#main", *(f"#bn-overfit{part}" for part in parts)]
        assert page.text.count(outcomes[0].claim.promise) == 1
        assert "All claims" not in page.text

    def test_can_do_without_learning_curves(self, outcomes):
        found = replace(outcomes[0], claim=replace(outcomes[0].claim, lines=lambda setup, key: []))
        page = page_of(found)
        assert [*page.figures] == ["bn-overfit-effects"]
        assert "Learning curves" not in page.text

    @pytest.mark.parametrize("name", NAMES)
    def test_there_is_one_of_every_claim(self, name):
        found = outcome_of(name)
        page = page_of(found)
        assert page.opened == []
        assert [*page.figures] == [f"{name}-effects", f"{name}-curves"]
        assert found.claim.shows
        assert "{" not in page.named("img")[0]["alt"]


class TestNothingIsFetched:
    @pytest.mark.parametrize("name", [None, "bn-placement", "activations"])
    def test_whatever_it_shows(self, text, name):
        page = Page(text) if name is None else page_of(hostile(name))
        elements = {tag for tag, _ in page.elements}
        assert not elements & {"iframe", "object", "embed", "base", "svg", "form", "video", "audio"}
        for tag, given in page.elements:
            for attribute, value in given.items():
                assert not attribute.startswith("on"), (tag, attribute)
                if attribute == "href":
                    assert value.startswith(("#", "data:,")) or (tag == "a" and value.startswith("https://")), value
                if attribute == "src":
                    assert (tag, value.split(",")[0]) == ("img", "data:image/svg+xml;base64")
                assert attribute not in ("srcset", "data", "action", "poster", "background")
        (policy,) = [given["content"] for given in page.named("meta") if "http-equiv" in given]
        assert "default-src 'none'" in policy

    def test_by_its_styles(self, text):
        styles = text[text.index("<style>") : text.index("</style>")]
        assert "url(" not in styles
        assert "@import" not in styles


class TestHostileNames:
    """They are text, wherever they stand."""

    @pytest.mark.parametrize("name", ["bn-overfit", "bn-placement"])
    def test_in_the_page(self, name):
        found = hostile(name)
        text = claims_html([section(found, SVG)])
        page = Page(text)
        assert HOSTILE in page.text
        assert HOSTILE not in text
        assert "49" not in page.text.split("{{")[1][:10]
        assert "<script>alert" not in text
        assert "<img src=http" not in text
        harmless = page_of(outcome_of(name))
        assert page.named("script") == harmless.named("script")
        own = [script for place, script in enumerate(page.scripts) if place != 1]
        assert own == [script for place, script in enumerate(harmless.scripts) if place != 1]
        assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]

    def test_in_figures(self):
        page = page_of(hostile("bn-placement"))
        # No element can begin in the script that holds them, nor the script end; Plotly itself takes some HTML.
        assert "<" not in page.scripts[1]
        assert "\\u003cb>" in page.scripts[1]
        said = json.dumps(page.figures)
        assert "&lt;/title&gt;" in said
        assert {*re.findall(r"<(\w+)", said)} <= {"b", "br", "extra"}

    def test_that_plotly_would_fill_in_or_take_for_a_formula(self):
        said = json.dumps(page_of(hostile("bn-placement", "%{y} $a$")).figures, ensure_ascii=False)
        assert "%\u200b{y} &#36;a&#36;" in said
        assert "$" not in said
        assert {*re.findall(r"%\{(\w+)", said)} == {"x", "y", "customdata"}
        assert "%{y}" not in said

    def test_that_would_turn_a_sentence_around(self):
        page = page_of(hostile("bn-placement", "abc\u202edef.csv"))
        assert "abc\\u202edef.csv" in page.text
        sentences = [given["aria-label"] for given in page.named("div") if "data-figure" in given]
        assert not any("\u202e" in said for said in sentences)


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            (["holds"] * 3, "All 3 claims hold."),
            (["holds"] * 2, "Both claims hold."),
            (["holds in part"] * 2, "Both claims hold in part."),
            (["does not hold"] * 2, "Neither of the two claims holds."),
            (["does not hold"] * 5, "None of the 5 claims holds."),
            (["inconclusive"] * 4, "All 4 claims stay inconclusive."),
            (["holds", "inconclusive"], "Of 2 claims 1 holds and 1 stays inconclusive."),
            (
                ["does not hold", "holds", "holds in part", "does not hold", "holds", "inconclusive", "inconclusive"],
                "Of 7 claims 2 hold, 1 holds in part, 2 do not hold and 2 stay inconclusive.",
            ),
        ],
    )
    def test_counts(self, outcomes, said, sentence):
        assert promises_held([replace(section(outcomes[0], SVG), said=one) for one in said]) == sentence

    @pytest.mark.parametrize(
        ("said", "begun"),
        [
            ("holds", "The claim holds"),
            ("holds in part", "The claim holds in part"),
            ("does not hold", "The claim does not hold"),
            ("inconclusive", "Whether this holds is inconclusive"),
        ],
    )
    def test_of_one_promise_has_the_promise(self, outcomes, said, begun):
        told = promises_held([replace(section(outcomes[0], SVG), said=said)])
        assert told == f"{begun}: “Batch normalization suppresses overfitting.”"

    def test_is_the_heading(self, page, outcomes):
        assert promises_held([section(found, SVG) for found in outcomes]) in page.text


class TestTried:
    def test_says_on_what_and_how_often(self, outcomes):
        sections = [section(found, SVG) for found in outcomes]
        told = tried(sections)
        assert "tested by experiments on blobs." in told
        assert f"{SEEDS} seeds" in told
        assert "95%" in told
        assert "tested by an experiment on blobs." in tried(sections[:1])

    def test_names_all_of_them_where_claims_were_tried_on_different_ones(self, outcomes):
        one, other = (section(found, SVG) for found in outcomes)
        told = tried([one, replace(other, table="iris", seeds=3)])
        assert "on blobs, iris." in told
        assert f"3 or {SEEDS} seeds" in told

    def test_names_further_tables_where_a_claim_has_them(self, outcomes):
        several = outcome_of("bn-placement", four(tables=(replace(table(), name="others"),)))
        assert "on blobs (and, where a claim is about several tables, on others)." in tried([section(several, SVG)])
        alone = [section(replace(found, setup=several.setup), SVG) for found in outcomes]
        assert "others" not in tried(alone)


def test_a_verdict_is_told_as_it_was_said():
    for said in claim("bn-overfit").meaning:
        page = page_of(replace(outcome_of(), said=said))
        badges = [given["class"] for given in page.named("span") if given.get("class", "").startswith("said")]
        assert badges == [f"said {said.replace(' ', '-')}"]
