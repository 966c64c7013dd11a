"""The design of a study that asks about other techniques than the three of the default."""

import itertools

import pytest

from goru.errors import InputError
from goru.experiment.design import Design
from goru.experiment.knobs import log_uniform, uniform
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.studies.asked.design import (
    ARMS,
    FACTORS,
    design,
    hyperparameters,
    knob_values,
    phrase,
    programs,
    sharing,
)
from goru.studies.asked.techniques import TECHNIQUES, parsed

STEPS = 1_000


def drawn(asked, count=16, seed=0):
    """Every arm, with the values of some configurations and what networks are trained with."""
    for arm in asked.arms:
        for values in asked.configurations(arm, count, seed):
            yield arm, values, hyperparameters(values, STEPS, arm)


class TestTheDefault:
    def test_it_is_the_twelve_arms_with_four_knobs(self):
        assert design() == Design(
            {"batch_norm": (None, "before", "after"), "dropout": (False, True), "weight_decay": (False, True)},
            {
                "learning_rate": log_uniform(1e-3, 2e-2),
                "dropout_rate": uniform(0.05, 0.6, when={"dropout": True}),
                "decay_strength": log_uniform(0.25, 25.0, when={"weight_decay": True}),
            },
        )
        assert design().arms == ARMS
        assert len(ARMS) == 12

    def test_it_is_what_is_asked_by_name(self):
        assert design(factors=parsed(["norm", "dropout", "decay"])) == design() == design(factors=FACTORS)


class TestArms:
    def test_rows_are_mixed_in_one_way_or_the_other(self):
        asked = design(factors=parsed(["mixup", "cutmix", "dropout"]))
        assert {(arm["mixup"], arm["cutmix"]) for arm in asked.arms} == {(False, False), (True, False), (False, True)}
        assert len(asked.arms) == 6
        assert {contrast.name for contrast in asked.asked[0]} >= {"mixup", "cutmix", "dropout"}

    def test_no_part_of_many_mixes_them_in_both(self):
        asked = design(factors=parsed(["all"]))
        assert len(asked.arms) == 25
        assert asked.combinations == 102_400
        assert not any(arm["mixup"] and arm["cutmix"] for arm in asked.arms)
        assert {contrast.kind for contrast in asked.asked[0][:-1]} == {"weighted"}

    def test_up_to_the_most_all_combinations_are_trained(self):
        names = ["mixup", "sam", "residual", "cutout"]
        assert len(design(factors=parsed(names)).arms) == 16
        assert len(design(factors=parsed([*names, "dropout"])).arms) == 24
        assert len(design(factors=parsed(names), most_arms=12).arms) == 12

    def test_programs_are_shared_by_arms_that_differ_in_numbers_alone(self):
        base, recipe = Architecture(4, (8, 8), 3), Recipe()
        for names, count, most in (
            (["dropout", "decay", "label-smoothing"], 1, 8),
            (["mixup", "label-smoothing"], 2, 2),
            (["ema", "sam"], 4, 1),
            (["residual", "decay"], 2, 2),
        ):
            arms = design(factors=parsed(names)).arms
            assert (len(programs(arms, base, recipe)), sharing(arms, base, recipe)) == (count, most)

    def test_an_arm_can_be_part_of_a_sentence(self):
        asked = design(factors=parsed(["norm=none", "layer", "mixup", "activation=relu", "mish"]))
        assert phrase(asked.arms[-1]) == "layer norm, mixup and activation mish"


class TestSearchingBatchNorm:
    OWN = ("batch_norm_scale", "batch_norm_shift", "batch_norm_epsilon", "batch_norm_momentum")

    @pytest.mark.parametrize("tokens", [["mixup"], ["norm=none", "layer", "rms"], ["dropout", "decay"]])
    def test_without_batch_norm_it_is_refused_in_a_line(self, tokens):
        with pytest.raises(InputError, match="search_batch_norm=True: batch norm is not among the factors") as error:
            design(True, parsed(tokens))
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("tokens", [["norm", "sam"], ["norm=none", "batch-before", "layer", "batch-after", "sam"]])
    def test_its_numbers_are_drawn_in_the_arms_that_have_it(self, tokens):
        asked = design(True, parsed(tokens))
        for arm, values, hyper in drawn(asked, 2):
            has = any(str(level).endswith(("before", "after")) for level in arm.values())
            assert [name in values for name in self.OWN] == [has] * 4
            assert (hyper.batch_norm_scale == 1.0) == (not has)


class TestHyperparameters:
    def test_momentum_has_ten_times_the_learning_rate_of_adam(self):
        asked = design(factors=parsed(["optimizer", "decay"]))
        rates = {}
        for arm, values, hyper in drawn(asked):
            times = 10 if arm["optimizer"] == "momentum" else 1
            assert hyper.learning_rate == pytest.approx(times * values["learning_rate"])
            rates.setdefault(arm["optimizer"], []).append(values["learning_rate"])
            if arm["weight_decay"]:  # whose strength is what was drawn, whatever the rate
                strength = hyper.weight_decay * hyper.learning_rate * STEPS / 2
                assert strength == pytest.approx(values["decay_strength"])
        assert rates["momentum"] == rates["adam"]  # one sequence

    def test_without_an_arm_the_rate_is_what_was_drawn(self):
        assert hyperparameters({"learning_rate": 0.01}, STEPS).learning_rate == 0.01

    def test_the_average_goes_back_over_a_share_of_the_steps(self):
        for arm, values, hyper in drawn(design(factors=parsed(["averaging"]))):
            if arm["ema"]:
                assert 0.003 <= values["averaging_window"] <= 0.1
                steps_back = 1 / (1 - hyper.averaging)
                assert steps_back == pytest.approx(max(values["averaging_window"] * STEPS, 1))
            else:
                assert hyper.averaging == 0

    @pytest.mark.parametrize("steps", [0, 1, 5])
    def test_a_window_of_less_than_a_step_is_none(self, steps):
        values = {"learning_rate": 0.01, "averaging_window": 0.05}
        assert hyperparameters(values, steps).averaging == 0

    @pytest.mark.parametrize(
        ("token", "number", "low", "high"),
        [
            ("label-smoothing", "smoothing", 0.01, 0.3),
            ("mixup", "mixup_alpha", 0.1, 2.0),
            ("cutmix", "cutmix_rate", 0.1, 1.0),
            ("cutout", "cutout_rate", 0.05, 0.5),
            ("input-dropout", "input_dropout_rate", 0.02, 0.3),
            ("sam", "sam_radius", 0.01, 0.5),
        ],
    )
    def test_other_numbers_are_those_of_their_knobs_and_as_they_are_where_a_technique_is_off(
        self, token, number, low, high
    ):
        (factor,) = factors = parsed([token])
        for arm, values, hyper in drawn(design(factors=factors)):
            if arm[factor]:
                assert low <= getattr(hyper, number) == values[number] <= high
            else:
                assert getattr(hyper, number) == getattr(Hyperparameters(), number)

    @pytest.mark.parametrize("names", list(itertools.pairwise(sorted(TECHNIQUES.keys() - {"norm"}))))
    def test_numbers_of_the_knobs_are_found_again(self, names):
        asked = design(factors=parsed(names))
        for arm, values, hyper in drawn(asked, 3):
            found = knob_values(asked, arm, hyper._asdict(), STEPS)
            for name in values.keys() - {"learning_rate"}:
                assert found[name] == pytest.approx(values[name])
            assert found["learning_rate"] == hyper.learning_rate
