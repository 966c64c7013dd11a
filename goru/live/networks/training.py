"""Networks of a state in training, both sides of it, epoch after epoch."""

from collections.abc import Callable, Iterator
from typing import Any

from goru.live.networks.measures import History, layers, score
from goru.live.networks.sides import Side
from goru.live.networks.surface import surface
from goru.live.rows import Rows, Source
from goru.live.state import State

WITHOUT, WITH = "without", "with"
Frame = dict[str, Any]


class Run:
    """Both sides of a state from their first epoch on: the same seeds, rows and mini-batches on both.

    **Arguments:**

    - `state`: of the side with the techniques; where none is switched on, there is one side.
    - `rows`: those of its data.
    - `epoch`: how many epochs have been trained.
    """

    def __init__(self, state: State, rows: Rows) -> None:
        state.check(len(rows.training), rows.x.shape[1], rows.outputs)
        self.state, self.rows, self.epoch = state, rows, 0
        joined = state.network.norm != "none"
        self.sides = {WITHOUT: Side(state.plain, rows, joined)}
        if state.switched_on:
            self.sides[WITH] = Side(state, rows, joined)
        self.histories = {name: History(rows) for name in self.sides}
        self._score()

    @property
    def compiled(self) -> bool:
        """Whether all sides are trained by a compiled program."""
        return all(side.compiled for side in self.sides.values())

    @property
    def entries(self) -> int:
        """How many times losses have been recorded: once before the first epoch, and after each."""
        return self.epoch + 1

    def advance(self, given_up: Callable[[], bool] = lambda: False) -> None:
        """Train all sides for one epoch; see [`Side.epoch`][goru.live.networks.sides.Side.epoch]."""
        for side in self.sides.values():
            side.epoch(given_up)
        self.epoch += 1
        self._score()

    def _score(self) -> None:
        for name, side in self.sides.items():
            self.histories[name].add(self.epoch, score(side))

    def started(self) -> dict[str, Any]:
        """What is trained, as the page is told once."""
        rows = self.rows
        return {
            "state": self.state.to_json(),
            "sides": list(self.sides),
            "points": rows.points(),
            "extent": list(rows.extent),
            "classes": None if rows.classes is None else list(rows.classes),
            "columns": list(rows.columns),
            "training_rows": len(rows.training),
            "validation_rows": len(rows.validation),
            "compiled": self.compiled,
        }

    def view(self, chosen: int = 0) -> dict[str, dict[str, Any]]:
        """How every side stands now: all of a frame but the losses.

        **Arguments:**

        - `chosen`: the network whose surface is drawn alone.
        """
        chosen = min(chosen, self.state.training.seeds - 1)
        return {
            name: {**self.histories[name].figures(), "surface": surface(side, chosen), "layers": layers(side)}
            for name, side in self.sides.items()
        }

    def losses(self, start: int, end: int) -> dict[str, dict[str, Any]]:
        """Of every side, entries from number `start` to `end` (not included)."""
        return {name: history.since(start, end) for name, history in self.histories.items()}


def train(state: State | dict[str, Any], rows: Rows | None = None) -> Iterator[Frame]:
    """Train the networks of a state, and show them after every epoch; it does not end by itself.

    **Arguments:**

    - `state`: a [`State`][goru.live.state.State], or what the page has as one.
    - `rows`: of a table, see [`table`][goru.live.rows.table], where the state wants one.

    **Returns:** frames as the page gets them, the first before training: `epoch`, and of all `sides` losses, accuracy,
    gap, surfaces and layers.

    **Raises:** `StateError` (a `ValueError`) for a state that cannot be used.
    """
    state = state if isinstance(state, State) else State.from_json(state)
    run = Run(state, Source(rows).rows(state))
    while True:
        losses = run.losses(run.epoch, run.entries)
        sides = {name: {"losses": losses[name], **own} for name, own in run.view().items()}
        yield {"epoch": run.epoch, "compiled": run.compiled, "sides": sides}
        run.advance()
