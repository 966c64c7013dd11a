"""Answers of studies, made by hand, and how their lines are read."""

import copy

from drawn import answer_lines

from goru.studies.answer import words
from goru.studies.asked.design import ARMS


def effect(name, change, low, high, verdict, rows_to_decide=None, configurations_to_decide=False):
    return {
        "name": name,
        "change": change,
        "low": low,
        "high": high,
        "margin": 0.01,
        "verdict": verdict,
        "rows": 0.01,
        "networks": 0.005,
        "search": 0.0,
        "rows_to_decide": rows_to_decide,
        "configurations_to_decide": configurations_to_decide,
    }


def scored(arm, networks, *figures):
    names = ("log loss", "accuracy", "balanced accuracy", "AUC") if len(figures) == 4 else ("R²", "error")
    return {"networks": networks, "arm": arm, "figures": dict(zip(names, figures, strict=True))}


def recommended(batch_norm, networks, epochs, loss, schedule_epochs=80, **values):
    """Of an arm that has what there are values of."""
    levels = {"batch_norm": batch_norm, "dropout": "dropout_rate" in values, "weight_decay": "weight_decay" in values}
    return {
        "networks": networks,
        "arm": next(arm.name for arm in ARMS if dict(arm) == levels),
        "levels": levels,
        "values": values,
        "words": words(levels, values),
        "epochs": epochs,
        "schedule_epochs": schedule_epochs,
        "validation_loss": loss,
    }


CLASSIFICATION = {
    "goru": "0.1.0",
    "data": {
        "name": "credit.csv",
        "rows": 1000,
        "development": 800,
        "test": 200,
        "columns": {"numeric": 7, "categorical": 13, "date": 1, "dropped": 2},
        "features": 61,
        "target": "class",
        "task": "classification",
        "classes": ["bad", "good"],
        "notes": ["Dropped 'id': it holds identifiers.", "The dates of 'opened' became year and month."],
    },
    "network": {
        "widths": [61, 128, 64, 2],
        "activation": "relu",
        "batch_size": 32,
        "loss": "softmax_cross_entropy",
        "optimizer": "adam",
        "schedule": "cosine",
        "decay": "decoupled",
        "numbers": "scaled",
    },
    "single": False,
    "class_weight": None,
    "plan": {
        "arms": 12,
        "partitions": 1,
        "folds": 3,
        "configurations": 2,
        "epochs": 80,
        "shortfalls": ["the time was too short for a full study: 3 folds instead of 5."],
    },
    "plain": {
        "training": 0.1,
        "validation": 0.9,
        "best": 0.5,
        "epoch": 7,
        "gap": 0.8,
        "gap_low": 0.7,
        "gap_high": 0.9,
        "rise": 0.4,
        "rise_low": 0.25,
        "rise_high": 0.55,
        "overfits": "rises",
    },
    "effects": [
        effect("dropout", -0.05, -0.08, -0.02, "helps"),
        effect("weight decay", 0.02, 0.01, 0.03, "hurts"),
        effect("batch norm before the activation", 0.0, -0.004, 0.004, "negligible"),
        effect("batch norm after the activation", None, None, None, "inconclusive"),
        effect("batch norm after instead of before", -0.005, -0.02, 0.01, "inconclusive", 12_345),
        effect("dropout and decay on top of batch norm", 0.0, -0.04, 0.04, "inconclusive", None, True),
        effect("best combination (cross-validated choice)", -0.06, -0.13, 0.01, "inconclusive", 1_089),
    ],
    "judgement": {"plain_loss": 0.5, "margin_share": 0.02, "confidence": 0.95, "loss": "log loss"},
    "recommended": [
        recommended("before", 5, 33, 0.44, learning_rate=0.00456, dropout_rate=0.314, weight_decay=0.0123),
        recommended("before", 3, 80, 0.45, learning_rate=0.01, dropout_rate=0.05, weight_decay=1.5),
    ],
    "selection": "uniform",
    "temperature": 1.0,
    "test": [
        scored("class prior", 0, 0.69, 0.55, 0.5, 0.5),
        scored("logistic regression", 0, 0.49, 0.74, 0.68, 0.77),
        scored("boosted trees", 0, 0.48, 0.75, 0.69, 0.78),
        scored("plain", 1, 0.51, 0.75, 0.69, 0.76),
        scored("recommended", 1, 0.46, 0.77, 0.71, 0.79),
        scored("plain", 8, 0.5, 0.76, 0.7, 0.77),
        scored("recommended", 8, 0.45, 0.78, 0.72, 0.8),
    ],
    "against_networks": [
        {"arm": "logistic regression", "change": 0.04, "low": 0.01, "high": 0.07, "loss": 0.49},
        {"arm": "boosted trees", "change": 0.03, "low": 0.0, "high": 0.06, "loss": 0.48},
    ],
    "plain_against_networks": {"arm": "plain", "change": 0.05, "low": 0.02, "high": 0.08, "loss": 0.5},
    "advice": "Use batch norm before the activation, dropout and weight decay if it costs you nothing: it did best, "
    "but these rows do not show for sure that it is better than a plain network.",
    "trained": {"networks": 1088, "diverged": 3, "steps": 1234567},
    "environment": {"goru": "0.1.0", "python": "3.13.1", "jax": "0.10.0", "devices": "1 cpu"},
    "seconds": 119.6,
}

REGRESSION = copy.deepcopy(CLASSIFICATION)
REGRESSION["data"] |= {
    "rows": 60,
    "development": 48,
    "test": 12,
    "columns": {"numeric": 1, "categorical": 0, "date": 0, "dropped": 0},
    "task": "regression",
    "classes": None,
    "notes": [],
}
REGRESSION["plan"] |= {"configurations": 1, "partitions": 2, "folds": 5, "epochs": 100, "shortfalls": []}
REGRESSION["plain"] |= {"training": 0.495, "validation": 0.5, "best": 0.5, "epoch": 100, "overfits": None}
REGRESSION["plain"] |= {
    "gap": 0.005,
    "gap_low": -0.01,
    "gap_high": 0.02,
    "rise": 0.0,
    "rise_low": 0.0,
    "rise_high": 0.0,
}
REGRESSION["network"] |= {"widths": [1, 8, 1], "activation": "tanh", "loss": "squared_error"}
REGRESSION["recommended"] = [recommended(None, 8, 33, 0.44, learning_rate=0.00456)]
REGRESSION["judgement"] |= {"loss": "squared error over the target's variance"}
REGRESSION["test"] = [
    scored("mean", 0, -0.004, 71000.0),
    scored("plain", 1, 0.295, 60123.4),
    scored("recommended", 1, -0.311, 0.000123),
    scored("plain", 8, None, 12.0),
    scored("recommended", 8, 0.345, 58.04),
]
REGRESSION["against_networks"] = []
REGRESSION["plain_against_networks"] = {"arm": "plain", "change": -0.2, "low": -0.5, "high": 0.1, "loss": 0.6}
REGRESSION["advice"] = "Use the plain network: what looked best in some folds was worse in the others."
REGRESSION["trained"] |= {"networks": 76, "diverged": 0, "steps": 900}


def changed(answer, **parts):
    """An answer with some parts, or some of their entries, replaced."""
    answer = copy.deepcopy(answer)
    for part, entries in parts.items():
        answer[part] = answer[part] | entries if isinstance(entries, dict) else entries
    return answer


def text(answer):
    return "\n".join(answer_lines(answer))


def paragraph(answer, label):
    """The lines from the one with a label up to the next label."""
    lines = list(answer_lines(answer))
    start = next(index for index, line in enumerate(lines) if line.startswith(label))
    following = lines[start + 1 :]
    stop = next((index for index, line in enumerate(following) if not line.startswith(" ")), len(following))
    return [lines[start][len(label) :].strip(), *(line.strip() for line in following[:stop])]
