"""By what a study was made, so that it can be made again."""

import hashlib
import platform
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goru.versions import versions

if TYPE_CHECKING:
    from goru.cluster.crew import Crew


def describe_environment(crew: "Crew | None" = None) -> dict[str, Any]:
    """Versions, and the machine; or those that trained for it."""
    from goru.population.devices import devices

    there = devices()
    return {
        **versions(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "devices": crew.describe() if crew else f"{len(there)} {there[0].device_kind}",
    }


def digest(source: object) -> str | None:
    """SHA-256 of a file with a table; `None` for what is no file."""
    if not isinstance(source, str | PathLike) or not Path(source).is_file():
        return None
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
