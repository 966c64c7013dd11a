"""`goru.live.show`: the page in a notebook."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from goru.errors import InputError, option
from goru.language import LANGUAGES
from goru.live.rows import Source, table
from goru.live.serving import first_state
from goru.live.session import Session
from goru.live.state import State

if TYPE_CHECKING:
    from goru.live.widget import LiveWidget


def show(
    source: Any = None,
    target: str | None = None,
    task: str | None = None,
    drop: Iterable[str] = (),
    state: State | dict[str, Any] | None = None,
    language: Literal["en", "ko"] = "en",
) -> "LiveWidget":
    """The page of `goru live` as a widget, in Jupyter and wherever else anywidget works.

    **Arguments:**

    - `source`: a frame, or a table as `goru fit` reads it; without one, points in the plane.
    - `target`, `task`, `drop`: see [`table`][goru.live.rows.table].
    - `state`: what is trained at first: a [`State`][goru.live.state.State], or what its `to_json` gives.
    - `language`: of the page.

    **Returns:** the widget, which a notebook shows.

    **Raises:** `InputError` for a table that cannot be used, for a language that there is not, and where anywidget is
    missing; `StateError` for a state that cannot be used.
    """
    try:
        from goru.live.widget import LiveWidget
    except ImportError as error:
        raise InputError(f"goru.live.show needs {error.name}. Install it with: pip install 'goru[live]'.") from None
    if language not in LANGUAGES:
        raise InputError(f"{option('language', language)}: the page is in {' and '.join(LANGUAGES)}.")
    drop = tuple(drop)
    rows = None if source is None else table(source, target, task, drop)
    found = Source(rows)
    if state is None:
        state = State() if rows is None else first_state(rows)
    elif not isinstance(state, State):
        state = State.from_json(state)
    first = found.rows(state)
    state.check(len(first.training), first.x.shape[1], first.outputs)
    options = {"target": target, "task": task, "drop": drop}
    named = source if isinstance(source, str) else "TABLE"  # what stands for a frame in the snippet
    return LiveWidget(Session(state, found, (named, {key: value for key, value in options.items() if value})), language)
