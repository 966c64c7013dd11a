"""Pages on disk: whole, or not at all."""

import errno
import os
from pathlib import Path
from unittest import mock

import pytest

from goru.errors import InputError
from goru.report.writing import write_page


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_a_page_is_written_as_it_is(tmp_path):
    write_page("<p>ä 🙂\n", tmp_path / "page.html", overwrite=False)
    assert (tmp_path / "page.html").read_bytes() == "<p>ä 🙂\n".encode()
    assert len(contents(tmp_path)) == 1


def test_what_is_no_text_is_written_out(tmp_path):
    write_page("a\udcffb", tmp_path / "page.html", overwrite=False)
    assert contents(tmp_path) == {"page.html": r"a\udcffb"}


def test_a_file_that_is_there_is_replaced_only_if_that_is_asked_for(tmp_path):
    write_page("old", tmp_path / "page.html", overwrite=False)
    with pytest.raises(InputError, match=r"page.html: is there already. Give overwrite=True"):
        write_page("new", tmp_path / "page.html", overwrite=False)
    assert contents(tmp_path) == {"page.html": "old"}
    write_page("new", tmp_path / "page.html", overwrite=True)
    assert contents(tmp_path) == {"page.html": "new"}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("place", ["folder", "missing/page.html", "file/page.html"])
def test_a_folder_or_what_lies_in_none_is_no_place(tmp_path, overwrite, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written, it is a folder or lies in none"):
        write_page("page", tmp_path / place, overwrite)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize(("where", "step"), [(os, "fsync"), (Path, "replace")])
def test_nothing_is_left_of_a_page_that_cannot_be_written(tmp_path, monkeypatch, where, step):
    write_page("old", tmp_path / "page.html", overwrite=False)
    full = mock.Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(where, step, full)
    with pytest.raises(InputError, match=r"page.html: cannot be written \(No space left on device\)"):
        write_page("new", tmp_path / "page.html", overwrite=True)
    assert contents(tmp_path) == {"page.html": "old"}
