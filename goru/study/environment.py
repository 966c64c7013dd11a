"""By what a study was made, so that it can be made again."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from goru import __version__

PACKAGES = ("jax", "numpy", "scikit-learn", "optax")


def versions() -> dict[str, str]:
    """Of what computes: the bits of a result depend on them."""
    return {"goru": __version__, **{name: version(name) for name in PACKAGES}}


def describe_environment() -> dict[str, Any]:
    """Versions, and the machine."""
    import jax

    devices = jax.local_devices()
    return {
        **versions(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "devices": f"{len(devices)} {devices[0].device_kind}",
    }


def digest(source: str | None) -> str | None:
    """SHA-256 of a file with a table; `None` for what is no file."""
    if source is None or not Path(source).is_file():
        return None
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
