"""From the command to a page that trains: what is heavy is imported while the browser opens."""

import contextlib
import sys
import threading
import webbrowser
from collections.abc import Sequence

from goru.errors import InputError, option
from goru.language import LANGUAGES
from goru.live.rows import Rows, Source, table
from goru.live.session import Session
from goru.live.state import NetworkState, State, StateError, TrainingState

SWITCH_SECONDS = 2e-4  # between Python's threads: those that train and answer wait less for the one that compiles
WIDTHS = ((64, 64), (32, 32), (16, 16), ())  # of the first networks on a table, the widest first


def open_page(
    source: str | None,
    target: str | None = None,
    task: str | None = None,
    drop: Sequence[str] = (),
    port: int = 0,
    lang: str | None = None,
    browser: bool = True,
) -> bool:
    """Serve the page on this machine until Ctrl-C; the address is printed in one line.

    **Arguments:**

    - `source`, `target`, `task`, `drop`: the table, if there is one; see `goru.data.dataset.load_dataset`.
    - `port`: by default any that is free.
    - `lang`: one of `LANGUAGES`, or as the browser has it.
    - `browser`: whether it is opened.

    **Returns:** whether all threads have ended.

    **Raises:** `InputError` for a table that cannot be used, a language that there is not, a port that is taken, and
    where the extra is missing.
    """
    if lang not in (None, *LANGUAGES):
        raise InputError(f"{option('lang', lang)}: the page is in {' and '.join(LANGUAGES)}.")
    try:
        from goru.live.server import address, listen, new_token, serve
    except ImportError as error:
        raise InputError(f"goru live needs {error.name}. Install it with: pip install 'goru[live]'.") from None
    sys.setswitchinterval(SWITCH_SECONDS)
    if source is None:
        session = Session(State(), Source())
    else:
        options = {"target": target, "task": task, "drop": tuple(drop)}
        rows = table(source, target, task, drop)
        call = source, {name: value for name, value in options.items() if value}
        session = Session(first_state(rows), Source(rows), call)
    # Not before the table is read: JAX changes a list of NumPy's types that pandas goes through when it is imported.
    threading.Thread(target=_import_engine, daemon=True).start()
    with contextlib.closing(listen(port)) as sock:
        token = new_token()
        page = address(sock, token, lang)
        print(page, flush=True)
        if browser:
            threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()
        return serve(session, sock, token)


def first_state(rows: Rows) -> State:
    """What is trained on a table at first: as wide as it may be."""
    for hidden in WIDTHS:
        state = State(None, NetworkState(hidden), TrainingState(0.003, 64, seeds=8))
        with contextlib.suppress(StateError):
            state.check(len(rows.training), rows.x.shape[1], rows.outputs)
            break
    return state


def _import_engine() -> None:
    import goru.live.worker  # noqa: F401
