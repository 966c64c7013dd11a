"""What an effect may be wrong by, against arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest
from experiments import even_shares
from judging import PARTS, WITHOUT, difference, error_of

from goru.experiment.effects.effects import MOST_MODERATING, Compared, Prior, error, priors

INF = float("inf")


class TestError:
    """Four splits and two parts of the rows."""

    def test_a_worked_example(self):
        source = error_of(PARTS, WITHOUT)
        # Means over the splits: 0.3 and 0.35, of variance 0.00125; two parts make 0.0025 of rows.
        assert source.rows == pytest.approx(0.05)
        # Losses 0.4, 0.4, 1.4 and 0.4: variance 0.25, over four splits 0.0625. Of it the rows explain: variances
        # within the splits 0.02, 0.02, 0.02 and 0, on average 0.015, of two parts 0.03, over four splits 0.0075.
        assert source.networks == pytest.approx(np.sqrt(0.0625 - 0.0075))
        # Without a configuration: three times 0.1 below the mean of 0.75, and 0.3 above it; 0.12 · 3 / 4, half of it.
        assert source.search == pytest.approx(np.sqrt(0.045))
        assert source.total == pytest.approx(np.sqrt(0.0025 + 0.055 + 0.045))
        # Two parts, four splits, four configurations; the networks' variance is as uncertain as the splits'.
        freedom = 0.1025**2 / (0.0025**2 / 1 + 0.0625**2 / 3 + 0.045**2 / 3)
        assert source.freedom == pytest.approx(freedom)

    def test_each_source_is_a_vector_whose_length_it_is_and_all_are_one(self):
        source = error_of(PARTS, WITHOUT)
        assert [len(source.of_rows), len(source.of_networks), len(source.of_search)] == [2, 4, 4]
        assert source.total == pytest.approx(np.linalg.norm(source.residuals))
        assert len(source.residuals) == 10

    def test_two_effects_multiplied_are_their_covariance(self):
        """As the variance of their sum shows."""
        rng = np.random.default_rng(0)
        one, two = (rng.normal(size=(4, 3)) + rng.normal(size=(4, 1)) for _ in range(2))
        first, second, both = (error_of(parts, parts[:, 0]) for parts in (one, two, one + two))
        for name in ("of_rows", "of_search"):
            covariance = getattr(first, name) @ getattr(second, name)
            squares = [np.sum(getattr(source, name) ** 2) for source in (first, second, both)]
            assert squares[2] == pytest.approx(squares[0] + squares[1] + 2 * covariance)

    def test_the_opposite_has_opposite_residuals(self):
        there, back = error_of(PARTS, WITHOUT), error_of(-PARTS, np.negative(WITHOUT))
        np.testing.assert_allclose(back.residuals, -there.residuals)
        assert back.freedom == pytest.approx(there.freedom)


class TestRowsAndNetworks:
    def test_degrees_of_freedom_after_satterthwaite(self):
        # Of five parts, each adds 0, 0.1 or 0.2 in all splits, and in the splits -0.06, 0 or 0.06 more.
        source = error_of(np.add.outer([-0.06, 0, 0.06], [0, 0.1, 0.2, 0.1, 0.1]))
        # Rows: variance 0.005 of five parts, 0.025. Splits: 0.2, 0.5, 0.8, of variance 0.09, over three 0.03; of it
        # the rows explain 0.025 / 3.
        rows, networks = 0.025, 0.03 - 0.025 / 3
        assert (source.rows**2, source.networks**2) == pytest.approx((rows, networks))
        assert source.freedom == pytest.approx((rows + networks) ** 2 / (rows**2 / 4 + 0.03**2 / 2))

    def test_where_rows_explain_all_that_splits_differ_by_networks_add_nothing(self):
        # The splits lose 1 and 1.1, of variance 0.005; within them parts differ by more.
        source = error_of([[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.4, 0.4]])
        assert source.networks == 0
        # Means 0.15, 0.15, 0.35, 0.4, of variance 0.051875 / 3; four parts.
        assert source.rows == pytest.approx(np.sqrt(4 * 0.051875 / 3))
        assert source.freedom == pytest.approx(3)  # of four parts, whose variance is all there is

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("more", [1.001, 1.1, 2.0])
    def test_where_they_explain_nearly_all_there_are_no_fewer_degrees_of_freedom_than_of_the_splits(self, more):
        """Parts disagree in every split, and on average agree: of rows there is nothing."""
        within = np.array([[1.0, -1], [-1, 1], [1, -1], [-1, 1]])  # of variance 4 each, over four splits 1
        between = np.sqrt(3 * more) * np.array([[-0.5], [0.5], [0.5], [-0.5]])
        source = error_of(within + between)
        assert (source.rows, source.networks) == pytest.approx((0, np.sqrt(more - 1)))
        assert source.freedom == pytest.approx(3)

    def test_where_parts_agree_all_that_splits_differ_by_is_the_networks(self):
        source = error_of([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]])
        assert source.rows == pytest.approx(0, abs=1e-15)
        assert source.networks == pytest.approx(np.sqrt(0.04 / 3))  # 0.2, 0.4, 0.6
        assert source.freedom == pytest.approx(2)

    def test_where_there_is_no_error_there_are_the_degrees_of_freedom_of_the_splits(self):
        source = error_of(np.full((4, 2), 0.25), [0.5] * 5)
        assert (source.total, source.freedom) == (0, 3)

    def test_a_part_of_more_rows_may_add_more(self):
        """All rows of a split lose as much: a part then adds its share of the rows, and rows leave nothing open."""
        shares = np.array([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
        source = error_of(shares * [[0.4], [0.7], [0.1]], shares=shares)
        assert source.networks == pytest.approx(np.sqrt(0.09 / 3))  # of 0.4, 0.7 and 0.1
        even = error_of(shares * 0.4, shares=shares)
        assert (even.rows, even.networks) == pytest.approx((0, 0), abs=1e-12)

    def test_parts_of_different_sizes_by_hand(self):
        # Half of the rows are in one part, a quarter in each of two others. The mean loss is 1; by their shares parts
        # would add 0.5, 0.25, 0.25, and they add 0.1 more, 0.1 less and as much. 3 / 2 of the squares: 0.03.
        source = error_of([[0.6, 0.15, 0.25]] * 2, shares=[[0.5, 0.25, 0.25]] * 2)
        assert source.rows == pytest.approx(np.sqrt(0.03))
        assert source.freedom == pytest.approx(2)

    def test_a_part_without_a_row_is_no_part(self):
        wide = np.insert(PARTS, 1, 0.0, axis=1)
        source, expected = error_of(wide, shares=[[0.5, 0, 0.5]] * 4), error_of(PARTS)
        assert (source.rows, source.networks, source.freedom) == pytest.approx(
            (expected.rows, expected.networks, expected.freedom)
        )

    def test_a_part_may_have_rows_in_some_splits_alone(self):
        # In each of two splits one of three parts has no row; the two others add 0.1 more and 0.1 less than their half.
        parts, shares = [[0.6, 0.4, 0.0], [0.0, 0.6, 0.4]], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
        source = error_of(parts, shares=shares)
        # On average parts have 1/4, 1/2 and 1/4 of the rows, and add 0.3, 0.5 and 0.2: 3/2 (0.05² + 0 + 0.05²).
        assert source.rows == pytest.approx(np.sqrt(0.0075))
        assert source.networks == 0

    @pytest.mark.filterwarnings("error")
    def test_of_one_part_rows_cannot_tell(self):
        source = error_of([[0.4], [0.6], [0.5]])
        assert source.rows == 0
        assert source.networks == pytest.approx(np.sqrt(0.01 / 3))

    def test_what_all_rows_have_in_common_is_no_error(self):
        source, expected = error_of(PARTS + 10), error_of(PARTS)
        assert (source.rows, source.networks) == pytest.approx((expected.rows, expected.networks))


class TestSearch:
    """What each configuration's absence changes: the jackknife."""

    AGREED = np.full((3, 2), 0.5)

    @pytest.mark.parametrize("count", [2, 3, 8])
    def test_where_the_best_alone_is_missed_it_is_the_distance_to_the_second_best(self, count):
        # Σ of squares about the mean: d² (1 - 1/n); of it (n - 1)/n, and half of that.
        source = error_of(self.AGREED, [1.3] + [1.0] * (count - 1))
        assert source.search == pytest.approx(0.3 / np.sqrt(2) * (count - 1) / count)
        assert (source.rows, source.networks) == (0, 0)
        assert source.freedom == pytest.approx(count - 1)

    def test_where_none_is_missed_there_is_none(self):
        assert error_of(self.AGREED, [1.0] * 4).search == 0

    @pytest.mark.parametrize("without", [[], [1.0]])
    def test_of_one_configuration_or_where_nothing_is_tuned_there_is_none_to_be_seen(self, without):
        assert error_of(self.AGREED, without).search == 0

    @pytest.mark.parametrize("count", [3, 6])
    def test_it_is_the_variance_of_the_lowest_of_exponential_losses(self, count):
        """Two arms, each as good as its best configuration: that one's excess has a variance of 1/n²."""
        losses = np.random.default_rng(0).exponential(size=(4000, 2, count))
        without = np.stack([np.delete(losses, one, axis=2).min(axis=2) for one in range(count)], axis=2)
        squares = [error_of(self.AGREED, one - other).search ** 2 for one, other in without]
        assert np.mean(squares) == pytest.approx(2 / count**2, rel=0.1)


class TestUnexplained:
    """What main effects leave unexplained: a second estimate of the error of the search."""

    AGREED = np.full((3, 2), 0.5)
    WITHOUT = np.array([1.3, 1.0, 1.0])  # the jackknife: 0.3 / √2 · 2/3, squared 0.02; two degrees of freedom
    LEFT = np.array([0.2, -0.2, 0.1, -0.1])  # the sum of squares is 0.1

    def source(self, without, freedom=3):
        difference = Compared(self.AGREED.sum(axis=1), self.AGREED, np.asarray(without), self.LEFT, freedom)
        return error(difference, even_shares(3, 2))

    def test_is_pooled_with_the_jackknife_by_degrees_of_freedom(self):
        source = self.source(self.WITHOUT)
        assert source.search**2 == pytest.approx((2 * 0.02 + 3 * 0.1) / 5)
        assert source.freedom == pytest.approx(5)

    @pytest.mark.parametrize("without", [[], [1.0]])
    def test_says_nothing_where_nothing_is_tuned(self, without):
        assert self.source(without).search == 0

    def test_without_degrees_of_freedom_the_jackknife_stands_alone(self):
        assert self.source(self.WITHOUT, freedom=0).search ** 2 == pytest.approx(0.02)


class TestModerated:
    """By how much splits differ in other main effects says how much they do in one."""

    SHARES = even_shares(4, 2)
    # As in the worked example: 0.0625 between the splits, of which the rows explain 0.0075.
    OWN, WITHIN = 0.0625, 0.0075

    def main(self, parts=PARTS):
        return replace(difference(parts), is_main=True)

    def test_the_two_are_mixed_by_their_degrees_of_freedom(self):
        source = error(difference(PARTS), self.SHARES, prior=Prior(2.0, 4))
        variance = (3 * self.OWN + 4 * 2 * self.WITHIN) / 7
        assert source.networks**2 == pytest.approx(variance - self.WITHIN)
        total = 0.0025 + variance - self.WITHIN
        assert source.freedom == pytest.approx(max(total**2 / (0.0025**2 / 1 + variance**2 / 7), 1))

    def test_where_the_rows_explain_all_of_it_there_is_no_more(self):
        assert error(difference(PARTS), self.SHARES, prior=Prior(0.0, 1000)).networks == 0

    def test_each_is_told_what_the_others_are_on_average(self):
        ratio = self.OWN / self.WITHIN
        alike = PARTS - PARTS.sum(axis=1, keepdims=True) / 2  # splits do not differ, and rows do
        found = priors([self.main(), self.main(alike), self.main()], self.SHARES)
        assert [freedom for _, freedom in found] == [2, 2, 2]
        assert [mean for mean, _ in found] == pytest.approx([ratio / 2, ratio, ratio / 2])

    def test_the_best_combination_is_told_and_tells_nothing(self):
        found = priors([self.main(), self.main(), difference(10 * PARTS)], self.SHARES)
        assert [freedom for _, freedom in found] == [1, 1, 2]
        assert len({round(mean, 9) for mean, _ in found}) == 1

    def test_one_alone_is_told_nothing_and_many_count_as_few(self):
        assert priors([self.main()], self.SHARES) == [(0.0, 0)]
        assert priors([self.main()] * 12, self.SHARES)[0][1] == MOST_MODERATING

    @pytest.mark.filterwarnings("error")
    def test_of_one_that_is_lost_or_whose_rows_do_not_differ_nothing_is_known(self):
        lost = replace(self.main(), losses=np.full(4, np.inf))
        even = self.main(np.full((4, 2), 0.25))
        assert priors([lost, even, self.main()], self.SHARES)[:2] == [(pytest.approx(self.OWN / self.WITHIN), 1)] * 2
