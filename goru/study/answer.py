"""The answer of a study: everything that is shown, as plain JSON types."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from goru.data.dataset import Dataset
from goru.data.wording import repeated
from goru.study import defaults
from goru.study.candidates import Candidate
from goru.study.crossfit import judge
from goru.study.design import ARMS, CONTRASTS, PLAIN, Arm
from goru.study.diagnosis import overfitting
from goru.study.effects import Effect, effect
from goru.study.laboratory import Laboratory
from goru.study.plan import Plan, few_draws
from goru.study.probe import Look
from goru.study.rivals import Rival
from goru.study.trial import Losses, pooled


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """The table, as far as the answer speaks of it."""
    return {
        "name": dataset.name,
        "rows": dataset.n_rows,
        "development": len(dataset.y_development),
        "test": len(dataset.y_test),
        "repeated_test_rows": dataset.repeated_test_rows,
        "columns": dict(dataset.column_counts),
        "features": dataset.n_features,
        "target": dataset.target_name,
        "task": dataset.task,
        "classes": None if dataset.classes is None else list(dataset.classes),
        "notes": list(dataset.notes),
    }


def find_effects(losses: dict[Arm, Losses], folds: int, draws: int) -> tuple[list[Effect], dict[str, float]]:
    """What every technique changes, the recommendation last; and by what that was judged.

    **Arguments:**

    - `draws`: of each arm; with too few nothing is decided, and no interval has an end.
    """
    plain = float(judge(losses[PLAIN], folds).losses.mean())
    effects = [
        effect(
            contrast.name,
            judge(pooled([losses[arm] for arm in contrast.arms]), folds),
            judge(pooled([losses[arm] for arm in contrast.against]), folds),
            margin(losses, folds),
            defaults.CONFIDENCE,
            len(CONTRASTS),
        )
        for contrast in CONTRASTS
    ]
    judgement = {"plain_loss": plain, "margin_share": defaults.MARGIN, "confidence": defaults.CONFIDENCE}
    return decided(effects, draws), judgement


def margin(losses: dict[Arm, Losses], folds: int) -> float:
    """A smaller change of the held-out loss is not worth having."""
    return defaults.MARGIN * abs(float(judge(losses[PLAIN], folds).losses.mean()))


def decided(effects: Sequence[Effect], draws: int) -> list[Effect]:
    """Effects as they are, or undecided where there are too few draws: one or two may suit one arm and not another, and
    their difference would be luck. How much luck, so few do not say: the error of the search is unknown, and an
    interval without it would be too narrow."""
    if draws >= defaults.FEWEST_DRAWS:
        return list(effects)
    unknown = float("inf")
    return [
        replace(found, low=-unknown, high=unknown, search=unknown, verdict="undecided", factor=unknown)
        if np.isfinite(found.change)
        else found
        for found in effects
    ]


def describe_effect(effect: Effect, rows: int) -> dict[str, Any]:
    """An effect, and of an undecided one how many rows of the table would decide it.

    **Arguments:**

    - `rows`: of the table.
    """
    found = asdict(effect)
    factor = found.pop("factor")
    known = factor is not None and np.isfinite(factor)
    return {
        **found,
        "rows_to_decide": round(factor * rows) if known else None,
        "draws_to_decide": factor is not None and not known,
    }


def describe_plain(losses: Losses, folds: int, score_to_fit: float) -> dict[str, Any]:
    """How the plain network overfits."""
    return asdict(overfitting(losses, folds, score_to_fit, defaults.MARGIN, defaults.CONFIDENCE))


def describe_network(laboratory: Laboratory, batch: int, look: Look | None) -> dict[str, Any]:
    """What all networks have in common.

    **Arguments:**

    - `look`: what a first look at ways to prepare numbers found, if there was one.
    """
    return {
        "widths": list(laboratory.base.widths),
        "activation": laboratory.base.activation,
        "batch_size": batch,
        **asdict(laboratory.recipe),
        "numbers": "pieces" if laboratory.in_pieces else "scaled",
        "first_look": None if look is None else asdict(look),
    }


def describe_candidate(candidate: Candidate, networks: int, schedule_epochs: int, searched: bool) -> dict[str, Any]:
    """A draw in words and numbers, and how many networks of the bag are of it.

    Its training stops after `epochs` of a cosine schedule as long as `schedule_epochs`.
    """
    arm, hyper = candidate.arm, candidate.hyper
    described = {
        "networks": networks,
        "arm": arm.name,
        "batch_norm": arm.batch_norm,
        "dropout_rate": hyper.dropout_rate if arm.dropout else None,
        "weight_decay": hyper.weight_decay if arm.weight_decay else None,
        "learning_rate": hyper.learning_rate,
        "epochs": candidate.epochs,
        "schedule_epochs": schedule_epochs,
        "held_out_loss": candidate.loss,
    }
    if searched and arm.batch_norm:
        described |= {name: value for name, value in hyper._asdict().items() if name.startswith("batch_norm_")}
    return described


def describe_rival(rival: Rival) -> dict[str, Any]:
    """By how much the loss of another model differs from that of the networks that are handed over, and what it is."""
    return {"arm": rival.name, **asdict(rival.difference), "loss": rival.loss}


def describe_plan(plan: Plan, draws: int, splits: int, partitions: int) -> dict[str, Any]:
    """What was trained, in how many draws, partitions and folds, and what the budget did not pay for.

    **Arguments:**

    - `draws`, `splits`: of the race, finished.
    - `partitions`: that there might have been.
    """
    shortfalls = list(plan.shortfalls)
    folds, done = min(plan.folds, splits), max(splits // plan.folds, 1)
    if folds < plan.folds:
        shortfalls.append(f"slower than estimated: {folds} of {plan.folds} folds were finished.")
    elif done < partitions and not shortfalls:
        shortfalls.append(
            f"there was no room to cut the rows into folds {repeated(partitions)}; with a larger budget, intervals are "
            "narrower."
        )
    few = few_draws(draws)
    if draws < defaults.FEWEST_DRAWS and not any(few in said for said in shortfalls):
        shortfalls.append(f"{few}.")
    return {
        "arms": len(ARMS),
        "partitions": done,
        "folds": folds,
        "draws": draws,
        "epochs": plan.epochs,
        "shortfalls": shortfalls,
    }


def finite(value: Any) -> Any:
    """Without NaN and infinities, which JSON does not have: they become null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
