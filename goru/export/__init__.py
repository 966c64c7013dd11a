"""Models for programs without goru: ONNX, a PyTorch module, plain tensors.

`goru.export.onnx.save(model, "wine.onnx")`, `goru.export.torch.save(model, folder)`, and
`goru.export.safetensors.save(model, trained, folder)`; runs and estimators have `export`, which calls them.
"""

from importlib import import_module
from types import ModuleType

_FORMS = ("onnx", "safetensors", "torch")


def __getattr__(name: str) -> ModuleType:
    # Late: what one form needs shall not be loaded for another.
    if name in _FORMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_FORMS)
