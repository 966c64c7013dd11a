"""goru: neural networks that generalise.

- `fit`: study a table, say what batch norm, weight decay and dropout do for it, and keep the best model; `load` opens
  the run again.
- `MLPClassifierCV`, `MLPRegressorCV`: the same, with scikit-learn's interface. `MLPClassifier`, `MLPRegressor`: a
  network, or an ensemble, with the techniques that you choose.
- `study`: an experiment on a training function of your own. A `Design` says what is varied, `uniform`, `log_uniform`
  and `integers` what is tuned; the function yields predictions, `predictions(...)` or `losses(...)`. `jax_training` and
  `goru.torch.training` make such a function of a network.
- `effects`: what techniques changed in runs that exist already, a run a row.
- `goru.claims`: the textbook's promises, tried. `goru.live`: a page on which networks train. `goru.export`: models for
  other programs.
- `InputError`: input that cannot be used. `InputWarning`: input that may be meant as something else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from goru import forks as _forks  # noqa: F401  # it watches from now on

if TYPE_CHECKING:
    from goru.errors import InputError, InputWarning
    from goru.estimators.classifier import MLPClassifier
    from goru.estimators.cv import MLPClassifierCV, MLPRegressorCV
    from goru.estimators.regressor import MLPRegressor
    from goru.experiment.design import Design
    from goru.experiment.knobs import integers, log_uniform, uniform
    from goru.fitting import fit
    from goru.functions.outputs import losses, predictions
    from goru.functions.ready.jax_population import jax_training
    from goru.functions.runs import effects
    from goru.functions.studying import study
    from goru.report.run import load

__version__ = "0.1.0"
__all__ = [
    "Design",
    "InputError",
    "InputWarning",
    "MLPClassifier",
    "MLPClassifierCV",
    "MLPRegressor",
    "MLPRegressorCV",
    "effects",
    "fit",
    "integers",
    "jax_training",
    "load",
    "log_uniform",
    "losses",
    "predictions",
    "study",
    "uniform",
]

_HOMES = {
    "InputError": "goru.errors",
    "InputWarning": "goru.errors",
    "MLPClassifier": "goru.estimators.classifier",
    "MLPClassifierCV": "goru.estimators.cv",
    "MLPRegressor": "goru.estimators.regressor",
    "MLPRegressorCV": "goru.estimators.cv",
    "Design": "goru.experiment.design",
    "integers": "goru.experiment.knobs",
    "log_uniform": "goru.experiment.knobs",
    "uniform": "goru.experiment.knobs",
    "fit": "goru.fitting",
    "jax_training": "goru.functions.ready.jax_population",
    "losses": "goru.functions.outputs",
    "predictions": "goru.functions.outputs",
    "effects": "goru.functions.runs",
    "study": "goru.functions.studying",
    "load": "goru.report.run",
}
_PACKAGES = ("claims", "export", "live", "torch")


def __getattr__(name: str) -> Any:
    # Late, so that the command line starts at once.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_PACKAGES, "__version__"])
