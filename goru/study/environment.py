"""By what a study was made, so that it can be made again."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from goru import __version__

PACKAGES = ("jax", "numpy", "scikit-learn", "optax")


def describe_environment() -> dict[str, Any]:
    """The versions of what computes, and the devices: what the bits of a result depend on."""
    import jax

    devices = jax.local_devices()
    return {
        "goru": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "devices": f"{len(devices)} {devices[0].device_kind}",
    }


def digest(source: str | None) -> str | None:
    """SHA-256 of a file with a table; `None` for what is no file."""
    if source is None or not Path(source).is_file():
        return None
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
