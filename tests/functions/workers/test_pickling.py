import copyreg
import pickle
import sys
from types import ModuleType

import cloudpickle
import pytest

from goru.functions.workers.pickling import modules_by_name


class Odd(ModuleType):
    def __reduce_ex__(self, protocol):
        raise TypeError("cannot pickle")


@pytest.fixture
def odd(monkeypatch):
    module = Odd("odd.one")
    monkeypatch.setitem(sys.modules, "odd.one", module)
    yield module
    copyreg.dispatch_table.pop(Odd, None)


@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_a_module_of_a_type_of_its_own_goes_by_its_name(odd, pickler):
    with pytest.raises(TypeError):
        pickler.dumps(odd)
    modules_by_name()
    assert pickle.loads(pickler.dumps(odd)) is odd


def test_a_function_that_uses_torch_and_says_classes():
    torch = pytest.importorskip("torch")

    def train(fit):
        return torch.zeros(len(fit.classes))

    train.__module__ = "__main__"
    modules_by_name()
    assert pickle.loads(cloudpickle.dumps(train)).__code__.co_names == train.__code__.co_names
