"""Is more data worth it? The loss of networks that were trained on a part of the rows, beside that on all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from goru.data.splitting import Split
from goru.experiment.candidates import Candidate
from goru.experiment.effects.crossfit import choose
from goru.experiment.effects.effects import Compared
from goru.experiment.findings.evidence import ArmByRows, LossByRows
from goru.experiment.findings.leaderboard import loss_with_interval
from goru.experiment.racing.laboratory import Job
from goru.experiment.trial import Ended, Trial, losses_by_arm
from goru.nn.architecture import Hyperparameters
from goru.population.member import Block, Member, PreparedRows
from goru.studies import defaults
from goru.studies.final.refits import Late
from goru.studies.laboratory import NetworkLaboratory

FEWEST_ROWS = 20
_WEIGHTS, _ORDER, _ROWS = 2, 3, 13  # what seeds are for: weights and order are those of the race


def loss_by_rows(
    laboratory: NetworkLaboratory,
    best: Mapping[str, Candidate],
    trials: Sequence[Trial],
    splits: Sequence[Split],
    schedule_epochs: int,
    late: Late | None = None,
) -> LossByRows | None:
    """Train the best plain configuration and the recommended one on a quarter and on half of the training rows of every
    split.

    Fewer rows are passed over as many times more, so that every network takes as many steps, on the same schedule; the
    epoch that counts in a fold is the one that is best in the others. Initial weights are those of the race.

    **Arguments:**

    - `best`: the candidates named `plain` and `recommended`.
    - `trials`: of the race.
    - `splits`: of one partition.
    - `late`: whether there is no time any more.

    **Returns:** `None` where there are too few rows, or it is too late, or a network has diverged.
    """
    usual = min(len(split.training_rows) for split in splits)
    parts = [part for part in defaults.FEWER_ROWS if usual // part >= max(laboratory.shape.batch, FEWEST_ROWS)]
    candidates = list(dict.fromkeys(best.values()))
    if not parts or len(splits) < 2:
        return None
    by_part = _trained(laboratory, candidates, splits, parts, schedule_epochs, late)
    if by_part is None:
        return None
    by_part[1] = [
        _ended_at(trial, candidate) for candidate in candidates for trial in _raced(trials, candidate, len(splits))
    ]
    shares = laboratory.shares(splits)
    found: dict[Candidate, ArmByRows] = {}
    for candidate in candidates:
        losses = []
        for trials_of_part in by_part.values():
            own = [trial for trial in trials_of_part if trial.arm == candidate.arm]
            if len(own) < len(splits):
                return None
            of_arm = losses_by_arm(own, shares, laboratory.temperatures)[candidate.arm]
            choice = choose(of_arm.validation, len(splits))
            losses.append(Compared(choice.of(of_arm.validation), choice.of(np.asarray(of_arm.parts)), np.empty(0)))
        if not all(np.isfinite(one.losses).all() for one in losses):
            return None
        half, whole = losses[-2:]
        gained = Compared(whole.losses - half.losses, whole.parts - half.parts, np.empty(0))
        means, lows, highs = zip(*(loss_with_interval(one, shares) for one in losses), strict=True)
        found[candidate] = ArmByRows(candidate.arm.name, means, lows, highs, *loss_with_interval(gained, shares))
    rows = tuple(round(float(np.mean([len(split.training_rows) // part for split in splits]))) for part in by_part)
    return LossByRows(rows, found[best["plain"]], found[best["recommended"]])


def _raced(trials: Sequence[Trial], candidate: Candidate, splits: int) -> list[Trial]:
    """On all training rows, of one partition."""
    return [
        trial
        for trial in trials
        if trial.arm == candidate.arm and trial.configuration == candidate.configuration and trial.split < splits
    ]


def _ended_at(trial: Trial, candidate: Candidate) -> Trial:
    """A trial of the race as if it had been the only configuration, and had stopped with the candidate."""
    epochs = candidate.epochs
    return replace(
        trial,
        configuration=0,
        curves=trial.curves[:epochs],
        parts=np.asarray(trial.parts)[:epochs],
        judged=None if trial.judged is None else trial.judged[:epochs],
    )


def _trained(
    laboratory: NetworkLaboratory,
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    parts: Sequence[int],
    schedule_epochs: int,
    late: Late | None,
) -> dict[int, list[Trial]] | None:
    """Trials by how many times fewer rows they have seen; `None` if it is too late."""
    placed: list[tuple[int, Job]] = []
    jobs = []
    for place, split in enumerate(splits):
        for part in parts:
            rows = _some_rows(laboratory, split, place, part)
            for index, candidate in enumerate(candidates):
                seed = (laboratory.seed, _WEIGHTS, place, 0)
                words = (laboratory.seed, _ROWS, place, part, index)
                job = Job(
                    candidate.arm, 0, place, candidate.values, int(np.random.SeedSequence(words).generate_state(1)[0])
                )
                block = Block(
                    members=(Member(job.id, seed, Hyperparameters(**candidate.values)),),
                    rows=rows,
                    order=(laboratory.seed, _ORDER, place),
                    epochs=part * candidate.epochs,
                    schedule_epochs=part * schedule_epochs,
                    every=part,
                )
                placed.append((part, job))
                jobs.append((laboratory.trainer(candidate.arm), block))

    def going_on(_: int) -> bool:
        return late is None or not late()

    trials: dict[int, list[Trial]] = {part: [] for part in parts}
    for index, trained in laboratory.train(jobs, on_epochs=going_on):
        part, job = placed[index]
        ended: Ended = "finished" if trained.diverged[0] < 0 else "diverged"
        trials[part].append(job.trial(trained.block.members[0].seed, trained.curves[0], trained.parts[0], ended))
    return trials if sum(map(len, trials.values())) == len(jobs) else None


def _some_rows(laboratory: NetworkLaboratory, split: Split, place: int, part: int) -> PreparedRows:
    """A split of which only some of the training rows are there, prepared by them alone; the fewer are among the more.

    The target keeps its unit, and so the loss does.
    """
    order = np.random.default_rng((laboratory.seed, _ROWS, place)).permutation(split.training_rows)
    some = np.sort(order[: len(order) // part])
    return replace(laboratory.rows(Split(some, split.validation_rows)), y=laboratory.rows(split).y)
