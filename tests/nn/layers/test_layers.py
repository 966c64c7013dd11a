"""What every layer does, whichever it is: the specification that a new one has to pass."""

import json
import os
from itertools import chain

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from formulas import output
from jaxtyping import TypeCheckError
from trainings import midway

from goru.nn import network
from goru.nn.architecture import Hyperparameters
from goru.nn.fold import apply, fold
from goru.nn.layers import kinds
from goru.nn.layers.activation import FUNCTIONS, Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.augmentation import CutMix, Cutout, InputDropout, Mixup
from goru.nn.layers.batch_norm import BatchNorm, follow
from goru.nn.layers.dropout import Dropout
from goru.nn.layers.group_norm import GroupNorm
from goru.nn.layers.layer import Context, Layer
from goru.nn.layers.layer_norm import LayerNorm
from goru.nn.layers.residual import Residual
from goru.nn.layers.rms_norm import RMSNorm
from goru.nn.layers.scaled_affine import ScaledAffine
from goru.nn.layers.scaling import Scaling

UNITS, ROWS, NETWORKS, STEP = 6, 7, 2, 17
CLASSIC = Dropout(2, "classic")
BLOCK = (Affine(UNITS, 4, bias=False), BatchNorm(4), Activation("tanh"), Dropout(1), Affine(4, UNITS))
LAYERS = {
    "affine": Affine(UNITS, 4),
    "affine without a bias": Affine(UNITS, 4, bias=False),
    "scaled affine": ScaledAffine(UNITS, 4),
    "scaled affine without a bias": ScaledAffine(UNITS, 4, bias=False, factor=2.5),
    **{name: Activation(name) for name in FUNCTIONS},
    "batch norm": BatchNorm(UNITS),
    "layer norm": LayerNorm(UNITS),
    "rms norm": RMSNorm(UNITS),
    "group norm": GroupNorm(2, UNITS),
    "inverted dropout": Dropout(1),
    "classic dropout": CLASSIC,
    "scaling": Scaling(UNITS),
    "mixup": Mixup(),
    "cutmix": CutMix(),
    "cutout": Cutout(),
    "input dropout": InputDropout(),
    "residual": Residual(BLOCK),
    "residual of residuals": Residual(
        (RMSNorm(UNITS), Residual((Scaling(UNITS), CLASSIC, Affine(UNITS, UNITS))), Activation("silu"))
    ),
}

# One of each network's own; no usual numbers, so that a forgotten one shows.
IDS = np.array([3, 4_000_000_000], np.uint32)
HYPER = jax.tree.map(lambda number: np.full(NETWORKS, number), Hyperparameters())._replace(
    dropout_rate=np.array([0.3, 0.45]),
    batch_norm_epsilon=np.array([1e-3, 0.2]),
    input_dropout_rate=np.array([0.2, 0.35]),
    cutout_rate=np.array([0.4, 0.25]),
    cutmix_rate=np.array([0.99, 0.9]),
    mixup_alpha=np.array([0.4, 2.5]),
)
CONTEXT = Context(HYPER, IDS, STEP)


@pytest.fixture(params=LAYERS.values(), ids=LAYERS)
def layer(request):
    return request.param


def given(layer, dtype=np.float64):
    """Of two networks: what is learned, the input, the gradient of the output, statistics of the population."""
    rng = np.random.default_rng(0)
    (learned,), (statistics,) = midway((layer,), (NETWORKS,))
    x = rng.normal(0.5, 2, (NETWORKS, UNITS, ROWS))
    gradient = rng.normal(size=(NETWORKS, getattr(layer, "outputs", UNITS), ROWS))
    return jax.tree.map(lambda leaf: leaf.astype(dtype), (learned, x, gradient, statistics))


def passes(layer, learned, x, gradient, statistics, context=CONTEXT):
    """Output, gradients of what is learned and of the input, and output at inference."""
    y, kept = layer.forward(learned, x, context)
    back = layer.backward(learned, kept, gradient.copy())
    return y, *back, layer.infer(learned, x, statistics, Context(context.hyper))


def one(tree, index):
    """One network's part of a tree."""
    return jax.tree.map(lambda leaf: leaf[index], tree)


def of_each(layer, dtype=np.float64):
    for index in range(NETWORKS):
        yield (*one(given(layer, dtype), index), Context(one(HYPER, index), IDS[index], STEP))


def assert_close(actual, expected, tolerance):
    for a, e in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * max(1, np.abs(e).max()))


def test_every_kind_of_layer_is_tried_here():
    assert {layer.kind: type(layer) for layer in LAYERS.values()} == kinds.LAYERS


def test_it_is_its_formula_in_training(layer):
    for learned, x, _, _, context in of_each(layer):
        y, _ = layer.forward(learned, x, context)
        np.testing.assert_allclose(y, output(layer, learned, x, context), rtol=1e-10, atol=1e-12)


def test_it_is_its_formula_at_inference(layer):
    for learned, x, _, statistics, context in of_each(layer):
        y = layer.infer(learned, x, statistics, Context(context.hyper))
        np.testing.assert_allclose(y, output(layer, learned, x, context, statistics), rtol=1e-10, atol=1e-12)
        alone = layer.infer(learned, x[:, 2:3], statistics, Context(context.hyper))
        np.testing.assert_allclose(alone[:, 0], y[:, 2], rtol=1e-12)  # as among others


def test_its_gradients_are_those_of_central_differences(layer):
    learned, x, gradient, _, context = next(of_each(layer))
    _, kept = layer.forward(learned, x, context)
    found = jax.tree.leaves(layer.backward(learned, kept, gradient.copy()))
    leaves, structure = jax.tree.flatten((learned, x))

    def loss(changed, position, by):
        moved = [leaf.copy() for leaf in leaves]
        moved[changed][position] += by
        return (gradient * layer.forward(*structure.unflatten(moved), context)[0]).sum()

    for changed, slope in enumerate(found):
        assert slope.shape == leaves[changed].shape
        for position in np.ndindex(slope.shape):
            ahead, behind = loss(changed, position, 1e-6), loss(changed, position, -1e-6)
            assert slope[position] == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-7)


def test_a_population_is_its_networks_each_with_numbers_of_its_own(layer):
    together = passes(layer, *given(layer))
    for index, (*own, context) in enumerate(of_each(layer)):
        assert_close(one(together, index), passes(layer, *own, context), 1e-12)


def test_networks_may_read_the_same_rows(layer):
    """As a first layer does: the rows lack the axis of the networks then, `(units, rows)`."""
    learned, x, gradient, statistics = given(layer)
    found = passes(layer, learned, x[0], gradient, statistics)
    expected = passes(layer, learned, np.stack([x[0]] * NETWORKS), gradient, statistics)
    for a, e in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(np.broadcast_to(a, e.shape), e, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("axis", ["mapped", "spelled out"])
def test_jax_computes_what_numpy_does(layer, axis):
    def in_jax(hyper, ids, *arrays):
        return passes(layer, *arrays, Context(hyper, ids, STEP))

    numbers = jax.tree.map(jnp.float32, (HYPER, given(layer)))
    mapped = jax.jit(jax.vmap(in_jax) if axis == "mapped" else in_jax)
    assert_close(mapped(numbers[0], IDS, *numbers[1]), passes(layer, *given(layer)), 2e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_computes_in_the_precision_of_its_numbers(layer, dtype):
    for found in passes(layer, *given(layer, dtype)), *(passes(layer, *own) for own in of_each(layer, dtype)):
        assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {np.dtype(dtype)}


def test_gradients_are_written_into_given_arrays(layer):
    learned, x, gradient, _ = given(layer)
    _, kept = layer.forward(learned, x, CONTEXT)
    expected = layer.backward(learned, kept, gradient.copy())
    out = jax.tree.map(lambda leaf: np.full_like(leaf, np.nan), learned)

    found = layer.backward(learned, kept, gradient.copy(), out)

    assert jax.tree.structure(found[0]) == jax.tree.structure(learned)
    for leaf, array in zip(jax.tree.leaves(found[0]), jax.tree.leaves(out), strict=True):
        assert leaf is array
    assert_close(found, expected, 0)


def test_the_gradient_of_the_input_can_be_left_out(layer):
    learned, x, gradient, _ = given(layer)
    _, kept = layer.forward(learned, x, CONTEXT)
    expected, _ = layer.backward(learned, kept, gradient.copy())
    assert_close(layer.backward(learned, kept, gradient.copy(), None, False)[0], expected, 0)


def test_nothing_that_it_is_handed_is_changed_but_the_gradient(layer):
    learned, x, gradient, statistics = given(layer)
    frozen = jax.tree.map(np.copy, (learned, x, statistics, CONTEXT._replace(step=np.array(STEP))))

    def freeze(tree):
        for leaf in jax.tree.leaves(tree):
            if isinstance(leaf, np.ndarray):
                leaf.flags.writeable = False

    freeze(frozen)
    learned, x, statistics, context = frozen
    y, kept = layer.forward(learned, x, context)
    freeze((y, kept))  # the next layer's forward has the output, too
    layer.backward(learned, kept, gradient)
    layer.infer(learned, x, statistics, Context(context.hyper))


def test_a_new_one_is_a_function_of_the_generator(layer):
    new, again = (layer.init(np.random.default_rng(3), Hyperparameters()) for _ in range(2))
    assert_close(new, again, 0)
    assert all(leaf.dtype == np.float64 for leaf in jax.tree.leaves(new))


def test_it_is_found_by_value_and_read_from_files_as_it_was_written(layer):
    """Programs are compiled for layers, and files list them."""
    (again,) = kinds.layers_from_json(json.loads(json.dumps(kinds.layers_to_json((layer,)))))
    assert {layer: 1}[again] == 1


def test_running_statistics_follow_what_it_has_seen(layer):
    learned, x, *_ = given(layer, np.float32)
    _, kept = layer.forward(learned, x, CONTEXT)
    start = jax.tree.map(lambda leaf: np.stack([leaf] * NETWORKS), layer.running)
    momentum = np.array([0.8, 0.4])  # of each network its own

    together = follow(start, layer.seen(kept), ROWS, momentum)

    assert jax.tree.structure(together) == jax.tree.structure(layer.running)
    for index, (own, x, *_, context) in enumerate(of_each(layer, np.float32)):
        _, kept = layer.forward(own, x, context)
        alone = follow(layer.running, layer.seen(kept), ROWS, momentum[index])
        for leaf, expected, first in zip(*map(jax.tree.leaves, (together, alone, layer.running)), strict=True):
            np.testing.assert_allclose(leaf[index], expected, rtol=1e-5, atol=1e-6)
            assert leaf[index].dtype == np.float32
            assert np.all(leaf[index] != first)


@pytest.mark.skipif(os.environ.get("GORU_SHAPES") == "0", reason="it is not wanted here")
def test_shapes_in_signatures_are_checked_while_tests_run(layer):
    """tests/conftest.py switches jaxtyping on: rows that are no matrix are refused before anything is computed."""
    learned, x, *_, context = next(of_each(layer))
    with pytest.raises(TypeCheckError, match="rows"):
        layer.forward(learned, x[0], context)


BEFORE, BEHIND = Affine(UNITS, UNITS), Affine(UNITS, 3)
UNBIASED = Affine(UNITS, UNITS, bias=False)


@pytest.mark.parametrize("networks", [1, NETWORKS])
@pytest.mark.parametrize(
    ("before", "behind"),
    [((), ()), ((BEFORE,), ()), ((UNBIASED,), ()), ((), (BEHIND,)), ((BEFORE, Activation("tanh")), (BEHIND,))],
    ids=["alone", "behind affine", "behind affine without a bias", "before affine", "between"],
)
def test_folded_it_infers_the_same(layer, before, behind, networks):
    if isinstance(layer, Affine | ScaledAffine):
        behind = ()  # it puts out another number of units
    layers = (*before, layer, *behind)
    numbers = *midway(layers, (NETWORKS,)), HYPER, given(layer)[1]
    learned, statistics, hyper, x = numbers if networks > 1 else one(numbers, 0)
    if layers == (CLASSIC,):
        with pytest.raises(ValueError, match="needs an affine layer"):
            fold(layers, learned, statistics, hyper)
        return

    folded = fold(layers, learned, statistics, hyper)

    expected = network.infer(layers, learned, statistics, hyper, x)
    np.testing.assert_allclose(apply(*folded, x), expected, rtol=1e-10, atol=1e-12)
    left = chain(*(getattr(layer, "layers", (layer,)) for layer in folded[0]))
    assert not any(isinstance(layer, BatchNorm | Dropout) for layer in left)


# Layers that bring no way back


class Softplus(Layer):
    """log(1 + exp(a x)), by a learned number a of every unit."""

    kind = "softplus"

    def init(self, generator, hyper):
        return np.ones(UNITS)

    def forward(self, learned, x, context):
        return jnp.logaddexp(0, learned[..., None] * x), None


def test_a_layer_without_backward_is_trained_by_the_derivative_of_jax():
    layers = Scaling(UNITS), Softplus(), Scaling(UNITS)
    learned, _ = midway(layers, (NETWORKS,))
    _, x, gradient, _ = given(layers[0])

    def back(learned, x, gradient):
        _, kept = network.forward(layers, learned, x, CONTEXT)
        return network.backward(layers, learned, kept, gradient, inputs=True)

    (first, a, last), towards_x = jax.jit(back)(*jax.tree.map(jnp.float32, (learned, x, gradient)))

    scaled, _ = layers[0].forward(learned[0], x, CONTEXT)
    inner = learned[1][..., None] * scaled
    found, g = layers[2].backward(learned[2], np.logaddexp(0, inner), gradient.copy())
    g /= 1 + np.exp(-inner)
    assert_close((a, last), ((g * scaled).sum(axis=-1), found), 1e-5)
    assert_close((first, towards_x), layers[0].backward(learned[0], x, g * learned[1][..., None]), 1e-5)


class Differentiated(BatchNorm):
    """Batch norm without its way back."""

    backward = None


@pytest.mark.parametrize("inside", [False, True], ids=["", "in a block"])
def test_a_layer_without_backward_has_the_statistics_that_it_has_with_one(inside):
    def passed(norm, learned, x, gradient):
        layers = (Residual((norm, Activation("tanh"))),) if inside else (norm,)
        learned = ((learned, ()),) if inside else (learned,)
        y, kept = network.forward(layers, learned, x, CONTEXT)
        back = network.backward(layers, learned, kept, gradient, inputs=True)
        return y, back, network.seen(layers, kept), network.exact_statistics(layers, learned, x, CONTEXT)

    learned, x, gradient, _ = jax.tree.map(jnp.float32, given(BatchNorm(UNITS)))
    expected, found = (passed(norm, learned, x, gradient) for norm in (BatchNorm(UNITS), Differentiated(UNITS)))
    assert_close(found, expected, 1e-5)


def test_a_layer_without_backward_is_refused_by_numpy():
    with pytest.raises(TypeError, match="Softplus has no backward"):
        network.forward((Softplus(),), (np.ones(()),), np.ones((UNITS, ROWS)), Context(Hyperparameters()))
