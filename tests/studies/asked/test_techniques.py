"""What may be asked about: every form in which factors are given, and what each technique does to a network."""

from dataclasses import replace

import pytest

from goru.errors import InputError
from goru.experiment.arms import Arm
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.studies.asked.design import architecture, recipe_of
from goru.studies.asked.options import Options
from goru.studies.asked.techniques import DEFAULT, STRENGTH, TECHNIQUES, WINDOW, parsed

OFF_ON = (False, True)
BATCH_NORM = (None, "before", "after")
NORMS = (None, "batch norm before", "batch norm after", "layer norm", "RMS norm")


class TestForms:
    @pytest.mark.parametrize(
        ("tokens", "factors"),
        [
            (["dropout"], {"dropout": OFF_ON}),
            (["dropout", "mixup"], {"dropout": OFF_ON, "mixup": OFF_ON}),
            (["dropout,mixup"], {"dropout": OFF_ON, "mixup": OFF_ON}),
            (["mixup , dropout", "sam"], {"mixup": OFF_ON, "dropout": OFF_ON, "sam": OFF_ON}),
            (["label-smoothing"], {"label_smoothing": OFF_ON}),
            (["label_smoothing"], {"label_smoothing": OFF_ON}),
            (["activation"], {"activation": ("relu", "gelu", "silu", "mish", "selu")}),
            (["optimizer"], {"optimizer": ("adam", "momentum")}),
        ],
    )
    def test_factors_without_levels_have_their_usual_ones_in_the_order_given(self, tokens, factors):
        assert list(parsed(tokens).items()) == list(factors.items())

    @pytest.mark.parametrize(
        ("tokens", "factors"),
        [
            (["norm"], {"batch_norm": BATCH_NORM}),
            (["batch-norm"], {"batch_norm": BATCH_NORM}),
            (["layer-norm"], {"norm": (None, "layer norm")}),
            (["rms_norm"], {"norm": (None, "RMS norm")}),
            (["layer-norm", "rms-norm"], {"norm": (None, "layer norm", "RMS norm")}),
            (["norm", "layer-norm"], {"norm": (None, "batch norm before", "batch norm after", "layer norm")}),
            (["decay"], {"weight_decay": OFF_ON}),
            (["averaging"], {"ema": OFF_ON}),
        ],
    )
    def test_names_that_stand_for_others(self, tokens, factors):
        assert parsed(tokens) == factors

    @pytest.mark.parametrize(
        ("tokens", "factors"),
        [
            (["norm=none", "layer", "dropout"], {"norm": (None, "layer norm"), "dropout": OFF_ON}),
            (["norm=none,batch-before,rms"], {"norm": (None, "batch norm before", "RMS norm")}),
            (["norm=none", "batch_after"], {"norm": (None, "batch norm after")}),
            (["norm=none", "layer-norm", "RMS norm"], {"norm": (None, "layer norm", "RMS norm")}),
            (["norm=layer", "none"], {"norm": ("layer norm", None)}),
            (["batch-norm=none", "after"], {"batch_norm": (None, "after")}),
            (["batch-norm=before", "batch-after"], {"batch_norm": ("before", "after")}),
            (["dropout=off", "on"], {"dropout": OFF_ON}),
            (["decay=on", "off", "sam"], {"weight_decay": (True, False), "sam": OFF_ON}),
            (["activation=tanh", "sigmoid", "Mish"], {"activation": ("tanh", "sigmoid", "mish")}),
            (["optimizer=momentum", "adam"], {"optimizer": ("momentum", "adam")}),
            (["activation=relu", "gelu", "relu"], {"activation": ("relu", "gelu")}),
        ],
    )
    def test_levels_may_be_chosen_the_reference_first(self, tokens, factors):
        assert parsed(tokens) == factors

    @pytest.mark.parametrize("name", TECHNIQUES)
    def test_every_level_can_be_given_as_an_error_lists_it(self, name):
        technique = TECHNIQUES[name]
        with pytest.raises(InputError) as error:
            parsed([f"{name}=swoosh", "dropout"])
        listed = str(error.value).partition(" It has ")[2].rstrip(".").split(", ")
        assert parsed([f"{name}={listed[0]}", *listed[1:]]) == {name: (*technique.levels, *technique.more)}

    @pytest.mark.parametrize("tokens", [["all"], ["all,mixup"], ["mixup", "all"], ["norm", "all"], ["all", "norm"]])
    def test_all_is_every_factor_with_all_norms(self, tokens):
        found = parsed(tokens)
        assert set(found) == set(TECHNIQUES) - {"batch_norm"}
        assert found["norm"] == NORMS

    def test_beside_all_levels_may_be_chosen(self):
        found = parsed(["norm=none", "rms", "all"])
        assert found["norm"] == (None, "RMS norm")
        assert set(found) == set(TECHNIQUES) - {"batch_norm"}

    def test_for_a_number_all_leaves_out_what_is_for_classes(self):
        assert set(parsed(["all"])) - set(parsed(["all"], classes=False)) == {"label_smoothing"}

    @pytest.mark.parametrize("activation", ["tanh", "identity", "gelu"])
    def test_the_activation_of_all_others_is_the_reference_unless_levels_are_chosen(self, activation):
        levels = parsed(["activation"], activation=activation)["activation"]
        assert levels[0] == activation
        assert len(levels) == len(set(levels))
        assert parsed(["activation=relu", "silu"], activation=activation) == {"activation": ("relu", "silu")}


class TestRefused:
    @pytest.mark.parametrize(
        ("tokens", "words"),
        [
            (["mixxup"], "unknown factor 'mixxup'. Did you mean 'mixup'?"),
            ([""], "unknown factor ''"),
            (["dropout,"], "unknown factor ''"),
            ([], "no factors"),
            (["layer"], "unknown factor 'layer'"),
            (["swoosh=on"], "unknown factor 'swoosh=on'"),
            (["all=on"], "unknown factor 'all=on'"),
            (["norm=none", "swoosh"], "norm has no level 'swoosh'"),
            (["dropout=0.5"], "dropout has no level '0.5'. It has off, on."),
            (["dropout=none", "on"], "dropout has no level 'none'"),
            (["batch-norm=none", "layer"], "batch-norm has no level 'layer'"),
            (["dropout=on"], "dropout has one level"),
            (["column_scales=on"], "column-scales has one level"),
            (["column_scale"], "Did you mean 'column-scales'?"),
            (["dropout=on", "on", "sam"], "dropout has one level"),
            (["batch-norm", "norm=none", "layer"], "Leave batch-norm out"),
            (["batch-norm", "all"], "Leave batch-norm out"),
        ],
    )
    def test_what_there_is_not_in_one_line(self, tokens, words):
        with pytest.raises(InputError) as error:
            parsed(tokens)
        assert str(error.value).startswith("factors: ")
        assert words in str(error.value)
        assert "\n" not in str(error.value)

    def test_it_is_refused_where_options_are_given(self):
        assert Options(factors=["mixup", "sam"]).factors == ("mixup", "sam")
        with pytest.raises(InputError, match="unknown factor 'mixdown'"):
            Options(factors=("mixdown",))


BASE = Architecture(4, (8, 8), 3)
PLAIN = Recipe()


def made(factor, level):
    arm = Arm(((factor, level),))
    return architecture(arm, BASE), recipe_of(arm, PLAIN)


class TestEachTechnique:
    @pytest.mark.parametrize("name", TECHNIQUES)
    def test_its_reference_changes_nothing_but_that_dropout_and_smoothing_are_compiled_in(self, name):
        shape, recipe = made(name, TECHNIQUES[name].levels[0])
        assert shape == replace(BASE, dropout=name == "dropout")
        assert recipe == (Recipe(label_smoothing=True) if name == "label_smoothing" else PLAIN)

    @pytest.mark.parametrize(
        ("factor", "level", "shape"),
        [
            ("batch_norm", "before", {"batch_norm": "before"}),
            ("batch_norm", "after", {"batch_norm": "after"}),
            ("norm", "batch norm before", {"batch_norm": "before"}),
            ("norm", "batch norm after", {"batch_norm": "after"}),
            ("norm", "layer norm", {"norm": "layer"}),
            ("norm", "RMS norm", {"norm": "rms"}),
            ("dropout", True, {"dropout": True}),
            ("input_dropout", True, {"input_dropout": True}),
            ("mixup", True, {"mix": "mixup"}),
            ("cutmix", True, {"mix": "cutmix"}),
            ("cutout", True, {"cutout": True}),
            ("residual", True, {"residual": True}),
            ("activation", "mish", {"activation": "mish"}),
            ("weight_decay", True, {}),
        ],
    )
    def test_what_it_changes_of_an_architecture(self, factor, level, shape):
        assert made(factor, level) == (Architecture(4, (8, 8), 3, **shape), PLAIN)

    @pytest.mark.parametrize(
        ("factor", "level", "recipe"),
        [
            ("label_smoothing", True, {"label_smoothing": True}),
            ("ema", True, {"averaging": True}),
            ("sam", True, {"sharpness": True}),
            ("optimizer", "momentum", {"optimizer": "momentum"}),
        ],
    )
    def test_what_it_changes_of_a_recipe(self, factor, level, recipe):
        assert made(factor, level) == (BASE, Recipe(**recipe))

    @pytest.mark.parametrize("name", TECHNIQUES)
    def test_its_knobs_are_numbers_of_a_network_in_the_arms_that_have_it_and_nothing_else_is_shown(self, name):
        technique = TECHNIQUES[name]
        follows = {STRENGTH: "weight_decay", WINDOW: "averaging"}
        for knob, of in technique.knobs.items():
            assert follows.get(knob, knob) in Hyperparameters._fields
            assert of.when == {name: True}
        assert set(technique.shown) == {follows.get(knob, knob) for knob in technique.knobs}

    @pytest.mark.parametrize("name", TECHNIQUES)
    def test_every_level_differs_from_the_others_in_its_network_or_its_numbers(self, name):
        technique = TECHNIQUES[name]
        every = (*technique.levels, *technique.more)
        assert len(set(every)) == len(every)
        assert technique.knobs or len({made(name, level) for level in every}) == len(every)

    def test_the_default_is_three_of_them(self):
        assert DEFAULT == ("batch_norm", "dropout", "weight_decay")
