"""A classifier with batch normalization, weight decay and dropout, where scikit-learn's has none of them."""

from collections import Counter
from typing import Any, Literal, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import check_array, column_or_1d

from goru.estimators.base import BaseMLP, takes_batches
from goru.estimators.inputs import Scaling
from goru.estimators.parameters import equals_text


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A multilayer perceptron for classes, with scikit-learn's interface.

    The arguments of `sklearn.neural_network.MLPClassifier` mean here what they mean there; the others are goru's.
    Labels may be of two classes or more, or several a row (an indicator matrix).

    **Arguments:**

    - `hidden_layer_sizes`: widths of the hidden layers.
    - `activation`: `"relu"`, `"tanh"`, `"logistic"`, `"identity"`, `"gelu"`, `"silu"`, `"mish"` or `"selu"`.
    - `batch_norm`: `None`, `"before"` or `"after"` the activation (Ioffe & Szegedy 2015).
    - `batch_norm_epsilon`, `batch_norm_momentum`: ε, and the share of the running statistics that a step keeps.
    - `batch_norm_scale`, `batch_norm_shift`: the initial γ and β.
    - `dropout`: the share of hidden neurons deleted in training (Srivastava et al. 2014); all are used in prediction.
    - `norm`: `"layer"` (Ba et al. 2016) or `"rms"` (Zhang & Sennrich 2019) normalization instead of batch norm.
    - `residual`: hidden layers as wide as the one below are added to what they read (He et al. 2016).
    - `input_dropout`, `cutout`: the share of the columns deleted in training, of all rows and scaled up, or of half of
      the rows (DeVries & Taylor 2017).
    - `mixup`: α, with which rows and targets are mixed in training (Zhang et al. 2018); `cutmix`: in what share of the
      steps rows take columns of other rows (Yun et al. 2019). 0 is off.
    - `label_smoothing`: the share of a target that goes to all classes alike (Szegedy et al. 2016).
    - `ema`: the share of the averaged weights that a step keeps; the average is the network (Polyak & Juditsky 1992).
    - `weight_decay`: λ of decoupled decay (Loshchilov & Hutter 2019): each step takes the learning rate times λ off
      every weight. `alpha` is the penalty in the loss instead, ½ alpha ‖W‖² over the batch's size.
    - `weight_init`: `"glorot_uniform"`, `"glorot_normal"`, `"he_uniform"`, `"he_normal"`, or a standard deviation.
      Biases are 0 at first.
    - `n_members`: networks of an ensemble, trained on the same batches from weights and with masks of their own; their
      predictions are averaged. They stop as one.
    - `class_weight`: `None`, `"balanced"` or a dict, what the rows of a class count for.
    - `scaling`: `"robust"`: numbers are centred at their median, divided by the distance of their quartiles and
      smoothly clipped, so that predictions flatten out beyond the training rows. `None`: they are left as they are, as
      scikit-learn does.
    - `solver`: `"adam"`, `"sgd"` or `"lbfgs"` (no dropout and no decoupled decay, as it takes no batches).
    - `alpha`: the strength of the L2 penalty.
    - `batch_size`: rows in a mini-batch; `"auto"` is 200, or all if there are fewer.
    - `learning_rate`: `"constant"`; `"cosine"`, which falls to 0 in `max_iter` epochs; and, for `"sgd"`,
      `"invscaling"` and `"adaptive"`.
    - `learning_rate_init`, `power_t`, `max_iter`, `shuffle`, `random_state`, `tol`, `verbose`, `warm_start`,
      `momentum`, `nesterovs_momentum`, `early_stopping`, `validation_fraction`, `beta_1`, `beta_2`, `epsilon`,
      `n_iter_no_change`, `max_fun`: as in scikit-learn.

    **Attributes:**

    - `coefs_`, `intercepts_`: a list of weights `(inputs, outputs)` and one of biases `(outputs,)`, a layer each; in an
      ensemble `(members, inputs, outputs)` and `(members, outputs)`. They are those of the plain network that computes
      the same, batch norm being merged into them, and act on prepared columns.
    - `classes_`, `n_features_in_`, `feature_names_in_`, `n_layers_`, `n_outputs_`, `out_activation_`, `n_iter_`, `t_`,
      `loss_`: as in scikit-learn. So are `loss_curve_`, `best_loss_`, `validation_scores_` and
      `best_validation_score_`, which `"lbfgs"` does not set.
    - `model_`: the same as a model of columns and networks (not for several labels a row): `save(path)` writes it
      without pickle, `goru.load(path)` reads it, `export(...)` writes it for other programs.

    Small fits are computed in the precision of `X`, large ones in single precision.
    """

    classes_: np.ndarray

    def __init__(
        self,
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
        label_smoothing: float = 0.0,
        ema: float = 0.0,
        weight_decay: float = 0.0,
        weight_init: str | float = "glorot_uniform",
        n_members: int = 1,
        class_weight: Any = None,
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
        """Train on rows `(rows, features)` and their labels, `(rows,)` or an indicator matrix `(rows, labels)`.

        **Arguments:**

        - `X`: an array, a sparse matrix, or a frame; missing values and, in frames, categories are taken care of.
        - `y`: the labels, numbers or text; none may be missing.
        - `sample_weight`: what each row counts for, `(rows,)`; a row of weight 2 is as two rows, one of weight 0 as
          none.

        **Raises:** `ValueError` for input that cannot be used.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(takes_batches)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train for one epoch on more rows, `(rows, features)`; not with `solver="lbfgs"` or `early_stopping`.

        What prepares the columns follows the first 1,000 rows, which are kept until then: medians and scales, which
        columns have missing values, and in frames with more than numbers what each column is, and its levels. The
        network reads features that appear from weights drawn anew, and keeps what it has learned of the others. Then
        all of it stays, but for columns of numbers that were constant: each is followed for as many rows from where it
        begins to vary. A level, or a gap, that is new after the first rows is as one never seen. `class_weight` as
        `"balanced"` counts the rows of each class so far.

        **Arguments:**

        - `X`, `y`, `sample_weight`: as of `fit`.
        - `classes`: all that there will ever be; needed in the first call.

        **Raises:** `ValueError` without `classes` in the first call, for classes that are not among them, and for input
        that cannot be used.
        """
        first = not hasattr(self, "classes_")
        if first and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit. Give all that there will ever be."
            )
        if classes is not None:
            if not first and not np.array_equal(self.classes_, unique_labels(classes)):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}. "
                    "Give the same classes in every call, or none after the first."
                )
            if first:
                self._check(y)
                multilabel = str(type_of_target(y)).startswith("multilabel")
                self._label_binarizer = LabelBinarizer().fit(y if multilabel else classes)
                self.classes_ = self._label_binarizer.classes_
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of every row, `(rows,)`, or an indicator matrix of labels, `(rows, labels)`.

        **Arguments:**

        - `X`: rows as of `fit`, `(rows, features)`.

        **Raises:** `NotFittedError` before `fit`; `ValueError` for other columns than those that were fitted on.
        """
        return self._labels(self._predicted(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of every class, in the order of `classes_`, `(rows, classes)`.

        With several labels a row, that of every label, `(rows, labels)`. `X` and errors are as of `predict`.
        """
        predicted = self._predicted(X)
        if self.n_outputs_ > 1:
            return predicted
        return np.hstack([1 - predicted, predicted])

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of `predict_proba(X)`, `(rows, classes)`; -inf where a probability is 0."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _labels_in_order(self) -> tuple[Any, ...]:
        if self._label_binarizer.y_type_.startswith("multilabel"):
            raise AttributeError(
                "model_: a model has one label a row, and this target has several. "
                "Keep the estimator itself with pickle or joblib."
            )
        return tuple(self.classes_.tolist())

    def _labels(self, predicted: np.ndarray) -> np.ndarray:
        return self._label_binarizer.inverse_transform(predicted[:, 0] if self.n_outputs_ == 1 else predicted)

    def _loss(self) -> str:
        softmax = self._label_binarizer.y_type_ == "multiclass"
        return "softmax_cross_entropy" if softmax else "binary_cross_entropy"

    def _checked_target(self, y: Any) -> Any:
        y = check_array(
            y, ensure_2d=False, dtype=None, accept_sparse=True, ensure_all_finite="allow-nan", input_name="y"
        )
        if getattr(y, "ndim", 1) == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        return y

    def _class_weights(self, y: Any, incremental: bool, first: bool) -> np.ndarray | None:
        if self.class_weight is None:
            return None
        labels = y.toarray() if issparse(y) else y
        columns, balanced = labels.reshape(len(labels), -1).T.tolist(), equals_text(self.class_weight, "balanced")
        if balanced:
            if first:
                self._rows_of = [Counter[Any]() for _ in columns]
            for rows, column in zip(self._rows_of, columns, strict=True):
                rows.update(column)
        if not incremental:
            return compute_sample_weight(self.class_weight, y)
        # A batch need not have every class, and is nothing to be balanced by itself.
        if balanced:
            return np.prod(
                [
                    [rows.total() / (len(rows) * rows[label]) for label in column]
                    for rows, column in zip(self._rows_of, columns, strict=True)
                ],
                axis=0,
            )
        every = self.classes_ if labels.ndim == 1 else np.repeat([[0], [1]], labels.shape[1], axis=1)
        return compute_sample_weight(self.class_weight, np.concatenate([every, labels]))[len(every) :]

    def _targets(self, y: Any, weights: np.ndarray, incremental: bool, first: bool) -> np.ndarray:
        if first and not incremental:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            classes = unique_labels(y)
            if not incremental and set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}. Give warm_start=False, or clone the estimator."
                )
            if len(np.setdiff1d(classes, self.classes_)):
                raise ValueError(
                    f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}. "
                    "Give all classes in the first call of partial_fit."
                )
        return np.asarray(self._label_binarizer.transform(y), dtype=np.float64)

    def _stratify(self, targets: np.ndarray) -> np.ndarray | None:
        return targets.astype(bool) if targets.shape[1] == 1 or self._loss() == "softmax_cross_entropy" else None

    def _score_validation(self, predicted: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        return float(accuracy_score(self._labels(targets), self._labels(predicted), sample_weight=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
