"""What a training function is told to do: the levels of an arm and the values of its knobs."""

from collections.abc import Iterator, Mapping
from typing import Any

from goru.wording import listing, nearest


class Config(Mapping[str, Any]):
    """Factors and knobs by attribute or by item: `config.dropout`, `config["dropout"]`, `dict(config)`.

    A knob that the arm does not have is not there: `config.get("rate", 0.0)`. Nothing of it can be changed.

    **Arguments:**

    - `values`: levels of factors and values of knobs, by name.

    **Raises:** `AttributeError` or `KeyError` for a name that is neither.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__["_values"] = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_values" not in self.__dict__:
            raise AttributeError(name)
        if name in self._values:
            return self._values[name]
        raise AttributeError(no_such(name, self._values))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("config cannot be changed. Copy it: dict(config).")

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value!r}' for name, value in self.items())})"


def no_such(name: str, values: Mapping[str, Any]) -> str:
    """What is said where a configuration of these `values` has none of the `name`."""
    hint = nearest(name, values) or f" If only some arms have it: config.get({name!r}, default)."
    return f"config has no {name!r}. It has {listing(values) or 'nothing'}.{hint}"
