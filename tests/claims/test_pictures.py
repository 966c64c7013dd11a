"""`goru.claims.pictures`: what a promise rests on, and learning curves."""

from dataclasses import replace

import numpy as np
import pytest
from claimed import table
from planted import SEEDS, four, hostile, outcome_of, plant, read, with_networks

from goru.claims.effects import ClaimEffect
from goru.claims.pictures.curves import claim_curves_picture
from goru.claims.pictures.effects import claim_effects_picture
from goru.claims.pictures.lines import claim_lines
from goru.claims.pictures.wrapping import wrapped
from goru.claims.running import NAMES
from goru.report.pictures.effects import LOOKS
from goru.report.pictures.style import BLUE, RED

HELPS, HURTS, NONE, INCONCLUSIVE = "helps", "hurts", "negligible", "inconclusive"


def effect(what="Test loss", verdict=HELPS, *, change=-20.0, half=5.0, margin=2.0, unit="%", higher_is_better=False):
    return ClaimEffect(what, unit, change, change - half, change + half, margin, higher_is_better, verdict)


def resting_on(*effects, expected=None):
    """An outcome that rests on these."""
    found = outcome_of()
    expected = expected or tuple(one.verdict for one in effects)
    return replace(found, effects=effects, claim=replace(found.claim, expected=expected))


def written(figure):
    """What stands in a figure, beside axes and legend."""
    return [note.text for note in figure.layout.annotations]


class TestLabels:
    @pytest.mark.parametrize(
        ("said", "lines"),
        [
            ("short", ["short"]),
            ("one two three four", ["one two", "three four"]),
            ("one two three four five six", ["one two", "\u2068three fou…\u2069"]),
            ("a" * 25, ["a" * 10, "\u2068" + "a" * 9 + "…\u2069"]),
            ("", [""]),
            ("a <b>", ["a &lt;b&gt;"]),
        ],
    )
    def test_are_wrapped_cut_and_escaped(self, said, lines):
        assert wrapped(said, 10, 2) == lines

    def test_of_another_alphabet_turn_nothing_around(self):
        assert wrapped("‖W‖ abc", 10, 2) == ["\u2068‖W‖ abc\u2069"]


class TestEffects:
    def test_have_an_axis_each(self):
        """One may be of hundreds of percent, another of two points."""
        small = effect("Gap", change=-3.0, half=1.0, unit="points")
        large = effect("Scaled wrongly", HURTS, change=500.0, half=20.0)
        more = effect("Scales", change=10.0, half=1.0, margin=1.0, unit="scales", higher_is_better=True)
        figure = claim_effects_picture(resting_on(small, large, more)).figure
        axes = [figure.layout[f"xaxis{number}"] for number in (1, 2, 3)]
        for axis, one in zip(axes, (small, large, more), strict=True):
            low, high = axis.range
            assert low < min(one.low, -one.margin)
            assert max(one.high, one.margin) < high
            assert high - low < 1.2 * (max(one.high, one.margin) - min(one.low, -one.margin))
        assert [axis.title.text for axis in axes] == [
            "points; lower is better",
            "%; lower is better",
            "scales; higher is better",
        ]

    def test_are_marks_with_their_intervals(self):
        ones = [effect(verdict=verdict) for verdict in LOOKS]
        figure = claim_effects_picture(resting_on(*ones)).figure
        for trace, one in zip(figure.data, ones, strict=True):
            assert trace.x == (one.change,)
            assert trace.error_x.array == (one.high - one.change,)
            assert trace.error_x.arrayminus == (one.change - one.low,)
            assert (trace.marker.color, trace.marker.symbol) == LOOKS[one.verdict]
            assert one.numbers in trace.text[0]

    def test_have_their_margin_as_a_band_around_zero(self):
        figure = claim_effects_picture(resting_on(effect(margin=7.0))).figure
        bands = [shape for shape in figure.layout.shapes if shape.type == "rect"]
        assert [(band.x0, band.x1, band.xref) for band in bands] == [(-7.0, 7.0, "x")]

    def test_stand_below_one_another(self):
        picture = claim_effects_picture(resting_on(effect(), effect("a longer name that needs a second line, or more")))
        first, second = (picture.figure.layout[name].domain for name in ("yaxis", "yaxis2"))
        assert 1 > first[1] > first[0] > second[1] > second[0] > 0

    def test_are_called_what_they_are_of_and_judged(self):
        picture = claim_effects_picture(
            resting_on(effect("Test loss"), effect("A gap that has quite a long name", NONE))
        )
        short, long = written(picture.figure)
        assert short == "<b>Test loss</b>: helps"
        assert long == "<b>A gap that has quite a long name</b>:<br>negligible"

    def test_without_a_unit_are_correlations(self):
        figure = claim_effects_picture(outcome_of("large-weights")).figure
        assert figure.layout.xaxis.title.text == "correlation; lower is better"

    @pytest.mark.parametrize("number", [np.nan, np.inf])
    def test_that_are_no_numbers_are_said_to_be(self, number):
        lost = replace(effect(verdict=INCONCLUSIVE), change=number, low=number, high=number)
        picture = claim_effects_picture(resting_on(lost, expected=(HELPS,)))
        assert not picture.figure.data
        assert "no number: networks diverged" in written(picture.figure)
        assert "inconclusive, for networks diverged" in picture.says
        assert np.isfinite(picture.figure.layout.xaxis.range).all()

    def test_are_in_a_table_with_what_is_promised(self):
        one = effect("Scales", margin=1.0, unit="scales")
        shown = claim_effects_picture(resting_on(one, effect(verdict=NONE), expected=(HELPS, HURTS))).table
        assert [*shown.rows[0]] == ["Scales", one.numbers, "1 scale", "helps", "helps"]
        assert [*shown.rows[1]][2:] == ["2 %", "negligible", "hurts"]

    def test_may_be_promised_one_of_two_words(self):
        picture = claim_effects_picture(resting_on(effect(verdict=HELPS), expected=((NONE, HURTS),)))
        assert picture.table.rows[0][-1] == "negligible or hurts"
        assert "where the claim needs “negligible” or “hurts”." in picture.says

    @pytest.mark.parametrize(
        ("verdicts", "expected", "begun"),
        [
            ((HELPS,), (HELPS,), "The one effect is as claimed."),
            ((HELPS,), (NONE,), "The one effect is not as claimed."),
            ((HELPS, HURTS), (HELPS, HURTS), "Both effects are as claimed."),
            ((HURTS, NONE), ((NONE, HURTS), (NONE, HURTS)), "Both effects are as claimed."),
            ((HELPS, HURTS), (HELPS, HELPS), "One of the two effects is as claimed."),
            ((HELPS, HURTS), (HURTS, HELPS), "Neither effect is as claimed."),
            ((HELPS, HELPS, NONE), (HELPS, HELPS, NONE), "All three effects are as claimed."),
            ((HELPS, HELPS, NONE), (HELPS, HELPS, HURTS), "Two of the three effects are as claimed."),
            ((HELPS, HELPS, NONE), (HURTS, HURTS, HURTS), "None of the three effects is as claimed."),
        ],
    )
    def test_are_counted_in_words(self, verdicts, expected, begun):
        says = claim_effects_picture(resting_on(*(effect(verdict=one) for one in verdicts), expected=expected)).says
        assert says.startswith(begun)
        assert says.endswith("inside the band around zero a change is negligible.")

    def test_that_are_not_as_promised_are_told_with_the_reason(self):
        one = effect("Test loss", INCONCLUSIVE, change=-1.0, half=9.0)
        says = claim_effects_picture(resting_on(one, expected=(HELPS,))).says
        assert (
            f"Test loss: {one.numbers}, inconclusive, for the interval reaches across zero and out of the band, where "
            "the claim needs “helps”."
        ) in says


def lines_of(name, of=None):
    return claim_lines(outcome_of(name, of))


class TestLines:
    @pytest.mark.parametrize("name", NAMES)
    def test_of_every_claim_can_be_told_apart(self, name):
        found = lines_of(name)
        assert found.lines
        places = [(line.panel, line.name) for line in found.lines]
        assert len(places) == len({*places})
        assert len({line.panel for line in found.lines}) <= 6
        assert len({line.name for line in found.lines}) <= 5  # as many as there are colours
        assert found.shown <= found.settings

    @pytest.mark.parametrize("name", NAMES)
    def test_are_what_the_curves_say(self, name):
        found = outcome_of(name)
        for line in claim_lines(found).lines:
            own = found.curves
            for column, value in line.setting.items():
                own = own[own[column] == value]
            assert len(own) == SEEDS * len(line.epochs)
            for (rows, figure), way in line.ways.items():
                by_epoch = own.groupby("epoch")[f"{rows}_{figure}"]
                assert [*by_epoch.groups] == line.epochs.tolist()
                np.testing.assert_allclose(way.mean, by_epoch.mean())
                np.testing.assert_allclose(way.low, by_epoch.min())
                np.testing.assert_allclose(way.high, by_epoch.max())

    def test_of_several_settings_in_one_place_are_of_the_lowest_test_loss(self):
        of = four()
        best = {"none": of.rates[2], "before": of.rates[0]}
        results = plant(
            "bn-overfit", of, lambda key: {"test_loss": 0.5 if best[key.batch_norm] == key.learning_rate else 1}
        )
        found = claim_lines(read("bn-overfit", of, results))
        assert [(line.name, line.setting["learning_rate"]) for line in found.lines] == [
            ("without", best["none"]),
            ("with batch norm", best["before"]),
        ]
        assert [line.among for line in found.lines] == [3, 3]
        assert (found.shown, found.settings, found.chosen_by) == (2, 6, ["learning_rate"])

    def test_of_networks_that_diverge_are_drawn_only_if_there_are_no_others(self):
        of = four()
        results = plant(
            "bn-overfit", of, lambda key: {"test_loss": 9.0 if key.learning_rate == of.rates[1] else float("nan")}
        )
        assert [line.setting["learning_rate"] for line in claim_lines(read("bn-overfit", of, results)).lines] == [
            of.rates[1]
        ] * 2

    def test_may_stand_in_several_panels(self):
        usual = [line.panel for line in lines_of("bn-hyper").lines if line.name == "usual value"]
        assert usual == ["ε", "momentum", "γ", "β", "batch"]
        assert [line.panel for line in lines_of("weight-decay").lines if line.name == "λ = 0"] == [
            "½λ‖W‖², without batch norm",
            "λ‖W‖, without batch norm",
            "½λ‖W‖², with batch norm",
            "λ‖W‖, with batch norm",
        ]

    def test_of_the_best_of_a_technique_may_be_of_none_of_it(self):
        of = four()
        results = plant("decay-or-dropout", of, lambda key: {"test_loss": 0.5 if key.strength == 0 else 1})
        strengths = {line.setting["strength"] for line in claim_lines(read("decay-or-dropout", of, results)).lines}
        assert strengths == {0.0}

    def test_of_the_ensemble_are_of_its_first_network_and_not_of_its_best(self):
        of = four()
        results = with_networks(
            "dropout-ensemble",
            of,
            plant("dropout-ensemble", of, lambda key: {"test_loss": 0.1 if key.which == 3 else 1}),
        )
        plain = claim_lines(read("dropout-ensemble", of, results)).lines[0]
        assert plain.setting == {"side": "plain", "which": 0}


def ways(figure):
    """The lines; not the bands."""
    return [trace for trace in figure.data if trace.fill is None]


class TestCurves:
    def test_are_solid_on_test_rows_and_dashed_on_training_rows(self):
        figure = claim_curves_picture(outcome_of()).figure
        assert [trace.line.dash for trace in ways(figure)] == ["solid", "dash"] * 4
        assert [trace.line.color for trace in ways(figure)] == [RED, RED, BLUE, BLUE] * 2
        assert figure.layout.legend.title.text == "Solid on test rows, dashed on training rows"

    def test_have_a_band_from_the_lowest_seed_to_the_highest(self):
        found = outcome_of()
        line = claim_lines(found).lines[0]
        band, way, _ = claim_curves_picture(found).figure.data[:3]
        points = len(line.epochs)
        np.testing.assert_allclose(way.y, line.ways["test", "score"].mean, rtol=1e-3)
        np.testing.assert_allclose(band.y[:points], line.ways["test", "score"].high, rtol=1e-3)
        np.testing.assert_allclose(band.y[points:][::-1], line.ways["test", "score"].low, rtol=1e-3)
        assert band.x[:points] == band.x[points:][::-1] == way.x == (*line.epochs.tolist(),)

    def test_of_one_panel_are_of_score_and_of_loss(self):
        figure = claim_curves_picture(outcome_of()).figure
        assert written(figure) == ["<b>accuracy</b>", "<b>loss</b>"]
        assert {trace.xaxis for trace in figure.data} == {"x", "x2"}
        assert figure.layout.yaxis.tickformat == ".0%"
        assert figure.layout.yaxis2.tickformat is None
        assert figure.layout.yaxis2.matches is None

    def test_of_several_panels_share_what_they_are_of(self):
        figure = claim_curves_picture(outcome_of("decay-or-dropout")).figure
        sizes = ("2 × 25", "2 × 100", "6 × 25", "6 × 100")
        assert written(figure) == [f"<b>\u2068{size}\u2069</b>" for size in sizes]
        assert figure.layout.yaxis.title.text == "loss"
        assert {figure.layout[f"yaxis{number}"].matches for number in (2, 3, 4)} == {"y"}

    def test_have_each_name_once_in_the_legend(self):
        figure = claim_curves_picture(outcome_of("bn-init")).figure
        assert [trace.name for trace in figure.data if trace.showlegend] == ["without", "with batch norm"]
        assert len({trace.xaxis for trace in figure.data}) == 6

    def test_say_in_the_hover_what_the_networks_are(self):
        template = ways(claim_curves_picture(outcome_of("bn-init")).figure)[0].hovertemplate
        assert template.startswith(
            "<b>without</b><br>batch norm none, standard deviation of the<br>initial weights 1<br>"
        )
        assert "<br>epoch %{x}, test rows: %{y:.1%}<br>" in template
        assert template.endswith("<extra></extra>")

    def test_of_few_epochs_are_marked(self):
        figure = claim_curves_picture(outcome_of("activations")).figure
        assert {trace.mode for trace in ways(figure)} == {"lines+markers"}
        assert 0 < figure.layout.xaxis.range[0] < ways(figure)[0].x[0]
        assert {trace.mode for trace in ways(claim_curves_picture(outcome_of()).figure)} == {"lines"}

    def test_show_what_matters_of_losses(self):
        """One network that diverges does not press all others onto the axis."""
        of = four()
        results = plant("bn-placement", of, lambda key: {"test_loss": 1e6 if key.depth == 2 else 0.5})
        low, high = claim_curves_picture(read("bn-placement", of, results)).figure.layout.yaxis.range
        assert low == 0
        assert 0.5 < high < 10

    def test_of_losses_that_are_no_numbers_are_left_out(self):
        of = four()
        results = plant("bn-placement", of, lambda key: {"test_loss": float("nan")})
        picture = claim_curves_picture(read("bn-placement", of, results))
        assert all(trace.y == () for trace in ways(picture.figure) if trace.line.dash == "solid")
        assert np.isfinite(picture.figure.layout.yaxis.range).all()
        assert "not finite" in picture.table.rows[0]

    def test_of_values_go_below_zero_but_not_without_end(self):
        of = four(0)
        results = plant("bn-overfit", of, lambda key: {"test_score": -50.0})
        figure = claim_curves_picture(read("bn-overfit", of, results)).figure
        assert written(figure) == ["<b>explained variance</b>", "<b>loss</b>"]
        assert figure.layout.yaxis.range[0] == pytest.approx(-1.04)

    def test_are_in_a_table(self):
        found = outcome_of()
        shown = claim_curves_picture(found).table
        line = claim_lines(found).lines[0]
        assert [*shown.columns[:4]] == ["panel", "networks", "rows", "epochs"]
        assert len(shown.rows) == 2 * 2 * 2
        panel, networks, rows, epochs, *figures = shown.rows[0]
        assert (panel, rows, epochs) == ("accuracy", "test rows", f"{line.epochs[-1]}")
        assert networks == f"without (batch norm none, learning rate {line.setting['learning_rate']:g})"
        assert figures[0] == f"{line.ways['test', 'score'].mean[0]:.1%}"
        assert figures[-1] == f"{line.ways['test', 'score'].mean[-1]:.1%}"

    def test_escape_names(self):
        picture = claim_curves_picture(hostile("bn-placement"))
        assert all("<script" not in heading and "<title" not in heading for heading in written(picture.figure))
        assert all("&lt;/title" in trace.hovertemplate for trace in ways(picture.figure))


class TestCurvesInWords:
    def test_of_one_panel_tell_where_each_line_ends(self):
        of = four()
        results = plant("bn-overfit", of, lambda key: {"training_score": 0.9, "test_score": 0.8}, noise=0)
        says = claim_curves_picture(read("bn-overfit", of, results)).says
        assert says.startswith("Accuracy and loss by epoch, on average over the seeds; bands go")
        watched = "74.8%"  # the score on the rows that are watched
        assert (
            f"At the end the accuracy is 90.0% on training rows and {watched} on test rows (without); 90.0% on "
            f"training rows and {watched} on test rows (with batch norm)."
        ) in says
        assert "Of several that differ in learning rate alone, that with the lowest mean test loss" in says
        assert "Drawn are 2 of 6 settings;" in says

    def test_of_two_sides_tell_which_is_ahead_where(self):
        of = four()

        def end(key):
            ahead = key.batch_norm == "before" and key.weight_std < 1
            return {"test_score": 0.9 if ahead and key.weight_std > 0.1 else 0.6 if ahead else 0.5}

        says = claim_curves_picture(read("bn-init", of, plant("bn-init", of, end, noise=0))).says
        assert "is better “with batch norm” than “without” in 5 of 6 panels" in says
        assert "furthest apart in “standard deviation 0.16”, 84.1% against 46.7%." in says
        assert "Drawn are 12 of 32 settings;" in says

    def test_of_losses_lower_is_better(self):
        of = four()
        results = plant("bn-placement", of, lambda key: {"test_loss": 1.0 if key.batch_norm == "before" else 0.5})
        says = claim_curves_picture(read("bn-placement", of, results)).says
        assert "the loss on test rows is better “after the activation” than “before the activation” in 4 of 4" in says

    def test_of_more_than_two_name_the_best_of_every_panel(self):
        of = four()
        best = {"classic": 0.2, "inverted": 0.5}
        results = with_networks(
            "dropout",
            of,
            plant(
                "dropout", of, lambda key: {"test_score": 0.9 if key.dropout_rate == best[key.form] else 0.5}, noise=0
            ),
        )
        says = claim_curves_picture(read("dropout", of, results)).says
        assert "is best with: classic form: 0.2 deleted, 84.1%; inverted form: 0.5 deleted, 84.1%." in says

    def test_of_one_line_a_panel_tell_both_kinds_of_rows(self):
        says = claim_curves_picture(outcome_of("overfitting")).says
        assert "At the end the accuracy on training rows and on test rows is " in says
        assert says.count("units)") == 5

    def test_of_all_settings_leave_that_out(self):
        assert "Drawn" not in claim_curves_picture(outcome_of("overfitting")).says
        assert "Of several" not in claim_curves_picture(outcome_of("overfitting")).says

    def test_of_one_setting_are_in_the_singular(self):
        assert "Drawn is 1 of 28 settings;" in claim_curves_picture(outcome_of("large-weights")).says

    def test_name_all_that_was_chosen(self):
        assert (
            "differ in dropout rate, λ or learning rate alone" in claim_curves_picture(outcome_of("bn-suffices")).says
        )

    def test_of_another_table_name_it(self):
        found = outcome_of("bn-placement", four(tables=(replace(table(), name="others"),)))
        assert {line.panel for line in claim_lines(found).lines} >= {"relu, 5 layers, blobs", "relu, 5 layers, others"}
