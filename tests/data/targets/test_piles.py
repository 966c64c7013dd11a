"""Numbers that pile up at an end: at which, how many, and which do not."""

import numpy as np
import pytest

from goru.data.targets.piles import Pile, piles

N = 500


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_pile_has_its_value_its_rows_and_its_end(rng):
    values = rng.normal(size=N)
    assert piles(np.minimum(values, 1.2)) == [Pile(1.2, int((values >= 1.2).sum()), highest=True)]
    assert piles(np.maximum(values, 0)) == [Pile(0.0, int((values <= 0).sum()), highest=False)]


def test_there_may_be_one_at_both_ends(rng):
    assert [pile.highest for pile in piles(np.clip(rng.normal(size=N), -1, 1))] == [True, False]


@pytest.mark.parametrize("kind", ["normal", "whole", "few values"])
def test_usual_numbers_have_none(rng, kind):
    usual = {"normal": rng.normal(size=N), "whole": rng.poisson(200, N), "few values": rng.integers(1, 6, N)}
    assert piles(usual[kind].astype(float)) == []
