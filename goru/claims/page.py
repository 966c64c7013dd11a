"""Outcomes as a folder: the figures, the frames, and a report that shows them."""

import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from goru.claims.claim import Outcome
from goru.claims.figures import write_svg
from goru.errors import InputError

REPORT, INDEX, FORMAT = "report.html", "claims.json", "goru claims"
DPI = 150


def check_out(folder: Path, overwrite: bool) -> None:
    """Raise InputError if nothing can be written to the folder, or something is there; nothing is changed."""
    if folder.is_dir() and any(folder.iterdir()):
        if _written(folder) is None:
            raise InputError(f"{folder}: holds files that are no claims of goru's. Choose another --out.")
        if not overwrite:
            raise InputError(f"{folder}: holds claims already. Give --overwrite to replace them, or another --out.")
    above = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: cannot be made or written to, because of {above}. Choose another --out.")


def write(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Write figures (SVG and PNG), frames (CSV), `claims.json` and `report.html`, in the place of older ones."""
    from goru.claims.report import html  # Plotly takes a moment to be imported

    files: dict[str, str | bytes] = {}
    drawings = {}
    for outcome in outcomes:
        figure = outcome.figure()
        drawings[outcome.name] = write_svg(figure)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=DPI, metadata={"Software": "goru"})
        files |= {f"{outcome.name}.svg": drawings[outcome.name], f"{outcome.name}.png": picture.getvalue()}
        frames = {"": outcome.frame, "-curves": outcome.curves} | {f"-{k}": v for k, v in outcome.tables.items()}
        files |= {f"{outcome.name}{end}.csv": frame.to_csv(index=False) for end, frame in frames.items()}
    files[REPORT] = html(outcomes, drawings)
    content = {"format": FORMAT, "files": [*files], "claims": [summary(one) for one in outcomes]}
    files[INDEX] = json.dumps(content, ensure_ascii=False, indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _written(folder) or []:
            (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}). Choose another --out.") from None


def _written(folder: Path) -> list[str] | None:
    """The files that goru has written to a folder before; None if it has not."""
    try:
        content = json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("files"), list):
        return None
    # A name with a folder in it is none that goru has written.
    return [name for name in content["files"] if isinstance(name, str) and Path(name).name == name]


def summary(outcome: Outcome) -> dict[str, Any]:
    """An outcome in plain JSON types."""
    return {
        "name": outcome.name,
        "question": outcome.claim.question,
        "promise": outcome.claim.promise,
        "said": outcome.said,
        "effects": [asdict(effect) for effect in outcome.effects],
        "done": outcome.done,
        "found": outcome.found,
        "meaning": outcome.meaning,
        "data": outcome.setup.table.name,
        "seeds": outcome.setup.seeds,
        "sources": [asdict(source) for source in outcome.claim.sources],
    }
