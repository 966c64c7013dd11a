"""`goru fit`, run as a user runs it; finished runs are kept."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def fit(source: Path, folder: Path, *options: str) -> dict[str, Any]:
    """The answer of `goru fit`, or of the run that is there."""
    answer = folder / "answer.json"
    if not answer.exists():
        command = [sys.executable, "-m", "goru.cli", "fit", str(source), "--out", str(folder), "--overwrite", *options]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(answer.read_text())
