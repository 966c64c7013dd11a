"""What a command leaves behind, and whom it talks to: nothing but its run and its cache, and nobody."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from outcomes import EPOCHS

# Python calls this hook before anything is done: a socket that is opened, a name that is looked up, a file that is
# opened to be written. What it says goes to a file of its own, through a descriptor that is open already.
WATCHED = """
import os, sys
heard = None
NET = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request")
def hook(event, given):
    if event in NET:
        os.write(heard, f"{{event}} {{given!r}}\\n".encode())
        raise OSError("no network here")
    if event == "open" and isinstance(given[0], (str, bytes)) and given[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        os.write(heard, f"write {{os.path.abspath(os.fsdecode(given[0]))}}\\n".encode())
commands = {{name: (os.open(told, os.O_WRONLY | os.O_CREAT), words) for name, told, words in {commands!r}}}
heard = commands["import"][0]
sys.addaudithook(hook)
from goru.cli import main
from goru.studies import defaults
defaults.EPOCHS = {epochs}
for name, (heard, words) in commands.items():
    sys.argv = ["goru", *words]
    if words and main():
        sys.exit(f"{{name}} failed")
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A home, a cache, a folder for temporary files and one to work in, all new."""
    home = tmp_path_factory.mktemp("alone")
    for name in ("home", "cache", "temporary", "work"):
        (home / name).mkdir()
    return home


@pytest.fixture(scope="module")
def heard(home) -> dict[str, list[str]]:
    """By command, one after the other in one process, what the hook has heard."""
    commands = {
        "import": [],
        "fit": ["fit", "iris", "--networks", "36", "--hidden", "8"],
        "report": ["report", "runs/iris"],
        "predict": ["predict", "runs/iris", "iris", "-o", "predicted.csv"],
        "claims": ["claims", "bn-overfit", "--seeds", "3", "--data", "iris", "--out", "claims"],
    }
    environment = os.environ | {
        "HOME": str(home / "home"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "TMPDIR": str(home / "temporary"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("JAX_COMPILATION_CACHE_DIR", "MPLCONFIGDIR"):
        environment.pop(name, None)
    told = {name: home / f"{name}.txt" for name in commands}
    script = WATCHED.format(epochs=EPOCHS, commands=[(name, str(told[name]), commands[name]) for name in commands])
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=home / "work", env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return {name: path.read_text().splitlines() for name, path in told.items()}


@pytest.mark.parametrize("command", ["import", "fit", "report", "predict", "claims"])
def test_nothing_is_sent_and_nobody_is_asked(heard, command):
    assert [line for line in heard[command] if not line.startswith("write ")] == []


@pytest.mark.parametrize("command", ["fit", "report", "predict", "claims"])
def test_files_are_written_where_they_belong_alone(heard, home, command):
    written = {line.removeprefix("write ") for line in heard[command] if line.startswith("write ")}
    own = tuple(str(home / name) for name in ("work", "cache", "temporary", "home/.config/matplotlib"))
    assert [path for path in written if not path.startswith((*own, "/dev/"))] == []
    assert any(path.startswith(own[0]) for path in written)


def test_no_temporary_file_is_left(heard, home):
    left = [path for path in (home / "temporary").rglob("*") if "matplotlib" not in str(path)]
    assert left == []
    assert {path.name for path in (home / "work").iterdir()} == {"runs", "predicted.csv", "claims"}
    assert not list((home / "work").rglob(".*"))


def test_the_cache_is_private(heard, home):
    programs = home / "cache" / "goru" / "programs"
    assert stat.S_IMODE(programs.stat().st_mode) == 0o700
