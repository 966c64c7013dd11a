"""Durations as people write them."""

import pytest

from goru.cli.arguments import typed
from goru.durations import seconds_of
from goru.errors import InputError, spelled


@pytest.mark.parametrize(
    ("said", "seconds"), [("60s", 60), ("2m", 120), ("1.5h", 5400), ("90", 90), (90, 90), (0.5, 0.5), (" 10M ", 600)]
)
def test_a_unit_may_follow_the_number(said, seconds):
    assert seconds_of(said) == seconds
    assert seconds_of(None) is None


@pytest.mark.parametrize("said", ["soon", "", "s", "1d", "1:00", "10 days", True, [10], {}])
def test_what_is_none_is_refused(said):
    with pytest.raises(InputError, match="budget: invalid duration"):
        seconds_of(said)
    with spelled(typed), pytest.raises(InputError, match="--limit: "):
        seconds_of(said, "limit")
