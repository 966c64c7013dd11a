"""The small change of messages."""

from goru.wording import nearest


def test_the_nearest_name_is_offered_whatever_its_case():
    assert nearest("incoem", ["age", "Income"]) == " Did you mean 'Income'?"
    assert nearest("x", ["age"]) == ""


def test_names_of_many_letters_are_not_compared():
    """It would take the time of their square: of these, hours."""
    assert nearest("x" * 100_000, ["x" * 99_999 + "y", "age"]) == ""
    assert nearest("incoem", ["income", "income" * 100_000]) == " Did you mean 'income'?"
