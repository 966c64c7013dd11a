"""The catalogue of what people read: which sentences the code and the templates have, and which of them it knows.

    python tests/catalogue.py    # when sentences have changed

puts new sentences into every `goru.po`, without a translation, takes out old ones, and compiles `goru.mo`.
"""

import ast
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "goru" / "locale"
LANGUAGES = sorted(path.name for path in LOCALE.iterdir() if path.is_dir())
KEPT_CONTEXT = "kept"
PLURAL, CONTEXTS = {"_n"}, {"_": None, "_n": None, "kept": KEPT_CONTEXT}
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # the same sentences, the same file

Sentence = tuple[str, str | tuple[str, str], str | None]  # the file, the sentence or its two numbers, the context


def sentences() -> Iterator[Sentence]:
    """All that are marked, in the order of the files."""
    for path in sorted((ROOT / "goru").rglob("*.py")):
        yield from ((_name(path), *found) for found in in_code(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "goru").rglob("templates/*.html")):
        with path.open("rb") as file:
            for _line, name, found, _comments in babel_extract(file, [*CONTEXTS], [], {"silent": "false"}):
                ids = found if isinstance(found, tuple) else (found,)
                yield _name(path), ids[:2] if name in PLURAL else ids[0], None


def in_code(text: str) -> Iterator[tuple[str | tuple[str, str], str | None]]:
    """Those of a module: the first argument of a call, or the first two."""
    for node in ast.walk(ast.parse(text)):
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if name in CONTEXTS:
            ids = [
                argument.value for argument in node.args[: 1 + (name in PLURAL)] if isinstance(argument, ast.Constant)
            ]
            if ids:
                yield (ids[0], ids[1]) if name in PLURAL else ids[0], CONTEXTS[name]


def template() -> Catalog:
    """All marked sentences, not yet translated."""
    catalogue = Catalog(project="goru", creation_date=NEVER)
    for file, sentence, context in sentences():
        catalogue.add(sentence, locations=[(file, 0)], context=context)
    return catalogue


def path_of(language: str, ending: str = "po") -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"goru.{ending}"


def kept_in(language: str) -> Catalog:
    """What the catalogue of a language has."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def update(language: str) -> None:
    catalogue = kept_in(language) if path_of(language).exists() else Catalog(locale=language)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    save(language, catalogue)


def save(language: str, catalogue: Catalog) -> None:
    catalogue.project, catalogue.creation_date, catalogue.revision_date = "goru", NEVER, NEVER
    catalogue.header_comment, catalogue.fuzzy = f"# goru in {catalogue.locale.english_name}.", False
    with path_of(language).open("wb") as file:
        write_po(file, catalogue, width=120, include_lineno=False)
    path_of(language, "mo").write_bytes(compiled(kept_in(language)))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    for language in LANGUAGES:
        update(language)
        missing = [message.id for message in kept_in(language) if message.id and not message.string]
        print(f"{language}: {len(missing)} without a translation")
        for one in missing:
            print(repr(one))
