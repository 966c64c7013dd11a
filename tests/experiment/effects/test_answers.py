"""What the questions of a design are answered, against arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest
from asking import AB, BOTH, DECAY, DROPOUT, INF, NEITHER, PAIRS, SINGLE, SQUARE, A, B, alike, all_of, answers, raced
from experiments import ARMS, DESIGN, PLAIN, make_losses
from scipy.stats import t

from goru.experiment import defaults
from goru.experiment.design import Design
from goru.experiment.effects.answers import difference
from goru.experiment.effects.effects import LIKELIHOOD
from goru.experiment.effects.standings import Standings


class TestContrastsOfSingleArms:
    def test_there_is_an_effect_for_every_question_in_their_order(self):
        for design in (SINGLE, DESIGN):
            named = [effect.name for effect in all_of(answers(raced(), design))]
            assert named == [question.name for kind in design.asked for question in kind]

    def test_each_is_the_change_against_what_it_is_compared_with(self):
        three = answers(raced(), SINGLE)
        # On top of batch norm alone, which loses 2, after the activation 0.1 is left and before it 2: the best counts.
        assert [effect.change for effect in three.contrasts] == pytest.approx([-0.5, 0.0, 0.0, 0.0, 0.0, -1.9, -1.9])
        assert [effect.verdict for effect in three.contrasts] == [
            "helps",
            *["inconclusive"] * 3,
            "negligible",
            *["helps"] * 2,
        ]
        assert three.plain_loss == pytest.approx(2.0)
        assert [effect.margin for effect in three.contrasts] == pytest.approx([0.04] * 7)

    def test_all_intervals_of_a_kind_hold_together(self):
        # Splits 2.0 against 2.0, 2.02, 1.98: variance 0.0004, and none of it the rows', of which each part says the
        # same; two degrees of freedom. Wider than alone, and narrower than 0.05 shared by seven.
        decay = answers(raced(), SINGLE).contrasts[1]
        alone, shared = (t.ppf(1 - miss / 2, 2) * np.sqrt(0.0004 / 3) for miss in (0.05, 0.05 / 7))
        assert alone * 0.98 < decay.high < shared
        assert decay.low == pytest.approx(-decay.high, rel=1e-4)
        assert decay.factor == pytest.approx((decay.high / 0.04) ** 2, rel=1e-3)
        (one,) = answers(raced(), replace(SINGLE, contrasts=SINGLE.contrasts[1:2])).contrasts
        assert one.high == pytest.approx(alone, rel=1e-4)

    @pytest.mark.parametrize("plain", [[-3.0, -1.0, -2.0], [3.0, 1.0, 2.0]])
    def test_the_margin_is_a_share_of_the_plain_loss_whatever_its_sign(self, plain):
        three = answers(alike(dict.fromkeys(ARMS, plain)), SINGLE)
        margins = [effect.margin for effect in all_of(three)]
        assert margins == pytest.approx([defaults.MARGIN * 2] * len(margins))


class TestDivergence:
    everywhere_or_once = pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])

    @pytest.mark.filterwarnings("error")
    @everywhere_or_once
    def test_of_an_arm_that_diverged_nothing_is_known_but_of_the_others_all(self, splits):
        dropout, *others = answers(raced(DROPOUT, splits), SINGLE).contrasts
        assert (dropout.change, dropout.low, dropout.verdict) == (INF, -INF, "inconclusive")
        assert (dropout.factor, dropout.helps) == (None, None)
        assert [effect.change for effect in others] == pytest.approx([0.0, 0.0, 0.0, 0.0, -1.9, -1.9])
        assert np.isfinite([effect.high for effect in others]).all()

    @pytest.mark.filterwarnings("error")
    @everywhere_or_once
    def test_where_the_plain_arm_diverged_there_is_nothing_to_compare_with(self, splits):
        three = answers(raced(PLAIN, splits), SINGLE)
        effects = three.contrasts
        assert three.plain_loss == INF
        against_it = [*effects[:4], effects[6]]
        assert {(effect.change, effect.verdict) for effect in against_it} == {(INF, "inconclusive")}
        assert [effect.change for effect in effects[4:6]] == pytest.approx([0.0, -1.9])
        # No share of an infinite loss is a measure, and no number of rows makes it one.
        assert {(effect.margin, effect.verdict, effect.factor) for effect in effects} == {(INF, "inconclusive", None)}

    @pytest.mark.filterwarnings("error")
    def test_where_one_configuration_of_an_arm_alone_survived_there_is_no_telling_how_lucky_it_was(self):
        """Another one would have diverged, and the interval is without bounds; no number of rows would mend that."""
        score = np.full((3, 3, 2), INF)
        score[0] = [[3.0, 1.5], [3.0, 1.52], [3.0, 1.48]]
        dropout, *others = answers(raced() | {DROPOUT: make_losses(score)}, SINGLE).contrasts
        assert dropout.change == pytest.approx(-0.5)
        assert (dropout.low, dropout.high, dropout.verdict, dropout.factor) == (-INF, INF, "inconclusive", INF)
        assert np.isfinite([effect.high for effect in others]).all()

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("arm", [PLAIN, DROPOUT, DECAY, BOTH], ids=lambda arm: arm.name)
    @pytest.mark.parametrize("splits", [[0], [0, 1, 2]], ids=["in one split", "everywhere"])
    def test_of_an_interaction_with_one_of_four_arms_that_diverged_nothing_is_known(self, arm, splits):
        losses = alike({arm: [1.0] * 3 for arm in ARMS})
        losses[arm].validation[:, splits] = INF
        losses[arm].parts[:, splits] = np.nan
        pair, *others = answers(losses, SINGLE).interactions
        assert (pair.change, pair.low, pair.high, pair.verdict) == (INF, -INF, INF, "inconclusive")
        assert [bool(np.isinf(other.change)) for other in others] == [arm in (PLAIN, *pair) for pair in PAIRS[1:]]

    @pytest.mark.filterwarnings("error")
    def test_a_pair_of_which_an_arm_diverged_has_no_say_and_where_all_are_such_nothing_is_known(self):
        losses = alike({NEITHER: [1.0] * 2, A: [INF] * 2, B: [1.0] * 2, AB: [INF] * 2})
        three = answers(losses, SQUARE, folds=2)
        assert [effect.change for effect in three.contrasts] == [INF, 0.0, 0.0]
        assert [effect.verdict for effect in (three.contrasts[0], *three.interactions)] == ["inconclusive"] * 2

    @pytest.mark.filterwarnings("error")
    def test_arms_that_diverged_are_not_the_best(self):
        losses = alike({NEITHER: [2.0] * 2, A: [1.0] * 2, B: [INF] * 2, AB: [INF] * 2})
        a, b = answers(losses, SQUARE, folds=2).removals
        assert (a.change, b.change) == (-1.0, 0.0)

    @pytest.mark.filterwarnings("error")
    def test_an_arm_of_which_nothing_was_trained_in_a_whole_partition_is_as_one_that_diverged(self):
        losses = alike({NEITHER: [1.0] * 4, A: [0.5] * 4, B: [1.0] * 4, AB: [0.5] * 4})
        losses[AB].validation[:, 3] = np.nan
        a, *_ = answers(losses, SQUARE, folds=2).contrasts
        assert (a.change, a.verdict) == (-0.5, "helps")  # by the other pair


class TestFewConfigurations:
    @pytest.mark.parametrize("configurations", [1, 2])
    @pytest.mark.parametrize("design", [SINGLE, DESIGN], ids=["single arms", "all pairs"])
    def test_nothing_is_decided_and_no_interval_is_known_but_all_changes_are(self, design, configurations):
        few, enough = (answers(raced(configurations=n), design, configurations=n) for n in (configurations, 3))
        for effect, decided in zip(all_of(few), all_of(enough), strict=True):
            assert (effect.verdict, effect.factor) == ("inconclusive", INF)  # more rows would not, more of them may
            assert (effect.low, effect.high, effect.search) == (-INF, INF, INF)
            assert (effect.helps, effect.negligible) == (None, None)
            assert (effect.name, effect.margin) == (decided.name, decided.margin)
            assert effect.change == pytest.approx(decided.change)
        assert "helps" in {effect.verdict for effect in enough.contrasts}
        assert few.plain_loss == enough.plain_loss

    def test_of_an_arm_that_diverged_no_configurations_are_said_to_decide_it(self):
        dropout = answers(raced(DROPOUT, configurations=2), SINGLE, configurations=2).contrasts[0]
        assert (dropout.change, dropout.factor) == (INF, None)

    @pytest.mark.parametrize("configurations", [1, 2, 3])
    def test_an_interval_that_leaves_out_zero_never_stands_beside_inconclusive(self, configurations):
        for effect in all_of(answers(raced(configurations=configurations), SINGLE, configurations=configurations)):
            assert effect.low <= 0 <= effect.high or effect.verdict != "inconclusive"

    @pytest.mark.parametrize("configurations", [1, 2])
    @pytest.mark.parametrize("seed", range(5))
    def test_a_placebo_is_never_decided(self, seed, configurations):
        """Losses that no factor changes: what is seen is luck."""
        rng = np.random.default_rng(seed)
        losses = {arm: make_losses(1 + 0.01 * rng.normal(size=(configurations, 6, 3))) for arm in ARMS}
        effects = all_of(answers(losses, DESIGN, configurations=configurations))
        assert {effect.verdict for effect in effects} == {"inconclusive"}

    @pytest.mark.parametrize("configurations", [1, 4])
    def test_where_nothing_is_tuned_one_is_enough_and_no_other_could_have_been_missed(self, configurations):
        rng = np.random.default_rng(0)
        losses = {
            arm: make_losses((0.5 if arm["dropout"] else 1.0) + 0.001 * rng.normal(size=(configurations, 5, 1)))
            for arm in ARMS
        }
        three = answers(losses, Design(DESIGN.factors), 5, configurations)
        (dropout,) = [effect for effect in three.contrasts if effect.name == "dropout"]
        assert (dropout.change, dropout.verdict) == (pytest.approx(-0.5, abs=0.01), "helps")
        assert {effect.search for effect in all_of(three)} == {0.0}


class TestMainEffects:
    """What a factor changes is the mean over all pairs of arms that differ in nothing else."""

    LOSSES = alike({NEITHER: [1.0, 1.2, 1.4], A: [0.9, 1.0, 1.1], B: [0.8, 1.1, 1.4], AB: [0.3, 0.5, 0.7]})

    def test_a_worked_example(self):
        effect = answers(self.LOSSES, SQUARE).contrasts[0]
        # With A less without, where B is off: -0.1, -0.2, -0.3; where it is on: -0.5, -0.6, -0.7.
        # In the splits on average -0.3, -0.4, -0.5: of variance 0.01, over three splits 0.01 / 3.
        assert (effect.name, effect.change) == ("a 1", pytest.approx(-0.4))
        assert (effect.rows, effect.networks) == pytest.approx((0, np.sqrt(0.01 / 3)), abs=1e-9)
        assert effect.search == pytest.approx(
            0, abs=1e-9
        )  # all configurations are equal; that pairs differ is no error
        alone, shared = (t.ppf(1 - miss / 2, 2) * np.sqrt(0.01 / 3) for miss in (0.05, 0.05 / 3))
        assert effect.change - effect.low == pytest.approx(effect.high - effect.change)
        assert alone * 0.98 < effect.high - effect.change < shared * 1.02
        assert effect.helps == pytest.approx(t.cdf(LIKELIHOOD * 0.4 / np.sqrt(0.01 / 3), 2))

    def test_every_pair_counts_as_much(self):
        three = answers(alike({NEITHER: [3.0] * 2, A: [2.0] * 2, B: [5.0] * 2, AB: [1.0] * 2}), SQUARE, folds=2)
        assert [one.change for one in three.contrasts] == pytest.approx([-2.5, 0.5, -2.0])

    def test_all_pairs_say_more_than_one(self):
        """Of networks and configurations that err each for themselves."""
        rng = np.random.default_rng(0)
        losses = {arm: make_losses(1 + 0.1 * rng.normal(size=(4, 10, 2))) for arm in ARMS}
        single, mean = (answers(losses, design, 5).contrasts for design in (SINGLE, DESIGN))
        (many,) = [effect for effect in mean if effect.name == "dropout"]
        assert np.hypot(many.networks, many.search) < np.hypot(single[0].networks, single[0].search)


class TestWhatMainEffectsLeaveUnexplained:
    """A second estimate of the error of the search, where there are arms enough."""

    CUBE = Design({"a": [0, 1], "b": [0, 1], "c": [0, 1]}, SQUARE.knobs)

    def losses(self, more=(0.0, 0.0, 0.0)):
        """A, B and C take 0.1, 0.2 and 0.3 off, all three together 0.4 more: by splits."""
        every = {arm: 1 - 0.1 * arm["a"] - 0.2 * arm["b"] - 0.3 * arm["c"] for arm in self.CUBE.arms}
        every[self.CUBE.arms[-1]] -= 0.4
        return {arm: [loss + shift for shift in more] for arm, loss in every.items()}

    def test_a_worked_example(self):
        a, *_, best = answers(alike(self.losses()), self.CUBE).contrasts
        # Of 0.4² each of eight contrasts has an eighth, 0.02. Four of them are left, what two or all three do together:
        # 0.08 over four degrees of freedom. A main effect has eight weights of 1/4.
        assert a.search**2 == pytest.approx(0.02 / 2 * 4 / 6)  # of equal configurations the jackknife says 0, of two
        assert best.search == pytest.approx(0, abs=1e-9)

    def test_interactions_are_what_is_left(self):
        for pair in answers(alike(self.losses()), self.CUBE).interactions:
            assert pair.search == pytest.approx(0, abs=1e-9)

    def test_what_splits_have_in_common_is_none(self):
        a, *_ = answers(alike(self.losses((0.0, 0.3, -0.1))), self.CUBE).contrasts
        assert a.search**2 == pytest.approx(0.02 / 2 * 4 / 6)

    def test_two_factors_leave_no_more_than_what_they_do_together(self):
        losses = alike({NEITHER: [1.0] * 3, A: [0.9] * 3, B: [1.0] * 3, AB: [0.3] * 3})
        assert answers(losses, SQUARE).contrasts[0].search == pytest.approx(0, abs=1e-9)


class TestSearch:
    """What every configuration, left out of all arms at once, changes."""

    @staticmethod
    def second_is_worse_by(distances):
        """Two configurations that lose as much in all splits, the first 1."""
        return {
            arm: make_losses(np.stack([np.ones((3, 1)), np.full((3, 1), 1.0 + worse)]))
            for arm, worse in distances.items()
        }

    def test_what_is_as_lucky_on_both_sides_makes_no_interval_wider(self):
        effect = answers(self.second_is_worse_by(dict.fromkeys(SQUARE.arms, 0.4)), SQUARE).contrasts[0]
        assert effect.search == pytest.approx(0, abs=1e-9)

    def test_where_it_is_not_the_difference_counts(self):
        """Without the first configuration A is worse by 0.4, others by 0.1: d = 0.3, of which d² / 8."""
        distances = {arm: 0.1 + 0.3 * arm["a"] for arm in SQUARE.arms}
        a, b, _ = answers(self.second_is_worse_by(distances), SQUARE).contrasts
        assert (a.search, b.search) == pytest.approx((0.3 / np.sqrt(8), 0), abs=1e-9)

    def test_of_an_interaction_that_of_all_four_arms_together(self):
        distances = {NEITHER: 0.1, A: 0.2, B: 0.3, AB: 0.8}  # 0.8 - 0.2 - 0.3 + 0.1
        (pair,) = answers(self.second_is_worse_by(distances), SQUARE).interactions
        assert pair.search == pytest.approx(0.4 / np.sqrt(8))
        assert (pair.change, pair.networks) == pytest.approx((0, 0), abs=1e-12)

    def test_of_the_best_arm_that_without_it_another_one_is(self):
        """The first configuration suits A alone; without it B is best: 1, and then 1.5, against 2."""
        scores = {NEITHER: (2.0, 2.0), A: (1.0, 2.0), B: (1.8, 1.5), AB: (2.0, 2.0)}
        losses = {arm: make_losses(np.reshape(two, (2, 1, 1)).repeat(3, axis=1)) for arm, two in scores.items()}
        best = answers(losses, SQUARE).contrasts[-1]
        assert best.change == pytest.approx(-1.0)
        assert best.search == pytest.approx(0.5 / np.sqrt(8))

    def test_differences_are_worked_out_without_each_configuration(self):
        rng = np.random.default_rng(0)
        scores = {arm: rng.random((4, 6, 3)) for arm in SQUARE.arms}
        some = Standings({arm: make_losses(score) for arm, score in scores.items()}, 3)
        for asked in (question for kind in SQUARE.asked for question in kind):
            compared = difference(asked, some, some.parts)
            np.testing.assert_allclose(compared.parts.sum(axis=1), compared.losses)
            for left_out, change in enumerate(compared.without):
                rest = {arm: make_losses(np.delete(score, left_out, axis=0)) for arm, score in scores.items()}
                fewer = Standings(rest, 3)
                assert change == pytest.approx(difference(asked, fewer, fewer.parts).change)
