"""How activations are spread, layer by layer."""

import numpy as np
import pytest
from drawn import activations_picture
from evidences import two
from looking import column, drawable, named, notes

from goru.experiment.forms import to_json
from goru.report.pictures.style import axis_name
from goru.studies.evidence.activations import describe_activations

EVEN = np.maximum(np.random.default_rng(0).normal(size=(50, 16)), 0)
DEAD = np.where(np.arange(16) < 8, 0.0, EVEN)
NOT_FINITE = {"shares": None, "mean": None, "std": None, "zero": None, "dead": None}


def found(plain, recommended, rows=50) -> dict:
    """The evidence of networks by epoch, their layers as given."""
    described = describe_activations({"plain": plain, "recommended": recommended}, rows)
    return two()[1] | {"activations": to_json(described)}


def says(plain, recommended) -> str:
    return activations_picture(found({0: plain, 100: plain}, {0: recommended, 100: recommended})).says


def test_there_is_none_where_there_are_no_activations():
    assert activations_picture(two()[1] | {"activations": None}) is None


class TestTheSentence:
    def test_says_how_evenly_layers_are_spread_and_what_is_dead(self):
        assert activations_picture(two()[1]).says == (
            "At the end (epoch 80) the plain network's activations are unevenly spread over the layers (standard "
            "deviation 0.57 to 1.4); up to 50% of a layer's units are dead (constant). At the end (epoch 80) "
            "the recommended network's activations are about evenly spread over the layers (standard deviation 0.57 "
            "to 0.68). Zeros are left out of the areas and counted beside them; 500 rows."
        )

    def test_says_nothing_of_dead_units_where_there_are_none(self):
        assert "are dead" not in says([EVEN, EVEN], [EVEN, EVEN])
        assert "up to 50% of a layer's units are dead" in says([EVEN, EVEN], [EVEN, DEAD])

    def test_speaks_of_one_number_where_all_layers_have_it(self):
        assert "spread over the layers (standard deviation 0.57)." in says([EVEN, EVEN], [EVEN, EVEN])

    def test_of_one_layer(self):
        said = says([EVEN], [2 * EVEN])
        assert "the plain network's activations are spread by 0.57." in said
        assert "the recommended network's activations are spread by 1.1." in said
        assert "evenly" not in said

    def test_of_a_network_that_diverged(self):
        said = says([EVEN, np.full((50, 16), np.nan)], [EVEN, EVEN])
        assert said.startswith("The plain network has diverged. At the end (epoch 100) the recommended")


class TestTheFigure:
    def test_has_a_panel_for_every_layer_and_stage_with_both_networks_in_it(self):
        evidence = two()[1]
        figure = activations_picture(evidence).figure
        assert len(figure.data) == 2 * 2 * 3
        panels = {(trace.xaxis, trace.yaxis) for trace in figure.data}
        assert len(panels) == 6
        for name in ("plain", "recommended"):
            shown = {trace.xaxis: trace for trace in named(figure, name)}
            stages = evidence["activations"]["networks"][name]
            layers = [stage["layers"][down] for down in range(2) for stage in stages]
            for index, layer in enumerate(layers):
                trace = shown[axis_name(index, "x")]
                assert list(trace.x) == evidence["activations"]["edges"][index // 3]
                assert list(trace.y) == [*layer["shares"], layer["shares"][-1]]

    def test_titles_say_layers_and_stages(self):
        said = notes(activations_picture(two()[1]).figure)
        assert [note for note in said if "σ" not in note] == [
            *("<b>layer 1</b>, start", "<b>layer 2</b>, start", "half way", "half way", "end", "end"),
        ]

    def test_says_beside_the_areas_how_much_is_zero(self):
        said = notes(activations_picture(two()[1]).figure)
        assert said.count("σ 0.57, 52% zero") >= 6
        assert "σ 1.4, 75% zero" in said  # of the plain network's second layer, at the end

    def test_says_nothing_of_zeros_where_there_are_none(self):
        smooth = np.tanh(np.random.default_rng(0).normal(size=(50, 4)))
        said = notes(activations_picture(found({0: [smooth], 9: [smooth]}, {0: [smooth], 9: [smooth]})).figure)
        assert not any("zero" in note for note in said)

    def test_has_one_legend_entry_a_network(self):
        figure = activations_picture(two()[1]).figure
        assert [trace.name for trace in figure.data if trace.showlegend] == ["plain", "recommended"]

    def test_networks_of_one_layer_share_their_range_and_so_do_stages(self):
        figure = activations_picture(two()[1]).figure
        ranges = [figure.layout[f"xaxis{index or ''}"].range for index in ("", 2, 3)]
        assert ranges[0] == ranges[1] == ranges[2]

    @pytest.mark.parametrize(
        ("plain", "recommended", "titles"),
        [
            ((0, 1), (0, 1), ["<b>layer 1</b>, start", "end"]),
            ((0, 5, 10), (0, 1), ["<b>layer 1</b>, start", "half way", "end"]),
        ],
    )
    def test_one_epoch_has_no_half_way(self, plain, recommended, titles):
        stages = [{epoch: [EVEN * (1 + epoch)] for epoch in epochs} for epochs in (plain, recommended)]
        picture = activations_picture(found(*stages))
        assert [note for note in notes(picture.figure) if "σ" not in note] == titles
        shown = named(picture.figure, "recommended")
        assert len(shown) == len(titles)
        assert all("epoch 0" in trace.hovertemplate for trace in shown[:-1])
        assert "epoch 1<" in shown[-1].hovertemplate

    def test_of_a_network_that_diverged_is_empty_and_says_so(self):
        evidence = two()[1]
        evidence["activations"]["networks"]["plain"][-1]["layers"] = [NOT_FINITE, NOT_FINITE]
        picture = activations_picture(evidence)
        assert notes(picture.figure).count("diverged") == 2
        assert drawable(picture.figure)

    def test_of_a_layer_that_says_nothing_at_all_is_empty(self):
        silent = np.zeros((50, 4))
        picture = activations_picture(found({0: [silent], 9: [silent]}, {0: [silent], 9: [silent]}))
        assert "100% zero" in notes(picture.figure)[-1]
        assert drawable(picture.figure)

    def test_grows_with_the_layers(self):
        deep = {0: [EVEN] * 6, 9: [EVEN] * 6}
        shallow = {0: [EVEN], 9: [EVEN]}
        heights = [activations_picture(found(own, own)).figure.layout.height for own in (shallow, deep)]
        assert heights[1] > 4 * heights[0] / 2


class TestTheTable:
    def test_has_a_row_for_every_network_stage_and_layer(self):
        picture = activations_picture(two()[1])
        assert len(picture.table.rows) == 2 * 3 * 2
        last = two()[1]["activations"]["networks"]["plain"][-1]["layers"][1]
        numbers = (f"{last['mean']:.3f}", f"{last['std']:.3f}", "75%", "50%")
        assert picture.table.rows[5] == ("plain", "80", "2", *numbers)
        assert set(column(picture, "epoch")) == {"0", "40", "80"}

    def test_says_where_a_network_diverged(self):
        evidence = two()[1]
        evidence["activations"]["networks"]["plain"][0]["layers"][0] = NOT_FINITE
        assert activations_picture(evidence).table.rows[0] == ("plain", "0", "1", *["diverged"] * 4)
