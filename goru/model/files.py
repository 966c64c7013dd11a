"""A model on disk: safetensors and JSON, with a manifest of hashes. Nothing is ever unpickled.

model/
  model.json              target, columns, preparation, what each network is
  plain.safetensors       the networks with batch norm folded in, which predict
  networks.safetensors    the same networks as they were trained: γ, β and statistics of batch norm apart
  manifest.json           the format and its version, and the size and SHA-256 of every file
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goru.data.encoding import Schema
from goru.data.preparing import Preparation, TargetScaling
from goru.data.target import Target
from goru.errors import InputError
from goru.model.model import Model
from goru.model.networks import PlainNetworks

FORMAT, VERSION = "goru model", 3  # 2: temperatures; 3: numbers in pieces
_MANIFEST, _MODEL, _PLAIN, _TRAINED = "manifest.json", "model.json", "plain.safetensors", "networks.safetensors"
_FILES = (_MODEL, _PLAIN, _TRAINED)


def save_model(model: Model, trained: Mapping[str, np.ndarray], folder: Path) -> None:
    """Write a model into a folder that holds none; the manifest comes last: a folder without one is unfinished.

    **Arguments:**

    - `trained`: the networks as they were trained, flat: an array a name.
    """
    from safetensors.numpy import save

    folder.mkdir(exist_ok=True)
    description = {
        "target": model.target.to_json(),
        "activation": model.networks.activation,
        "members": model.members,
        "temperature": model.temperature,
        "single_temperature": model.single_temperature,
        "schema": model.schema.to_json(),
        "preparation": model.preparation.to_json(),
        "scaling": model.scaling and model.scaling.to_json(),
    }
    plain = {
        f"{index}.{name}": np.ascontiguousarray(array)
        for name, arrays in (("weight", model.networks.weights), ("bias", model.networks.biases))
        for index, array in enumerate(arrays)
    }
    contents = {
        _MODEL: json.dumps(description, ensure_ascii=False, indent=1, allow_nan=False).encode(),
        _PLAIN: save(plain),
        _TRAINED: save({name: np.ascontiguousarray(array) for name, array in trained.items()}),
    }
    for name, content in contents.items():
        _write(folder / name, content)
    files = {name: {"bytes": len(content), "sha256": _hash(content)} for name, content in contents.items()}
    _write(folder / _MANIFEST, json.dumps({"format": FORMAT, "version": VERSION, "files": files}, indent=1).encode())


def remove_model(folder: Path) -> None:
    """Remove the files of a model, the manifest first, and the folder if nothing else is in it."""
    for name in (_MANIFEST, *_FILES):
        (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def load_model(folder: Path) -> Model:
    """Read a model, whole or not at all.

    **Raises:** `InputError` if it is missing, damaged, of a newer version of goru, or not of goru's making.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    contents = _read_all(folder)
    try:
        description = json.loads(contents[_MODEL])
        plain = load(contents[_PLAIN])
        layers = range(len(plain) // 2)
        return Model(
            target=Target.from_json(description["target"]),
            schema=Schema.from_json(description["schema"]),
            preparation=Preparation.from_json(description["preparation"]),
            scaling=None if description["scaling"] is None else TargetScaling.from_json(description["scaling"]),
            networks=PlainNetworks(
                description["activation"],
                tuple(plain[f"{index}.weight"] for index in layers),
                tuple(plain[f"{index}.bias"] for index in layers),
            ),
            members=tuple(description["members"]),
            temperature=float(description.get("temperature", 1)),
            single_temperature=float(description.get("single_temperature", 1)),
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: not a model that this version of goru can read ({error}). Fit it again.") from None


def load_trained(folder: Path) -> dict[str, np.ndarray]:
    """The networks as they were trained, flat: for looking at γ, β and statistics.

    **Raises:** `InputError`, as `load_model` does.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(_read_all(folder)[_TRAINED])
    except SafetensorError as error:
        raise InputError(f"{folder / _TRAINED}: damaged ({error}). Fit the model again.") from None


def _read_all(folder: Path) -> dict[str, bytes]:
    """The files of a model, as the manifest lists them."""
    content = _read(folder / _MANIFEST)
    try:
        manifest: Any = json.loads(content)
    except ValueError:
        raise InputError(f"{folder / _MANIFEST}: damaged, it is not JSON. Fit the model again.") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(f"{folder}: not a model of goru's. Name a folder that `goru fit` has written.")
    version = manifest.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise InputError(
            f"{folder}: written by a newer goru (format {version}, this one reads up to {VERSION}). Upgrade goru."
        )
    contents = {}
    for name in _FILES:
        listed = manifest.get("files", {}).get(name) if isinstance(manifest.get("files"), dict) else None
        if not isinstance(listed, dict):
            raise InputError(f"{folder / _MANIFEST}: damaged, it does not list {name}. Fit the model again.")
        size = (folder / name).stat().st_size if (folder / name).is_file() else None
        if size is not None and size != listed.get("bytes"):
            raise InputError(
                f"{folder / name}: damaged, {size:,} bytes instead of {listed.get('bytes')}. Fit the model again."
            )
        contents[name] = _read(folder / name)
        if _hash(contents[name]) != listed.get("sha256"):
            raise InputError(f"{folder / name}: damaged, its contents have changed. Fit the model again.")
    return contents


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}). Name a folder that `goru fit` has written."
        ) from None


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
