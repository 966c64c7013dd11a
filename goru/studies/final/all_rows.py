"""The final model of a race that ran on a sample: trained on all rows, with a schedule that the race has not tried."""

from collections.abc import Sequence
from dataclasses import replace

from goru.data.dataset import Dataset
from goru.data.splitting import Split, folds
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.experiment.design import Design
from goru.experiment.plan import Plan
from goru.experiment.racing.race import Race
from goru.nn.architecture import Architecture
from goru.studies import defaults
from goru.studies.budget.spending import Spending
from goru.studies.final.final_model import FinalModel, train_final_model
from goru.studies.final.lengthening import lengthened
from goru.studies.final.refits import Late
from goru.studies.final.shortlist import shortlist
from goru.studies.laboratory import NetworkLaboratory, block_shape
from goru.studies.sampling import sampled


def train_on_all_rows(
    whole: Dataset,
    laboratory: NetworkLaboratory,
    design: Design,
    ranked: Sequence[Candidate],
    plan: Plan,
    race: Race,
    spending: Spending,
    late: Late,
) -> FinalModel:
    """The recommended networks, of all development rows. None are trained to stand beside them: the time that there is
    makes better ones.

    **Arguments:**

    - `whole`: all rows; on one split of them schedules are tried.
    - `laboratory`: of the race, on a sample.
    - `ranked`: the recommended candidates, the best first.
    """
    best = shortlist(ranked)
    larger = _base(whole, laboratory).n_parameters / laboratory.base.n_parameters
    rows = len(whole.y_development)
    if (some := spending.rows_in_the_end(plan, race, rows, larger)) < rows:
        whole = sampled(whole, some, laboratory.seed)
    raced = round(len(laboratory.dataset.y_development) * (1 - 1 / plan.folds))
    split = folds(whole.y_development, whole.task, defaults.FOLDS, laboratory.seed)[0]
    final = _laboratory(whole, split, laboratory, [best[0].arm])
    try:
        final.wait()
        extent, schedule, tried = spending.on_all_rows(plan, race, final, larger)
        few = {"recommended": best[: extent.networks]}
        longer = lengthened(final, design, few, split, schedule, late, shorter=False, tried=tried, raced=raced)
        return train_final_model(final, longer["recommended"], [split], extent, late)
    finally:
        final.close()


def _base(whole: Dataset, race: NetworkLaboratory) -> Architecture:
    """More rows may be encoded in more pieces, and more of their columns have a square."""
    return replace(race.base, inputs=whole.n_prepared(race.encoding))


def _laboratory(whole: Dataset, split: Split, race: NetworkLaboratory, arms: Sequence[Arm]) -> NetworkLaboratory:
    """Programs for some arms on all rows, networks and mini-batches as in the race."""
    rows = len(whole.y_development)
    return NetworkLaboratory(
        whole,
        _base(whole, race),
        race.recipe,
        block_shape(rows, [split], race.shape.batch, race.shape.networks, race.shape.judge),
        race.seed,
        race.balanced,
        interpreted=race.interpreted,
        encoding=race.encoding,
        arms=arms,
        crew=race.crew,
    )
