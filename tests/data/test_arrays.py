import numpy as np
import pytest

from goru.data.reading import read_table
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
        ({"X": np.eye(2), "y": np.eye(2)}, "one value a row is wanted"),
        ({"X": np.float64(1), "y": [1]}, "rows of numbers are wanted"),
        ({"X": np.empty((0, 3)), "y": []}, "rows of numbers are wanted"),
        ({"X": np.array([["a"], ["b"]]), "y": [1, 2]}, "rows of numbers are wanted"),
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
    assert "no NPZ file" in refusal(tmp_path / "t.npz")
