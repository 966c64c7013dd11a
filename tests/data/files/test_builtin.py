import pytest
from sklearn import datasets

from goru.data.files.builtin import BUILTIN, read_builtin


@pytest.mark.parametrize("name", BUILTIN)
def test_every_built_in_table_has_a_column_called_target_and_the_rows_of_scikit_learn(name):
    table = read_builtin(name)
    original = getattr(datasets, f"load_{name}")()
    assert table.target_hint == "target"
    assert table.frame.shape == (original.data.shape[0], original.data.shape[1] + 1)
    assert (table.frame.drop(columns="target").to_numpy() == original.data).all()


def test_classes_are_called_by_their_names():
    assert set(read_builtin("iris").frame["target"]) == {"setosa", "versicolor", "virginica"}
    assert read_builtin("breast_cancer").frame["target"].value_counts().to_dict() == {"benign": 357, "malignant": 212}


def test_digits_are_called_by_their_numbers():
    assert sorted(set(read_builtin("digits").frame["target"])) == list(range(10))


def test_diabetes_keeps_its_quantity():
    assert read_builtin("diabetes").frame["target"].iloc[0] == 151
