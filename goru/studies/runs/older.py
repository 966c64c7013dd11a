"""Answers and evidence that an older goru has written, in today's form."""

from collections.abc import Mapping
from typing import Any

from goru.experiment.arms import Level
from goru.experiment.effects.comparison import CLASS_PRIOR, MEAN
from goru.studies.answer import BALANCED, LOG, SQUARED, words
from goru.studies.asked.design import ARMS

Json = Mapping[str, Any]
_LEVELS = {arm.name: dict(arm) for arm in ARMS}
_OVERFITTING = (
    *("training", "validation", "best", "epoch", "gap", "gap_low", "gap_high"),
    *("rise", "rise_low", "rise_high", "overfits"),
)
# What versions before 6 called otherwise; and where names are the user's own, or those of columns and figures.
_RENAMED = {
    **{"draw": "configuration", "draws": "configurations", "draws_to_decide": "configurations_to_decide"},
    **{"fit": "training", "held_out": "validation", "held_out_loss": "validation_loss"},
    **{"said": "predicted", "found": "observed"},  # of a bin
}
_USERS = ("levels", "values", "scores", "figures")
# What versions before 9 said of an effect, and what they called the last of the questions.
_SAID = {
    **{"undecided": "inconclusive", "no effect worth having": "negligible"},
    "the best of all combinations": "best combination (cross-validated choice)",
}
_EFFECTS = ("effects", "interactions", "removals")
# The first version of any factors, that of today's names, and that with interactions in the answer.
TYPED, NAMED, WITH_INTERACTIONS = 5, 6, 8


def lifted_answer(old: Json, version: int, evidence: Json) -> dict[str, Any]:
    """An answer of the versions 2 to 10. Until 6 it was the loss that networks are trained by which judged, as it was.

    **Arguments:**

    - `evidence`: of the same run, which held the interactions.

    **Raises:** `KeyError`, `TypeError`, `AttributeError` or `ValueError` if it is none.
    """
    if version < WITH_INTERACTIONS:
        old = {**old, "interactions": evidence.get("interactions", [])}
    old = {**old, **{name: [_reworded(effect) for effect in old[name]] for name in _EFFECTS if name in old}}
    if version >= NAMED:
        return old
    answer = _renamed(old)
    answer = answer if version >= TYPED else _typed_answer(answer)
    constant = MEAN if answer["data"]["classes"] is None else CLASS_PRIOR
    test = [{**entry, "arm": constant if entry["arm"] == "guess" else entry["arm"]} for entry in answer["test"]]
    return {**answer, "test": test}


def _reworded(effect: Json) -> dict[str, Any]:
    """With today's words for what is said of it."""
    return {**effect, **{name: _SAID.get(effect[name], effect[name]) for name in ("name", "verdict")}}


def _renamed(old: Any) -> Any:
    """With today's names in all objects."""
    if isinstance(old, list):
        return [_renamed(entry) for entry in old]
    if not isinstance(old, dict):
        return old
    return {_RENAMED.get(name, name): part if name in _USERS else _renamed(part) for name, part in old.items()}


def _typed_answer(old: Json) -> dict[str, Any]:
    options = old["options"]
    balanced = options["class_weight"] is not None
    loss = SQUARED if old["data"]["classes"] is None else BALANCED if balanced else LOG
    return {
        **{name: value for name, value in old.items() if name != "options"},
        **{name: old[name] for name in ("network", "selection", "temperature")},  # which a function's answer may lack
        "goru": old.get("goru", ""),
        "single": options["single"],
        "class_weight": options["class_weight"],
        "judgement": {**old["judgement"], "loss": loss},
        "recommended": [_recommendation(entry) for entry in old["recommended"]],
        "test": [
            {"networks": entry["networks"], "arm": entry["arm"], "figures": _without(entry, "networks", "arm")}
            for entry in old["test"]
        ],
        # Version 2 did not yet know how large the other models' own losses were.
        "against_networks": [{"loss": None, **rival} for rival in old["against_networks"]],
        **({"plain_against_networks": {"loss": None, **plain}} if (plain := old.get("plain_against_networks")) else {}),
    }


def _recommendation(old: Json) -> dict[str, Any]:
    levels: dict[str, Level] = {
        "batch_norm": old["batch_norm"],
        "dropout": old["dropout_rate"] is not None,
        "weight_decay": old["weight_decay"] is not None,
    }
    names = ["learning_rate", "dropout_rate", "weight_decay", *(name for name in old if name.startswith("batch_norm_"))]
    values = {name: old[name] for name in names if old[name] is not None}
    kept = ("arm", "networks", "epochs", "schedule_epochs", "validation_loss")
    return {**{name: old[name] for name in kept}, "levels": levels, "values": values, "words": words(levels, values)}


def lifted_evidence(old: Json, version: int) -> dict[str, Any]:
    """Evidence of the versions 3 to 10.

    **Raises:** as `lifted_answer`.
    """
    old = _without(old, "interactions")
    if version >= NAMED:
        return old
    evidence = _renamed(old)
    evidence = evidence if version >= TYPED else _typed_evidence(evidence)
    predictions = evidence.get("predictions")
    if predictions is not None and predictions["of"] == "held_out":
        predictions = {**predictions, "of": "validation"}
    return {**evidence, "predictions": predictions}


def _typed_evidence(old: Json) -> dict[str, Any]:
    curves = old["curves"]
    return {
        **old,
        "activations": old["activations"],
        "curves": {
            "epochs": curves["epochs"],
            **{name: _curves(curves[name]) for name in ("plain", "recommended")},
        },
        "arms": [{"arm": arm["arm"], "levels": _LEVELS[arm["arm"]], "losses": arm["losses"]} for arm in old["arms"]],
        "configurations": [
            {
                **{name: configuration[name] for name in ("arm", "configuration", "epochs", "loss")},
                "values": _without(configuration, "arm", "configuration", "epochs", "loss"),
            }
            for configuration in old["configurations"]
        ],
        "hyperparameters": [{**entry, "is_epochs": entry["name"] == "epochs"} for entry in old["hyperparameters"]],
        "predictions": _predictions(old["predictions"]),
    }


def _curves(old: Json) -> dict[str, Any]:
    overfitting = {name: old[name] for name in _OVERFITTING}
    return {**_without(old, *_OVERFITTING), "overfitting": overfitting}


def _predictions(old: Json) -> dict[str, Any] | None:
    if not old["rows"]:
        return None
    if "roc" not in old:
        return dict(old)
    return {**old, "roc": [{**_without(curve, "class"), "label": curve["class"]} for curve in old["roc"]]}


def _without(old: Json, *names: str) -> dict[str, Any]:
    return {name: value for name, value in old.items() if name not in names}
