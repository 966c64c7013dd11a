"""`goru.population.immediate.interpreted`: the same training as that of a compiled program."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest
from populations import (
    ARCHITECTURES,
    CLASSIFY,
    REGRESS,
    REGRESSION,
    SHAPE,
    TARGETS,
    block,
    member,
    table,
    train,
    trainer,
)

from goru.nn.architecture import Recipe
from goru.nn.judge import Judge
from goru.nn.layers.affine import Weights
from goru.population.final_networks import with_exact_statistics
from goru.population.immediate.interpreted import Interpreter

SQUARED = Recipe(loss="squared_error")


def close(ours, reference, tolerance=2e-4):
    np.testing.assert_allclose(ours, reference, rtol=tolerance, atol=tolerance)


def some_block(rows):
    """Networks that differ in all that networks of one block may differ in."""
    return block(
        member(0),
        member(1, dropout_rate=0.4, weight_decay=0.0, batch_norm_epsilon=1e-2),
        member(2, batch_norm_momentum=0.5, batch_norm_scale=0.7, batch_norm_shift=-0.2),
        rows=rows,
        epochs=4,
        schedule_epochs=6,
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
def test_curves_parts_and_networks_are_those_of_the_compiled_program(name, weighted):
    one = some_block(table(weighted=weighted))
    (compiled,) = train(trainer(ARCHITECTURES[name]), one)
    (interpreted,) = train(Interpreter(ARCHITECTURES[name], CLASSIFY, SHAPE), one)
    close(interpreted.curves, compiled.curves)
    close(interpreted.parts, compiled.parts)
    # Adam takes whole steps along gradients that are nearly nothing, and so largely rounding.
    jax.tree.map(partial(close, tolerance=1e-3), interpreted.learned, compiled.learned)
    jax.tree.map(partial(close, tolerance=1e-3), interpreted.training.running, compiled.training.running)


def test_so_are_those_of_a_regression_with_several_targets():
    one = some_block(table(TARGETS))
    (compiled,) = train(trainer(REGRESSION, SQUARED), one)
    (interpreted,) = train(Interpreter(REGRESSION, SQUARED, SHAPE), one)
    close(interpreted.curves, compiled.curves)
    jax.tree.map(close, interpreted.learned, compiled.learned)


@pytest.mark.parametrize("measure", ["log-loss", "brier", "accuracy"])
def test_so_is_what_validation_rows_are_judged_by_at_every_temperature(measure):
    shape = replace(SHAPE, judge=Judge(measure, (0.5, 1.0, 3.0)))
    architecture, one = ARCHITECTURES["before"], some_block(table(weighted=True))
    (compiled,) = train(trainer(architecture, shape=shape), one)
    (interpreted,) = train(Interpreter(architecture, CLASSIFY, shape), one)
    assert interpreted.parts.shape == compiled.parts.shape == (3, 4, 3, SHAPE.parts)
    close(interpreted.parts, compiled.parts)
    close(interpreted.curves, compiled.curves)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_exact_statistics_are_those_of_the_compiled_ones(name):
    architecture = ARCHITECTURES[name]
    one = some_block(table())
    interpreter = Interpreter(architecture, CLASSIFY, SHAPE)
    (trained,) = train(interpreter, one)
    jax.tree.map(
        close,
        interpreter.with_exact_statistics(trained, 80),
        with_exact_statistics(trained, architecture.layers, SHAPE.networks, 80),
    )


@pytest.mark.parametrize("compiled", [False, True], ids=["interpreted", "compiled"])
def test_after_the_end_of_the_schedule_nothing_is_learned(compiled):
    architecture = ARCHITECTURES["none"]
    engine = trainer(architecture) if compiled else Interpreter(architecture, CLASSIFY, SHAPE)
    (trained,) = train(engine, block(member(0), epochs=6, schedule_epochs=2))
    np.testing.assert_array_equal(trained.curves[:, 2:], np.repeat(trained.curves[:, 1:2], 4, axis=1))
    assert not np.array_equal(trained.curves[:, 0], trained.curves[:, 1])


def test_training_ends_where_the_watcher_says_so():
    told = []

    def on_epochs(done):
        told.append(done)
        return len(told) < 3

    interpreter = Interpreter(ARCHITECTURES["none"], CLASSIFY, SHAPE)
    assert list(interpreter.train([block(member(0), member(1), epochs=4)], on_epochs=on_epochs)) == []
    assert told == [2, 2, 2]


def initial_weights(trainer, *members):
    """The weights of untrained networks, `(networks, outputs, inputs)` each."""
    (untrained,) = train(trainer, block(*members, epochs=0))
    assert untrained.curves.shape == (len(members), 0, 2, 2)
    return [layer.weight for layer in untrained.learned if isinstance(layer, Weights)]


def test_initial_weights_are_functions_of_the_seed_and_the_widths_alone():
    def first(name, *members):
        return [weight[-1] for weight in initial_weights(Interpreter(ARCHITECTURES[name], CLASSIFY, SHAPE), *members)]

    for one, other in zip(first("none", member(1)), first("before-dropout", member(0), member(1)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first("none", member(1))[0], first("none", member(2))[0])


def test_initial_weights_are_those_of_the_compiled_program():
    members, architecture = (member(0), member(1, weight_std=2.0)), ARCHITECTURES["before"]
    ours = initial_weights(Interpreter(architecture, CLASSIFY, SHAPE), *members)
    for one, other in zip(ours, initial_weights(trainer(architecture), *members), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_that_diverges_is_marked_and_spoils_no_neighbour():
    one = block(member(0), member(1, learning_rate=1e30), member(2))
    (together,) = train(Interpreter(ARCHITECTURES["none"], CLASSIFY, SHAPE), one)
    assert list(together.diverged >= 0) == [False, True, False]
    (alone,) = train(Interpreter(ARCHITECTURES["none"], CLASSIFY, SHAPE), block(member(0), member(2)))
    np.testing.assert_allclose(together.curves[[0, 2]], alone.curves, rtol=1e-5)


def test_what_it_does_not_do_is_refused():
    with pytest.raises(ValueError, match="interpreted"):
        Interpreter(ARCHITECTURES["none"], REGRESS, SHAPE)
    with pytest.raises(ValueError, match="β"):
        train(Interpreter(ARCHITECTURES["none"], CLASSIFY, SHAPE), block(member(0), member(1, beta1=0.5)))
