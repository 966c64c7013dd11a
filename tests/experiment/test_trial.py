"""Trials as arrays of losses."""

import numpy as np
import pytest
from experiments import EPOCHS, PARTS, PLAIN, arm_of, even_shares, losses_of, make_trial

from goru.experiment.trial import losses_by_arm

INF, NAN = np.inf, np.nan
DROPOUT = arm_of(dropout=True)


def test_a_trial_is_shown_in_one_line_without_its_curves():
    told = repr(make_trial(DROPOUT, 1, 2))
    assert "configuration=1, split=2" in told
    assert "array" not in told
    assert "\n" not in told


class TestLosses:
    def test_they_stand_by_arm_configuration_split_and_epoch(self):
        trials = [
            make_trial(arm, configuration, split)
            for split in range(3)
            for arm in (DROPOUT, PLAIN)
            for configuration in (1, 0)
        ]
        found = losses_of(trials)
        assert found.keys() == {PLAIN, DROPOUT}
        for arm in found.values():
            assert arm.validation.shape == arm.training.shape == (2, 3, EPOCHS)
            assert arm.parts.shape == (2, 3, EPOCHS, PARTS)
        for trial in trials:
            own, place = found[trial.arm], (trial.configuration, trial.split)
            np.testing.assert_array_equal(own.training[place], trial.curves[:, 0, 0])
            np.testing.assert_array_equal(own.validation[place], trial.curves[:, 1, 0])
            np.testing.assert_array_equal(own.parts[place], trial.parts)

    @pytest.mark.parametrize("diverged", [NAN, INF, -INF])
    def test_what_is_not_finite_is_an_infinite_loss(self, diverged):
        curves = np.array([[0.25, 0.5], [diverged, 0.5], [0.25, diverged]])[:, :, None]
        found = losses_of([make_trial(curves=curves)])[PLAIN]
        np.testing.assert_array_equal(found.training, [[[0.25, INF, 0.25]]])
        np.testing.assert_array_equal(found.validation, [[[0.5, 0.5, INF]]])

    def test_a_trial_that_is_missing_is_no_number(self):
        found = losses_of([make_trial(configuration=0, split=0), make_trial(configuration=1, split=1)])[PLAIN]
        for name in ("training", "validation", "parts"):
            own = getattr(found, name)
            assert np.isnan(own[0, 1]).all()
            assert np.isnan(own[1, 0]).all()
            assert np.isfinite(own[[0, 1], [0, 1]]).all()

    def test_an_arm_with_fewer_configurations_than_another_is_no_number_where_they_are_missing(self):
        found = losses_of([make_trial(PLAIN, 0), make_trial(PLAIN, 1), make_trial(DROPOUT, 0)])
        assert np.isnan(found[DROPOUT].validation[1]).all()
        assert found[DROPOUT].validation.shape == found[PLAIN].validation.shape

    def test_the_order_of_trials_does_not_matter(self):
        trials = [
            make_trial(arm, configuration, split)
            for arm in (PLAIN, DROPOUT)
            for configuration in range(2)
            for split in range(3)
        ]
        one, other = losses_of(trials), losses_of(trials[::-1])
        for arm in (PLAIN, DROPOUT):
            np.testing.assert_array_equal(one[arm].validation, other[arm].validation)
            np.testing.assert_array_equal(one[arm].parts, other[arm].parts)

    def test_shares_are_those_of_the_splits_that_there_are(self):
        shares = np.random.default_rng(0).dirichlet(np.ones(PARTS), size=6)
        found = losses_by_arm([make_trial(arm, 0, split) for arm in (PLAIN, DROPOUT) for split in range(3)], shares)
        for own in found.values():
            np.testing.assert_array_equal(own.shares, shares[:3])


@pytest.mark.parametrize(
    ("curve", "best"), [([0.5, 0.3, 0.4], 0.3), ([0.5, NAN, 0.4], 0.4), ([0.5, -INF, INF], 0.5), ([NAN, INF], INF)]
)
def test_the_best_loss_is_the_lowest_finite_one(curve, best):
    assert make_trial(curves=curve).best == pytest.approx(best)


class TestDifferentLengths:
    """A trial with fewer epochs than others stays where it ended."""

    LONG, SHORT = [0.9, 0.8, 0.7, 0.6], [0.5, 0.4]

    def test_losses_are_padded_with_the_last_ones(self):
        found = losses_of(
            [make_trial(configuration=0, curves=self.LONG), make_trial(configuration=1, curves=self.SHORT)]
        )[PLAIN]
        np.testing.assert_allclose(found.validation[:, 0], [self.LONG, [0.5, 0.4, 0.4, 0.4]], rtol=1e-6)
        np.testing.assert_allclose(found.training, found.validation / 2, rtol=1e-6)

    def test_so_are_parts_whole_or_looked_at_in_a_few_places(self):
        trials = [make_trial(configuration=0, curves=self.LONG), make_trial(configuration=1, curves=self.SHORT)]
        found = losses_of(trials)[PLAIN]
        np.testing.assert_allclose(np.asarray(found.parts).sum(axis=-1), found.validation, rtol=1e-6)
        places = np.array([0, 1, 1, 1]), np.array([0, 0, 0, 0]), np.array([3, 0, 1, 3])
        np.testing.assert_array_equal(found.parts[places], np.asarray(found.parts)[places])
        np.testing.assert_allclose(found.parts[places].sum(axis=-1), [0.6, 0.5, 0.4, 0.4], rtol=1e-6)

    def test_of_an_arm_that_is_shorter_than_another_too(self):
        found = losses_of([make_trial(PLAIN, curves=self.LONG), make_trial(DROPOUT, curves=self.SHORT)])
        assert found[DROPOUT].validation.shape == found[PLAIN].validation.shape == (1, 1, 4)
        for losses in found.values():
            np.testing.assert_allclose(np.asarray(losses.parts).sum(axis=-1), losses.validation, rtol=1e-6)

    def test_one_that_diverged_and_ended_stays_infinite(self):
        found = losses_of(
            [make_trial(configuration=0, curves=self.LONG), make_trial(configuration=1, curves=[0.5, NAN])]
        )[PLAIN]
        assert found.validation[1, 0].tolist() == [0.5, INF, INF, INF]

    def test_one_that_failed_before_its_first_epoch_is_as_if_it_had_not_been_made(self):
        failed = make_trial(configuration=1, curves=np.zeros((0, 2, 1)), parts=np.zeros((0, 0)), ended="failed")
        for trials in (
            [make_trial(configuration=0, curves=self.LONG), failed],
            [failed, make_trial(configuration=0, curves=self.LONG)],
        ):
            found = losses_of(trials) if trials[0] is not failed else losses_by_arm(trials, even_shares(1))
            np.testing.assert_array_equal(found[PLAIN].validation[1, 0], [NAN] * 4)
            assert np.asarray(found[PLAIN].parts).shape == (2, 1, 4, PARTS)
            places = np.array([0, 1]), np.array([0, 0]), np.array([3, 3])
            np.testing.assert_allclose(found[PLAIN].parts[places].sum(axis=-1), [0.6, NAN], rtol=1e-6)
        assert failed.best == INF


class TestTemperatures:
    """Where parts are recorded at several temperatures, their sums judge, and not the loss of the curves."""

    PARTS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)  # epochs, temperatures, parts

    def trial(self, **more):
        return make_trial(curves=[0.9, 0.8], parts=self.PARTS, **more)

    def test_every_epoch_has_a_loss_at_each(self):
        np.testing.assert_array_equal(self.trial().validation, [[6, 22, 38], [54, 70, 86]])
        assert self.trial().best == 6
        assert make_trial(curves=[0.9, 0.8]).validation.shape == (2, 1)

    def test_a_stop_is_an_epoch_at_a_temperature(self):
        found = losses_by_arm([self.trial()], even_shares(1), (1.0, 2.0, 4.0))[PLAIN]
        np.testing.assert_array_equal(found.validation, [[[6, 22, 38, 54, 70, 86]]])
        assert [found.epoch(stop) for stop in range(6)] == [0, 0, 0, 1, 1, 1]
        assert [found.temperature(stop) for stop in range(6)] == [1, 2, 4, 1, 2, 4]

    def test_the_curves_stay_those_of_the_loss_that_networks_are_trained_by(self):
        found = losses_by_arm([self.trial()], even_shares(1), (1.0, 2.0, 4.0))[PLAIN]
        np.testing.assert_allclose(found.curves, [[[0.9, 0.8]]], rtol=1e-6)
        np.testing.assert_allclose(found.training, [[[0.45, 0.4]]], rtol=1e-6)
        assert losses_of([make_trial()])[PLAIN].learning is None

    def test_a_trial_with_fewer_epochs_stays_at_all_temperatures_of_its_last(self):
        short = make_trial(configuration=1, curves=[0.7], parts=self.PARTS[:1])
        found = losses_by_arm([self.trial(), short], even_shares(1), (1.0, 2.0, 4.0))[PLAIN]
        np.testing.assert_array_equal(found.validation[1, 0], [6, 22, 38, 6, 22, 38])
        places = np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([4, 4, 5])
        np.testing.assert_array_equal(found.parts[places], [self.PARTS[1, 1], self.PARTS[0, 1], self.PARTS[0, 2]])
        np.testing.assert_array_equal(found.parts[places], np.asarray(found.parts)[places])

    def test_a_part_that_is_not_finite_is_an_infinite_loss_at_that_stop_alone(self):
        parts = self.PARTS.copy()
        parts[1, 0, 2] = NAN
        found = losses_by_arm([make_trial(curves=[0.9, 0.8], parts=parts)], even_shares(1), (1.0, 2.0, 4.0))[PLAIN]
        np.testing.assert_array_equal(found.validation, [[[6, 22, 38, INF, 70, 86]]])

    def test_some_configurations_are_losses_of_their_own(self):
        trials = [self.trial(), make_trial(configuration=1, curves=[0.5, 0.4], parts=2 * self.PARTS)]
        one = losses_by_arm(trials, even_shares(1), (1.0, 2.0, 4.0))[PLAIN].of([1])
        np.testing.assert_array_equal(one.validation, [[[12, 44, 76, 108, 140, 172]]])
        np.testing.assert_allclose(one.curves, [[[0.5, 0.4]]], rtol=1e-6)
        assert (one.parts.shape, one.temperatures) == ((1, 1, 6, 4), (1.0, 2.0, 4.0))
