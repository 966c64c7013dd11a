import struct
import warnings
import zipfile

import numpy as np
import pytest

from goru.data.files.reading import read_table
from goru.errors import InputError


def save(folder, **arrays):
    np.savez(folder / "t.npz", **arrays)
    return folder / "t.npz"


def refusal(path):
    with pytest.raises(InputError) as error:
        read_table(path)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(("features", "target"), [("X", "y"), ("x", "target"), ("data", "y")])
def test_features_and_target_are_found_by_their_usual_names(tmp_path, features, target):
    X, y = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([0, 1, 1])
    table = read_table(save(tmp_path, **{features: X, target: y, "more": y}))
    assert table.target_hint == "target"
    assert list(table.frame.columns) == ["x0", "x1", "target"]
    np.testing.assert_array_equal(table.frame[["x0", "x1"]], X)
    assert table.frame["x0"].dtype == np.float32
    assert table.frame["target"].tolist() == [0, 1, 1]


def test_images_are_flattened(tmp_path):
    assert read_table(save(tmp_path, X=np.zeros((3, 4, 5)), y=[1, 2, 3])).frame.shape == (3, 21)


@pytest.mark.parametrize("labels", [["a", "b"], [b"a", b"b"]], ids=["text", "bytes"])
def test_labels_may_be_text_and_stand_in_a_column(tmp_path, labels):
    table = read_table(save(tmp_path, X=np.eye(2), y=np.array(labels).reshape(2, 1)))
    assert table.frame["target"].tolist() == ["a", "b"]


def test_features_alone_give_no_hint_of_a_target(tmp_path):
    assert read_table(save(tmp_path, X=np.eye(3))).target_hint is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": [1, 2]}, "no array called X"),
        ({"X": np.eye(3), "y": [1, 2]}, "X has 3 rows, but y has shape (2,)"),
        ({"X": np.eye(2), "y": np.eye(2)}, "one value per row is expected"),
        ({"X": np.float64(1), "y": [1]}, "rows of numbers are expected"),
        ({"X": np.empty((0, 3)), "y": []}, "rows of numbers are expected"),
        ({"X": np.array([["a"], ["b"]]), "y": [1, 2]}, "rows of numbers are expected"),
        ({"X": np.array([{}, []], dtype=object), "y": [1, 2]}, "it holds Python objects"),
    ],
)
def test_arrays_that_make_no_table_are_refused(tmp_path, arrays, message):
    assert message in refusal(save(tmp_path, **arrays))


def test_a_damaged_archive_is_refused(tmp_path):
    path = save(tmp_path, X=np.eye(20), y=np.arange(20))
    data = bytearray(path.read_bytes())
    data[200:400] = bytes(200)
    path.write_bytes(data)
    assert "damaged" in refusal(path)


def test_a_single_array_under_the_ending_of_an_archive_is_refused(tmp_path):
    with (tmp_path / "t.npz").open("wb") as file:
        np.save(file, np.eye(3))
    assert "not a valid NPZ file" in refusal(tmp_path / "t.npz")


def with_header(folder, header):
    """An archive whose features have this text for a header, and no numbers."""
    with zipfile.ZipFile(folder / "t.npz", "w") as archive:
        archive.writestr("X.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    return folder / "t.npz"


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (" + b"9" * 40 + b",), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000, 1000000), }\n",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2), }\n",
        b"{'descr': ('<f8', (10**9,)), 'fortran_order': False, 'shape': (2,), }\n",
        b"(" * 9000,
        b"-" * 9000 + b"1",
        b"'" * 3,
        b"\xff\xfe",
        b"",
    ],
)
def test_a_header_that_is_none_is_damage_whatever_numpy_says_of_it(tmp_path, header):
    assert "damaged" in refusal(with_header(tmp_path, header))


def test_an_archive_behind_a_single_array_is_damage(tmp_path):
    """NumPy takes it for the array, and ZIP for the archive."""
    path = save(tmp_path, X=np.eye(3))
    path.write_bytes(b"\x93NUMPY" + path.read_bytes())
    assert read_table(path).frame.shape == (3, 3)


@pytest.mark.parametrize("order", "<>")
def test_numbers_in_either_order_of_bytes_are_read_and_can_be_worked_with(tmp_path, order):
    X, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1])
    frame = read_table(save(tmp_path, X=X.astype(f"{order}f4"), y=y.astype(f"{order}i4"))).frame
    assert all(dtype.isnative for dtype in frame.dtypes)
    assert frame["target"].nunique() == 2
    np.testing.assert_array_equal(frame[["x0", "x1"]], X)


def test_bytes_are_text_in_utf_8(tmp_path):
    labels = np.array(["süd".encode(), b"north"])
    assert read_table(save(tmp_path, X=np.eye(2), y=labels)).frame["target"].tolist() == ["süd", "north"]
    assert "damaged" in refusal(save(tmp_path, X=np.eye(2), y=np.array([b"s\xfcd", b"north"])))


def test_records_are_no_target(tmp_path):
    y = np.zeros(2, dtype=[("a", "f8"), ("b", "f8")])
    assert "numbers or text are expected" in refusal(save(tmp_path, X=np.eye(2), y=y))


def test_a_file_that_python_2_has_written_is_read_without_a_word(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 2L), }\n"
    path = with_header(tmp_path, header)
    with zipfile.ZipFile(path, "w") as archive:
        start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
        archive.writestr("X.npy", start + np.eye(2).tobytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_table(path).frame.shape == (2, 2)
