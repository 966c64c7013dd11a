"""Outcomes as a folder: the figures, the frames, and a report that shows them. Others may join them later."""

import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goru.claims.claim import ClaimOutcome
from goru.claims.figures import write_svg
from goru.claims.running import NAMES, claim
from goru.errors import InputError, option
from goru.wording import listing

REPORT, INDEX, FORMAT = "report.html", "claims.json", "goru claims"
DPI = 150


@dataclass(frozen=True)
class Kept:
    """What goru has written to a folder before.

    - `files`: all of them, but for the index.
    - `claims`: by name, as the index tells them; each names its own files.
    - `sections`: by name, as the report shows them; none of a goru that kept none.
    """

    files: tuple[str, ...] = ()
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)


def check_out(folder: Path, names: Sequence[str], overwrite: bool) -> None:
    """Raise InputError if these claims cannot be written to the folder, or are there; nothing is changed."""
    if folder.is_dir() and any(folder.iterdir()):
        kept = _kept(folder)
        if kept is None:
            raise InputError(f"{folder}: holds files that are not goru claims. Choose another {option('folder')}.")
        there = [name for name in names if name in kept.claims]
        if not overwrite and there:
            raise InputError(
                f"{folder}: holds {listing(there)} already. "
                f"Give {option('overwrite', True)} to replace it, or choose another {option('folder')}."
            )
        if not overwrite and not kept.sections:
            raise InputError(
                f"{folder}: holds claims that are damaged, or of an older goru. "
                f"{option('overwrite', True)} replaces all of them."
            )
        own = {INDEX, *kept.files}
        if others := [path.name for path in folder.iterdir() if path.name not in own and _owner(path.name) in names]:
            raise InputError(
                f"{folder}: holds {listing(others)}, which goru has not written. Choose another {option('folder')}."
            )
    above = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(
            f"{folder}: cannot be made or written to, because of {above}. Choose another {option('folder')}."
        )


def write_claims(outcomes: Sequence[ClaimOutcome], folder: Path) -> None:
    """Write figures (SVG and PNG), frames (CSV), `claims.json` and `report.html`, beside those of other claims and in
    the place of older ones of the same."""
    from goru.claims.report import claims_html  # Plotly takes a moment to be imported
    from goru.claims.section import section

    kept = _kept(folder) or Kept()
    claims, sections = dict(kept.claims) if kept.sections else {}, dict(kept.sections)
    files: dict[str, str | bytes] = {}
    for outcome in outcomes:
        figure = outcome.figure()
        drawing = write_svg(figure)
        shown = section(outcome, drawing).to_json()
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=DPI, metadata={"Software": "goru"})
        frames = {"": outcome.frame, "-curves": outcome.curves} | {f"-{k}": v for k, v in outcome.tables.items()}
        own: dict[str, str | bytes] = {
            ".svg": drawing,
            ".png": picture.getvalue(),
            ".json": json.dumps(shown, ensure_ascii=False),
            **{f"{end}.csv": frame.to_csv(index=False) for end, frame in frames.items()},
        }
        files |= {f"{outcome.name}{end}": content for end, content in own.items()}
        claims[outcome.name] = outcome_summary(outcome) | {"files": [f"{outcome.name}{end}" for end in own]}
        sections[outcome.name] = _section(outcome.name, shown, drawing)
    files[REPORT] = claims_html(list(sections.values()))
    every = [name for told in claims.values() for name in told["files"]]
    content = {"format": FORMAT, "files": [*every, REPORT], "claims": list(claims.values())}
    files[INDEX] = json.dumps(content, ensure_ascii=False, indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in kept.files:
            if name not in every:
                (folder / name).unlink(missing_ok=True)
        for name, text in files.items():
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}). Choose another {option('folder')}."
        ) from None


def _kept(folder: Path) -> Kept | None:
    """What goru has written to a folder before; None if it has not."""
    try:
        content = json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT or not isinstance(content.get("files"), list):
        return None
    # A name with a folder in it is none that goru has written.
    files = tuple(name for name in content["files"] if isinstance(name, str) and Path(name).name == name)
    try:
        claims = {told["name"]: told for told in content["claims"]}
        sections = {
            name: _section(
                name, json.loads((folder / f"{name}.json").read_bytes()), (folder / f"{name}.svg").read_text()
            )
            for name in claims
        }
        if any(name not in files for told in claims.values() for name in told["files"]):
            raise ValueError("a claim has files that the folder has not")
    except Exception:  # whatever comes of a file that an older goru has written, or somebody else
        return Kept(files)
    return Kept(files, claims, sections)


def _section(name: str, content: dict[str, Any], drawing: str) -> Any:
    """As it is read again later, so that a page does not depend on when its claims were tried."""
    from goru.claims.section import ClaimSection

    return ClaimSection.from_json(claim(name), content, drawing)


def _owner(file: str) -> str | None:
    """The claim that a file would be one of."""
    return max((name for name in NAMES if file.startswith((f"{name}.", f"{name}-"))), key=len, default=None)


def outcome_summary(outcome: ClaimOutcome) -> dict[str, Any]:
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
