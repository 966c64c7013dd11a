"""The networks that are timed, and how many operations a step of one of them takes."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Workload:
    """Some networks of one shape, and how they learn: by default with batch norm, dropout and weight decay."""

    name: str
    inputs: int
    hidden: tuple[int, ...]
    outputs: int
    batch: int
    networks: int
    rows: int
    block: int  # networks that goru trains together on a core: as `goru.studies.defaults` says
    stack: int  # networks that PyTorch stacks: of 2, 4, 8 and all the fastest number
    optimizer: str = "adam"
    batch_norm: str | None = "before"
    dropout: float = 0.2
    decay: float = 0.01
    rate: float = 1e-3

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.inputs, *self.hidden, self.outputs)

    @property
    def flops(self) -> int:
        """Of the matrix products that a step cannot do without.

        Outputs, gradients of the weights, and gradients of the inputs, which the first layer's need not be known.
        """
        layers = [i * o for i, o in zip(self.widths, self.widths[1:], strict=False)]
        return 2 * self.batch * (3 * sum(layers) - layers[0])

    def but(self, **changes) -> "Workload":
        return replace(self, **changes)

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(self.rows, self.inputs)).astype(np.float32)
        return x, (x @ rng.normal(size=(self.inputs, self.outputs))).argmax(axis=1)


WORKLOADS = {
    each.name: each
    for each in (
        Workload("book", 784, (100,) * 6, 10, batch=100, networks=32, rows=1_000, block=2, stack=32),
        Workload("table", 30, (64, 64), 2, batch=128, networks=64, rows=1_280, block=8, stack=64),
        Workload("wide", 50, (256,) * 3, 10, batch=256, networks=16, rows=2_560, block=2, stack=4),
    )
}
