"""A regressor with batch normalization, weight decay and dropout, where scikit-learn's has none of them."""

from typing import Any, Literal, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_tweedie_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, column_or_1d

from goru.estimators.base import BaseMLP, takes_batches
from goru.estimators.inputs import Scaling
from goru.estimators.notes import notes_on_quantity
from goru.estimators.samples import Sample
from goru.wording import counted


class MLPRegressor(RegressorMixin, BaseMLP):
    """A multilayer perceptron for numbers, one a row or several, with scikit-learn's interface.

    Arguments mean what they mean for `MLPClassifier`, which names the sources too; `loss` and `scaling` differ.

    **Arguments:**

    - `loss`: `"squared_error"`, or `"poisson"` for counts: the network's output is then the logarithm of the mean, and
      early stopping watches D², the share of the deviance explained. Losses are sums over the outputs of a row.
    - `hidden_layer_sizes`: widths of the hidden layers.
    - `activation`: `"relu"`, `"tanh"`, `"logistic"`, `"identity"`, `"gelu"`, `"silu"`, `"mish"` or `"selu"`.
    - `batch_norm`: `None`, `"before"` or `"after"` the activation.
    - `batch_norm_epsilon`, `batch_norm_momentum`: ε, and the share of the running statistics that a step keeps.
    - `batch_norm_scale`, `batch_norm_shift`: the initial γ and β.
    - `norm`: `"layer"` or `"rms"` normalization instead of batch norm.
    - `residual`: hidden layers as wide as the one below are added to what they read.
    - `dropout`: the share of hidden neurons deleted in training.
    - `input_dropout`, `cutout`: the share of the columns deleted in training, of all rows and scaled up, or of half of
      the rows.
    - `mixup`: α, with which rows and targets are mixed; `cutmix`: in what share of the steps rows take columns of other
      rows. 0 is off.
    - `ema`: the share of the averaged weights that a step keeps; the average is the network.
    - `weight_decay`: λ of decoupled decay; `alpha`: the L2 penalty in the loss instead.
    - `weight_init`: `"glorot_uniform"`, `"glorot_normal"`, `"he_uniform"`, `"he_normal"`, or a standard deviation.
    - `n_members`: networks of an ensemble, whose predictions are averaged.
    - `scaling`: `"robust"` also brings the target to mean 0 and standard deviation 1 while networks learn (not with
      `"poisson"`), so that the learning rate and `alpha` suit a target in any unit; `None` leaves it as it is.
    - `solver`: `"adam"`, `"sgd"` or `"lbfgs"` (no dropout and no decoupled decay, as it takes no batches).
    - `batch_size`: rows in a mini-batch; `"auto"` is 200, or all if there are fewer.
    - `learning_rate`: `"constant"`; `"cosine"`; and, for `"sgd"`, `"invscaling"` and `"adaptive"`.
    - `learning_rate_init`, `power_t`, `max_iter`, `shuffle`, `random_state`, `tol`, `verbose`, `warm_start`,
      `momentum`, `nesterovs_momentum`, `early_stopping`, `validation_fraction`, `beta_1`, `beta_2`, `epsilon`,
      `n_iter_no_change`, `max_fun`: as in scikit-learn.

    **Attributes:** those of `MLPClassifier` but `classes_`. `coefs_` and `intercepts_` lead to the target's own units;
    `loss_` and `loss_curve_` are in units of the scaled target. `model_` is there for one value a row that was fitted
    by squared errors.
    """

    def __init__(
        self,
        loss: Literal["squared_error", "poisson"] = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        batch_norm: Literal["before", "after"] | None = None,
        batch_norm_epsilon: float = 1e-5,
        batch_norm_momentum: float = 0.9,
        batch_norm_scale: float = 1.0,
        batch_norm_shift: float = 0.0,
        norm: Literal["layer", "rms"] | None = None,
        residual: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        cutout: float = 0.0,
        cutmix: float = 0.0,
        mixup: float = 0.0,
        ema: float = 0.0,
        weight_decay: float = 0.0,
        weight_init: str | float = "glorot_uniform",
        n_members: int = 1,
        scaling: Scaling = "robust",
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int | float = 10,
        max_fun: int = 15000,
    ) -> None:
        self._keep(locals())

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows `(rows, features)` and their values, `(rows,)` or `(rows, outputs)`.

        **Arguments:**

        - `X`: an array, a sparse matrix, or a frame; missing values and, in frames, categories are taken care of.
        - `y`: the values; none may be missing, or below 0 with `loss="poisson"`.
        - `sample_weight`: what each row counts for, `(rows,)`; a row of weight 2 is as two rows, one of weight 0 as
          none.

        **Raises:** `ValueError` for input that cannot be used.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(takes_batches)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on more rows, `(rows, features)`; not with `solver="lbfgs"` or `early_stopping`.

        What prepares columns is learned as `MLPClassifier.partial_fit` says; mean and standard deviation of the target
        follow its first 1,000 values too, or, of one that is constant at first, so many from where it begins to vary.

        **Arguments:**

        - `X`, `y`, `sample_weight`: as of `fit`.

        **Raises:** `ValueError` for another number of outputs than before, and for input that cannot be used.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> np.ndarray:
        """The predicted value of every row, `(rows,)`, or values, `(rows, outputs)`, in the target's own units.

        **Arguments:**

        - `X`: rows as of `fit`, `(rows, features)`.

        **Raises:** `NotFittedError` before `fit`; `ValueError` for other columns than those that were fitted on.
        """
        predicted = self._predicted(X)
        return predicted[:, 0] if self.n_outputs_ == 1 else predicted

    def _loss(self) -> str:
        return self.loss

    def _checked_target(self, y: Any) -> np.ndarray:
        y = check_array(y, ensure_2d=False, dtype="numeric", input_name="y", estimator=self)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss 'poisson': they are below 0. "
                "Leave these rows out, or use loss='squared_error'."
            )
        return y.astype(np.float64).reshape(len(y), -1)

    def _notes_on_target(self, y: Any, places: np.ndarray | None) -> tuple[str, ...]:
        return notes_on_quantity(y, places)

    def _targets(self, y: Any, weights: np.ndarray, incremental: bool, first: bool) -> np.ndarray:
        if not first and y.shape[1] != self.n_outputs_:
            outputs = self.n_outputs_
            raise ValueError(
                f"y has {counted(y.shape[1], 'output')}, and the network was fitted on {outputs}. Give {outputs}, or "
                "clone the estimator."
            )
        if first:
            self._scale: np.ndarray | None = None
            self._open: dict[int, Sample] = {}
            if self.scaling and self.loss == "squared_error":
                self._scale = deviation_and_mean(y, weights)
                constant = (y == y[:1]).all(axis=0)
                self._open = {output: Sample() for output in range(y.shape[1]) if incremental or constant[output]}
        for output, sample in self._open.items():
            if sample.add(y[:, output], weights, len(y)) and not first and self._scale is not None:
                self._scale[:, [output]] = deviation_and_mean(sample.values[:, None], sample.weights)
        self._open = {output: sample for output, sample in self._open.items() if not sample.suffices}
        return y if self._scale is None else (y - self._scale[1]) / self._scale[0]

    def _labels_in_order(self) -> None:
        if self.n_outputs_ > 1 or self.loss == "poisson":
            what = "counts" if self.loss == "poisson" else f"{self.n_outputs_} values a row"
            raise AttributeError(
                f"model_: a model has one value a row, fitted by squared errors, not {what}. "
                "Keep the estimator itself with pickle or joblib."
            )

    def _output_scale(self) -> np.ndarray | None:
        return self._scale

    def _score_validation(self, predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        if self.loss == "poisson":
            return float(d2_tweedie_score(targets, predicted, sample_weight=weights, power=1))
        return float(r2_score(targets, predicted, sample_weight=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def deviation_and_mean(y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Standard deviation and mean of every output, `(2, outputs)`; for that of a constant one stands its size."""
    size = np.abs(y).max(axis=0)
    size[size == 0] = 1  # squares of very large or small values leave the range of numbers
    mean = np.average(y / size, axis=0, weights=weights)
    deviation = np.sqrt(np.average(np.square(y / size - mean), axis=0, weights=weights))
    deviation[deviation == 0] = 1
    return np.array([deviation * size, mean * size])
