"""`goru.claims.page`: outcomes as a folder."""

import json
import os
import re
import struct
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from claimed import setup, table
from planted import SEEDS, four, plant, read, with_networks

from goru.claims.figures import write_svg
from goru.claims.page import check_out, html, summary, write
from goru.claims.running import NAMES, claim
from goru.errors import InputError

HOSTILE = '</title><script>alert(1)</script>--><img src=http://evil.example/x>" onload="alert(2)\' & {{ 7*7 }}'
INERT = {"br", "hr", "img", "input", "link", "meta", "path", "use"}


def outcome_of(name="bn-overfit", of=None):
    of = of or four()
    return read(name, of, with_networks(name, of, plant(name, of)))


def hostile(name="bn-overfit"):
    return outcome_of(name, setup(replace(table(), name=HOSTILE), seeds=SEEDS))


class Page(HTMLParser):
    """What a page holds: elements with their attributes, links, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def named(self, tag):
        return [given for one, given in self.elements if one == tag]


def strict(text: str):
    def refuse(constant):
        pytest.fail(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def digests(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def outcomes():
    return [outcome_of("bn-overfit"), outcome_of("weight-decay")]


@pytest.fixture(scope="module")
def written(outcomes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims") / "new" / "folder"
    write(outcomes, folder)
    return folder


class TestTheFolder:
    def test_has_figures_frames_a_page_and_an_index(self, written):
        own = ("{}.svg", "{}.png", "{}.csv", "{}-curves.csv")
        files = {ending.format(name) for name in ("bn-overfit", "weight-decay") for ending in own}
        files |= {"weight-decay-forms.csv", "index.html", "claims.json"}
        assert {path.name for path in written.iterdir()} == files
        assert {*strict((written / "claims.json").read_text("utf-8"))["files"]} == files - {"claims.json"}

    def test_frames_are_whole(self, written, outcomes):
        for found in outcomes:
            for ending, frame in (("", found.frame), ("-curves", found.curves)):
                pd.testing.assert_frame_equal(pd.read_csv(written / f"{found.name}{ending}.csv"), frame, atol=1e-12)
        table = pd.read_csv(written / "weight-decay-forms.csv", keep_default_na=False)
        pd.testing.assert_frame_equal(table, outcomes[1].tables["forms"], atol=1e-12)

    def test_pictures_are_what_their_names_say(self, written, outcomes):
        for found in outcomes:
            png = (written / f"{found.name}.png").read_bytes()
            assert png[:8] == b"\x89PNG\r\n\x1a\n"
            width, height = struct.unpack(">II", png[16:24])
            assert (width, height) == pytest.approx(np.multiply(found.claim.size, 150), abs=2)
            assert "<svg" in (written / f"{found.name}.svg").read_text("utf-8")

    def test_the_index_has_the_outcomes_in_plain_json(self, written, outcomes):
        content = strict((written / "claims.json").read_text("utf-8"))
        assert content["format"] == "goru claims"
        assert content["claims"] == [summary(found) for found in outcomes]
        for told, found in zip(content["claims"], outcomes, strict=True):
            assert (told["name"], told["question"]) == (found.name, found.claim.question)
            assert (told["said"], told["data"], told["seeds"]) == (found.said, "blobs", SEEDS)
            assert [effect["verdict"] for effect in told["effects"]] == [effect.verdict for effect in found.effects]
            assert [effect["change"] for effect in told["effects"]] == [effect.change for effect in found.effects]
            assert (told["found"], told["meaning"]) == (found.found, found.meaning)
            assert all(source["url"].startswith("https://") for source in told["sources"])
        assert "λ" in (written / "claims.json").read_text("utf-8")

    def test_the_same_outcomes_are_the_same_bytes(self, written, outcomes, tmp_path):
        write(outcomes, tmp_path)
        assert digests(tmp_path) == digests(written)

    def test_the_same_figure_is_the_same_svg_whatever_was_drawn_before(self, outcomes):
        first = write_svg(outcomes[1].figure())
        write_svg(outcomes[0].figure())
        assert write_svg(outcomes[1].figure()) == first
        assert "<text" not in first  # as paths: it looks alike everywhere


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_can_be_told_in_plain_json(name):
    told = summary(outcome_of(name))
    assert strict(json.dumps(told)) == told


@pytest.fixture(scope="module")
def text(written):
    """The page."""
    return (written / "index.html").read_text("utf-8")


class TestThePage:
    def test_tells_every_claim(self, text, outcomes):
        page = Page(text)
        for found in outcomes:
            for part in (found.claim.question, found.claim.promise, found.found, found.meaning, found.done):
                assert part in page.text
            assert {"id": found.name} in page.named("section")
            assert any(given.get("href") == f"#{found.name}" for given in page.named("a"))
            for effect in found.effects:
                assert effect.what in page.text
                assert effect.numbers in page.text
            for source in found.claim.sources:
                assert {"href": source.url} in page.named("a")
        assert len(page.named("svg")) == 2
        assert f"{SEEDS} seeds" in page.text
        assert re.search(r"2 (%|points)", page.text)

    def test_shows_verdicts_in_a_style_that_there_is(self, text):
        styles = text[text.index("<style>") : text.index("</style>")]
        for one in ("holds", "holds-in-part", "does-not-hold", "undecided"):
            assert f".{one} {{" in styles
        for given in Page(text).named("span"):
            assert given["class"].split()[0] == "said"
            assert f".{given['class'].split()[1]} {{" in styles

    @pytest.mark.parametrize("name", [None, "bn-placement", "activations"])
    def test_loads_nothing(self, text, name):
        if name:
            found = hostile(name)
            text = html([found], {name: write_svg(found.figure())})
        page = Page(text)
        assert not {tag for tag, _ in page.elements} & {"script", "img", "link", "iframe", "object", "embed", "base"}
        for tag, given in page.elements:
            for attribute, value in given.items():
                assert not attribute.startswith("on"), (tag, attribute)
                if attribute in ("href", "xlink:href"):
                    assert value.startswith("#") or (tag == "a" and value.startswith("https://")), (tag, value)
                assert attribute not in ("src", "srcset", "data", "action", "poster", "background")
        for address in re.findall(r"url\(([^)]*)\)", text):
            assert address.strip("\"'").startswith("#")
        assert "@import" not in text
        assert "<?xml" not in text
        assert text.count("<!DOCTYPE") + text.count("<!doctype") == 1

    def test_is_whole_html(self, text):
        opened = []

        class Tags(HTMLParser):
            def handle_starttag(self, tag, attrs):
                if tag not in INERT:
                    opened.append(tag)

            def handle_endtag(self, tag):
                if tag not in INERT:
                    assert opened.pop() == tag

        Tags().feed(text)
        assert opened == []

    def test_what_one_drawing_refers_to_another_does_not_redefine(self):
        """Identifiers hold for the whole page: where two drawings share one, it has to mean the same."""
        meant = {}
        for name in NAMES:
            svg = write_svg(outcome_of(name).figure())
            for used in {*re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', svg)}:
                (defined,) = re.findall(rf'<\w+ id="{re.escape(used)}".*?(?:/>|</clipPath>)', svg, re.DOTALL)
                assert meant.setdefault(used, defined) == defined, (name, used)

    @pytest.mark.parametrize("name", ["bn-overfit", "bn-placement"])
    def test_names_are_text_and_nothing_else(self, name, tmp_path):
        found = hostile(name)
        write([found], tmp_path)
        text = (tmp_path / "index.html").read_text("utf-8")
        page = Page(text)
        assert HOSTILE in page.text
        assert "49" not in page.text.split("{{")[1][:10]
        assert not page.named("script")
        assert not page.named("img")
        assert "<script" not in text
        assert "<script" not in (tmp_path / f"{name}.svg").read_text("utf-8")
        assert strict((tmp_path / "claims.json").read_text("utf-8"))["claims"][0]["data"] == HOSTILE

    @pytest.mark.parametrize("name", ["cost_$_in_$.csv", "a$\\frac$b"])
    def test_names_with_dollar_signs_are_no_formulas(self, name, tmp_path):
        write([outcome_of("bn-placement", setup(replace(table(), name=name), seeds=SEEDS))], tmp_path)


class TestCheckOut:
    """Nothing is changed; what cannot be written to is refused, with what to do."""

    def refused(self, folder, overwrite=False):
        with pytest.raises(InputError) as error:
            check_out(folder, overwrite)
        assert str(folder) in str(error.value)
        return str(error.value)

    def test_a_new_or_an_empty_folder_will_do(self, tmp_path, monkeypatch):
        check_out(tmp_path, False)
        check_out(tmp_path / "a" / "b", False)
        monkeypatch.chdir(tmp_path)
        for path in (".", "new", "new/and/deeper"):
            check_out(Path(path), False)
        assert [*tmp_path.iterdir()] == []

    def test_claims_are_replaced_only_if_that_is_asked_for(self, written):
        before = digests(written)
        assert "--overwrite" in self.refused(written)
        check_out(written, True)
        assert digests(written) == before

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_folder_with_other_files_is_left_alone(self, tmp_path, overwrite):
        (tmp_path / "thesis.tex").write_text("x")
        assert "--out" in self.refused(tmp_path, overwrite)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_file_is_no_folder(self, tmp_path, overwrite):
        (tmp_path / "file").write_text("x")
        assert "--out" in self.refused(tmp_path / "file", overwrite)
        assert str(tmp_path / "file") in self.refused(tmp_path / "file" / "below", overwrite)

    def test_a_link_to_nowhere_is_no_folder(self, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "gone")
        self.refused(tmp_path / "link")

    def test_a_folder_that_is_read_only_is_refused(self, tmp_path, monkeypatch):
        # The superuser may write anywhere: so it is the answer about the folder that is read-only.
        may = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: may(path, mode) and not (mode & os.W_OK))
        assert str(tmp_path) in self.refused(tmp_path / "new")
        self.refused(tmp_path)

    def test_a_folder_with_the_claims_of_somebody_else_is_left_alone(self, tmp_path):
        (tmp_path / "claims.json").write_text('{"files": ["thesis.tex"]}')
        (tmp_path / "thesis.tex").write_text("x")
        self.refused(tmp_path, True)


class TestWritingAgain:
    def test_removes_what_was_written_before_and_nothing_else(self, outcomes, tmp_path):
        write(outcomes, tmp_path)
        (tmp_path / "notes.txt").write_text("mine")
        (tmp_path / "mine").mkdir()
        write(outcomes[:1], tmp_path)
        left = {path.name for path in tmp_path.iterdir()}
        assert "notes.txt" in left
        assert "mine" in left
        assert not [name for name in left if name.startswith("weight-decay")]
        assert "bn-overfit.svg" in left
        assert [told["name"] for told in strict((tmp_path / "claims.json").read_text())["claims"]] == ["bn-overfit"]

    @pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "below/inside.txt", "..", 7, None])
    def test_removes_nothing_that_lies_elsewhere(self, outcomes, tmp_path, name):
        folder = tmp_path / "out"
        (folder / "below").mkdir(parents=True)
        places = [tmp_path / "outside.txt", folder / "below" / "inside.txt"]
        for place in places:
            place.write_text("mine")
        if name == "/outside.txt":
            name = str(places[0])
        (folder / "claims.json").write_text(json.dumps({"format": "goru claims", "files": [name]}))
        if name == "..":
            with pytest.raises(InputError):
                write(outcomes[:1], folder)
        else:
            write(outcomes[:1], folder)
        assert [place.read_text() for place in places] == ["mine", "mine"]

    @pytest.mark.parametrize(
        "content",
        ["", "no json", "[]", "{}", '{"files": 3}', '{"format": "goru claims", "files": null}'],
    )
    def test_a_damaged_index_is_replaced(self, outcomes, tmp_path, content):
        (tmp_path / "claims.json").write_text(content)
        write(outcomes[:1], tmp_path)
        assert strict((tmp_path / "claims.json").read_text())["format"] == "goru claims"

    def test_what_cannot_be_written_is_the_inputs_fault(self, outcomes, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(InputError, match="cannot be written"):
            write(outcomes[:1], tmp_path / "file")


def test_a_verdict_is_told_as_it_was_said(tmp_path):
    for said in claim("bn-overfit").meaning:
        found = replace(outcome_of(), said=said)
        page = Page(html([found], {found.name: "<svg></svg>"}))
        assert [given["class"].split()[1] for given in page.named("span")] == [said.replace(" ", "-")] * 2
