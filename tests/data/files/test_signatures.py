"""Files that are something else than their names say."""

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

from goru.data.files.reading import read_table
from goru.data.files.signatures import disguise, looks_like_text
from goru.errors import InputError

ROWS = b"a,b,kind\n1,2.5,x\n2,3.5,y\n"


def made(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def zipped(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("t.csv", ROWS)


FILES = {
    "gzipped": gzip.compress(ROWS),
    "Parquet": made(lambda file: pd.DataFrame({"a": [1]}).to_parquet(file)),
    "ZIP": made(zipped),
    "NumPy": made(lambda file: np.save(file, np.eye(3))),
    "bzip2": bz2.compress(ROWS),
    "xz": lzma.compress(ROWS),
    "UTF-16": ROWS.decode().encode("utf-16"),
    "web page": b"\n<!DOCTYPE html><html>Sign in</html>\n",
    "JSON": b'[{"a": 1}]',
    "XML": b'\xef\xbb\xbf<?xml version="1.0"?><rows/>',
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
}


def refusal(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_table(path)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.parquet", "t.npz"])
def test_what_a_file_is_is_said_whatever_its_name(tmp_path, kind, name):
    if (kind, name) in {("gzipped", "t.csv.gz"), ("Parquet", "t.parquet"), ("ZIP", "t.npz")}:
        pytest.skip("it is what its name says")
    assert kind in refusal(tmp_path / name, FILES[kind])


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "gzipped"])
def test_what_is_gzipped_is_looked_into(tmp_path, kind):
    assert kind in refusal(tmp_path / "t.csv.gz", gzip.compress(FILES[kind]))


@pytest.mark.parametrize(("name", "ending"), [("t.parquet", ".csv"), ("t.npz", ".csv"), ("t.csv.gz", "Leave .gz off")])
def test_text_is_told_what_to_call_it(tmp_path, name, ending):
    assert ending in refusal(tmp_path / name, ROWS)


def test_idx_files_that_are_not_gzipped_are_told_so(tmp_path):
    header = b"\0\0\x08\x03" + b"\0\0\0\x01" * 3
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x01\1"))
    assert "Leave .gz off" in refusal(tmp_path / "train-images-idx3-ubyte.gz", header + b"\7")


@pytest.mark.parametrize("text", [ROWS, b"PAR1,PAR2\n1,2\n", b"BZh,b\n1,2\n", b"<5,b\n1,2\n", b"[1],b\n", b"{a},b\n"])
def test_a_table_is_not_taken_for_anything_else(text):
    assert disguise(text) is None
    assert looks_like_text(text)
