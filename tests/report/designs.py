"""Studies of a training function by a design made up here: what it found, and what its pictures are drawn from."""

import copy
from collections.abc import Mapping
from functools import cache

import numpy as np
from evidences import HOSTILE

from goru.experiment.candidates import rank
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer as answer_questions
from goru.experiment.findings.answer import (
    Answer,
    Data,
    Judgement,
    ModelScores,
    OverfittingFound,
    Planned,
    Recommendation,
    Trained,
)
from goru.experiment.findings.effect import EffectFound, InteractionFound
from goru.experiment.findings.failure import Failure
from goru.experiment.findings.gathering import Raced, gather
from goru.experiment.forms import to_json
from goru.experiment.knobs import integers, log_uniform, uniform
from goru.experiment.plan import Plan
from goru.experiment.trial import Trial, losses_by_arm

FOLDS, CONFIGURATIONS, PARTS, ROWS = 5, 4, 10, 500
TRICKS = Design(
    {"optimizer": ["sgd", "adam", "lion"], "mixup": [False, True]},
    {
        "learning_rate": log_uniform(1e-4, 1e-1),
        "mixup_alpha": uniform(0.1, 0.9, when={"mixup": True}),
        "units": integers(16, 256),
    },
)
NO_KNOBS = Design({"norm": ["none", "before", "after", 3, 4.5], "dropout": [False, True], "decay": [False, True]})
ONE_FACTOR = Design({"augment": [False, True]}, {"rate": uniform(0, 1)})
NAMES = Design(
    {HOSTILE[0]: [HOSTILE[4], HOSTILE[7]], HOSTILE[10]: ["a\nb", HOSTILE[11], None], "x" * 400: [False, True]},
    {HOSTILE[12]: log_uniform(1e-4, 1e-1), "y" * 400: uniform(0, 1), HOSTILE[5]: uniform(0, 1)},
)


def study(
    design: Design,
    epochs: int = 12,
    training: bool = True,
    failing: str | None = None,
    classes: tuple[str, ...] | None = ("no", "yes"),
) -> tuple[dict, dict]:
    """An answer and its evidence.

    **Arguments:**

    - `training`: whether the training loss is known.
    - `failing`: an arm of which every trial fails.
    """
    configurations = {arm: design.configurations(arm, CONFIGURATIONS, 0) for arm in design.arms}
    trials = [
        _trial(
            design, arm, configuration, split, configurations[arm][configuration], epochs, training, arm.name == failing
        )
        for arm in design.arms
        for configuration in range(CONFIGURATIONS)
        for split in range(FOLDS)
    ]
    found = losses_by_arm(trials, np.full((FOLDS, PARTS), 1 / PARTS))
    with np.errstate(invalid="ignore"):
        answers = answer_questions(design, found, FOLDS, CONFIGURATIONS)
        best, plain = rank(found, configurations)[0], rank({design.plain: found[design.plain]}, configurations)[0]
        raced = Raced(trials, design, configurations, found, FOLDS, 0.25)
        evidence = gather(raced, plain, best)
        overfitting = OverfittingFound.of(found[design.plain], FOLDS, 0.25)
    answer = Answer(
        goru="0.1.0",
        data=Data("table.csv", ROWS, 400, 100, "y", "loss" if classes is None else "classification", classes),
        plan=Planned.of(Plan(CONFIGURATIONS, 1, FOLDS, epochs), len(design.arms), CONFIGURATIONS, FOLDS, 1),
        plain=overfitting,
        effects=tuple(EffectFound.of(effect, ROWS) for effect in answers.contrasts),
        removals=tuple(EffectFound.of(effect, ROWS) for effect in answers.removals),
        interactions=InteractionFound.among(answers, design, ROWS),
        judgement=Judgement.of(answers, "log loss" if classes else "loss of its own"),
        recommended=(Recommendation.of(best, epochs),),
        trained=Trained.of(trials),
        failures=Failure.among(trials),
        advice="Use what helps.",
        seconds=12.3,
        subject="function",
        test=(
            ModelScores(0, "class prior", {"log loss": 0.69, "accuracy": 0.5}),
            ModelScores(1, "plain", {"log loss": 0.5, "accuracy": 0.7}),
            ModelScores(1, "recommended", {"log loss": 0.4, "accuracy": 0.8}),
        ),
    )
    return to_json(answer), to_json(evidence)


def _trial(design, arm, configuration, split, values, epochs, training, fails) -> Trial:
    """Every technique takes off a little, and the first configuration is the best."""
    techniques = sum(level != design.factors[factor][0] for factor, level in arm.items())
    lowest = 0.6 - 0.08 * techniques + 0.01 * configuration + 0.02 * (split - 2)
    validation = np.interp(
        np.arange(1, epochs + 1), [1, max(epochs // 2, 1), max(epochs, 2)], [0.9, lowest, lowest + 0.1]
    )
    fit = np.linspace(0.8, 0.2, epochs) if training else np.full(epochs, np.nan)
    curves = np.stack([fit, np.full(epochs, np.inf) if fails else validation], axis=1)
    uneven = 1 + 0.01 * np.cos(np.arange(PARTS) + len(arm.name))
    return Trial(
        arm,
        configuration,
        split,
        values,
        configuration,
        (0, 0, split, configuration),
        curves[:, :, None].astype(np.float32),
        (curves[:, 1, None] * uneven / uneven.sum()).astype(np.float32),
        "failed" if fails else "finished",
        output=f"Traceback\nValueError: {HOSTILE[0]} is no number\x1b[2J\n" if fails else "",
    )


@cache
def _made(name: str) -> tuple[dict, dict]:
    return {
        "tricks": lambda: study(TRICKS),
        "no knobs": lambda: study(NO_KNOBS, epochs=1, training=False, classes=None),
        "one factor": lambda: study(ONE_FACTOR, training=False),
        "names": lambda: study(NAMES, failing=NAMES.arms[1].name),
        "failing": lambda: study(TRICKS, failing="optimizer adam + mixup"),
    }[name]()


STUDIES = ("tricks", "no knobs", "one factor", "names", "failing")


def made(name: str) -> tuple[dict, dict]:
    """One of these studies, to be changed at will."""
    return copy.deepcopy(_made(name))


def config_of(answer: Mapping) -> dict:
    """What a run of it was asked, as its `config.json` says it."""
    return {
        "format": "goru run",
        "version": 5,
        "function": "experiment.py:train",
        "table": {"source": "table.csv", "target": answer["data"]["target"], "task": None},
        "options": {"budget": 600.0, "n_trials": None, "workers": 2, "seed": 0, "resume": False},
        "sha256": {"source": "0123456789abcdef" * 4},
    }
