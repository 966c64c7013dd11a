"""All that networks have learned in one array, and a tree of views of it: an optimiser wants few and long arrays."""

from functools import cached_property
from typing import Any

import jax
import numpy as np

from goru.nn.network import weights_in


class Numbers:
    """The learned numbers of networks, `(networks, size)`, and views of them.

    **Arguments:**

    - `learned`: a tree of arrays, the networks as first axis of each; they are copied.

    `flat` is the array; `tree` is like what was given, of views: whatever changes one changes the other.
    """

    def __init__(self, learned: Any) -> None:
        leaves = jax.tree.leaves(learned)
        self._structure: Any = jax.tree.structure(learned)
        self._shapes = [leaf.shape[1:] for leaf in leaves]
        self.flat = np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
        self._view()

    def _view(self) -> None:
        self._ends = np.cumsum([np.prod(shape, dtype=int) for shape in self._shapes]).tolist()
        self.tree = self.tree_of(self.flat)
        self.weights = [
            leaf for leaf, is_weight in zip(jax.tree.leaves(self.tree), weights_in(self.tree), strict=True) if is_weight
        ]

    @cached_property
    def gradient(self) -> tuple[np.ndarray, Any]:
        """Room for a gradient: an array, and its tree."""
        flat = np.empty_like(self.flat)
        return flat, self.tree_of(flat)

    def __getstate__(self) -> dict[str, Any]:
        # The views are made anew, or they would be copies that no longer follow the array.
        return {name: self.__dict__[name] for name in ("flat", "_shapes", "_structure")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._view()

    def __len__(self) -> int:
        return len(self.flat)

    def with_inputs(self, places: np.ndarray, new: np.ndarray) -> "Numbers":
        """The same numbers, for networks that read other features: those of the first affine layer's weights differ.

        **Arguments:**

        - `places`: of every feature, where it stood before; -1 if it is new.
        - `new`: weights of new features are taken from there, `(networks, units, features)`.
        """
        leaves, first = jax.tree.leaves(self.tree), weights_in(self.tree).index(True)
        leaves[first] = np.where(places < 0, new, leaves[first][..., places])
        return Numbers(self._structure.unflatten(leaves))

    def tree_of(self, flat: np.ndarray) -> Any:
        """Views of another array as long, by the same names."""
        starts = [0, *self._ends]
        return self._structure.unflatten(
            flat[:, start:end].reshape(len(flat), *shape)
            for start, end, shape in zip(starts, self._ends, self._shapes, strict=False)
        )
