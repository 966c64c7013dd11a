"""A part of all combinations: which arms it has, and that main effects are told from one another by it."""

import itertools
import math

import numpy as np
import pytest
from experiments import make_losses
from hypothesis import given, settings
from hypothesis import strategies as st

from goru.experiment.design import Design
from goru.experiment.effects.answers import answer, difference
from goru.experiment.effects.standings import Standings
from goru.experiment.fraction import confounded, fraction, optimal
from goru.experiment.knobs import log_uniform, uniform

THREE = dict.fromkeys("abc", (False, True))
MANY = {"norm": (None, "layer", "rms"), **dict.fromkeys("abcdefg", (False, True))}  # 384 combinations
TEN = {f"factor {number}": (False, True) for number in range(10)}
PAIR = ({"a": True, "b": True},)


def arms_of(factors, most, exclude=()):
    return fraction(factors, {}, exclude, most).arms


def losses_by(arms, effects, splits=6, noise=0.0, seed=0):
    """Losses of arms by planted effects, `{(factor, level): change}`, and luck; splits differ from each other."""
    rng = np.random.default_rng(seed)
    of_split = rng.normal(0, 0.1, splits)
    return {
        arm: make_losses(
            (
                1 + sum(effects.get(level, 0.0) for level in arm.levels) + of_split + noise * rng.normal(size=splits)
            ).reshape(1, splits, 1)
        )
        for arm in arms
    }


def planted(factors, seed=0):
    rng = np.random.default_rng(seed)
    return {(name, level): rng.normal(0, 0.05) for name, levels in factors.items() for level in levels[1:]}


def wanted(design, effects):
    """What each contrast should find, in the order of the questions."""
    return [
        effects[name, level] - effects.get((name, against), 0.0)
        for name, levels in design.factors.items()
        for against, level in itertools.combinations(levels, 2)
    ]


class TestArms:
    @pytest.mark.parametrize("most", [8, 9, 24])
    def test_there_are_all_combinations_if_they_are_no_more_than_asked_for(self, most):
        design = fraction(THREE, {}, (), most)
        assert design == Design(THREE, {})
        assert len(design.arms) == 8
        assert {contrast.kind for contrast in design.asked[0]} == {"mean", "best"}

    @pytest.mark.parametrize("most", [14, 16, 24, 31])
    def test_of_many_combinations_there_are_as_many_as_asked_for_the_plain_one_first(self, most):
        arms = arms_of(MANY, most)
        assert len(arms) == len(set(arms)) == most
        assert all(arms[0][name] == levels[0] for name, levels in MANY.items())

    def test_of_too_few_there_are_as_many_as_effects_can_be_told_apart_by(self):
        coefficients = 1 + 2 + 7
        assert coefficients < len(arms_of(MANY, 3)) <= coefficients + 4

    @pytest.mark.parametrize("most", [2, 3])
    def test_of_a_few_combinations_there_are_never_more_than_there_are(self, most):
        assert arms_of({"a": (False, True), "b": (False, True)}, most) == arms_of({"a": (0, 1), "b": (0, 1)}, 4)

    @pytest.mark.parametrize("most", [14, 24])
    def test_every_level_is_there_about_as_often_as_the_others(self, most):
        for name, levels in MANY.items():
            counts = [sum(arm[name] == level for arm in arms_of(MANY, most)) for level in levels]
            assert max(counts) - min(counts) <= 4

    @pytest.mark.parametrize("wrong", [*PAIR, {"a": True, "b": False}, {"norm": None, "a": True}])
    def test_none_is_there_that_makes_no_sense_whether_a_level_is_on_or_off(self, wrong):
        for most in (14, 24):
            arms = arms_of(MANY, most, (wrong,))
            assert len(arms) == most
            assert not any(arm.has(wrong) for arm in arms)
            for name, level in wrong.items():  # each of its levels is there all the same
                assert any(arm[name] == level for arm in arms)

    def test_they_are_the_same_in_every_run(self):
        optimal.cache_clear()
        first = arms_of(MANY, 24)
        optimal.cache_clear()
        assert arms_of(MANY, 24) == first

    def test_knobs_are_those_of_all_combinations(self):
        knobs = {"learning_rate": log_uniform(1e-3, 1e-1), "rate": uniform(0, 1, when={"a": True})}
        design = fraction(MANY, knobs, (), 16)
        assert design.knobs == knobs
        assert all(("rate" in design.knobs_of(arm)) == arm["a"] for arm in design.arms)

    @settings(max_examples=25)
    @given(st.lists(st.integers(2, 4), min_size=2, max_size=4), st.integers(2, 20), st.booleans())
    def test_whatever_the_factors_are_no_arm_is_there_twice_and_none_that_is_excluded(self, sizes, most, excluding):
        factors = {name: tuple(range(size)) for name, size in zip("abcd", sizes, strict=False)}
        exclude = ({"a": 1, "b": 1},) if excluding else ()
        allowed = math.prod(sizes) - (math.prod(sizes[2:]) if excluding else 0)
        design = fraction(factors, {}, exclude, most)
        arms = design.arms
        least = 1 + sum(sizes) - len(sizes) + 4
        assert len(arms) == len(set(arms)) <= max(most, least)
        assert len(arms) == min(max(most, least), allowed)
        assert not any(arm.has(wrong) for wrong in exclude for arm in arms)
        assert arms[0] == design.plain


class TestContrasts:
    @pytest.mark.parametrize("most", [14, 16, 24])
    def test_weights_add_up_to_zero_over_all_arms_and_over_the_levels_of_every_other_factor(self, most):
        design = fraction(MANY, {}, (), most)
        for contrast, (name, (against, level)) in zip(
            design.asked[0], [(n, p) for n, ls in MANY.items() for p in itertools.combinations(ls, 2)], strict=False
        ):
            assert sum(contrast.weights) == pytest.approx(0, abs=1e-9)
            for other, levels in MANY.items():
                for one in levels:
                    total = sum(w for w, arm in zip(contrast.weights, contrast.arms, strict=True) if arm[other] == one)
                    own = (one == level) - (one == against) if other == name else 0
                    assert total == pytest.approx(own, abs=1e-9)

    @pytest.mark.parametrize("exclude", [(), PAIR])
    def test_they_find_planted_main_effects_without_an_error_where_there_is_no_luck(self, exclude):
        design, effects = fraction(MANY, {}, exclude, 24), planted(MANY)
        losses = losses_by(design.arms, effects)
        standings = Standings(losses, 3, False)
        for contrast, expected in zip(design.asked[0][:-1], wanted(design, effects), strict=True):
            found = difference(contrast, standings, standings.parts)
            np.testing.assert_allclose(found.losses, expected, atol=1e-9)

    def test_so_does_the_answer(self):
        design, effects = fraction(MANY, {}, (), 16), planted(MANY, seed=1)
        answers = answer(design, losses_by(design.arms, effects), folds=3, configurations=1)
        for found, expected in zip(answers.contrasts[:-1], wanted(design, effects), strict=True):
            assert found.change == pytest.approx(expected, abs=1e-9)
            assert found.low <= found.change <= found.high

    def test_they_are_called_as_in_a_whole_design_and_nothing_else_is_asked(self):
        some = {name: MANY[name] for name in ("norm", "a", "b", "c", "d")}
        names = [contrast.name for contrast in fraction(some, {}, (), 12).asked[0]]
        assert names == [contrast.name for contrast in Design(some).asked[0]]
        assert fraction(MANY, {}, (), 16).asked[1:] == ((), ())

    def test_the_best_of_all_is_still_compared_with_plain(self):
        design = fraction(MANY, {}, (), 16)
        best = design.asked[0][-1]
        assert (best.kind, best.arms, best.against) == ("best", design.arms, (design.plain,))

    @pytest.mark.parametrize("factors", [MANY, TEN], ids=["mixed", "two levels"])
    def test_their_errors_are_near_those_of_an_orthogonal_design_of_as_many_arms(self, factors):
        design = fraction(factors, {}, (), 24)
        for contrast in design.asked[0][:-1]:
            levels = 3 if "layer" in contrast.name or "rms" in contrast.name else 2
            orthogonal = math.sqrt(2 * levels / 24)
            assert orthogonal - 1e-9 <= np.linalg.norm(contrast.weights) < 1.2 * orthogonal

    def test_luck_spreads_what_is_found_as_the_weights_say(self):
        design = fraction(MANY, {}, (), 16)
        standings = Standings(losses_by(design.arms, {}, splits=600, noise=0.1), 3, False)
        for contrast in design.asked[0][:-1]:
            found = difference(contrast, standings, standings.parts).losses
            assert found.std() == pytest.approx(0.1 * np.linalg.norm(contrast.weights), rel=0.15)


def arms_of_levels(factors):
    """Every combination, as levels in order."""
    return list(itertools.product(*factors.values()))


class TestConfounded:
    def half(self):
        """2^(3-1): a level of c where exactly one of a and b is there, or, as the plain arm has none, where both or
        none are not."""
        only = [levels for levels in itertools.product((False, True), repeat=3) if sum(levels) % 2 == 0]
        whole = fraction(THREE, {}, (), 8)
        coded = np.array([[1, *levels] for levels in only], float)
        weights = np.linalg.inv(coded)
        arms = Design(THREE, only=only, contrasts=(), interactions=(), removals=()).arms
        contrasts = tuple(
            type(whole.asked[0][0])(name, arms, (), "weighted", tuple(map(float, weights[place])))
            for place, name in enumerate("abc", 1)
        )
        return Design(THREE, only=only, contrasts=contrasts, interactions=(), removals=())

    def test_in_a_half_of_three_factors_each_is_mixed_with_the_interaction_of_the_others(self):
        assert confounded(self.half()) == {"a": ["b + c"], "b": ["a + c"], "c": ["a + b"]}

    def test_in_a_whole_design_there_is_nothing(self):
        assert confounded(fraction(THREE, {}, (), 8)) == {}
        assert confounded(Design(THREE)) == {}

    def test_nor_in_all_combinations_that_are_listed(self):
        every = arms_of_levels(THREE)
        weights = np.linalg.pinv([[1, *levels] for levels in every])
        half = self.half()
        arms = Design(THREE, only=every, contrasts=()).arms
        contrasts = tuple(
            type(one)(one.name, arms, (), "weighted", tuple(map(float, weights[place])))
            for place, one in enumerate(half.asked[0], 1)
        )
        assert confounded(Design(THREE, only=every, contrasts=contrasts)) == {}

    def test_what_is_said_is_what_a_planted_interaction_does_to_the_estimate(self):
        design = fraction(MANY, {}, (), 16)
        said = confounded(design)
        names = {f"{one} + {other}": (one, other) for one, other in itertools.combinations("abcdefg", 2)}
        for contrast in design.asked[0][3:-1]:  # of two levels, and nothing of their own interactions
            for words, (one, other) in names.items():
                own = contrast.name in (one, other)
                shift = sum(
                    w * (arm[one] and arm[other]) for w, arm in zip(contrast.weights, contrast.arms, strict=True)
                )
                expected = abs(shift - (0.5 if own else 0)) > 0.35
                assert (words in said.get(contrast.name, [])) == expected
