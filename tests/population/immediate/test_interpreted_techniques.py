"""Techniques that are layers, or a loss, are one training whether compiled or interpreted; the others are compiled."""

import jax
import numpy as np
import pytest
from populations import CLASSES, CLASSIFY, HIDDEN, INPUTS, PLAIN, SHAPE, block, member, table, train, trainer

from goru.nn.architecture import Architecture, Recipe
from goru.population.immediate.interpreted import Interpreter, interpretable

SMOOTHED = Recipe(label_smoothing=True)
EQUAL = (10, 10)  # so that the second block is residual
NETWORKS = {
    "layer norm, residual, mixup, cutout, mish, label smoothing": (
        Architecture(INPUTS, EQUAL, CLASSES, "mish", norm="layer", residual=True, mix="mixup", cutout=True),
        SMOOTHED,
    ),
    "RMS norm, residual, CutMix, input dropout, selu": (
        Architecture(INPUTS, EQUAL, CLASSES, "selu", norm="rms", residual=True, mix="cutmix", input_dropout=True),
        CLASSIFY,
    ),
    "batch norm, mixup, dropout, label smoothing": (
        Architecture(INPUTS, HIDDEN, CLASSES, "gelu", batch_norm="before", dropout=True, mix="mixup"),
        SMOOTHED,
    ),
}
STRENGTHS = {
    "smoothing": 0.15,
    "mixup_alpha": 0.6,
    "cutmix_rate": 0.8,
    "cutout_rate": 0.3,
    "input_dropout_rate": 0.2,
}


def some_block(weighted):
    """Networks each with strengths of its own; the last has none."""
    weaker = {name: value / 2 for name, value in STRENGTHS.items()}
    none = {**dict.fromkeys(STRENGTHS, 0.0), "mixup_alpha": 0.01}
    return block(
        member(0, **STRENGTHS),
        member(1, **weaker),
        member(2, **none),
        rows=table(weighted=weighted),
        epochs=4,
        schedule_epochs=6,
    )


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("name", NETWORKS)
def test_curves_and_networks_are_those_of_the_compiled_program(name, weighted):
    architecture, recipe = NETWORKS[name]
    one = some_block(weighted)
    (compiled,) = train(trainer(architecture, recipe), one)
    (interpreted,) = train(Interpreter(architecture, recipe, SHAPE), one)
    np.testing.assert_allclose(interpreted.curves, compiled.curves, rtol=5e-4, atol=5e-4)
    np.testing.assert_allclose(interpreted.parts, compiled.parts, rtol=5e-4, atol=5e-4)
    for ours, theirs in zip(*map(jax.tree.leaves, (interpreted.learned, compiled.learned)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", ["smoothing", *sorted(STRENGTHS.keys() - {"smoothing"})])
def test_each_strength_tells_in_a_network_that_has_the_technique_and_in_no_other(name):
    of_layer = {
        "mixup_alpha": {"mix": "mixup"},
        "cutmix_rate": {"mix": "cutmix"},
        "cutout_rate": {"cutout": True},
        "input_dropout_rate": {"input_dropout": True},
    }
    has = Architecture(INPUTS, HIDDEN, CLASSES, **of_layer.get(name, {})), Recipe(label_smoothing=name == "smoothing")
    both = block(member(0), member(0, **{name: STRENGTHS[name]}), epochs=1)
    for (architecture, recipe), differs in ((has, True), ((PLAIN, CLASSIFY), False)):
        (trained,) = train(Interpreter(architecture, recipe, SHAPE), both)
        assert np.any(trained.curves[0] != trained.curves[1]) == differs


def test_scores_are_those_of_plain_targets_and_of_rows_as_they_are():
    """Before its first step a network has the same loss with every technique, and whatever it was trained with."""
    rows = table()
    for changes in ({}, {"mix": "mixup"}, {"mix": "cutmix", "cutout": True, "input_dropout": True}):
        architecture = Architecture(INPUTS, HIDDEN, CLASSES, **changes)
        still = member(0, **STRENGTHS, learning_rate=0.0)
        (trained,) = train(Interpreter(architecture, SMOOTHED, SHAPE), block(still, rows=rows, epochs=1))
        (plain,) = train(Interpreter(PLAIN, CLASSIFY, SHAPE), block(still, rows=rows, epochs=1))
        np.testing.assert_array_equal(trained.curves, plain.curves)


@pytest.mark.parametrize(
    "changes", [{"averaging": True}, {"sharpness": True}, {"optimizer": "momentum"}, {"optimizer": "sgd"}]
)
def test_what_is_compiled_alone_is_refused(changes):
    recipe = Recipe(**changes)
    assert not interpretable(recipe)
    with pytest.raises(ValueError, match="interpreted"):
        Interpreter(PLAIN, recipe, SHAPE)


def test_smoothing_is_interpreted():
    assert interpretable(CLASSIFY)
    assert interpretable(SMOOTHED)
