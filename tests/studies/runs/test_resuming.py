"""A run that was stopped goes on, with what it was begun with and nothing else."""

import os
from pathlib import Path

import pytest
from runs import (
    ASKED,
    WHOLE,
    begin,
    killed,
    killed_on_its_way,
    make_run,
    record,
    stopped,
    tree,
    write_all,
)

from goru.errors import InputError
from goru.experiment.racing.store import read_trials
from goru.studies.runs.folder import finish_publishing, new_run
from goru.studies.runs.manifest import MANIFEST, check_files
from goru.studies.runs.run import (
    CONFIG,
    MAKING,
    STORE,
)


class TestGoingOn:
    @pytest.mark.parametrize("make", [stopped, killed])
    def test_what_was_recorded_is_there_and_nothing_else_that_may_not_be_whole(self, tmp_path, make):
        folder = make(tmp_path / "run")
        with new_run(folder, ASKED, overwrite=False, resume=True) as making:
            assert set(tree(making)) == {CONFIG, STORE}
            assert len(read_trials(making / STORE)) == 2
            write_all(making)
        assert set(tree(folder)) == WHOLE
        check_files(folder)

    def test_stopped_again_it_keeps_what_it_had(self, tmp_path):
        folder = stopped(tmp_path / "run")
        for error in (KeyboardInterrupt(), OSError("disk full"), InputError("no network learned anything")):
            with pytest.raises(type(error)), new_run(folder, ASKED, overwrite=False, resume=True):
                raise error
            assert len(read_trials(folder / MAKING / STORE)) == 2

    def test_stopped_when_the_manifest_was_written_it_is_written_anew(self, tmp_path, monkeypatch):
        folder = tmp_path / "run"
        with monkeypatch.context() as patch:

            def power_cut(path, target):
                raise OSError("power cut")

            patch.setattr(Path, "rename", power_cut)
            with pytest.raises(OSError, match="power cut"):
                make_run(folder)
        assert (folder / MAKING / MANIFEST).exists()
        with new_run(folder, ASKED, overwrite=False, resume=True) as making:
            write_all(making)
        check_files(folder)

    def test_beginning_anew_leaves_nothing_of_it(self, tmp_path):
        folder = killed(tmp_path / "run")
        with new_run(folder, ASKED, overwrite=True) as making:
            assert set(tree(making)) == {CONFIG}
            record(making)
            write_all(making)


class TestTheSame:
    """A study goes on with what it was begun with; whatever else is given is named."""

    @pytest.mark.parametrize(
        ("group", "name", "value", "words"),
        [
            ("options", "networks", 48, "begun with networks 36, not 48"),
            ("options", "batch_size", 16, "begun with batch-size none, not 16"),
            ("options", "hidden", [8, 8], "begun with hidden 8, not 8,8"),
            ("options", "seed", 1, "begun with seed 0, not 1"),
            ("table", "source", "prices.csv", "begun with source flowers.csv, not prices.csv"),
            ("table", "drop", ["width"], "begun with drop none, not width"),
            ("versions", "jax", "0.11.0", "begun with jax 0.10.2, not 0.11.0"),
            ("versions", "goru", "0.2.0", "begun with goru 0.1.0, not 0.2.0"),
            ("sha256", "source", "6b", "the table has changed"),
            ("columns", "kind", "number", "the table has changed"),
        ],
    )
    @pytest.mark.parametrize("make", [stopped, killed_on_its_way])
    def test_another_is_refused_and_named(self, tmp_path, make, group, name, value, words):
        folder = make(tmp_path / "run")
        before = tree(folder)
        other = {**ASKED, group: {**ASKED[group], name: value}}
        with pytest.raises(InputError, match=f"run: .*{words}.*overwrite=True"):
            finish_publishing(folder, other) or begin(folder, other, resume=True)
        assert tree(folder) == before

    def test_rows_that_are_others_are_refused(self, tmp_path):
        with pytest.raises(InputError, match="the table has changed"):
            begin(stopped(tmp_path / "run"), {**ASKED, "fingerprint": "f2"}, resume=True)

    def test_a_run_that_lies_in_a_folder_of_another_name_by_now_goes_on(self, tmp_path):
        stopped(tmp_path / "run").rename(tmp_path / "other")
        begin(tmp_path / "other", resume=True)

    def test_a_file_name_that_is_no_utf8_is_the_same_again(self, tmp_path):
        asked = {**ASKED, "table": {"source": os.fsdecode(b"caf\xe9.csv")}}
        begin(stopped(tmp_path / "run", config=asked), asked, resume=True)

    def test_a_changed_byte_in_the_configuration_is_found_wherever_it_is(self, tmp_path):
        folder = stopped(tmp_path / "run")
        content = (folder / MAKING / CONFIG).read_bytes()
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            (folder / MAKING / CONFIG).write_bytes(changed)
            with pytest.raises(InputError, match=r"config\.json: damaged|was begun with|the table has changed"):
                begin(folder, resume=True)

    @pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}", b'{"options": 3}', b"\xff", b"[" * 100_000])
    def test_a_configuration_that_is_none_is_named(self, tmp_path, content):
        folder = stopped(tmp_path / "run")
        (folder / MAKING / CONFIG).unlink()
        if content is not None:
            (folder / MAKING / CONFIG).write_bytes(content)
        with pytest.raises(InputError, match=r"\.making/config\.json: damaged\. Start over with overwrite=True"):
            begin(folder, resume=True)
        assert len(read_trials(folder / MAKING / STORE)) == 2
