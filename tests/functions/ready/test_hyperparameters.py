import pytest

from goru.errors import InputError
from goru.functions.ready.hyperparameters import hyperparameter


def test_of_the_configuration_or_else_the_default():
    assert hyperparameter({"learning_rate": 0.1}, "learning_rate", 0.5) == 0.1
    assert hyperparameter({}, "learning_rate", 0.5) == 0.5


@pytest.mark.parametrize("level", [True, False, "strong", None])
def test_levels_that_are_no_numbers_are_refused(level):
    with pytest.raises(InputError, match="weight_decay"):
        hyperparameter({"weight_decay": level}, "weight_decay", 0.0)
