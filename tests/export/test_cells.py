"""Cells in a graph: text of categories, gaps, dates, and numbers at the ends of their range."""

import numpy as np
import pandas as pd
import pytest
from exported import make_table, run, session, trained

from goru.data.pieces import fit_edges
from goru.data.preparing import Preparation
from goru.data.schema.columns import DATE_PARTS, CategoricalColumn, date_parts
from goru.data.schema.encoding import Encoded
from goru.data.schema.numerals import level_text
from goru.export import columns, dates
from goru.export.graph import IR_VERSION, ML, ML_OPSET, OPSET, Graph
from goru.export.inputs import Input, codes_of_texts, missing_words


def compute(graph: Graph, result: str, types: dict[str, int], **cells: np.ndarray) -> np.ndarray:
    """What one value of a graph is, for cells of these types."""
    from onnx import helper

    made = helper.make_graph(
        graph.nodes,
        "part",
        [helper.make_tensor_value_info(name, kind, ["N", 1]) for name, kind in types.items()],
        [helper.make_empty_tensor_value_info(result)],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)
    (found,) = session(model.SerializeToString()).run([result], {name: cell[:, None] for name, cell in cells.items()})
    return found


def levels(column: CategoricalColumn, texts: list[str]) -> list[int]:
    """The codes of texts, -1 where all columns are 0."""
    from onnx import TensorProto

    graph = Graph({"x"})
    result = columns.add_features(graph, (Input("x", column),), Preparation((), (), 0, (column.width,)))
    found = compute(graph, result, {"x": TensorProto.STRING}, x=np.array(texts, dtype=object))
    assert set(found.sum(axis=1)) <= {0, 1}
    return [int(row.argmax()) if row.any() else -1 for row in found]


class TestCategories:
    def test_a_level_is_its_code_and_one_never_seen_is_none(self):
        assert levels(CategoricalColumn("x", ("red", "grün")), ["red", "grün", "blue", "Red", "", "NA"]) == [
            *(0, 1, -1, -1, -1, -1)
        ]

    def test_a_gap_is_a_level_where_there_were_gaps_and_others_where_there_were_many(self):
        column = CategoricalColumn("x", ("red",), other=True, missing=True)
        assert levels(column, ["red", "blue", "", "NA", "null", "NaN"]) == [0, 1, 2, 2, 2, 2]

    def test_a_level_that_means_missing_elsewhere_is_a_level(self):
        column = CategoricalColumn("x", ("NA", "b"), missing=True)
        assert levels(column, ["NA", "b", "", "nan"]) == [0, 1, 2, 2]
        assert "NA" not in missing_words(column)

    def test_common_spellings_of_numbers_and_booleans_are_known(self):
        column = CategoricalColumn("x", ("2", "true", "-0.5"))
        assert levels(column, ["2", "2.0", "true", "True", "TRUE", "-0.5", "2.5"]) == [0, 0, 1, 1, 1, 2, -1]

    @pytest.mark.parametrize("level", ["2", "true", "red", "0.5", "inf", "", "1e400", "ß", "10000000000000000000000"])
    def test_no_spelling_is_another_level(self, level):
        texts = codes_of_texts(CategoricalColumn("x", (level,)))
        assert {level_text(text) for text in texts} == {level_text(level)}

    def test_levels_that_are_no_numbers_are_known_as_they_are_written_and_a_number_that_one_alone_is(self):
        column = CategoricalColumn("x", ("007", "7", "01", "1E5"))
        found = levels(column, ["007", "7", "7.0", "07", "01", "1", "1.0", "1E5", "100000"])
        assert found == [0, 1, 1, -1, 2, 2, 2, 3, 3]


class TestDates:
    def parts(self, moments: pd.Series) -> np.ndarray:
        from onnx import TensorProto

        graph = Graph({"x"})
        result = dates.add_date_parts(graph, "x", DATE_PARTS)
        seconds = moments.to_numpy().astype("datetime64[s]").astype(np.int64)
        return compute(graph, result, {"x": TensorProto.INT64}, x=seconds)

    def test_their_parts_are_those_of_pandas_to_the_last_one(self):
        rng = np.random.default_rng(0)
        moments = pd.Series(pd.to_datetime(rng.integers(-(2**63) + 1, 2**63, 20_000)))
        days = pd.Series(pd.date_range("1899-12-01", "2101-03-05", freq="D"))
        years = pd.Series(pd.to_datetime([f"{y}-{d}" for y in range(1700, 2262) for d in ("02-28", "03-01", "12-31")]))
        some = pd.concat([moments, days, years, pd.Series([pd.NaT])], ignore_index=True)
        wanted = np.stack(list(date_parts(some).values()), axis=1)
        np.testing.assert_array_equal(self.parts(some), wanted)

    def test_a_part_of_a_second_before_1970_is_in_the_hour_that_it_is_in(self):
        late = ["1969-12-31T23:59:59.999999999", "1969-12-31T22:59:59.500000000", "1970-01-01T00:00:00.000000001"]
        moments = pd.Series(pd.to_datetime(late))
        assert self.parts(moments)[:, 4].tolist() == [23, 22, 0]

    def test_years_far_from_ours(self):
        moments = pd.Series(np.array(["0001-01-01T05", "9999-12-31T23", "-0400-02-29T00"], dtype="datetime64[s]"))
        assert self.parts(moments)[:, [0, 1, 2, 4]].tolist() == [[1, 1, 1, 5], [9999, 12, 31, 23], [-400, 2, 29, 0]]


class TestNumbers:
    NUMBERS = np.array(
        [0, -0.0, 1, -1, 1e-308, 5e-324, 1e100, -1e100, 1.7e308, -1.7e308, np.inf, -np.inf, np.nan, 3.0000001, 1 / 3]
    )

    @pytest.mark.parametrize(("median", "scale"), [(0.0, 1.0), (1e300, 1e-300), (-1.7e308, 1.7e308), (5.0, 0.0)])
    @pytest.mark.parametrize(
        "values", [(0, 1, 2, 3), (-1.7e308, 0, 1.7e308), (0, 0, 0, 0, 1), (5e-324, 1e-323), (0, 1.5e-323)]
    )
    def test_they_are_prepared_to_the_last_bit_at_the_ends_of_their_range(self, median, scale, values):
        from onnx import TensorProto

        from goru.data.schema.columns import NumericColumn

        edges = fit_edges(np.array(values, dtype=float), 8)
        preparation = Preparation((median,), (scale,), 1, (), (edges,))
        present = np.where(np.isinf(self.NUMBERS), np.nan, self.NUMBERS)[:, None]
        encoded = Encoded(present, np.isnan(present).astype(np.float32), np.empty((len(present), 0), np.int32), ())
        graph = Graph({"x"})
        result = columns.add_features(graph, (Input("x", NumericColumn("x", missing=True)),), preparation)
        found = compute(graph, result, {"x": TensorProto.DOUBLE}, x=self.NUMBERS)
        np.testing.assert_array_equal(found, preparation.transform(encoded))

    def test_times_in_seconds_keep_their_thousandths(self):
        model = trained(make_table(), "price", "regression")
        table = make_table(50, seed=1)
        running = session(model)
        later = table.assign(moment=table["moment"] + 1e-3)
        assert np.abs(run(running, later)["value"] - run(running, table)["value"]).max() > 1e-3
