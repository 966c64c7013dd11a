"""A graph of ONNX while it is being built: every value has a name that no column has."""

from collections.abc import Collection
from typing import Any

import numpy as np

#: The oldest set of operators in which softmax is what everybody means by it (ONNX 1.8, 2020), so that old and small
#: runtimes read the file too; nothing that came later is needed.
OPSET = 13
#: Of text: the oldest that turns text into numbers (ONNX 1.4, 2019). Comparing text with `Equal` needs opset 19 (2023).
ML_OPSET = 2
#: The form of the file that came with this opset.
IR_VERSION = 7

ML = "ai.onnx.ml"


class Graph:
    """Nodes and constants, in the order in which they are computed.

    **Arguments:**

    - `taken`: names of inputs and outputs, which no value in between may have.
    """

    def __init__(self, taken: Collection[str]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._prefix = "goru"
        while any(name.startswith(f"{self._prefix}/") for name in taken):
            self._prefix += "_"
        self._counts: dict[str, int] = {}
        self._numbers: dict[tuple[str, bytes], str] = {}

    def constant(self, name: str, values: Any, dtype: Any = np.float64) -> str:
        """Name a constant; `str` is the type of text. A single number that is there already is used again.

        **Arguments:**

        - `name`: what a reader of the graph sees, such as `numbers/medians`.
        """
        from onnx import TensorProto, helper, numpy_helper

        if dtype is str:
            texts: Any = [str(value).encode("utf-8") for value in values]
            full = self._unique(name)
            self.constants.append(helper.make_tensor(full, TensorProto.STRING, [len(texts)], texts))
            return full
        array = np.array(values, dtype=dtype, order="C")
        if array.ndim:
            full = self._unique(name)
        else:
            known = array.dtype.str, array.tobytes()
            if known in self._numbers:
                return self._numbers[known]
            full = self._numbers[known] = self._unique(name)
        self.constants.append(numpy_helper.from_array(array, full))
        return full

    def node(self, op: str, *inputs: str, name: str = "", domain: str = "", output: str = "", **attributes: Any) -> str:
        """Add an operator, and name its result.

        **Arguments:**

        - `name`: what it computes; by default the operator's name.
        - `domain`: where the operator is defined; by default among the plain ones.
        - `output`: the name of the result, if it is an output of the graph.
        """
        from onnx import helper

        full = self._unique(name or op.lower())
        result = output or full
        self.nodes.append(helper.make_node(op, list(inputs), [result], name=full, domain=domain, **attributes))
        return result

    def join(self, blocks: list[str], name: str) -> str:
        """Columns beside each other."""
        return blocks[0] if len(blocks) == 1 else self.node("Concat", *blocks, name=name, axis=1)

    def cast(self, value: str, dtype: Any, name: str = "") -> str:
        """The same values in another type."""
        from onnx import helper

        return self.node("Cast", value, name=name, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _unique(self, name: str) -> str:
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return f"{self._prefix}/{name}" + (f"/{count}" if count > 1 else "")
