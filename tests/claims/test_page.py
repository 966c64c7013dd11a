"""`goru.claims.page`: outcomes as a folder."""

import json
import os
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from planted import HOSTILE, SEEDS, hostile, outcome_of

from goru.claims.claim import ClaimOutcome
from goru.claims.figures import write_svg
from goru.claims.page import check_out, outcome_summary, write_claims
from goru.claims.running import NAMES
from goru.errors import InputError


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
    write_claims(outcomes, folder)
    return folder


@pytest.fixture
def again(written, tmp_path):
    """A folder with the same in it, to be damaged."""
    return Path(shutil.copytree(written, tmp_path / "again"))


@pytest.fixture
def undrawn(monkeypatch):
    """What is drawn does not matter, and takes time."""
    monkeypatch.setattr(ClaimOutcome, "figure", lambda _: Figure(figsize=(1, 1)))


class TestTheFolder:
    def test_has_figures_frames_a_report_and_an_index(self, written):
        own = ("{}.svg", "{}.png", "{}.json", "{}.csv", "{}-curves.csv")
        files = {ending.format(name) for name in ("bn-overfit", "weight-decay") for ending in own}
        files |= {"weight-decay-forms.csv", "report.html", "claims.json"}
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
        files = [{"files": told["files"]} for told in content["claims"]]
        assert content["claims"] == [outcome_summary(found) | own for found, own in zip(outcomes, files, strict=True)]
        for told, found in zip(content["claims"], outcomes, strict=True):
            assert (told["name"], told["question"]) == (found.name, found.claim.question)
            assert (told["said"], told["data"], told["seeds"]) == (found.said, "blobs", SEEDS)
            assert [effect["verdict"] for effect in told["effects"]] == [effect.verdict for effect in found.effects]
            assert [effect["change"] for effect in told["effects"]] == [effect.change for effect in found.effects]
            assert (told["found"], told["meaning"]) == (found.found, found.meaning)
            assert all(source["url"].startswith("https://") for source in told["sources"])
        assert "λ" in (written / "claims.json").read_text("utf-8")

    def test_the_same_outcomes_are_the_same_bytes(self, written, outcomes, tmp_path):
        write_claims(outcomes, tmp_path)
        assert digests(tmp_path) == digests(written)

    def test_the_same_figure_is_the_same_svg_whatever_was_drawn_before(self, outcomes):
        first = write_svg(outcomes[1].figure())
        write_svg(outcomes[0].figure())
        assert write_svg(outcomes[1].figure()) == first
        assert "<text" not in first  # as paths: it looks alike everywhere


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_can_be_told_in_plain_json(name):
    told = outcome_summary(outcome_of(name))
    assert strict(json.dumps(told)) == told


def test_names_with_dollar_signs_are_no_formulas(tmp_path):
    for name in ("cost_$_in_$.csv", "a$\\frac$b"):
        write_claims([hostile("bn-placement", name)], tmp_path)


@pytest.mark.parametrize("name", ["bn-overfit", "bn-placement"])
def test_names_are_text_and_nothing_else(name, tmp_path):
    write_claims([hostile(name)], tmp_path)
    assert "<script" not in (tmp_path / f"{name}.svg").read_text("utf-8")
    assert strict((tmp_path / "claims.json").read_text("utf-8"))["claims"][0]["data"] == HOSTILE
    assert HOSTILE not in (tmp_path / "report.html").read_text("utf-8")


class TestCheckOut:
    """Nothing is changed; what cannot be written to is refused, with what to do."""

    def refused(self, folder, overwrite=False, names=("bn-overfit",)):
        with pytest.raises(InputError) as error:
            check_out(folder, names, overwrite)
        assert str(folder) in str(error.value)
        return str(error.value)

    def test_a_new_or_an_empty_folder_will_do(self, tmp_path, monkeypatch):
        check_out(tmp_path, NAMES, False)
        check_out(tmp_path / "a" / "b", NAMES, False)
        monkeypatch.chdir(tmp_path)
        for path in (".", "new", "new/and/deeper"):
            check_out(Path(path), NAMES, False)
        assert [*tmp_path.iterdir()] == []

    def test_claims_are_replaced_only_if_that_is_asked_for(self, written):
        before = digests(written)
        assert "holds bn-overfit already. Give overwrite=True" in self.refused(written)
        assert "holds bn-overfit, weight-decay already" in self.refused(written, names=NAMES)
        check_out(written, NAMES, True)
        assert digests(written) == before

    def test_another_claim_may_join_them(self, written):
        check_out(written, ["bn-speed", "dropout"], False)

    @pytest.mark.usefixtures("undrawn")
    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_file_that_somebody_has_put_beside_them_is_not_replaced(self, outcomes, tmp_path, overwrite):
        write_claims(outcomes[:1], tmp_path)
        (tmp_path / "dropout-ensemble.csv").write_text("mine")
        (tmp_path / "notes.txt").write_text("mine")
        assert "dropout-ensemble.csv" in self.refused(tmp_path, overwrite, ["dropout-ensemble"])
        check_out(tmp_path, ["dropout"], overwrite)

    @pytest.mark.parametrize("damage", ["gone", "no json", "{}"])
    def test_claims_that_cannot_be_shown_again_are_replaced_only_if_that_is_asked_for(self, again, damage):
        kept = again / "weight-decay.json"
        kept.unlink() if damage == "gone" else kept.write_text(damage)
        assert "overwrite=True" in self.refused(again, names=["dropout"])
        check_out(again, ["dropout"], True)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_folder_with_other_files_is_left_alone(self, tmp_path, overwrite):
        (tmp_path / "thesis.tex").write_text("x")
        assert "another folder" in self.refused(tmp_path, overwrite)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_a_file_is_no_folder(self, tmp_path, overwrite):
        (tmp_path / "file").write_text("x")
        assert "another folder" in self.refused(tmp_path / "file", overwrite)
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
    def test_claims_join_others_as_if_all_had_been_tried_at_once(self, outcomes, written, tmp_path):
        for found in outcomes:
            write_claims([found], tmp_path)
        assert digests(tmp_path) == digests(written)

    def test_replaces_those_that_are_tried_again_and_nothing_else(self, outcomes, again):
        before = digests(again)
        (again / "notes.txt").write_text("mine")
        (again / "weight-decay.csv").write_text("damaged")
        (again / "bn-overfit.csv").write_text("changed")
        write_claims([replace(outcomes[1], tables={})], again)
        assert (again / "notes.txt").read_text() == "mine"
        assert (again / "bn-overfit.csv").read_text() == "changed"
        assert (again / "weight-decay.csv").read_bytes() == before["weight-decay.csv"]
        assert not (again / "weight-decay-forms.csv").exists()
        told = strict((again / "claims.json").read_text("utf-8"))["claims"]
        assert [one["name"] for one in told] == ["bn-overfit", "weight-decay"]
        page = (again / "report.html").read_text("utf-8")
        assert all(found.claim.question in page for found in outcomes)

    @pytest.mark.usefixtures("undrawn")
    def test_removes_the_page_that_an_older_goru_called_otherwise(self, outcomes, tmp_path):
        files = ["bn-overfit.svg", "index.html"]
        for name in files:
            (tmp_path / name).write_text("older")
        (tmp_path / "claims.json").write_text(json.dumps({"format": "goru claims", "files": files}))
        check_out(tmp_path, NAMES, True)
        write_claims(outcomes[:1], tmp_path)
        assert not (tmp_path / "index.html").exists()
        assert (tmp_path / "report.html").exists()

    @pytest.mark.usefixtures("undrawn")
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
                write_claims(outcomes[:1], folder)
        else:
            write_claims(outcomes[:1], folder)
        assert [place.read_text() for place in places] == ["mine", "mine"]

    @pytest.mark.usefixtures("undrawn")
    @pytest.mark.parametrize(
        "content",
        ["", "no json", "[]", "{}", '{"files": 3}', '{"format": "goru claims", "files": null}'],
    )
    def test_a_damaged_index_is_replaced(self, outcomes, tmp_path, content):
        (tmp_path / "claims.json").write_text(content)
        write_claims(outcomes[:1], tmp_path)
        assert strict((tmp_path / "claims.json").read_text())["format"] == "goru claims"

    @pytest.mark.usefixtures("undrawn")
    def test_what_cannot_be_written_is_the_inputs_fault(self, outcomes, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(InputError, match="cannot be written"):
            write_claims(outcomes[:1], tmp_path / "file")
