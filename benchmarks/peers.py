"""What people would take instead of goru: models with their defaults, and trees that are tuned for as many seconds."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import goru

MODELS = ("scikit-learn MLP", "boosted trees", "goru MLP", "goru CV")
#: What is measured where its package is installed.
OPTIONAL = {
    "CatBoost": ("catboost",),
    "CatBoost tuned": ("catboost", "optuna"),
    "LightGBM tuned": ("lightgbm", "optuna"),
    "RealMLP-TD": ("pytabkit",),
    "RealMLP-TD x 8": ("pytabkit",),
    "TabM-D": ("pytabkit",),
}
SEARCHING = 0.8  # of a tuned model's budget; the rest is for its last fit, on all rows
MOST_TREES, PATIENCE = 4000, 50


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
    """CatBoost, by default with its defaults; it wants categories as text."""

    def __init__(self, classes: bool, seed: int, budget: float, **options: Any) -> None:
        from catboost import CatBoostClassifier, CatBoostRegressor

        self._model = (CatBoostClassifier if classes else CatBoostRegressor)(
            random_seed=seed, verbose=0, allow_writing_files=False, **options
        )

    def _text(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.assign(**{name: X[name].astype(str) for name in X.select_dtypes("category")})

    def fit(
        self,
        X: pd.DataFrame,
        y: pd.Series,
        held_out: tuple[pd.DataFrame, pd.Series] | None = None,
        until: float = np.inf,
    ) -> "Cat":
        """With held-out rows, as many trees as are best on them; none after `until`, of `time.monotonic`."""
        more: dict[str, Any] = {} if until == np.inf else {"callbacks": [_Until(until)]}
        if held_out is not None:
            more |= {"eval_set": (self._text(held_out[0]), held_out[1]), "early_stopping_rounds": PATIENCE}
        self._model.fit(self._text(X), y, cat_features=list(X.select_dtypes("category")), **more)
        self.classes_ = getattr(self._model, "classes_", None)
        return self

    @property
    def trees(self) -> int:
        return self._model.tree_count_

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict(self._text(X)).ravel()

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict_proba(self._text(X))


class _Until:
    """Stops CatBoost when its time is over."""

    def __init__(self, until: float) -> None:
        self._until = until

    def after_iteration(self, info: Any) -> bool:
        return time.monotonic() < self._until


class Light:
    """LightGBM, used as `Cat` is."""

    def __init__(self, classes: bool, seed: int, budget: float, **options: Any) -> None:
        from lightgbm import LGBMClassifier, LGBMRegressor

        self._model = (LGBMClassifier if classes else LGBMRegressor)(random_state=seed, verbose=-1, **options)

    def fit(
        self,
        X: pd.DataFrame,
        y: pd.Series,
        held_out: tuple[pd.DataFrame, pd.Series] | None = None,
        until: float = np.inf,
    ) -> "Light":
        from lightgbm import early_stopping
        from lightgbm.callback import CallbackEnv, EarlyStopException

        def stop(env: CallbackEnv) -> None:
            if time.monotonic() > until:
                raise EarlyStopException(env.iteration, env.evaluation_result_list)

        more: dict[str, Any] = {}
        if held_out is not None:
            more = {"eval_set": [held_out], "callbacks": [early_stopping(PATIENCE, verbose=False)]}
        if until < np.inf:
            more["callbacks"] = [*more.get("callbacks", []), stop]
        self._model.fit(X, y, **more)
        self.classes_ = getattr(self._model, "classes_", None)
        return self

    @property
    def trees(self) -> int:
        return self._model.best_iteration_ or self._model.n_estimators_

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict(X)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict_proba(X)


def of_cat(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 5e-3, 0.3, log=True),
        "depth": trial.suggest_int("depth", 3, 10),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 1e-1, 30, log=True),
        "random_strength": trial.suggest_float("random_strength", 1e-2, 10, log=True),
        "bagging_temperature": trial.suggest_float("bagging_temperature", 0, 1),
        "one_hot_max_size": trial.suggest_int("one_hot_max_size", 2, 25),
        "iterations": MOST_TREES,
    }


def of_light(trial: Any) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 5e-3, 0.3, log=True),
        "num_leaves": trial.suggest_int("num_leaves", 4, 256, log=True),
        "min_child_samples": trial.suggest_int("min_child_samples", 2, 100, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1),
        "subsample": trial.suggest_float("subsample", 0.4, 1),
        "subsample_freq": 1,
        "reg_lambda": trial.suggest_float("reg_lambda", 1e-3, 30, log=True),
        "reg_alpha": trial.suggest_float("reg_alpha", 1e-6, 10, log=True),
        "n_estimators": MOST_TREES,
    }


class Tuned:
    """Boosted trees tuned by Optuna (TPE), for as many seconds as goru has.

    Each trial is fitted on four fifths of the rows, and stops where the rest is predicted best; the last fit is of the
    best trial's options and number of trees, on all rows.

    **Arguments:**

    - `kind`, `options`: what is tuned, and its options as Optuna draws them.
    """

    def __init__(
        self,
        kind: type[Cat] | type[Light],
        options: Callable[[Any], dict[str, Any]],
        classes: bool,
        seed: int,
        budget: float,
    ) -> None:
        self._kind, self._options, self._classes, self._seed, self._budget = kind, options, classes, seed, budget

    def fit(self, X: pd.DataFrame, y: pd.Series) -> "Tuned":
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        until = time.monotonic() + SEARCHING * self._budget
        fitted, held_out, fitted_y, held_out_y = train_test_split(
            X, y, test_size=0.2, random_state=self._seed, stratify=y if self._classes else None
        )
        trees: dict[int, int] = {}

        def loss(trial: Any) -> float:
            model = self._kind(self._classes, self._seed, self._budget, **self._options(trial))
            model.fit(fitted, fitted_y, (held_out, held_out_y), until)
            trees[trial.number] = max(model.trees, 1)
            if not self._classes:
                return float(np.mean((held_out_y - model.predict(held_out)) ** 2))
            return float(log_loss(held_out_y, model.predict_proba(held_out), labels=model.classes_))

        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=self._seed))
        study.optimize(loss, timeout=max(until - time.monotonic(), 0.1))
        options = self._options(optuna.trial.FixedTrial(study.best_params))
        options |= {name: trees[study.best_trial.number] for name in ("iterations", "n_estimators") if name in options}
        self._model = self._kind(self._classes, self._seed, self._budget, **options).fit(X, y)
        self.classes_ = self._model.classes_
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict(X)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict_proba(X)


def pytabkit(kind: str, **more: Any) -> Callable[[bool, int, float], Any]:
    def make(classes: bool, seed: int, budget: float) -> Any:
        import pytabkit

        name = f"{kind}_{'Classifier' if classes else 'Regressor'}"
        # The best epoch by log loss and no label smoothing: its defaults are for accuracy, and worse at log loss.
        options: dict[str, Any] = {"val_metric_name": "cross_entropy"} if classes else {}
        if classes and kind == "RealMLP_TD":
            options["use_ls"] = False
        return getattr(pytabkit, name)(random_state=seed, device="cpu", **options, **more)

    return make


MAKE: dict[str, Callable[[bool, int, float], Any]] = {
    "scikit-learn MLP": scikit_learn_mlp,
    "boosted trees": boosted_trees,
    "goru MLP": goru_mlp,
    "goru CV": goru_cv,
    "CatBoost": Cat,
    "CatBoost tuned": partial(Tuned, Cat, of_cat),
    "LightGBM tuned": partial(Tuned, Light, of_light),
    "RealMLP-TD": pytabkit("RealMLP_TD"),
    "RealMLP-TD x 8": pytabkit("RealMLP_TD", n_ens=8),
    "TabM-D": pytabkit("TabM_D"),
}
