"""Outcomes as a folder: the figures, the frames, and a page that shows them."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from goru.claims.claim import Outcome
from goru.claims.figures import write_svg
from goru.errors import InputError

PAGE, INDEX = "index.html", "claims.json"
DPI = 150


def check_out(folder: Path, overwrite: bool) -> None:
    """Raise InputError if nothing can be written to the folder, or something is there; nothing is changed."""
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / INDEX).is_file():
            raise InputError(f"{folder}: holds files that are no claims of goru's. Choose another --out.")
        if not overwrite:
            raise InputError(f"{folder}: holds claims already. Give --overwrite to replace them, or another --out.")
    above = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: cannot be made or written to, because of {above}. Choose another --out.")


def write(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Write figures (SVG and PNG), frames (CSV), `claims.json` and `index.html`, in the place of older ones."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old(folder)
        files: list[str] = []
        drawings = {}
        for outcome in outcomes:
            figure = outcome.figure()
            drawings[outcome.name] = write_svg(figure)
            figure.savefig(folder / f"{outcome.name}.png", dpi=DPI, metadata={"Software": "goru"})
            (folder / f"{outcome.name}.svg").write_text(drawings[outcome.name], encoding="utf-8")
            frames = {"": outcome.frame, "-curves": outcome.curves} | {f"-{k}": v for k, v in outcome.tables.items()}
            for ending, frame in frames.items():
                frame.to_csv(folder / f"{outcome.name}{ending}.csv", index=False)
            files += [f"{outcome.name}.svg", f"{outcome.name}.png", *(f"{outcome.name}{end}.csv" for end in frames)]
        (folder / PAGE).write_text(html(outcomes, drawings), encoding="utf-8")
        content = {"format": "goru claims", "files": [*files, PAGE], "claims": [summary(one) for one in outcomes]}
        (folder / INDEX).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}). Choose another --out.") from None


def _remove_old(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    try:
        files = json.loads((folder / INDEX).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    for name in files:
        # A name with a folder in it is none that goru has written.
        if isinstance(name, str) and Path(name).name == name:
            (folder / name).unlink(missing_ok=True)
    (folder / INDEX).unlink(missing_ok=True)


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


def html(outcomes: Sequence[Outcome], drawings: dict[str, str]) -> str:
    """The page: one file that opens offline."""
    # Everything that comes from tables is escaped; the drawings are Matplotlib's, in which text is drawn as paths.
    environment = Environment(loader=PackageLoader("goru.claims"), autoescape=True, undefined=StrictUndefined)
    figures = {name: Markup(drawing[drawing.index("<svg") :]) for name, drawing in drawings.items()}
    return environment.get_template("page.html").render(outcomes=outcomes, figures=figures)
