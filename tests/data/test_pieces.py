"""Numbers cut into pieces: the formula, written out as a loop, and what the edges are."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from goru.data.pieces import (
    FEWEST_PIECES,
    MOST_FEATURES,
    MOST_PIECES,
    fit_edges,
    pieces_of,
    piecewise_linear_encoding,
)

NUMBERS = st.floats(-1e100, 1e100)
EDGES = (0.0, 1.0, 3.0, 4.0)


def by_hand(values, edges):
    """The encoding of Gorishniy et al., value by value, shifted by one half."""
    rows = []
    for x in values:
        row = []
        for left, right in itertools.pairwise(edges):
            if np.isnan(x) or right <= left:
                row.append(0.0)
            elif x <= left:
                row.append(-0.5)
            elif x >= right:
                row.append(0.5)
            else:
                row.append((x - left) / (right - left) - 0.5)
        rows.append(row)
    return np.array(rows).reshape(len(values), len(edges) - 1)


class TestCut:
    def test_a_value_has_come_through_the_pieces_before_it_and_part_of_its_own(self):
        found = piecewise_linear_encoding(np.array([-1, 0, 0.25, 1, 2.5, 4, 9]), EDGES)
        assert found.tolist() == [
            [-0.5, -0.5, -0.5],
            [-0.5, -0.5, -0.5],
            [-0.25, -0.5, -0.5],
            [0.5, -0.5, -0.5],
            [0.5, 0.25, -0.5],
            [0.5, 0.5, 0.5],
            [0.5, 0.5, 0.5],
        ]

    @given(hnp.arrays(np.float64, 9, elements=NUMBERS), st.lists(NUMBERS, min_size=2, max_size=9).map(sorted))
    def test_it_is_what_the_formula_says(self, values, edges):
        np.testing.assert_allclose(piecewise_linear_encoding(values, edges), by_hand(values, edges), atol=1e-12)

    def test_a_missing_value_is_zero_in_all_pieces(self):
        assert piecewise_linear_encoding(np.array([np.nan, 2.0]), EDGES).tolist() == [[0, 0, 0], [0.5, 0, -0.5]]

    def test_a_piece_without_width_is_zero_for_every_value(self):
        found = piecewise_linear_encoding(np.array([-1, 1, 2, np.nan]), (0.0, 1.0, 1.0, 2.0))
        assert found[:, 1].tolist() == [0, 0, 0, 0]
        assert found[:, [0, 2]].tolist() == [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [0, 0]]

    @pytest.mark.filterwarnings("error")
    @given(hnp.arrays(np.float64, 7, elements=st.floats()), st.lists(st.floats(-1e300, 1e300), min_size=2).map(sorted))
    def test_whatever_the_values_none_is_beyond_one_half(self, values, edges):
        found = piecewise_linear_encoding(values, edges)
        assert found.shape == (7, len(edges) - 1)
        assert (np.abs(found) <= 0.5).all()

    def test_a_piece_narrower_than_any_other_is_a_step(self):
        assert piecewise_linear_encoding(np.array([0, 5e-324, 1]), (0.0, 5e-324))[:, 0].tolist() == [-0.5, 0.5, 0.5]

    @given(hnp.arrays(np.float64, 20, elements=NUMBERS))
    def test_a_larger_value_has_come_further(self, values):
        ordered = np.sort(values)
        assert (np.diff(piecewise_linear_encoding(ordered, fit_edges(values, 8)), axis=0) >= 0).all()

    def test_edges_may_be_given_as_any_iterable_and_values_are_not_changed(self):
        values = np.array([1.0, np.nan, 2.5])
        np.testing.assert_array_equal(
            piecewise_linear_encoding(values, iter(EDGES)), piecewise_linear_encoding(values, list(EDGES))
        )
        np.testing.assert_array_equal(values, [1.0, np.nan, 2.5])

    def test_no_values_have_come_nowhere(self):
        assert piecewise_linear_encoding(np.empty(0), EDGES).shape == (0, 3)


class TestEdges:
    @pytest.mark.parametrize("pieces", [8, 10])
    def test_they_are_the_quantiles_so_that_every_piece_holds_as_many_values(self, pieces):
        values = np.random.default_rng(0).lognormal(size=800)
        edges = fit_edges(values, pieces)
        assert len(edges) == pieces + 1
        assert (edges[0], edges[-1]) == (values.min(), values.max())
        assert np.histogram(values, edges)[0].tolist() == [800 / pieces] * pieces

    def test_missing_values_and_the_order_of_the_rows_do_not_matter(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=50)
        with_gaps = rng.permutation(np.append(values, [np.nan] * 7))
        assert fit_edges(with_gaps, 8) == fit_edges(values, 8)

    def test_of_a_column_without_values_they_are_all_zero_and_no_piece_has_a_width(self):
        for values in (np.empty(0), np.full(3, np.nan)):
            edges = fit_edges(values, 8)
            assert edges == (0.0,) * 9
            assert not piecewise_linear_encoding(np.array([-1.0, 0, 1, np.nan]), edges).any()

    def test_a_frequent_value_has_an_edge_of_its_own_and_the_others_share_the_rest(self):
        edges = fit_edges(np.append(np.zeros(60), np.arange(1, 41)), 8)
        assert edges == (0, *np.quantile(np.arange(1, 41), np.linspace(0, 1, 8)))
        edges = fit_edges(np.append(np.full(60, 20.5), np.arange(1, 41)), 8)
        assert 20.5 in edges
        assert (np.diff(edges) > 0).all()

    def test_of_frequent_values_alone_each_has_an_edge(self):
        edges = fit_edges(np.repeat([1.0, 5.0], 20), 8)
        assert len(edges) == 9
        assert (edges[0], edges[-1]) == (1, 5)
        assert fit_edges(np.full(20, 3.0), 8) == (3.0,) * 9

    @given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([-2.0, 0, 0.5, 1, 7, np.nan])))
    def test_whatever_is_frequent_there_are_as_many_as_wanted_from_the_least_to_the_greatest(self, values):
        edges = fit_edges(values, 8)
        assert len(edges) == 9
        assert sorted(edges) == list(edges)
        if not np.isnan(values).all():
            assert (edges[0], edges[-1]) == (np.nanmin(values), np.nanmax(values))

    def test_they_are_plain_numbers_in_order(self):
        edges = fit_edges(np.random.default_rng(0).normal(size=30).astype(np.float32), 8)
        assert all(type(edge) is float for edge in edges)
        assert sorted(edges) == list(edges)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("values", [np.linspace(-1.0, 1, 20), np.where(np.arange(21) % 2, 1.0, -1)])
    def test_values_further_apart_than_the_largest_number_have_edges_in_order_too(self, values):
        edges = fit_edges(values * 1.7e308, 8)
        assert np.isfinite(edges).all()
        assert sorted(edges) == list(edges)
        found = piecewise_linear_encoding(np.array([-1.7e308, 1.7e308]), edges)
        assert (found[0] <= found[1]).all()
        assert found[0].min() == -0.5
        assert found[1].max() == 0.5


class TestPiecesOfColumns:
    def test_a_column_with_no_more_different_values_than_pieces_is_not_cut(self):
        rows = np.arange(90)
        numeric = np.c_[rows % FEWEST_PIECES, rows % (FEWEST_PIECES + 1), rows].astype(float)
        assert pieces_of(numeric) == (0, FEWEST_PIECES, FEWEST_PIECES)

    def test_the_more_rows_the_more_pieces(self):
        of_rows = [pieces_of(np.arange(rows)[:, None])[0] for rows in (100, 1_000, 4_000, 16_000, 100_000)]
        assert of_rows == sorted(of_rows)
        assert (of_rows[0], of_rows[-1]) == (FEWEST_PIECES, MOST_PIECES)
        assert 20 < of_rows[2] < 28

    def test_of_many_columns_each_is_cut_into_fewer(self):
        some, many = (pieces_of(np.arange(20_000 * columns).reshape(20_000, columns)) for columns in (20, 200))
        assert set(some) == {MOST_FEATURES // 20}
        assert set(many) == {FEWEST_PIECES}

    def test_missing_values_are_no_value(self):
        column = np.append(np.arange(FEWEST_PIECES), [np.nan, np.nan]).astype(float)
        assert pieces_of(column[:, None]) == (0,)
        assert pieces_of(np.full((20, 1), np.nan)) == (0,)

    def test_without_columns_there_is_none(self):
        assert pieces_of(np.empty((20, 0))) == ()
