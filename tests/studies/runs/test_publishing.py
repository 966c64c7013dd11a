"""A run that is whole takes its place file by file, whatever stops it on its way."""

import contextlib
import os
from pathlib import Path

import pytest
from runs import (
    ANSWERED,
    ASKED,
    WHOLE,
    killed_on_its_way,
    locked_by_another_process,
    make_run,
    nothing,
    of_version,
    run_without_evidence,
    stopped,
    tree,
)

from goru.errors import InputError
from goru.studies.runs.folder import LOCK, finish_publishing
from goru.studies.runs.manifest import MANIFEST, check_files
from goru.studies.runs.run import (
    ANSWER,
    CONFIG,
    EVIDENCE,
    MAKING,
    READY,
    REPORT,
    STORE,
    open_run,
)


class PowerCut(BaseException):
    """Nothing more happens."""


class Cut:
    """Cuts the power before the n-th thing that is done to names in folders, and counts them."""

    def __init__(self, monkeypatch, after: int) -> None:
        self.done, self._after = [], after
        for owner, name in ((os, "rename"), (os, "replace"), (os, "unlink"), (os, "rmdir")):
            monkeypatch.setattr(owner, name, self._watched(name, getattr(owner, name)))

    def _watched(self, name, do):
        def watched(path, *args, **kwargs):
            if len(self.done) == self._after:
                raise PowerCut
            self.done.append((name, Path(path).name))
            return do(path, *args, **kwargs)

        return watched


class TestPublishing:
    """A run that is whole goes to its place file by file; stopped after any of them, it can be moved the rest."""

    @pytest.mark.parametrize("old", [nothing, make_run, run_without_evidence])
    def test_stopped_after_every_single_step_and_done_again(self, tmp_path, monkeypatch, old):
        for step in range(100):
            folder = old(tmp_path / str(step))
            before = tree(folder) if folder.exists() else {}
            with monkeypatch.context() as patch:
                cut = Cut(patch, step)
                with contextlib.suppress(PowerCut):
                    make_run(folder, overwrite=True)
                    break
            self.check_in_between(folder, before)
            if finish_publishing(folder, ASKED):
                assert set(tree(folder)) == WHOLE
                check_files(folder)
                assert open_run(folder).answer == ANSWERED
        assert ("replace", MANIFEST) in cut.done
        assert step > 15

    def check_in_between(self, folder, before):
        """A whole run, old or new, or one that says that it is not finished: never a half."""
        left = {name: content for name, content in tree(folder).items() if not name.startswith(".")}
        if (folder / MANIFEST).exists() and left != before:
            check_files(folder)
            assert set(left) == WHOLE
        elif (folder / READY).is_dir() and left != before:
            with pytest.raises(InputError, match=r"not finished\. Resume it with `goru fit ... --resume`"):
                open_run(folder)
        else:
            assert left == before

    def test_stopped_once_more_each_time(self, tmp_path, monkeypatch):
        folder = killed_on_its_way(tmp_path / "run")
        times = 0
        while (folder / READY).exists():
            times += 1
            with monkeypatch.context() as patch, contextlib.suppress(PowerCut):
                Cut(patch, 7)  # of which five come to nothing the second time
                finish_publishing(folder, ASKED)
        assert times > 3
        assert set(tree(folder)) - {LOCK} == WHOLE
        check_files(folder)

    def test_the_manifest_comes_last_and_goes_first(self, tmp_path, monkeypatch):
        folder = make_run(tmp_path / "run")
        with monkeypatch.context() as patch:
            done = Cut(patch, 1000).done
            make_run(folder, overwrite=True)
        moved = [name for what, name in done if what == "replace" and not name.endswith(".part")]
        assert moved == [CONFIG, STORE, "model.json", EVIDENCE, REPORT, ANSWER, MANIFEST]
        removed = [name for what, name in done[done.index(("rename", MAKING)) :] if what == "unlink"]
        assert removed[:2] == [MANIFEST, ANSWER]

    def test_where_nothing_is_on_its_way_nothing_is_done(self, tmp_path):
        for make in (nothing, make_run, stopped):
            folder = make(tmp_path / make.__name__)
            before = tree(tmp_path)
            assert not finish_publishing(folder, ASKED)
            assert tree(tmp_path) == before

    def test_another_process_may_be_at_it(self, tmp_path):
        folder = killed_on_its_way(tmp_path / "run")
        with locked_by_another_process(folder), pytest.raises(InputError, match="in use by another process"):
            finish_publishing(folder, ASKED)

    def test_a_manifest_that_is_damaged_on_the_way_is_named(self, tmp_path):
        folder = killed_on_its_way(tmp_path / "run")
        (folder / READY / MANIFEST).write_text("{}")
        with pytest.raises(InputError, match=r"\.ready/manifest\.json: damaged"):
            finish_publishing(folder, ASKED)

    def test_beginning_anew_leaves_nothing_of_it(self, tmp_path):
        folder = make_run(killed_on_its_way(tmp_path / "run"), overwrite=True)
        assert set(tree(folder)) == WHOLE

    def test_an_old_version_s_run_is_replaced_as_any(self, tmp_path):
        for version in (2, 3):
            folder = make_run(of_version(tmp_path / str(version), version), overwrite=True)
            check_files(folder)
