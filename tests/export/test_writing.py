"""Files that belong together: all of them whole, or none."""

import errno
from pathlib import Path

import pytest

from goru.errors import InputError
from goru.export.writing import write_files


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_they_are_written_as_they_are(tmp_path):
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"}, overwrite=False)
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


def test_a_folder_is_made_for_them_and_what_else_is_in_it_stays(tmp_path):
    folder = tmp_path / "new"
    write_files({folder / "a": b"1"}, overwrite=False, folder=folder)
    (folder / "mine").write_bytes(b"mine")
    write_files({folder / "a": b"2", folder / "b": b"3"}, overwrite=True, folder=folder)
    assert contents(folder) == {"a": b"2", "b": b"3", "mine": b"mine"}


def test_if_one_is_there_none_is_written(tmp_path):
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(
        InputError, match=r"b: is there already. Give overwrite=True to replace it, or name another file"
    ):
        write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"}, overwrite=False)
    assert contents(tmp_path) == {"b": b"old"}


@pytest.mark.parametrize("place", ["missing/a", "file/a", "folder"])
def test_a_folder_or_what_lies_in_none_is_no_file(tmp_path, place):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written, it is a folder or lies in none"):
        write_files({tmp_path / place: b"1"}, overwrite=True)


@pytest.mark.parametrize("place", ["missing/a", "file", "file/a"])
def test_a_file_or_what_lies_in_no_folder_is_no_folder(tmp_path, place):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written, it is a file or lies in no folder"):
        write_files({tmp_path / place / "model.json": b"1"}, overwrite=True, folder=tmp_path / place)
    assert contents(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_nothing_is_left_where_the_disk_is_full(tmp_path, monkeypatch, there):
    folder = tmp_path / "folder"
    if there:
        folder.mkdir()
        (folder / "a").write_bytes(b"old")
    original = Path.write_bytes

    def fail(path, content):
        original(path, content[:1])
        if path.name == ".b.part":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(InputError, match=r"folder: cannot be written \(No space left on device\)"):
        write_files({folder / "a": b"new", folder / "b": b"new"}, overwrite=True, folder=folder)
    assert contents(tmp_path) == ({"folder/a": b"old"} if there else {})
    assert folder.exists() == there
