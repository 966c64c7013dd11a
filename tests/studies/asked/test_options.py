"""Senseless values are refused, each with the name of its option."""

import math

import pytest

from goru.errors import InputError
from goru.studies.asked.options import Options


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"budget": 0}, "budget"),
        ({"budget": -1.0}, "budget"),
        ({"budget": math.inf}, "budget"),
        ({"budget": math.nan}, "budget"),
        ({"networks": 0}, "networks"),
        ({"networks": -36}, "networks"),
        ({"networks": 10**12}, "networks"),  # their configurations alone would fill the memory
        ({"hidden": ()}, "hidden"),
        ({"hidden": (0,)}, "hidden"),
        ({"hidden": (8, -8)}, "hidden"),
        ({"hidden": (70_000,)}, "hidden"),
        ({"hidden": (8,) * 101}, "hidden"),
        ({"activation": "swoosh"}, "activation"),
        ({"batch_size": 1}, "batch_size"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": -32}, "batch_size"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": -1}, "epochs"),
        ({"epochs": 10**6}, "epochs"),  # their curves alone would fill the memory
        ({"class_weight": "none"}, "class_weight"),
        ({"class_weight": ""}, "class_weight"),
        ({"judge": "luck"}, "judge"),
        ({"judge": "log loss"}, "judge"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
    ],
)
def test_an_invalid_value_is_refused_by_name(given, option):
    with pytest.raises(InputError, match=rf"^{option}: [^\n]+$"):
        Options(**given)


def test_a_time_and_a_number_of_networks_exclude_each_other():
    with pytest.raises(InputError, match="budget and networks"):
        Options(budget=60.0, networks=36)


@pytest.mark.parametrize(
    "sensible",
    [
        {},
        {"budget": 0.5},
        {"networks": 1},
        {"hidden": (1,)},
        {"hidden": (65_536,) * 100},
        {"activation": "gelu"},
        {"batch_size": 2},
        {"epochs": 1},
        {"seed": 2**32 - 1},
        {"class_weight": "balanced"},
        {"class_weight": None},
        {"search_batch_norm": True},
        {"single": True},
    ],
)
def test_a_sensible_value_is_taken_as_it_is(sensible):
    options = Options(**sensible)
    assert {name: getattr(options, name) for name in sensible} == sensible


def test_nothing_need_be_set():
    assert Options() == Options(
        budget=None,
        networks=None,
        hidden=None,
        activation="relu",
        batch_size=None,
        seed=0,
        single=False,
        search_batch_norm=False,
        class_weight=None,
        epochs=None,
    )
