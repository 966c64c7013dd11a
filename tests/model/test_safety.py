"""Models of others: made to do harm, each with a manifest that fits, so that no hash gives them away.

Every one is made from a good model. It is refused with the reason, in one line, before memory is taken and without
waiting.
"""

import json
import os
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from harm import DEEP, FILES, MANIFEST, MODEL, NEW, PLAIN, TRAINED, fit_manifest, put, refused
from models import make_model
from safetensors.numpy import load, save

import goru
from goru.errors import InputError
from goru.model.files import VERSION, load_model, save_model


def test_the_model_that_the_others_are_made_of_is_good(folder):
    fit_manifest(folder)
    assert len(load_model(folder).predict(NEW)) == len(NEW)


class TestWhatStandsInAFilesPlace:
    """Every file of a model: the manifest too."""

    @pytest.fixture(params=FILES)
    def place(self, folder, request) -> Path:
        (folder / request.param).rename(folder / "aside")
        return folder / request.param

    def test_a_symbolic_link_is_not_followed(self, folder, place):
        place.symlink_to(folder / "aside")  # to the very file that belongs there
        refused(folder, place.name, "symbolic link")

    def test_a_link_that_leads_nowhere_or_to_itself(self, folder, place):
        place.symlink_to(place)
        refused(folder, place.name, "symbolic link")

    def test_a_folder(self, folder, place):
        place.mkdir()
        refused(folder, place.name, "a folder")

    def test_a_pipe_is_not_waited_for(self, folder, place):
        os.mkfifo(place)
        refused(folder, place.name, "a pipe")

    def test_a_socket(self, folder, place, monkeypatch):
        monkeypatch.chdir(folder)  # the path of a socket must be short
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(place.name)
            refused(folder, place.name, "a socket")

    @pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin", "/proc/self/mem"])
    def test_a_device_behind_a_link(self, folder, place, device):
        place.symlink_to(device)
        refused(folder, place.name, "symbolic link")

    def test_a_pipe_that_takes_the_place_of_a_file_while_it_is_opened(self, folder, place, monkeypatch):
        os.mkfifo(place)
        monkeypatch.setattr(os, "lstat", lambda path: os.stat(folder / "aside"))
        refused(folder, place.name, "a pipe")


class TestSizes:
    @pytest.mark.parametrize("name", FILES)
    def test_a_file_beyond_all_bounds_is_not_read(self, folder, name):
        """The file is all gaps: it has the size, and takes no place on the disk."""
        size = 1 << 40
        with (folder / name).open("wb") as file:
            try:
                file.truncate(size)
            except OSError:
                pytest.skip("files of this size cannot be made here")
        if name != MANIFEST:
            manifest = json.loads((folder / MANIFEST).read_text())
            manifest["files"][name]["bytes"] = size
            (folder / MANIFEST).write_text(json.dumps(manifest))
        refused(folder, name, "1,099,511,627,776 bytes")

    @pytest.mark.parametrize("size", [-1, 0, 10**6, 2**63, 10**400])
    def test_a_size_that_is_not_the_file_s(self, folder, size):
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["files"][PLAIN]["bytes"] = size
        (folder / MANIFEST).write_text(json.dumps(manifest))
        refused(folder, PLAIN, "instead of")

    def test_many_weights_that_do_not_fit_the_description_are_not_read(self, folder):
        """300 MB of zeros, and a header that says so."""
        shape = (3, 5_000, 5_000)
        size = 4 * int(np.prod(shape))
        header = json.dumps({"0.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}}).encode()
        with (folder / PLAIN).open("wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.truncate(file.tell() + size)
        fit_manifest(folder)
        refused(folder, "not those that the layers have")

    def test_a_fit_whose_weights_nobody_would_read_again_is_not_written(self, tmp_path, monkeypatch):
        monkeypatch.setitem(goru.model.files._MOST, PLAIN, 100)
        with pytest.raises(InputError, match=r"plain\.safetensors: .* narrower"):
            save_model(make_model(), {}, tmp_path / "model")


class TestManifests:
    @pytest.mark.parametrize(
        "name", ["notes.txt", "../model.json", "/etc/passwd", "", ".", "model.json/", "a\nb", "\x1b"]
    )
    def test_a_name_that_is_none_of_a_model_s(self, folder, name):
        files = json.loads((folder / MANIFEST).read_text())["files"]
        fit_manifest(folder, files=files | {name: files[MODEL]})
        refused(folder, MANIFEST, "which is no file of a model")

    @pytest.mark.parametrize("version", [VERSION + 1, 2**70, "3", "3\n", None, True, 3.0, [3], {"3": 3}])
    def test_a_newer_version_or_what_is_none(self, folder, version):
        fit_manifest(folder, version=version)
        refused(folder, "newer goru", "Upgrade")

    @pytest.mark.parametrize("version", [0, -1])
    def test_a_version_that_never_was(self, folder, version):
        fit_manifest(folder, version=version)
        refused(folder, MANIFEST, "damaged")

    @pytest.mark.parametrize(
        "listed", [None, 3, "x", [], {}, {"bytes": "9", "sha256": "x"}, {"bytes": True, "sha256": ""}]
    )
    @pytest.mark.parametrize("name", FILES[1:])
    def test_a_file_that_is_listed_as_something_else(self, folder, name, listed):
        files = json.loads((folder / MANIFEST).read_text())["files"]
        fit_manifest(folder, files=files | {name: listed})
        refused(folder, MANIFEST, name)

    @pytest.mark.parametrize("files", [None, 3, "x", [], [MODEL, PLAIN, TRAINED], {}, {"": {}}])
    def test_files_that_are_no_list_of_them(self, folder, files):
        fit_manifest(folder, files=files)
        refused(folder, MANIFEST, "does not list")

    @pytest.mark.parametrize(
        "content",
        [b"[" * DEEP, b'{"a":' * DEEP, b"\xff\xfe{}", b"", b"NaN", b'{"format": Infinity}', b"9" * 5000, b'"\\ud800"'],
        ids=["deep lists", "deep objects", "UTF-16", "empty", "NaN", "infinity", "too many digits", "half a character"],
    )
    def test_json_that_is_none_or_too_deep(self, folder, content):
        (folder / MANIFEST).write_bytes(content[: 60 << 10])
        refused(folder, MANIFEST)

    def test_one_larger_than_any_manifest_is_not_read(self, folder):
        (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes() + b" " * (1 << 16))
        refused(folder, MANIFEST, "at most 65,536 are read")


def places(content, path=()):
    """The way to everything in a JSON document, the document itself included."""
    yield path
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in pairs:
        yield from places(value, (*path, key))


WRONG = (None, True, -1, 0, 3, 0.5, 10**400, "x", "", "relu", [], [None], {}, {"name": "x"}, [[0.0]] * 3)


class TestDescriptions:
    @pytest.mark.parametrize(("task", "stack"), [("classification", None), ("regression", "residual")])
    def test_any_value_in_any_place_is_refused_or_predicts(self, tmp_path, task, stack):
        """Nothing but `InputError` ever leaves, when it is loaded or later."""
        folder = tmp_path / "model"
        save_model(make_model(task, stack=stack, temperature=1.5), {}, folder)
        good = json.loads((folder / MODEL).read_text())
        for member in good["members"][1 if stack is None else 0 :]:
            del member["layers"]
        refusals, read = 0, 0
        for path in places(good):
            if stack is not None and path[:1] != ("layers",):
                continue  # it is as in the other model
            predicted = False
            for wrong in WRONG:
                description = json.loads(json.dumps(good))
                at = description
                for key in path[:-1]:
                    at = at[key]
                if path:
                    at[path[-1]] = wrong
                put(folder, MODEL, json.dumps(description if path else wrong).encode())
                try:
                    model = load_model(folder)
                except InputError:
                    refusals += 1
                    continue
                read += 1
                if not predicted and {"length", "colour", "day"} == {column.name for column in model.schema.columns}:
                    assert len(model.predict(NEW)) == len(NEW)
                    predicted = True
        assert refusals > 3 * read

    @pytest.mark.parametrize("key", ["target", "schema", "preparation", "scaling", "members", "layers"])
    def test_what_is_missing_is_named(self, folder, key):
        description = json.loads((folder / MODEL).read_text())
        del description[key]
        put(folder, MODEL, json.dumps(description).encode())
        refused(folder, key)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"[" * DEEP, "nested too deeply"),
            (b'{"target":' * DEEP, "nested too deeply"),
            (b'{"temperature": NaN}', "NaN is no number"),
            (b'{"temperature": -Infinity}', "-Infinity is no number"),
            (b"\xff\xfe{\x00}\x00", "utf-8"),
            (b"9" * 5000, "digits"),
            (b'{"layers": "\\ud83d"}', "surrogates"),
            (b"\x80\x04K*.", "utf-8"),
            (b"", "Expecting value"),
        ],
        ids=lambda given: None if isinstance(given, bytes) else given,
    )
    def test_json_that_is_none_or_too_deep(self, folder, content, why):
        put(folder, MODEL, content)
        refused(folder, why, most=16 << 20)

    def test_an_infinite_number_in_disguise(self, folder):
        text = (folder / MODEL).read_text()
        assert '"temperature": 1.5' in text
        put(folder, MODEL, text.replace('"temperature": 1.5', '"temperature": 1e999').encode())
        refused(folder, "temperature")

    def test_columns_in_another_arrangement_of_the_same_number_of_features(self, folder):
        description = json.loads((folder / MODEL).read_text())
        preparation = description["preparation"]
        preparation["widths"] = [1] * sum(preparation["widths"])
        put(folder, MODEL, json.dumps(description).encode())
        refused(folder, "do not fit")

    @pytest.mark.parametrize("members", [[], [{}], [{}] * 4, [1, 2, 3], "abc", {"a": {}}, None])
    def test_as_many_networks_as_are_described(self, folder, members):
        description = json.loads((folder / MODEL).read_text())
        put(folder, MODEL, json.dumps(description | {"members": members}).encode())
        refused(folder, "described")


class TestLayers:
    @pytest.mark.parametrize("size", [10**5, 10**9, 10**18, 10**30])
    def test_of_sizes_beyond_all_memory(self, folder, size):
        description = json.loads((folder / MODEL).read_text())
        weights = load((folder / PLAIN).read_bytes())
        description["layers"].append({"kind": "layer_norm", "units": size, "epsilon": 1e-5})
        description["layers"][0] |= {"inputs": size, "outputs": size}
        odd = {f"5.{name}": np.zeros((3, 3), np.float32) for name in ("scale", "shift")}
        put(folder, PLAIN, save(weights | odd))
        put(folder, MODEL, json.dumps(description).encode())
        refused(folder, "layers")

    @pytest.mark.parametrize("depth", [20, 300, 10_000])
    def test_blocks_in_blocks_in_blocks(self, folder, depth):
        description = json.loads((folder / MODEL).read_text())
        inside = '[{"kind": "residual", "layers": ' * depth + "[]" + "}]" * depth
        del description["layers"]
        put(folder, MODEL, (json.dumps(description)[:-1] + f', "layers": {inside}}}').encode())
        refused(folder, "nested too deeply")


class TestClasses:
    @pytest.mark.parametrize(
        "classes", [["1", 1, 2], ["true", True, 0], ["a", "a ", "b"], [1, 1.0, 2], ["x", "x", "y"]]
    )
    def test_two_that_cannot_be_told_apart(self, tmp_path, classes):
        save_model(make_model(), {}, tmp_path / "model")
        description = json.loads((tmp_path / "model" / MODEL).read_text())
        description["target"]["classes"] = classes
        put(tmp_path / "model", MODEL, json.dumps(description).encode())
        refused(tmp_path / "model", "target")
