"""Studies of a training function: are their answers right, and what do they cost beside the training itself?

    python benchmarks/functions.py                     # 100 studies a kind, some 15 minutes on 2 cores
    python benchmarks/functions.py --studies 10 --kinds placebo planted
    python benchmarks/functions.py --write             # into benchmarks/README.md

The function is a small network in NumPy (one hidden layer, mini-batches, dropout), 300 rows of two classes, 8 columns;
design: a trick, dropout; knobs: learning rate, dropout rate. Three kinds:

- placebo: the trick changes nothing but the network's own luck (another order of rows, other initial weights);
- planted: the trick takes 15 % off every loss;
- cost: trials that sleep for a second, two workers: what a study takes beyond them.
"""

import argparse
import math
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import page

import goru

STUDIES, TRIALS, SECONDS = 100, 120, 60
PLANTED = 0.15
DESIGN = goru.Design(
    factors={"trick": [False, True], "dropout": [False, True]},
    knobs={
        "learning_rate": goru.log_uniform(3e-2, 1.0),
        "rate": goru.uniform(0.05, 0.5, when={"dropout": True}),
    },
)


def rows(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two classes that a smooth function of three of eight columns tells apart, not quite."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(1)
    X = rng.normal(size=(300, 8))
    signal = np.tanh(X[:, :3] @ fixed.normal(size=(3, 6))) @ fixed.normal(size=6)
    return X, (rng.random(300) < 1 / (1 + np.exp(-2 * signal))).astype(int)


def network(fit: Any, validation: Any, config: Any, seed: int) -> Iterator[np.ndarray]:
    """Probabilities of the second class after each epoch."""
    rng = np.random.default_rng(seed)
    W, v = rng.normal(size=(8, 16)) / math.sqrt(8), rng.normal(size=16) / 4
    keep = 1 - config.get("rate", 0.0)
    for epoch in range(15):
        step = config.learning_rate * (1 - epoch / 15)
        for batch in np.array_split(rng.permutation(len(fit)), max(len(fit) // 32, 1)):
            x, y = fit.X[batch], fit.codes[batch]
            hidden = np.maximum(x @ W, 0)
            mask = (rng.random(hidden.shape) < keep) / keep if keep < 1 else 1.0
            error = 1 / (1 + np.exp(-np.clip((hidden * mask) @ v, -30, 30))) - y
            back = np.outer(error, v) * mask * (hidden > 0)
            v = v - step * (hidden * mask).T @ error / len(batch)
            W = W - step * x.T @ back / len(batch)
        yield 1 / (1 + np.exp(-np.clip(np.maximum(validation.X @ W, 0) @ v, -30, 30)))


def placebo(fit: Any, validation: Any, config: Any, seed: int) -> Iterator[np.ndarray]:
    """The trick is another seed."""
    yield from network(fit, validation, config, seed + 1_000_003 * config.trick)


def planted(fit: Any, validation: Any, config: Any, seed: int) -> Iterator[Any]:
    """The trick takes a share off every loss, and is another seed besides."""
    for predicted in placebo(fit, validation, config, seed):
        right = np.where(validation.codes == 1, predicted, 1 - predicted)
        yield goru.losses(-np.log(np.clip(right, 1e-12, 1)) * (1 - PLANTED * config.trick))


def sleeping(fit: Any, validation: Any, config: Any, seed: int) -> Iterator[np.ndarray]:
    """A second."""
    time.sleep(1)
    yield np.full(len(validation), 0.5)


FUNCTIONS = {"placebo": placebo, "planted": planted}


def study(kind: str, number: int) -> dict[str, Any]:
    """One of many, in a process that trains itself."""
    X, y = rows(1000 * (kind == "planted") + number)
    options: dict[str, Any] = {"workers": 0, "test": False, "seed": number, "verbose": False}
    result = goru.study(FUNCTIONS[kind], X, y, design=DESIGN, n_trials=TRIALS, **options)
    effect = next(effect for effect in result.answer.effects if effect.name == "trick")
    plain = result.answer.judgement.plain_loss
    return {"verdict": effect.verdict, **{end: getattr(effect, end) / plain for end in ("change", "low", "high")}}


def cost() -> float:
    """The share of a study's seconds that is neither training nor the time to begin two processes."""
    X, y = rows(0)
    options: dict[str, Any] = {"workers": 2, "test": False, "verbose": False}
    began = time.monotonic()
    result = goru.study(sleeping, X, y, design=DESIGN, n_trials=TRIALS, **options)
    seconds = time.monotonic() - began
    different = result.trials.drop_duplicates(["arm", "split", "hyper_learning_rate", "hyper_rate"])
    training = len(different) / 2 + 1  # and the last one, on all rows
    return (seconds - training) / seconds


def lines(kinds: list[str], studies: int) -> Iterator[str]:
    """The figures as Markdown."""
    yield f"{studies} studies a kind, {TRIALS} trials each (4 combinations, 5 folds)."
    yield ""
    yield "| what | measured | wanted |"
    yield "| --- | --- | --- |"
    error = 1.96 * math.sqrt(0.05 * 0.95 / studies)
    for kind in kinds:
        if kind == "cost":
            yield f"| trials of a second, two workers: the study's own share of the time | {cost():.1%} | 3 % |"
            continue
        with ProcessPoolExecutor(2) as pool:
            found = list(pool.map(study, [kind] * studies, range(studies)))
        called = [one["verdict"] for one in found]
        half = float(np.median([(one["high"] - one["low"]) / 2 for one in found]))
        if kind == "placebo":
            share = sum(verdict in ("helps", "hurts") for verdict in called) / studies
            covered = sum(one["low"] <= 0 <= one["high"] for one in found) / studies
            yield f"| a placebo: helps or hurts | {share:.0%} | at most {0.05 + error:.1%} |"
            yield f"| its intervals that hold zero; half of one, median | {covered:.0%}; {half:.1%} | |"
        else:
            yield f"| {PLANTED:.0%} of the loss: found | {called.count('helps') / studies:.0%} | 80 % |"
            yield f"| with the wrong sign | {called.count('hurts')} | 0 |"
            truth = sum(one["low"] <= -PLANTED <= one["high"] for one in found) / studies
            yield f"| its intervals that hold it; half of one, median | {truth:.0%}; {half:.1%} | |"


def main() -> None:
    """Measure, and say or write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES, help="of each kind")
    parser.add_argument("--kinds", nargs="+", default=["placebo", "planted", "cost"])
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    asked = parser.parse_args()
    text = "\n".join(lines(asked.kinds, asked.studies))
    print(text)
    if asked.write:
        page.write("functions", text)


if __name__ == "__main__":
    main()
