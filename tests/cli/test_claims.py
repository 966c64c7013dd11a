"""`goru claims`: a textbook's promises, tried."""

import contextlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcomes import files_of, strict_json

from goru.claims.running import NAMES, claim

VERDICTS = ("holds", "holds in part", "does not hold", "inconclusive")
ONE = ("claims", "bn-overfit", "--data", "iris", "--seeds", 3)


@pytest.fixture
def untrained(monkeypatch):
    """Nothing may be trained."""

    def train(*_, **__):
        raise AssertionError("networks were trained")

    monkeypatch.setattr("goru.claims.training.Workshop.train", train)


@pytest.fixture(scope="session")
def done():
    """What has been tried already."""
    return []


@pytest.fixture
def tried(goru, done, tmp_path_factory):
    """One claim, really tried, once for all tests, and its folder; no test writes into it."""
    if not done:
        folder = tmp_path_factory.mktemp("tried")
        with contextlib.chdir(folder):
            outcome = goru(*ONE, "--out", "claims/iris")
        assert outcome.code == 0, outcome
        done.append((outcome, folder / "claims" / "iris"))
    return done[0]


class TestTheList:
    def test_names_and_questions(self, goru, untrained):
        outcome = goru("claims", "--list")
        assert outcome.code == 0, outcome
        heading, *lines = outcome.stdout.splitlines()
        assert heading.split() == ["claim", "question"]
        assert len(lines) == len(NAMES)
        for name, line in zip(NAMES, lines, strict=True):
            assert re.split(r"\s{2,}", line.strip()) == [name, claim(name).question]
        assert outcome.stderr == ""
        assert outcome.after == outcome.before

    def test_may_be_of_some(self, goru, untrained):
        outcome = goru("claims", "dropout", "bn-speed", "dropout", "--list")
        assert [line.split()[0] for line in outcome.stdout.splitlines()] == ["claim", "dropout", "bn-speed"]

    def test_has_no_unknown_ones(self, goru, refused):
        refused(goru("claims", "dropuot", "--list"), "dropuot", "dropout")


class TestRefusals:
    """One line, and nothing is trained or written."""

    @pytest.fixture(autouse=True)
    def nothing_is_trained(self, tried, untrained):
        """From now on."""

    def test_an_unknown_claim(self, goru, refused):
        refused(goru("claims", "bn-sped", "--data", "iris", "--out", "new"), "bn-sped", "did you mean 'bn-speed'")
        refused(goru("claims", "bn-speed", "zzz"), "zzz", "--list")

    @pytest.mark.parametrize("seeds", [2, 0, -1, "many", "3.5", ""])
    def test_seeds_that_cannot_be(self, goru, refused, seeds):
        refused(goru("claims", "bn-overfit", "--data", "iris", "--seeds", seeds), "--seeds")

    def test_a_preset_that_there_is_not(self, goru, refused):
        refused(goru("claims", "bn-overfit", "--data", "iris", "--preset", "novel"), "--preset", "novel")

    def test_the_book_without_images(self, goru, refused):
        refused(goru("claims", "bn-overfit", "--preset", "book"), "--data", "images")
        refused(goru("claims", "bn-overfit", "--preset", "book", "--data", "iris"), "iris", "images")

    def test_the_book_with_few_images(self, goru, refused, write_idx):
        write_idx(Path("few"), np.zeros((20, 3, 3)), np.arange(20) % 10)
        refused(goru("claims", "bn-overfit", "--preset", "book", "--data", "few"), "few", "2,000")

    def test_tables_that_cannot_be(self, goru, refused, write, credit):
        refused(goru("claims", "bn-overfit", "--data", "missing.csv"), "missing.csv")
        write(credit(99), "credit.csv")
        refused(goru("claims", "bn-overfit", "--data", "credit.csv"), "credit.csv", "99 rows", "100")
        refused(goru("claims", "bn-overfit", "--data", "iris", "--target", "spam"), "spam")
        refused(goru("claims", "bn-overfit", "--data", "iris", "--task", "clustering"), "--task")

    @pytest.mark.parametrize("options", [(), ("--overwrite",)])
    def test_folders_that_cannot_be(self, goru, refused, options):
        Path("file").write_text("x")
        Path("full").mkdir()
        Path("full", "notes.txt").write_text("mine")
        for out in ("file", "file/below", "full"):
            refused(goru(*ONE, "--out", out, *options), out, "--out")

    def test_claims_that_are_there_already(self, goru, refused, tried):
        _, folder = tried
        before = files_of(folder)
        refused(goru(*ONE, "--out", folder), "--overwrite", folder.name)
        assert files_of(folder) == before

    def test_an_unknown_option(self, goru, refused):
        refused(goru("claims", "--sedes", 3), "--sedes")


class TestOneClaim:
    def test_is_answered(self, tried):
        outcome, _ = tried
        lines = outcome.stdout.splitlines()
        assert lines[0] == f"bn-overfit: {claim('bn-overfit').question}"
        assert lines[1] in [*(f"The claim {word}." for word in VERDICTS), "Inconclusive."]
        text = " ".join(outcome.stdout.split())
        assert "90 rows of iris" in text
        assert "Test loss" in text
        assert "95% interval" in text
        assert any(meaning in text for meaning in claim("bn-overfit").meaning.values())
        assert re.fullmatch(r"written\s+claims/iris", lines[-1])
        # The heading of a summary, which one claim does not need.
        assert not re.search(r"^claim +question +verdict", outcome.stdout, re.MULTILINE)

    def test_progress_goes_to_standard_error(self, tried):
        outcome, _ = tried
        begun, *told = outcome.stderr.splitlines()
        assert begun == "compiling"
        assert told[0] == "bn-overfit, 1 of 1"
        assert all(re.fullmatch(r"bn-overfit, 1 of 1; \d+ networks", line) for line in told[1:])

    def test_is_written(self, tried):
        _, folder = tried
        endings = (".svg", ".png", ".json", ".csv", "-curves.csv")
        names = [f"bn-overfit{ending}" for ending in endings]
        assert {*files_of(folder)} == {*names, "report.html", "claims.json"}
        content = strict_json((folder / "claims.json").read_text("utf-8"))
        assert [one["name"] for one in content["claims"]] == ["bn-overfit"]
        assert content["claims"][0]["seeds"] == 3
        frame = pd.read_csv(folder / "bn-overfit.csv")
        assert frame["seed"].nunique() == 3
        assert claim("bn-overfit").question in (folder / "report.html").read_text("utf-8")

    def test_is_replaced_if_that_is_asked_for_and_is_the_same(self, goru, tried):
        outcome, folder = tried
        before = files_of(folder)
        for name, content in before.items():
            target = Path("again", name)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        Path("again", "bn-overfit.csv").write_text("damaged")
        Path("again", "notes.txt").write_text("mine")
        again = goru(*ONE, "--out", "again", "--overwrite")
        assert again.code == 0, again
        assert files_of(Path("again")) == before | {"notes.txt": b"mine"}
        assert again.stdout.splitlines()[:-1] == outcome.stdout.splitlines()[:-1]


class Invented:
    """A workshop that makes its results up."""

    def __init__(self, seeds, on_networks):
        self.seeds, self._told = seeds, on_networks

    def prepare(self, cells, keep):
        pass

    def close(self):
        pass

    def train(self, cells, keep):
        from goru.claims.training import TrainedCell

        found = {}
        for key, cell in cells.items():
            points, rng = cell.epochs // cell.every, np.random.default_rng(len(found))
            fit, test = rng.uniform(0.4, 0.6, (2, self.seeds, points, 2))
            found[key] = TrainedCell(cell, np.arange(1, points + 1) * cell.every, fit, test, test[:, -1])
            self._told(self.seeds)
        return found


class TestSeveralClaims:
    def test_stand_side_by_side_in_one_folder(self, goru, refused, monkeypatch):
        monkeypatch.setattr("goru.claims.running.Workshop", Invented)
        options = ("--data", "iris", "--seeds", 3, "--out", "claims")
        for name in ("bn-overfit", "weight-decay"):
            outcome = goru("claims", name, *options)
            assert outcome.code == 0, outcome
        told = strict_json(Path("claims", "claims.json").read_text("utf-8"))["claims"]
        assert [one["name"] for one in told] == ["bn-overfit", "weight-decay"]
        refused(goru("claims", "dropout", "bn-overfit", *options), "bn-overfit", "--overwrite")
        Path("claims", "dropout.csv").write_text("mine")
        refused(goru("claims", "dropout", *options, "--overwrite"), "dropout.csv")

    def test_end_with_a_summary_and_write_nothing_unasked(self, goru, monkeypatch):
        monkeypatch.setattr("goru.claims.running.Workshop", Invented)
        outcome = goru("claims", "bn-overfit", "bn-speed", "bn-overfit", "--data", "iris", "--seeds", 3)
        assert outcome.code == 0, outcome
        assert outcome.stderr.splitlines() == ["compiling", "bn-overfit, 1 of 2", "bn-speed, 2 of 2"]
        summary = outcome.stdout.splitlines()[-3:]
        assert re.split(r"\s{2,}", summary[0].strip()) == ["claim", "question", "verdict"]
        for line, name in zip(summary[1:], ("bn-overfit", "bn-speed"), strict=True):
            told = re.split(r"\s{2,}", line.strip())
            assert told[:2] == [name, claim(name).question]
            assert told[2] in VERDICTS
        assert outcome.after == outcome.before
        assert outcome.stdout.index("bn-overfit: ") < outcome.stdout.index("bn-speed: ")


def test_help_names_the_options(goru):
    outcome = goru("claims", "--help")
    assert outcome.code == 0
    for option in ("--list", "--data", "--target", "--task", "--preset", "--seeds", "--out", "--overwrite"):
        assert option in outcome.stdout
