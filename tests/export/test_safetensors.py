"""Networks as tensors: each is described, and the folded ones compute what those that were trained do."""

import json
from dataclasses import replace

import numpy as np
import pytest
from exported import make_table, trained_with_arrays
from models import STACKS
from safetensors.numpy import load_file

from goru.errors import InputError
from goru.export import safetensors

NETWORKS = 3


@pytest.fixture(scope="module")
def both():
    return trained_with_arrays(make_table(), "kind", "classification", members=NETWORKS)


@pytest.fixture(scope="module")
def model(both):
    return both[0]


@pytest.fixture(scope="module")
def networks(both):
    """Tensors under the names that a study gives to networks with batch norm."""
    return both[1]


def described(folder):
    return json.loads((folder / "tensors.json").read_text("utf-8"))


def test_every_tensor_is_there_and_described(model, networks, tmp_path):
    written = safetensors.save(model, networks, tmp_path / "new")
    names = ["folded.safetensors", "trained.safetensors", "tensors.json"]
    assert [path.name for path in written.files] == names
    said = described(tmp_path / "new")["tensors"]
    for file in names[:2]:
        arrays = load_file(tmp_path / "new" / file)
        assert set(said[file]) == set(arrays)
        for name, array in arrays.items():
            assert said[file][name]["shape"] == list(array.shape)
            assert said[file][name]["type"] == array.dtype.name
            assert said[file][name]["what"].startswith(f"network {name.split('.')[0]}")
    for name, array in load_file(tmp_path / "new" / "trained.safetensors").items():
        np.testing.assert_array_equal(array, networks[name])


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("0.4.scale", "layer 4, batch_norm: γ"),
        ("1.1.shift", "layer 1, batch_norm: β"),
        ("2.4.mean", "layer 4, batch_norm: the mean"),
        ("2.1.variance", "layer 1, batch_norm: the variance"),
        ("0.0.weight", "layer 0, affine: weights W: W x + b"),
        ("0.6.bias", "layer 6, affine: bias b"),
    ],
)
def test_it_is_said_what_a_tensor_is(model, networks, tmp_path, name, word):
    safetensors.save(model, networks, tmp_path)
    assert word in described(tmp_path)["tensors"]["trained.safetensors"][name]["what"]


@pytest.mark.parametrize("stack", STACKS)
def test_of_layers_of_any_kind_every_tensor_has_its_formula(tmp_path, stack):
    model, arrays = trained_with_arrays(make_table(), "kind", "classification", stack=stack)
    safetensors.save(model, arrays, tmp_path)
    said = described(tmp_path)["tensors"]
    assert set(said["trained.safetensors"]) == set(arrays)
    assert set(said["folded.safetensors"]) == {f"{n}.{name}" for n in range(NETWORKS) for name in model.networks.arrays}
    for tensors in said.values():
        for name, tensor in tensors.items():
            network, *places, own = name.split(".")
            where, _, what = tensor["what"].partition(": ")
            assert where.startswith(f"network {network}, layer {'.'.join(places)}, ")
            assert what not in ("", own)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("0.network.hidden.1.batch_norm.scale", "γ"),
        ("1.network.hidden.0.batch_norm.shift", "β"),
        ("2.statistics.1.mean", "the mean"),
        ("2.statistics.0.variance", "the variance"),
        ("0.network.hidden.0.affine.weight", "weights W: x W + b, inputs by outputs"),
        ("0.network.output.bias", "bias b"),
    ],
)
def test_it_is_said_of_models_of_earlier_formats_too(model, tmp_path, name, word):
    """Their members do not tell their layers, and their tensors have other names."""
    old = replace(model, members=tuple({"arm": "batch norm before"} for _ in range(NETWORKS)))
    safetensors.save(old, {name: np.zeros(3, np.float32)}, tmp_path)
    what = described(tmp_path)["tensors"]["trained.safetensors"][name]["what"]
    assert what.startswith(f"network {name[0]}, {name[2:].rpartition('.')[0]}: {word}")


@pytest.mark.parametrize("name", ["x", "", "0", "0.weight", "0.99.weight", "0.x.weight", "0.0.0.weight"])
def test_tensors_of_no_layer_that_is_described_are_refused(model, tmp_path, name):
    with pytest.raises(InputError, match=r"networks\.safetensors"):
        safetensors.save(model, {name: np.zeros(3, np.float32)}, tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_the_folded_ones_are_those_that_predict(model, networks, tmp_path):
    safetensors.save(model, networks, tmp_path)
    folded, said = load_file(tmp_path / "folded.safetensors"), described(tmp_path)
    table = make_table(20, seed=1)
    x = model.preparation.transform(model.schema.encode(table))
    outputs = []
    for network in range(said["networks"]):
        h = x
        for index, layer in enumerate(said["layers"]):
            if layer["kind"] == "affine":
                h = h @ folded[f"{network}.{index}.weight"].T + folded[f"{network}.{index}.bias"]
            else:
                assert layer == {"kind": "activation", "name": "relu"}
                h = np.maximum(h, 0)
        outputs.append(h)
    np.testing.assert_allclose(outputs, model.networks.outputs(x), rtol=1e-4, atol=1e-4)


def test_of_one_network_the_others_are_left_out(model, networks, tmp_path):
    safetensors.save(model.single, networks, tmp_path)
    for file in ("folded.safetensors", "trained.safetensors"):
        assert {name.split(".")[0] for name in load_file(tmp_path / file)} == {"0"}


def test_columns_classes_and_preparation_are_described_too(model, networks, tmp_path):
    safetensors.save(model, networks, tmp_path)
    said = described(tmp_path)
    assert said["classes"] == list(model.target.classes)
    assert len(said["features"]) == said["layers"][0]["inputs"] == model.networks.inputs
    assert said["preparation"]["medians"] == list(model.preparation.medians)
    assert not {column["name"] for column in said["columns"]} & {"constant", "id"}
    assert [member["arm"] for member in said["members"]] == ["batch norm before"] * NETWORKS
