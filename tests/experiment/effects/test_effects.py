"""From losses that were judged to verdicts, against arithmetic done by hand."""

import numpy as np
import pytest
from experiments import even_shares
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goru.experiment.effects.crossfit import Judged
from goru.experiment.effects.effects import effect, error, verdict

INF = float("inf")


def judged(parts: object, search: float = 0.0, shares: object = None) -> Judged:
    """An arm by what parts of the rows add in every split, `(splits, parts)`; they are of one size by default."""
    parts = np.asarray(parts, np.float64)
    shares = even_shares(*parts.shape) if shares is None else np.asarray(shares, np.float64)
    return Judged(parts.sum(axis=1), parts, shares, search)


def nothing(splits: int, parts: int, search: float = 0.0) -> Judged:
    """An arm to compare with that has no loss at all."""
    return judged(np.zeros((splits, parts)), search)


class TestError:
    """Four splits and two parts of the rows."""

    PARTS = np.array([[0.1, 0.3], [0.3, 0.1], [0.6, 0.8], [0.2, 0.2]])

    def test_a_worked_example(self):
        found = error(judged(self.PARTS, search=0.2), nothing(4, 2, search=0.4))
        # Means over the splits: 0.3 and 0.35, of variance 0.00125; two parts make 0.0025 of rows.
        assert found.rows == pytest.approx(0.05)
        # Losses 0.4, 0.4, 1.4 and 0.4: variance 0.25, over four splits 0.0625. Of it the rows explain: variances
        # within the splits 0.02, 0.02, 0.02 and 0, on average 0.015, of two parts 0.03, over four splits 0.0075.
        assert found.networks == pytest.approx(np.sqrt(0.0625 - 0.0075))
        # A quarter of 0.2² + 0.4² = 0.2.
        assert found.search == pytest.approx(np.sqrt(0.05))
        assert found.total == pytest.approx(np.sqrt(0.0025 + 0.055 + 0.05))
        # (0.0025 + 0.055)² / (0.0025² / 1 + 0.0625² / 3) = 2.53: fewer than the splits alone have.
        assert found.freedom == 3

    def test_degrees_of_freedom_after_satterthwaite(self):
        # Of five parts, each adds 0, 0.1 or 0.2 in all splits, and in the splits -0.06, 0 or 0.06 more.
        found = error(judged(np.add.outer([-0.06, 0, 0.06], [0, 0.1, 0.2, 0.1, 0.1])), nothing(3, 5))
        # Rows: variance 0.005 of five parts, 0.025. Splits: 0.2, 0.5, 0.8, of variance 0.09, over three 0.03; of it
        # the rows explain 0.025 / 3.
        rows, networks = 0.025, 0.03 - 0.025 / 3
        assert (found.rows**2, found.networks**2) == pytest.approx((rows, networks))
        assert found.freedom == pytest.approx((rows + networks) ** 2 / (rows**2 / 4 + 0.03**2 / 2))

    def test_where_rows_explain_all_that_splits_differ_by_networks_add_nothing(self):
        # The splits lose 1 and 1.1, of variance 0.005; within them parts differ by more.
        found = error(judged([[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.4, 0.4]]), nothing(2, 4))
        assert found.networks == 0
        # Means 0.15, 0.15, 0.35, 0.4, of variance 0.051875 / 3; four parts.
        assert found.rows == pytest.approx(np.sqrt(4 * 0.051875 / 3))
        assert found.freedom == pytest.approx(3)  # of four parts, whose variance is all there is

    def test_where_parts_agree_all_that_splits_differ_by_is_the_networks(self):
        found = error(judged([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]), nothing(3, 2))
        assert found.rows == pytest.approx(0, abs=1e-15)
        assert found.networks == pytest.approx(np.sqrt(0.04 / 3))  # 0.2, 0.4, 0.6
        assert found.freedom == pytest.approx(2)

    def test_a_part_of_more_rows_may_add_more(self):
        """All rows of a split lose as much: a part then adds its share of the rows, and rows leave nothing open."""
        shares = np.array([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
        found = error(judged(shares * [[0.4], [0.7], [0.1]], shares=shares), judged(0 * shares, shares=shares))
        assert found.networks == pytest.approx(np.sqrt(0.09 / 3))  # of 0.4, 0.7 and 0.1
        even = error(judged(shares * 0.4, shares=shares), judged(0 * shares, shares=shares))
        assert (even.rows, even.networks) == pytest.approx((0, 0), abs=1e-12)

    def test_parts_of_different_sizes_by_hand(self):
        # Half of the rows are in one part, a quarter in each of two others. The mean loss is 1; by their shares parts
        # would add 0.5, 0.25, 0.25, and they add 0.1 more, 0.1 less and as much. 3 / 2 of the squares: 0.03.
        found = error(judged([[0.6, 0.15, 0.25]] * 2, shares=[[0.5, 0.25, 0.25]] * 2), nothing(2, 3))
        assert found.rows == pytest.approx(np.sqrt(0.03))
        assert found.freedom == pytest.approx(2)

    def test_a_part_without_a_row_is_no_part(self):
        wide = np.insert(self.PARTS, 1, 0.0, axis=1)
        shares = [[0.5, 0, 0.5]] * 4
        found, expected = error(judged(wide, shares=shares), nothing(4, 3)), error(judged(self.PARTS), nothing(4, 2))
        assert (found.rows, found.networks, found.freedom) == pytest.approx(
            (expected.rows, expected.networks, expected.freedom)
        )

    def test_a_part_may_have_rows_in_some_splits_alone(self):
        # In each of two splits one of three parts has no row; the two others add 0.1 more and 0.1 less than their half.
        parts, shares = [[0.6, 0.4, 0.0], [0.0, 0.6, 0.4]], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
        found = error(judged(parts, shares=shares), nothing(2, 3))
        # On average parts have 1/4, 1/2 and 1/4 of the rows, and add 0.3, 0.5 and 0.2: 3/2 (0.05² + 0 + 0.05²).
        assert found.rows == pytest.approx(np.sqrt(0.0075))
        assert found.networks == 0

    @pytest.mark.filterwarnings("error")
    def test_of_one_part_rows_cannot_tell(self):
        found = error(judged([[0.4], [0.6], [0.5]]), nothing(3, 1))
        assert found.rows == 0
        assert found.networks == pytest.approx(np.sqrt(0.01 / 3))

    def test_what_both_arms_have_in_common_is_no_error(self):
        difficulty = 10 * np.random.default_rng(0).random((4, 2))
        found = error(judged(self.PARTS + difficulty), judged(difficulty))
        expected = error(judged(self.PARTS), nothing(4, 2))
        assert (found.rows, found.networks) == pytest.approx((expected.rows, expected.networks))

    def test_an_arm_differs_from_itself_by_nothing_but_its_search(self):
        found = error(judged(self.PARTS, 0.2), judged(self.PARTS, 0.2))
        assert (found.rows, found.networks) == (0, 0)
        assert found.search == pytest.approx(np.sqrt(2 * 0.2**2 / 4))
        assert found.freedom == 3


class TestVerdict:
    @pytest.mark.parametrize(
        ("low", "high", "word"),
        [
            (-0.01, 0.01, "no effect worth having"),
            (-0.019, -0.001, "no effect worth having"),  # surely better, but by too little
            (0.001, 0.019, "no effect worth having"),
            (0.0, 0.0, "no effect worth having"),
            (-0.02, -0.001, "helps"),  # the margin itself is worth having
            (-0.05, -0.001, "helps"),
            (-0.05, -0.03, "helps"),
            (0.001, 0.02, "hurts"),
            (0.001, 0.05, "hurts"),
            (0.03, 0.05, "hurts"),
            (-0.05, 0.0, "undecided"),
            (0.0, 0.05, "undecided"),
            (-0.02, 0.01, "undecided"),
            (-0.01, 0.02, "undecided"),
            (-0.05, 0.05, "undecided"),
            (-INF, -0.1, "undecided"),
            (0.1, INF, "undecided"),
            (float("nan"), float("nan"), "undecided"),
        ],
    )
    def test_at_a_margin_of_002(self, low, high, word):
        assert verdict(low, high, margin=0.02) == word

    def test_where_the_plain_network_diverged_there_is_no_margin_to_decide_by(self):
        assert verdict(-0.1, 0.3, INF) == "undecided"


class TestEffect:
    PARTS = TestError.PARTS

    def test_a_worked_example(self):
        found = effect("dropout", judged(self.PARTS, 0.1), nothing(4, 2, 0.2), 0.02, 0.95, comparisons=1)
        # The mean of 0.4, 0.4, 1.4 and 0.4. Variances, as above, 0.0025 of rows, 0.055 of networks, and here of the
        # search 0.0125, are 0.07, whose root is 0.2646; with three degrees of freedom 97.5 % are at 3.1824.
        assert (found.name, found.margin) == ("dropout", 0.02)
        assert found.change == pytest.approx(0.65)
        assert (found.low, found.high) == pytest.approx((0.65 - 0.8420, 0.65 + 0.8420), abs=1e-4)
        assert (found.rows, found.networks, found.search) == pytest.approx((0.05, 0.2345, 0.1118), abs=1e-4)
        assert found.verdict == "undecided"
        # Narrow enough is an interval of 0.65 to both sides: (0.65 / 3.1824)² = 0.04172. Of this 0.0125 are the
        # search's, which more rows leave as it is; 0.0575 must shrink to the other 0.02922.
        assert found.factor == pytest.approx(1.968, abs=1e-3)

    def test_seven_intervals_hold_together(self):
        alone = effect("", judged(self.PARTS), nothing(4, 2), 0.02, 1 - 0.05 / 7, comparisons=1)
        together = effect("", judged(self.PARTS), nothing(4, 2), 0.02, 0.95, comparisons=7)
        assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
        # 1 - 0.05 / 14 of Student's t with three degrees of freedom are at 6.58, and not at 3.18.
        assert (together.high - together.change) / np.sqrt(0.0025 + 0.055) == pytest.approx(6.58, abs=0.01)

    @pytest.mark.parametrize(
        ("change", "noise", "word"),
        [
            (-0.5, 0.01, "helps"),
            (0.5, 0.01, "hurts"),
            (-0.5, 10.0, "undecided"),
            (0.001, 0.001, "no effect worth having"),
            (0.001, 1.0, "undecided"),
        ],
    )
    def test_each_of_the_four_verdicts(self, change, noise, word):
        parts = change / 40 + noise * np.random.default_rng(0).normal(size=(10, 40)) / 40
        found = effect("", judged(parts), nothing(10, 40), 0.02, 0.95, 7)
        assert found.verdict == word == verdict(found.low, found.high, 0.02)
        assert (found.factor is None) == (word != "undecided")

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize(("arm", "against"), [(INF, 1.0), (1.0, INF), (INF, INF)])
    def test_where_an_arm_diverged_nothing_is_decided(self, arm, against):
        arms = [judged(np.array([[1.0], [loss], [1.0]]).repeat(2, axis=1)) for loss in (arm, against)]
        found = effect("dropout", *arms, 0.02, 0.95, 7)
        assert (found.change, found.low, found.high, found.verdict) == (INF, -INF, INF, "undecided")
        assert found.factor is None

    @pytest.mark.filterwarnings("error")
    def test_an_arm_against_itself_changes_nothing(self):
        found = effect("", judged(self.PARTS), judged(self.PARTS), 0.02, 0.95, 7)
        assert (found.change, found.low, found.high) == (0, 0, 0)
        assert found.verdict == "no effect worth having"

    def test_a_search_that_found_one_good_configuration_alone_is_less_sure(self):
        sure, unsure = (effect("", judged(self.PARTS, d), nothing(4, 2), 0.02, 0.95, 7) for d in (0.0, 1.0))
        assert unsure.high - unsure.low > sure.high - sure.low
        assert unsure.change == sure.change

    numbers = arrays(np.float64, (4, 3), elements=st.floats(-1, 1).map(lambda number: round(number, 3)))

    @given(numbers, numbers, st.floats(0, 1), st.floats(1e-3, 1e3))
    def test_in_other_units_everything_is_that_many_times_as_large_and_said_alike(self, one, other, search, units):
        before = effect("", judged(one, search), judged(other), 0.02, 0.95, 7)
        after = effect("", judged(units * one, units * search), judged(units * other), units * 0.02, 0.95, 7)
        for name in ("change", "low", "high", "margin", "rows", "search"):
            assert getattr(after, name) == pytest.approx(units * getattr(before, name), rel=1e-4, abs=1e-6 * units)
        far = np.abs([before.low, before.high, before.low + 0.02, before.high - 0.02]).min() > 1e-6
        assert after.verdict == before.verdict or not far

    @given(numbers, numbers, st.floats(0, 1), st.floats(0, 1))
    def test_the_other_way_round_it_is_the_mirror_image(self, one, other, search, search_of_other):
        arms = judged(one, search), judged(other, search_of_other)
        there, back = effect("", *arms, 0.02, 0.95, 7), effect("", *arms[::-1], 0.02, 0.95, 7)
        assert (back.change, back.low, back.high) == pytest.approx((-there.change, -there.high, -there.low))
        mirrored = {"helps": "hurts", "hurts": "helps"}
        assert back.verdict == mirrored.get(there.verdict, there.verdict)
        assert back.factor == (None if there.factor is None else pytest.approx(there.factor))


class TestRowsToDecide:
    """`factor`: with so many times as many rows the errors of rows and networks are its root times smaller."""

    @staticmethod
    def found(change, noise, margin=0.02, search=0.0):
        """Ten splits, in which forty parts disagree; seeded, so that another noise is the same one, larger."""
        disagree = np.random.default_rng(3).normal(size=(10, 40))
        disagree -= disagree.mean()
        return effect("", judged(change / 40 + noise * disagree, search), nothing(10, 40), margin, 0.95, 7)

    @pytest.mark.parametrize(
        ("change", "width"),
        [
            (0.0, 0.02),  # an interval that stays within the margin
            (0.005, 0.015),
            (-0.005, 0.015),
            (0.015, 0.015),  # one that leaves out zero comes first
            (-0.05, 0.05),
        ],
    )
    def test_an_interval_narrow_enough_is_the_wider_of_two(self, change, width):
        found = self.found(change, noise=0.1)
        assert found.verdict == "undecided"
        assert found.factor == pytest.approx(((found.high - found.change) / width) ** 2)

    @given(st.floats(-0.2, 0.2), st.floats(0.02, 1), st.one_of(st.just(0.0), st.floats(0, 0.02)))
    def test_so_many_rows_decide_and_a_little_fewer_do_not(self, change, noise, search):
        found = self.found(change, noise, search=search)
        if found.verdict != "undecided":
            assert found.factor is None
        elif found.factor < INF:
            assert found.factor >= 1
            # The verdict goes by the interval alone, and its borders are not part of it.
            narrower, wider = (noise / np.sqrt(times * found.factor) for times in (1.01, 0.99))
            assert self.found(change, narrower, search=search).verdict != "undecided"
            assert self.found(change, wider, search=search).verdict == "undecided"
        else:
            assert self.found(change, 1e-9, search=search).verdict == "undecided"

    def test_where_the_search_alone_leaves_it_open_no_number_of_rows_is_enough(self):
        assert self.found(0.0, noise=1e-6, search=0.1).factor == INF

    def test_of_no_change_at_all_no_number_of_rows_says_that_it_is_less_than_nothing(self):
        parts = [[0.5, -0.5], [-0.25, 0.25]]
        found = effect("", judged(parts), nothing(2, 2), margin=0.0, confidence=0.95, comparisons=1)
        assert (found.change, found.verdict, found.factor) == (0, "undecided", INF)


class TestCoverage:
    """Rows that differ and networks that differ, of known variance: intervals cover the truth as often as they say.

    400 rows in 40 parts are cut twice into five folds, as a study does; a row's difference is that of the row, the same
    in both partitions, plus that of the network which has judged it.
    """

    ROWS, FOLDS, TRUTH, REPEATS = 400, 5, 0.3, 600

    def simulate(self, rng, rows_sd: float, networks_sd: float) -> Judged:
        own = rng.normal(self.TRUTH, rows_sd, self.ROWS)
        parts = np.zeros((2 * self.FOLDS, 40))
        part = np.arange(self.ROWS) % 40
        for partition in range(2):
            for fold, rows in enumerate(np.split(rng.permutation(self.ROWS), self.FOLDS)):
                seen = own[rows] + rng.normal(0, networks_sd)
                parts[partition * self.FOLDS + fold] = np.bincount(part[rows], seen, 40) / len(rows)
        return judged(parts)

    @pytest.mark.parametrize("comparisons", [1, 7])
    @pytest.mark.parametrize(
        ("rows_sd", "networks_sd"),
        [(1.0, 0.0), (1.0, 0.05), (1.0, 0.2), (0.1, 0.2)],
        ids=["rows", "some", "more", "networks"],
    )
    def test_at_least_as_often_as_it_says(self, rows_sd, networks_sd, comparisons):
        rng = np.random.default_rng(comparisons)
        found = [
            effect("", self.simulate(rng, rows_sd, networks_sd), nothing(10, 40), 0.02, 0.95, comparisons)
            for _ in range(self.REPEATS)
        ]
        covered = np.mean([each.low < self.TRUTH < each.high for each in found])
        promised = 1 - 0.05 / comparisons
        assert covered > promised - 3 * np.sqrt(promised * (1 - promised) / self.REPEATS)

    @pytest.mark.parametrize(("rows_sd", "networks_sd"), [(1.0, 0.0), (1.0, 0.05), (1.0, 0.2), (0.1, 0.2)])
    def test_each_source_is_told_apart(self, rows_sd, networks_sd):
        rng = np.random.default_rng(0)
        found = [error(self.simulate(rng, rows_sd, networks_sd), nothing(10, 40)) for _ in range(self.REPEATS)]
        rows, networks = (np.mean([getattr(each, name) ** 2 for each in found]) for name in ("rows", "networks"))
        # Variances of the mean: of 400 rows, and of ten networks. A row is judged by one network of five, twice, which
        # adds 4/5 · 1/2 of their variance to its own; and what is estimated to be below zero is taken for zero.
        assert rows == pytest.approx((rows_sd**2 + 0.4 * networks_sd**2) / 400, rel=0.05)
        assert networks == pytest.approx(networks_sd**2 / 10, rel=0.1, abs=0.0003)
