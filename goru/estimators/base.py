"""What the classifier and the regressor share: from users' arrays to a trained network, and its fitted attributes."""

import operator
import warnings
from abc import abstractmethod
from typing import Any, Self
from weakref import WeakKeyDictionary

import jax
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from goru.data.table import array_names
from goru.estimators import training
from goru.estimators.common import Estimator
from goru.estimators.fitted import affine, model_of, with_affine
from goru.estimators.inputs import Inputs
from goru.estimators.notes import notes_on_numbers, warn_of
from goru.estimators.parameters import ACTIVATIONS, AUGMENTATIONS, hidden_widths
from goru.estimators.validation import validated, within_floats
from goru.model.model import Model
from goru.model.networks import Networks
from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.initializers import draw_weights
from goru.nn.layers.affine import Weights
from goru.nn.losses import LOSSES
from goru.nn.optimizers import Adam, Momentum
from goru.nn.rows import Features, SparseRows
from goru.population.immediate.lbfgs import minimize_all
from goru.population.immediate.learner import Learner

#: Floating-point operations up to which double precision costs no time worth naming.
MOST_DOUBLE = 2e10
#: Networks by estimator, with what they were made from: no attribute, as predicting changes none, and none is pickled.
_NETWORKS: WeakKeyDictionary[Any, tuple[tuple, Networks]] = WeakKeyDictionary()


def takes_batches(estimator: Any) -> bool:
    """Whether the estimator's solver does; else `AttributeError`."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


class BaseMLP(Estimator):
    """Not for use: see the classes made from it."""

    _inputs: Inputs
    _learner: Learner
    _architecture: Architecture

    @abstractmethod
    def _targets(self, y: Any, weights: np.ndarray, incremental: bool, first: bool) -> np.ndarray:
        """What the networks are to put out, `(rows, outputs)`; learns what a target is, where that is not known yet."""

    @abstractmethod
    def _loss(self) -> str:
        """The name of the loss in `goru.nn.losses`."""

    @abstractmethod
    def _score_validation(self, predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        """What early stopping watches; higher is better."""

    def _class_weights(self, y: Any, incremental: bool, first: bool) -> np.ndarray | None:
        """What rows count for by their class; in batches, by the classes of all rows so far."""
        return None

    def _stratify(self, targets: np.ndarray) -> np.ndarray | None:
        """By what the validation rows of early stopping are spread."""
        return None

    def _output_scale(self) -> np.ndarray | None:
        """Factors and constants that bring outputs to the target's own units."""
        return None

    def _notes_on_target(self, y: Any, places: np.ndarray | None) -> tuple[str, ...]:
        """What is to be said of a checked target whose rows stand at these places in the user's; `None`: all of it."""
        return ()

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Self:
        self._check(y)
        hidden = hidden_widths(self.hidden_layer_sizes)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True. Set early_stopping=False, or call fit.")
        first = not hasattr(self, "_learner") or not (self.warm_start or incremental)
        given = X
        if not first:
            before = self._architecture
            if (before.hidden, before.batch_norm, before.norm, before.residual, len(self._learner)) != (
                *(hidden, self.batch_norm, self.norm, self.residual, self.n_members),
            ):
                raise ValueError(
                    "hidden_layer_sizes, batch_norm, norm, residual and n_members cannot change while a network goes "
                    "on learning. Set warm_start=False, or clone the estimator."
                )
        inputs = Inputs(self.scaling) if first else self._inputs
        with within_floats():
            X = validated(self, X, None if first else inputs.schema, reset=first)
            check_consistent_length(X, y)
            y = self._checked_target(y)
            weights = self._weights(sample_weight, X, self._class_weights(y, incremental, first))
        random = check_random_state(self.random_state)
        places = None if weights is None else np.flatnonzero(weights)
        if weights is not None:
            X, y, weights = _without_weightless(X, y, weights)
        every = np.ones(X.shape[0]) if weights is None else weights
        targets = self._targets(y, every, incremental, first)
        if self.batch_norm and len(targets) < 2:
            raise ValueError(
                "batch normalization needs at least two rows, and there is 1 sample. "
                "Give more rows, or batch_norm=None."
            )
        if first:
            (inputs.follow if incremental else inputs.fit)(X, every)
            if not incremental:  # the first rows of many say little about a column
                notes = inputs.notes if inputs.schema else notes_on_numbers(given)
                warn_of((*self._notes_on_target(y, places), *notes), stacklevel=3)
            self._inputs = inputs
            self._begin(random, (inputs.n_features, *hidden, targets.shape[1]), X)
        elif (places := inputs.follow(X, every)) is not None:
            self._learner.read(places, self._first_weights(random, len(places)))
        learner: Learner = self._learner
        self._architecture = self._shape((inputs.n_features, *self._architecture.widths[1:]))
        learner.layers, learner.hyper = self._architecture.layers, self._hyper()
        dtype = learner.numbers.flat.dtype
        x, targets = inputs.transform(X, dtype), targets.astype(dtype, copy=False)
        if isinstance(x, SparseRows) and (used := [name for name in AUGMENTATIONS if getattr(self, name)]):
            raise ValueError(f"X is sparse, and {used[0]} needs dense rows. Give X.toarray(), or {used[0]}=0.")
        if self.solver == "lbfgs":
            self._minimize(x, targets, weights)
        else:
            if not incremental or learner.optimizer is None:
                learner.optimizer = self._new_optimizer(learner)
            training.train(self, learner, x, targets, weights, random, incremental)
        self._expose(learner.exact_statistics(x) if self.batch_norm and not incremental else None)
        return self

    @abstractmethod
    def _checked_target(self, y: Any) -> np.ndarray:
        """The target as an array of one row for each row of `X`."""

    def _begin(self, random: np.random.RandomState, widths: tuple[int, ...], X: Any) -> None:
        """New networks."""
        self._architecture = self._shape(widths)
        layers, hyper = self._architecture.layers, self._hyper()
        work = training.work(self._architecture.n_parameters * self.n_members, X.shape[0], self.max_iter)
        single = getattr(X, "dtype", None) == np.float32 or work > MOST_DOUBLE
        seeds = random.randint(np.iinfo(np.int32).max, size=(self.n_members, 2))
        members = [network.init(layers, np.random.default_rng(seed), hyper) for seed in seeds[:, 0]]
        dtype = np.float32 if single else np.float64
        learned = jax.tree.map(lambda *leaves: np.stack(leaves, dtype=dtype), *members)
        self._learner = Learner(layers, self._loss(), hyper, learned, seeds[:, 1].astype(np.uint32))
        self.n_layers_ = len(widths)
        self.n_outputs_ = widths[-1]
        self.out_activation_ = {
            "softmax_cross_entropy": "softmax",
            "binary_cross_entropy": "logistic",
            "squared_error": "identity",
            "poisson": "exp",
        }[self._loss()]
        training.begin(self)

    def _first_weights(self, random: np.random.RandomState, features: int) -> np.ndarray:
        """Of a first layer that reads so many features, `(networks, units, features)`."""
        learner, units = self._learner, self._architecture.widths[1]
        seeds = random.randint(np.iinfo(np.int32).max, size=len(learner))
        generators = [np.random.default_rng((seed, learner.steps)) for seed in seeds]
        return np.stack([draw_weights(self.weight_init, generator, features, units) for generator in generators])

    def _shape(self, widths: tuple[int, ...]) -> Architecture:
        """With layers of dropout also where nothing is deleted: it may be, when the network goes on learning."""
        inputs, *hidden, outputs = widths
        return Architecture(
            inputs,
            tuple(hidden),
            outputs,
            ACTIVATIONS[self.activation],
            self.batch_norm,
            dropout=True,
            weight_init=self.weight_init,
            norm=self.norm,
            residual=self.residual,
            input_dropout=bool(self.input_dropout),
            cutout=bool(self.cutout),
            mix="mixup" if self.mixup else "cutmix" if self.cutmix else None,
        )

    def _hyper(self) -> Hyperparameters:
        return Hyperparameters(
            weight_decay=float(self.weight_decay),
            dropout_rate=float(self.dropout),
            input_dropout_rate=float(self.input_dropout),
            cutout_rate=float(self.cutout),
            cutmix_rate=float(self.cutmix),
            mixup_alpha=float(self.mixup),
            smoothing=float(getattr(self, "label_smoothing", 0.0)),
            averaging=float(self.ema),
            batch_norm_epsilon=float(self.batch_norm_epsilon),
            batch_norm_momentum=float(self.batch_norm_momentum),
            batch_norm_scale=float(self.batch_norm_scale),
            batch_norm_shift=float(self.batch_norm_shift),
        )

    def _new_optimizer(self, learner: Learner) -> Adam | Momentum:
        if self.solver == "adam":
            return Adam(learner.numbers.flat, self.beta_1, self.beta_2, self.epsilon)
        return Momentum(learner.numbers.flat, self.momentum, self.nesterovs_momentum)

    def _minimize(self, x: Features, targets: np.ndarray, weights: np.ndarray | None) -> None:
        every = np.ones(len(targets)) if weights is None else weights
        learner: Learner = self._learner
        shares = every * (training.loss_factor(learner.loss, self.n_outputs_) / every.sum())
        y = training.labels_or_numbers(learner.loss, targets)
        l2 = self.alpha / every.sum()
        found = minimize_all(learner, x, y, shares, l2, self.max_iter, self.max_fun, self.tol)
        self.n_iter_ = max(result.nit for result in found)
        self.loss_ = training.mean_of_finite(np.array([result.fun for result in found]))
        if not all(result.success for result in found):
            warnings.warn(
                f"lbfgs failed to converge after {self.n_iter_} iteration(s): {found[0].message}",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _expose(self, statistics: Any) -> None:
        """The fitted attributes that predictions are made of."""
        learner: Learner = self._learner
        layers, learned = learner.folded(statistics)
        scale = self._output_scale()
        if scale is not None:
            factor, constant = (part.astype(learner.numbers.flat.dtype) for part in scale)
            weight, bias = learned[-1]
            learned = (*learned[:-1], Weights(weight * factor[:, None], bias * factor + constant))
        networks = Networks(layers, learned)
        finite = networks.finite
        if not finite.any():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be"
                " preprocessed. Lower learning_rate_init, or scale X."
            )
        if not finite.all():
            warnings.warn(
                f"{np.sum(~finite)} of {len(finite)} members diverged and are left out.",
                ConvergenceWarning,
                stacklevel=5,
            )
            networks = networks.only(list(np.flatnonzero(finite)))
        one = self.n_members == 1
        weights = list(affine(networks.learned))
        self.coefs_ = [own.weight[0].T if one else own.weight.swapaxes(1, 2) for own in weights]
        self.intercepts_ = [bias[0] if one else bias for bias in (np.asarray(own.bias) for own in weights)]
        self._others = networks.layers, with_affine(networks.learned, None)

    def _predicted(self, X: Any) -> np.ndarray:
        """The mean of the members' predictions, `(rows, outputs)`."""
        check_is_fitted(self, "coefs_")
        with within_floats():
            X = validated(self, X, self._inputs.schema, reset=False)
        networks = self._networks()
        x = self._inputs.transform(X, networks.dtype)
        predictions = LOSSES[self._learner.loss].predictions
        return predictions(networks.outputs(x).swapaxes(1, 2)).mean(axis=0).T

    def _networks(self) -> Networks:
        """Those of `coefs_` and `intercepts_`, which users may change or replace: views of them, made once."""
        parts = (self.activation, *self.coefs_, *self.intercepts_)
        known, networks = _NETWORKS.get(self, ((), None))
        if networks is None or len(known) != len(parts) or not all(map(operator.is_, known, parts)):
            weights = [np.reshape(weight, (-1, *weight.shape[-2:])).swapaxes(1, 2) for weight in self.coefs_]
            biases = [np.reshape(bias, (-1, bias.shape[-1])) for bias in self.intercepts_]
            if self.norm is None and not self.residual:
                networks = Networks.perceptron(ACTIVATIONS[self.activation], weights, biases)
            else:
                layers, others = self._others
                networks = Networks(layers, with_affine(others, map(Weights, weights, biases)))
            _NETWORKS[self] = parts, networks
        return networks

    def _as_model(self) -> Model:
        names = [str(name) for name in getattr(self, "feature_names_in_", array_names(self.n_features_in_))]
        return model_of(self._networks(), self._inputs, names, self._labels_in_order())

    @abstractmethod
    def _labels_in_order(self) -> tuple[Any, ...] | None:
        """The classes; `None` in regression. `AttributeError` for a target that a model does not know."""


def _without_weightless(X: Any, y: np.ndarray, weights: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
    """Rows of weight 0 might as well not be there."""
    kept = np.flatnonzero(weights)
    if len(kept) == len(weights):
        return X, y, weights
    return (X.iloc[kept] if hasattr(X, "iloc") else X[kept]), y[kept], weights[kept]
