"""Every file of a run truncated, changed in one byte, emptied, deleted: it is named, and there is no wrong answer."""

import shutil
from pathlib import Path

import pytest
from commands import files, said
from damages import damage, damages

import goru
from goru.errors import InputError
from goru.studies.runs.manifest import MANIFEST
from goru.studies.runs.run import CONFIG, REPORT, STORE

FIT = ("iris", "--networks", "36", "--hidden", "8")
MODEL = ("manifest.json", "model.json", "networks.safetensors", "plain.safetensors")
FILES = (
    *(CONFIG, STORE, "evidence.json", REPORT, "answer.json", MANIFEST),
    *(f"model/{name}" for name in MODEL),
)


@pytest.fixture(scope="module")
def whole(commands) -> Path:
    return commands.whole(*FIT)[0]


@pytest.fixture
def run(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


@pytest.mark.parametrize("name", FILES)
def test_it_is_named_by_every_command_that_opens_the_run(run, tmp_path, name):
    content = (run / name).read_bytes()
    table = tmp_path / "new.csv"
    table.write_text("sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5,3,1,0.2\n")
    commands = [("show", run), ("show", run, "--json"), ("predict", run, table), ("report", run)]
    for kind, changed in damages(content, seed=len(name), flips=40):
        damage(run / name, changed)
        for words in commands:
            if name == REPORT and words[0] == "report":
                continue
            code, out, err = said(*words)
            assert (code, out) == (2, ""), (kind, words, err)
            assert len(err.splitlines()) == 1, (kind, words, err)
            assert f"{run / name}: " in err, (kind, words, err)
        with pytest.raises(InputError, match=f"{name}: "):
            goru.load(run)
        (run / name).write_bytes(content)
    assert said("show", run)[0] == 0


def test_a_damaged_report_is_mended_by_writing_it_again(run, whole):
    content = (run / REPORT).read_bytes()
    for kind, changed in damages(content, seed=0):
        damage(run / REPORT, changed)
        assert said("report", run)[0] == 0, kind
        assert files(run) == files(whole), kind


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_its_place_is_none(run, name):
    (run / name).unlink()
    (run / name).mkdir()
    code, out, err = said("show", run)
    assert (code, out) == (2, "")
    assert f"{run / name}: " in err


def test_two_files_in_each_other_s_place_are_found(run):
    for one, other in ((f"model/{MODEL[2]}", f"model/{MODEL[3]}"), ("answer.json", "evidence.json")):
        contents = [(run / name).read_bytes() for name in (one, other)]
        for name, content in zip((other, one), contents, strict=True):
            (run / name).write_bytes(content)
        code, out, err = said("show", run)
        assert (code, out) == (2, "")
        assert one in err or other in err
        for name, content in zip((one, other), contents, strict=True):
            (run / name).write_bytes(content)


def test_a_file_of_another_run_is_found(run, commands):
    other = commands.whole(*FIT[:-1], "4")[0]
    for name in FILES:
        content = (run / name).read_bytes()
        if (other / name).read_bytes() == content:
            continue
        shutil.copy(other / name, run / name)
        code, out, _ = said("show", run)
        assert (code, out) == (2, ""), name
        (run / name).write_bytes(content)
