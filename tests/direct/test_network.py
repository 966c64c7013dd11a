"""The forward and the backward pass against `goru.nn`, the reference, and against numerical differences."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks import (
    FORMS,
    HIDDEN,
    IDS,
    LOSSES,
    OUTPUTS,
    PLACES,
    ROWS,
    architecture_of,
    hyper_of,
    labels_or_targets,
    make_parameters,
    make_rows,
    make_shares,
    make_targets,
    name,
    network_of,
    summed,
)

from goru.direct import network as direct
from goru.direct.losses import row_losses
from goru.direct.network import Form, Running
from goru.direct.parameters import Parameters
from goru.model.networks import PlainNetworks
from goru.nn import fold as nn_fold
from goru.nn import network as nn
from goru.nn.batch_norm import Statistics, corrected
from goru.nn.losses import LOSSES as NN_LOSSES

STEP = 17
every_form = pytest.mark.parametrize("form", FORMS, ids=name)
with_batch_norm = pytest.mark.parametrize(
    "form", [form for form in FORMS if form.batch_norm and form.activation == "tanh"], ids=name
)


def take_gradient(form, parameters, x, targets, shares, running=None, step=STEP, ids=IDS):
    """The losses, and the gradient."""
    out = parameters.like()
    out.flat[:] = np.nan  # so that a number that is not written shows
    losses = direct.gradient(form, parameters, running, x, targets, shares, ids[: len(parameters)], step, out)
    return losses, out


@every_form
def test_loss_and_gradient_of_a_batch_are_those_of_jax_for_every_loss(form):
    parameters, x, shares = make_parameters(form, np.float32), make_rows(np.float32), make_shares(np.float32)
    architecture, hyper = architecture_of(form), hyper_of(form)
    for index, network_id in list(enumerate(IDS))[1:]:

        def forward(network, network_id=network_id):
            running = nn.init_running(architecture)
            return nn.forward_train(architecture, network, running, hyper, jnp.asarray(x), jnp.uint32(network_id), STEP)

        outputs, back, _ = jax.vjp(forward, network_of(parameters, index), has_aux=True)
        for loss in LOSSES:
            targets = make_targets(loss, np.float32)
            known = labels_or_targets(loss, targets)

            def of_outputs(outputs, loss=loss, known=known):
                return jnp.sum(summed(loss, NN_LOSSES[loss](outputs, known)) * shares)

            expected_loss, slope = jax.value_and_grad(of_outputs)(outputs)
            (expected,) = back(slope)
            losses, gradient = take_gradient(replace(form, loss=loss), parameters, x, targets, shares)
            assert losses[index] == pytest.approx(float(expected_loss), rel=1e-4)
            found = network_of(gradient, index)
            assert any(np.abs(leaf).max() > 1e-2 for leaf in jax.tree.leaves(expected))
            for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * float(np.abs(slope).max()))


@pytest.mark.parametrize("loss", LOSSES)
@every_form
def test_the_gradient_is_that_of_numerical_differences(form, loss):
    form = replace(form, loss=loss)
    parameters, x, targets, shares = make_parameters(form), make_rows(), make_targets(loss), make_shares()
    _, gradient = take_gradient(form, parameters, x, targets, shares)
    rng = np.random.default_rng(5)
    for _ in range(3):
        direction = rng.choice([-1.0, 1.0], parameters.flat.shape)
        ahead, behind = (
            take_gradient(form, Parameters(parameters.layout, parameters.flat + h * direction), x, targets, shares)[0]
            for h in (1e-6, -1e-6)
        )
        np.testing.assert_allclose(
            (gradient.flat * direction).sum(axis=1), (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-7
        )


@pytest.mark.parametrize("hidden", [(), (4,), (8, 3, 5)])
@pytest.mark.parametrize("place", PLACES)
def test_the_gradient_of_any_number_of_layers_is_that_of_numerical_differences(place, hidden):
    form = Form("tanh", batch_norm=place)
    parameters, x, targets = make_parameters(form, hidden=hidden), make_rows(), make_targets("softmax_cross_entropy")
    _, gradient = take_gradient(form, parameters, x, targets, make_shares())
    for index in range(parameters.layout.size):
        ahead, behind = (Parameters(parameters.layout, parameters.flat.copy()) for _ in range(2))
        ahead.flat[:, index] += 1e-6
        behind.flat[:, index] -= 1e-6
        slope = [take_gradient(form, moved, x, targets, make_shares())[0] for moved in (ahead, behind)]
        np.testing.assert_allclose(gradient.flat[:, index], (slope[0] - slope[1]) / 2e-6, rtol=1e-6, atol=1e-8)


@every_form
def test_a_network_learns_beside_others_as_it_does_alone(form):
    parameters, x, targets, shares = make_parameters(form), make_rows(), make_targets("squared_error"), make_shares()
    losses, gradient = take_gradient(form, parameters, x, targets, shares)
    for index in range(2):
        alone = Parameters(parameters.layout, parameters.flat[index : index + 1].copy())
        loss, own = take_gradient(form, alone, x, targets, shares, ids=IDS[index:])
        assert losses[index] == pytest.approx(loss[0], rel=1e-12)
        np.testing.assert_allclose(gradient.flat[index], own.flat[0], rtol=1e-9, atol=1e-12)


def test_the_gradient_leaves_numbers_rows_and_targets_as_they_are():
    for form in FORMS:
        parameters, x, targets, shares = (
            make_parameters(form),
            make_rows(),
            make_targets("squared_error"),
            make_shares(),
        )
        take_gradient(form, parameters, x, targets, shares)
        np.testing.assert_array_equal(parameters.flat, make_parameters(form).flat)
        np.testing.assert_array_equal(x, make_rows())
        np.testing.assert_array_equal(targets, make_targets("squared_error"))
        np.testing.assert_array_equal(shares, make_shares())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_form
def test_everything_is_computed_in_the_precision_of_the_numbers(form, dtype):
    parameters, x = make_parameters(form, dtype), make_rows(dtype)
    running = Running(parameters) if form.batch_norm else None
    _, gradient = take_gradient(form, parameters, x, make_targets("squared_error", dtype), make_shares(dtype), running)
    statistics = running.statistics() if running else []
    found = [
        gradient.flat,
        direct.outputs(form, parameters, statistics, x),
        *(array for layer in statistics for array in layer),
        *(array for layer in direct.population_statistics(form, parameters, x, IDS) for array in layer),
        *(array for arrays in direct.fold(form, parameters, statistics) for array in arrays),
    ]
    assert {array.dtype for array in found} == {np.dtype(dtype)}


def test_a_bias_that_batch_norm_takes_away_again_has_no_gradient():
    form = Form(batch_norm="before")
    _, gradient = take_gradient(
        form, make_parameters(form), make_rows(), make_targets("softmax_cross_entropy"), make_shares()
    )
    assert [bool(bias.any()) for bias in gradient.biases] == [False, False, True]


def test_a_row_of_share_zero_does_not_move_a_network_without_batch_norm():
    form = Form("silu", "squared_error")
    parameters, x, targets = make_parameters(form), make_rows(), make_targets("squared_error")
    shares = np.zeros(ROWS)
    shares[:4] = 0.25
    _, all_rows = take_gradient(form, parameters, x, targets, shares)
    _, four = take_gradient(form, parameters, x[:4], targets[:4], shares[:4])
    np.testing.assert_allclose(all_rows.flat, four.flat, rtol=1e-10, atol=1e-14)


# Statistics


@with_batch_norm
def test_running_statistics_are_those_of_jax(form):
    parameters, running = make_parameters(form, np.float32), Running(make_parameters(form, np.float32))
    architecture, hyper = architecture_of(form), hyper_of(form)
    expected = [nn.init_running(architecture)] * 2
    for step in range(3):
        x, rows = make_rows(np.float32, 6 + step, seed=step), 6 + step
        targets = make_targets("squared_error", np.float32, rows)
        take_gradient(form, parameters, x, targets, make_shares(np.float32, rows), running, step)
        for index, network_id in enumerate(IDS):
            network = network_of(parameters, index)
            _, expected[index] = nn.forward_train(
                architecture, network, expected[index], hyper, jnp.asarray(x), jnp.uint32(network_id), step
            )
    for layer, (mean, variance) in enumerate(running.statistics()):
        for index in range(2):
            seen = corrected(expected[index][layer])
            np.testing.assert_allclose(mean[index], seen.mean, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(variance[index], seen.variance, rtol=1e-4)


def test_running_statistics_of_nothing_are_mean_0_and_variance_1():
    for mean, variance in Running(make_parameters(Form(batch_norm="after"))).statistics():
        assert not mean.any()
        assert (variance == 1).all()


@with_batch_norm
def test_population_statistics_are_those_of_jax(form):
    parameters, x = make_parameters(form, np.float32), make_rows(np.float32, 40)
    found = direct.population_statistics(form, parameters, x, IDS)
    assert len(found) == len(HIDDEN)
    for index, network_id in enumerate(IDS):
        expected = nn.population_statistics(
            architecture_of(form), network_of(parameters, index), hyper_of(form), jnp.asarray(x), jnp.uint32(network_id)
        )
        for (mean, variance), other in zip(found, expected, strict=True):
            np.testing.assert_allclose(mean[index], other.mean, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(variance[index], other.variance, rtol=1e-4)


# Inference


def make_statistics(seed=9):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(2, width)), rng.uniform(0.3, 3, (2, width))) for width in HIDDEN]


@every_form
def test_outputs_at_test_time_are_those_of_jax(form):
    parameters, x = make_parameters(form, np.float32), make_rows(np.float32)
    statistics = [tuple(array.astype(np.float32) for array in layer) for layer in make_statistics()]
    statistics = statistics if form.batch_norm else []
    found = direct.outputs(form, parameters, statistics, x)
    assert found.shape == (2, ROWS, OUTPUTS)
    for index in range(2):
        own = tuple(Statistics(jnp.asarray(mean[index]), jnp.asarray(variance[index])) for mean, variance in statistics)
        expected = nn.forward_inference(
            architecture_of(form), network_of(parameters, index), own, hyper_of(form), jnp.asarray(x)
        )
        np.testing.assert_allclose(found[index], expected, rtol=1e-4, atol=1e-4)


@every_form
def test_folded_networks_compute_what_the_networks_do_without_batch_norm(form):
    parameters, x = make_parameters(form), make_rows()
    statistics = make_statistics() if form.batch_norm else []
    weights, biases = direct.fold(form, parameters, statistics)
    plain = PlainNetworks(form.activation, tuple(weights), tuple(biases))
    expected = direct.outputs(form, parameters, statistics, x)
    np.testing.assert_allclose(plain.outputs(x), expected, rtol=1e-10, atol=1e-12)


@with_batch_norm
def test_folded_networks_are_those_of_jax(form):
    parameters, statistics = make_parameters(form, np.float32), make_statistics()
    weights, biases = direct.fold(form, parameters, statistics)
    for index in range(2):
        own = tuple(
            Statistics(jnp.asarray(mean[index], jnp.float32), jnp.asarray(variance[index], jnp.float32))
            for mean, variance in statistics
        )
        expected = nn_fold.fold(architecture_of(form), network_of(parameters, index), own, hyper_of(form))
        for layer, affine in enumerate(expected):
            np.testing.assert_allclose(weights[layer][index], affine.weight, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(biases[layer][index], affine.bias, rtol=1e-4, atol=1e-4)


def test_folding_makes_copies():
    for form in (Form(), Form(batch_norm="before"), Form(batch_norm="after")):
        parameters = make_parameters(form)
        statistics = make_statistics() if form.batch_norm else []
        arrays = [array for part in direct.fold(form, parameters, statistics) for array in part]
        assert not any(np.shares_memory(array, parameters.flat) for array in arrays)


def test_dropout_deletes_in_training_only():
    with_dropout, without = Form(dropout=0.5, loss="squared_error"), Form(loss="squared_error")
    parameters, x = make_parameters(without), make_rows()
    np.testing.assert_array_equal(
        direct.outputs(with_dropout, parameters, [], x), direct.outputs(without, parameters, [], x)
    )
    targets, shares = make_targets("squared_error"), make_shares()
    one, two, same = (take_gradient(with_dropout, parameters, x, targets, shares, step=step)[0] for step in (1, 2, 1))
    assert (one != two).all()
    assert (one == same).all()


def test_the_mean_over_masks_of_what_the_next_layer_reads_is_what_it_reads_at_test_time():
    """Of a network with one hidden layer, whose outputs are affine in the mask."""
    form = Form("tanh", "squared_error", dropout=0.4)
    parameters, x = make_parameters(form, networks=1, hidden=(6,)), make_rows(rows=1)
    target, shares = np.zeros((1, OUTPUTS)), np.ones(1)
    # The gradient of the output's bias is the output minus the target.
    outputs = [
        take_gradient(form, parameters, x, target, shares, step=step)[1].biases[-1][0].copy() for step in range(4000)
    ]
    error = np.std(outputs, axis=0) / len(outputs) ** 0.5
    expected = direct.outputs(form, parameters, [], x)[0, 0]
    assert (np.abs(np.mean(outputs, axis=0) - expected) < 4 * error).all()


def test_losses_are_weighed_sums_of_the_rows_losses():
    for loss in LOSSES:
        form = Form(loss=loss)
        parameters, x, targets, shares = make_parameters(form), make_rows(), make_targets(loss), make_shares()
        losses, _ = take_gradient(form, parameters, x, targets, shares)
        outputs = direct.outputs(form, parameters, [], x)
        np.testing.assert_allclose(losses, row_losses(loss, outputs, targets) @ shares)
