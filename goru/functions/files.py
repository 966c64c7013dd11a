"""A training function and a design, from a file of the user's."""

import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goru.errors import InputError
from goru.experiment.design import Design
from goru.wording import nearest


@dataclass(frozen=True)
class Experiment:
    """What a file holds.

    - `train`, `design`: the training function, and what is varied.
    - `save`: writes a model into a folder, if the file has a function of that name.
    - `loss`: of predictions, if the file has a function of that name.
    """

    train: Callable[..., Any]
    design: Design
    save: Callable[[Any, Path], None] | None = None
    loss: Callable[..., Any] | None = None


def load_experiment(where: str) -> Experiment:
    """Run a file and take out of it what it calls `design` and the training function.

    **Arguments:**

    - `where`: `experiment.py:train`; `train` is what it is called if no name is given.

    **Raises:** `InputError` if there is no such file or name, or the file raises.
    """
    text, _, name = where.rpartition(":") if where.rpartition(":")[0].endswith(".py") else (where, "", "train")
    path = Path(text)
    if not path.is_file():
        raise InputError(f"{path}: no such file. Name a Python file and a function in it: experiment.py:train.")
    module = _run(path)
    names = vars(module)
    function = f"Name a function: {path.name}:train."
    for wanted, otherwise in ((name, function), ("design", "Add one: design = goru.Design(factors=...).")):
        if wanted not in names:
            raise InputError(f"{path}: defines no {wanted!r}.{nearest(wanted, names) or f' {otherwise}'}")
    if not isinstance(names["design"], Design):
        raise InputError(f"{path}: 'design' is of type {type(names['design']).__name__}. Make it a goru.Design.")
    if not callable(names[name]):
        raise InputError(f"{path}: {name!r} is of type {type(names[name]).__name__}. {function}")
    return Experiment(names[name], names["design"], names.get("save"), names.get("loss"))


def _run(path: Path) -> Any:
    import cloudpickle

    name = path.stem
    while name in sys.stdlib_module_names or name in sys.modules:
        name = f"_{name}"  # it must hide nothing
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.path.insert(0, str(path.resolve().parent))  # for what it imports from beside it
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        last = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{Path(last.filename).name}, line {last.lineno}"
        raise InputError(f"{path}: raises {type(error).__name__}: {' '.join(str(error).split())} ({at}).") from error
    cloudpickle.register_pickle_by_value(module)  # other processes know no such module
    return module
