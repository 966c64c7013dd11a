"""A finished run, opened."""

import re

import pytest
from runs import (
    ANSWERED,
    ANSWERS,
    BEFORE_EVIDENCE,
    GATHERED,
    a_file,
    another_programs_manifest,
    another_programs_run,
    config_that_is_no_json,
    empty_folder,
    foreign_folder,
    killed,
    killed_before_its_first_write,
    killed_on_its_way,
    make_run,
    newer_run,
    nothing,
    of_version,
    older_run,
    run_without_evidence,
    stopped,
    tree,
)

import goru
from goru.errors import InputError
from goru.studies.runs.manifest import MANIFEST
from goru.studies.runs.run import (
    ANSWER,
    CONFIG,
    EVIDENCE,
    MAKING,
    OLDEST,
    READY,
    REPORT,
    STORE,
    VERSION,
    RunFolder,
    open_run,
)

FILES = (CONFIG, STORE, EVIDENCE, REPORT, ANSWER, MANIFEST, "model/model.json")


class TestLoad:
    def test_a_finished_run_opens(self, tmp_path):
        run = open_run(str(make_run(tmp_path / "run")))
        assert run.config["format"] == "goru run"
        assert run.answer == ANSWERED
        assert run.evidence == GATHERED
        assert list(goru.load(run.folder).effects["name"]) == [effect.name for effect in ANSWERED.effects]

    def test_its_trials_are_read_from_their_file(self, tmp_path):
        folder = make_run(tmp_path / "run")
        assert [trial.configuration for trial in open_run(folder).recorded] == [0, 1]
        assert list(goru.load(folder).trials["configuration"]) == [0, 1]

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            *((make, "not a goru run folder") for make in (nothing, empty_folder, foreign_folder, a_file)),
            *((make, "not a goru run folder") for make in (another_programs_run, another_programs_manifest)),
            *((make, "not a goru run folder") for make in (config_that_is_no_json, killed_before_its_first_write)),
            *((make, "not finished. Resume it with `goru fit ... --resume`") for make in (stopped, killed)),
            (killed_on_its_way, "not finished. Resume it with `goru fit ... --resume`"),
            (older_run, "older goru.* overwrite=True"),
            (newer_run, "newer goru"),
        ],
    )
    def test_what_is_no_finished_run_is_refused(self, tmp_path, make, words):
        folder = make(tmp_path / "run")
        before = tree(tmp_path)
        with pytest.raises(InputError, match=words):
            open_run(folder)
        assert tree(tmp_path) == before

    def test_one_that_is_about_to_be_replaced_opens_still(self, tmp_path):
        folder = stopped(make_run(tmp_path / "run"), overwrite=True)
        assert open_run(folder).answer == ANSWERED

    @pytest.mark.parametrize("name", [ANSWER, MANIFEST])
    def test_one_whose_place_is_being_taken_does_not(self, tmp_path, name):
        folder = make_run(tmp_path / "run")
        (folder / READY).mkdir()
        (folder / name).rename(folder / READY / name)
        with pytest.raises(InputError, match="not finished"):
            open_run(folder)

    def test_one_that_is_older_than_pictures_opens_but_has_nothing_to_draw(self, tmp_path):
        run = open_run(run_without_evidence(tmp_path / "run"))
        assert run.answer == BEFORE_EVIDENCE
        with pytest.raises(
            InputError, match=r"run: written by an older goru, which stored no data for pictures.*overwrite=True"
        ):
            _ = run.evidence

    @pytest.mark.parametrize("version", range(OLDEST, VERSION + 1))
    def test_every_version_that_can_be_read_is(self, tmp_path, version):
        answer = ANSWERS.get(version, ANSWERED if version > 2 else BEFORE_EVIDENCE)
        assert open_run(of_version(tmp_path / "run", version)).answer == answer


class TestDamage:
    """Whatever has happened to a file, it is named before anything is read from any."""

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file_is_named(self, tmp_path, name):
        folder = make_run(tmp_path / "run")
        (folder / name).unlink()
        with pytest.raises(InputError, match=rf"{re.escape(name)}: (missing|cannot be read)"):
            open_run(folder)

    @pytest.mark.parametrize("name", FILES)
    @pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\xff", b'{"format": "goru run", "version": 2}'])
    def test_one_with_another_content_is_named(self, tmp_path, name, content):
        folder = make_run(tmp_path / "run")
        (folder / name).write_bytes(content + b" ")
        with pytest.raises(InputError, match=f"{re.escape(name)}: damaged"):
            open_run(folder)

    @pytest.mark.parametrize("name", FILES)
    def test_a_changed_byte_is_found_wherever_it_is(self, tmp_path, name):
        folder = make_run(tmp_path / "run")
        content = (folder / name).read_bytes()
        for place in range(0, len(content), len(content) // 50 + 1):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            (folder / name).write_bytes(changed)
            with pytest.raises(InputError, match=f"{re.escape(name)}: damaged"):
                open_run(folder)

    def test_a_report_can_be_written_again_and_need_not_be_whole_for_that(self, tmp_path):
        folder = make_run(tmp_path / "run")
        (folder / REPORT).write_text("?")
        with pytest.raises(InputError, match=r"report\.html: damaged.* Write it again with `goru report`\.$"):
            open_run(folder)
        assert open_run(folder, but=(REPORT,)).answer == ANSWERED

    def test_what_is_left_of_another_study_does_not_matter(self, tmp_path):
        folder = stopped(make_run(tmp_path / "run"), overwrite=True)
        (folder / MAKING / STORE).write_bytes(b"?")
        assert open_run(folder).answer == ANSWERED


class TestPartsOfAnOlderRun:
    """Which has no manifest: what is damaged is found when it is read."""

    @pytest.fixture
    def run(self, tmp_path) -> RunFolder:
        return open_run(of_version(tmp_path / "run", 3))

    def test_evidence_that_is_gone_is_missed_when_it_is_wanted_and_not_before(self, run):
        (run.folder / EVIDENCE).unlink()
        assert open_run(run.folder).answer == BEFORE_EVIDENCE
        with pytest.raises(InputError, match=r"evidence\.json: cannot be read \(No such file or directory\)"):
            _ = run.evidence

    @pytest.mark.parametrize("content", ["", "{", "{}", "[]", "3", '"text"', "\udcff"])
    def test_a_damaged_answer_is_refused_and_so_is_evidence(self, run, content):
        for name, part in ((ANSWER, "answer"), (EVIDENCE, "evidence")):
            (run.folder / name).write_text(content, errors="surrogateescape")
            with pytest.raises(InputError, match=rf"{part}\.json: damaged"):
                getattr(run, part)
