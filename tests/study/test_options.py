"""Senseless values are refused, each with the name of its option."""

import math

import pytest

from goru.errors import InputError
from goru.study.options import Options


@pytest.mark.parametrize(
    ("senseless", "option"),
    [
        ({"budget": 0}, "--budget"),
        ({"budget": -1.0}, "--budget"),
        ({"budget": math.inf}, "--budget"),
        ({"budget": math.nan}, "--budget"),
        ({"networks": 0}, "--networks"),
        ({"networks": -36}, "--networks"),
        ({"networks": 10**12}, "--networks"),  # their draws alone would fill the memory
        ({"hidden": ()}, "--hidden"),
        ({"hidden": (0,)}, "--hidden"),
        ({"hidden": (8, -8)}, "--hidden"),
        ({"hidden": (70_000,)}, "--hidden"),
        ({"hidden": (8,) * 101}, "--hidden"),
        ({"activation": "swoosh"}, "--activation"),
        ({"batch_size": 1}, "--batch-size"),
        ({"batch_size": 0}, "--batch-size"),
        ({"batch_size": -32}, "--batch-size"),
        ({"seed": -1}, "--seed"),
        ({"seed": 2**32}, "--seed"),
    ],
)
def test_a_senseless_value_is_refused_by_name(senseless, option):
    with pytest.raises(InputError, match=rf"^{option}: [^\n]+$"):
        Options(**senseless)


def test_a_time_and_a_number_of_networks_exclude_each_other():
    with pytest.raises(InputError, match="--budget and --networks"):
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
        {"seed": 2**32 - 1},
    ],
)
def test_a_sensible_value_is_taken_as_it_is(sensible):
    options = Options(**sensible)
    assert {name: getattr(options, name) for name in sensible} == sensible
