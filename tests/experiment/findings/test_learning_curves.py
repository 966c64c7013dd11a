"""Learning curves of a configuration, from curves made by hand."""

import numpy as np
import pytest
from experiments import PLAIN, arm_of, make_trial

from goru.experiment.findings.evidence import Band, LearningCurves, RowsCurves
from goru.experiment.findings.learning_curves import MOST_POINTS, epochs_shown, learning_curves, short
from goru.experiment.forms import as_read

DROPOUT = arm_of(dropout=True)


class TestEpochsShown:
    @pytest.mark.parametrize("epochs", [1, 2, 3, 100, MOST_POINTS])
    def test_of_a_short_training_all_are(self, epochs):
        assert epochs_shown(epochs).tolist() == list(range(1, epochs + 1))

    @pytest.mark.parametrize("epochs", [MOST_POINTS + 1, 2 * MOST_POINTS - 1, 1_000, 100_000])
    def test_of_a_long_one_as_many_as_a_screen_shows_evenly_spread_from_the_first_to_the_last(self, epochs):
        shown = epochs_shown(epochs)
        assert len(shown) == MOST_POINTS
        assert (shown[0], shown[-1]) == (1, epochs)
        apart = (epochs - 1) / (MOST_POINTS - 1)
        assert set(np.diff(shown)) <= {int(apart), int(apart) + 1}


# Two splits, two epochs; on training rows and on validation rows; loss and accuracy.
SPLITS = (
    [[[0.9, 0.50], [1.0, 0.40]], [[0.5, 0.75], [0.8, 0.60]]],
    [[[0.7, 0.60], [1.2, 0.30]], [[0.3, 0.85], [0.4, 0.80]]],
)


class TestLearningCurves:
    def test_are_the_mean_the_lowest_and_the_highest_split(self):
        trials = [make_trial(DROPOUT, 1, split, curves) for split, curves in enumerate(SPLITS)]
        assert learning_curves(trials, DROPOUT, 1) == LearningCurves(
            training=RowsCurves(
                loss=Band((0.8, 0.4), low=(0.7, 0.3), high=(0.9, 0.5)),
                accuracy=Band((0.55, 0.8), low=(0.5, 0.75), high=(0.6, 0.85)),
            ),
            validation=RowsCurves(
                loss=Band((1.1, 0.6), low=(1.0, 0.4), high=(1.2, 0.8)),
                accuracy=Band((0.35, 0.7), low=(0.3, 0.6), high=(0.4, 0.8)),
            ),
        )

    def test_other_configurations_and_other_arms_have_no_part_in_them(self):
        own = [make_trial(DROPOUT, 1, split, curves) for split, curves in enumerate(SPLITS)]
        others = [
            make_trial(arm, configuration, split, [9.0])
            for arm, configuration in ((DROPOUT, 0), (PLAIN, 1))
            for split in range(2)
        ]
        assert learning_curves([others[0], own[0], *others[1:], own[1]], DROPOUT, 1) == learning_curves(own, DROPOUT, 1)

    def test_of_numbers_there_is_the_loss_alone(self):
        found = learning_curves([make_trial(split=split, curves=[1.0, 0.5 + split]) for split in range(2)], PLAIN, 0)
        assert (found.training.accuracy, found.validation.accuracy) == (None, None)
        assert found.validation.loss == Band((1.0, 1.0), low=(1.0, 0.5), high=(1.0, 1.5))
        assert found.training.loss.mean == (0.5, 0.5)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("nothing", [np.nan, np.inf])
    def test_from_where_a_split_diverged_there_are_no_numbers(self, nothing):
        curves = [[1.0, 0.5, 0.25], [1.0, nothing, nothing]]
        found = learning_curves([make_trial(split=split, curves=own) for split, own in enumerate(curves)], PLAIN, 0)
        for part, first in ((found.validation, 1.0), (found.training, 0.5)):
            for values in (part.loss.mean, part.loss.high):
                assert values[0] == first
                assert not np.isfinite(values[1:]).any()

    def test_of_one_epoch_there_is_one_point(self):
        assert learning_curves([make_trial(curves=[0.5])], PLAIN, 0).validation.loss.mean == (0.5,)

    def test_of_many_epochs_those_that_are_shown(self):
        """The loss after an epoch is its number."""
        epochs = 100_000
        found = learning_curves([make_trial(curves=np.arange(1, epochs + 1))], PLAIN, 0)
        loss = found.validation.loss
        for values in (loss.mean, loss.low, loss.high):
            np.testing.assert_allclose(values, epochs_shown(epochs), rtol=1e-4)

    def test_a_trial_of_fewer_epochs_stays_where_it_ended(self):
        trials = [make_trial(split=0, curves=[1.0, 0.5]), make_trial(split=1, curves=[1.0, 0.5, 0.3, 0.1])]
        assert learning_curves(trials, PLAIN, 0).validation.loss.low == (1.0, 0.5, 0.3, 0.1)
        assert learning_curves(trials, PLAIN, 0).validation.loss.high == (1.0, 0.5, 0.5, 0.5)
        assert learning_curves(trials, PLAIN, 0, epochs=6).validation.loss.low == (1.0, 0.5, 0.3, 0.1, 0.1, 0.1)

    def test_where_the_training_loss_is_unknown_it_has_no_curve(self):
        curves = [[[np.nan], [0.5]], [[np.nan], [0.25]]]
        found = as_read(learning_curves([make_trial(curves=curves)], PLAIN, 0))
        assert (found.training.loss.known, found.validation.loss.known) == (False, True)


def test_a_picture_shows_five_digits():
    assert short(np.array([1 / 3, 123456.7, -1e-9 / 3, 0.0])) == (0.33333, 123460.0, -3.3333e-10, 0.0)
