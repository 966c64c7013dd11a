"""`goru.claims.promises.bn_speed`: after how many epochs a score is reached."""

import numpy as np
import pytest
from claimed import cell, trained_by_hand

from goru.claims.promises.bn_speed import aim, epochs_until


def until(scores, wanted, baseline=0.1):
    return epochs_until(np.array(scores, float), wanted, baseline).tolist()


class TestEpochsUntil:
    def test_between_two_epochs_there_is_a_straight_line(self):
        assert until([[0.3, 0.5, 0.9]], 0.6) == pytest.approx([2.25])

    def test_the_line_begins_at_the_baseline(self):
        assert until([[0.5, 0.9]], 0.2) == pytest.approx([0.25])
        assert until([[0.5, 0.9]], 0.4, baseline=0.3) == pytest.approx([0.5])

    def test_a_score_that_is_met_exactly_is_reached_in_that_epoch(self):
        assert until([[0.25, 0.5, 0.75]], 0.5) == [2.0]

    def test_it_is_the_first_time_that_counts(self):
        assert until([[0.5, 0.2, 0.6]], 0.5) == pytest.approx([1.0])

    def test_what_is_not_reached_takes_one_epoch_more_than_there_were(self):
        assert until([[0.2, 0.3, 0.4]], 0.5) == [4.0]

    def test_every_seed_for_itself(self):
        assert until([[0.3, 0.7], [0.9, 0.9], [0.2, 0.2]], 0.5) == pytest.approx([1.5, 0.5, 3.0])

    def test_a_constant_baseline_that_is_good_enough_takes_no_epoch(self):
        assert until([[0.5, 0.9]], 0.3, baseline=0.4) == [0.0]


class TestAim:
    def results(self, *curves):
        """Cells whose score on training rows is that of a curve, a row a seed."""
        results = {}
        for key, curve in enumerate(curves):
            results[key] = trained_by_hand(cell(), len(curve[0]))
            results[key].training[..., 0], results[key].training[..., 1] = 99, np.array([*curve, *curve[:1]])
            results[key].test[:] = 99
        return results

    def test_is_part_of_the_way_from_a_constant_baseline_to_the_best_mean_score_on_training_rows(self):
        results = self.results([[0.2, 0.4], [0.3, 0.4]], [[0.9, 0.6], [0.6, 0.6]])
        # Means over the seeds (the first counts twice): 0.8 after the first epoch of the second cell.
        assert aim(results, 0.2, 0.5) == pytest.approx(0.2 + 0.5 * 0.6)
        assert aim(results, 0.0, 0.9) == pytest.approx(0.72)

    def test_is_not_that_of_a_lucky_seed_alone(self):
        assert aim(self.results([[0.0, 1.0], [1.0, 0.0]]), 0.0, 1.0) == pytest.approx(2 / 3)
