"""Networks as tensors: each is described, and the folded ones compute what those that were trained do."""

import json

import numpy as np
import pytest
from exported import make_table, trained
from safetensors.numpy import load_file

from goru.export import safetensors

NETWORKS, HIDDEN = 3, (8, 8)


@pytest.fixture(scope="module")
def model():
    return trained(make_table(), "kind", "classification", members=NETWORKS)


@pytest.fixture(scope="module")
def networks(model):
    """Tensors under the names that a study gives to networks with batch norm."""
    rng = np.random.default_rng(0)
    widths = [model.networks.inputs, *HIDDEN, 3]
    named = {}
    for network in range(NETWORKS):
        for layer, width in enumerate(HIDDEN):
            hidden = f"{network}.network.hidden.{layer}"
            named[f"{hidden}.affine.weight"] = rng.normal(size=(widths[layer], width))
            named[f"{hidden}.affine.bias"] = rng.normal(size=width)
            named[f"{hidden}.batch_norm.scale"] = rng.normal(size=width)
            named[f"{hidden}.batch_norm.shift"] = rng.normal(size=width)
            named[f"{network}.statistics.{layer}.mean"] = rng.normal(size=width)
            named[f"{network}.statistics.{layer}.variance"] = rng.uniform(size=width)
        named[f"{network}.network.output.weight"] = rng.normal(size=(8, 3))
        named[f"{network}.network.output.bias"] = rng.normal(size=3)
    return {name: array.astype(np.float32) for name, array in named.items()}


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
        ("0.network.hidden.1.batch_norm.scale", "γ of hidden layer 1"),
        ("1.network.hidden.0.batch_norm.shift", "β of hidden layer 0"),
        ("2.statistics.1.mean", "mean of hidden layer 1"),
        ("2.statistics.0.variance", "variance of hidden layer 0"),
        ("0.network.hidden.0.affine.weight", "weights W of hidden layer 0"),
        ("0.network.output.bias", "bias b"),
    ],
)
def test_it_is_said_what_a_tensor_is(model, networks, tmp_path, name, word):
    safetensors.save(model, networks, tmp_path)
    assert word in described(tmp_path)["tensors"]["trained.safetensors"][name]["what"]


def test_the_folded_ones_are_those_that_predict(model, networks, tmp_path):
    safetensors.save(model, networks, tmp_path)
    folded, said = load_file(tmp_path / "folded.safetensors"), described(tmp_path)
    table = make_table(20, seed=1)
    x = model.preparation.transform(model.schema.encode(table))
    outputs = []
    for network in range(said["networks"]):
        h = x
        for layer in range(len(said["widths"]) - 1):
            h = h @ folded[f"{network}.{layer}.weight"] + folded[f"{network}.{layer}.bias"]
            h = np.maximum(h, 0) if layer < len(said["widths"]) - 2 else h
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
    assert len(said["features"]) == said["widths"][0] == model.networks.inputs
    assert said["preparation"]["medians"] == list(model.preparation.medians)
    assert not {column["name"] for column in said["columns"]} & {"constant", "id"}
    assert [member["arm"] for member in said["members"]] == ["batch norm before"] * NETWORKS
