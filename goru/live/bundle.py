"""The page's modules as one: a notebook's widget is a single text, which cannot import what lies beside it.

Every module becomes a function that returns what it exports. It has to import and export in the few ways that are
known here, each statement at the beginning of a line: whatever else there is is an error.
"""

import re
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(r'^import\s+(?:(\{[^}]*\}|\*\s+as\s+\w+)\s+from\s+)?"(\.[^"]+)";?[ \t]*$', re.MULTILINE)
_DECLARED = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const)\s+([\w$]+)", re.MULTILINE)
_LISTED = re.compile(r"^export\s*\{([^}]*)\};?[ \t]*$", re.MULTILINE)
_LEFT = re.compile(r"^\s*(?:import\b(?!\.meta)|export\b).*$|\bimport\s*\(.*$", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


def bundle(folder: Path, entry: str) -> str:
    """The text of one module that does what the entry does; the entry's default export is its own.

    **Raises:** `ValueError` for modules that import each other in a circle, or by a statement that is not known.
    """
    done: dict[str, str] = {}
    body = _body(folder, entry, done, ())
    default, count = _DEFAULT.subn("const goru_default = ", body)
    if count != 1 or _LEFT.search(default):
        raise ValueError(f"{entry}: wants one `export default` at the beginning of a line, and no other export")
    return "\n".join([*done.values(), default, "export default goru_default;", ""])


def _module(folder: Path, path: str, done: dict[str, str], above: tuple[str, ...]) -> None:
    """Add a module, after those that it imports."""
    if path in above:
        raise ValueError(f"modules import each other in a circle: {' -> '.join([*above, path])}")
    if path in done:
        return
    body, exported = _body(folder, path, done, above), list[str]()

    def declared(match: re.Match[str]) -> str:
        exported.append(match[2])
        return f"{match[1]} {match[2]}"

    def listed(match: re.Match[str]) -> str:
        for item in _items(match[1]):
            own, _, public = item.partition(" as ")
            exported.append(f"{public.strip()}: {own.strip()}" if public else own.strip())
        return ""

    body = _LISTED.sub(listed, _DECLARED.sub(declared, body))
    if left := _LEFT.search(body):
        raise ValueError(f"{path}: `{left[0].strip()[:80]}` cannot be bundled")
    done[path] = f"const {_name(path)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _body(folder: Path, path: str, done: dict[str, str], above: tuple[str, ...]) -> str:
    """A module's text; what it imports is read from the modules before it."""

    def imported(match: re.Match[str]) -> str:
        other = _joined(path, match[2])
        _module(folder, other, done, (*above, path))
        if match[1] is None:
            return ""
        if match[1].startswith("*"):
            return f"const {match[1].split()[-1]} = {_name(other)};"
        names = ", ".join(": ".join(map(str.strip, item.split(" as "))) for item in _items(match[1][1:-1]))
        return f"const {{ {names} }} = {_name(other)};"

    return _IMPORT.sub(imported, (folder / path).read_text(encoding="utf-8"))


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _joined(path: str, relative: str) -> str:
    """The path of what a module imports, without `.` and `..`."""
    parts: list[str] = []
    for part in (PurePosixPath(path).parent / relative).parts:
        if part == "..":
            if not parts:
                raise ValueError(f"{path}: {relative} is outside the page's folder")
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _name(path: str) -> str:
    return "goru_" + re.sub(r"\W", "_", path)
