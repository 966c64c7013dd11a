"""What pictures are drawn from, made by hand to go with `answers`: losses by formula, and what a study makes of them.

Of every arm the validation loss falls in a straight line to its lowest, and rises again to the end; the loss on
training rows
falls all the way. The folds lie 0.02 above one another, so that a band reaches 0.02 to either side.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import answers
import numpy as np

from goru.experiment.candidates import Candidate
from goru.experiment.effects.answers import answer as answer_questions
from goru.experiment.findings.effect import InteractionFound
from goru.experiment.findings.evidence import ClassPredictions, ValuePredictions
from goru.experiment.findings.gathering import Raced, gather
from goru.experiment.forms import to_json
from goru.experiment.trial import Trial, losses_by_arm
from goru.nn.architecture import Hyperparameters
from goru.studies.asked.design import ARMS, PLAIN, design, knob_values
from goru.studies.evidence.activations import describe_activations
from goru.studies.evidence.predictions import describe_classes, describe_values
from goru.studies.runs.manifest import write_manifest
from goru.studies.runs.run import VERSION

PARTS, STEPS = 10, 40_000
BY_NAME = {arm.name: arm for arm in ARMS}
# Of every arm the lowest validation loss: what dropout does in the answer, decay hurts, before is as good as plain.
LOWEST = {
    "plain": 0.5,
    "weight decay": 0.52,
    "dropout": 0.45,
    "dropout + weight decay": 0.46,
    "batch norm before": 0.5,
    "batch norm before + weight decay": 0.49,
    "batch norm before + dropout": 0.445,
    "batch norm before + dropout + weight decay": 0.44,
    "batch norm after": 0.495,
    "batch norm after + weight decay": 0.51,
    "batch norm after + dropout": 0.47,
    "batch norm after + dropout + weight decay": 0.46,
}
COLUMNS = [
    {"kind": "dropped", "name": "id", "reason": "it holds identifiers"},
    {"kind": "numeric", "name": "income", "missing": True, "boolean": False},
    {"kind": "numeric", "name": "member", "missing": False, "boolean": True},
    {"kind": "categorical", "name": "region", "levels": ["north", "south"], "other": True, "missing": True},
    {"kind": "date", "name": "opened", "parts": ["year", "month"], "missing": False},
]
# Names of columns, classes and tables.
HOSTILE = [
    *("<script>alert(1)</script>", "</script><script>alert(1)</script>", '"quoted", it\'s', "🙂 émoji", "n" * 300),
    *("%{x}", "$x^2$", "<b>bold</b>", "{{ 7*7 }}", "&amp;", "\u202eשלום", "مرحبا", '" onmouseover="alert(1)', "<!--"),
]
# As many as a comparison holds, as a folder may be called: without a slash, and not too long.
HOSTILE_FOLDERS = [name.replace("/", "∕")[:60] for name in HOSTILE[:12]]


def evidence_of(answer: Mapping, *arguments, **named) -> dict:
    """The evidence of a study with an answer; see `study_of`."""
    return study_of(answer, *arguments, **named)[1]


def study_of(
    answer: Mapping,
    configurations: int | None = None,
    lowest: Mapping[str, float] = LOWEST,
    diverged: Sequence[str] = (),
    searched: bool = False,
) -> tuple[dict, dict]:
    """An answer with the interactions that its study has, and the evidence of that.

    **Arguments:**

    - `configurations`: of each arm; by default as many as the answer says.
    - `lowest`: validation losses by arm.
    - `diverged`: arms whose networks diverge in the last fold.
    - `searched`: whether batch norm's own numbers were drawn.
    """
    plan, recommended = answer["plan"], answer["recommended"][0]
    configurations = configurations or plan["configurations"]
    drawn = {arm: [_hyper(configuration, arm, recommended) for configuration in range(configurations)] for arm in ARMS}
    classes = answer["data"]["classes"] is not None
    asked = design(searched)
    trials = [
        _trial(
            arm,
            configuration,
            split,
            drawn[arm][configuration],
            answer,
            lowest[arm.name] + 0.03 * configuration,
            arm.name in diverged,
        )
        for arm in ARMS
        for configuration in range(configurations)
        for split in range(plan["folds"])
    ]
    found = losses_by_arm(trials, np.full((plan["folds"], PARTS), 1 / PARTS))
    chosen = BY_NAME[recommended["arm"]]
    best = {
        "plain": Candidate(PLAIN, 0, drawn[PLAIN][0], answer["plain"]["epoch"], lowest["plain"]),
        "recommended": Candidate(chosen, 0, drawn[chosen][0], recommended["epochs"], lowest[chosen.name]),
    }
    with np.errstate(invalid="ignore"):
        answers = answer_questions(asked, found, plan["folds"], configurations)
        raced = Raced(
            trials,
            asked,
            drawn,
            found,
            plan["folds"],
            1 / (plan["folds"] - 1),
            lambda arm, values: knob_values(asked, arm, values, STEPS),
        )
        gathered = gather(raced, best["plain"], best["recommended"])
        interactions = InteractionFound.among(answers, asked, answer["data"]["rows"])
    evidence = replace(
        gathered,
        activations=describe_activations(_activations(plan["epochs"]), 500),
        predictions=_classes(answer) if classes else _values(answer),
    )
    return {**answer, "interactions": to_json(interactions)}, to_json(evidence)


def _hyper(configuration: int, arm, recommended: Mapping) -> dict[str, float]:
    """Configuration 0 is what is recommended; others have higher learning rates."""
    chosen = {"dropout_rate": 0.314, "weight_decay": 0.0123} | recommended["values"]
    return Hyperparameters(
        learning_rate=chosen["learning_rate"] * 1.2**configuration,
        dropout_rate=chosen["dropout_rate"] if arm["dropout"] else 0.0,
        weight_decay=chosen["weight_decay"] if arm["weight_decay"] else 0.0,
    )._asdict()


def _trial(arm, configuration, split, hyper, answer, lowest, diverges) -> Trial:
    plan, plain = answer["plan"], answer["plain"]
    epochs, last = plan["epochs"], plan["folds"] - 1
    diverged = diverges and split == last
    at = plain["epoch"] if arm == PLAIN else answer["recommended"][0]["epochs"]
    end = lowest if at == epochs else plain["validation"] if (arm, configuration) == (PLAIN, 0) else lowest + 0.02
    validation = np.interp(np.arange(1, epochs + 1), [1, at, epochs], [1.0, lowest, end])
    fit = np.linspace(0.9, plain["training"] if arm == PLAIN else 0.3, epochs)
    curves = np.stack([fit, validation], axis=1) + 0.02 * (split - last / 2)
    if diverged:
        curves[:] = np.inf
    figures = [curves, np.clip(1 - curves / 2, 0, 1)] if answer["data"]["classes"] is not None else [curves]
    uneven = 1 + 0.01 * np.cos(np.arange(PARTS) + len(arm.name))  # or all rows would are dead
    return Trial(
        arm,
        configuration,
        split,
        hyper,
        configuration,
        (0, 0, split, configuration),
        np.stack(figures, axis=2).astype(np.float32),
        curves[:, 1, None] * uneven / uneven.sum(),
        "diverged" if diverged else "finished",
    )


def _activations(epochs: int) -> dict:
    """Two layers of ReLUs; in the plain network's second one, half of the units die and the others grow."""
    normal = np.random.default_rng(0).normal(size=(50, 16))
    relu = np.maximum(normal, 0)
    dying = np.where(np.arange(16) < 8, 0.0, 3 * relu)
    return {
        "plain": {0: [relu, relu], epochs // 2: [relu, 2 * relu], epochs: [relu, dying]},
        "recommended": {0: [relu, relu], epochs // 2: [relu, relu], epochs: [relu, 1.2 * relu]},
    }


def _classes(answer: Mapping) -> ClassPredictions:
    """Whose probabilities are right more often than not; the plain network is overconfident."""
    labels, rows = answer["data"]["classes"], answer["data"]["test"]
    rng = np.random.default_rng(1)
    y = np.arange(rows) % len(labels)
    scores = rng.normal(size=(rows, len(labels))) + 1.5 * np.eye(len(labels))[y]
    return describe_classes(
        "test",
        y,
        {
            name: np.exp(scale * scores) / np.exp(scale * scores).sum(axis=1, keepdims=True)
            for name, scale in (("recommended", 1.5), ("plain", 6.0), ("logistic regression", 1.0))
        },
        tuple(map(str, labels)),
    )


def _values(answer: Mapping) -> ValuePredictions:
    rows = answer["data"]["test"]
    rng = np.random.default_rng(1)
    y = 1000 * rng.normal(size=rows)
    return describe_values("test", y, {"recommended": 0.8 * y + 50 * rng.normal(size=rows), "plain": 0.5 * y}, 0)


THREE = answers.changed(
    answers.CLASSIFICATION, data={"classes": ["iris", "lily", "rose"]}, network={"widths": [61, 128, 64, 3]}
)


@cache
def _made(kind: str) -> tuple[dict, dict]:
    return {
        "two": lambda: study_of(answers.CLASSIFICATION, diverged=["batch norm after"]),
        "three": lambda: study_of(THREE),
        "numbers": lambda: study_of(answers.REGRESSION),
    }[kind]()


def two() -> tuple[dict, dict]:
    """An answer and the evidence of a study of two classes, to be changed at will."""
    return copy.deepcopy(_made("two"))


def three() -> tuple[dict, dict]:
    """Of three classes."""
    return copy.deepcopy(_made("three"))


def numbers() -> tuple[dict, dict]:
    """Of a regression, whose plain network is what is recommended."""
    return copy.deepcopy(_made("numbers"))


STUDIES = {"two": two, "three": three, "numbers": numbers}


def config_of(answer: Mapping) -> dict:
    """What a run of it was asked, as its `config.json` says it."""
    data = answer["data"]
    return {
        "format": "goru run",
        "version": VERSION,
        "goru": answer["goru"],
        "table": {
            "source": data["name"],
            "target": data["target"],
            "task": data["task"],
            "drop": [],
            "categorical": [],
            "groups": None,
            "time": None,
            "test": None,
            "merge_rare": False,
        },
        "options": {
            "budget": 120.0,
            "networks": None,
            "hidden": None,
            "activation": answer["network"]["activation"],
            "batch_size": None,
            "seed": 0,
            "single": answer["single"],
            "search_batch_norm": False,
            "class_weight": answer["class_weight"],
            "epochs": None,
            "numbers": "auto",
        },
        "columns": {"format": "goru schema", "columns": copy.deepcopy(COLUMNS)},
        "sha256": {"source": "0123456789abcdef" * 4},
    }


def run_of(answer: Mapping, evidence: Mapping, **config: Mapping) -> SimpleNamespace:
    """A run that is on no disk.

    **Arguments:**

    - `config`: entries of parts of its configuration that are others; or the `whole` of it.
    """
    asked = config.pop("whole", None) or config_of(answer)
    for part, entries in config.items():
        asked[part] |= entries
    return SimpleNamespace(answer=answer, evidence=evidence, config=asked)


def write_run(folder: Path, answer: Mapping, evidence: Mapping, **config: Mapping) -> Path:
    """A finished run without its networks and trials; gives its folder."""
    run = run_of(answer, evidence, **config)
    folder.mkdir(parents=True)
    for name in ("answer", "evidence", "config"):
        (folder / f"{name}.json").write_text(json.dumps(getattr(run, name)), encoding="utf-8")
    write_manifest(folder)
    return folder


def hostile() -> tuple[dict, dict, dict]:
    """Of a study whose table, columns, target and classes have hostile names, with its configuration."""
    answer = answers.changed(
        answers.CLASSIFICATION,
        data={
            "name": HOSTILE[1],
            "target": HOSTILE[0],
            "classes": HOSTILE,
            "notes": [f"Dropped '{name}': it holds identifiers." for name in HOSTILE],
        },
    )
    config = config_of(answer)
    config["columns"]["columns"] = [dict(COLUMNS[1], name=name) for name in HOSTILE]
    config["table"]["drop"] = HOSTILE
    return *study_of(answer), config
