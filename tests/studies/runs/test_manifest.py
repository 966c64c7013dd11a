"""The manifest of a run: whatever is lost or has changed is found, and named."""

import json
import re
from pathlib import Path

import pytest

from goru.errors import InputError
from goru.studies.runs.manifest import MANIFEST, check_files, is_sound, list_again, read_manifest, write_manifest

FILES = {"answer.json": b"{}", "model/model.json": b'{"a": 1}', "empty": b"", "report.html": b"<html>"}


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    write_manifest(tmp_path)
    return tmp_path


class TestFiles:
    def test_all_are_listed_and_those_in_folders_too(self, folder):
        assert {name: listed["bytes"] for name, listed in read_manifest(folder).items()} == {
            name: len(content) for name, content in FILES.items()
        }

    def test_as_they_were_written_they_pass(self, folder):
        check_files(folder)

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_one_is_named(self, folder, name):
        (folder / name).unlink()
        with pytest.raises(InputError, match=rf"{re.escape(name)}: missing\. Fit the run again with overwrite=True"):
            check_files(folder)

    @pytest.mark.parametrize("name", FILES)
    def test_one_of_another_size_is_named(self, folder, name):
        (folder / name).write_bytes(FILES[name] + b" ")
        before, after = len(FILES[name]), len(FILES[name]) + 1
        with pytest.raises(InputError, match=f"{re.escape(name)}: damaged, {after} bytes instead of {before}"):
            check_files(folder)

    @pytest.mark.parametrize("name", [name for name, content in FILES.items() if content])
    def test_one_of_another_content_is_named(self, folder, name):
        for place in range(len(FILES[name])):
            changed = bytearray(FILES[name])
            changed[place] ^= 1
            (folder / name).write_bytes(changed)
            with pytest.raises(InputError, match=rf"{re.escape(name)}: damaged, its contents have changed"):
                check_files(folder)

    def test_a_folder_in_place_of_one_is_a_missing_one(self, folder):
        (folder / "empty").unlink()
        (folder / "empty").mkdir()
        with pytest.raises(InputError, match="empty: missing"):
            check_files(folder)

    def test_others_may_be_there_too(self, folder):
        (folder / "notes.txt").write_text("years of work")
        check_files(folder)

    def test_those_that_will_be_written_again_may_be_damaged_or_gone(self, folder):
        (folder / "report.html").unlink()
        check_files(folder, but=("report.html",))
        (folder / "report.html").write_text("?")
        check_files(folder, but=("report.html",))

    def test_what_else_can_be_done_than_fitting_again_is_said(self, folder):
        (folder / "report.html").unlink()
        with pytest.raises(InputError, match=r"report\.html: missing\. Write it again\.$"):
            check_files(folder, mended={"report.html": "Write it again."})


class TestTheManifestItself:
    def test_a_changed_byte_is_found_wherever_it_is(self, folder):
        content = (folder / MANIFEST).read_bytes()
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            (folder / MANIFEST).write_bytes(changed)
            assert not is_sound(folder)
            with pytest.raises(InputError, match=r"manifest\.json: damaged"):
                check_files(folder)

    def test_so_is_where_it_ends_too_early(self, folder):
        content = (folder / MANIFEST).read_bytes()
        for length in range(len(content)):
            (folder / MANIFEST).write_bytes(content[:length])
            with pytest.raises(InputError, match=r"manifest\.json: damaged"):
                check_files(folder)

    def test_a_file_that_was_added_to_it_is_found(self, folder):
        content = json.loads((folder / MANIFEST).read_text())
        content["files"]["more"] = {"bytes": 0, "sha256": ""}
        (folder / MANIFEST).write_text(json.dumps(content))
        with pytest.raises(InputError, match=r"manifest\.json: damaged, its contents have changed"):
            check_files(folder)

    @pytest.mark.parametrize("content", ['{"files": [], "sha256": ""}', '{"files": {}, "sha256": 3}', "[]"])
    def test_another_programs_is_refused(self, folder, content):
        (folder / MANIFEST).write_text(content)
        assert not is_sound(folder)
        with pytest.raises(InputError, match=r"manifest\.json: damaged"):
            check_files(folder)

    def test_a_missing_one_is_named(self, folder):
        (folder / MANIFEST).unlink()
        assert not is_sound(folder)
        with pytest.raises(InputError, match=r"manifest\.json: cannot be read"):
            check_files(folder)


class TestListingAgain:
    def test_a_file_that_was_written_again_passes(self, folder):
        (folder / "report.html").write_text("<html> another")
        list_again(folder, "report.html")
        check_files(folder)

    def test_others_are_not_looked_at_and_stay_as_they_were_listed(self, folder):
        before = read_manifest(folder)
        (folder / "empty").unlink()
        (folder / "report.html").write_text("<html> another")
        list_again(folder, "report.html")
        assert {**read_manifest(folder), "report.html": None} == {**before, "report.html": None}

    def test_where_there_is_no_manifest_none_is_made(self, folder):
        (folder / MANIFEST).unlink()
        list_again(folder, "report.html")
        assert not (folder / MANIFEST).exists()

    def test_a_damaged_manifest_is_not_made_good(self, folder):
        (folder / MANIFEST).write_text("{}")
        with pytest.raises(InputError, match=r"manifest\.json: damaged"):
            list_again(folder, "report.html")
