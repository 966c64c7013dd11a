"""A model on disk: safetensors and JSON, with a manifest of hashes. Nothing is ever unpickled.

Hashes find accidents; they say nothing against whoever writes a manifest too. So a file is looked at before it is
read: what it is, how large, and, of weights, whether their header fits the description.

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
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from goru.data.preparing import Preparation, TargetScaling
from goru.data.schema.encoding import Schema
from goru.data.targets.target import Target
from goru.errors import InputError, option
from goru.model.model import Model
from goru.model.networks import Networks
from goru.model.reading import GIB, KIB, MIB, opened, parse_json, read_file
from goru.model.weights import read_outline, unnamed
from goru.nn.layers.kinds import layers_from_json, layers_to_json
from goru.wording import shortened

# 2: temperatures; 3: numbers in pieces; 4: layers of any kind, and levels as they are written; 5: decision weights, and
# layers with column scales; 6: a share of the uniform distribution; 7: squares of numbers
FORMAT, VERSION = "goru model", 7
_MANIFEST, _MODEL, _PLAIN, _TRAINED = "manifest.json", "model.json", "plain.safetensors", "networks.safetensors"
_FILES = (_MODEL, _PLAIN, _TRAINED)
_MOST_MANIFEST = 64 * KIB
_MOST = {_MODEL: 256 * MIB, _PLAIN: 16 * GIB, _TRAINED: 16 * GIB}  # bytes; far beyond what anybody has fitted


def save_model(model: Model, trained: Mapping[str, np.ndarray], folder: Path) -> None:
    """Write a model into a folder that holds none; the manifest comes last: a folder without one is unfinished.

    **Arguments:**

    - `trained`: the networks as they were trained, an array a name: that of the network, and the array's own
        (`goru.model.weights.named`). `model.members` say their layers.
    """
    folder.mkdir(exist_ok=True)
    description = {
        "target": model.target.to_json(),
        "layers": layers_to_json(model.networks.layers),
        "members": model.members,
        "temperature": model.temperature,
        "single_temperature": model.single_temperature,
        "uniform_share": model.uniform_share,
        "schema": model.schema.to_json(),
        "preparation": model.preparation.to_json(),
        "scaling": model.scaling and model.scaling.to_json(),
    }
    if model.decision_weights:
        description["decision_weights"] = list(model.decision_weights)
    contents = {
        _MODEL: json.dumps(description, ensure_ascii=False, indent=1, allow_nan=False).encode(),
        _PLAIN: _packed(model.networks.arrays),
        _TRAINED: _packed(trained),
    }
    for name, content in contents.items():
        if len(content) > _MOST[name]:
            raise InputError(f"{folder / name}: {len(content):,} bytes would not be read again. Give narrower layers.")
        _write(folder / name, content)
    files = {name: {"bytes": len(it), "sha256": hashlib.sha256(it).hexdigest()} for name, it in contents.items()}
    _write(folder / _MANIFEST, json.dumps({"format": FORMAT, "version": VERSION, "files": files}, indent=1).encode())


def save_as(model: Model, trained: Mapping[str, np.ndarray], folder: str | Path, overwrite: bool = False) -> Path:
    """Write a model into a folder of its own, whole or not at all.

    **Arguments:**

    - `trained`: as `save_model` takes it.
    - `overwrite`: whether it replaces a model that is there; nothing else is ever replaced.

    **Returns:** the folder.

    **Raises:** `InputError` if it cannot be written, or would not be read again.
    """
    folder = Path(folder)
    Target.from_json(json.loads(json.dumps(model.target.to_json(), default=str)))  # what a file cannot tell apart
    if os.path.lexists(folder) and not (overwrite and is_model(folder)):
        if is_model(folder):
            raise InputError(
                f"{folder}: holds a model. Give {option('overwrite', True)} to replace it, or another folder."
            )
        raise InputError(f"{folder}: exists and is not a goru model. Give another folder.")
    part = folder.with_name(f".{folder.name}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)
        save_model(model, trained, part)
        if folder.is_dir():
            shutil.rmtree(folder)
        part.rename(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise InputError(f"{folder}: cannot be written ({error.strerror}).") from None
    return folder


def is_model(folder: Path) -> bool:
    """Whether a folder says that it holds a model; whether it is whole, shows when it is loaded."""
    try:
        manifest = parse_json(read_file(folder / _MANIFEST, _MOST_MANIFEST))
    except ValueError:  # `InputError` is one
        return False
    return isinstance(manifest, dict) and manifest.get("format") == FORMAT


def load_model(folder: Path) -> Model:
    """Read a model, whole or not at all.

    **Raises:** `InputError` if it is missing, damaged, of a newer version of goru, or not of goru's making.
    """
    files = _check_files(folder)
    with files[_MODEL].opened() as (file, size), _refusing(folder):
        description = parse_json(file.read(size))
    with files[_PLAIN].opened() as (file, size), _refusing(folder):
        # Weights of these shapes that take no memory: what does not fit the description is refused before it is read.
        outline = _model(description, read_outline(file, size))
        model = replace(outline, networks=_networks(description, _arrays(file, size)))
        if not model.networks.finite.all():
            raise ValueError("a network has weights that are not finite")
        return model


def load_trained(folder: Path) -> dict[str, np.ndarray]:
    """The networks as they were trained, flat: for looking at γ, β and statistics.

    **Raises:** `InputError`, as `load_model` does.
    """
    files = _check_files(folder)
    with files[_TRAINED].opened() as (file, size), _refusing(folder / _TRAINED):
        read_outline(file, size)
        return _arrays(file, size)


def _model(description: Any, arrays: Mapping[str, np.ndarray]) -> Model:
    """The model of a description and weights.

    **Raises:** whatever Python raises where something is missing or of another type than it should be.
    """
    networks = _networks(description, arrays)
    scaling = description["scaling"]
    members = description["members"]
    if not (isinstance(members, list) and all(isinstance(member, dict) for member in members)):
        raise ValueError("the networks are not described")
    for member in members:
        layers_from_json(member.get("layers", []))
    if len(members) != len(networks):
        raise ValueError(f"{len(members)} networks are described, and there are others")
    return Model(
        target=Target.from_json(description["target"]),
        schema=Schema.from_json(description["schema"]),
        preparation=Preparation.from_json(description["preparation"]),
        scaling=None if scaling is None else TargetScaling.from_json(scaling),
        networks=networks,
        members=tuple(members),
        temperature=_number(description.get("temperature", 1)),
        single_temperature=_number(description.get("single_temperature", 1)),
        uniform_share=_number(description.get("uniform_share", 0)),
        decision_weights=tuple(map(_number, description.get("decision_weights", ()))),
    )


def _networks(description: Any, arrays: Mapping[str, np.ndarray]) -> Networks:
    if "activation" not in description:
        layers = layers_from_json(description["layers"])
        return Networks(layers, unnamed(layers, arrays))
    # Up to format 3 all networks were perceptrons, of weights that were inputs by outputs.
    places = range((len(arrays) + 1) // 2)
    weights, biases = ([arrays[f"{place}.{kind}"] for place in places] for kind in ("weight", "bias"))
    return Networks.perceptron(description["activation"], [weight.swapaxes(1, 2) for weight in weights], biases)


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _arrays(file: BufferedReader, size: int) -> dict[str, np.ndarray]:
    from safetensors.numpy import load

    file.seek(0)
    return load(file.read(size))


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Say of what is not as it should be that it is no model."""
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        why = shortened(error, 200)
        raise InputError(f"{path}: not a model that this version of goru can read ({why}). Fit it again.") from None


@dataclass(frozen=True)
class _Listed:
    """A file as the manifest lists it: its size, and its hash."""

    path: Path
    size: int
    sha256: str

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[BufferedReader, int]]:
        """Open the file, if it has the size that is listed; and say which."""
        with opened(self.path, _MOST[self.path.name]) as (file, size):
            if size != self.size:
                raise InputError(f"{self.path}: damaged, {size:,} bytes instead of {self.size:,}. Fit the model again.")
            yield file, size

    def check(self) -> None:
        """Read the file piece by piece, and raise `InputError` if it has changed."""
        with self.opened() as (file, _):
            if hashlib.file_digest(file, "sha256").hexdigest() != self.sha256:
                raise InputError(f"{self.path}: damaged, its contents have changed. Fit the model again.")


def _check_files(folder: Path) -> dict[str, _Listed]:
    """The files of a model, as the manifest lists them; all of them are there, and as they were written."""
    path = folder / _MANIFEST
    try:
        manifest: Any = parse_json(read_file(path, _MOST_MANIFEST))
    except InputError:
        raise
    except ValueError:
        raise InputError(f"{path}: damaged, it is not JSON. Fit the model again.") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise InputError(f"{folder}: not a goru model folder. Give a folder that `goru fit` has written.")
    version = manifest.get("version")
    if type(version) is int and version < 1:
        raise InputError(f"{path}: damaged, unknown format {version}. Fit the model again.")
    if type(version) is not int or version > VERSION:
        said = version if type(version) is int else shortened(version)
        raise InputError(
            f"{folder}: written by a newer goru (format {said}, this one reads up to {VERSION}). Upgrade goru."
        )
    files = manifest["files"] if isinstance(manifest.get("files"), dict) else {}
    listed = {name: _listed(folder, name, files.get(name)) for name in _FILES}
    if others := [name for name in files if name not in _FILES]:
        raise InputError(f"{path}: lists {shortened(others[0])}, which is no file of a model. Fit the model again.")
    for file in listed.values():
        file.check()
    return listed


def _listed(folder: Path, name: str, said: Any) -> _Listed:
    match said:
        case {"bytes": int(size), "sha256": str(sha256)} if type(size) is int:
            return _Listed(folder / name, size, sha256)
        case dict():
            raise InputError(f"{folder / _MANIFEST}: damaged, it does not say what {name} holds. Fit the model again.")
    raise InputError(f"{folder / _MANIFEST}: damaged, it does not list {name}. Fit the model again.")


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
