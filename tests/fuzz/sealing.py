"""Manifests that fit a run as it is now: whoever changes a file on purpose writes them too."""

import hashlib
import json
from pathlib import Path

MODEL_FILES = ("model.json", "plain.safetensors", "networks.safetensors")


def seal(run: Path) -> None:
    """Write the manifest of the run's model, and then that of the run."""
    seal_model(run / "model")
    files = {
        path.relative_to(run).as_posix(): listed(path)
        for path in sorted(run.rglob("*"))
        if path.is_file() and path != run / "manifest.json"
    }
    own = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    (run / "manifest.json").write_text(json.dumps({"files": files, "sha256": own}))


def seal_model(folder: Path) -> None:
    files = {name: listed(folder / name) for name in MODEL_FILES if (folder / name).is_file()}
    (folder / "manifest.json").write_text(json.dumps({"format": "goru model", "version": 4, "files": files}))


def listed(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
