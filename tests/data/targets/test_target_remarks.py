"""What is said of a target: a cap, a column that gives it away, a drift; and nothing of usual ones."""

import numpy as np
import pandas as pd
import pytest

from goru.data.dataset import load_dataset

N = 500


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def notes(frame, word, **options):
    return [note for note in load_dataset(frame, target="y", **options).notes if word in note]


def table(rng, y, **columns):
    return pd.DataFrame({"x": rng.normal(size=len(y)), **columns, "y": y})


class TestCaps:
    def test_a_pile_at_the_end_is_said(self, rng):
        (note,) = notes(table(rng, np.minimum(rng.normal(size=N), 1.2).round(2)), "target")
        assert "have the highest target, 1.2: if it was cut off there" in note

    def test_so_is_one_at_the_beginning(self, rng):
        (note,) = notes(table(rng, np.maximum(rng.normal(size=N), 0)), "target")
        assert "have the lowest target, 0:" in note

    @pytest.mark.parametrize("kind", ["normal", "whole", "few values"])
    def test_usual_targets_have_none(self, rng, kind):
        usual = {"normal": rng.normal(size=N), "whole": rng.poisson(200, N), "few values": rng.integers(1, 6, N)}
        assert not notes(table(rng, usual[kind] * 1.0), "cut off", task="regression")


class TestGivenAway:
    def test_a_number_that_rises_with_the_target(self, rng):
        y = rng.normal(size=N)
        (note,) = notes(table(rng, y, leak=np.exp(y) + 1e-9 * rng.normal(size=N)), "gives")
        assert note.startswith("'leak' alone tells the target.")

    def test_a_number_with_a_cut(self, rng):
        leak = rng.normal(size=N)
        (note,) = notes(table(rng, np.where(leak > 0.2, "yes", "no"), leak=leak), "gives")
        assert note.startswith("'leak' alone tells the class of nearly all rows.")

    def test_levels_of_one_class_each(self, rng):
        kind = np.array(list("abc"))[rng.integers(0, 3, N)]
        (note,) = notes(table(rng, np.where(kind == "b", "yes", "no"), kind=kind), "gives")
        assert note.startswith("'kind' alone tells")

    def test_a_column_that_helps_but_does_not_tell_is_nothing_odd(self, rng):
        good = rng.normal(size=N)
        y = np.where(good + 0.3 * rng.normal(size=N) > 0, "yes", "no")
        assert not notes(table(rng, y, good=good), "gives")
        assert not notes(table(rng, good + 0.3 * rng.normal(size=N), good=good), "gives")

    def test_neither_is_a_constant_beside_a_class_that_nearly_all_rows_are_of(self, rng):
        y = np.where(np.arange(2000) % 200 == 0, "yes", "no")
        kind = np.array(list("abc"))[rng.integers(0, 3, 2000)]
        assert not notes(table(rng, y, kind=kind), "gives")


class TestDrift:
    def test_of_a_number(self, rng):
        when = np.arange(N)
        (note,) = notes(table(rng, rng.normal(size=N) + when / N * 2, when=when), "drifts", time="when")
        assert "The target drifts: its mean is" in note

    def test_of_classes(self, rng):
        when = np.arange(N)
        y = np.where(rng.random(N) < 0.2 + 0.6 * when / N, "yes", "no")
        (note,) = notes(table(rng, y, when=when), "drifts", time="when")
        assert "of the rows are of class" in note

    def test_what_stays_the_same_does_not(self, rng):
        assert not notes(table(rng, rng.normal(size=N), when=np.arange(N)), "drifts", time="when")
