"""All final models of a study: the recommended networks, and the plain ones to stand beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from goru.data.dataset import Dataset
from goru.data.splitting import Split
from goru.experiment.candidates import Candidate
from goru.experiment.design import Design
from goru.experiment.plan import Plan
from goru.experiment.racing.race import Race
from goru.studies import defaults
from goru.studies.budget.extent import EXTENTS, HURRIED
from goru.studies.budget.spending import Spending
from goru.studies.final.all_rows import train_on_all_rows
from goru.studies.final.decision import DecisionScoring, decided
from goru.studies.final.final_model import FinalModel, train_final_model
from goru.studies.final.lengthening import lengthened
from goru.studies.final.refits import Kept, Late
from goru.studies.final.shortlist import shortlist
from goru.studies.laboratory import NetworkLaboratory


def train_final_models(
    laboratory: NetworkLaboratory,
    whole: Dataset,
    design: Design,
    ranked: Mapping[str, Sequence[Candidate]],
    splits: Sequence[Split],
    plan: Plan,
    race: Race,
    spending: Spending | None,
    scored: bool,
    single: bool,
    decision_scoring: DecisionScoring | None,
    hurried: bool,
    late: Late,
) -> dict[str, FinalModel]:
    """Networks on all development rows, as many as there is time for: the recommended ones, and where there are test
    rows the plain ones, unless the race was on a sample.

    **Arguments:**

    - `laboratory`: of the race.
    - `whole`: all rows, if those of the race are a sample.
    - `ranked`: `plain` and `recommended` candidates, the best first.
    - `splits`: of one partition.
    - `spending`: of the budget, if there is one.
    - `scored`: whether the best arm is chosen by a score instead of the loss.
    - `single`: whether the first of the recommended networks alone is the final model.
    - `decision_scoring`: by which the recommended networks' classes are decided, if not by the largest probability.
    - `hurried`: whether somebody has asked for the end.
    """
    alike = ranked["recommended"][0] == ranked["plain"][0]
    if spending is not None and whole is not laboratory.dataset:
        final = train_on_all_rows(whole, laboratory, design, ranked["recommended"], plan, race, spending, late)
        return dict.fromkeys(("plain", "recommended") if alike and whole.has_test_rows else ("recommended",), final)
    # Whether there is time for a selection from several arms, a clock says; without one, whether all else is whole.
    most = plan.full or spending is not None
    extent = HURRIED if hurried else EXTENTS[0 if most and not scored else 1]
    beside = whole.has_test_rows and not alike
    if spending is not None:
        again = [ranked[name][: defaults.ENSEMBLE_CONFIGURATIONS] for name in ranked if beside or name != "plain"]
        epochs = float(np.mean([np.mean([candidate.epochs for candidate in best]) for best in again]))
        extent = spending.extent(plan, race, epochs, extent, beside)
        if not scored and (longest := spending.longest(plan, race, beside)) is not None:
            extent, schedule = longest
            names = ("recommended", "plain") if beside else ("recommended",)
            best = {name: shortlist(ranked[name])[: extent.networks] for name in names}
            ranked = {**ranked, **lengthened(laboratory, design, best, splits[0], schedule, late)}
    kept: Kept = {}
    recommended = train_final_model(laboratory, ranked["recommended"], splits, extent, late, kept)
    recommended = decided(recommended, whole, splits, decision_scoring, single)
    if not whole.has_test_rows:
        return {"recommended": recommended}
    if alike and recommended.selection == "uniform":
        return {"plain": recommended, "recommended": recommended}  # the same networks once more
    uniform = replace(extent, greedy=False)
    plain = train_final_model(laboratory, ranked["plain"], splits, uniform, late, kept)
    return {"plain": plain, "recommended": recommended}
