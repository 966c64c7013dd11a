"""From the command to a page that trains: what is heavy is imported while the browser opens."""

import contextlib
import threading
import webbrowser
from collections.abc import Sequence

from goru.errors import InputError
from goru.live.rows import Source
from goru.live.session import Session
from goru.live.state import NetworkState, State, TrainingState

MISSING = "goru live needs the packages of its extra: pip install 'goru[live]'."
OF_A_TABLE = State(None, NetworkState((64, 64)), TrainingState(0.003, 64, seeds=8))


def open_page(
    source: str | None,
    target: str | None = None,
    task: str | None = None,
    drop: Sequence[str] = (),
    port: int = 0,
    lang: str | None = None,
    browser: bool = True,
) -> None:
    """Serve the page on this machine until Ctrl-C; the address is printed in one line.

    **Arguments:**

    - `source`, `target`, `task`, `drop`: the table, if there is one; see `goru.data.dataset.load_dataset`.
    - `port`: by default any that is free.
    - `lang`: `"en"` or `"ko"`.
    - `browser`: whether it is opened.

    **Raises:** `InputError` for a table that cannot be used, a port that is taken, and where the extra is missing.
    """
    try:
        from goru.live.server import address, listen, new_token, serve
    except ImportError:
        raise InputError(MISSING) from None
    threading.Thread(target=_import_engine, daemon=True).start()
    table = None if source is None else read(source, target, task, drop)
    session = Session(State() if table is None else OF_A_TABLE, table or Source())
    with contextlib.closing(listen(port)) as sock:
        token = new_token()
        page = address(sock, token, lang)
        print(page, flush=True)
        if browser:
            threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):
            serve(session, sock, token)


def read(source: str, target: str | None = None, task: str | None = None, drop: Sequence[str] = ()) -> Source:
    """A table, ready to be trained on.

    **Raises:** `InputError` for one that cannot be used.
    """
    from goru.data.dataset import load_dataset
    from goru.live.rows import of_table

    dataset = load_dataset(source, target=target, task=task, drop=drop)  # type: ignore[arg-type]  # checked there
    return Source(of_table(dataset), dataset.name)


def _import_engine() -> None:
    import goru.live.training  # noqa: F401
