"""Hyperparameters of a user's configuration that goru itself makes use of."""

from typing import Any

import numpy as np

from goru.errors import InputError


def hyperparameter(config: Any, name: str, default: float) -> Any:
    """A number of the configuration, or else the default.

    **Raises:** `InputError` if it is none.
    """
    value = config.get(name, default)
    # A factor of this name with the levels False and True would be taken for 0 and 1.
    if value is None or isinstance(value, bool | np.bool_ | str):
        raise InputError(f"{name} is {value!r} and has to be a number: give other levels, or an optimizer of your own.")
    return value
