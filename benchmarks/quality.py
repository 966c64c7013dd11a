"""How good are the estimators on real tables, beside those that people would take instead?

    python benchmarks/quality.py --data DIR --out quality.csv --write
    python benchmarks/quality.py --data DIR --out five-minutes.csv --budget 300 --models "goru CV" "CatBoost tuned"

Splits 0, 1 and 2 of every table, `train_test_split(X, y, test_size=0.2, random_state=split)`, stratified by class. What
has been measured stays in the file, so that the benchmark goes on where it ended. goru's CV estimators and what is
tuned have the budget's seconds, everything included. CatBoost, LightGBM, RealMLP and TabM run where they, and Optuna,
are installed.

Beside it, of goru's studies: how many of their main effects are decided or likely, half an interval, and what they
recommend.
"""

import argparse
import csv
import importlib.util
import math
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import page
import pandas as pd
from peers import MAKE, MODELS, OPTIONAL
from scipy import stats
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split

from goru.experiment.defaults import MARGIN
from goru.experiment.findings.answer import Answer

CLASSIFICATION = (
    *("credit-g", "vehicle", "segment", "anneal", "car", "sonar"),
    *("ionosphere", "splice", "spambase", "waveform5000", "phoneme"),
)
REGRESSION = ("housing", "kin8nm", "cal-housing", "abalone")
SPLITS = (0, 1, 2)
FIELDS = ("table", "split", "model", "loss", "accuracy", "r2", "seconds")
STUDY = ("effects", "decided", "likely", "half", "recommended")  # of a study: its answer
NOT_IN_MEANS = "car"  # a table that networks solve: a ratio of losses of nothing is none
IDENTIFIER_SHARE = 0.9


def read(data: Path, table: str) -> tuple[pd.DataFrame, pd.Series]:
    """Features, text as categories, without identifiers, of which only goru takes care itself; and the target."""
    frame = pd.read_csv(data / f"{table}.csv", keep_default_na=False, na_values=[""])
    X, y = frame.drop(columns="target"), frame["target"]
    text = X.select_dtypes(exclude=["number", "bool"]).columns
    names = [name for name in text if X[name].nunique() > IDENTIFIER_SHARE * len(X)]
    X = X.drop(columns=names)
    return X.astype(dict.fromkeys([name for name in text if name not in names], "category")), y


def parts(data: Path, table: str, split: int) -> list[Any]:
    """Of a split: training features, test features, training targets, test targets."""
    X, y = read(data, table)
    stratify = y if table in CLASSIFICATION else None
    return train_test_split(X, y, test_size=0.2, random_state=split, stratify=stratify)


def measure(data: Path, table: str, split: int, name: str, budget: float) -> dict[str, Any]:
    classes = table in CLASSIFICATION
    fit_x, test_x, fit_y, test_y = parts(data, table, split)
    model = MAKE[name](classes, split, budget)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(fit_x, fit_y)
        seconds = time.perf_counter() - began
        found: dict[str, Any] = {"table": table, "split": split, "model": name, "seconds": f"{seconds:.2f}"}
        found |= answered(model)
        if not classes:
            r2 = r2_score(test_y, model.predict(test_x))
            return found | {"loss": 1 - r2, "r2": r2}
        probabilities = model.predict_proba(test_x)
        loss = log_loss(test_y, probabilities, labels=model.classes_)
        accuracy = accuracy_score(test_y, np.asarray(model.classes_)[probabilities.argmax(axis=1)])
    return found | {"loss": loss, "accuracy": accuracy}


def answered(model: Any) -> dict[str, Any]:
    """What the study of a model answered; nothing, if it is of none."""
    return answered_by(model.study_.answer) if hasattr(model, "study_") else {}


def answered_by(answer: Answer) -> dict[str, Any]:
    """Of a study's main effects how many there are, are decided, and are likely; the median half interval as a share of
    the plain network's loss; and the combination that is recommended."""
    main = answer.effects[:-1]  # the last one is of the best combination
    halves = [
        (one.high - one.low) / 2 / (one.margin / MARGIN)
        for one in main
        if one.low is not None and one.high is not None and one.margin is not None
    ]
    return {
        "effects": len(main),
        "decided": sum(one.verdict != "inconclusive" for one in main),
        "likely": sum(one.likely is not None for one in main),
        "half": float(np.median(halves)) if halves else math.nan,
        "recommended": answer.recommended[0].arm,
    }


def ranks(found: pd.DataFrame, models: list[str]) -> pd.Series:
    """Mean over tables of the rank by the mean loss over splits."""
    losses = found.pivot_table(values="loss", index="table", columns="model")[models]
    return losses.dropna().rank(axis=1).mean()


def report(found: pd.DataFrame) -> str:
    """The losses of every table, ranks, ratios to CatBoost's, and what goru's studies answered."""
    models = [name for name in MAKE if name in set(found["model"])]
    mean = found.groupby(["table", "model"])[["loss", "accuracy", "r2", "seconds"]].mean()
    tables = [table for table in (*CLASSIFICATION, *REGRESSION) if table in mean.index]
    lines = [f"| loss | {' | '.join(models)} |", "| --- |" + " --- |" * len(models)]
    for table in tables:
        losses = mean.loc[table]["loss"]
        best = losses.min()
        cells = [
            f"**{losses[name]:.4f}**" if losses[name] == best else f"{losses[name]:.4f}" if name in losses else "-"
            for name in models
        ]
        lines.append(f"| {table} | {' | '.join(cells)} |")

    def line(name: str, values: Any, digits: int) -> str:
        return f"| {name} | {' | '.join(f'{values[model]:.{digits}f}' for model in models)} |"

    classes = found[found["table"].isin(CLASSIFICATION)]
    lines.append(line("mean rank", ranks(found, models), 2))
    scores = found.assign(loss=-found["accuracy"].fillna(found["r2"]))
    lines.append(line("mean rank in accuracy, R²", ranks(scores, models), 2))
    lines.append(line("mean accuracy (classes)", classes.groupby("model")["accuracy"].mean(), 4))
    numbers = found[found["table"].isin(REGRESSION)]
    if len(numbers):
        lines.append(line("mean R² (numbers)", numbers.groupby("model")["r2"].mean(), 4))
    lines.append(line("mean seconds of a fit", found.groupby("model")["seconds"].mean(), 1))
    losses = found.pivot_table(values="loss", index="table", columns="model")
    parts = ["\n".join(lines), "\n".join(f"- {sentence}" for sentence in compared(losses[models]))]
    return "\n\n".join([*parts, *studies(found)])


def compared(losses: pd.DataFrame) -> Iterator[str]:
    """How goru's CV estimators stand beside each other model, in sentences.

    **Arguments:**

    - `losses`: a row a table, a column a model.
    """
    if (own := "goru CV") not in losses:
        return
    rivals = [name for name in losses if name != own]
    for rival in rivals:
        both = losses[[own, rival]].dropna()
        sentence = f"{own} is better than {rival} on {(both[own] < both[rival]).sum()} of {len(both)} tables"
        ratios = np.log(both[own] / both[rival]).drop(NOT_IN_MEANS, errors="ignore")
        if len(ratios) > 2:
            half = stats.t.ppf(0.975, len(ratios) - 1) * ratios.std() / math.sqrt(len(ratios))
            low, middle, high = np.exp([ratios.mean() - half, ratios.mean(), ratios.mean() + half])
            sentence += f"; geometric mean of the ratios of losses, without {NOT_IN_MEANS}: {middle:.3f}"
            sentence += f" (95 % over tables: {low:.3f} to {high:.3f})"
        yield f"{sentence}."
    whole = losses.drop(NOT_IN_MEANS, errors="ignore").dropna()
    if rivals and len(whole):
        worst = whole[own] / whole[rivals].min(axis=1)
        yield f"Its worst table beside the best other model there: {worst.idxmax()}, {worst.max():.2f} times the loss."


def studies(found: pd.DataFrame) -> Iterator[str]:
    """What goru's studies answered, as a table and a sentence on all."""
    if "effects" not in found or not len(known := found.dropna(subset=["effects"])):
        return
    lines = [
        "| goru's studies | main effects decided | decided or likely | half an interval, of the plain loss "
        "| seconds, most | recommended in split 0, 1, ... |",
        "| --- |" + " --- |" * 5,
    ]
    for table, group in known.groupby("table", sort=False):
        decided, likely, effects = (group[name].sum() for name in ("decided", "likely", "effects"))
        lines.append(
            f"| {table} | {decided / effects:.0%} | {(decided + likely) / effects:.0%} | {group['half'].median():.0%} "
            f"| {group['seconds'].max():.0f} | {'; '.join(group['recommended'])} |"
        )
    decided, likely, effects = (known[name].sum() for name in ("decided", "likely", "effects"))
    yield "\n".join(lines)
    yield (
        f"Of {effects:.0f} main effects {decided / effects:.0%} are decided and {(decided + likely) / effects:.0%} "
        f"decided or likely; the median half interval is {known['half'].median():.0%}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with TABLE.csv, column target")
    parser.add_argument("--out", type=Path, required=True, help="a CSV file; what is in it is not measured again")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of each study, and of each tuned model")
    parser.add_argument("--tables", nargs="+", default=[*CLASSIFICATION, *REGRESSION])
    parser.add_argument("--models", nargs="+", default=[*MODELS, *OPTIONAL], choices=list(MAKE))
    parser.add_argument("--splits", nargs="+", type=int, default=list(SPLITS))
    parser.add_argument("--write", action="store_true", help="put the table into the page of the benchmarks")
    asked = parser.parse_args()
    models = [name for name in asked.models if all(map(importlib.util.find_spec, OPTIONAL.get(name, ())))]
    new = not asked.out.exists()
    done = set() if new else set(pd.read_csv(asked.out)[["table", "split", "model"]].itertuples(index=False, name=None))
    with asked.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, (*FIELDS, *STUDY))
        if new:
            writer.writeheader()
        for split in asked.splits:
            for table in asked.tables:
                for name in models:
                    if (table, split, name) not in done:
                        found = measure(asked.data, table, split, name, asked.budget)
                        writer.writerow(found)
                        file.flush()
                        print(f"{table} {split} {name}: loss {found['loss']:.4f}, {found['seconds']} s", flush=True)
    text = report(pd.read_csv(asked.out))
    print(text)
    if asked.write:
        page.write("quality", text)


if __name__ == "__main__":
    main()
