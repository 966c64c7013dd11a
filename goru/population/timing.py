"""How fast a program is."""

import itertools
import time

from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, PreparedRows
from goru.population.trainer import Trainer

CALLS = 3  # of a program, to see how fast it is
ENOUGH = 0.25  # seconds; two calls that are so long say as much
SHORTER = 2  # times than in a race: shorter still, and what lies between calls would count too much


def block_seconds(trainer: Trainer, rows: PreparedRows) -> float:
    """Seconds an epoch, a block: of the quickest call of the program after the first, when everything is warm.

    With a block on every device. A device alone is faster, since others leave it their cores; so blocks count, and
    not how many there are at a time. What slows one call is somebody else's work, and will pass; if it does not, the
    race adapts.
    """
    networks, devices = trainer.shape.networks, len(trainer.devices)
    members = tuple(Member(id=index, seed=(index,), hyper=Hyperparameters()) for index in range(networks))
    told: list[float] = []

    def watch(done: int) -> bool:
        told.append(time.monotonic())
        return len(told) < 2 or (len(told) < CALLS and told[-1] - told[0] < ENOUGH)

    epochs = max(trainer.shape.epochs // SHORTER, 1)
    # A call more than is waited for: a call that is told of has another behind it, as in the race.
    blocks = [Block(members, rows, (0,), (CALLS + 1) * epochs)] * devices
    list(trainer.train(blocks, on_epochs=watch, points_in_a_call=epochs))
    quickest = min(later - earlier for earlier, later in itertools.pairwise(told))
    return quickest / (epochs * devices)
