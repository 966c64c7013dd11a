"""Where arms can be compared although trials have failed."""

import numpy as np
import pytest

import goru
from goru.experiment.effects.failures import renumbered, splits_compared
from goru.experiment.trial import Trial

DESIGN = goru.Design({"trick": ["none", "one", "two"]})
PLAIN, ONE, TWO = DESIGN.arms


def trials(failed, splits=6, configurations=1, arms=DESIGN.arms):
    """All of them, some of which have failed: `(arm, configuration, split)`."""
    nothing = np.zeros((1, 2, 1), np.float32)
    return [
        Trial(
            *(arm, configuration, split, {}, 0, (0,), nothing, nothing[0]),
            ended="failed" if (arm, configuration, split) in failed else "finished",
        )
        for arm in arms
        for configuration in range(configurations)
        for split in range(splits)
    ]


@pytest.mark.parametrize(
    ("failed", "compared"),
    [
        ([], [0, 1, 2, 3, 4, 5]),
        ([(ONE, 0, 1)], [3, 4, 5]),
        ([(PLAIN, 0, 5)], [0, 1, 2]),
        ([(PLAIN, 0, 5), (ONE, 0, 4)], [0, 1, 2]),
        ([(PLAIN, 0, 5), (ONE, 0, 1)], [0, 2]),
        ([(TWO, 0, split) for split in range(6)], [0, 1, 2, 3, 4, 5]),
        ([(TWO, 0, split) for split in range(5)], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_one_configuration_an_arm(failed, compared):
    assert splits_compared(trials(failed), 6, 3, PLAIN) == compared


def test_another_configuration_will_do_but_for_the_plain_arm():
    every = [0, 1, 2, 3, 4, 5]
    assert splits_compared(trials([(ONE, 0, 1), (ONE, 1, 4)], configurations=2), 6, 3, PLAIN) == every
    assert splits_compared(trials([(PLAIN, 0, 1)], configurations=2), 6, 3, PLAIN) == every
    assert splits_compared(trials([(PLAIN, 0, 1), (PLAIN, 1, 4)], configurations=2), 6, 3, PLAIN) in (
        [0, 1, 2],
        [3, 4, 5],
    )


def test_of_one_partition_folds_are_left_out_as_long_as_two_are_left():
    assert splits_compared(trials([(ONE, 0, 1)], 5), 5, 5, PLAIN) == [0, 2, 3, 4]
    lost = [(ONE, 0, 0), (ONE, 0, 1), (TWO, 0, 2), (TWO, 0, 3)]
    assert splits_compared(trials(lost, 5), 5, 5, PLAIN) == [0, 1, 2, 3, 4]


def test_what_is_left_is_numbered_anew():
    left = renumbered(trials([]), [3, 5])
    assert {trial.split for trial in left} == {0, 1}
    assert len(left) == 6
