"""What a training function is told to do, by attribute and by item."""

import copy
import pickle

import cloudpickle
import pytest

from goru.functions.config import Config

CONFIG = Config({"dropout": True, "learning_rate": 0.1, "items": "a", "batch norm": None})


def test_values_are_there_by_attribute_and_by_item():
    assert CONFIG.dropout is True
    assert CONFIG["learning_rate"] == CONFIG.learning_rate == 0.1
    assert CONFIG["items"] == "a"
    assert CONFIG["batch norm"] is None
    assert dict(**Config({"a": 1})) == {"a": 1}
    assert list(CONFIG) == ["dropout", "learning_rate", "items", "batch norm"]
    assert dict(CONFIG)["dropout"] is True


def test_what_is_not_there_has_a_default():
    assert CONFIG.get("rate", 0.0) == 0.0
    assert getattr(CONFIG, "rate", 0.5) == 0.5
    assert "rate" not in CONFIG
    with pytest.raises(KeyError):
        CONFIG["rate"]


def test_a_wrong_name_is_told_what_there_is_and_the_nearest():
    with pytest.raises(AttributeError, match=r"'drop_out'.*learning_rate.*Did you mean 'dropout'"):
        CONFIG.drop_out  # noqa: B018


def test_a_knob_that_only_some_arms_have_is_asked_for_with_a_default():
    with pytest.raises(AttributeError, match=r"no 'momentum'\..*config\.get\('momentum', default\)"):
        CONFIG.momentum  # noqa: B018


def test_nothing_is_changed():
    with pytest.raises(AttributeError, match=r"dict\(config\)"):
        CONFIG.dropout = False
    with pytest.raises(TypeError):
        CONFIG["dropout"] = False
    assert CONFIG.dropout is True


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, *(lambda it, m=m: m.loads(m.dumps(it)) for m in (pickle, cloudpickle))]
)
def test_it_can_be_copied_and_sent(again):
    assert again(CONFIG) == CONFIG == dict(CONFIG)


def test_it_shows_what_it_holds():
    assert repr(Config({"dropout": True, "rate": 0.5})) == "Config(dropout=True, rate=0.5)"
