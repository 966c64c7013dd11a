"""How these tests read what the command has printed or written, and how they damage files."""

import io
import json
import os
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

EPOCHS = 12  # by default, in all commands here: what is tested is what a command says and writes
VERDICT = re.compile(r"\b(helps|hurts|inconclusive|negligible)\b", re.IGNORECASE)


def table_of(csv: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(csv))


def strict_json(text: str) -> dict:
    """JSON as other programs read it: no NaN and no Infinity."""

    def refuse(constant: str):
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def sections(content: object, word: str) -> list[object]:
    """Every value, at any depth, whose key has the word in it."""
    found = []
    pairs = content.items() if isinstance(content, dict) else []
    for key, value in pairs:
        if word in key.lower():
            found.append(value)
    for value in content if isinstance(content, list) else [value for _, value in pairs]:
        found += sections(value, word)
    return found


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


class Tripwire:
    """Unpickling this makes a folder."""

    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def wait_for_trials(run: Path, count: int = 1) -> None:
    """Until a process has recorded so many, and is in the middle of its race."""
    path = run / ".making" / "study.sqlite"
    for _ in range(6000):
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as study:
                if study.execute("select count(*) from trials").fetchone()[0] >= count:
                    return
        except sqlite3.OperationalError:
            pass
        time.sleep(0.01)
    raise TimeoutError
