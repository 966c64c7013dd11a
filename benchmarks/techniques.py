"""What a step costs with each technique, as a ratio to the plain network's, taken in turn in one run.

    python benchmarks/techniques.py                    # some two minutes on 2 cores
    python benchmarks/techniques.py --write            # into benchmarks/README.md

Processor time of whole blocks, compiled before: of a table (40 columns, 2 x 128 units, batches of 128) and of images
(784 columns, 2 x 256 units, batches of 128). The quickest of several rounds: what slows one is somebody else's work.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace

os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")

import numpy as np
import page

from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.population import devices
from goru.population.member import Block, Member, PreparedRows
from goru.population.program import BlockShape
from goru.population.trainer import Trainer
from goru.studies.asked.techniques import TECHNIQUES

ROUNDS = 7
NETWORKS, BATCH, ROWS, EPOCHS = 4, 128, 1024, 12
SHAPES = {"table": Architecture(40, (128, 128), 5), "images": Architecture(784, (256, 256), 10)}
NUMBERS = Hyperparameters(
    dropout_rate=0.3,
    weight_decay=0.1,
    smoothing=0.1,
    input_dropout_rate=0.2,
    cutout_rate=0.3,
    cutmix_rate=1.0,
    mixup_alpha=0.4,
    averaging=0.99,
    sam_radius=0.05,
)


def variants(base: Architecture) -> Iterator[tuple[str, Architecture, Recipe]]:
    """The plain network, and every level of every technique alone."""
    yield "plain", base, Recipe()
    for name, technique in TECHNIQUES.items():
        for level in technique.levels[1:]:
            if name == "batch_norm" or level == "adam":
                continue  # norm has its levels
            words = name.replace("_", " ") if level is True else f"{name} {level}"
            shape, recipe = technique.shape.get(level, {}), technique.recipe.get(level, {})
            yield words, replace(base, **shape), replace(Recipe(), **recipe)


def seconds(base: Architecture) -> dict[str, float]:
    """Of the processor, for the same steps of each."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, base.inputs)).astype(np.float32)
    y = rng.integers(0, base.outputs, ROWS).astype(np.int32)
    rows = PreparedRows(x, y, np.arange(ROWS), np.arange(8), np.arange(8))
    shape = BlockShape(NETWORKS, BATCH, EPOCHS, EPOCHS * ROWS // BATCH, 1, 8)
    members = tuple(Member(index, (index,), NUMBERS) for index in range(NETWORKS))
    trainers = {}
    for name, architecture, recipe in variants(base):
        trainers[name] = Trainer(architecture, recipe, shape, ROWS)
        trainers[name].compile()
    took: dict[str, list[float]] = {name: [] for name in trainers}
    for _ in range(ROUNDS):
        for name, trainer in trainers.items():
            began = time.process_time()
            list(trainer.train([Block(members, rows, (0,), EPOCHS)] * 2))
            took[name].append(time.process_time() - began)
    return {name: min(each) for name, each in took.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    asked = parser.parse_args()
    devices.prepare()
    found = {name: seconds(base) for name, base in SHAPES.items()}
    lines = [f"| technique | {' | '.join(found)} |", "| --- " * (1 + len(found)) + "|"]
    for name in next(iter(found.values())):
        ratios = " | ".join(f"{took[name] / took['plain']:.2f}" for took in found.values())
        lines.append(f"| {name} | {ratios} |")
    text = "\n".join(lines)
    print(text)
    if asked.write:
        page.write("techniques", text)


if __name__ == "__main__":
    main()
