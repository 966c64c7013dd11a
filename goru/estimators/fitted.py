"""A fitted perceptron as a model: columns and networks, which can be written, exported and read again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from goru.data.preparing import Preparation, TargetScaling, Unscaled
from goru.data.schema.columns import NumericColumn
from goru.data.schema.encoding import Schema
from goru.data.targets.target import Target
from goru.estimators.inputs import Inputs
from goru.model.model import Model
from goru.model.networks import Networks
from goru.nn.layers.affine import Affine, Weights
from goru.nn.layers.kinds import layers_to_json

#: Times the range of a column, below which a prepared number is linear to the last bit of float32, and beyond.
WIDE = 2.0**20


def affine(learned: Any) -> Iterator[Weights]:
    """What affine layers have learned, those inside blocks too, in their order."""
    for own in learned:
        if hasattr(own, "weight"):
            yield own
        elif type(own) is tuple:
            yield from affine(own)


def with_affine(learned: Any, weights: Iterator[Weights] | None) -> Any:
    """The same with others in their place, or with `None`, where others are kept elsewhere."""
    return tuple(
        (None if weights is None else next(weights))
        if own is None or hasattr(own, "weight")
        else with_affine(own, weights)
        if type(own) is tuple
        else own
        for own in learned
    )


def schema_of(inputs: Inputs, names: Sequence[str]) -> Schema:
    """The columns that were fitted on; of an array, all are numbers."""
    if inputs.schema is not None:
        return inputs.schema
    missing = {*inputs.with_indicators}
    return Schema(tuple(NumericColumn(name, place in missing) for place, name in enumerate(names)))


def model_of(networks: Networks, inputs: Inputs, names: Sequence[str], classes: Sequence[Any] | None) -> Model:
    """Networks as a model that predicts the same from a table.

    **Arguments:**

    - `networks`: folded; with a single logit for two classes.
    - `names`: of an array's columns.
    - `classes`: in the order of their codes; `None` for values in the target's own units.
    """
    preparation = inputs.preparation
    if isinstance(preparation, Unscaled):
        networks, preparation = _scaled(networks, preparation)
    if classes is not None and networks.n_outputs == 1:
        networks = _two_logits(networks)
    target = Target(
        "y", "regression" if classes is None else "classification", None if classes is None else (*classes,)
    )
    scaling = TargetScaling(0.0, 1.0) if classes is None else None
    members = ({"layers": layers_to_json(networks.layers)},) * len(networks)
    return Model(target, schema_of(inputs, names), preparation, scaling, networks, members)


def _two_logits(networks: Networks) -> Networks:
    """A softmax over 0 and z is the logistic function of z."""
    layer, (weight, bias) = networks.layers[-1], networks.learned[-1]
    assert isinstance(layer, Affine)
    last = Weights(*(np.concatenate([np.zeros_like(array), array], axis=1) for array in (weight, bias)))
    return Networks((*networks.layers[:-1], replace(layer, outputs=2)), (*networks.learned[:-1], last))


def _scaled(networks: Networks, unscaled: Unscaled) -> tuple[Networks, Preparation]:
    """Networks of numbers as they are, as networks of numbers divided by far more than they ever are.

    There the smooth clipping of `Preparation` is linear. Factors are powers of two, so that no weight is rounded.
    """
    medians = np.array(unscaled.medians)
    size = np.maximum.reduce([np.abs(medians), *(np.abs(ends) for ends in (unscaled.lows, unscaled.highs) if ends)])
    scales = WIDE * np.exp2(np.ceil(np.log2(np.where(size > 0, size, 1.0))))
    (weight, bias), count = networks.learned[0], len(medians)
    numbers = weight[..., :count].astype(np.float64)
    moved = np.concatenate([numbers * scales, weight[..., count:]], axis=-1).astype(weight.dtype)
    first = Weights(moved, (bias + numbers @ medians).astype(bias.dtype))
    prepared = Preparation(
        unscaled.medians,
        tuple(scales.tolist()),
        unscaled.n_indicators,
        unscaled.widths,
        lows=unscaled.lows,
        highs=unscaled.highs,
    )
    return Networks(networks.layers, (first, *networks.learned[1:])), prepared
