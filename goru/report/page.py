"""A page: one HTML file that opens offline, with everything in it that it shows."""

import base64
import gzip
import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from goru import __version__
from goru.language import _, _n, language, retold
from goru.report.pictures.picture import Picture


def render(template: str, contents: Sequence[tuple[str, str]], pictures: Iterable[Picture], **variables: Any) -> str:
    """A page of a template.

    **Arguments:**

    - `contents`: ids and titles of its sections.
    - `pictures`: those in it.
    - `variables`: what the template shows; all of it is escaped.
    """
    figures = {picture.name: picture.figure.to_plotly_json() for picture in pictures}
    return (
        environment()
        .get_template(template)
        .render(
            contents=contents,
            figures=_embedded(figures),
            plotly=_plotly(),
            version=__version__,
            **variables,
        )
    )


@cache
def environment() -> Environment:
    """The templates; whatever they are given is escaped."""
    templates = Environment(
        loader=PackageLoader("goru.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"_": _, "_n": _n, "language": language, "retold": retold}
    return templates


@cache
def _plotly() -> Markup:
    """Plotly's own program, compressed, in letters that HTML leaves alone."""
    from plotly.offline import get_plotlyjs

    packed = gzip.compress(get_plotlyjs().encode(), mtime=0)
    return Markup(base64.b64encode(packed).decode())


def _embedded(content: Any) -> Markup:
    """JSON for a script element, which would end at the first `</script>` in it."""
    from plotly.utils import PlotlyJSONEncoder

    written = json.dumps(content, cls=PlotlyJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return Markup(written.replace("<", "\\u003c"))
