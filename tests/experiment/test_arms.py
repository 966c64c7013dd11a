"""One combination of factor levels, as a mapping and in words."""

import pytest

from goru.experiment.arms import Arm, technique
from goru.experiment.design import Design

DESIGN = Design({"batch_norm": ["none", "before"], "dropout": [False, True], "depth": [2, 4], "mixup": [True, False]})
EVERY = DESIGN.arm({"batch_norm": "before", "dropout": True, "depth": 4, "mixup": False})


def test_it_maps_factors_to_levels_in_the_order_of_the_design():
    assert dict(EVERY) == {"batch_norm": "before", "dropout": True, "depth": 4, "mixup": False}
    assert list(EVERY) == ["batch_norm", "dropout", "depth", "mixup"]
    assert (len(EVERY), EVERY["depth"], EVERY.get("width")) == (4, 4, None)
    with pytest.raises(KeyError):
        EVERY["width"]


def test_it_is_the_same_whoever_made_it_and_can_be_looked_up_by():
    other = Arm(EVERY.levels)
    assert other == EVERY
    assert {EVERY: 1}[other] == 1
    assert DESIGN.plain != EVERY


def test_it_is_shown_as_its_levels():
    assert repr(Design({"dropout": [False, True], "a b": [1, 2]}).arm(dropout=True)) == (
        "Arm({'dropout': True, 'a b': 1})"
    )


class TestWords:
    @pytest.mark.parametrize(
        ("levels", "name", "phrase"),
        [
            ({}, "plain", "plain"),
            ({"dropout": True}, "dropout", "dropout"),
            ({"batch_norm": "before", "dropout": True}, "batch norm before + dropout", "batch norm before and dropout"),
            (
                {"dropout": True, "depth": 4, "mixup": False},
                "dropout + depth 4 + mixup off",
                "dropout, depth 4 and mixup off",
            ),
        ],
    )
    def test_they_name_what_is_not_at_its_reference(self, levels, name, phrase):
        arm = DESIGN.arm(levels)
        assert (arm.name, arm.phrase) == (name, phrase)

    @pytest.mark.parametrize(
        ("level", "words"),
        [(True, "layer norm"), (False, "layer norm off"), ("pre", "layer norm pre"), (0.5, "layer norm 0.5")],
    )
    def test_of_a_level(self, level, words):
        assert technique("layer_norm", level) == words


class TestHas:
    def test_levels_are_all_needed_and_of_several_one(self):
        assert EVERY.has({})
        assert EVERY.has({"dropout": True, "depth": 4})
        assert not EVERY.has({"dropout": True, "depth": 2})
        assert EVERY.has({"batch_norm": ["none", "before"], "depth": (4,)})
        assert not EVERY.has({"batch_norm": ["none"]})
