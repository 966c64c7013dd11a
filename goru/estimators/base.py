"""What the classifier and the regressor share: from users' arrays to a trained network, and its fitted attributes."""

import warnings
from abc import abstractmethod
from functools import partial
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from goru.direct.lbfgs import minimize_all
from goru.direct.learner import Learner
from goru.direct.losses import predictions
from goru.direct.network import Form
from goru.direct.optimizers import Adam, Momentum
from goru.direct.parameters import Layout, initial_parameters
from goru.direct.rows import Features
from goru.estimators import training
from goru.estimators.common import Estimator
from goru.estimators.inputs import Inputs
from goru.estimators.parameters import ACTIVATIONS, hidden_widths
from goru.estimators.validation import validated, within_floats
from goru.model.networks import PlainNetworks
from goru.nn.initializers import draw_weights

#: Floating-point operations up to which double precision costs no time worth naming.
MOST_DOUBLE = 2e10


def takes_batches(estimator: Any) -> bool:
    """Whether the estimator's solver does; else `AttributeError`."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


class BaseMLP(Estimator):
    """Not for use: see the classes made from it."""

    _inputs: Inputs

    @abstractmethod
    def _targets(self, y: Any, weights: np.ndarray, incremental: bool, first: bool) -> np.ndarray:
        """What the networks are to put out, `(rows, outputs)`; learns what a target is, where that is not known yet."""

    @abstractmethod
    def _loss(self) -> str:
        """The name of the loss in `goru.direct.losses`."""

    @abstractmethod
    def _score_held_out(self, predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        """What early stopping watches; higher is better."""

    def _class_weights(self, y: Any) -> np.ndarray | None:
        """What rows count for by their class."""
        return None

    def _stratify(self, targets: np.ndarray) -> np.ndarray | None:
        """By what the held-out rows of early stopping are spread."""
        return None

    def _output_scale(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Factors and constants that bring outputs to the target's own units."""
        return None

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Self:
        self._check(y)
        hidden = hidden_widths(self.hidden_layer_sizes)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        first = not hasattr(self, "_learner") or not (self.warm_start or incremental)
        inputs = Inputs(self.scaling) if first else self._inputs
        with within_floats():
            X = validated(self, X, None if first else inputs.schema, reset=first)
            check_consistent_length(X, y)
            y = self._checked_target(y)
            weights = self._weights(sample_weight, X, self._class_weights(y))
        random = check_random_state(self.random_state)
        if weights is not None:
            X, y, weights = _without_weightless(X, y, weights)
        every = np.ones(X.shape[0]) if weights is None else weights
        targets = self._targets(y, every, incremental, first)
        if first:
            inputs.fit(X, every)
            self._inputs = inputs
            self._begin(random, (inputs.n_features, *hidden, targets.shape[1]), X)
        learner: Learner = self._learner
        layout = learner.parameters.layout
        if (layout.widths[1:-1], layout.batch_norm, len(learner)) != (hidden, bool(self.batch_norm), self.n_members):
            raise ValueError(
                "hidden_layer_sizes, batch_norm and n_members cannot change while a network goes on learning. "
                "Set warm_start=False, or clone the estimator."
            )
        learner.form, learner.l2, learner.weight_decay = self._form(), self.alpha, self.weight_decay
        dtype = learner.parameters.flat.dtype
        x, targets = inputs.transform(X, dtype), targets.astype(dtype, copy=False)
        if self.batch_norm and len(targets) < 2:
            raise ValueError("batch normalization needs at least two rows, and there is 1 sample.")
        if self.solver == "lbfgs":
            self._minimize(x, targets, weights)
        else:
            if not incremental or learner.optimizer is None:
                learner.optimizer = self._new_optimizer(learner)
            training.train(self, learner, x, targets, weights, random, incremental)
        self._expose(learner.settle(x) if self.batch_norm and not incremental else None)
        return self

    @abstractmethod
    def _checked_target(self, y: Any) -> np.ndarray:
        """The target as an array of one row for each row of `X`."""

    def _begin(self, random: np.random.RandomState, widths: tuple[int, ...], X: Any) -> None:
        """New networks."""
        layout = Layout(widths, bool(self.batch_norm))
        work = training.work(layout.size * self.n_members, X.shape[0], self.max_iter)
        single = getattr(X, "dtype", None) == np.float32 or work > MOST_DOUBLE
        seeds = random.randint(np.iinfo(np.int32).max, size=(self.n_members, 2))
        parameters = initial_parameters(
            layout,
            (np.random.default_rng(seed) for seed in seeds[:, 0]),
            partial(draw_weights, self.weight_init),
            self.batch_norm_scale,
            self.batch_norm_shift,
            np.float32 if single else np.float64,
        )
        form = self._form()
        self._learner = Learner(form, parameters, self.alpha, self.weight_decay, seeds[:, 1].astype(np.uint32))
        self.n_layers_ = len(widths)
        self.n_outputs_ = widths[-1]
        self.out_activation_ = {
            "softmax_cross_entropy": "softmax",
            "binary_cross_entropy": "logistic",
            "squared_error": "identity",
            "poisson": "exp",
        }[form.loss]
        training.begin(self)

    def _form(self) -> Form:
        return Form(
            activation=ACTIVATIONS[self.activation],
            loss=self._loss(),
            batch_norm=self.batch_norm,
            batch_norm_epsilon=self.batch_norm_epsilon,
            batch_norm_momentum=self.batch_norm_momentum,
            dropout=self.dropout,
        )

    def _new_optimizer(self, learner: Learner) -> Adam | Momentum:
        if self.solver == "adam":
            return Adam(learner.parameters, self.beta_1, self.beta_2, self.epsilon)
        return Momentum(learner.parameters, self.momentum, self.nesterovs_momentum)

    def _minimize(self, x: Features, targets: np.ndarray, weights: np.ndarray | None) -> None:
        every = np.ones(len(targets)) if weights is None else weights
        learner: Learner = self._learner
        shares = (every / every.sum()).astype(targets.dtype)
        l2 = self.alpha / every.sum()
        found = minimize_all(
            learner.form, learner.parameters, x, targets, shares, l2, self.max_iter, self.max_fun, self.tol
        )
        self.n_iter_ = max(result.nit for result in found)
        self.loss_ = training.mean_of_finite(np.array([result.fun for result in found]))
        if not all(result.success for result in found):
            warnings.warn(
                f"lbfgs failed to converge after {self.n_iter_} iteration(s): {found[0].message}",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _expose(self, statistics: list | None) -> None:
        """The fitted attributes that predictions are made of."""
        learner: Learner = self._learner
        weights, biases = learner.plain(statistics)
        scale = self._output_scale()
        if scale is not None:
            factor, constant = (part.astype(weights[-1].dtype) for part in scale)
            weights[-1], biases[-1] = weights[-1] * factor, biases[-1] * factor + constant
        networks = PlainNetworks(learner.form.activation, tuple(weights), tuple(biases))
        finite = networks.finite
        if not finite.any():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be"
                " preprocessed."
            )
        if not finite.all():
            warnings.warn(
                f"{np.sum(~finite)} of {len(finite)} members diverged and are left out.",
                ConvergenceWarning,
                stacklevel=5,
            )
            networks = networks.only(list(np.flatnonzero(finite)))
        one = self.n_members == 1
        self.coefs_ = [weight[0] if one else weight for weight in networks.weights]
        self.intercepts_ = [bias[0] if one else bias for bias in networks.biases]

    def _predicted(self, X: Any) -> np.ndarray:
        """The mean of the members' predictions, `(rows, outputs)`."""
        check_is_fitted(self)
        with within_floats():
            X = validated(self, X, self._inputs.schema, reset=False)
        form = self._learner.form
        networks = PlainNetworks(
            form.activation,
            tuple(weight if weight.ndim == 3 else weight[None] for weight in self.coefs_),
            tuple(bias if bias.ndim == 2 else bias[None] for bias in self.intercepts_),
        )
        x = self._inputs.transform(X, networks.weights[0].dtype)
        return predictions(form.loss, networks.outputs(x)).mean(axis=0)


def _without_weightless(X: Any, y: np.ndarray, weights: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
    """Rows of weight 0 might as well not be there."""
    kept = np.flatnonzero(weights)
    if len(kept) == len(weights):
        return X, y, weights
    if len(kept) == 0:
        raise ValueError("All rows have a weight of zero: there is nothing to learn from.")
    return (X.iloc[kept] if hasattr(X, "iloc") else X[kept]), y[kept], weights[kept]
