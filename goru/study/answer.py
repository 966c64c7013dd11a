"""The answer of a study: everything that is shown, as plain JSON types."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from goru.data.dataset import Dataset
from goru.nn.architecture import Architecture, Recipe
from goru.study import defaults
from goru.study.design import ARMS, CONTRASTS, PLAIN
from goru.study.effects import cross_fitted, effect, overfitting
from goru.study.handover import Candidate
from goru.study.plan import Plan
from goru.study.trial import Trial, fit_losses, score_losses


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """The table, as far as the answer speaks of it."""
    return {
        "name": dataset.name,
        "rows": dataset.n_rows,
        "development": len(dataset.y_development),
        "test": len(dataset.y_test),
        "columns": dict(dataset.column_counts),
        "features": dataset.n_features,
        "target": dataset.target_name,
        "task": dataset.task,
        "classes": None if dataset.classes is None else list(dataset.classes),
        "notes": list(dataset.notes),
    }


def describe_effects(trials: list[Trial], score_to_fit: float) -> dict[str, Any]:
    """What every technique changes, and what the recommendation changes, against the plain network."""
    losses = score_losses(trials)
    judged = {arm: cross_fitted(losses[arm]) for arm in ARMS}
    # The recommendation is chosen among the draws of all arms, in the same way: by the other splits.
    chosen = cross_fitted(np.concatenate([losses[arm] for arm in ARMS]))
    plain = float(judged[PLAIN].mean())
    margin = defaults.MARGIN * abs(plain)
    comparisons = [(c.name, judged[c.arm], judged[c.against]) for c in CONTRASTS]
    comparisons.append(("the best of all combinations", chosen, judged[PLAIN]))
    effects = [
        effect(name, arm, against, margin, score_to_fit, defaults.CONFIDENCE, len(comparisons))
        for name, arm, against in comparisons
    ]
    if len(losses[PLAIN]) < defaults.FEWEST_DRAWS:
        # One or two draws may suit one arm and not another: their difference would be luck.
        effects = [replace(found, verdict="undecided") for found in effects]
    judgement = {"plain_loss": plain, "margin_share": defaults.MARGIN, "confidence": defaults.CONFIDENCE}
    return {"effects": [asdict(found) for found in effects], "judgement": judgement}


def describe_plain(trials: list[Trial], plain: Candidate) -> dict[str, Any]:
    """How the plain network's best draw overfits, by its curves' means over the splits."""
    curves = (fit_losses(trials)[PLAIN][plain.draw], score_losses(trials)[PLAIN][plain.draw])
    fit, held_out = (curve.mean(axis=0) for curve in curves)
    found = overfitting(fit, held_out, defaults.MARGIN)
    return {**asdict(found), "learning_rate": plain.hyper.learning_rate}


def describe_network(base: Architecture, recipe: Recipe, batch: int) -> dict[str, Any]:
    """What all networks have in common."""
    return {"widths": list(base.widths), "activation": base.activation, "batch_size": batch, **asdict(recipe)}


def describe_candidate(candidate: Candidate, networks: int, schedule_epochs: int) -> dict[str, Any]:
    """A draw in words and numbers, and how many networks of the bag are of it.

    Its training stops after `epochs` of a cosine schedule as long as `schedule_epochs`.
    """
    arm, hyper = candidate.arm, candidate.hyper
    return {
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


def describe_plan(plan: Plan, draws: int, folds: int) -> dict[str, Any]:
    """What was trained, in how many draws and folds, and what the budget did not pay for."""
    shortfalls = list(plan.shortfalls)
    if folds < plan.folds:
        shortfalls.append(f"the machine was slower than it was measured: {folds} of {plan.folds} folds were finished.")
    return {"arms": len(ARMS), "folds": folds, "draws": draws, "epochs": plan.epochs, "shortfalls": shortfalls}


def finite(value: Any) -> Any:
    """Without NaN and infinities, which JSON does not have: they become null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
