"""What a study is asked to do."""

from dataclasses import dataclass

from goru.nn.architecture import ActivationName


@dataclass(frozen=True)
class Options:
    """What may be set; nobody has to set anything.

    - `budget`: seconds for everything, from the start of the command to the files written.
    - `networks`: networks to train in the race, instead of a time: the result is then the same on every run.
    - `hidden`: widths of the hidden layers; by default as `study/defaults.py` says.
    - `activation`: of the hidden layers.
    - `batch_size`: rows in a mini-batch; by default as `study/defaults.py` says.
    - `seed`: everything random is a function of it.
    """

    budget: float | None = None
    networks: int | None = None
    hidden: tuple[int, ...] | None = None
    activation: ActivationName = "relu"
    batch_size: int | None = None
    seed: int = 0
