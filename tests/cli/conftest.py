"""What the tests of the command line share: the command itself, small tables, and a few runs fitted once.

Training costs seconds, so a fitted run belongs to the whole session and no test writes into it:
a test that damages one takes its own copy with `bring`.
"""

import contextlib
import hashlib
import io
import os
import re
import shutil
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `outcomes` is imported by its name

from outcomes import EPOCHS

# Set by terminals and CI services to force colours or widths; a pipe has neither.
TERMINAL_VARIABLES = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "GITHUB_ACTIONS", "TTY_COMPATIBLE")

TINY = ("--networks", 24, "--hidden", 8, "--seed", 0)
"""Options of a training that is as short as it can be and still answers."""


@dataclass(frozen=True)
class Outcome:
    """What one call of the command did."""

    args: tuple[str, ...]
    code: int
    stdout: str
    stderr: str
    before: dict[str, str]
    after: dict[str, str]

    @property
    def output(self) -> str:
        """Both streams as one text."""
        return self.stdout + "\n" + self.stderr

    def __str__(self) -> str:
        return f"goru {' '.join(self.args)}\nexit status {self.code}\nstdout: {self.stdout}\nstderr: {self.stderr}"


@dataclass(frozen=True)
class Run:
    """A fitted run, what fitting it printed, and rows of the same kind that it has never seen."""

    folder: Path
    fit: Outcome
    new: pd.DataFrame
    target: str

    @property
    def features(self) -> pd.DataFrame:
        """The new rows without their target."""
        return self.new.drop(columns=self.target)


def tree(folder: Path) -> dict[str, str]:
    """Every folder and file below `folder` with a digest of its content; lock files hold nothing and do not count."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
        if path.name != ".lock"
    }


def run_goru(*args: object) -> Outcome:
    """Run the command in this process and in the current directory, as its console script does.

    It calls `goru.cli.main`, which pyproject.toml names as the script, and not the Typer object: what is tested is
    what a user meets, wherever the implementation turns an error into a line. An exception that leaves `main` would
    be a traceback for the user, so it leaves this function too.
    """
    from goru.cli import main
    from goru.studies import defaults

    words = tuple(str(arg) for arg in args)
    before = tree(Path.cwd())
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "80"}),
        mock.patch.object(defaults, "EPOCHS", EPOCHS),
        mock.patch.object(sys, "argv", ["goru", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        for variable in TERMINAL_VARIABLES:
            os.environ.pop(variable, None)
        try:
            code = main()
        except SystemExit as stop:
            code = stop.code
    stdout, stderr = (stream.buffer.getvalue().decode("utf-8") for stream in (out, err))
    return Outcome(words, code or 0, stdout, stderr, before, tree(Path.cwd()))


def make_credit(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Three numeric columns, one category, and a class of two levels that they explain."""
    rng = np.random.default_rng(seed)
    income, age, debt = rng.normal(size=(3, rows))
    region = rng.choice(["north", "south", "west"], rows)
    score = 2 * income - debt + np.where(region == "south", 1.0, -0.5) + 0.2 * rng.normal(size=rows)
    return pd.DataFrame(
        {
            "income": (1000 + 250 * income).round(2),
            "age": (45 + 10 * age).round(1),
            "debt": (500 + 100 * debt).round(2),
            "region": region,
            "target": np.where(score > 0, "good", "bad"),
        }
    )


def make_houses(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """A numeric target in the last column, three columns of noise, numbers as text, a category written as a number."""
    rng = np.random.default_rng(seed)
    area, age = rng.normal(size=(2, rows))
    district = rng.integers(1, 5, rows)
    noise = rng.normal(size=(3, rows))
    price = 300 + 60 * area - 30 * age + 10.0 * (district == 2) + 3 * rng.normal(size=rows)
    return pd.DataFrame(
        {
            "area": 80 + 20 * area,
            "age": [f" {30 + 10 * value:.2f} " for value in age],
            "district": district,
            "noise_a": noise[0],
            "noise_b": noise[1],
            "noise_c": noise[2],
            "price": price,
        }
    )


HOSTILE_NAMES = ("<script>alert(1)</script>", '"quoted", it\'s', "🙂 émoji", "n" * 300)
HOSTILE_CLASSES = ('yes, "really"', "nö 🙂")
ROWS_WITHOUT_TARGET = 13


def make_messy(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """One table with everything in it that is handled: what is said about and what is not."""
    rng = np.random.default_rng(seed)
    income, savings, padded, ratio = rng.normal(size=(4, rows))
    table = pd.DataFrame(
        {
            "income": income,
            "savings": np.where(rng.random(rows) < 0.2, np.nan, savings),
            "is_member": rng.random(rows) < 0.5,
            "region": rng.choice(["north", "south", "west"], rows),
            "padded": [f"  {value:.4f} " for value in padded],
            "ratio": np.select([rng.random(rows) < 0.1, rng.random(rows) < 0.1], [np.inf, -np.inf], ratio),
            "opened": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), unit="D"),
            "always_one": 1,
            "never_filled": np.nan,
            "customer_id": [f"C{seed}-{number:05d}" for number in rng.permutation(rows)],
        }
    )
    for name in HOSTILE_NAMES:
        table[name] = rng.normal(size=rows)
    table["opened"] = table["opened"].dt.strftime("%Y-%m-%d")
    table["class"] = np.where(income + padded + table["is_member"] > 0.5, *HOSTILE_CLASSES)
    return table


def write_table(table: pd.DataFrame, path: str | Path) -> str:
    """Write a table in the format that its name says and return the name."""
    path = Path(path)
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False, sep="\t" if ".tsv" in path.suffixes else ",")
    return str(path)


def write_idx_pair(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Write images and labels as the two files of an MNIST training set."""
    folder.mkdir()
    for name, array in (("train-images-idx3-ubyte", images), ("train-labels-idx1-ubyte", labels)):
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (folder / name).write_bytes(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def goru(tmp_path, monkeypatch):
    """The command, in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return run_goru


@pytest.fixture
def credit():
    """Make a small table with a learnable class."""
    return make_credit


@pytest.fixture
def houses():
    """Make a small table with a learnable number."""
    return make_houses


@pytest.fixture
def messy():
    """Make a small table with everything in it that is handled."""
    return make_messy


@pytest.fixture
def write():
    """Write a table into the current folder."""
    return write_table


@pytest.fixture
def write_idx():
    """Write an IDX pair into a new folder."""
    return write_idx_pair


@pytest.fixture
def refused():
    """Check that input was refused as it should be."""

    def check(outcome: Outcome, *words: str | re.Pattern[str]) -> None:
        """Exit status 2, one line on stderr with every word in it, nothing else printed, nothing on disk touched."""
        assert outcome.code == 2, f"not refused:\n{outcome}"
        assert "Traceback" not in outcome.output, outcome
        lines = [line for line in outcome.stderr.splitlines() if line.strip()]
        assert len(lines) == 1, f"{len(lines)} lines instead of one:\n{outcome}"
        for word in words:
            if isinstance(word, re.Pattern):
                assert word.search(lines[0]), f"{word.pattern} is not matched by: {lines[0]}"
            else:
                assert word.lower() in lines[0].lower(), f"{word} is not in: {lines[0]}"
        assert outcome.stdout == "", outcome
        assert outcome.after == outcome.before, "something was written, changed or deleted"

    return check


@pytest.fixture
def said():
    """Check that something was said, on either stream."""

    def check(outcome: Outcome, *patterns: str) -> None:
        """Every pattern occurs, all of them within 200 characters, however the lines are broken."""
        text = " ".join(outcome.output.split())
        for found in re.finditer(patterns[0], text, re.IGNORECASE):
            nearby = text[max(0, found.start() - 200) : found.end() + 200]
            if all(re.search(pattern, nearby, re.IGNORECASE) for pattern in patterns[1:]):
                return
        pytest.fail(f"{' ... '.join(patterns)} is not said in:\n{outcome}")

    return check


@pytest.fixture
def bring(goru, tmp_path):
    """Copy a fitted run into the test's own folder, where it may be damaged; gives the copy's relative path."""

    def copy(run: Run, name: str | None = None) -> Path:
        place = Path("runs") / (name or run.folder.name)
        shutil.copytree(run.folder, tmp_path / place)
        return place

    return copy


@contextlib.contextmanager
def workshop(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """Step into a folder that lasts as long as the session."""
    folder = tmp_path_factory.mktemp(name)
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="session")
def fit_once():
    """Run a command that fits, in the folder that is current, for fixtures that belong to many tests."""
    return lambda *words: fitted(run_goru(*words))


def fitted(outcome: Outcome) -> Outcome:
    """A fit that the other tests build on: it has to have worked."""
    assert outcome.code == 0, f"the fit that these tests share failed:\n{outcome}"
    return outcome


@pytest.fixture(scope="session")
def credit_run(tmp_path_factory) -> Run:
    """Classification, from a .csv, with a named target."""
    with workshop(tmp_path_factory, "credit") as folder:
        write_table(make_credit(), "credit.csv")
        outcome = fitted(run_goru("fit", "credit.csv", "--target", "target", *TINY))
    return Run(folder / "runs" / "credit", outcome, make_credit(60, seed=1), "target")


@pytest.fixture(scope="session")
def repeated_run(tmp_path_factory, credit_run) -> Run:
    """The classification again, over a copy of its finished run whose weights were lost and whose lock is stale."""
    with workshop(tmp_path_factory, "repeated") as folder:
        write_table(make_credit(), "credit.csv")
        shutil.copytree(credit_run.folder, "again")
        for weights in Path("again", "model").rglob("*.safetensors"):
            weights.write_bytes(b"")
        Path("again", ".lock").touch()
        options = ("--target", "target", "--out", "again", "--overwrite", *TINY)
        outcome = fitted(run_goru("fit", "credit.csv", *options))
    return Run(folder / "again", outcome, credit_run.new, "target")


@pytest.fixture(scope="session")
def optional_run(tmp_path_factory) -> Run:
    """The classification once more, with everything asked for that is not done by default."""
    with workshop(tmp_path_factory, "optional") as folder:
        write_table(make_credit(), "credit.csv")
        options = ("--single", "--search-batch-norm", "--class-weight", "balanced", "--timings")
        outcome = fitted(run_goru("fit", "credit.csv", "--target", "target", *options, *TINY))
    return Run(folder / "runs" / "credit", outcome, make_credit(60, seed=1), "target")


@pytest.fixture(scope="session")
def houses_run(tmp_path_factory) -> Run:
    """Regression, from a .parquet, with the last column as target and most options used."""
    with workshop(tmp_path_factory, "houses") as folder:
        write_table(make_houses(), "houses.parquet")
        columns = ("--drop", "noise_a,noise_b", "--drop", "noise_c", "--categorical", "district")
        shape = ("--task", "regression", "--activation", "tanh", "--batch-size", 32)
        outcome = fitted(run_goru("fit", "houses.parquet", *columns, *shape, *TINY))
    return Run(folder / "runs" / "houses", outcome, make_houses(60, seed=1), "price")


@pytest.fixture(scope="session")
def messy_run(tmp_path_factory) -> Run:
    """Everything that is handled in one .tsv, with fewer networks than a study needs."""
    with workshop(tmp_path_factory, "messy") as folder:
        table = make_messy(120 + ROWS_WITHOUT_TARGET)
        table.loc[table.index[5 : 5 + ROWS_WITHOUT_TARGET], "class"] = np.nan
        write_table(table, "messy.tsv")
        options = ("--target", "class", "--networks", 12, "--hidden", 8, "--seed", 0)
        outcome = fitted(run_goru("fit", "messy.tsv", *options))
    return Run(folder / "runs" / "messy", outcome, make_messy(60, seed=1), "class")
