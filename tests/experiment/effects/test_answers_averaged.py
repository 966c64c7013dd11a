"""What is answered by the mean over all arms that a question is about, against arithmetic done by hand."""

import numpy as np
import pytest
from experiments import ARMS, DESIGN, even_shares, make_losses
from scipy.stats import t

from goru.experiment import defaults
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer, averaged, together
from goru.experiment.effects.crossfit import Judged, judge
from goru.experiment.effects.effects import error
from goru.experiment.knobs import uniform

INF = np.inf


def found(losses, configurations=defaults.FEWEST_CONFIGURATIONS, folds=3, *, asked):
    return answer(asked, losses, folds, configurations)


SQUARE = Design({"a": [0, 1], "b": [0, 1]}, {"rate": uniform(0, 1)})
NEITHER, B, A, AB = SQUARE.arms


def square(losses, configurations: int = 3):
    """Four arms, each with equal configurations and one epoch, by their losses in the splits."""
    splits = len(losses[A])
    return {
        arm: make_losses(np.reshape([own] * configurations, (configurations, splits, 1))) for arm, own in losses.items()
    }


class TestMeansOverPairs:
    """What a factor changes is the mean over all pairs of arms that differ in nothing else."""

    LOSSES = square({NEITHER: [1.0, 1.2, 1.4], A: [0.9, 1.0, 1.1], B: [0.8, 1.1, 1.4], AB: [0.3, 0.5, 0.7]})

    def test_a_worked_example(self):
        effect = found(self.LOSSES, asked=SQUARE).contrasts[0]
        # With A less without, where B is off: -0.1, -0.2, -0.3; where it is on: -0.5, -0.6, -0.7.
        # In the splits on average -0.3, -0.4, -0.5: of variance 0.01, over three splits 0.01 / 3.
        assert (effect.name, effect.change) == ("a 1", pytest.approx(-0.4))
        assert (effect.rows, effect.networks) == pytest.approx((0, np.sqrt(0.01 / 3)), abs=1e-9)
        # The pairs say -0.2 and -0.6: of variance 0.08, a mean of two has 0.04.
        assert effect.search == pytest.approx(0.2)
        # Three questions: A, B, and the best of all; two degrees of freedom.
        half = t.ppf(1 - 0.05 / 3 / 2, 2) * np.sqrt(0.01 / 3 + 0.04)
        assert (effect.low, effect.high) == pytest.approx((-0.4 - half, -0.4 + half))

    def test_so_are_interactions(self):
        (pair,) = found(self.LOSSES, asked=SQUARE).interactions
        assert (pair.name, pair.change) == ("a 1 and b 1", pytest.approx(-0.4))  # -0.6 with B, and -0.2 without
        assert (pair.networks, pair.search) == pytest.approx((0, 0), abs=1e-7)  # -0.4 in all splits, and one square

    def test_of_interactions_over_several_squares_the_spread_counts_too(self):
        cube = Design({"a": [0, 1], "b": [0, 1], "c": [0, 1]}, SQUARE.knobs)
        loss = {arm: 2.0 - 0.5 * arm["a"] * arm["b"] - 0.2 * arm["a"] * arm["b"] * arm["c"] for arm in cube.arms}
        losses = {arm: make_losses(np.full((3, 3, 1), own)) for arm, own in loss.items()}
        pair = found(losses, asked=cube).interactions[0]
        # Without C -0.5, with it -0.7: a mean of -0.6, and a variance of 0.02 that two share.
        assert (pair.change, pair.search) == pytest.approx((-0.6, np.sqrt(0.02 / 2)))

    def test_every_pair_counts_as_much(self):
        effect = found(square({NEITHER: [3.0] * 2, A: [2.0] * 2, B: [5.0] * 2, AB: [1.0] * 2}), asked=SQUARE, folds=2)
        assert [one.change for one in effect.contrasts] == pytest.approx([-2.5, 0.5, -2.0])

    def test_what_is_as_lucky_on_both_sides_makes_no_interval_wider(self):
        """All arms have the same configurations: the second is worse by as much in each."""
        losses = {
            arm: make_losses(np.reshape([[1 - 0.1 * arm["a"]] * 3, [1.4 - 0.1 * arm["a"]] * 3], (2, 3, 1)))
            for arm in SQUARE.arms
        }
        effect = found(losses, asked=SQUARE).contrasts[0]
        assert effect.search == pytest.approx(0, abs=1e-9)

    def test_where_it_is_not_the_difference_counts(self):
        """With A the second configuration is worse by 0.4, without by 0.1; the pairs agree."""
        losses = {
            arm: make_losses(np.reshape([[1.0] * 3, [1.1 + 0.3 * arm["a"]] * 3], (2, 3, 1))) for arm in SQUARE.arms
        }
        effect = found(losses, asked=SQUARE).contrasts[0]
        assert effect.search == pytest.approx(0.3 / np.sqrt(2))

    @pytest.mark.filterwarnings("error")
    def test_a_pair_of_which_an_arm_diverged_has_no_say_and_where_all_are_such_nothing_is_said(self):
        losses = square({NEITHER: [1.0] * 2, A: [INF] * 2, B: [1.0] * 2, AB: [INF] * 2})
        answers = found(losses, asked=SQUARE, folds=2)
        assert [effect.change for effect in answers.contrasts] == [INF, 0.0, 0.0]
        assert [effect.verdict for effect in (answers.contrasts[0], *answers.interactions)] == ["undecided"] * 2


class TestRemovals:
    """In every split the arm that is best on the other folds, and the same without the factor."""

    def test_a_worked_example(self):
        losses = square({NEITHER: [2.0, 2.1, 2.2], A: [1.0, 1.5, 0.4], B: [1.9, 1.8, 1.7], AB: [0.9, 0.6, 0.8]})
        a, b = found(losses, asked=SQUARE).removals
        # On the other folds: for the first split A has 0.95 and both 0.7; for the second A has 0.7 and both 0.85; for
        # the third A has 1.25 and both 0.75.
        assert (a.name, b.name) == ("a", "b")
        assert a.change == pytest.approx(np.mean([0.9 - 1.9, 1.5 - 2.1, 0.8 - 1.7]))
        assert b.change == pytest.approx(np.mean([0.9 - 1.0, 0.0, 0.8 - 0.4]))  # A alone has no B to take out
        half_of_two = t.ppf(1 - 0.05 / 2 / 2, 2) * np.std([-1.0, -0.6, -0.9], ddof=1) / np.sqrt(3)
        assert (a.low, a.high) == pytest.approx((a.change - half_of_two, a.change + half_of_two))

    def test_where_the_plain_arm_is_the_best_nothing_changes(self):
        losses = square({NEITHER: [0.1, 0.2], A: [1.0] * 2, B: [1.0] * 2, AB: [1.0] * 2})
        for removal in found(losses, asked=SQUARE, folds=2).removals:
            assert (removal.change, removal.low, removal.high) == (0, 0, 0)

    def test_where_it_cannot_be_taken_out_of_the_best_arm_it_is_taken_out_of_the_next_best(self):
        """Not said to change nothing."""
        design = Design(SQUARE.factors, SQUARE.knobs, exclude=[{"a": 0, "b": 1}])
        losses = {arm: make_losses(np.full((3, 2, 1), 3.0 - arm["a"] - arm["b"])) for arm in design.arms}
        removals = {removal.name: removal.change for removal in found(losses, asked=design, folds=2).removals}
        assert removals == {"a": pytest.approx(-1.0), "b": pytest.approx(-1.0)}

    @pytest.mark.filterwarnings("error")
    def test_arms_that_diverged_are_not_the_best(self):
        losses = square({NEITHER: [2.0] * 2, A: [1.0] * 2, B: [INF] * 2, AB: [INF] * 2})
        a, b = found(losses, asked=SQUARE, folds=2).removals
        assert (a.change, b.change) == (-1.0, 0.0)

    @pytest.mark.filterwarnings("error")
    def test_two_partitions_judge_each_by_its_own_folds(self):
        rng = np.random.default_rng(0)
        losses = {arm: make_losses(rng.random((3, 6, 4))) for arm in SQUARE.arms}
        (removal, _), judged = found(losses, asked=SQUARE).removals, {arm: judge(losses[arm], 3) for arm in losses}
        without, changes = dict(SQUARE.asked[2][0].without), []
        for split in range(6):
            others = [other for other in range(split - split % 3, split - split % 3 + 3) if other != split]
            best = min(losses, key=lambda arm: losses[arm].validation[:, others].mean(axis=1).min())
            changes.append(judged[best].losses[split] - judged[without[best]].losses[split])
        assert removal.change == pytest.approx(np.mean(changes))


def judged(seed: int, search: float = 0.0, splits: int = 4, parts: int = 6) -> Judged:
    found = np.random.default_rng(seed).random((splits, parts))
    return Judged(found.sum(axis=1), found, even_shares(splits, parts), search)


class TestAveraged:
    def test_losses_and_parts_are_means(self):
        arms = [judged(seed) for seed in range(3)]
        mean = averaged(arms)
        np.testing.assert_allclose(mean.losses, sum(arm.losses for arm in arms) / 3)
        np.testing.assert_allclose(mean.parts, sum(arm.parts for arm in arms) / 3)
        np.testing.assert_allclose(mean.parts.sum(axis=1), mean.losses)
        np.testing.assert_array_equal(mean.shares, arms[0].shares)

    def test_errors_of_searches_are_those_of_a_mean(self):
        assert averaged([judged(0, 0.3), judged(1, 0.4)]).search == pytest.approx(0.25)  # 3, 4, 5, of two
        assert averaged([judged(0, 0.3), judged(1, INF)]).search == INF

    def test_a_single_one_is_itself(self):
        one = judged(0, 0.3)
        assert averaged([one]) is one

    def test_all_arms_say_more_than_two(self):
        """Noise of single arms is less in a mean over many: so are the errors of rows and networks."""
        shared = judged(0).parts
        noisy = []
        for seed in range(1, 9):
            parts = shared + 0.1 * judged(seed).parts
            noisy.append(Judged(parts.sum(axis=1), parts, even_shares(4, 6), 0.0))
        few, many = error(noisy[0], noisy[4]), error(averaged(noisy[:4]), averaged(noisy[4:]))
        assert (many.rows, many.total) < (few.rows, few.total)


class TestTogether:
    ONE = Judged(np.array([1.0, 2.0]), np.array([[0.5, 0.5], [1.5, 0.5]], np.float32), np.full((2, 2), 0.5), 0.3)
    OTHER = Judged(np.array([3.0, 5.0]), np.array([[1.0, 2.0], [2.0, 3.0]], np.float32), np.full((2, 2), 0.5), 0.4)

    def test_losses_and_what_parts_add_to_them_are_summed(self):
        both = together(self.ONE, self.OTHER)
        assert both.losses.tolist() == [4, 7]
        assert both.parts.tolist() == [[1.5, 2.5], [3.5, 3.5]]
        assert both.shares is self.ONE.shares
        assert both.search == pytest.approx(0.5)  # 3, 4, 5

    def test_the_error_of_a_difference_of_sums_is_that_of_the_differences(self):
        """Rows and networks by the differences of differences themselves."""
        arms = [judged(seed, 0.1) for seed in range(4)]
        own = error(together(arms[0], arms[1]), together(arms[2], arms[3]))
        parts = arms[0].parts + arms[1].parts - arms[2].parts - arms[3].parts
        shares = arms[0].shares
        expected = error(Judged(parts.sum(axis=1), parts, shares, 0.2), Judged(np.zeros(4), 0 * parts, shares, 0.0))
        assert (own.rows, own.networks, own.search, own.freedom) == pytest.approx(
            (expected.rows, expected.networks, expected.search, expected.freedom)
        )


def test_a_planted_factor_is_found_and_its_copy_is_not_taken_for_it():
    """A factor that takes a third of the loss off, and one that does nothing: noise of a hundredth in every trial."""
    design = Design({"real": [False, True], "placebo": [False, True]}, SQUARE.knobs)
    rng = np.random.default_rng(0)
    losses = {
        arm: make_losses((2.0 if arm["real"] else 3.0) + 0.01 * rng.normal(size=(4, 10, 5))) for arm in design.arms
    }
    verdicts = {effect.name: effect.verdict for effect in found(losses, 4, 5, asked=design).contrasts}
    assert verdicts["real"] == "helps"
    assert verdicts["placebo"] in ("no effect worth having", "undecided")


def test_the_order_of_arms_does_not_matter():
    rng = np.random.default_rng(0)
    losses = {arm: make_losses(rng.random((3, 6, 4))) for arm in ARMS}
    backwards = dict(reversed(losses.items()))
    assert found(losses, asked=DESIGN) == found(backwards, asked=DESIGN)
