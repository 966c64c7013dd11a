"""The page that the benchmarks write their tables to, each with the commit it was measured at."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).with_name("README.md")


def _git(*words: str) -> str:
    found = subprocess.run(["git", *words], cwd=PAGE.parent, capture_output=True, text=True, check=True)
    return found.stdout.strip()


def code_measured() -> str:
    """The commit of the code that is there, in words."""
    try:
        commit = _git("rev-parse", "--short=7", "HEAD")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", ":/", f":!/{PAGE.parent.name}/{PAGE.name}"
        )
    except (OSError, subprocess.CalledProcessError):
        return "an unknown commit"
    return f"commit `{commit}`" + " with changes that are not in it" * bool(changed)


CODE = code_measured()  # when the benchmark begins: what is committed while it runs is not what it measures


def write(name: str, text: str, page: Path | None = None) -> None:
    """Put a text between the marks of that name, with the commit that was measured and the date."""
    page = page or PAGE
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text().partition(begin)
    if not found:
        raise SystemExit(f"{page}: there is no place marked {begin}")
    measured = f"Measured at {CODE}, {datetime.now(UTC).date()}."
    page.write_text(f"{before}{begin}\n{measured}\n\n{text}\n{end}{rest.partition(end)[2]}")
