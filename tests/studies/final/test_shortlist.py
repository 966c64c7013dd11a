"""What an ensemble is made of, and how many networks of what: shared out by hand."""

import pytest

from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.studies import defaults
from goru.studies.asked.design import ARMS, PLAIN, arm_of
from goru.studies.final.shortlist import rivals, shares, shortlist

DROPOUT, NORMED = arm_of(dropout=True), arm_of("before")
INF = float("inf")


def candidate(arm: Arm, loss: float, configuration: int = 0) -> Candidate:
    return Candidate(arm, configuration, {}, 1, loss)


class TestShortlist:
    def test_it_is_the_best_configuration_and_those_of_its_arm_that_are_nearly_as_good(self):
        best, near, far = (
            candidate(PLAIN, loss, configuration) for configuration, loss in enumerate((1.0, 1.04, 1.06))
        )
        assert shortlist([best, near, far]) == [best, near]
        assert shortlist([best, far]) == [best]
        assert shortlist([best]) == [best]

    def test_configurations_of_other_arms_are_not_looked_at_however_good_they_are(self):
        best, near = candidate(PLAIN, 1.0), candidate(PLAIN, 1.04, configuration=1)
        assert shortlist([best, candidate(DROPOUT, 1.0), candidate(NORMED, 1.01), near]) == [best, near]
        assert shortlist([candidate(DROPOUT, 0.99), best, near]) == [candidate(DROPOUT, 0.99)]

    def test_it_holds_a_few_at_most(self):
        alike = [candidate(PLAIN, 1.0, configuration) for configuration in range(5)]
        assert shortlist(alike) == alike[: defaults.ENSEMBLE_CONFIGURATIONS]

    def test_nearly_as_good_has_its_meaning_for_losses_below_zero_too(self):
        best, near, far = (
            candidate(PLAIN, loss, configuration) for configuration, loss in enumerate((-1.0, -0.96, -0.94))
        )
        assert shortlist([best, near, far]) == [best, near]
        assert shortlist([best, far]) == [best]


class TestRivals:
    def test_they_are_the_best_configurations_of_the_other_arms_the_best_first(self):
        chosen = [candidate(PLAIN, 1.0), candidate(PLAIN, 1.04, configuration=1)]
        dropout, normed = candidate(DROPOUT, 1.02, configuration=3), candidate(NORMED, 2.0, configuration=2)
        ranked = [
            chosen[0],
            dropout,
            candidate(DROPOUT, 1.03),
            chosen[1],
            normed,
            candidate(NORMED, 2.1, configuration=1),
        ]
        assert rivals(ranked, chosen) == [dropout, normed]

    def test_there_are_a_few_at_most(self):
        ranked = [candidate(arm, 1 + index) for index, arm in enumerate(ARMS)]
        assert rivals(ranked, ranked[:1]) == ranked[1 : 1 + defaults.RIVALS]

    def test_an_arm_of_which_every_configuration_diverged_is_no_rival(self):
        ranked = [candidate(PLAIN, 1.0), candidate(DROPOUT, INF), candidate(DROPOUT, INF, configuration=1)]
        assert rivals(ranked, ranked[:1]) == []


class TestShares:
    @pytest.mark.parametrize(
        ("size", "candidates", "expected"),
        [(8, 1, [8]), (8, 2, [4, 4]), (8, 3, [3, 3, 2]), (5, 2, [3, 2]), (1, 2, [1, 0]), (3, 3, [1, 1, 1])],
    )
    def test_a_uniform_ensemble_is_shared_out_evenly_and_the_first_get_what_is_left(self, size, candidates, expected):
        ranked = [candidate(PLAIN, 1.0, configuration) for configuration in range(candidates)]
        shared = shares(ranked, size)
        assert list(shared) == ranked
        assert list(shared.values()) == expected
