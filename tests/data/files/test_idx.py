import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from goru.data.files.idx import read_idx
from goru.data.files.reading import read_table
from goru.errors import InputError

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_bytes(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, CODES[array.dtype.name], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_pair(folder, images, labels, stem="train-", ending="-ubyte"):
    for role, array in (("images", images), ("labels", labels)):
        data = idx_bytes(array)
        path = folder / f"{stem}{role}-idx{array.ndim}{ending}"
        path.write_bytes(gzip.compress(data) if ending.endswith(".gz") else data)


@pytest.fixture
def digits():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (12, 3, 2)).astype(np.uint8), rng.integers(0, 10, 12).astype(np.uint8)


def refusal(source):
    with pytest.raises(InputError) as error:
        read_table(source)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("ending", ["-ubyte", "-ubyte.gz"])
@pytest.mark.parametrize("named", ["", "images-idx3", "labels-idx1"], ids=["folder", "images", "labels"])
def test_a_pair_is_read_from_its_folder_or_from_either_file(tmp_path, digits, ending, named):
    images, labels = digits
    write_pair(tmp_path, images, labels, "t10k-", ending)
    table = read_table(tmp_path / f"t10k-{named}{ending}" if named else tmp_path)
    assert table.target_hint == "target"
    assert list(table.frame.columns) == [*(f"pixel{i}" for i in range(6)), "target"]
    np.testing.assert_array_equal(table.frame.drop(columns="target"), images.reshape(12, 6))
    np.testing.assert_array_equal(table.frame["target"], labels)
    assert table.frame["pixel0"].dtype == np.uint8


def test_of_several_pairs_the_one_called_train_is_read_and_said(tmp_path, digits):
    images, labels = digits
    write_pair(tmp_path, images, labels, "train-")
    write_pair(tmp_path, images[:5], labels[:5], "t10k-")
    table = read_table(tmp_path)
    assert len(table.frame) == 12
    assert "t10k" in table.notes[0]


def test_several_pairs_without_train_are_refused_and_listed(tmp_path, digits):
    write_pair(tmp_path, *digits, "a-")
    write_pair(tmp_path, *digits, "b-")
    assert "2 pairs of IDX files (a-, b-)" in refusal(tmp_path)


def test_a_file_without_its_partner_is_refused(tmp_path, digits):
    write_pair(tmp_path, *digits)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert "the file with its labels is not beside it" in refusal(tmp_path)
    assert "the file with its labels is not beside it" in refusal(tmp_path / "train-images-idx3-ubyte")


def test_images_and_labels_of_different_number_are_refused(tmp_path, digits):
    write_pair(tmp_path, digits[0], digits[1][:-1])
    assert "12 images, but 11 labels" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"\x01" + data[1:], "not an IDX file"),
        (lambda data: data[:2] + b"\x07" + data[3:], "not an IDX file"),
        (lambda data: data[:2], "not an IDX file"),
        (lambda data: data[:3] + b"\x21" + b"\x00\x00\x00\x01" * 33 + b"\x00", "not an IDX file"),
        (lambda data: data[:7], "header is cut off"),
        (lambda data: data[:-1], "fewer numbers than"),
        (lambda data: data + b"\0", "more numbers than"),
        (lambda data: data[:4] + b"\xff\xff\xff\xff" * 3, "the file is too short"),
    ],
    ids=["magic", "type", "four bytes", "dimensions", "header", "short", "long", "huge sizes"],
)
def test_a_damaged_file_is_refused(tmp_path, digits, damage, message):
    write_pair(tmp_path, *digits)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(damage(path.read_bytes()))
    assert message in refusal(tmp_path)


def test_a_gzipped_file_that_promises_too_much_is_refused_before_anything_is_allocated(tmp_path, digits):
    write_pair(tmp_path, *digits, ending="-ubyte.gz")
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 2**15, 2**15)))
    assert "the file is too short" in refusal(tmp_path)


def test_pixels_by_the_hundred_million_in_a_small_file_are_refused(tmp_path, digits):
    write_pair(tmp_path, *digits, ending="-ubyte.gz")
    path, side = tmp_path / "train-images-idx3-ubyte.gz", 1 << 14
    black = struct.pack(">BBBB3I", 0, 0, 8, 3, 2, side, side) + bytes(2 * side**2)
    path.write_bytes(gzip.compress(black, 1))
    assert "the file is too short" in refusal(tmp_path)


def test_a_gzipped_file_that_is_cut_off_is_refused(tmp_path, digits):
    write_pair(tmp_path, *digits, ending="-ubyte.gz")
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-10])
    assert "damaged" in refusal(tmp_path)


arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: hnp.arrays(np.dtype(name), hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))
)


@given(arrays, st.booleans())
def test_arrays_of_every_type_come_back_as_they_were_written(tmp_path_factory, array, zipped):
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if zipped else "a")
    path.write_bytes(gzip.compress(idx_bytes(array)) if zipped else idx_bytes(array))
    read = read_idx(path)
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)
