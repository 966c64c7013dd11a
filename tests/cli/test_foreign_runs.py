"""Runs that somebody else has written, or changed: whole by their manifests, and not what a study writes."""

import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest


def seal(run: Path) -> None:
    """Write manifests that fit the files as they are."""

    def listed(path: Path) -> dict:
        content = path.read_bytes()
        return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    manifest = json.loads((run / "model" / "manifest.json").read_text())
    files = {name: listed(run / "model" / name) for name in manifest["files"]}
    (run / "model" / "manifest.json").write_text(json.dumps(manifest | {"files": files}))
    files = {
        path.relative_to(run).as_posix(): listed(path)
        for path in sorted(run.rglob("*"))
        if path.is_file() and path != run / "manifest.json"
    }
    own = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    (run / "manifest.json").write_text(json.dumps({"files": files, "sha256": own}))


@pytest.fixture
def change(bring, credit_run):
    """A copy of a run with another content in one of its files."""

    def changed(name: str, **content: object) -> Path:
        run = bring(credit_run)
        (run / name).write_text(json.dumps(json.loads((run / name).read_text()) | content))
        seal(run)
        return run

    return changed


ANSWERS = [{"effects": [{}]}, {"effects": 3}, {"data": None}, {"network": []}, {"test": [{"arm": None}]}]


@pytest.mark.parametrize("content", ANSWERS, ids=lambda content: next(iter(content)))
@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["report", "-o", "page.html"]], ids=" ".join)
def test_an_answer_of_another_form_is_refused_and_not_told_up_to_there(goru, refused, change, command, content):
    run = change("answer.json", **content)
    refused(goru(*command, run), str(run), "damaged")


def test_evidence_of_another_form_is_refused(goru, refused, change):
    run = change("evidence.json", curves=3)
    refused(goru("report", run, "-o", "page.html"), str(run), "damaged")


def test_runs_of_which_one_is_foreign_are_not_compared(goru, refused, bring, credit_run, change):
    run, other = change("answer.json", effects=[{}]), bring(credit_run, "other")
    refused(goru("report", "--compare", run, other, "-o", "page.html"), str(run), "damaged")


def test_weights_that_lead_beyond_the_range_of_numbers_predict_nothing(goru, refused, bring, credit_run, write):
    from safetensors.numpy import load_file, save_file

    run = bring(credit_run)
    file = run / "model" / "plain.safetensors"
    save_file({name: np.full_like(array, 3e38) for name, array in load_file(file).items()}, file)
    seal(run)
    write(credit_run.features, "new.csv")
    refused(goru("predict", run, "new.csv", "-o", "predictions.csv"), "beyond the range of numbers")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_does_not_know_all_letters_gets_them_written_out(goru, credit_run, monkeypatch, encoding):
    from goru.cli import main

    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "argv", ["goru", "show", str(credit_run.folder), "--json"])
    assert main() == 0
    assert json.loads(out.buffer.getvalue().decode(encoding))["data"]["rows"] == 120
