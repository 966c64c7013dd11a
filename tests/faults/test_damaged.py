"""Every file of a run, damaged in every way that there is: it is named, and nothing is answered."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import goru
from goru.errors import InputError

FLIPS, CUTS = 40, 8  # of every file
FILES = (
    *("answer.json", "config.json", "evidence.json", "manifest.json", "report.html", "study.sqlite"),
    *(f"model/{name}" for name in ("manifest.json", "model.json", "networks.safetensors", "plain.safetensors")),
)


@pytest.fixture(scope="module")
def whole(commands, tmp_path_factory) -> Path:
    """A run, and the command that it was made by."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = commands("fit", "iris", "--networks", 36, "--hidden", 8, "--out", folder)
    assert done.code == 0, done
    return folder


@pytest.fixture
def run(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "run"))


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << (place % 8)
    path.write_bytes(content)


def refused(run: Path, name: str) -> None:
    """Opening it names the file; a page is written again."""
    with pytest.raises(InputError) as error:
        goru.load(run)
    # A manifest that was changed may blame the file it speaks of, and a run that is none has no files.
    said = str(error.value)
    assert Path(name).name in said or name in ("manifest.json", "config.json"), said
    assert "\n" not in said


def test_a_run_has_these_files(whole):
    found = {path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file()}
    assert found == set(FILES)
    goru.load(whole)


@pytest.mark.parametrize("name", FILES)
def test_one_byte_that_has_changed_is_found_wherever_it_is(run, name):
    path = run / name
    content = path.read_bytes()
    rng = np.random.default_rng(len(content))
    places = {0, len(content) - 1, *rng.integers(0, len(content), FLIPS).tolist()}
    for place in places:
        flipped(path, place)
        refused(run, name)
        path.write_bytes(content)
    goru.load(run)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_off_is_found_wherever_that_was(run, name):
    path = run / name
    content = path.read_bytes()
    for length in np.linspace(0, len(content) - 1, CUTS).astype(int).tolist():
        path.write_bytes(content[:length])
        refused(run, name)
    path.write_bytes(content + b"\0")
    refused(run, name)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "emptied": lambda path: path.write_bytes(b""),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "another's": lambda path: path.write_text('{"format": "another program"}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_every_command_refuses_it_with_one_line(commands, run, tmp_path, name, damage):
    DAMAGES[damage](run / name)
    refused(run, name)
    for words in (("show", run), ("predict", run, "iris", "-o", tmp_path / "predicted.csv")):
        done = commands(*words)
        assert done.code == 2, done
        assert done.line.startswith("goru: "), done
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "predicted.csv").exists()


def test_a_damaged_page_is_written_again(commands, run, whole):
    (run / "report.html").write_text("damaged")
    done = commands("report", run)
    assert done.code == 0, done
    assert (run / "report.html").read_bytes() == (whole / "report.html").read_bytes()
    goru.load(run)


def test_a_full_disk_is_said_and_what_was_trained_goes_on_when_there_is_room(commands, whole, tmp_path):
    folder = tmp_path / "run"
    asked = ("fit", "iris", "--networks", 36, "--hidden", 8, "--out", folder)
    # No file may grow beyond this: study.sqlite does.
    limit = (whole / "study.sqlite").stat().st_size // 2
    full = commands(
        *asked,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert full.code == 2, full
    assert "Traceback" not in full.stderr
    assert full.line.startswith("goru: "), full
    again = commands(*asked, "--resume")
    assert again.code == 0, again
    assert goru.load(folder).trials.equals(goru.load(whole).trials)
    assert (folder / "model/plain.safetensors").read_bytes() == (whole / "model/plain.safetensors").read_bytes()


def test_a_full_disk_leaves_the_run_that_is_to_be_replaced_whole(commands, run):
    full = commands(
        *("fit", "iris", "--networks", 36, "--hidden", 8, "--out", run, "--overwrite", "--seed", 1),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)),
    )
    assert full.code == 2, full
    goru.load(run)


def test_a_clock_that_goes_backwards_changes_nothing(whole, tmp_path):
    script = (
        "import sys, time\n"
        "began = time.time()\n"
        "time.time = lambda: began - 1e6 * (time.monotonic() % 7)\n"
        "sys.argv = ['goru', 'fit', 'iris', '--networks', '36', '--hidden', '8', '--out', sys.argv[1]]\n"
        "from goru.cli import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "run")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert goru.load(tmp_path / "run").trials.equals(goru.load(whole).trials)
