"""The commands of the README and of docs/: all can be given like that, and what the README begins with runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command

import goru
from goru.cli import app

ROOT = Path(goru.__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))] if README.exists() else []
pytestmark = pytest.mark.skipif(not PAGES, reason="goru is installed without its repository")


def commands(page: Path) -> list[str]:
    """The lines of a page's blocks that call goru, without comments."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("goru ")]
    return list(dict.fromkeys(re.sub(r"\s+#.*", "", line) for line in lines))


def parse(command: str) -> None:
    """Read a command as the shell and goru do, and go no further."""
    group: Any = get_command(app)
    context = group.context_class(group, info_name="goru")
    name, called, words = group.resolve_command(context, shlex.split(command)[1:])
    called.make_context(name, words, parent=context)


@pytest.mark.parametrize("command", dict.fromkeys(command for page in PAGES for command in commands(page)))
def test_a_command_can_be_given_like_that(command):
    parse(command)


@pytest.mark.parametrize(
    ("command", "said"),
    [("goru fit t.csv --budjet 1m", "--budjet"), ("goru fti t.csv", "fti"), ("goru export", "Missing")],
)
def test_what_cannot_is_seen(command, said):
    with pytest.raises(Exception, match=said):  # Typer's class of usage errors has moved between its versions
        parse(command)


@pytest.fixture
def folder(tmp_path):
    """With the table that the README speaks of, and new rows."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"amount": rng.normal(size=240), "age": rng.normal(size=240), "customer": np.arange(240) // 2})
    frame["purpose"] = rng.choice(["car", "house", "other"], 240)
    frame["default"] = np.where(frame["amount"] + rng.normal(size=240) > 0, "yes", "no")
    frame.to_csv(tmp_path / "credit.csv", index=False)
    frame.drop(columns="default").head(20).to_csv(tmp_path / "new.csv", index=False)
    return tmp_path


@pytest.mark.slow
def test_what_the_readme_does_from_the_command_line_runs(folder):
    """In seconds instead of minutes; `goru live` has tests of its own."""
    first = "goru fit digits --budget 5s"  # `make demo` leaves that run
    for command in [first, *(command for command in commands(README) if not command.startswith("goru live"))]:
        words = re.sub(r" --budget \S+", "", command) + " --budget 5s" * command.startswith("goru fit")
        words += " --overwrite" * ("fit credit" in command)
        ended = subprocess.run(
            [sys.executable, "-m", *shlex.split(words)], cwd=folder, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, "Traceback" in ended.stderr) == (0, False), f"{command}: {ended.stderr}"
    made = ("predictions.csv", "comparison.html", "runs/credit/report.html", "claims/report.html")
    assert [name for name in made if not (folder / name).exists()] == []


@pytest.mark.slow
def test_what_the_readme_does_from_python_runs(folder, monkeypatch):
    monkeypatch.chdir(folder)
    frame = pd.read_csv("credit.csv")
    known = {"frame": frame, "new_frame": pd.read_csv("new.csv"), "X": frame[["amount", "age"]], "y": frame["default"]}
    section = README.read_text("utf-8").partition("## From Python")[2].partition("\n## ")[0]
    for block in re.findall(r"^```python\n(.*?)^```", section, re.M | re.S):
        quick = block.replace('budget="2m"', 'budget="5s", overwrite=True')
        exec(quick.replace("random_state=0)", "random_state=0, n_networks=36)"), known | {"goru": goru})
