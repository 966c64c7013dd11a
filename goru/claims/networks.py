"""Trained networks at test time: what they put out, layer by layer, and with neurons deleted."""

from copy import copy
from functools import cached_property

import numpy as np

from goru.model.networks import Networks as Folded
from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters
from goru.nn.arrays import along
from goru.nn.fold import fold
from goru.nn.layers.batch_norm import corrected
from goru.nn.layers.layer import Context, Learned
from goru.nn.losses import LOSSES
from goru.nn.rows import targets
from goru.nn.training import Training
from goru.population.immediate.flat import Numbers
from goru.population.immediate.learner import statistics_one_by_one


class ClaimNetworks:
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
        self._layers, self._loss, self._hyper, self._ids = architecture.layers, LOSSES[loss], hyper, ids
        self._learned = self._scaled = training.learned
        self._statistics = corrected(training.running)

    @cached_property
    def _folded(self) -> Folded:
        """The same functions without batch norm."""
        with np.errstate(all="ignore"):
            return Folded(*fold(self._layers, self._scaled, self._statistics, self._hyper))

    def scaled_by(self, kept: float) -> "ClaimNetworks":
        """The same networks, their activations multiplied by this share at test time, whatever dropout's form says."""
        other = copy(self)
        other.__dict__.pop("_folded", None)
        said = 1 - np.asarray(self._hyper.dropout_rate) if self._classic else 1
        other._scaled = _times(self._learned, kept / said)
        return other

    @property
    def _classic(self) -> bool:
        return any(getattr(layer, "form", "") == "classic" for layer in self._layers)

    @property
    def norm(self) -> np.ndarray:
        """‖W‖: the root of the sum of all squared weights, `(networks,)`."""
        with np.errstate(all="ignore"):  # of a network that diverged it is no number
            return np.sqrt(sum(np.square(weight).sum(axis=(1, 2)) for weight in Numbers(self._learned).weights))

    def activations(self, x: np.ndarray) -> list[np.ndarray]:
        """What the hidden layers put out, `(networks, rows, units)` each.

        Batch norm is by these very rows, as in training; no neuron is deleted.
        """
        with np.errstate(all="ignore"):
            statistics = statistics_one_by_one(self._layers, self._learned, self._hyper, None, x.T)
            found = network.hidden(self._layers, self._learned, statistics, self._hyper, x.T)
            return [layer.swapaxes(1, 2) for layer in found]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities or values, `(networks, rows, outputs)`."""
        return self._loss.predictions(self._outputs(x)).swapaxes(1, 2)

    def predict_masked(self, x: np.ndarray, step: int) -> np.ndarray:
        """The same with neurons deleted as in training, by the masks of a step."""
        return self._loss.predictions(self._outputs(x, step)).swapaxes(1, 2)

    def outputs(self, x: np.ndarray, step: int | None = None) -> np.ndarray:
        """What predictions are made of, `(networks, rows, outputs)`."""
        return self._outputs(x, step).swapaxes(1, 2)

    def _outputs(self, x: np.ndarray, step: int | None = None) -> np.ndarray:
        with np.errstate(all="ignore"):  # a network that diverged puts out what is no number
            if step is None:
                return self._folded.outputs(x).swapaxes(1, 2)
            deleting = Context(self._hyper, self._ids, step)
            layers, learned, statistics = self._layers, self._learned, self._statistics
            return network.infer(layers, learned, statistics, self._hyper, x.T, deleting)

    def figures(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The mean loss and, for classes, the accuracy, `(networks, figures)`."""
        found = self._outputs(x)
        with np.errstate(all="ignore"):
            losses = self._loss.of_rows(found, targets(y)).mean(axis=1)
        if y.ndim == 2:
            return losses[:, None]
        return np.stack([losses, (found.argmax(axis=1) == y).mean(axis=1)], axis=1)


def _times(learned: Learned, factor: float | np.ndarray) -> Learned:
    """Activations multiplied by a factor, which is moved into the weights that read them."""
    affine = [index for index, own in enumerate(learned) if hasattr(own, "weight")][1:]
    return tuple(
        own._replace(weight=own.weight * along(np.asarray(factor, own.weight.dtype), own.weight))
        if index in affine
        else own
        for index, own in enumerate(learned)
    )
