"""What techniques do together, what is missed without one, and what no answer depends on."""

from dataclasses import replace

import numpy as np
import pytest
from asking import AB, AFTER, BEFORE, BOTH, DECAY, DROPOUT, INF, NEITHER, SINGLE, SQUARE, A, B, alike, all_of, answers
from experiments import ARMS, DESIGN, arm_of, make_losses
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t

from goru.experiment.design import Design
from goru.experiment.effects.crossfit import crossfitted
from goru.experiment.findings.effect import InteractionFound
from goru.experiment.fraction import fraction
from goru.experiment.knobs import uniform
from goru.experiment.questions import Contrast


class TestInteractions:
    def test_are_what_both_change_less_what_each_changes(self):
        losses = dict.fromkeys(ARMS, 1.0) | {
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
        losses |= {arm: 100.0 for arm in ARMS if all(arm.values())}  # three techniques have no say in single pairs
        pairs = answers(alike({arm: [loss] * 2 for arm, loss in losses.items()}), SINGLE, folds=2).interactions
        assert [pair.change for pair in pairs] == pytest.approx([-0.3, 0.1, 0.0, 0.6, -1.2])
        assert [pair.verdict for pair in pairs] == ["helps", "hurts", "negligible", "hurts", "helps"]

    def test_errors_are_worked_out_by_hand(self):
        losses = {NEITHER: [1.0, 1.1, 1.2], A: [0.9, 1.0, 0.8], B: [0.7, 0.8, 0.9], AB: [0.5, 0.9, 0.7]}
        (pair,) = answers(alike(losses), SQUARE).interactions
        # Both and neither, less each: -0.1, 0.2, 0.2. Of variance 0.03, over three splits 0.01; the parts agree.
        assert (pair.name, pair.change) == ("a 1 and b 1", pytest.approx(0.1))
        assert (pair.rows, pair.networks, pair.search) == pytest.approx((0, 0.1, 0), abs=1e-12)
        half = t.ppf(0.975, 2) * 0.1  # it is the only one
        assert (pair.low, pair.high) == pytest.approx((0.1 - half, 0.1 + half))
        assert pair.verdict == "inconclusive"

    def test_of_several_squares_are_their_mean(self):
        cube = Design({"a": [0, 1], "b": [0, 1], "c": [0, 1]}, SQUARE.knobs)
        losses = {
            arm: [2.0 - 0.5 * arm["a"] * arm["b"] - 0.2 * arm["a"] * arm["b"] * arm["c"]] * 3 for arm in cube.arms
        }
        pair = answers(alike(losses), cube).interactions[0]
        assert pair.change == pytest.approx(-0.6)  # without C -0.5, with it -0.7

    def test_say_what_the_one_changes_without_the_other_and_with_it(self):
        losses = {NEITHER: 1.0, A: 0.9, B: 0.7, AB: 0.5}
        together = answers(alike({arm: [loss] * 3 for arm, loss in losses.items()}), SQUARE)
        assert together.conditional == (pytest.approx((-0.1, -0.2)),)
        (found,) = InteractionFound.among(together, SQUARE, 100)
        assert (found.first, found.second, found.change) == ("a 1", "b 1", pytest.approx(-0.1))
        assert (found.without, found.beside) == pytest.approx((-0.1, -0.2))

    @pytest.mark.parametrize("design", [SINGLE, DESIGN], ids=["single arms", "all pairs"])
    def test_what_makes_a_split_hard_for_all_arms_makes_no_interval_wider(self, design):
        for effect in all_of(answers(alike({arm: [1.0, 50.0, 3.0, 7.0] for arm in ARMS}), design, folds=2)):
            assert (effect.change, effect.low, effect.high) == pytest.approx((0, 0, 0), abs=1e-6)

    losses_of_four = arrays(np.float64, (4, 3), elements=st.floats(0.1, 2))

    @given(losses_of_four)
    @settings(max_examples=25)
    def test_which_technique_is_named_first_does_not_matter(self, four):
        one, swapped = (
            answers(alike(dict(zip(order, four, strict=True))), SQUARE).interactions[0]
            for order in ((NEITHER, A, B, AB), (NEITHER, B, A, AB))
        )
        assert (one.change, one.low, one.high) == pytest.approx((swapped.change, swapped.low, swapped.high))

    @given(losses_of_four)
    @settings(max_examples=25)
    def test_techniques_that_only_add_up_do_not_interact(self, four):
        neither, a, b, _ = four
        (pair,) = answers(alike({NEITHER: neither, A: a, B: b, AB: a + b - neither}), SQUARE).interactions
        assert (pair.change, pair.low, pair.high) == pytest.approx((0, 0, 0), abs=1e-5)


class TestRemovals:
    """In every split the arm that is best on the other folds, and the same without the factor."""

    def test_a_worked_example(self):
        losses = alike({NEITHER: [2.0, 2.1, 2.2], A: [1.0, 1.5, 0.4], B: [1.9, 1.8, 1.7], AB: [0.9, 0.6, 0.8]})
        a, b = answers(losses, SQUARE).removals
        # On the other folds: for the first split A has 0.95 and both 0.7; for the second A has 0.7 and both 0.85; for
        # the third A has 1.25 and both 0.75.
        assert (a.name, b.name) == ("a", "b")
        assert a.change == pytest.approx(np.mean([0.9 - 1.9, 1.5 - 2.1, 0.8 - 1.7]))
        assert b.change == pytest.approx(np.mean([0.9 - 1.0, 0.0, 0.8 - 0.4]))  # A alone has no B to take out
        assert a.networks == pytest.approx(np.std([-1.0, -0.6, -0.9], ddof=1) / np.sqrt(3))
        alone, shared = (t.ppf(1 - miss / 2, 2) * a.networks for miss in (0.05, 0.025))
        assert alone * 0.98 < a.high - a.change < shared * 1.02

    def test_where_the_plain_arm_is_the_best_nothing_changes(self):
        losses = alike({NEITHER: [0.1, 0.2], A: [1.0] * 2, B: [1.0] * 2, AB: [1.0] * 2})
        for removal in answers(losses, SQUARE, folds=2).removals:
            assert (removal.change, removal.low, removal.high) == (0, 0, 0)

    def test_where_it_cannot_be_taken_out_of_the_best_arm_it_is_taken_out_of_the_next_best(self):
        """Rather than to say that it changes nothing."""
        design = Design(SQUARE.factors, SQUARE.knobs, exclude=[{"a": 0, "b": 1}])
        losses = alike({arm: [3.0 - arm["a"] - arm["b"]] * 2 for arm in design.arms})
        removals = {removal.name: removal.change for removal in answers(losses, design, folds=2).removals}
        assert removals == {"a": pytest.approx(-1.0), "b": pytest.approx(-1.0)}

    @pytest.mark.filterwarnings("error")
    def test_two_partitions_judge_each_by_its_own_folds(self):
        rng = np.random.default_rng(0)
        losses = {arm: make_losses(rng.random((3, 6, 4))) for arm in SQUARE.arms}
        removal, _ = answers(losses, SQUARE).removals
        judged = {arm: crossfitted(losses[arm].validation, 3) for arm in losses}
        without, changes = dict(SQUARE.asked[2][0].without), []
        for split in range(6):
            others = [other for other in range(split - split % 3, split - split % 3 + 3) if other != split]
            best = min(losses, key=lambda arm: losses[arm].validation[:, others].mean(axis=1).min())
            changes.append(judged[best][split] - judged[without[best]][split])
        assert removal.change == pytest.approx(np.mean(changes))


def test_a_planted_factor_is_found_and_its_copy_is_not_taken_for_it():
    """A factor that takes a third of the loss off, and one that does nothing: noise of a hundredth in every trial."""
    design = Design({"real": [False, True], "placebo": [False, True]}, SQUARE.knobs)
    rng = np.random.default_rng(0)
    losses = {
        arm: make_losses((2.0 if arm["real"] else 3.0) + 0.01 * rng.normal(size=(4, 10, 5))) for arm in design.arms
    }
    effects = {effect.name: effect for effect in answers(losses, design, 5, 4).contrasts}
    assert effects["real"].verdict == "helps"
    assert effects["real"].helps > 0.999
    assert effects["placebo"].verdict in ("negligible", "inconclusive")
    assert effects["placebo"].negligible > 0.9


def opposite(question):
    """What is compared, the other way round; of a removal, what putting the factor in changes."""
    if isinstance(question, Contrast):
        return replace(question, arms=question.against, against=question.arms)
    return replace(question, both=question.one, one=question.both, other=question.neither, neither=question.other)


class TestSymmetries:
    """What must not matter does not."""

    EXACT = ("change", "margin", "rows", "networks", "search")
    seeds = st.integers(0, 2**32 - 1)
    few = settings(max_examples=10)

    @staticmethod
    def scores(seed, design=SQUARE):
        """Three configurations, of which two go on to a second partition; some diverge after the first epoch."""
        rng = np.random.default_rng(seed)
        scores = rng.random((len(design.arms), 3, 6, 3)) + rng.random((6, 1))
        scores[rng.random(scores.shape[:3]) < 0.03, 1:] = INF
        scores[:, 2, 3:] = np.nan
        return scores

    @staticmethod
    def effects(scores, design=SQUARE):
        arms = zip(design.arms, scores, strict=True)
        return all_of(answers({arm: make_losses(score) for arm, score in arms}, design))

    @given(seeds)
    @few
    def test_the_other_way_round_is_the_mirror_image(self, seed):
        contrasts, interactions, _ = SQUARE.asked
        asked = replace(SQUARE, contrasts=contrasts, interactions=interactions, removals=())
        back = replace(asked, contrasts=[*map(opposite, contrasts)], interactions=[*map(opposite, interactions)])
        for one, mirrored in zip(*(self.effects(self.scores(seed), design) for design in (asked, back)), strict=True):
            change = -one.change if np.isfinite(one.change) else INF
            assert (mirrored.change, mirrored.low, mirrored.high) == pytest.approx((change, -one.high, -one.low))
            assert mirrored.helps == (None if one.helps is None else pytest.approx(1 - one.helps))
            assert mirrored.negligible == (None if one.negligible is None else pytest.approx(one.negligible))
            words = {"helps": "hurts", "hurts": "helps"}
            assert mirrored.verdict == words.get(one.verdict, one.verdict)

    @given(seeds, st.floats(1e-3, 1e3))
    @few
    def test_in_other_units_all_is_that_many_times_as_large(self, seed, units):
        scores = self.scores(seed)
        for one, scaled in zip(self.effects(scores), self.effects(units * scores), strict=True):
            for name in (*self.EXACT, "low", "high"):
                assert getattr(scaled, name) == pytest.approx(units * getattr(one, name), abs=1e-9 * units)
            assert scaled.verdict == one.verdict

    @given(seeds, st.permutations(range(3)))
    @few
    def test_nor_does_the_order_of_configurations(self, seed, order):
        scores = self.scores(seed)
        for one, shuffled in zip(self.effects(scores), self.effects(scores[:, order]), strict=True):
            for name in (*self.EXACT, "low", "high"):
                assert getattr(shuffled, name) == pytest.approx(getattr(one, name))

    def test_nor_does_the_order_of_arms(self):
        losses = {arm: make_losses(score) for arm, score in zip(ARMS, self.scores(0, DESIGN), strict=True)}
        forwards, backwards = (answers(by_arm, DESIGN) for by_arm in (losses, dict(reversed(losses.items()))))
        for one, same in zip(all_of(forwards), all_of(backwards), strict=True):
            for name in (*self.EXACT, "low", "high"):
                assert getattr(same, name) == pytest.approx(getattr(one, name), abs=1e-12)

    def test_nor_does_chance(self):
        assert self.effects(self.scores(0)) == self.effects(self.scores(0))


class TestAPartOfAllCombinations:
    """Its main effects are estimated by least squares, all arms informing each."""

    PART = fraction(dict.fromkeys("abcdefg", (False, True)), {"rate": uniform(0, 1)}, (), 16)

    @property
    def true(self):
        return dict(zip("abcdefg", (-0.3, 0.2, 0.1, -0.1, 0.0, 0.05, -0.05), strict=True))

    def losses(self, lost=()):
        return {
            arm: [np.inf] * 3 if place in lost else [2 + sum(self.true[name] for name in "abcdefg" if arm[name])] * 3
            for place, arm in enumerate(self.PART.arms)
        }

    @pytest.mark.parametrize("lost", [(), (3,), (5, 9)])
    def test_arms_that_diverge_are_left_out_and_the_others_tell_as_much(self, lost):
        found = answers(alike(self.losses(lost)), self.PART).contrasts[:-1]
        assert {effect.name: effect.change for effect in found} == pytest.approx(self.true, abs=1e-6)
        assert np.isfinite([[effect.low, effect.high] for effect in found]).all()

    def test_a_loss_that_has_exploded_is_none(self):
        losses = self.losses() | {self.PART.arms[4]: [2.0, 1e9, 2.0]}
        found = answers(alike(losses), self.PART).contrasts[:-1]
        assert {effect.name: effect.change for effect in found} == pytest.approx(self.true, abs=1e-6)

    def test_where_too_few_are_left_nothing_is_known(self):
        found = answers(alike(self.losses(range(2, 16))), self.PART).contrasts[:-1]
        assert {effect.verdict for effect in found} == {"inconclusive"}
        assert not np.isfinite([effect.change for effect in found]).any()
