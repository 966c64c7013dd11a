"""Trained networks at test time: what they put out, layer by layer, and with neurons deleted."""

from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np

from goru.direct.layers import shaped
from goru.direct.losses import factor_of_nn, predictions, row_losses
from goru.direct.network import Form, Statistics, activations, fold, outputs, population_statistics
from goru.direct.parameters import Layout, Parameters
from goru.model.networks import PlainNetworks
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.training import Training
from goru.population.flat import parameters_of


class Networks:
    """Networks of one architecture, as they are between two steps of their training.

    **Arguments:**

    - `hyper`: `(networks,)` each.
    - `training`: stacked along a first axis.
    """

    def __init__(
        self,
        architecture: Architecture,
        loss: str,
        hyper: Hyperparameters,
        training: Training,
        ids: np.ndarray,
    ) -> None:
        self.loss, self._ids = loss, ids
        self._learned = parameters_of(
            Layout(architecture.widths, architecture.batch_norm is not None), training.network
        )
        rate = np.asarray(hyper.dropout_rate) if architecture.dropout else np.float32(0)
        self._form = Form(
            architecture.activation,
            loss,
            architecture.batch_norm,
            np.asarray(hyper.batch_norm_epsilon),
            np.asarray(hyper.batch_norm_momentum),
            rate,
        )
        self._statistics: Statistics = []
        for running in training.running:
            seen = running.weight[:, None] > 0
            mean, variance = np.asarray(running.mean), np.asarray(running.variance)
            weight = np.where(seen, running.weight[:, None], np.float32(1))
            self._statistics.append((mean / weight, np.where(seen, variance / weight, np.float32(1))))
        classic = architecture.dropout and architecture.dropout_form == "classic"
        # Masks scale up what they keep, as the inverted form does; by the kept share that is the classic form.
        self._masked = self._parameters = self._scaled(1 - rate) if classic else self._learned

    def _scaled(self, factor: np.ndarray | np.float32) -> Parameters:
        """Activations multiplied by a factor, which is moved into the weights that read them."""
        scaled = Parameters(self._learned.layout, self._learned.flat.copy())
        for weight in scaled.weights[1:]:
            weight *= shaped(np.asarray(factor), weight)
        return scaled

    @cached_property
    def _plain(self) -> PlainNetworks:
        """The same functions without batch norm."""
        with np.errstate(all="ignore"):
            weights, biases = fold(self._form, self._parameters, self._statistics)
        return PlainNetworks(self._form.activation, tuple(weights), tuple(biases))

    def scaled_by(self, kept: float) -> "Networks":
        """The same networks, their activations multiplied by this share at test time."""
        other = copy(self)
        other.__dict__.pop("_plain", None)
        other._parameters = self._scaled(np.float32(kept))
        return other

    @property
    def norm(self) -> np.ndarray:
        """‖W‖: the root of the sum of all squared weights, `(networks,)`."""
        with np.errstate(all="ignore"):  # of a network that diverged it is no number
            return np.sqrt(sum(np.square(weight).sum(axis=(1, 2)) for weight in self._learned.weights))

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """What the hidden layers put out, `(networks, rows, units)` each.

        Batch norm is by these very rows, as in training; no neuron is deleted.
        """
        form = replace(self._form, dropout=0.0)
        with np.errstate(all="ignore"):
            statistics = population_statistics(form, self._parameters, x, self._ids)
            return list(activations(form, self._parameters, statistics, x))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities or values, `(networks, rows, outputs)`."""
        return predictions(self.loss, self.outputs(x))

    def predict_masked(self, x: np.ndarray, step: int) -> np.ndarray:
        """The same with neurons deleted as in training, by the masks of a step."""
        return predictions(self.loss, self.outputs(x, step))

    def outputs(self, x: np.ndarray, step: int | None = None) -> np.ndarray:
        """What predictions are made of."""
        with np.errstate(all="ignore"):  # a network that diverged puts out what is no number
            if step is None:
                return self._plain.outputs(x)
            return outputs(self._form, self._masked, self._statistics, x, (self._ids, step))

    def figures(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The mean loss and, for classes, the accuracy, `(networks, figures)`."""
        found = self.outputs(x)
        targets = np.eye(found.shape[-1], dtype=np.float32)[y] if y.ndim == 1 else y
        with np.errstate(all="ignore"):
            losses = row_losses(self.loss, found, targets).mean(axis=1) * factor_of_nn(self.loss, found.shape[-1])
        if y.ndim == 2:
            return losses[:, None]
        return np.stack([losses, (found.argmax(axis=2) == y).mean(axis=1)], axis=1)
