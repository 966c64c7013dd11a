"""Losses and predictions of outputs, against `goru.nn` and scikit-learn's metrics."""

import jax.numpy as jnp
import numpy as np
import pytest
from networks import LOSSES, OUTPUTS, ROWS, labels_or_targets, make_targets, summed
from sklearn import metrics

from goru.direct.losses import predictions, row_losses
from goru.nn.losses import LOSSES as NN_LOSSES

every_loss = pytest.mark.parametrize("loss", LOSSES)


def make_outputs(dtype=np.float64):
    return np.random.default_rng(0).normal(size=(2, ROWS, OUTPUTS)).astype(dtype)


@every_loss
def test_losses_are_those_of_jax_summed_over_outputs(loss):
    outputs, targets = make_outputs(np.float32), make_targets(loss, np.float32)
    found = row_losses(loss, outputs, targets)
    assert found.shape == (2, ROWS)
    for index in range(2):
        expected = summed(loss, NN_LOSSES[loss](jnp.asarray(outputs[index]), labels_or_targets(loss, targets)))
        np.testing.assert_allclose(found[index], expected, rtol=1e-4, atol=1e-5)


@every_loss
def test_the_gradient_of_a_loss_is_the_prediction_minus_the_target(loss):
    outputs, targets = make_outputs(), make_targets(loss)
    for output in range(OUTPUTS):
        step = 1e-6 * (np.arange(OUTPUTS) == output)
        slope = (row_losses(loss, outputs + step, targets) - row_losses(loss, outputs - step, targets)) / 2e-6
        np.testing.assert_allclose(slope, (predictions(loss, outputs) - targets)[..., output], atol=1e-8)


def test_losses_are_the_metrics_that_everyone_knows():
    outputs = make_outputs()[0]

    def mean_loss(loss):
        return row_losses(loss, outputs[None], make_targets(loss))[0].mean()

    def predicted(loss):
        return predictions(loss, outputs)

    labels = make_targets("softmax_cross_entropy").argmax(axis=1)
    assert mean_loss("softmax_cross_entropy") == pytest.approx(
        metrics.log_loss(labels, predicted("softmax_cross_entropy"))
    )
    binary = make_targets("binary_cross_entropy")
    each = [metrics.log_loss(binary[:, k], predicted("binary_cross_entropy")[:, k]) for k in range(OUTPUTS)]
    assert mean_loss("binary_cross_entropy") == pytest.approx(sum(each))
    squared = metrics.mean_squared_error(make_targets("squared_error"), outputs)
    assert mean_loss("squared_error") == pytest.approx(OUTPUTS * squared / 2)
    counts, means = make_targets("poisson").ravel(), predicted("poisson").ravel()
    assert mean_loss("poisson") == pytest.approx(OUTPUTS * metrics.mean_poisson_deviance(counts, means) / 2)


@every_loss
def test_predictions_are_in_their_range_and_leave_outputs_as_they_are(loss):
    outputs = make_outputs()
    found = predictions(loss, outputs)
    np.testing.assert_array_equal(outputs, make_outputs())
    if loss == "squared_error":
        np.testing.assert_array_equal(found, outputs)
    else:
        assert (found > 0).all()
    if loss.endswith("cross_entropy"):
        assert (found < 1).all()
    if loss == "softmax_cross_entropy":
        np.testing.assert_allclose(found.sum(axis=-1), 1)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "binary_cross_entropy"])
def test_sure_outputs_have_finite_losses_and_predictions(loss):
    outputs = np.array([[[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]]], np.float32)
    targets = np.array([[1, 0, 0], [1, 0, 0]], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        losses, predicted = row_losses(loss, outputs, targets), predictions(loss, outputs)
    assert np.isfinite(predicted).all()
    assert losses[0, 0] == pytest.approx(0 if loss.startswith("softmax") else np.log(2))
    assert losses[0, 1] >= 2e4 - 1


def test_an_unknown_loss_is_named():
    for function in (predictions, lambda loss, outputs: row_losses(loss, outputs, outputs)):
        with pytest.raises(ValueError, match="hinge"):
            function("hinge", make_outputs())
