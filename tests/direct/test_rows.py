"""Sparse rows multiply as the same rows written out do."""

import numpy as np
import pytest
from scipy import sparse

from goru.direct.rows import SparseRows, times, transposed_times


def make_rows(dtype=np.float64):
    made = sparse.random_array((9, 5), density=0.4, format="csr", rng=np.random.default_rng(0), dtype=np.float64)
    constant = np.array([0, 1.5, 0, -2, 0.25])
    return SparseRows(made.astype(dtype), constant.astype(dtype)), (made.toarray() + constant).astype(dtype)


@pytest.mark.parametrize("networks", [1, 3])
def test_products_are_those_of_the_rows_written_out(networks):
    rows, written = make_rows()
    rng = np.random.default_rng(1)
    weights, deltas = rng.normal(size=(networks, 5, 4)), rng.normal(size=(networks, 9, 4))
    assert times(rows, weights).shape == (networks, 9, 4)
    np.testing.assert_allclose(times(rows, weights), written @ weights)
    out, expected = np.full((2, networks, 5, 4), np.nan)
    transposed_times(rows, deltas, out)
    transposed_times(written, deltas, expected)
    np.testing.assert_allclose(out, expected)
    np.testing.assert_allclose(expected, written.T @ deltas)


@pytest.mark.parametrize("chosen", [slice(2, 6), slice(0, 0), np.array([8, 0, 3, 3])], ids=str)
def test_rows_are_chosen_as_of_an_array(chosen):
    rows, written = make_rows()
    part = rows[chosen]
    weights = np.random.default_rng(2).normal(size=(1, 5, 2))
    assert len(part) == len(written[chosen])
    assert part.shape == written[chosen].shape
    np.testing.assert_allclose(times(part, weights), written[chosen] @ weights)


def test_precision_can_be_changed():
    rows, written = make_rows()
    single = rows.astype(np.float32)
    product = times(single, np.ones((1, 5, 2), np.float32))
    assert product.dtype == np.float32
    np.testing.assert_allclose(product[0, :, 0], written.sum(axis=1), rtol=1e-5)
