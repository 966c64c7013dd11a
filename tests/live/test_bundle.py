"""`goru.live.bundle`: the page's modules as one text."""

import re

import pytest

from goru.live.bundle import bundle
from goru.live.paths import STATIC


@pytest.fixture
def folder(tmp_path):
    def write(**modules: str):
        for name, text in modules.items():
            path = tmp_path / (name.replace("__", "/") + ".js")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_modules_are_in_the_order_in_which_they_are_needed(folder):
    found = bundle(
        folder(
            main='import {\n  a, b as c\n} from "./one.js";\nimport * as d from "./parts/two.js";\nexport default a;\n',
            one='import { d } from "./parts/two.js";\nexport const a = d;\nconst e = 1;\nexport { e as b };\n',
            parts__two="export function d() {}\nexport class E {}\n",
        ),
        "main.js",
    )
    assert found.count("const goru_parts_two_js") == 1
    assert found.index("const goru_parts_two_js") < found.index("const goru_one_js") < found.index("goru_default")
    assert "return { d, E };" in found
    assert "return { a, b: e };" in found
    assert "const { a, b: c } = goru_one_js;" in found
    assert "const d = goru_parts_two_js;" in found
    assert found.rstrip().endswith("export default goru_default;")
    assert not re.search(r"^import", found, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("export let a = 1;", "cannot be bundled"),
        ("export default 1;", "cannot be bundled"),
        ('import a from "./two.js";', "cannot be bundled"),
        ('const a = await import("./two.js");', "cannot be bundled"),
        ('import { a } from "./main.js";', "circle"),
        ('import { a } from "../../outside.js";', "outside"),
    ],
)
def test_what_is_not_known_is_an_error(folder, text, message):
    modules = folder(main='import { x } from "./one.js";\nexport default x;', one=text)
    with pytest.raises(ValueError, match=message):
        bundle(modules, "main.js")


def test_an_entry_wants_one_default(folder):
    with pytest.raises(ValueError, match="export default"):
        bundle(folder(main="const a = 1;"), "main.js")


def test_the_page_s_own_modules_can_be_bundled():
    found = bundle(STATIC, "widget.js")
    assert "const goru_app_js" in found
    assert not re.search(r"^\s*import\b", found, re.MULTILINE)
