"""Networks as plain JSON types, and back; what a damaged or foreign file gets."""

import json

import pytest

from goru.errors import InputError
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.kinds import layers_from_json, layers_to_json
from goru.nn.layers.layer import Layer
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm

NETWORK = (
    Affine(4, 5, weight_init=0.01),
    Residual((RMSNorm(5, 1e-3), Residual((Activation("silu"), Dropout(2, "classic"))))),
    Affine(5, 3, bias=False),
)


def changed(index=0, **fields):
    content = layers_to_json(NETWORK)
    content[index] |= fields
    return content


def test_a_network_is_read_as_it_was_written():
    assert layers_from_json(json.loads(json.dumps(layers_to_json(NETWORK)))) == NETWORK


def test_a_layer_that_goru_does_not_have_is_not_written():
    class Softplus(Layer):
        kind = "softplus"

    class Affine(Layer):
        kind = "affine"

    for layer in (Softplus(), Affine(), Residual((Softplus(),))):
        with pytest.raises(InputError, match="cannot be written"):
            layers_to_json((layer,))


def nested(depth):
    content = layers_to_json((Activation("relu"),))
    for _ in range(depth):
        content = [{"kind": "residual", "layers": content}]
    return content


DAMAGED = {
    "no list": {"kind": "affine"},
    "no layer": ["affine"],
    "no kind": [{"inputs": 4, "outputs": 5}],
    "an unknown kind": changed(kind="softplus"),
    "a kind that is no text": changed(kind=["affine"]),
    "a missing field": [{"kind": "affine", "inputs": 4, "outputs": 5}],
    "another field": changed(units=3),
    "a number as text": changed(inputs="4"),
    "a part of a unit": changed(inputs=4.5),
    "a width below zero": changed(inputs=-4),
    "no boolean": changed(bias=1),
    "no number": changed(weight_init=float("nan")),
    "a spread below zero": changed(weight_init=-1.0),
    "an unknown initializer": changed(weight_init="swoosh"),
    "an unknown activation": [{"kind": "activation", "name": "swoosh"}],
    "an unknown form": [{"kind": "dropout", "index": 0, "form": "swoosh"}],
    "no layers inside": changed(1, layers=3),
    "a nest without end": nested(100),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_no_network_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011
        layers_from_json(content)


def test_blocks_in_blocks_are_read():
    assert layers_to_json(layers_from_json(nested(5))) == nested(5)
