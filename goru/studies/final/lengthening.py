"""Schedules longer than the race's, for the few networks of the final model.

A budget that is small for its table pays for short schedules alone, as the race trains every combination many times
over. Which of them is better shows all the same; how good it can be does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from goru.data.splitting import Split
from goru.experiment.candidates import Candidate
from goru.experiment.design import Design
from goru.studies.asked.design import hyperparameters, knob_values
from goru.studies.final.refits import Late, jobs_of
from goru.studies.laboratory import NetworkLaboratory


def lengthened(
    laboratory: NetworkLaboratory,
    design: Design,
    best: Mapping[str, Sequence[Candidate]],
    split: Split,
    schedule: int,
    late: Late | None = None,
    shorter: bool = True,
    tried: bool = True,
    raced: int | None = None,
) -> dict[str, list[Candidate]]:
    """Candidates, each with a longer schedule where that lowers its loss on a split's validation rows.

    **Arguments:**

    - `best`: candidates of one arm, by the name of what they are for; all are trained at once.
    - `split`: on whose training rows each is trained both ways; the longer way stops at its best epoch.
    - `schedule`: the length of the longer one, in epochs.
    - `late`: whether there is no time any more; then no schedule is longer.
    - `shorter`: whether candidates' own schedule is tried too; otherwise all have the longer one, stopped where it is
      best, or at its end where it is too late to know.
    - `tried`: whether anything is; otherwise all have the longer one, to its end.
    - `raced`: how many rows the race's networks were fitted on, if not about as many as the split has.
    """
    candidates = [candidate for some in best.values() for candidate in some]
    rows = len(split.training_rows)
    longer = [_with_schedule(laboratory, design, one, schedule, rows, raced or rows) for one in candidates]
    chosen = iter(_tried(laboratory, candidates, longer, split, late, shorter) if tried else longer)
    return {name: list(islice(chosen, len(some))) for name, some in best.items()}


def _tried(
    laboratory: NetworkLaboratory,
    candidates: list[Candidate],
    longer: list[Candidate],
    split: Split,
    late: Late | None,
    shorter: bool,
) -> list[Candidate]:
    """The better of each two, the longer one stopped at its best epoch; those of an arm beside each other."""
    rows = laboratory.rows(split)
    ways = [jobs_of(laboratory, some, rows) for some in ((longer, candidates) if shorter else (longer,))]
    jobs = [job for way in ways for job in way]
    trained = dict(laboratory.train(jobs, on_epochs=lambda _: late is None or not late()))
    if len(trained) < len(jobs):
        return candidates if shorter else longer
    temperatures = (1.0,) if laboratory.shape.judge is None else laboratory.shape.judge.temperatures
    # Those of a block are as long as the longest of them, and blocks differ.
    losses = [of_network for place in range(len(jobs)) for of_network in trained[place].validation_losses]
    of_longer, of_shorter = losses[: len(longer)], losses[len(longer) :]
    if not shorter:
        return [_stopped(*one, temperatures) for one in zip(longer, of_longer, strict=True)]
    chosen = []
    for candidate, long, losses, before in zip(candidates, longer, of_longer, of_shorter, strict=True):
        better = losses.min() < before[candidate.epochs - 1].min()
        chosen.append(_stopped(long, losses, temperatures) if better else candidate)
    return chosen


def _stopped(candidate: Candidate, losses: np.ndarray, temperatures: Sequence[float]) -> Candidate:
    """At the best epoch and temperature, of losses `(epochs, temperatures)`."""
    epoch, temperature = np.unravel_index(losses.argmin(), losses.shape)
    return replace(candidate, epochs=int(epoch) + 1, temperature=temperatures[int(temperature)])


def _with_schedule(
    laboratory: NetworkLaboratory, design: Design, candidate: Candidate, schedule: int, rows: int, raced: int
) -> Candidate:
    """The same configuration with another schedule, on `rows` instead of the `raced` ones; a decay's strength and the
    window of an average are shares of the whole schedule."""
    before = laboratory.steps(candidate.schedule or candidate.epochs, raced)
    knobs = knob_values(design, candidate.arm, candidate.values, before)
    values = hyperparameters(knobs, laboratory.steps(schedule, rows))._asdict()
    return replace(candidate, values=values, epochs=schedule, schedule=schedule)
