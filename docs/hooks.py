"""Pages of the site that stand elsewhere in the project, and links to them: for MkDocs (`mkdocs.yml`)."""

import re
from html import unescape
from pathlib import Path
from posixpath import dirname, normpath, relpath
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
#: Pages by where they stand in the project.
ELSEWHERE = {
    "README.md": "index.md",
    "README.ko.md": "index.ko.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/tried.md": "tried.md",
    "examples/README.md": "examples.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
}
_LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s#]+)(#[^)\s]*)?\)")
_FORMULA = re.compile(r'<(span|div) class="arithmatex">(.*?)</\1>', re.DOTALL)
_SEARCH = 'data-md-component="search" role="dialog"'
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


def modules() -> list[str]:
    """All of the package's, `goru` first."""
    names = []
    for path in sorted((ROOT / "goru").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if not (path.parent / "__init__.py").exists():
            continue  # no module, but what is written beside an exported model
        if parts[-1] != "__main__" and not any(part.startswith("_") and part != "__init__" for part in parts):
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(names, key=lambda name: name.split("."))


def page_of(module: str) -> str:
    """Of the reference: a page a package."""
    package = module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]
    return f"reference/{package}.md"


def reference() -> dict[str, str]:
    """The pages of the reference."""
    pages: dict[str, list[str]] = {}
    for module in modules():
        pages.setdefault(page_of(module), []).append(module)
    text = {page: "\n\n".join(f"::: {module}" for module in names) for page, names in pages.items()}
    contents = "\n".join(f"- [`{page[10:-3]}`]({page[10:]})" for page in pages)
    return {**text, "reference/index.md": f"# Reference\n\nA page a package.\n\n{contents}\n"}


def on_files(files: Files, config: Any) -> Files:
    """Add the pages, and the pictures that they show."""
    for source, page in ELSEWHERE.items():
        files.append(File.generated(config, page, content=moved((ROOT / source).read_text("utf-8"), source, page)))
    for page, text in reference().items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links that leave this folder into links to pages."""
    made = page.file.generated_by is not None
    return markdown if made else moved(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """Formulas as MathML, which browsers draw themselves: nothing is loaded from elsewhere."""

    def formula(match: re.Match[str]) -> str:
        block = match.group(1) == "div"
        latex = unescape(match.group(2)).strip()[2:-2]
        return convert(latex, display="block" if block else "inline")

    return _FORMULA.sub(formula, html)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """A name for the search, which the theme gives none."""
    return output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"')


def moved(markdown: str, source: str, page: str) -> str:
    """A text with its links as they are from a page of the site.

    **Arguments:**

    - `source`: where the text stands in the project.
    - `page`: where it will stand.
    """

    def link(match: re.Match[str]) -> str:
        words, target, anchor = match.group(1), match.group(2), match.group(3) or ""
        if re.match(r"[a-z]+:", target):
            return match.group(0)
        path = normpath(f"{dirname(source)}/{target}" if dirname(source) else target)
        there = place(path)
        if there is None:
            return words.lstrip("!")[1:-1] if not words.startswith("!") else ""
        return f"{words}({relpath(there, dirname(page) or '.')}{anchor})"

    parts = _CODE.split(markdown)
    return "".join(part if index % 2 else _LINK.sub(link, part) for index, part in enumerate(parts))


def place(path: str) -> str | None:
    """Where a file of the project is on the site; `None` if it is not there."""
    if path in ELSEWHERE:
        return ELSEWHERE[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path.startswith("goru/"):
        page = page_of(path.removesuffix(".py").replace("/", "."))
        return page if page in reference() else None
    return None
