"""The arms of a study, and their draws."""

import numpy as np
import pytest

from goru.nn.architecture import Architecture
from goru.study import defaults
from goru.study.design import ARMS, CONTRASTS, PLAIN, Arm, draws

ids = {"argvalues": ARMS, "ids": [arm.name for arm in ARMS]}


def techniques(arm: Arm) -> set[object]:
    return {arm.batch_norm, "dropout" if arm.dropout else None, "decay" if arm.weight_decay else None} - {None}


class TestArms:
    def test_every_combination_is_there_once_and_the_plain_one_first(self):
        assert len(ARMS) == len(set(ARMS)) == 3 * 2 * 2
        assert PLAIN == ARMS[0] == Arm(None, False, False)

    def test_every_arm_has_a_name_of_its_own(self):
        assert len({arm.name for arm in ARMS}) == 12
        assert PLAIN.name == "plain"
        assert Arm("before", True, True).name == "batch norm before + dropout + weight decay"

    @pytest.mark.parametrize("arm", **ids)
    def test_its_architecture_differs_from_the_base_in_its_layers_alone(self, arm):
        base = Architecture(4, (8, 6), 3, activation="tanh")
        architecture = arm.architecture(base)
        assert (architecture.batch_norm, architecture.dropout) == (arm.batch_norm, arm.dropout)
        assert (architecture.widths, architecture.activation) == (base.widths, "tanh")
        assert PLAIN.architecture(base) == base

    def test_arms_that_differ_in_weight_decay_alone_share_an_architecture(self):
        base = Architecture(4, (8,), 3)
        assert len({arm.architecture(base) for arm in ARMS}) == 6


class TestContrasts:
    def test_each_compares_two_arms_that_differ_in_what_its_name_says(self):
        for contrast in CONTRASTS:
            assert {contrast.arm, contrast.against} <= set(ARMS)
            (technique,) = techniques(contrast.arm) - techniques(contrast.against)
            assert str(technique) in contrast.name
        assert len({contrast.name for contrast in CONTRASTS}) == len(CONTRASTS)


class TestDraws:
    @pytest.mark.parametrize("arm", **ids)
    def test_numbers_are_in_their_ranges_and_zero_where_a_technique_is_off(self, arm):
        for hyper in draws(arm, 64, seed=3):
            assert defaults.LEARNING_RATE[0] <= hyper.learning_rate <= defaults.LEARNING_RATE[1]
            low, high = defaults.DROPOUT_RATE if arm.dropout else (0, 0)
            assert low <= hyper.dropout_rate <= high
            low, high = defaults.WEIGHT_DECAY if arm.weight_decay else (0, 0)
            assert low <= hyper.weight_decay <= high

    @pytest.mark.parametrize("arm", **ids)
    def test_asking_for_more_leaves_the_first_ones_as_they_are(self, arm):
        most = draws(arm, 33, seed=1)
        assert len(most) == len(set(most)) == 33
        for count in (1, 2, 3, 4, 5, 8, 9, 32):
            assert draws(arm, count, seed=1) == most[:count]

    def test_a_draw_has_one_learning_rate_dropout_rate_and_decay_in_all_arms_that_have_them(self):
        by_arm = {arm: draws(arm, 5, seed=2) for arm in ARMS}
        everything = by_arm[Arm("before", True, True)]
        for arm, drawn in by_arm.items():
            for hyper, full in zip(drawn, everything, strict=True):
                assert hyper.learning_rate == full.learning_rate
                assert hyper.dropout_rate == (full.dropout_rate if arm.dropout else 0)
                assert hyper.weight_decay == (full.weight_decay if arm.weight_decay else 0)

    def test_they_are_spread_evenly_on_their_scales(self):
        """Eight points of a Sobol sequence: one in each eighth of every range."""
        drawn = draws(Arm(None, True, True), 8, seed=0)
        for values, (low, high) in (
            (np.log([hyper.learning_rate for hyper in drawn]), np.log(defaults.LEARNING_RATE)),
            (np.array([hyper.dropout_rate for hyper in drawn]), defaults.DROPOUT_RATE),
            (np.log([hyper.weight_decay for hyper in drawn]), np.log(defaults.WEIGHT_DECAY)),
        ):
            assert sorted(((values - low) / (high - low) * 8).astype(int)) == list(range(8))

    def test_they_are_a_function_of_the_seed(self):
        assert draws(PLAIN, 4, seed=0) == draws(PLAIN, 4, seed=0)
        assert draws(PLAIN, 4, seed=0) != draws(PLAIN, 4, seed=1)
