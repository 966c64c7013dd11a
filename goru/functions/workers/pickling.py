"""What keeps functions and models of the user's own from going to other processes, made to go."""

import copyreg
import importlib
import sys
from types import ModuleType
from typing import Any


def modules_by_name() -> None:
    """Let modules of a type of their own be pickled as all others are: by their names.

    `torch.classes` is one. cloudpickle, which looks at the words of a function, takes it to be needed by every one that
    uses `torch` and says `fit.classes`, and cannot pickle it.
    """
    for kind in {type(module) for module in list(sys.modules.values())}:
        if issubclass(kind, ModuleType) and kind is not ModuleType and kind not in copyreg.dispatch_table:
            copyreg.pickle(kind, _name)


def _name(module: ModuleType) -> tuple[Any, tuple[str]]:
    return importlib.import_module, (module.__name__,)
