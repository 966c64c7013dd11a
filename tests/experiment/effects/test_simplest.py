"""The simplest arm that does about as well as the best, against arithmetic done by hand."""

import numpy as np
import pytest
from experiments import make_losses

from goru.experiment.design import Design
from goru.experiment.effects.simplest import Simplest, simplest
from goru.experiment.effects.standings import Standings
from goru.experiment.knobs import uniform

INF = np.inf
SQUARE = Design({"a": [0, 1], "b": [0, 1]}, {"rate": uniform(0, 1)})
NEITHER, B, A, AB = SQUARE.arms


def simplest_of(**losses) -> Simplest | None:
    """Of four arms with three equal configurations and one epoch, by their losses in the splits."""
    arms = {"neither": NEITHER, "a": A, "b": B, "ab": AB}
    made = {arms[name]: make_losses(np.reshape([by_split] * 3, (3, -1, 1))) for name, by_split in losses.items()}
    standings = Standings({arm: made[arm] for arm in SQUARE.arms}, 3)
    return simplest(standings, standings.parts)


def test_is_within_one_standard_error_of_the_best():
    one = simplest_of(neither=[2.0] * 3, a=[1.0, 1.2, 0.9], b=[1.5, 1.5, 1.6], ab=[1.0, 1.0, 1.0])
    # A less both: 0, 0.2, -0.1, of variance 0.07 / 3, over three splits a standard error of 0.088; B is 0.53 worse.
    assert (one.arm, one.best) == (A, AB)
    assert (one.change, one.error) == pytest.approx((0.1 / 3, np.sqrt(0.07) / 3))


def test_is_the_best_where_all_that_are_simpler_are_worse():
    one = simplest_of(neither=[2.0] * 3, a=[1.2, 1.21, 1.2], b=[1.5] * 3, ab=[1.0] * 3)
    assert one == Simplest(AB, AB, 0.0, 0.0)


def test_is_the_plain_arm_where_nothing_does_better():
    one = simplest_of(neither=[1.0, 1.1, 0.9], a=[0.9, 1.2, 0.89], b=[1.0] * 3, ab=[2.0] * 3)
    assert (one.arm, one.best) == (NEITHER, A)


def test_of_several_as_simple_is_the_one_with_the_lowest_loss():
    one = simplest_of(neither=[2.0] * 3, a=[1.0, 1.2, 0.9], b=[0.9, 1.2, 0.96], ab=[1.0] * 3)
    assert (one.arm, one.best) == (B, AB)


@pytest.mark.filterwarnings("error")
def test_is_none_that_diverged():
    one = simplest_of(neither=[INF] * 3, a=[1.0, INF, 0.9], b=[1.5] * 3, ab=[1.0] * 3)
    assert (one.arm, one.best) == (AB, AB)
    assert simplest_of(neither=[INF] * 3, a=[INF] * 3, b=[1.0, INF, 1.0], ab=[INF] * 3) is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("survivor", "expected"), [(None, NEITHER), (NEITHER, AB), (AB, AB)])
def test_is_none_of_which_one_configuration_alone_survived_unless_that_is_the_best(survivor, expected):
    by_split = {NEITHER: [1.0, 1.1, 0.93], A: [2.0] * 3, B: [2.0] * 3, AB: [1.0] * 3}
    losses = {arm: make_losses(np.reshape([by_split[arm]] * 3, (3, 3, 1))) for arm in SQUARE.arms}
    if survivor:
        losses[survivor].validation[1:] = INF
    standings = Standings(losses, 3)
    one = simplest(standings, standings.parts)
    assert (one.arm, one.best) == (expected, AB)
