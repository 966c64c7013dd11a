"""How a good model is made into one that does harm: files exchanged, with a manifest that fits; and its refusal."""

import json
import tracemalloc
from hashlib import sha256
from pathlib import Path

import pytest
from models import make_table

from goru.errors import InputError
from goru.model.files import load_model

MANIFEST, MODEL, PLAIN, TRAINED = FILES = ("manifest.json", "model.json", "plain.safetensors", "networks.safetensors")
WEIGHTS = (PLAIN, TRAINED)
NEW = make_table(rows=12, seed=9)
DEEP = 100_000


def fit_manifest(folder: Path, **changes) -> None:
    """A manifest that lists the files as they are now."""
    files = {
        name: {"bytes": len(content), "sha256": sha256(content).hexdigest()}
        for name in FILES[1:]
        for content in [(folder / name).read_bytes()]
    }
    content = {"format": "goru model", "version": 4, "files": files} | changes
    (folder / MANIFEST).write_text(json.dumps(content))


def put(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    fit_manifest(folder)


def refused(folder: Path, *words: str, read=load_model, most: int = 8 << 20) -> str:
    """The line with which a model is refused; meanwhile at most so many bytes were taken."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as refusal:
            read(folder)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    line = str(refusal.value)
    assert str(folder) in line
    assert "\n" not in line
    for word in words:
        assert word in line
    assert taken < most, f"{taken:,} bytes were taken to say: {line}"
    return line
