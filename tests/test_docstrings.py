"""Whoever asks `help` is told: what a public name is, each of its parameters, the shape of an array, and its errors."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import goru
import goru.nn

#: What users import, and what they are handed: modules, or a name of one.
PUBLIC = (
    "goru",
    "goru.claims",
    "goru.claims.claim",
    "goru.claims.running",
    "goru.errors:InputError",
    "goru.errors:InputWarning",
    "goru.estimators.findings",
    "goru.experiment.arms:Arm",
    "goru.experiment.knobs",
    "goru.experiment.questions:Contrast",
    "goru.experiment.questions:Interaction",
    "goru.experiment.questions:Removal",
    "goru.export.onnx",
    "goru.export.safetensors",
    "goru.export.torch",
    "goru.export.writing:Written",
    "goru.functions.config",
    "goru.functions.ready.jax_population",
    "goru.functions.result",
    "goru.functions.rows:Rows",
    "goru.functions.runs:RunEffects",
    "goru.live",
    "goru.live.rows:Rows",
    "goru.live.state:NetworkState",
    "goru.live.state:ShapeData",
    "goru.live.state:TrainingState",
    "goru.model.model",
    "goru.population.member",
    "goru.population.program:BlockShape",
    "goru.population.trainer",
    "goru.report.run",
    "goru.report.viewable",
    "goru.studies.frames",
    *(("goru.torch",) if find_spec("torch") else ()),
    *(module.name for module in pkgutil.walk_packages(goru.nn.__path__, "goru.nn.") if not module.ispkg),
)
REFUSED = re.compile(r"raise (InputError|ValueError|TypeError|StateError)\b")


def test_every_public_name_says_what_it_takes():
    assert sorted({fault for name, public, owner in names() for fault in faults(name, public, owner)}) == []


def names() -> Iterator[tuple[str, Any, type | None]]:
    """Classes, functions and methods; of a method its class too."""
    for place in PUBLIC:
        module, _, only = place.partition(":")
        home = importlib.import_module(module)
        for name in [only] if only else getattr(home, "__all__", dir(home)):
            public = getattr(home, name)
            own = hasattr(home, "__all__") or getattr(public, "__module__", None) == module
            if name.startswith("_") or not own or not (inspect.isclass(public) or inspect.isfunction(public)):
                continue
            yield f"{module}.{name}", public, None
            for member in dir(public) if inspect.isclass(public) else ():
                method = getattr(public, member)
                if isinstance(method, property):
                    method = method.fget
                method = inspect.unwrap(getattr(method, "func", method))
                if not member.startswith("_") and getattr(method, "__module__", "").startswith("goru"):
                    yield f"{module}.{name}.{member}", method, public


def faults(name: str, public: Any, owner: type | None) -> Iterator[str]:
    """What is missing; what a base class or the package says of a parameter need not be said again."""
    own = public.__doc__ or ""
    if not own or own.startswith(f"{public.__name__}("):  # of a dataclass, made by Python
        yield f"{name}: no docstring"
        return
    bases = [of for of in getattr(owner, "__mro__", ()) if of.__module__.startswith("goru")]
    inherited = [text.__doc__ or "" for of in bases for text in (of, getattr(of, public.__name__, of))]
    words = goru.nn.__doc__ or "" if public.__module__.startswith("goru.nn") else ""
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", " ".join([own, *inherited, words])))))
    taken = {} if inspect.isclass(public) and issubclass(public, Exception) else inspect.signature(public).parameters
    for parameter in taken.values():
        named = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if named and parameter.name not in {"self", *said} and not parameter.name.startswith("_"):
            yield f"{name}: {parameter.name}"
    code = getattr(public, "__post_init__", None) if inspect.isclass(public) else public
    if code is not None and REFUSED.search(inspect.getsource(code)) and not re.search("[Rr]aise", own):
        yield f"{name}: what it raises"
    gives = inspect.get_annotations(public).get("return") if inspect.isfunction(public) else None
    if "ndarray" in str(gives) and "Float" not in str(gives) and not re.search(r"`\(|shape", own):
        yield f"{name}: the shape of what it returns"
