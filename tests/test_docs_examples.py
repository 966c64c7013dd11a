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
    pytest.param(blocks(page)[:number], id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number in range(1, len(blocks(page)) + 1)
]


def imported(tree: ast.AST) -> Iterator[tuple[str, Any]]:
    """Names that an example has from goru, and what they are."""
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


def check(*page: str) -> None:
    """Raise what the last example of a page would, as far as that can be told without running it; those before it have
    imported what it uses."""
    *before, example = page
    compile(example, "example", "exec")
    tree = ast.parse(example)
    names = {"goru": goru} | dict(imported(ast.parse("\n".join(before)))) | dict(imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found(node, names)
        elif isinstance(node, ast.Call) and callable(called := found(node.func, names)):
            keywords = {str(keyword.arg): keyword.value for keyword in node.keywords}
            inspect.signature(called).bind(*node.args, **keywords)


@pytest.mark.parametrize("examples", EXAMPLES)
def test_an_example_is_python_that_goru_understands(examples):
    try:
        check(*examples)
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


def test_what_an_example_uses_an_earlier_one_may_have_imported():
    with pytest.raises(TypeError, match="drop_out"):
        check("from goru import MLPClassifier", "MLPClassifier(drop_out=0.5)")


def test_the_layer_of_the_page_learns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks(ROOT / "docs" / "layers.md")), "docs/layers.md", "exec"), {"__name__": "example"})
