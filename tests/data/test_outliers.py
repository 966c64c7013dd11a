import numpy as np
import pytest

from goru.data.outliers import far_rows, remark_on_far_rows

Y = np.random.default_rng(0).normal(size=500)


@pytest.mark.parametrize("value", [1e12, -1e12, 400.0, 1e307])
def test_a_row_that_holds_nearly_all_squares_is_far(value):
    y = Y.copy()
    y[7] = value
    assert far_rows(y).tolist() == [7]


def test_up_to_three_rows_are():
    y = Y.copy()
    y[[300, 7, 40]] = [1e6, -1e6, 2e6]
    assert far_rows(y).tolist() == [7, 40, 300]
    y[8] = 1e6
    assert far_rows(y).tolist() == []


@pytest.mark.parametrize(
    "y",
    [
        Y,
        np.exp(2 * Y),
        np.random.default_rng(1).pareto(2.5, 500),
        np.where(np.arange(500) % 50, 0, 1.0),
        np.zeros(50),
        np.array([1e307, -1e307] * 100),
        np.array([0, 0, 0, 9.0]),
    ],
    ids=["normal", "lognormal", "Pareto", "rare ones", "constant", "extreme", "few rows"],
)
def test_none_are_where_many_rows_share_the_squares(y):
    assert far_rows(y).tolist() == []


def test_the_rows_their_values_and_the_range_of_the_others_are_said():
    y = np.array([*range(40), 1e9])
    remark = remark_on_far_rows(y, far_rows(y), ["data row 41: target 'y'"])
    assert remark.startswith("data row 41: target 'y' is 1e+09, far from all others (0 to 39)")
    assert "\n" not in remark
