"""The Python of the README and of docs/: it compiles, and what it takes from goru is there and takes such arguments."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import goru
from goru.errors import NotInstalledError

ROOT = Path(goru.__file__).parent.parent
PAGES = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")])
pytestmark = pytest.mark.skipif(not PAGES, reason="goru is installed without its repository")


def blocks(page: Path) -> list[str]:
    """Those that are marked as Python."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


EXAMPLES = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page), 1)
]


def imported(tree: ast.AST) -> Iterator[tuple[str, Any]]:
    """Names that an example has from goru, and what they are."""
    yield "goru", goru  # pages go on from one block to the next
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in (alias.name for alias in node.names if alias.name.split(".")[0] == "goru"):
                import_module(name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "goru":
            for alias in node.names:
                yield alias.asname or alias.name, getattr(import_module(str(node.module)), alias.name)


def found(node: ast.AST, names: dict[str, Any]) -> Any:
    """What a name with dots means; `None` for what is not goru's."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    of = found(node.value, names) if isinstance(node, ast.Attribute) else None
    return None if of is None else getattr(of, node.attr)


def check(example: str) -> None:
    """Raise what the example would, as far as that can be told without running it."""
    compile(example, "example", "exec")
    tree = ast.parse(example)
    names = dict(imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found(node, names)
        elif isinstance(node, ast.Call) and callable(called := found(node.func, names)):
            keywords = {str(keyword.arg): keyword.value for keyword in node.keywords}
            inspect.signature(called).bind(*node.args, **keywords)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_python_that_goru_understands(example):
    try:
        check(example)
    except NotInstalledError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "example",
    [
        "goru.fit(frame,",
        "import goru.nothing",
        "from goru import nothing",
        "goru.nothing",
        "goru.export.nothing.save(model, path)",
        "goru.fit(frame, tarket='y')",
        "goru.Design()",
        "goru.live.shape(colour='red')",
        "from goru import MLPClassifier as Own\nOwn(drop_out=0.5)",
    ],
)
def test_what_is_not_is_seen(example):
    with pytest.raises((SyntaxError, ImportError, AttributeError, TypeError)):
        check(example)


def test_the_layer_of_the_page_learns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks(ROOT / "docs" / "layers.md")), "docs/layers.md", "exec"), {"__name__": "example"})
