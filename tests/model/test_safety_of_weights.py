"""Weights of others, made to do harm; and that nothing in any file of a model is ever run."""

import json
import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from harm import DEEP, FILES, MANIFEST, MODEL, PLAIN, TRAINED, WEIGHTS, fit_manifest, put, refused
from safetensors.numpy import load, save

import goru
from goru.model.files import load_model, load_trained


def header_of(content: bytes) -> tuple[dict, bytes]:
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_header(header: object, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def first(header: dict, **changes) -> None:
    header[next(name for name in header if name != "__metadata__")].update(changes)


HEADERS = {
    "a shape that is not filled": (lambda h: first(h, shape=[7, 7]), "do not fill its shape"),
    "a shape beyond all memory": (lambda h: first(h, shape=[2**62, 2**62]), "do not fill its shape"),
    "a shape of nothing, and more": (lambda h: first(h, shape=[0, 10**30], data_offsets=[0, 0]), ""),
    "a negative shape": (lambda h: first(h, shape=[-1, -2]), "no array of numbers"),
    "a shape in fractions": (lambda h: first(h, shape=[1.0]), "no array of numbers"),
    "a shape of true and false": (lambda h: first(h, shape=[True]), "no array of numbers"),
    "a shape that is none": (lambda h: first(h, shape="x"), "no array of numbers"),
    "sixty-five dimensions": (lambda h: first(h, shape=[1] * 65, data_offsets=[0, 4]), ""),
    "an unknown type": (lambda h: first(h, dtype="F33"), "no array of numbers"),
    "a type that NumPy lacks": (lambda h: first(h, dtype="BF16"), "no array of numbers"),
    "Python objects": (lambda h: first(h, dtype="O"), "no array of numbers"),
    "a type that is a list": (lambda h: first(h, dtype=["F32"]), "no array of numbers"),
    "places that overlap": (lambda h: [one.update(data_offsets=[0, 4], shape=[1]) for one in h.values()], "overlap"),
    "places beyond the file": (lambda h: first(h, data_offsets=[2**40, 2**40 + 4], shape=[1]), "gaps"),
    "places that run backwards": (lambda h: first(h, data_offsets=[8, 4]), ""),
    "places without an end": (lambda h: first(h, data_offsets=[0]), "no array of numbers"),
    "something besides": (lambda h: first(h, code="import os"), "no array of numbers"),
    "an array that is none": (lambda h: h.update({"1.x": 3}), "no array of numbers"),
    "no array": (lambda h: h.clear(), "arrays of 0 bytes"),
}


@pytest.mark.parametrize(("name", "read"), [(PLAIN, load_model), (TRAINED, load_trained)], ids=WEIGHTS)
class TestHeaders:
    @pytest.mark.parametrize("change", HEADERS)
    def test_what_cannot_be(self, folder, name, read, change):
        header, data = header_of((folder / name).read_bytes())
        damage, why = HEADERS[change]
        damage(header)
        put(folder, name, with_header(header, data))
        refused(folder, why, read=read)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "a header of 0 bytes, in a file of 0"),
            (b"\x00" * 7, "bytes, in a file of 7"),
            (b"\x00" * 8, ""),
            (b"\xff" * 64, "a header of 18,446,744,073,709,551,615 bytes"),
            (struct.pack("<Q", 2**40) + b"{}", "a header of 1,099,511,627,776 bytes"),
            (with_header(b"[]", b""), "no JSON object"),
            (with_header(b"[" * DEEP, b""), "nested too deeply"),
            (with_header(b'{"0.weight": NaN}', b""), "NaN"),
            (with_header(b"\xff\xfe", b""), "utf-8"),
            (with_header(b"{" + b" " * 100, b""), ""),
            (b"\x80\x04K*.", ""),
        ],
    )
    def test_that_are_none(self, folder, name, read, content, why):
        put(folder, name, content)
        refused(folder, why, read=read, most=16 << 20)

    def test_one_of_more_bytes_than_any_ensemble_needs(self, folder, name, read):
        length = (16 << 20) + 1
        with (folder / name).open("wb") as file:
            file.write(struct.pack("<Q", length))
            file.truncate(8 + length)
        fit_manifest(folder)
        refused(folder, "a header of 16,777,217 bytes", read=read)

    def test_bytes_behind_the_arrays(self, folder, name, read):
        put(folder, name, (folder / name).read_bytes() + b"#!/bin/sh\n")
        refused(folder, "arrays of", read=read)


class TestWeights:
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_that_are_not_finite(self, folder, value):
        weights = {name: array.copy() for name, array in load((folder / PLAIN).read_bytes()).items()}
        weights["2.bias"][0, 0] = value
        put(folder, PLAIN, save(weights))
        refused(folder, "not finite")

    @pytest.mark.parametrize("name", ["3.bias", "x", "", "00.weight", "0.weight ", "0.gamma", "-1.weight", "1.weight"])
    def test_of_another_name(self, folder, name):
        weights = load((folder / PLAIN).read_bytes())
        put(folder, PLAIN, save(weights | {name: np.zeros(3, np.float32)}))
        refused(folder, "not those that the layers have")

    def test_of_more_columns_than_the_description_has(self, folder):
        weights = load((folder / PLAIN).read_bytes())
        description = json.loads((folder / MODEL).read_text())
        description["layers"][0]["inputs"] *= 2
        put(folder, MODEL, json.dumps(description).encode())
        wider = np.concatenate([weights["0.weight"]] * 2, axis=2)
        put(folder, PLAIN, save(weights | {"0.weight": wider}))
        refused(folder, "do not fit the columns or the target")


AUDIT = """
import sys
from pathlib import Path

import goru.errors
import goru.model.files
{before}
seen = []
WATCHED = ("exec", "compile", "marshal", "pickle", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
           "os.startfile", "subprocess", "socket", "urllib", "ctypes", "code", "import", "cpython.run", "webbrowser",
           "shutil", "tempfile", "os.remove", "os.rename", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.kill")


def watch(event, arguments):
    if event == "open" and any(letter in str(arguments[1] or "") for letter in "wax+"):
        seen.append(("open to write", arguments[0]))
    elif event.startswith(WATCHED):
        seen.append((event, arguments[0] if event in ("import", "exec") else ""))


sys.addaudithook(watch)
for folder in sys.argv[1:]:
    for read in (goru.model.files.load_model, goru.model.files.load_trained):
        try:
            read(Path(folder))
        except goru.errors.InputError:
            pass
for event, what in seen:
    print(event, getattr(what, "co_filename", what), sep="\\t")
"""


def audited(*folders: Path, before: str = "") -> list[list[str]]:
    """What a process of its own does when it loads models, of all that could do harm."""
    environment = os.environ | {"PYTHONPATH": str(Path(goru.__file__).parents[1])}
    script = textwrap.dedent(AUDIT).format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, folders)], capture_output=True, env=environment, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


class TestNothingIsRun:
    """As Python itself reports it: see `sys.addaudithook`."""

    @pytest.fixture
    def hostile(self, folder, saved, tmp_path) -> list[Path]:
        """A pickle in the place of each file, and Python where there should be JSON."""
        run = b"cos\nsystem\n(S'touch ran'\ntR."
        found = []
        for number, (name, content) in enumerate(
            [*((name, run) for name in FILES), (MODEL, b"__import__('os').system('touch ran')"), (MODEL, b"[" * DEEP)]
        ):
            copy = Path(copytree(saved, tmp_path / f"hostile-{number}"))
            (copy / name).write_bytes(content)
            if name != MANIFEST:
                fit_manifest(copy)
            found.append(copy)
        return found

    def test_the_first_load_imports_safetensors_alone(self, folder):
        events = audited(folder)
        imported = {what.split(".")[0] for event, what in events if event == "import"}
        assert imported <= {"safetensors"}
        ran = {what for event, what in events if event == "exec"}
        assert all("safetensors" in Path(path).parts for path in ran)
        assert {event for event, _ in events} <= {"import", "exec", "compile", "marshal.loads"}

    def test_after_it_nothing_is_imported_compiled_run_sent_or_written(self, folder, hostile):
        warm = f"goru.model.files.load_model(Path({str(folder)!r}))"
        assert audited(folder, *hostile, before=warm) == []

    def test_the_watch_is_awake(self, folder):
        """What the watch would see, if something was run."""
        code = (
            "load = goru.model.files.load_model\ngoru.model.files.load_model = lambda folder: (eval('1'), load(folder))"
        )
        assert "compile" in {event for event, _ in audited(folder, before=code)}
