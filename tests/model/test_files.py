"""A model on disk comes back whole, or not at all, and never as another one."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
from models import STACKS, as_trained, flat, initial, make_model, make_table, statistics_of
from safetensors.numpy import load, save

from goru.errors import InputError
from goru.model.files import VERSION, load_model, load_trained, save_model
from goru.model.weights import unnamed
from goru.nn.layers.kinds import layers_from_json

FILES = ("manifest.json", "model.json", "networks.safetensors", "plain.safetensors")
NEW = make_table(rows=25, seed=9)
MODELS = {task: make_model(task) for task in ("classification", "regression")}


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """A classification; tests that damage it take a copy."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_model(MODELS["classification"], flat(MODELS["classification"]), folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def rewrite(folder: Path, name: str, content: bytes) -> None:
    """Change a file, and the manifest with it: whoever did that meant it."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def refuses(folder: Path, words: str | None = None) -> None:
    with pytest.raises(InputError, match=words) as refused:
        load_model(folder)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


class TestRoundTrip:
    @pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "gelu", "silu", "mish", "selu"])
    @pytest.mark.parametrize("task", MODELS)
    def test_a_model_predicts_the_same_to_the_last_bit(self, tmp_path, task, activation):
        model = make_model(task, activation)
        save_model(model, flat(model), tmp_path / "model")
        again = load_model(tmp_path / "model")
        if task == "classification":
            np.testing.assert_array_equal(again.predict_proba(NEW), model.predict_proba(NEW))
        np.testing.assert_array_equal(again.predict(NEW), model.predict(NEW))

    @pytest.mark.parametrize("hidden", [(), (3,), (3,) * 12], ids=["linear", "one layer", "twelve layers"])
    def test_layers_come_back_in_their_order(self, tmp_path, hidden):
        model = make_model(hidden=hidden)
        save_model(model, flat(model), tmp_path / "model")
        again = load_model(tmp_path / "model").networks
        assert again.layers == model.networks.layers
        assert sum(layer.kind == "affine" for layer in again.layers) == len(hidden) + 1
        assert again.arrays.keys() == model.networks.arrays.keys()
        for name, array in again.arrays.items():
            np.testing.assert_array_equal(array, model.networks.arrays[name])

    @pytest.mark.parametrize("stack", STACKS)
    @pytest.mark.parametrize("task", MODELS)
    def test_networks_of_layers_of_any_kind_come_back(self, tmp_path, task, stack):
        model = make_model(task, stack=stack)
        save_model(model, {}, tmp_path / "model")
        again = load_model(tmp_path / "model")
        assert again.networks.layers == model.networks.layers
        np.testing.assert_array_equal(again.predict(NEW), model.predict(NEW))
        x = model.preparation.transform(model.schema.encode(NEW))
        np.testing.assert_array_equal(again.networks.outputs(x), model.networks.outputs(x))

    @pytest.mark.parametrize("stack", STACKS)
    def test_what_was_trained_comes_back_under_the_names_of_its_layers(self, tmp_path, stack):
        model = make_model(stack=stack)
        layers = layers_from_json(model.members[0]["layers"])
        assert layers == STACKS[stack](model.networks.inputs, model.networks.n_outputs)
        learned = initial(layers, 3)
        statistics = statistics_of(layers, learned, np.random.default_rng(0).normal(size=(9, model.networks.inputs)))
        save_model(model, as_trained(learned, statistics), tmp_path / "model")
        arrays = load_trained(tmp_path / "model")
        of_last = {name[2:]: array for name, array in arrays.items() if name.startswith("2.")}
        seen = {name for name in of_last if name.endswith((".mean", ".variance"))}
        assert len(seen) == 2 * json.dumps(model.members[0]["layers"]).count("batch_norm")
        again = unnamed(layers, {name: array for name, array in of_last.items() if name not in seen})
        assert str(again) == str(jax.tree.map(lambda array: array[2], learned))

    @pytest.mark.parametrize("task", MODELS)
    def test_everything_else_comes_back_too(self, tmp_path, task):
        model = MODELS[task]
        save_model(model, flat(model), tmp_path / "model")
        again = load_model(tmp_path / "model")
        of_classes = ("temperature", "single_temperature", "uniform_share")
        for name in ("target", "schema", "preparation", "scaling", "members", *of_classes):
            assert getattr(again, name) == getattr(model, name)

    def test_temperatures_come_back_to_the_last_bit_each_in_its_place(self, tmp_path):
        model = make_model(temperature=1 / 3, single_temperature=np.float64(1.7), uniform_share=1 / 7)
        save_model(model, flat(model), tmp_path / "model")
        again = load_model(tmp_path / "model")
        assert (again.temperature, again.single_temperature, again.uniform_share) == (1 / 3, 1.7, 1 / 7)
        np.testing.assert_array_equal(again.predict_proba(NEW), model.predict_proba(NEW))
        np.testing.assert_array_equal(again.single.predict_proba(NEW), model.single.predict_proba(NEW))

    @pytest.mark.parametrize("weights", [(), (1.0, 1 / 3, 7.0)])
    def test_decision_weights_come_back(self, tmp_path, weights):
        model = make_model(decision_weights=weights)
        save_model(model, flat(model), tmp_path / "model")
        assert load_model(tmp_path / "model").decision_weights == weights

    def test_the_networks_as_trained_come_back_bit_for_bit(self, saved):
        trained, expected = load_trained(saved), flat(MODELS["classification"])
        assert trained.keys() == expected.keys()
        for name, array in trained.items():
            np.testing.assert_array_equal(array, expected[name])

    def test_arrays_that_lie_oddly_in_memory_are_written_as_they_are(self, tmp_path):
        model = MODELS["classification"]
        turned = {"a": np.arange(12, dtype=np.float32).reshape(3, 4).T, "b": np.arange(9, dtype=np.float32)[::-2]}
        save_model(model, turned, tmp_path / "model")
        for name, array in load_trained(tmp_path / "model").items():
            np.testing.assert_array_equal(array, turned[name])

    def test_the_same_model_is_written_byte_for_byte_the_same(self, saved, tmp_path):
        save_model(load_model(saved), load_trained(saved), tmp_path / "model")
        for name in FILES:
            assert (tmp_path / "model" / name).read_bytes() == (saved / name).read_bytes()


class TestSaving:
    def test_four_files_are_written(self, saved):
        assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)

    def test_a_model_that_is_there_is_not_written_over(self, folder):
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(FileExistsError):
            save_model(MODELS["regression"], {}, folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    def test_one_that_was_not_finished_is_no_model(self, tmp_path, monkeypatch):
        synced = []

        def power_cut(descriptor):
            synced.append(descriptor)
            if len(synced) == 4:
                raise OSError("power cut")

        monkeypatch.setattr(os, "fsync", power_cut)
        (tmp_path / "model").mkdir()
        with pytest.raises(OSError, match="power cut"):
            save_model(MODELS["classification"], {}, tmp_path / "model")
        (tmp_path / "model" / "manifest.json").unlink()  # the file that was under way when the power was cut
        refuses(tmp_path / "model", "manifest.json: cannot be read")


class TestDamage:
    @pytest.mark.parametrize("name", FILES)
    def test_an_empty_file(self, folder, name):
        (folder / name).write_bytes(b"")
        refuses(folder, name)

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file(self, folder, name):
        (folder / name).unlink()
        refuses(folder, f"{name}: cannot be read")

    @pytest.mark.parametrize("name", FILES)
    def test_a_folder_in_place_of_a_file(self, folder, name):
        (folder / name).unlink()
        (folder / name).mkdir()
        refuses(folder, f"{name}: cannot be read")

    @pytest.mark.parametrize("name", FILES)
    def test_a_file_cut_short_anywhere(self, folder, name):
        content = (folder / name).read_bytes()
        for length in {*range(0, len(content), 29), len(content) - 1}:
            (folder / name).write_bytes(content[:length])
            refuses(folder, name)

    @pytest.mark.parametrize("name", FILES)
    def test_a_file_with_something_behind_it(self, folder, name):
        (folder / name).write_bytes((folder / name).read_bytes() + b"{}")
        refuses(folder, name)

    @pytest.mark.parametrize("name", FILES[1:])
    def test_a_flipped_bit_anywhere(self, folder, name):
        content = (folder / name).read_bytes()
        for number, place in enumerate(range(0, len(content), 11)):
            damaged = bytearray(content)
            damaged[place] ^= 1 << number % 8
            (folder / name).write_bytes(damaged)
            refuses(folder, f"{name}: damaged, its contents have changed")

    def test_a_flipped_bit_in_the_manifest_is_found_or_changes_nothing(self, folder):
        content, refused = (folder / "manifest.json").read_bytes(), 0
        expected = MODELS["classification"].predict_proba(NEW)
        for place in range(len(content)):
            damaged = bytearray(content)
            damaged[place] ^= 1 << (5 * place) % 8
            (folder / "manifest.json").write_bytes(damaged)
            try:
                np.testing.assert_array_equal(load_model(folder).predict_proba(NEW), expected)
            except InputError:
                refused += 1
        assert refused > 0.75 * len(content)

    @pytest.mark.parametrize("name", FILES[1:])
    def test_the_networks_as_trained_are_not_read_from_a_damaged_model_either(self, folder, name):
        (folder / name).write_bytes(b"")
        with pytest.raises(InputError, match=name):
            load_trained(folder)

    @pytest.mark.parametrize("place", ["nowhere", "notes.txt", "empty"])
    def test_what_is_no_model(self, tmp_path, place):
        (tmp_path / "notes.txt").write_text("years of work")
        (tmp_path / "empty").mkdir()
        refuses(tmp_path / place, "cannot be read .*goru fit")


class TestManifest:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"version": VERSION + 1}, "newer goru .*Upgrade"),
            ({"version": "1"}, "newer goru"),
            ({"version": None}, "newer goru"),
            ({"format": "another model"}, "not a goru model folder"),
            ({"format": None}, "not a goru model folder"),
            ({"files": {}}, "does not list model.json"),
            ({"files": []}, "does not list model.json"),
            ({"files": dict.fromkeys(FILES, "sha256")}, "does not list model.json"),
            ({"files": {name: {} for name in FILES}}, "damaged"),
        ],
    )
    def test_of_another_kind_is_refused(self, folder, change, words):
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | change))
        refuses(folder, words)

    def test_a_model_written_before_there_were_temperatures_predicts_as_it_did(self, folder):
        description = json.loads((folder / "model.json").read_text())
        del description["temperature"], description["single_temperature"], description["uniform_share"]
        rewrite(folder, "model.json", json.dumps(description).encode())
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["version"] == VERSION
        (folder / "manifest.json").write_text(json.dumps(manifest | {"version": 1}))
        again = load_model(folder)
        assert (again.temperature, again.single_temperature, again.uniform_share) == (1.0, 1.0, 0.0)
        np.testing.assert_array_equal(again.predict_proba(NEW), MODELS["classification"].predict_proba(NEW))

    @pytest.mark.parametrize("hidden", [(), (7, 5)], ids=["linear", "two layers"])
    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_a_model_of_perceptrons_that_were_described_by_their_activation_predicts_as_it_did(
        self, tmp_path, version, hidden
    ):
        """Up to format 3: weights are inputs by outputs, and numbered as affine layers are."""
        model, folder = make_model(activation="gelu", hidden=hidden), tmp_path / "model"
        save_model(model, {"0.network.output.bias": np.zeros(3, np.float32)}, folder)
        description = json.loads((folder / "model.json").read_text())
        del description["layers"]
        description["activation"] = "gelu"
        for member in description["members"]:
            del member["layers"]
        old = {}
        for name, array in model.networks.arrays.items():
            layer, kind = name.split(".")
            old[f"{int(layer) // 2}.{kind}"] = np.ascontiguousarray(array.swapaxes(1, 2) if kind == "weight" else array)
        rewrite(folder, "model.json", json.dumps(description).encode())
        rewrite(folder, "plain.safetensors", save(old))
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps(manifest | {"version": version}))
        np.testing.assert_allclose(load_model(folder).predict_proba(NEW), model.predict_proba(NEW), rtol=1e-6)
        assert list(load_trained(folder)) == ["0.network.output.bias"]
        for name in ("3.weight", "x"):
            rewrite(folder, "plain.safetensors", save(old | {name: np.zeros((3, 5, 3), np.float32)}))
            refuses(folder)
        rewrite(folder, "model.json", json.dumps(description | {"activation": "swoosh"}).encode())
        rewrite(folder, "plain.safetensors", save(old))
        refuses(folder, "swoosh")

    @pytest.mark.parametrize("content", ["[]", "3", '"goru model"', "null", "\x00"])
    def test_that_is_no_object_is_refused(self, folder, content):
        (folder / "manifest.json").write_text(content)
        refuses(folder, "manifest|not a goru model")

    @pytest.mark.parametrize("elsewhere", ["../secret.json", "/etc/passwd", "sub/../../secret.json"])
    def test_it_cannot_lead_elsewhere(self, folder, tmp_path, monkeypatch, elsewhere):
        """Only the files of a model are read, whatever else is listed."""
        (tmp_path / "secret.json").write_text("secret")
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][elsewhere] = {"bytes": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        read, open_ = [], os.open
        monkeypatch.setattr(os, "open", lambda path, *given: (read.append(path), open_(path, *given))[1])
        refuses(folder, "lists .*, which is no file of a model")
        assert set(read) == {folder / "manifest.json"}

        manifest["files"][elsewhere] = manifest["files"].pop("model.json")
        (folder / "manifest.json").write_text(json.dumps(manifest))
        refuses(folder, "does not list model.json")

    def test_only_the_files_of_a_model_are_read(self, folder, monkeypatch):
        read, open_ = [], os.open
        monkeypatch.setattr(os, "open", lambda path, *given: (read.append(path), open_(path, *given))[1])
        load_model(folder)
        assert set(read) == {folder / name for name in FILES}


class TestContents:
    """Files that fit their hashes and still make no model."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda d: d.pop("target"),
            lambda d: d.pop("schema"),
            lambda d: d.pop("preparation"),
            lambda d: d.pop("scaling"),
            lambda d: d.pop("members"),
            lambda d: d.pop("layers"),
            lambda d: d.update(layers=[]),
            lambda d: d["layers"].pop(),
            lambda d: d["layers"].append(d["layers"][-1]),
            lambda d: d["layers"].append({"kind": "dropout", "index": 0, "form": "inverted"}),
            lambda d: d["layers"].append({"kind": "residual", "layers": 3}),
            lambda d: d["layers"].append({"kind": "residual", "layers": d["layers"][:1]}),
            lambda d: d["layers"][0].pop("inputs"),
            lambda d: d["layers"][0].update(inputs=d["layers"][0]["inputs"] - 1),
            lambda d: d["layers"][0].update(inputs=-1),
            lambda d: d["layers"][0].update(inputs=10**12, outputs=10**12),
            lambda d: d["layers"][0].update(bias=False),
            lambda d: d["layers"][0].update(bias=1),
            lambda d: d["layers"][0].update(kind="swoosh"),
            lambda d: d["layers"][0].update(rows=3),
            lambda d: d["layers"][1].update(name="swoosh"),
            lambda d: d["layers"][1].update(name=["relu"]),
            lambda d: d["members"][0].update(layers=3),
            lambda d: d["members"][0]["layers"][0].update(kind="swoosh"),
            lambda d: d.update(members=3),
            lambda d: d.update(scaling={"mean": 0.0, "std": 1.0}),
            lambda d: d.update(scaling={"mean": 0.0, "std": 0.0}),
            lambda d: d.update(temperature=0),
            lambda d: d.update(temperature=-1.0),
            lambda d: d.update(temperature=float("nan")),
            lambda d: d.update(temperature=None),
            lambda d: d.update(temperature="warm"),
            lambda d: d.update(temperature=[1.0]),
            lambda d: d.update(single_temperature=0.0),
            lambda d: d.update(uniform_share=-0.5),
            lambda d: d.update(uniform_share=None),
            lambda d: d.update(single_temperature=float("inf")),
            lambda d: d.update(decision_weights=[1.0, 1.0]),
            lambda d: d.update(decision_weights=[1.0, 0.0, 1.0]),
            lambda d: d.update(decision_weights=[1.0, 1.0, float("inf")]),
            lambda d: d.update(decision_weights=["1", 1.0, 1.0]),
            lambda d: d.update(decision_weights=1.0),
            lambda d: d.update(target=None),
            lambda d: d["target"].update(classes=["no", "yes"]),
            lambda d: d["target"].update(task="regression", classes=None),
            lambda d: d["schema"]["columns"].pop(),
            lambda d: d["preparation"]["medians"].pop(),
            lambda d: d["preparation"].update(widths=[1]),
        ],
    )
    def test_a_description_that_does_not_fit_is_refused(self, folder, change):
        description = json.loads((folder / "model.json").read_text())
        change(description)
        rewrite(folder, "model.json", json.dumps(description).encode())
        refuses(folder)

    @pytest.mark.parametrize("content", [b"[]", b"null", b"{", b"\xff\xfe", b""])
    def test_a_description_that_is_none_is_refused(self, folder, content):
        rewrite(folder, "model.json", content)
        refuses(folder)

    @pytest.mark.parametrize(
        "change",
        [
            lambda w: w.clear(),
            lambda w: w.pop("0.weight"),
            lambda w: w.pop("4.bias"),
            lambda w: (w.pop("4.weight"), w.pop("4.bias")),  # a layer too few: its inputs are no classes
            lambda w: w.update({"0.weight": w["0.weight"][..., :-1]}),
            lambda w: w.update({"0.weight": w["0.weight"][:-1]}),
            lambda w: w.update({"4.weight": w["4.weight"][:, :2], "4.bias": w["4.bias"][:, :2]}),
            lambda w: w.update({"2.bias": w["2.bias"][..., None]}),
            lambda w: w.update({"2.weight": w["2.weight"].astype(np.float64)}),
            lambda w: w.update({"2.weight": w["2.weight"].astype(np.int8)}),
            lambda w: w.update({name: array[:0] for name, array in w.items()}),
        ],
    )
    def test_weights_that_do_not_fit_are_refused(self, folder, change):
        weights = load((folder / "plain.safetensors").read_bytes())
        change(weights)
        rewrite(folder, "plain.safetensors", save({name: np.ascontiguousarray(w) for name, w in weights.items()}))
        refuses(folder)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x80\x04K*.",  # a pickle
            b"\xff" * 64,
            (2).to_bytes(8, "little") + b"[]",
            (60).to_bytes(8, "little") + b'{"0.weight":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'[:60],
        ],
    )
    def test_weights_that_are_no_safetensors_are_refused(self, folder, content):
        for name, read in (("plain.safetensors", load_model), ("networks.safetensors", load_trained)):
            rewrite(folder, name, content)
            with pytest.raises(InputError, match="model"):
                read(folder)
