"""How much is trained when the race is over."""

import pytest

from goru.experiment.plan import Asked, Plan
from goru.studies.budget.extent import EXTENTS, Extent, extent_of


class TestExtent:
    """What is set aside for after the race."""

    @pytest.mark.parametrize(
        ("plan", "extent"),
        [
            (Plan(3), Extent(8, None, greedy=True)),
            (Plan(9, 1), Extent(8, None)),
            (Plan(3, 1, 3, 50), Extent(8, None)),
            (Plan(3, 1, 3, 49), Extent(8, 2)),
            (Plan(2, 1, 3, 8), Extent(2, 0)),
            (Plan(1, 1, 4, 30, asked=Asked((4,), 30)), Extent(8, None)),  # of what was asked for, nothing is missing
        ],
    )
    def test_the_shorter_the_plan_the_less_it_is(self, plan, extent):
        assert extent_of(plan) == extent
        assert extent in EXTENTS
