"""What predictions are judged by: losses worked out by hand, at every temperature, in NumPy and in JAX alike."""

import jax.numpy as jnp
import numpy as np
import pytest

from goru.nn.judge import CLASSES, NUMBERS, Judge
from goru.nn.losses import LOSSES

TEMPERATURES = (0.5, 1.0, 4.0)
RNG = np.random.default_rng(0)
OUTPUTS = 5 * RNG.standard_normal((2, 3, 7)).astype(np.float32)  # of two networks, three classes, seven rows
LABELS = RNG.integers(0, 3, 7).astype(np.int32)
NUMBER = RNG.standard_normal((3, 7)).astype(np.float32)


def softmax(outputs):
    odds = np.exp(outputs - outputs.max(axis=-2, keepdims=True))
    return odds / odds.sum(axis=-2, keepdims=True)


def of(measure, outputs, targets, temperatures=(1.0,)):
    return np.asarray(Judge(measure, temperatures).of_rows(outputs, targets))


class TestOfClasses:
    def test_log_loss_is_what_networks_are_trained_by_with_outputs_divided_by_the_temperature(self):
        found = of("log-loss", OUTPUTS, LABELS, TEMPERATURES)
        assert found.shape == (3, 2, 7)
        for at, temperature in enumerate(TEMPERATURES):
            expected = LOSSES["softmax_cross_entropy"].of_rows(OUTPUTS / temperature, LABELS)
            np.testing.assert_allclose(found[at], expected, rtol=1e-5, atol=1e-6)

    def test_a_share_of_the_uniform_distribution_bounds_the_log_loss(self):
        found = np.asarray(Judge("log-loss", TEMPERATURES, 0.03).of_rows(100 * OUTPUTS, LABELS))
        for at, temperature in enumerate(TEMPERATURES):
            p = np.take_along_axis(softmax(100 * OUTPUTS / temperature), LABELS[None, None, :], axis=1)[:, 0]
            np.testing.assert_allclose(found[at], -np.log(0.97 * p + 0.01), rtol=1e-4, atol=1e-6)
        assert found.max() == pytest.approx(np.log(100), rel=1e-5)  # a third of the share

    def test_brier_is_the_squared_distance_of_the_probabilities_from_what_is_true(self):
        found, true = of("brier", OUTPUTS, LABELS, TEMPERATURES), np.arange(3)[:, None] == LABELS
        for at, temperature in enumerate(TEMPERATURES):
            expected = ((softmax(OUTPUTS / temperature) - true) ** 2).sum(axis=-2)
            np.testing.assert_allclose(found[at], expected, rtol=1e-4, atol=1e-6)

    def test_brier_worked_out_by_hand(self):
        outputs = np.log(np.array([[0.7, 0.7], [0.2, 0.2], [0.1, 0.1]], np.float32))
        np.testing.assert_allclose(of("brier", outputs, np.array([0, 2])), [[0.14, 1.34]], rtol=1e-5)

    def test_accuracy_counts_the_rows_that_are_wrong(self):
        np.testing.assert_array_equal(of("accuracy", OUTPUTS, LABELS)[0], OUTPUTS.argmax(axis=-2) != LABELS)

    def test_one_that_is_sure_and_wrong_is_better_at_a_high_temperature_and_worse_when_right(self):
        outputs = np.array([[9.0], [0.0]], np.float32)
        for label, order in ((1, -1), (0, 1)):
            losses = of("log-loss", outputs, np.array([label]), TEMPERATURES)[:, 0]
            assert (np.diff(losses) * order > 0).all()


class TestOfNumbers:
    def test_rmse_is_the_squared_error_and_mae_the_absolute_one_the_mean_of_several(self):
        np.testing.assert_allclose(of("rmse", OUTPUTS, NUMBER)[0], ((OUTPUTS - NUMBER) ** 2).mean(axis=-2), rtol=1e-5)
        np.testing.assert_allclose(of("mae", OUTPUTS, NUMBER)[0], abs(OUTPUTS - NUMBER).mean(axis=-2), rtol=1e-5)


@pytest.mark.parametrize("measure", [*CLASSES, *NUMBERS])
class TestAny:
    def test_numpy_and_jax_say_the_same(self, measure):
        targets = LABELS if measure in CLASSES else NUMBER
        compiled = of(measure, jnp.asarray(OUTPUTS), jnp.asarray(targets), TEMPERATURES)
        np.testing.assert_allclose(of(measure, OUTPUTS, targets, TEMPERATURES), compiled, rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("of_array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
    def test_outputs_that_are_no_numbers_have_no_finite_loss(self, measure, of_array):
        outputs = of_array(np.full((3, 2), np.nan, np.float32))
        targets = of_array(np.zeros(2, np.int32) if measure in CLASSES else np.zeros((3, 2), np.float32))
        assert not np.isfinite(of(measure, outputs, targets)).any()

    def test_huge_outputs_are_judged_without_an_overflow(self, measure):
        targets = np.zeros(1, np.int32) if measure in CLASSES else np.full((3, 1), 3e4, np.float32)
        assert np.isfinite(of(measure, np.full((3, 1), 3e4, np.float32), targets, (1.0, 2.0))).all()
