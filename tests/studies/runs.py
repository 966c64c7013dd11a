"""A run's folder in every state that it can be found in, made by hand."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from studies import make_trial

from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import Evidence
from goru.experiment.forms import from_json, to_json
from goru.experiment.racing.store import Store
from goru.studies.runs.files import write_json
from goru.studies.runs.folder import LOCK, new_run
from goru.studies.runs.manifest import MANIFEST, write_manifest
from goru.studies.runs.older import lifted_answer, lifted_evidence
from goru.studies.runs.run import ANSWER, CONFIG, EVIDENCE, MAKING, MODEL, OLDEST, READY, REPORT, STORE, VERSION

_OLDER = Path(__file__).parent.parent / "older"
_OLD = {  # by the last version that wrote them so
    version: {
        name: json.loads((_OLDER / f"version-{version}" / name).read_text("utf-8")) for name in (ANSWER, EVIDENCE)
    }
    for version in (4, 5, 6, 7, 8, 9)
}
ANSWERS = {
    version: from_json(Answer, lifted_answer(old[ANSWER], version, old[EVIDENCE]), ANSWER)
    for version, old in _OLD.items()
}
ANSWERED = ANSWERS[4]
BEFORE_EVIDENCE = replace(ANSWERED, interactions=())  # which were kept there
GATHERED = from_json(Evidence, lifted_evidence(_OLD[4][EVIDENCE], 4), EVIDENCE)
ASKED = {
    "versions": {"goru": "0.1.0", "jax": "0.10.2"},
    "table": {"source": "flowers.csv", "target": "kind", "drop": []},
    "options": {"networks": 36, "hidden": [8], "seed": 0, "batch_size": None},
    "columns": {"kind": "category"},
    "fingerprint": "f1",
    "sha256": {"source": "5a"},
}
"""A configuration as far as the folder looks at it."""

HOLD_LOCK = """
import fcntl, sys
file = open(sys.argv[1], "a")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""

WHOLE = {CONFIG, STORE, EVIDENCE, REPORT, ANSWER, MANIFEST, MODEL, f"{MODEL}/model.json"}


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with its content."""
    return {
        str(path.relative_to(folder)): None if path.is_dir() or path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def write_all(making: Path, report: bool = True) -> None:
    """What a study writes when it has trained all."""
    (making / MODEL).mkdir()
    (making / MODEL / "model.json").write_text("{}")
    write_json(making / EVIDENCE, to_json(GATHERED))
    write_json(making / ANSWER, to_json(ANSWERED))
    if report:
        (making / REPORT).write_text("<html>")


def record(making: Path, configurations=(0, 1)) -> None:
    store = Store(making / STORE)
    store.add([make_trial(configuration=configuration) for configuration in configurations])
    store.close()


def make_run(folder: Path, config=ASKED, **how) -> Path:
    """A run as far as its folder goes."""
    with new_run(folder, config, **{"overwrite": False} | how) as making:
        if not (making / STORE).exists():
            record(making)
        write_all(making)
    return folder


def begin(folder: Path, config=ASKED, overwrite: bool = False, resume: bool = False) -> None:
    new_run(folder, config, overwrite, resume).__enter__()


def stopped(folder: Path, error: BaseException | None = None, configurations=(0, 1), config=ASKED, **how) -> Path:
    """A run whose study was stopped when it had recorded some trials."""
    error = error or KeyboardInterrupt()
    try:
        with new_run(folder, config, **{"overwrite": False} | how) as making:
            record(making, configurations)
            raise error
    except type(error):
        return folder


def killed(folder: Path) -> Path:
    """The same, and nobody has tidied up."""
    (stopped(folder) / LOCK).touch()
    (folder / MAKING / f"{EVIDENCE}.part").write_text('{"curves": ')
    (folder / MAKING / MODEL).mkdir()
    (folder / MAKING / MODEL / "model.json").write_text("{")
    return folder


def killed_before_its_first_write(folder: Path) -> Path:
    (folder / MAKING).mkdir(parents=True)
    (folder / LOCK).touch()
    (folder / MAKING / f"{CONFIG}.part").write_text("{")
    return folder


def killed_on_its_way(folder: Path) -> Path:
    """Whole, and not in its place."""
    (make_run(folder) / MAKING).mkdir()
    for path in list(folder.iterdir()):
        if path.name not in (MAKING, LOCK):
            path.rename(folder / MAKING / path.name)
    (folder / MAKING).rename(folder / READY)
    return folder


@contextmanager
def locked_by_another_process(folder: Path):
    command = [sys.executable, "-c", HOLD_LOCK, str(folder / LOCK)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield
        process.stdin.close()


@contextmanager
def as_nobody():
    """Without the rights of root, to whom every folder is open."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def foreign_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    return folder


def empty_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def another_programs_run(folder: Path) -> Path:
    folder.mkdir()
    (folder / CONFIG).write_text('{"format": "another program"}')
    return folder


def another_programs_manifest(folder: Path) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text('{"files": {}, "sha256": "none"}')
    return folder


def config_that_is_no_json(folder: Path) -> Path:
    folder.mkdir()
    (folder / CONFIG).write_text("{")
    return folder


def of_version(folder: Path, version: int) -> Path:
    """As that version wrote it: until the fourth there was no manifest, until the third neither evidence nor report."""
    content = (make_run(folder) / CONFIG).read_text()
    (folder / CONFIG).write_text(content.replace(f'"version": {VERSION}', f'"version": {version}'))
    if version < VERSION:
        for name, content in _OLD.get(max(version, 4), {}).items():  # the tenth wrote answers as today's
            write_json(folder / name, content)
        (folder / MANIFEST).unlink()
        write_manifest(folder)
    gone = {MANIFEST: 4, EVIDENCE: 3, REPORT: 3}
    for name in (name for name, since in gone.items() if version < since):
        (folder / name).unlink()
    return folder


def newer_run(folder: Path) -> Path:
    of_version(folder, 999)
    (folder / "manifest.json").unlink()  # which may have become another
    return folder


def older_run(folder: Path) -> Path:
    return of_version(folder, OLDEST - 1)


def run_without_evidence(folder: Path) -> Path:
    return of_version(folder, 2)


def a_file(folder: Path) -> Path:
    folder.write_text("years of work")
    return folder


def below_a_file(folder: Path) -> Path:
    folder.write_text("years of work")
    return folder / "deep" / "run"


def dangling_link(folder: Path) -> Path:
    folder.symlink_to("nowhere")
    return folder


def below_a_dangling_link(folder: Path) -> Path:
    folder.symlink_to("nowhere")
    return folder / "run"


def nothing(folder: Path) -> Path:
    return folder


def nothing_deep_down(folder: Path) -> Path:
    return folder / "deep" / "down"


def stale_lock(folder: Path) -> Path:
    folder.mkdir()
    (folder / LOCK).touch()
    return folder
