"""What questions about single arms are answered, against arithmetic done by hand."""

from dataclasses import replace

import numpy as np
import pytest
from experiments import ARMS, DESIGN, PLAIN, arm_of, losses_of, make_losses, make_trial
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t

from goru.experiment import defaults
from goru.experiment.design import Design
from goru.experiment.effects.answers import answer, decided
from goru.experiment.effects.effects import Effect
from goru.experiment.questions import Contrast, Interaction

INF = np.inf
DROPOUT, DECAY, BOTH = arm_of(dropout=True), arm_of(weight_decay=True), arm_of(dropout=True, weight_decay=True)
BEFORE, AFTER, BEST = arm_of("before"), arm_of("after"), arm_of("after", True, True)
PAIRS = ((DROPOUT, DECAY), (BEFORE, DROPOUT), (BEFORE, DECAY), (AFTER, DROPOUT), (AFTER, DECAY))


def joined(one, other):
    levels = {**one, **{factor: level for factor, level in other.items() if level}}
    return Interaction(f"{one.name} and {other.name}", (arm_of(**levels),), (one,), (other,), (PLAIN,))


#: Single arms against single arms.
ASKED = replace(
    DESIGN,
    contrasts=(
        Contrast("dropout", (DROPOUT,), (PLAIN,)),
        Contrast("weight decay", (DECAY,), (PLAIN,)),
        Contrast("before", (BEFORE,), (PLAIN,)),
        Contrast("after", (AFTER,), (PLAIN,)),
        Contrast("after instead of before", (AFTER,), (BEFORE,)),
        Contrast("on top of batch norm", (arm_of("before", True, True), BEST), (BEFORE, AFTER)),
        Contrast("the best of all combinations", ARMS, (PLAIN,)),
    ),
    interactions=tuple(joined(*pair) for pair in PAIRS),
    removals=(),
)


def raced(diverged=None, splits=range(3), configurations=defaults.FEWEST_CONFIGURATIONS):
    """Equal configurations, in three splits: plain networks lose 2, 2.01 and 1.99, dropout takes 0.5 off, BEST leaves
    0.1."""
    plain = (2.0, 2.01, 1.99)
    loss = dict.fromkeys(ARMS, (2.0, 2.0, 2.0))
    loss |= {PLAIN: plain, DROPOUT: tuple(value - 0.5 for value in plain), BEST: (0.1, 0.1, 0.1)}
    return losses_of(
        [
            make_trial(arm, configuration, split, [np.nan, np.nan], "diverged")
            if arm == diverged and split in splits
            else make_trial(arm, configuration, split, [3.0, loss[arm][split]])
            for arm in ARMS
            for configuration in range(configurations)
            for split in range(3)
        ]
    )


def found(losses, configurations=defaults.FEWEST_CONFIGURATIONS, folds=3, asked=ASKED):
    return answer(asked, losses, folds, configurations)


class TestContrasts:
    def test_there_is_an_effect_for_every_question_in_their_order(self):
        assert [effect.name for effect in found(raced()).contrasts] == [asked.name for asked in ASKED.asked[0]]

    def test_each_is_the_change_against_what_it_is_compared_with(self):
        answers = found(raced())
        # On top of batch norm alone, which loses 2, after the activation 0.1 is left and before it 2: the best counts.
        assert [effect.change for effect in answers.contrasts] == pytest.approx([-0.5, 0.0, 0.0, 0.0, 0.0, -1.9, -1.9])
        assert [effect.verdict for effect in answers.contrasts] == [
            "helps",
            *["undecided"] * 3,
            "no effect worth having",
            *["helps"] * 2,
        ]
        assert answers.plain_loss == pytest.approx(2.0)
        assert [effect.margin for effect in answers.contrasts] == pytest.approx([0.04] * 7)

    def test_all_seven_intervals_hold_together(self):
        # Splits 2.0 against 2.0, 2.01, 1.99: variance 0.0001, and none of it the rows', of which each part says the
        # same; 0.05 shared by seven; two degrees of freedom.
        decay = found(raced()).contrasts[1]
        half = t.ppf(1 - 0.05 / 7 / 2, 2) * np.sqrt(0.0001 / 3)
        assert (decay.low, decay.high) == pytest.approx((-half, half), rel=1e-4)
        assert decay.factor == pytest.approx((half / 0.04) ** 2, rel=1e-4)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])
    def test_of_an_arm_that_diverged_nothing_is_said_but_of_the_others_all(self, splits):
        dropout, *others = found(raced(DROPOUT, splits)).contrasts
        assert (dropout.change, dropout.low, dropout.verdict) == (INF, -INF, "undecided")
        assert [effect.change for effect in others] == pytest.approx([0.0, 0.0, 0.0, 0.0, -1.9, -1.9])

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("splits", [range(3), [1]], ids=["everywhere", "in one split"])
    def test_where_the_plain_arm_diverged_there_is_nothing_to_compare_with(self, splits):
        answers = found(raced(PLAIN, splits))
        effects = answers.contrasts
        assert answers.plain_loss == INF
        against_it = [*effects[:4], effects[6]]
        assert {(effect.change, effect.verdict) for effect in against_it} == {(INF, "undecided")}
        assert [effect.change for effect in effects[4:6]] == pytest.approx([0.0, -1.9])
        assert effects[5].verdict != "no effect worth having"  # no share of an infinite loss is a measure
        assert {effect.margin for effect in effects} == {INF}

    @pytest.mark.filterwarnings("error")
    def test_where_one_configuration_of_an_arm_alone_survived_there_is_no_telling_how_lucky_it_was(self):
        """Another configuration would have diverged, and the interval is without bounds; no number of rows would mend
        that."""
        score = np.full((3, 3, 2), INF)
        score[0] = [[3.0, 1.5], [3.0, 1.51], [3.0, 1.49]]
        effect = found(raced() | {DROPOUT: make_losses(score)}).contrasts[0]
        assert effect.change == pytest.approx(-0.5)
        assert (effect.verdict, effect.factor) == ("undecided", INF)

    @pytest.mark.parametrize("plain", [[-3.0, -1.0, -2.0], [3.0, 1.0, 2.0]])
    def test_the_margin_is_a_share_of_the_plain_loss_whatever_its_sign(self, plain):
        losses = dict.fromkeys(ARMS, make_losses(np.reshape(plain, (1, 3, 1))))
        answers = found(losses)
        assert answers.contrasts[0].margin == pytest.approx(defaults.MARGIN * 2)


class TestFewConfigurations:
    @pytest.mark.parametrize("configurations", [1, 2])
    def test_nothing_is_decided_and_no_interval_is_known_but_all_changes_are(self, configurations):
        few, enough = (found(raced(configurations=n), n) for n in (configurations, 3))
        for kind in ("contrasts", "interactions"):
            effects = getattr(few, kind)
            assert {effect.verdict for effect in effects} == {"undecided"}
            assert {effect.factor for effect in effects} == {
                INF
            }  # more rows would not decide it, more configurations may
            assert {(effect.low, effect.high, effect.search) for effect in effects} == {(-INF, INF, INF)}
            assert [(effect.name, effect.change, effect.margin) for effect in effects] == [
                (effect.name, effect.change, effect.margin) for effect in getattr(enough, kind)
            ]
        assert [effect.verdict for effect in enough.contrasts].count("helps") == 3
        assert few.plain_loss == enough.plain_loss

    @pytest.mark.parametrize("configurations", [1, 2, 3])
    def test_an_interval_that_leaves_out_zero_never_stands_beside_undecided(self, configurations):
        for effect in found(raced(configurations=configurations), configurations).contrasts:
            assert effect.low <= 0 <= effect.high or effect.verdict != "undecided"

    EFFECT = Effect("dropout", -0.1, -0.3, 0.1, 0.02, "undecided", 0.04, 0.03, 0.02, 4.0)
    EFFECTS = (replace(EFFECT, verdict="helps", factor=None), replace(EFFECT, verdict="hurts", factor=None), EFFECT)

    @pytest.mark.parametrize("configurations", [defaults.FEWEST_CONFIGURATIONS, 32])
    def test_with_enough_effects_stay_as_they_are(self, configurations):
        assert decided(self.EFFECTS, configurations) == list(self.EFFECTS)

    @pytest.mark.parametrize("configurations", [1, defaults.FEWEST_CONFIGURATIONS - 1])
    def test_with_fewer_the_error_of_the_search_is_one_that_nobody_knows(self, configurations):
        unknown = replace(self.EFFECT, low=-INF, high=INF, search=INF, factor=INF)
        assert decided(self.EFFECTS, configurations) == [unknown] * 3

    def test_of_one_that_diverged_no_configurations_are_said_to_decide_it(self):
        diverged = replace(self.EFFECT, change=INF, factor=None)
        assert decided([diverged], 1) == [diverged]

    @pytest.mark.parametrize("configurations", [1, 2])
    @pytest.mark.parametrize("seed", range(5))
    def test_a_placebo_is_never_decided_with_few(self, seed, configurations):
        """Losses that no factor changes: what is seen is luck."""
        rng = np.random.default_rng(seed)
        losses = {arm: make_losses(1 + 0.01 * rng.normal(size=(configurations, 6, 3))) for arm in ARMS}
        answers = found(losses, configurations, asked=DESIGN)
        effects = (*answers.contrasts, *answers.interactions, *answers.removals)
        assert {effect.verdict for effect in effects} == {"undecided"}

    def test_where_nothing_is_tuned_one_is_enough(self):
        """There is no better configuration that could have been missed."""
        losses = {arm: make_losses(np.full((1, 5, 1), 0.5 if arm["dropout"] else 1.0)) for arm in ARMS}
        untuned = found(losses, 1, 5, Design(DESIGN.factors))
        (dropout,) = [effect for effect in untuned.contrasts if effect.name == "dropout"]
        assert (dropout.change, dropout.verdict, dropout.search) == (-0.5, "helps", 0.0)


def constant(losses=None, splits: int = 2):
    """Arms with two configurations that lose as much after every epoch of every split; those that are not given lose
    1."""
    return {arm: make_losses(np.full((2, splits, 3), (losses or {}).get(arm, 1.0))) for arm in ARMS}


def by_split(losses):
    """Arms with two configurations alike and one epoch; those that are not given lose 1 in every split."""
    splits = len(next(iter(losses.values())))
    return {arm: make_losses(np.reshape([losses.get(arm, [1.0] * splits)] * 2, (2, splits, 1))) for arm in ARMS}


def interactions(losses, folds):
    return found(losses, folds=folds).interactions


class TestInteractionsOfSingleArms:
    def test_are_of_every_two_techniques(self):
        assert [pair.name for pair in interactions(constant(), 2)] == [
            "dropout and weight decay",
            "batch norm before and dropout",
            "batch norm before and weight decay",
            "batch norm after and dropout",
            "batch norm after and weight decay",
        ]

    def test_are_what_both_change_less_what_each_changes(self):
        losses = {
            DROPOUT: 0.9,
            DECAY: 0.8,
            BOTH: 0.4,  # -0.6, and not -0.1 - 0.2
            BEFORE: 0.5,
            arm_of("before", dropout=True): 0.5,  # -0.5, and not -0.5 - 0.1
            arm_of("before", weight_decay=True): 0.3,  # -0.7, as -0.5 - 0.2
            AFTER: 1.5,
            arm_of("after", dropout=True): 2.0,  # 1, and not 0.5 - 0.1
            arm_of("after", weight_decay=True): 0.1,  # -0.9, and not 0.5 - 0.2
        }
        pairs = interactions(constant(losses), 2)
        assert [pair.change for pair in pairs] == pytest.approx([-0.3, 0.1, 0.0, 0.6, -1.2])
        assert [pair.verdict for pair in pairs] == ["helps", "hurts", "no effect worth having", "hurts", "helps"]

    def test_arms_of_three_techniques_have_no_say(self):
        losses = {arm: 100.0 for arm in ARMS if arm["batch_norm"] and arm["dropout"] and arm["weight_decay"]}
        assert [pair.change for pair in interactions(constant(losses), 2)] == [0] * 5

    def test_intervals_hold_together_and_are_worked_out_by_hand(self):
        losses = {PLAIN: [1.0, 1.1, 1.2], DROPOUT: [0.9, 1.0, 0.8], DECAY: [0.7, 0.8, 0.9], BOTH: [0.5, 0.9, 0.7]}
        pair = interactions(by_split(losses), 3)[0]
        # Both and plain, less each: -0.1, 0.2, 0.2. Of variance 0.03, over three splits 0.01; parts of the rows agree.
        assert pair.change == pytest.approx(0.1)
        assert (pair.rows, pair.networks, pair.search) == pytest.approx((0, 0.1, 0), abs=1e-12)
        half = t.ppf(1 - 0.05 / 5 / 2, 2) * 0.1
        assert (pair.low, pair.high) == pytest.approx((0.1 - half, 0.1 + half))
        assert pair.verdict == "undecided"

    def test_what_makes_a_split_hard_for_all_arms_makes_no_interval_wider(self):
        hard = by_split({arm: [1.0, 50.0, 3.0, 7.0] for arm in ARMS})
        for pair in interactions(hard, 2):
            assert (pair.change, pair.low, pair.high) == pytest.approx((0, 0, 0), abs=1e-6)

    def test_how_lucky_four_searches_were_adds_up(self):
        """Of each arm the second configuration is worse by 0.1, 0.2, 0.3 and 0.4."""
        distances = {PLAIN: 0.1, DROPOUT: 0.2, DECAY: 0.3, BOTH: 0.4}
        losses = {
            arm: make_losses(np.stack([np.ones((3, 1)), np.full((3, 1), 1 + distances.get(arm, 0.0))])) for arm in ARMS
        }
        pair = interactions(losses, 3)[0]
        # A quarter of the squares: 0.01 + 0.04 + 0.09 + 0.16.
        assert pair.search == pytest.approx(np.sqrt(0.30 / 4))
        assert (pair.change, pair.networks) == pytest.approx((0, 0), abs=1e-12)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("arm", [PLAIN, DROPOUT, DECAY, BOTH], ids=lambda arm: arm.name)
    @pytest.mark.parametrize("splits", [[0], [0, 1, 2]], ids=["in one split", "everywhere"])
    def test_where_one_of_the_four_arms_diverged_nothing_is_said(self, arm, splits):
        losses = constant(splits=3)
        losses[arm].validation[:, splits] = INF
        parts = np.array(losses[arm].parts)
        parts[:, splits] = np.nan
        losses[arm] = replace(losses[arm], parts=parts)
        pair, *others = interactions(losses, 3)
        assert (pair.change, pair.low, pair.high, pair.verdict) == (INF, -INF, INF, "undecided")
        assert [bool(np.isinf(other.change)) for other in others] == [arm in (PLAIN, *pair) for pair in PAIRS[1:]]

    losses_of_four = arrays(np.float64, (4, 3), elements=st.floats(0.1, 2))

    @given(losses_of_four)
    def test_which_technique_is_named_first_does_not_matter(self, four):
        one, swapped = (
            interactions(by_split(dict(zip(order, four, strict=True))), 3)[0]
            for order in ((PLAIN, DROPOUT, DECAY, BOTH), (PLAIN, DECAY, DROPOUT, BOTH))
        )
        assert (one.change, one.low, one.high) == pytest.approx((swapped.change, swapped.low, swapped.high))

    @given(losses_of_four)
    def test_techniques_that_only_add_up_do_not_interact(self, four):
        plain, dropout, decay, _ = four
        four = {PLAIN: plain, DROPOUT: dropout, DECAY: decay, BOTH: dropout + decay - plain}
        pair = interactions(by_split(four), 3)[0]
        assert (pair.change, pair.low, pair.high) == pytest.approx((0, 0, 0), abs=1e-5)
