"""The page that the benchmarks write their tables to."""

from pathlib import Path

PAGE = Path(__file__).with_name("README.md")


def write(name: str, text: str) -> None:
    """Put a text between the marks of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = PAGE.read_text().partition(begin)
    if not found:
        raise SystemExit(f"{PAGE}: there is no place marked {begin}")
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")
