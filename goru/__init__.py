"""goru: neural networks that generalise."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from goru import forks as _forks  # noqa: F401  # it watches from now on

if TYPE_CHECKING:
    from goru.errors import InputWarning
    from goru.estimators.classifier import MLPClassifier
    from goru.estimators.cv import MLPClassifierCV, MLPRegressorCV
    from goru.estimators.regressor import MLPRegressor
    from goru.report.opened import load

__all__ = ["InputWarning", "MLPClassifier", "MLPClassifierCV", "MLPRegressor", "MLPRegressorCV", "load"]
__version__ = "0.1.0"

_HOMES = {
    "InputWarning": "goru.errors",
    "MLPClassifier": "goru.estimators.classifier",
    "MLPClassifierCV": "goru.estimators.cv",
    "MLPRegressor": "goru.estimators.regressor",
    "MLPRegressorCV": "goru.estimators.cv",
    "load": "goru.report.opened",
}
_PACKAGES = ("claims", "export")


def __getattr__(name: str) -> Any:
    # Late, so that the command line starts at once.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_PACKAGES})
