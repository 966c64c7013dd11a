"""The perceptron as a tool: how long it takes to fit and to predict, beside scikit-learn's in the same run.

    python benchmarks/perceptron.py --write

Compilation counts: nothing is compiled for one network, and for an ensemble what is compiled is part of its time.
"""

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import page
from sklearn.datasets import load_digits, make_classification
from sklearn.neural_network import MLPClassifier

import goru

LONG: dict[str, Any] = {"max_iter": 200, "tol": 0, "n_iter_no_change": np.inf, "random_state": 0}
ROWS = 100_000


def seconds(job: Callable[[], Any], repeats: int = 3) -> float:
    """The best of some runs: what is slower is somebody else's work."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        job()
        found.append(time.perf_counter() - began)
    return min(found)


def products(weights: list[np.ndarray], x: np.ndarray) -> None:
    for weight in weights:
        x = x @ weight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into the page of the benchmarks")
    asked = parser.parse_args()
    # Nothing compiled before helps.
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()
    warnings.simplefilter("ignore")
    X, y = load_digits(return_X_y=True)
    theirs = MLPClassifier((256, 256), **LONG)
    ours = goru.MLPClassifier((256, 256), **LONG)
    normalized = {"batch_norm": "before", "dropout": 0.2}
    lines = ["| what | scikit-learn | goru | ratio |", "| --- | --- | --- | --- |"]

    def line(what: str, rival: float, own: float, unit: str = "s", scale: float = 1.0) -> None:
        lines.append(f"| {what} | {rival * scale:.2f} {unit} | {own * scale:.2f} {unit} | {own / rival:.2f} |")

    fitted = seconds(lambda: theirs.fit(X / 16, y))
    line("fit: digits, 200 epochs of (256, 256)", fitted, seconds(lambda: ours.fit(X / 16, y)))
    with_both = goru.MLPClassifier((256, 256), **LONG, **normalized)
    line("the same with batch norm and dropout", fitted, seconds(lambda: with_both.fit(X / 16, y)))
    ensemble = goru.MLPClassifier((256, 256), **LONG, **normalized, n_members=8)
    line("an ensemble of 8 of these, beside 8 fits", 8 * fitted, seconds(lambda: ensemble.fit(X / 16, y), repeats=1))
    small = [make_classification(60 + 5 * i, 8 + i, n_informative=4, random_state=i) for i in range(20)]

    def many(kind: Any) -> Callable[[], Any]:
        return lambda: [kind(max_iter=50, random_state=0).fit(*table) for table in small]

    line("20 small fits, each of another shape", seconds(many(MLPClassifier)), seconds(many(goru.MLPClassifier)))
    one = X[:1] / 16
    for model in (theirs, ours):
        model.predict_proba(one)
    calls = range(200)
    line(
        "predict_proba of one row",
        seconds(lambda: [theirs.predict_proba(one) for _ in calls]) / len(calls),
        seconds(lambda: [ours.predict_proba(one) for _ in calls]) / len(calls),
        "ms",
        1e3,
    )
    many_rows = np.resize(X / 16, (ROWS, X.shape[1]))
    predicted = seconds(lambda: ours.predict_proba(many_rows))
    line(f"predict_proba of {ROWS:,} rows", seconds(lambda: theirs.predict_proba(many_rows)), predicted)
    alone = seconds(lambda: products(ours.coefs_, many_rows.astype(np.float32)))
    lines += ["", f"Of these {predicted:.2f} s the matrix products alone, written out in NumPy, take {alone:.2f} s."]
    text = "\n".join(lines)
    print(text)
    if asked.write:
        page.write("perceptron", f"```\npython benchmarks/perceptron.py --write\n```\n\n{text}")


if __name__ == "__main__":
    main()
