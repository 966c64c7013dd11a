"""JAX's settings are the user's: whatever they are, goru's programs run, to the same bits, and leave them alone."""

from functools import cache, partial

import jax
import numpy as np
import pytest
from populations import CLASSES, CLASSIFY, INPUTS, ROWS, SHAPE, by_name, cpus, different_bits, member, outcome, train
from populations import block as block_of
from test_ensemble import TANH, make_orders, make_own, make_rows

from goru.nn.architecture import Architecture
from goru.population.ensemble import CompiledEnsemble, _program
from goru.population.final_networks import _statistics, with_exact_statistics
from goru.population.initial import _state
from goru.population.settings import each_by_own_settings, own_settings
from goru.population.trainer import Trainer

SMALL = Architecture(INPUTS, (4,), CLASSES, batch_norm="before", dropout=True)


def second_device():
    return jax.default_device(cpus(2)[1])


# What a user may have told JAX; each as `with` takes it.
SETTINGS = {
    "another mesh": lambda: jax.set_mesh(jax.make_mesh((2,), ("mine",), devices=cpus(2))),
    "array garbage collection guard": partial(jax.array_garbage_collection_guard, "fatal"),
    "custom random numbers": partial(jax.enable_custom_prng, True),
    "debug infs": partial(jax.debug_infs, True),
    "debug key reuse": partial(jax.debug_key_reuse, True),
    "debug nans": partial(jax.debug_nans, True),
    "default device": second_device,
    "disable jit": jax.disable_jit,
    "dtype promotion": partial(jax.numpy_dtype_promotion, "strict"),
    "internal checks": partial(jax.enable_checks, True),
    "leaks": partial(jax.check_tracer_leaks, True),
    "log compiles": partial(jax.log_compiles, True),
    "matmul precision": partial(jax.default_matmul_precision, "highest"),
    "other random numbers": partial(jax.default_prng_impl, "rbg"),
    "rank promotion": partial(jax.numpy_rank_promotion, "raise"),
    "random numbers that cannot be partitioned": partial(jax.threefry_partitionable, False),
    "thread guard": partial(jax.thread_guard, True),
    "transfer guard": partial(jax.transfer_guard, "disallow_explicit"),
    "x64": partial(jax.enable_x64, True),
}


def computed() -> dict[str, np.ndarray]:
    """All that programs find: of a block that is shorter than they have room for, with exact statistics, and of an
    ensemble."""
    for known in (_state, _statistics, _program):  # of programs that were traced by other settings
        (known.cache_clear if hasattr(known, "cache_clear") else known.clear_cache)()
    trainer = Trainer(SMALL, CLASSIFY, SHAPE, ROWS, devices=cpus(2))
    (trained,) = train(trainer, block_of(member(0), member(1), epochs=2))
    layers, loss = TANH
    x, y = make_rows(loss)
    learner = make_own(layers, loss)
    ensemble = CompiledEnsemble(learner, x, y)
    losses = ensemble.learn(x, y, make_orders(0))
    ensemble.write_back()
    final = by_name(with_exact_statistics(trained, SMALL.layers, SHAPE.networks))
    return outcome(trained, 1) | final | {"losses": losses, "ensemble": learner.numbers.flat}


@cache
def usual() -> dict[str, np.ndarray]:
    return computed()


@pytest.mark.parametrize("name", SETTINGS)
def test_programs_run_to_the_same_bits_whatever_the_user_has_told_jax(name):
    expected = usual()
    with SETTINGS[name]():
        found = computed()
    assert different_bits(found, expected) == []


def test_the_user_s_settings_hold_again_afterwards():
    with jax.debug_nans(True), jax.transfer_guard("disallow"):
        with own_settings():
            assert not jax.config.jax_debug_nans
        assert jax.config.jax_debug_nans
        assert jax.config.jax_transfer_guard == "disallow"


def test_they_hold_where_what_was_made_is_used():
    def made():
        yield jax.config.jax_debug_nans
        yield jax.config.jax_debug_nans

    with jax.debug_nans(True):
        used = [(while_made, jax.config.jax_debug_nans) for while_made in each_by_own_settings(made())]
    assert used == [(False, True)] * 2
