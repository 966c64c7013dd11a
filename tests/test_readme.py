"""The README and the pages of docs in English and in Korean: the same structure, the same commands, links that lead
somewhere."""

import re
from pathlib import Path

import pytest

import goru

ROOT = Path(goru.__file__).parent.parent
ENGLISH = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
KOREAN = [ROOT / "README.ko.md", *(page for page in DOCS if page.name.endswith(".ko.md"))]
PAGES = [ENGLISH, KOREAN[0], *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CODE_OF_CONDUCT", "SECURITY")), *DOCS]
both = pytest.mark.parametrize(
    ("english", "korean"),
    [(page.with_name(page.name.replace(".ko.", ".")), page) for page in KOREAN],
    ids=lambda page: page.name,
)
pytestmark = pytest.mark.skipif(not ENGLISH.exists(), reason="goru is installed without its repository")


def outline(page: Path) -> list[str]:
    """What kind each block of a page is, and of headings and tables how deep and how large."""
    found, code = [], False
    for line in page.read_text("utf-8").splitlines():
        if line.startswith("```"):
            code = not code
            found += [line] * code
        elif not code and (mark := re.match(r"#+ |\| |- |!\[|\*\*(?=[^*]+[.?]\*\*)", line)):
            found.append(mark[0])
    return found


def commands(page: Path) -> list[str]:
    """The lines of all blocks of code, without comments and with single spaces; what goru prints is text."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    lines = [line for language, block in blocks if language != "text" for line in block.splitlines()]
    return [" ".join(line.split("#")[0].split()) for line in lines]


def links(page: Path) -> list[str]:
    """The places that a page links to."""
    return re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def places(page: Path) -> set[str]:
    """The files that a page links to, in whatever language: their sections have other names in each."""
    return {link.partition("#")[0].replace(".ko.md", ".md") for link in links(page)} - {""}


@both
def test_both_have_the_same_structure(english, korean):
    assert outline(english) == outline(korean)


@both
def test_both_have_the_same_commands(english, korean):
    assert commands(english) == commands(korean)


@both
def test_both_lead_to_the_same_places(english, korean):
    assert places(english) == places(korean)


def test_the_first_screen_has_the_question_a_picture_and_how_to_begin():
    first = ENGLISH.read_text("utf-8").split("\n## ")[0]
    assert "?" in first
    assert "![" in first
    assert first.index("pip install goru") < first.index("goru fit") < first.index("goru.fit(")
    assert len(first.splitlines()) < 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in links(page):
        path, _, part = link.partition("#")
        if path.startswith("http"):
            continue
        there = page.parent / path if path else page
        assert there.exists(), link
        if part:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.M)
            assert part in map(anchor, headings), link


def test_every_option_in_the_table_is_one():
    from typer.testing import CliRunner

    from goru.cli import app

    said = CliRunner().invoke(app, ["fit", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    table = [line for line in ENGLISH.read_text("utf-8").splitlines() if line.startswith("| `--")]
    options = [option for line in table for option in re.findall(r"`(--[\w-]+)", line.split("|")[1])]
    assert options
    assert all(re.search(rf"{option}\b", said) for option in options)
