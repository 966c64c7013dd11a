"""The loss over each hyperparameter: isolation plots."""

import numpy as np
import pytest
from answers import CLASSIFICATION, changed
from drawn import edge_warnings as warnings
from drawn import hyperparameters_picture
from evidences import LOWEST, evidence_of, numbers, two
from looking import column, drawable, named

from goru.report.pictures.hyperparameters import TABLE_ROWS

ARM = CLASSIFICATION["recommended"][0]["arm"]
PANELS = ["learning rate", "dropout rate", "weight decay, strength", "best epoch"]


def titles(figure) -> list[str]:
    panels = len({trace.xaxis for trace in figure.data})
    return [figure.layout[f"xaxis{index or ''}"].title.text for index in [0, *range(2, panels + 1)]]


def value_of(configuration, panel):
    return configuration["epochs"] if panel["is_epochs"] else configuration["values"].get(panel["name"])


def with_edge(name, edge, recommended=None):
    """The evidence of two classes with a recommended value at an edge."""
    evidence = two()[1]
    panel = next(each for each in evidence["hyperparameters"] if each["name"] == name)
    panel |= {"edge": edge, "recommended": recommended or panel["recommended"]}
    return evidence


class TestWarnings:
    def test_there_are_none_where_nothing_is_at_an_edge(self):
        assert warnings(two()[1]) == []
        assert hyperparameters_picture(two()[1]).says.endswith(
            "No recommended value lies at an edge of its range (shaded)."
        )

    @pytest.mark.parametrize(
        ("name", "edge", "value", "words"),
        [
            (
                "learning_rate",
                "high",
                0.019,
                "The recommended learning rate, 0.019, lies at the upper end of its range (0.001 to 0.02): the "
                "optimum may lie outside the range.",
            ),
            (
                "dropout_rate",
                "low",
                0.051,
                "The recommended dropout rate, 0.051, lies at the lower end of its range (0.05 to 0.6): the "
                "optimum may lie outside the range.",
            ),
            ("epochs", "high", 80, "The best epoch is among the last: a longer schedule might do better."),
        ],
    )
    def test_name_the_value_and_the_end_of_its_range(self, name, edge, value, words):
        evidence = with_edge(name, edge, value)
        assert warnings(evidence) == [words]
        assert hyperparameters_picture(evidence).says.endswith(words)

    def test_are_as_many_as_there_are_edges(self):
        evidence = with_edge("learning_rate", "low")
        evidence["hyperparameters"][-1]["edge"] = "high"
        assert len(warnings(evidence)) == 2


class TestTheSentence:
    def test_counts_the_configurations_and_says_how_far_their_losses_reach(self):
        assert hyperparameters_picture(two()[1]).says.startswith(
            f"2 configurations of what is recommended ({ARM}), each at its best epoch in the first cross-validation. "
            "Losses from 0.440 to 0.470."
        )

    def test_of_one_configuration(self):
        said = hyperparameters_picture(numbers()[1]).says
        assert said.startswith("1 configuration of what is recommended (plain), each")
        assert "reach" not in said

    @pytest.mark.parametrize(("order", "words"), [(1, "lower"), (-1, "higher")])
    def test_says_which_learning_rates_did_better_where_that_is_clear(self, order, words):
        evidence = evidence_of(CLASSIFICATION, configurations=8)
        own = [configuration for configuration in evidence["configurations"] if configuration["arm"] == ARM]
        for configuration, loss in zip(own, np.linspace(0.4, 0.5, 8)[::order], strict=True):
            configuration["loss"] = loss
        assert (
            f"With a {words} learning rate the loss was lower (rank correlation, p = "
            in hyperparameters_picture(evidence).says
        )

    def test_says_no_such_thing_where_that_may_be_chance(self):
        """A rank correlation of 0.64 among eight configurations is found by chance in one of eleven searches."""
        evidence = evidence_of(CLASSIFICATION, configurations=8)
        own = [configuration for configuration in evidence["configurations"] if configuration["arm"] == ARM]
        for configuration, loss in zip(own, [0.42, 0.41, 0.45, 0.40, 0.47, 0.48, 0.43, 0.46], strict=True):
            configuration["loss"] = loss
        assert "rank correlation" not in hyperparameters_picture(evidence).says

    def test_says_how_many_configurations_are_out_of_sight(self):
        evidence = two()[1]
        assert "worse than what is shown" not in hyperparameters_picture(evidence).says
        for configuration in evidence["configurations"][1:3]:
            configuration["loss"] = 1e6
        known = sum(configuration["loss"] is not None for configuration in evidence["configurations"])
        said = f"Of all {known} configurations, 2 did worse than what is shown."
        assert said in hyperparameters_picture(evidence).says

    @pytest.mark.parametrize("configurations", [7, 8])
    def test_says_nothing_of_learning_rates_where_it_is_not(self, configurations):
        evidence = evidence_of(CLASSIFICATION, configurations=configurations)
        for index, configuration in enumerate(
            configuration for configuration in evidence["configurations"] if configuration["arm"] == ARM
        ):
            configuration["loss"] = 0.4 + (0.01 * (index % 2) if configurations == 8 else 0.01 * index)
        assert "rank correlation" not in hyperparameters_picture(evidence).says


class TestTheFigure:
    def test_has_a_panel_for_every_hyperparameter_in_its_range(self):
        figure = hyperparameters_picture(two()[1]).figure
        assert titles(figure) == PANELS
        assert [figure.layout[f"xaxis{index}"].type for index in ("", 2, 3, 4)] == ["log", "linear", "log", "linear"]
        low, high = figure.layout.xaxis.range
        assert low < np.log10(1e-3) < np.log10(2e-2) < high

    def test_has_a_point_for_every_configuration_of_an_arm_that_has_the_hyperparameter(self):
        evidence = two()[1]
        figure = hyperparameters_picture(evidence).figure
        for index, panel in enumerate(evidence["hyperparameters"]):
            own, others = (named(figure, name)[index] for name in (ARM, "other arms"))
            known = [configuration for configuration in evidence["configurations"] if configuration["loss"] is not None]
            having = [
                (value, configuration["loss"])
                for configuration in known
                if (value := value_of(configuration, panel)) is not None
            ]
            points = sorted([*zip(own.x, own.y, strict=True), *zip(others.x, others.y, strict=True)])
            assert points == sorted(having)
            assert len(own.x) == 2

    def test_marks_what_is_recommended_in_every_panel_that_it_is_in(self):
        evidence = two()[1]
        stars = named(hyperparameters_picture(evidence).figure, "recommended")
        values = [panel["recommended"] for panel in evidence["hyperparameters"]]
        assert [star.x[0] for star in stars] == values
        assert [star.y[0] for star in stars] == [pytest.approx(0.44)] * 4
        assert {star.marker.symbol for star in stars} == {"star"}

    def test_marks_nothing_where_what_is_recommended_has_no_such_number(self):
        stars = named(hyperparameters_picture(numbers()[1]).figure, "recommended")
        assert [len(star.x) for star in stars] == [1, 0, 0, 1]

    def test_shades_both_edges_of_every_range_but_the_epochs(self):
        figure = hyperparameters_picture(two()[1]).figure
        assert len(figure.layout.shapes) == 2 * 3
        low, high = figure.layout.shapes[2:4]
        assert (low.x0, low.x1) == (pytest.approx(0.05), pytest.approx(0.0775))
        assert (high.x0, high.x1) == (pytest.approx(0.5725), pytest.approx(0.6))

    def test_has_few_enough_numbers_along_an_axis_for_a_phone(self):
        figure = hyperparameters_picture(evidence_of(CLASSIFICATION, searched=True)).figure
        for name in (name for name in figure.layout if name.startswith("xaxis")):
            axis = figure.layout[name]
            assert len(axis.tickvals or ()) <= 4
            assert axis.tickvals is None or len(axis.tickvals) >= 2

    def test_shows_the_numbers_of_batch_norm_where_they_were_drawn(self):
        figure = hyperparameters_picture(evidence_of(CLASSIFICATION, searched=True)).figure
        own = ["batch norm, initial γ", "batch norm, initial β", "batch norm, ε", "batch norm, momentum"]
        assert [title.strip("\u2068\u2069") for title in titles(figure)] == [*PANELS[:-1], *own, PANELS[-1]]
        assert len(figure.data) == 3 * 8
        assert drawable(figure)

    def test_leaves_the_worst_losses_out_of_sight_but_not_out_of_the_figure(self):
        evidence = two()[1]
        evidence["configurations"][1]["loss"] = 1e6
        figure = hyperparameters_picture(evidence).figure
        assert figure.layout.yaxis.range[1] < 1
        assert any(1e6 in trace.y for trace in figure.data)

    def test_has_one_range_of_losses_for_all_panels(self):
        figure = hyperparameters_picture(two()[1]).figure
        assert len({tuple(figure.layout[f"yaxis{index}"].range) for index in ("", 2, 3, 4)}) == 1

    @pytest.mark.parametrize("loss", [None, 0.0])
    def test_of_losses_that_no_logarithm_has_is_no_error(self, loss):
        evidence = two()[1]
        for configuration in evidence["configurations"]:
            configuration["loss"] = loss
        assert drawable(hyperparameters_picture(evidence).figure)

    def test_of_configurations_that_diverged_leaves_them_out(self):
        diverged = [arm for arm in LOWEST if arm != ARM]
        picture = hyperparameters_picture(evidence_of(CLASSIFICATION, diverged=diverged))
        assert {len(trace.x) for trace in named(picture.figure, "other arms")} == {0}
        assert column(picture, "combination (the best configurations)") == [ARM, ARM]


class TestTheTable:
    def test_has_the_best_configurations_with_their_numbers(self):
        picture = hyperparameters_picture(two()[1])
        assert list(picture.table.columns) == ["combination (the best configurations)", "validation loss", *PANELS]
        assert len(picture.table.rows) == TABLE_ROWS
        assert picture.table.rows[0] == (ARM, "0.440", "0.00456", "0.314", "1.12", "33")
        losses = [float(loss) for loss in column(picture, "validation loss")]
        assert losses == sorted(losses)

    def test_leaves_cells_empty_where_an_arm_has_no_such_number(self):
        plain = hyperparameters_picture(numbers()[1]).table.rows
        assert next(row for row in plain if row[0] == "plain")[2:] == ("0.00456", "", "", "100")


def test_several_combinations_are_compared_with_the_first_of_them():
    answer = changed(CLASSIFICATION)
    answer["recommended"][1]["arm"] = "dropout"
    assert hyperparameters_picture(evidence_of(answer)).says.startswith(
        f"2 configurations of what is recommended ({ARM})"
    )
