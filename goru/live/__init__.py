"""A page on which networks train while you switch techniques on and off: `goru live`, or `goru.live.show()`.

`goru.live` is this package and nothing else: a function of that name in `goru` would be replaced by the package as soon
as anybody imports one of its modules. What users call is here, and imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goru.live.networks.scoring import losses
    from goru.live.networks.training import train
    from goru.live.rows import shape, table
    from goru.live.showing import show
    from goru.live.state import State, StateError

__all__ = ["State", "StateError", "losses", "shape", "show", "table", "train"]

_HOMES = {
    "State": "state",
    "StateError": "state",
    "losses": "networks.scoring",
    "shape": "rows",
    "show": "showing",
    "table": "rows",
    "train": "networks.training",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
