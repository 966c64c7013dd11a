"""What training will probably take, before anything was trained: good to a factor of two, and replaced as soon as
something can be timed.

Seconds are those of two quiet cores with vectors of 512 bits; see
[`Clock.slowness`][goru.experiment.clock.Clock.slowness].
"""

from dataclasses import dataclass

from goru.population import devices

PROGRAM_SECONDS = 2.2  # of the processor, to compile one
# Of a step of one network: at least, operations a second, and seconds a parameter where they leave the caches.
STEP, FLOPS = 5e-5, 6e10  # compiled, on one core
NUMPY_STEP, NUMPY_FLOPS, NUMPY_PARAMETER, MANY_PARAMETERS = 1.5e-4, 4e10, 6e-8, 2_000_000
INITIAL_PARAMETER = 5e-8  # to draw one, and to bring it where it is trained and home again


@dataclass(frozen=True)
class Work:
    """Networks of a study, all alike.

    - `parameters`: of one.
    - `batch`: rows in a mini-batch.
    - `networks`, `steps`: how many, and steps of each.
    - `programs`: how many different ones would be compiled for them.
    """

    parameters: int
    batch: int
    networks: int
    steps: int
    programs: int

    @property
    def compiling(self) -> float:
        """Seconds until the programs are there, two being compiled at a time."""
        return PROGRAM_SECONDS * self.programs / min(devices.n_cores(), 2)

    @property
    def compiled(self) -> float:
        """Seconds by programs, when they are there."""
        step = STEP + self._operations / FLOPS
        return self.networks * self.steps * step / devices.n_cores() + self.initial

    @property
    def interpreted(self) -> float:
        """Seconds by NumPy."""
        step = NUMPY_STEP + self._operations / NUMPY_FLOPS
        if self.parameters > MANY_PARAMETERS:
            step += NUMPY_PARAMETER * self.parameters
        return self.networks * self.steps * step + self.initial

    @property
    def soonest(self) -> float:
        """Seconds by the one or the other, whichever has done it sooner."""
        return min(self.compiling + self.compiled, self.interpreted)

    def worth_compiling(self, seconds: float) -> bool:
        """Whether programs train more in so many seconds, the time to compile them included; where they have not done
        this work by then, whether they have done it sooner."""
        if self.compiling + self.compiled > seconds:
            return self.soonest < self.interpreted
        return (seconds - self.compiling) / self.compiled > seconds / self.interpreted

    @property
    def _operations(self) -> float:
        return 6.0 * self.parameters * self.batch

    @property
    def initial(self) -> float:
        """Seconds of these for what each network takes, however short it is trained."""
        return self.networks * INITIAL_PARAMETER * self.parameters
