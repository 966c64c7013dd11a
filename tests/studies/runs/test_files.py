"""JSON on disk: whole or not at all."""

import json
import os

import pytest
from runs import tree

from goru.errors import InputError
from goru.studies.runs.files import read_json, write_json


class TestWriteJson:
    def test_what_is_written_is_read(self, tmp_path):
        content = {"Größe": [1, 2.5, None, True], "🙂": {"deep": "\n\t\u202e"}}
        write_json(tmp_path / "file.json", content)
        assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == content
        assert set(tree(tmp_path)) == {"file.json"}

    def test_a_file_name_that_is_no_utf8_comes_back_as_it_was(self, tmp_path):
        name = os.fsdecode(b"caf\xe9.csv")
        write_json(tmp_path / "file.json", {"source": name})
        assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == {"source": name}

    @pytest.mark.parametrize("content", [{"loss": float("nan")}, {"loss": float("inf")}, {"array": object()}])
    def test_what_is_not_json_leaves_the_old_file_and_nothing_beside_it(self, tmp_path, content):
        write_json(tmp_path / "file.json", {"old": 1})
        before = tree(tmp_path)
        with pytest.raises((ValueError, TypeError)):
            write_json(tmp_path / "file.json", {"first": "written"} | content)
        assert tree(tmp_path) == before

    def test_the_old_file_is_there_until_the_new_one_is_whole(self, tmp_path, monkeypatch):
        write_json(tmp_path / "file.json", {"old": 1})

        def power_cut(descriptor):
            assert json.loads((tmp_path / "file.json").read_text()) == {"old": 1}
            raise OSError("power cut")

        monkeypatch.setattr(os, "fsync", power_cut)
        with pytest.raises(OSError, match="power cut"):
            write_json(tmp_path / "file.json", {"new": 2})
        assert json.loads((tmp_path / "file.json").read_text()) == {"old": 1}

    def test_both_the_file_and_its_name_survive_a_power_cut(self, tmp_path, monkeypatch):
        synced, fsync = [], os.fsync

        def watch(descriptor):
            synced.append(os.fstat(descriptor).st_ino)
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", watch)
        write_json(tmp_path / "file.json", {"new": 2})
        assert synced == [path.stat().st_ino for path in (tmp_path / "file.json", tmp_path)]


class TestReadJson:
    def test_an_object_that_has_the_keys_is_read(self, tmp_path):
        write_json(tmp_path / "file.json", {"a": 1, "b": 2})
        assert read_json(tmp_path / "file.json", "answer", {"a"}) == {"a": 1, "b": 2}

    @pytest.mark.parametrize("content", ["{}", '{"b": 1}', "[]", "3", '"a"', "null"])
    def test_another_is_named_as_damaged(self, tmp_path, content):
        (tmp_path / "file.json").write_text(content)
        with pytest.raises(InputError, match=r"file\.json: damaged, it is no answer"):
            read_json(tmp_path / "file.json", "answer", {"a"})

    @pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff", b"[" * 100_000, b"\0" * 64])
    def test_what_is_no_json_is_named_as_damaged(self, tmp_path, content):
        (tmp_path / "file.json").write_bytes(content)
        with pytest.raises(InputError, match=r"file\.json: damaged, it is not JSON"):
            read_json(tmp_path / "file.json", "answer", {"a"})

    def test_a_missing_one_is_named(self, tmp_path):
        with pytest.raises(InputError, match=r"file\.json: cannot be read \(No such file or directory\)"):
            read_json(tmp_path / "file.json", "answer", {"a"})
