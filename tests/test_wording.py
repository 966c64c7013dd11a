"""The small change of messages."""

import pytest

from goru.wording import confidence_in_words, nearest


def test_the_nearest_name_is_offered_whatever_its_case():
    assert nearest("incoem", ["age", "Income"]) == " Did you mean 'Income'?"
    assert nearest("x", ["age"]) == ""


def test_names_of_many_letters_are_not_compared():
    """It would take the time of their square: of these, hours."""
    assert nearest("x" * 100_000, ["x" * 99_999 + "y", "age"]) == ""
    assert nearest("incoem", ["income", "income" * 100_000]) == " Did you mean 'income'?"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.95, "95%"), (0.975, "97.5%"), (1 - 0.05 / 6, "99.17%"), (0.9994, "99.94%"), (1 - 1.2e-5, "99.9988%")],
)
def test_a_confidence_is_told_from_certainty(share, words):
    assert confidence_in_words(share) == words
