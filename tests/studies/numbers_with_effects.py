"""Tables with one kind of effect, and a short study of them."""

import numpy as np
import pandas as pd

from goru.data.memory import dataset_from
from goru.studies.asked.options import Options

ROWS = 120
FEW = Options(networks=36, hidden=(8,), epochs=8)


def make(target: str, rows: int = ROWS, classes: bool = False):
    """One number, or five, and a target that they explain."""
    rng = np.random.default_rng(0)
    x, many = rng.uniform(-1, 1, rows), rng.normal(size=(rows, 5))
    frame = pd.DataFrame({"x": x})
    match target:
        case "sawtooth":
            y = (2 * x) % 1
        case "steps":
            y = np.floor(4 * x) % 2.0
        case "line":
            frame = pd.DataFrame(many, columns=list("abcde"))
            y = many @ [1, 2, -1, 0.5, 1] + 1.5 * rng.normal(size=rows)
        case "parabola":
            frame = pd.DataFrame(many, columns=list("abcde"))
            y = (many**2) @ [1, 2, 1, 0.5, 1] + 0.5 * rng.normal(size=rows)
        case "few values":
            frame = pd.DataFrame({"x": np.arange(rows) % 5})
            y = np.floor(4 * x) % 2.0
    if classes:
        return dataset_from(frame, (y > y.mean()).astype(int), ("no", "yes"))
    return dataset_from(frame, y)
