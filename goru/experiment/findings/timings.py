"""Where the time of an experiment went."""

from dataclasses import dataclass

from goru.experiment.clock import Clock


@dataclass(frozen=True)
class PhaseTime:
    """Seconds that a phase of an experiment took, by the clock and of the processor."""

    name: str
    seconds: float
    processor: float


@dataclass(frozen=True)
class Timings:
    """Where the time of an experiment went, phase by phase; what is done in the background counts where it is beside.

    - `cores`: that there were, for this process.
    """

    cores: int
    phases: tuple[PhaseTime, ...]

    @classmethod
    def of(cls, clock: Clock, cores: int) -> "Timings":
        """Of all phases that have ended."""
        spent = clock.phases.items()
        return cls(cores, tuple(PhaseTime(name, phase.seconds, phase.processor) for name, phase in spent))

    @property
    def total(self) -> PhaseTime:
        """All phases as one."""
        seconds, processor = ([getattr(phase, name) for phase in self.phases] for name in ("seconds", "processor"))
        return PhaseTime("all", sum(seconds), sum(processor))

    def share(self, phase: PhaseTime) -> float:
        """Of the core-seconds of the whole experiment, what the processor spent on this phase."""
        return phase.processor / (self.cores * max(self.total.seconds, 1e-9))

    def idle(self, phase: PhaseTime) -> float:
        """Of the phase's own core-seconds, what this process did not use."""
        return max(1 - phase.processor / (self.cores * max(phase.seconds, 1e-9)), 0.0)
