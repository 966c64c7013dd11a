"""goru: neural networks that generalise."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goru.study.run import load

__all__ = ["load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Late, so that the command line starts at once.
    if name == "load":
        from goru.study.run import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
