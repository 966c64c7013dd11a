"""`goru.claims.table`: which rows are fitted on, which are tested on, and how they are prepared."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from claimed import numbered, numbers_of, table, write_images

from goru.claims.table import ClaimTable, load_table
from goru.data.preparing import Preparation
from goru.data.schema.encoding import Encoded
from goru.errors import InputError

N, ROWS = 300, 90


def drawn_numbers(of, seed, rows=ROWS):
    """Numbers of the rows to fit on, and of the test rows."""
    drawn, n = of.draw(seed, rows), len(of.y)
    return numbers_of(drawn.rows.x[drawn.rows.training], n), numbers_of(drawn.x, n)


def images(n=2100, classes=(3, 7), seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 4, 4)).astype(np.uint8), rng.choice(classes, n).astype(np.uint8)


class TestDrawing:
    @pytest.mark.parametrize("classes", [3, 0], ids=["classes", "values"])
    def test_every_row_is_either_fitted_on_or_tested_on(self, classes):
        of = numbered(N, classes)
        for seed in range(3):
            fit, test = drawn_numbers(of, seed)
            assert (len(fit), len(test)) == (ROWS, N - ROWS)
            np.testing.assert_array_equal(np.sort(np.concatenate([fit, test])), np.arange(N))

    @pytest.mark.parametrize("classes", [3, 0], ids=["classes", "values"])
    def test_every_seed_has_other_rows_to_fit_on_and_the_same_ones_again(self, classes):
        sets = [frozenset(drawn_numbers(numbered(N, classes), seed)[0]) for seed in (0, 1, 2, 0)]
        assert len(set(sets)) == 3
        assert sets[0] == sets[3]

    def test_rows_that_are_fitted_on_are_a_sample_and_not_the_first_ones(self):
        fit, _ = drawn_numbers(numbered(N), 0)
        assert (fit >= N // 2).sum() > 0.3 * ROWS

    def test_classes_are_in_proportion_in_every_seed(self):
        of = numbered(N)
        shares = np.bincount(of.y) / N
        for seed in range(5):
            fit, _ = drawn_numbers(of, seed)
            np.testing.assert_allclose(np.bincount(of.y[fit], minlength=3), shares * ROWS, atol=1)

    def test_with_fewer_rows_than_classes_there_is_no_proportion_and_no_error(self):
        of = numbered(N)
        fit, test = drawn_numbers(of, 0, rows=2)
        assert (len(fit), len(test)) == (2, N - 2)

    def test_labels_are_those_of_the_rows(self):
        of = numbered(N)
        fit, test = drawn_numbers(of, 1)
        drawn = of.draw(1, ROWS)
        np.testing.assert_array_equal(drawn.rows.y[drawn.rows.training], of.y[fit])
        np.testing.assert_array_equal(drawn.y, of.y[test])
        assert drawn.y.dtype == drawn.rows.y.dtype == np.int32

    def test_the_number_of_rows_is_part_of_what_is_drawn(self):
        of = numbered(N)
        for rows in (ROWS, 30, ROWS):
            assert len(of.draw(0, rows).rows.training) == rows

    def test_the_first_1500_test_rows_are_watched_and_they_are_no_training_rows(self):
        of = table()
        drawn = of.draw(0, 60)
        assert len(drawn.x) == len(drawn.y) == 1640
        assert len(drawn.rows.validation) == 1500
        np.testing.assert_array_equal(drawn.rows.x[drawn.rows.validation], drawn.x[:1500])
        np.testing.assert_array_equal(drawn.rows.y[drawn.rows.validation], drawn.y[:1500])
        assert not set(drawn.rows.validation) & set(drawn.rows.training)
        np.testing.assert_array_equal(drawn.rows.training_scored, drawn.rows.training)
        assert len(drawn.rows.x) == len(drawn.rows.y) == 1560

    def test_no_more_than_1500_training_rows_are_scored(self):
        drawn = table(n=2300).draw(0, 1600)
        assert len(drawn.rows.training) == 1600
        assert len(drawn.rows.training_scored) == 1500
        assert set(drawn.rows.training_scored) <= set(drawn.rows.training)
        assert len(drawn.rows.validation) == len(drawn.x) == 700

    def test_no_more_than_ten_thousand_rows_are_tested_on(self):
        assert table(n=10_500).draw(0, 400).x.shape == (10_000, 4)


class TestPreparation:
    @pytest.mark.parametrize("classes", [3, 0], ids=["classes", "values"])
    def test_test_rows_have_no_influence_on_training_rows(self, classes):
        of = numbered(N, classes)
        _, test = drawn_numbers(of, 2)
        numeric, y = of.encoded.numeric.copy(), of.y.copy()
        numeric[test] = 1e3 * numeric[test] - 7
        y[test] = y[test] if classes else 10 * y[test]
        other = ClaimTable("other", replace(of.encoded, numeric=numeric), y, classes)
        one, two = of.draw(2, ROWS), other.draw(2, ROWS)
        np.testing.assert_array_equal(one.rows.x[:ROWS], two.rows.x[:ROWS])
        np.testing.assert_array_equal(one.rows.y[:ROWS], two.rows.y[:ROWS])
        assert not np.array_equal(one.x[:, 0], two.x[:, 0])

    def test_columns_are_prepared_as_in_a_study(self):
        of = numbered(N)
        fit, test = drawn_numbers(of, 0)
        prepared = Preparation.fit(of.encoded, fit).transform(of.encoded)
        drawn = of.draw(0, ROWS)
        np.testing.assert_array_equal(drawn.rows.x[:ROWS], prepared[fit])
        np.testing.assert_array_equal(drawn.x, prepared[test])

    def test_there_are_as_many_inputs_as_prepared_columns(self):
        of = numbered(N)
        assert of.inputs == 2 + 1 + N == of.draw(0, ROWS).x.shape[1]

    def test_values_are_scaled_by_the_training_rows(self):
        of = numbered(N, 0)
        fit, test = drawn_numbers(of, 0)
        drawn, mean, std = of.draw(0, ROWS), of.y[fit].mean(), of.y[fit].std()
        np.testing.assert_allclose(drawn.rows.y[:ROWS], (of.y[fit, None] - mean) / std, atol=1e-5)
        np.testing.assert_allclose(drawn.y, (of.y[test, None] - mean) / std, atol=1e-5)
        assert drawn.y.dtype == np.float32

    def test_what_networks_put_out_and_minimise_follows_from_the_target(self):
        assert (numbered(N).outputs, numbered(N).loss) == (3, "softmax_cross_entropy")
        assert (numbered(N, 0).outputs, numbered(N, 0).loss) == (1, "squared_error")


def test_at_most_six_of_ten_rows_are_fitted_on():
    of = numbered(N)
    assert [of.fitted(rows) for rows in (50, 180, 181, 5000)] == [50, 180, 180, 180]


class TestLoading:
    @pytest.fixture
    def frame(self):
        rng = np.random.default_rng(0)
        return pd.DataFrame({"a": rng.permutation(120) + 0.5, "kind": rng.choice(["no", "yes"], 120)})

    def test_keeps_the_order_of_the_rows(self, frame, tmp_path):
        frame.to_csv(tmp_path / "some.csv", index=False)
        of = load_table(str(tmp_path / "some.csv"), target="kind")
        np.testing.assert_array_equal(of.encoded.numeric[:, 0], frame["a"])
        np.testing.assert_array_equal(of.y, frame["kind"] == "yes")
        assert (of.classes, of.as_in_the_book, of.inputs) == (2, False, 1)

    def test_leaves_rows_without_a_target_out_and_keeps_the_order_of_the_others(self, frame, tmp_path):
        frame.loc[::9, "kind"] = None
        frame.to_csv(tmp_path / "some.csv", index=False)
        of, left = load_table(str(tmp_path / "some.csv"), target="kind"), frame[frame["kind"].notna()]
        np.testing.assert_array_equal(of.encoded.numeric[:, 0], left["a"])
        np.testing.assert_array_equal(of.y, left["kind"] == "yes")

    def test_keeps_categories_and_missing_numbers_beside_their_rows(self, frame, tmp_path):
        frame["b"] = np.where(np.arange(120) % 7 == 0, np.nan, frame["a"])
        frame["letter"] = np.where(frame["a"] > 60, "high", "low")
        frame.to_csv(tmp_path / "some.csv", index=False)
        of = load_table(str(tmp_path / "some.csv"), target="kind")
        np.testing.assert_array_equal(of.encoded.indicators[:, 0], frame["b"].isna())
        high = of.encoded.codes[frame["a"].to_numpy() > 60, 0]
        low = of.encoded.codes[frame["a"].to_numpy() < 60, 0]
        assert {*high} & {*low} == set()

    def test_takes_the_task(self, frame, tmp_path):
        frame.to_csv(tmp_path / "some.csv", index=False)
        of = load_table(str(tmp_path / "some.csv"), target="a", task="regression")
        assert of.classes == 0
        np.testing.assert_array_equal(of.y, frame["a"])

    @pytest.mark.parametrize("rows", [99, 100])
    def test_refuses_fewer_than_a_hundred_rows(self, frame, tmp_path, rows):
        frame[:rows].to_csv(tmp_path / "some.csv", index=False)
        if rows == 100:
            assert len(load_table(str(tmp_path / "some.csv"), target="kind").y) == 100
        else:
            with pytest.raises(InputError, match=r"some.*99 rows"):
                load_table(str(tmp_path / "some.csv"), target="kind")


class TestAsInTheBook:
    @pytest.fixture
    def source(self, tmp_path):
        return write_images(tmp_path, *images())

    def test_the_first_images_are_fitted_on_and_the_others_tested_on_in_their_order(self, source):
        of = load_table(source, as_in_the_book=True)
        pixels, labels = images()
        drawn = of.draw(0, 1000)
        expected = pixels.reshape(-1, 16) / 255
        np.testing.assert_allclose(drawn.rows.x[drawn.rows.training], expected[:1000], rtol=1e-6)
        np.testing.assert_allclose(drawn.x, expected[1000:], rtol=1e-6)
        np.testing.assert_array_equal(drawn.y, labels[1000:] == 7)
        np.testing.assert_array_equal(drawn.rows.y[:1000], labels[:1000] == 7)
        assert drawn.x.dtype == np.float32
        assert (of.inputs, of.outputs, of.classes, of.as_in_the_book) == (16, 2, 2, True)

    def test_rows_are_the_same_for_every_seed(self, source):
        of = load_table(source, as_in_the_book=True)
        one, other = of.draw(0, 1000), of.draw(5, 1000)
        np.testing.assert_array_equal(one.rows.x, other.rows.x)
        np.testing.assert_array_equal(one.x, other.x)

    def test_no_more_than_ten_thousand_rows_are_tested_on_the_first_ones(self):
        n = 11_500
        none = np.empty((n, 0), np.int32)
        numeric = np.arange(n, dtype=np.float32)[:, None]
        of = ClaimTable("many", Encoded(numeric, none.astype(np.float32), none, ()), np.arange(n) % 2, 2, True)
        drawn = of.draw(3, 1000)
        np.testing.assert_allclose(drawn.x[:, 0] * 255, np.arange(1000, 11_000), rtol=1e-5)

    def test_images_that_are_no_book_are_drawn_and_prepared_like_any_table(self, source):
        of = load_table(source)
        assert not of.as_in_the_book
        assert not np.array_equal(of.draw(0, 100).x, of.draw(1, 100).x)

    @pytest.mark.parametrize("named", ["digits", "a file"])
    def test_a_source_that_holds_no_images_is_refused(self, named, tmp_path):
        path = tmp_path / "some.csv"
        pd.DataFrame({"a": np.arange(3000) % 256, "target": np.arange(3000) % 2}).to_csv(path, index=False)
        with pytest.raises(InputError, match=r"images.*IDX"):
            load_table("digits" if named == "digits" else str(path), as_in_the_book=True)

    @pytest.mark.parametrize("n", [1999, 2000])
    def test_fewer_than_two_thousand_images_are_refused(self, n, tmp_path):
        source = write_images(tmp_path, *images(n))
        if n == 2000:
            assert len(load_table(source, as_in_the_book=True).y) == 2000
        else:
            with pytest.raises(InputError, match="1,999 images; 2,000 are needed"):
                load_table(source, as_in_the_book=True)
