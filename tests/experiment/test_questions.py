"""Which arms a question compares."""

import pytest

from goru.experiment.arms import Arm
from goru.experiment.design import Design
from goru.experiment.questions import main_effect

FACTORS = {"norm": [None, "before", "after"], "dropout": [False, True], "mixup": [False, True]}
ALL = Design(FACTORS)
# Warming up makes sense with a norm alone.
SOME = Design(
    {"norm": [None, "batch", "layer"], "warmup": [False, True], "dropout": [False, True]},
    exclude=[{"norm": None, "warmup": True}, {"norm": "layer", "dropout": True}],
)


def differences(arm: Arm, other: Arm) -> dict:
    return {factor: (arm[factor], other[factor]) for factor in arm if arm[factor] != other[factor]}


class TestContrasts:
    def test_are_of_every_level_against_the_reference_and_against_the_others_and_of_the_best_at_last(self):
        assert [contrast.name for contrast in ALL.asked[0]] == [
            "norm before",
            "norm after",
            "norm after instead of before",
            "dropout",
            "mixup",
            "best combination (cross-validated choice)",
        ]

    @pytest.mark.parametrize("design", [ALL, SOME], ids=["all arms", "some excluded"])
    def test_main_effects_pair_arms_that_differ_in_the_one_factor_alone(self, design):
        for contrast in design.asked[0][:-1]:
            assert contrast.kind == "mean"
            changed = [differences(*pair) for pair in zip(contrast.arms, contrast.against, strict=True)]
            assert len({tuple(change.items()) for change in changed}) == 1  # the same change in all pairs
            assert len(changed[0]) == 1
            assert {*contrast.arms, *contrast.against} <= set(design.arms)

    @pytest.mark.parametrize(("name", "pairs"), [("norm before", 4), ("dropout", 6), ("mixup", 6)])
    def test_every_such_pair_there_is_informs_them(self, name, pairs):
        (found,) = [contrast for contrast in ALL.asked[0] if contrast.name == name]
        assert len(set(zip(found.arms, found.against, strict=True))) == pairs

    def test_where_arms_are_excluded_so_are_their_pairs(self):
        counts = {contrast.name: len(contrast.arms) for contrast in SOME.asked[0]}
        assert counts == {
            "norm batch": 2,  # without warmup
            "norm layer": 1,  # and without dropout
            "norm layer instead of batch": 2,
            "warmup": 3,  # batch with and without dropout, layer without
            "dropout": 3,  # none; batch with and without warmup
            "best combination (cross-validated choice)": len(SOME.arms),
        }

    def test_a_question_that_no_two_arms_answer_is_not_asked(self):
        design = Design(
            {"norm": [None, "batch"], "warmup": [False, True]},
            exclude=[{"norm": "batch", "warmup": False}, {"norm": None, "warmup": True}],
        )
        assert [contrast.name for contrast in design.asked[0]] == ["best combination (cross-validated choice)"]
        assert design.asked[1:] == ((), ())

    def test_the_best_is_of_all_arms_against_the_plain_one(self):
        best = ALL.asked[0][-1]
        assert (best.arms, best.against, best.kind) == (ALL.arms, (ALL.plain,), "best")

    def test_an_effect_may_be_asked_for_by_hand(self):
        found = main_effect(ALL.arms, "norm", "after", "before")
        assert [arm["norm"] for arm in (*found.arms, *found.against)] == ["after"] * 4 + ["before"] * 4


class TestInteractions:
    def test_are_of_every_two_levels_of_different_factors(self):
        assert [pair.name for pair in ALL.asked[1]] == [
            "norm before and dropout",
            "norm after and dropout",
            "norm before and mixup",
            "norm after and mixup",
            "dropout and mixup",
        ]

    @pytest.mark.parametrize("design", [ALL, SOME], ids=["all arms", "some excluded"])
    def test_four_arms_differ_in_these_two_factors_alone(self, design):
        for pair in design.asked[1]:
            for both, one, other, neither in zip(pair.both, pair.one, pair.other, pair.neither, strict=True):
                first, second = differences(one, neither), differences(other, neither)
                assert (len(first), len(second)) == (1, 1)
                assert differences(both, neither) == first | second
                assert first.keys() != second.keys()

    def test_all_such_fours_inform_them(self):
        assert [len(pair.both) for pair in ALL.asked[1]] == [2, 2, 2, 2, 3]

    def test_what_is_never_together_is_not_asked(self):
        assert {pair.name: len(pair.both) for pair in SOME.asked[1]} == {
            "norm batch and dropout": 1,  # without warmup
            "warmup and dropout": 1,  # with batch norm
        }


class TestRemovals:
    def test_are_of_every_factor(self):
        assert [removal.name for removal in ALL.asked[2]] == ["norm", "dropout", "mixup"]

    def test_every_arm_has_its_own_without_the_factor_which_may_be_itself(self):
        for removal in ALL.asked[2]:
            without = dict(removal.without)
            assert without.keys() == set(ALL.arms)
            for arm, other in without.items():
                assert other[removal.name] == FACTORS[removal.name][0]
                assert differences(arm, other).keys() <= {removal.name}

    def test_arms_from_which_it_cannot_be_taken_are_left_out(self):
        (norm,) = [dict(removal.without) for removal in SOME.asked[2] if removal.name == "norm"]
        assert all(arm in norm for arm in SOME.arms if not arm["warmup"])
        assert not any(arm["warmup"] for arm in norm)
