"""A disk that is full at any moment: one line says so, the last good state is whole, and with more room on it goes."""

import shutil
import subprocess
from pathlib import Path

import pytest
from commands import assert_same, files, said

from goru.studies.runs.manifest import check_files
from goru.studies.runs.run import is_unfinished

FIT = ("iris", "--networks", "36", "--hidden", "8")
GO_ON = "what was trained is kept: repeat the command with --resume to continue."
NOTHING = "Nothing was changed; see to the disk, and try again."


def assert_clear(ended, folder: Path) -> None:
    """Exit status 2, and one line: what it is, and how to go on."""
    assert ended.code == 2, ended
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    assert ended.line.startswith("goru: ")
    assert ended.line.endswith(GO_ON if is_unfinished(folder) else NOTHING), ended


@pytest.mark.parametrize("kilobytes", [0, 120, 1200])
def test_a_file_that_cannot_grow(commands, tmp_path, kilobytes):
    """Of the configuration, of the database at its beginning and later, or of the report, which is the largest."""
    whole, _ = commands.whole(*FIT)
    assert (whole / "report.html").stat().st_size > 1200 * 1024
    folder = tmp_path / "run"
    assert_clear(commands("fit", *FIT, "--out", folder, most_bytes=kilobytes * 1024), folder)
    assert said("fit", *FIT, "--out", folder, "--resume")[0] == 0
    assert_same(folder, whole)


@pytest.mark.parametrize("kilobytes", [120])
def test_the_run_that_was_to_be_replaced_is_whole(commands, tmp_path, kilobytes):
    old, _ = commands.whole(*FIT, "--seed", "1")
    folder = Path(shutil.copytree(old, tmp_path / "run"))
    ended = commands("fit", *FIT, "--out", folder, "--overwrite", most_bytes=kilobytes * 1024)
    assert ended.code == 2
    left = {name: content for name, content in files(folder).items() if not name.startswith(".")}
    assert left == files(old)
    check_files(folder)
    assert said("show", folder)[0] == 0


@pytest.fixture
def small_disk(tmp_path):
    """Make a disk of so many kilobytes; given a number again, it is as large from then on."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(kilobytes: int, *options: str) -> Path:
        words = ["mount", "-t", "tmpfs", "-o", ",".join([*options, f"size={kilobytes}k"]), "goru-test", str(place)]
        if subprocess.run(words, capture_output=True).returncode:
            pytest.skip("no disk can be made here")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True)


@pytest.mark.parametrize("kilobytes", [16, 400, 2400])
def test_a_disk_that_is_full(commands, small_disk, kilobytes):
    if shutil.which("mount") is None:
        pytest.skip("no disk can be made here")
    whole, _ = commands.whole(*FIT)
    folder = small_disk(kilobytes) / "run"
    for how in ((), ("--resume",)):
        assert_clear(commands("fit", *FIT, "--out", folder, *how), folder)
    small_disk(64_000, "remount")
    assert said("fit", *FIT, "--out", folder, "--resume")[0] == 0
    assert_same(folder, whole)
