"""How good are the estimators on real tables, beside those that people would take instead?

    python benchmarks/quality.py --data DIR --out quality.csv --write

Splits 0, 1 and 2 of every table, `train_test_split(X, y, test_size=0.2, random_state=split)`, stratified by class. What
has been measured stays in the file, so that the benchmark goes on where it ended. CatBoost, RealMLP and TabM run where
they are installed.
"""

import argparse
import csv
import importlib.util
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import page
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import goru

CLASSIFICATION = (
    *("credit-g", "vehicle", "segment", "anneal", "car", "sonar"),
    *("ionosphere", "splice", "spambase", "waveform5000", "phoneme"),
)
REGRESSION = ("housing", "kin8nm", "cal-housing", "abalone")
SPLITS = (0, 1, 2)
FIELDS = ("table", "split", "model", "loss", "accuracy", "r2", "seconds")
MODELS = ("scikit-learn MLP", "boosted trees", "goru MLP", "goru CV")
OPTIONAL = {"CatBoost": "catboost", "RealMLP-TD": "pytabkit", "TabM-D": "pytabkit"}
IDENTIFIER_SHARE = 0.9


def read(data: Path, table: str) -> tuple[pd.DataFrame, pd.Series]:
    """Features, text as categories, without identifiers, of which only goru takes care itself; and the target."""
    frame = pd.read_csv(data / f"{table}.csv", keep_default_na=False, na_values=[""])
    X, y = frame.drop(columns="target"), frame["target"]
    text = X.select_dtypes(exclude=["number", "bool"]).columns
    names = [name for name in text if X[name].nunique() > IDENTIFIER_SHARE * len(X)]
    X = X.drop(columns=names)
    return X.astype(dict.fromkeys([name for name in text if name not in names], "category")), y


def scikit_learn_mlp(classes: bool, seed: int, budget: float) -> Any:
    """As its documentation asks for: columns scaled, categories one-hot; the target scaled too."""
    prepared = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
    )
    mlp = (MLPClassifier if classes else MLPRegressor)(
        hidden_layer_sizes=(256, 256), early_stopping=True, random_state=seed
    )
    model = make_pipeline(prepared, mlp)
    return model if classes else TransformedTargetRegressor(model, transformer=StandardScaler())


def boosted_trees(classes: bool, seed: int, budget: float) -> Any:
    return (HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor)(
        categorical_features="from_dtype", random_state=seed
    )


def goru_mlp(classes: bool, seed: int, budget: float) -> Any:
    return (goru.MLPClassifier if classes else goru.MLPRegressor)(random_state=seed)


def goru_cv(classes: bool, seed: int, budget: float) -> Any:
    return (goru.MLPClassifierCV if classes else goru.MLPRegressorCV)(budget=budget, random_state=seed)


class Cat:
    """CatBoost with its defaults; it wants categories as text."""

    def __init__(self, classes: bool, seed: int, budget: float) -> None:
        from catboost import CatBoostClassifier, CatBoostRegressor

        self._model = (CatBoostClassifier if classes else CatBoostRegressor)(random_seed=seed, verbose=0)

    def _text(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(**{name: X[name].astype(str) for name in X.select_dtypes("category")})

    def fit(self, X: pd.DataFrame, y: pd.Series) -> "Cat":
        self._model.fit(self._text(X), y, cat_features=list(X.select_dtypes("category")))
        self.classes_ = getattr(self._model, "classes_", None)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict(self._text(X)).ravel()

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict_proba(self._text(X))


def pytabkit(kind: str) -> Callable[[bool, int, float], Any]:
    def make(classes: bool, seed: int, budget: float) -> Any:
        import pytabkit

        name = f"{kind}_{'Classifier' if classes else 'Regressor'}"
        # The best epoch by log loss and no label smoothing: its defaults are for accuracy, and worse at log loss.
        options: dict[str, Any] = {"val_metric_name": "cross_entropy"} if classes else {}
        if classes and kind == "RealMLP_TD":
            options["use_ls"] = False
        return getattr(pytabkit, name)(random_state=seed, device="cpu", **options)

    return make


MAKE: dict[str, Callable[[bool, int, float], Any]] = {
    "scikit-learn MLP": scikit_learn_mlp,
    "boosted trees": boosted_trees,
    "goru MLP": goru_mlp,
    "goru CV": goru_cv,
    "CatBoost": Cat,
    "RealMLP-TD": pytabkit("RealMLP_TD"),
    "TabM-D": pytabkit("TabM_D"),
}


def measure(data: Path, table: str, split: int, name: str, budget: float) -> dict[str, Any]:
    X, y = read(data, table)
    classes = table in CLASSIFICATION
    fit_x, test_x, fit_y, test_y = train_test_split(
        X, y, test_size=0.2, random_state=split, stratify=y if classes else None
    )
    model = MAKE[name](classes, split, budget)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(fit_x, fit_y)
        seconds = time.perf_counter() - began
        found: dict[str, Any] = {"table": table, "split": split, "model": name, "seconds": f"{seconds:.2f}"}
        if not classes:
            r2 = r2_score(test_y, model.predict(test_x))
            return found | {"loss": 1 - r2, "r2": r2}
        probabilities = model.predict_proba(test_x)
        loss = log_loss(test_y, probabilities, labels=model.classes_)
        accuracy = accuracy_score(test_y, np.asarray(model.classes_)[probabilities.argmax(axis=1)])
    return found | {"loss": loss, "accuracy": accuracy}


def ranks(found: pd.DataFrame, models: list[str]) -> pd.Series:
    """Mean over tables of the rank by the mean loss over splits."""
    losses = found.pivot_table(values="loss", index="table", columns="model")[models]
    return losses.dropna().rank(axis=1).mean()


def report(found: pd.DataFrame) -> str:
    """The losses of every table, the ranks, and how often goru's estimators are better."""
    models = [name for name in MAKE if name in set(found["model"])]
    mean = found.groupby(["table", "model"])[["loss", "accuracy", "r2", "seconds"]].mean()
    tables = [table for table in (*CLASSIFICATION, *REGRESSION) if table in mean.index]
    lines = [f"| loss | {' | '.join(models)} |", "| --- |" + " --- |" * len(models)]
    for table in tables:
        own = mean.loc[table]["loss"]
        best = own.min()
        cells = [
            f"**{own[name]:.4f}**" if own[name] == best else f"{own[name]:.4f}" if name in own else "-"
            for name in models
        ]
        lines.append(f"| {table} | {' | '.join(cells)} |")

    def line(name: str, values: Any, digits: int) -> str:
        return f"| {name} | {' | '.join(f'{values[model]:.{digits}f}' for model in models)} |"

    classes = found[found["table"].isin(CLASSIFICATION)]
    lines.append(line("mean rank", ranks(found, models), 2))
    lines.append(line("mean accuracy (classes)", classes.groupby("model")["accuracy"].mean(), 4))
    numbers = found[found["table"].isin(REGRESSION)]
    if len(numbers):
        lines.append(line("mean R² (numbers)", numbers.groupby("model")["r2"].mean(), 4))
    lines.append(line("mean seconds of a fit", found.groupby("model")["seconds"].mean(), 1))
    four = [name for name in MODELS if name in models]
    text = ["\n".join(lines)]
    text.append("Mean ranks among the four: " + ", ".join(f"{n} {r:.2f}" for n, r in ranks(found, four).items()) + ".")
    losses = found.pivot_table(values="loss", index="table", columns="model")
    for rival in models:
        for own in ("goru MLP", "goru CV"):
            if rival != own and own in losses and rival in losses:
                both = losses[[own, rival]].dropna()
                text.append(f"{own} is better than {rival} on {(both[own] < both[rival]).sum()} of {len(both)} tables.")
    return "\n\n".join([*text[:2], "\n".join(f"- {sentence}" for sentence in text[2:])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with TABLE.csv, column target")
    parser.add_argument("--out", type=Path, required=True, help="a CSV file; what is in it is not measured again")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of each study")
    parser.add_argument("--tables", nargs="+", default=[*CLASSIFICATION, *REGRESSION])
    parser.add_argument("--models", nargs="+", default=[*MODELS, *OPTIONAL], choices=list(MAKE))
    parser.add_argument("--splits", nargs="+", type=int, default=list(SPLITS))
    parser.add_argument("--write", action="store_true", help="put the table into the page of the benchmarks")
    asked = parser.parse_args()
    models = [name for name in asked.models if name not in OPTIONAL or importlib.util.find_spec(OPTIONAL[name])]
    new = not asked.out.exists()
    done = set() if new else set(pd.read_csv(asked.out)[["table", "split", "model"]].itertuples(index=False, name=None))
    with asked.out.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
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
