"""Claims about batch norm say what was planted."""

import numpy as np
import pytest
from claimed import numbered, setup, table
from planted import NOISE, SEEDS, WILD, Key, changes, figure_of, four, lucky, plant, read, texts_of, verdicts

from goru.claims.promises.bn_init import SCALES
from goru.claims.promises.bn_speed import RATES

HELPS, HURTS, NONE, INCONCLUSIVE = "helps", "hurts", "negligible", "inconclusive"
BASELINE = 1 / 3
NONE_SHARED, BEFORE_SHARED = (Key(batch_norm=side, learning_rate=0.03) for side in ("none", "before"))


def ramps(name, of, epochs):
    """Results whose score on training rows goes from a constant baseline to 1 in so many epochs, a number or one a
    seed, by the key."""
    results = plant(name, of, noise=0)
    for key, found in results.items():
        needed = np.broadcast_to(epochs(Key.of(name, key)), (SEEDS,))
        found.training[..., 1] = BASELINE + (1 - BASELINE) * np.minimum(found.epochs / needed[:, None], 1)
    return results


class TestSpeed:
    """Nine tenths of the way are reached after nine tenths of the epochs."""

    def read(self, epochs):
        return read("bn-speed", four(), ramps("bn-speed", four(), epochs))

    @staticmethod
    def faster(key):
        noise = 1 + 0.01 * NOISE
        if key.batch_norm == "none":
            return {0.1: 10 * noise}.get(key.learning_rate, 20)
        return {0.3: 5, 0.03: 12}.get(key.learning_rate, 20)

    def test_epochs_are_counted_at_the_best_rates_and_at_a_shared_one(self):
        found = self.read(self.faster)
        assert changes(found) == pytest.approx([-50, -40])
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "holds")
        assert "of 0.93 on training rows, took 4.5 epochs with batch norm (best rate 0.3) and 9.0 without (0.1)" in (
            found.paragraph
        )
        assert "at the shared rate 0.03 it took 10.8 and 18.0." in found.paragraph

    def test_a_shared_rate_may_say_something_else_than_the_best_ones(self):
        found = self.read(lambda key: 20 if key == NONE_SHARED else 10)
        assert changes(found) == pytest.approx([0, -50])
        assert (verdicts(found), found.said) == ([NONE, HELPS], "holds in part")
        found = self.read(lambda key: 10 if key.batch_norm == "none" else 15)
        assert (verdicts(found), found.said) == ([HURTS, HURTS], "does not hold")

    def test_no_seed_is_judged_at_a_rate_that_is_best_with_it_alone(self):
        def epochs(key):
            if key.batch_norm == "before" and key.learning_rate in RATES[:SEEDS]:
                return np.where(np.arange(SEEDS) == RATES.index(key.learning_rate), 1, 19)
            return 10

        found = self.read(epochs)
        assert changes(found)[0] == pytest.approx(0)

    def test_what_is_not_reached_is_told(self):
        never = self.read(lambda key: 60 if key == NONE_SHARED else 10)
        assert "at the shared rate 0.03 it took 9.0 and more than 20." in never.paragraph
        one = self.read(lambda key: np.array([60, 10, 10, 10]) if key == BEFORE_SHARED else 10)
        part = "12.0 (not reached by 25% of the networks, which count as one more) and 9.0."
        assert part in one.paragraph

    def test_of_two_rates_that_need_the_same_the_better_score_is_taken(self):
        results = ramps("bn-speed", four(), lambda key: 10)
        for key in results:
            if key != ("before", 0.01):
                results[key].training[:, -5:, 1] = 0.99
        assert "(best rate 0.01)" in read("bn-speed", four(), results).paragraph

    def test_wild_seeds_decide_nothing(self):
        found = self.read(lambda key: 10 * WILD if key.batch_norm == "before" else 10)
        assert (verdicts(found), found.said) == ([INCONCLUSIVE, INCONCLUSIVE], "inconclusive")

    def test_the_figure_shows_the_best_rates(self, monkeypatch):
        shown = texts_of(figure_of(self.read(self.faster), monkeypatch))
        assert "with batch norm, 0.3" in shown
        assert "without, 0.1" in shown
        assert "Both at the rate 0.03" in shown


class TestInit:
    def read(self, learned, tests=lambda side, scale: 0.5):
        """`learned`: of a side and a scale, whether networks learn, one for all seeds or a row a seed."""
        of = four()
        results = plant("bn-init", of, lambda key: {"test_score": tests(key.batch_norm, key.weight_std)}, noise=0)
        for key, found in results.items():
            found.training[..., 1] = np.where(np.broadcast_to(learned(*key), (SEEDS,)), 0.9, 0.6)[:, None]
        return read("bn-init", of, results)

    @staticmethod
    def more(side, scale):
        return scale > (0.001 if side == "before" else 0.1)

    def test_scales_are_counted(self):
        found = self.read(self.more)
        more, few = (sum(scale > least for scale in SCALES) for least in (0.001, 0.1))
        assert changes(found) == pytest.approx([more - few])
        assert (verdicts(found), found.said) == ([HELPS], "holds")
        assert f"it learns at {more:.1f} of the 16 scales, without at {few:.1f} (0.0012 to 1 against 0.16 to 1)" in (
            found.paragraph
        )

    def test_learned_is_half_way_from_a_constant_baseline(self):
        """0.6 is less than that: it would be if the best were 0.86."""
        assert changes(self.read(lambda side, scale: True)) == [0]
        assert "learns at 0.0 of" not in self.read(self.more).paragraph

    @pytest.mark.parametrize(
        ("before", "none", "verdict", "said"),
        [
            (lambda scale: True, lambda scale: True, NONE, "does not hold"),
            (lambda scale: scale > 0.1, lambda scale: scale > 0.001, HURTS, "does not hold"),
            (lambda scale: WILD > 1, lambda scale: scale > 0.01, INCONCLUSIVE, "inconclusive"),
        ],
    )
    def test_other_verdicts(self, before, none, verdict, said):
        found = self.read(lambda side, scale: before(scale) if side == "before" else none(scale))
        assert (verdicts(found), found.said) == ([verdict], said)

    def test_test_scores_are_told(self):
        scores = dict(zip(SCALES, np.linspace(0.9, 0.5, 16), strict=True))
        found = self.read(self.more, lambda side, scale: scores[scale] if side == "before" else 0.1)
        near = sum(score >= BASELINE + 0.9 * (0.9 - BASELINE) for score in scores.values())
        assert f"goes from 0.50 to 0.90, and is near its best at {near} scales" in found.paragraph

    def test_where_nothing_or_one_scale_is_learned_from(self):
        found = self.read(lambda side, scale: side == "before" and scale == SCALES[3])
        assert f"({SCALES[3]:.2g} against none)" in found.paragraph

    def test_the_figure_has_a_panel_a_scale_and_one_for_all(self, monkeypatch):
        assert len(figure_of(self.read(self.more), monkeypatch).axes) == 16 + 1


class TestOverfit:
    def read(self, ends, of=None, **given):
        return read("bn-overfit", of or four(), plant("bn-overfit", of or four(), ends, **given))

    @staticmethod
    def better(key):
        best = key.learning_rate == {"none": 0.1, "before": 0.3}[key.batch_norm]
        if key.batch_norm == "none":
            return {"test_loss": 1.0 if best else 3.0, "training_score": 0.95, "test_score": 0.7}
        return {"test_loss": 0.5 if best else 2.0, "training_score": 0.9, "test_score": 0.8}

    def test_the_gap_and_the_loss_are_those_at_the_best_rates(self):
        found = self.read(self.better)
        assert changes(found) == pytest.approx([-15, -50], rel=0.05)
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "holds")
        assert (
            "With batch norm the accuracy was 90.0% on training rows and 80.0% on test rows; without, 95.0% and 70.0%"
            in (found.paragraph)
        )

    def test_a_gap_may_shrink_while_the_loss_grows(self):
        found = self.read(lambda key: self.better(key) | {"test_loss": 2 if key.batch_norm == "before" else 1})
        assert (verdicts(found), found.said) == ([HELPS, HURTS], "holds in part")

    def test_equal_sides_show_no_effect(self):
        found = self.read(lambda key: {})
        assert changes(found) == pytest.approx([0, 0], abs=0.5)
        assert (verdicts(found), found.said) == ([NONE, NONE], "does not hold")

    def test_no_seed_is_judged_at_a_rate_that_is_best_with_it_alone(self):
        rates = four().rates

        def ends(key):
            if key.batch_norm == "none" or key.learning_rate == rates[-1]:
                return {}
            seed = rates.index(key.learning_rate)
            return {
                "test_loss": lucky(seed),
                "training_score": 1.0,
                "test_score": np.where(np.arange(SEEDS) == seed, 1, 0),
            }

        found = self.read(ends, noise=0)
        assert changes(found) == pytest.approx([0, 0])

    def test_values_have_no_accuracy(self):
        found = self.read(self.better, four(0))
        assert found.effects[0].what == "Gap in explained variance between training rows and test rows"
        assert "the explained variance was 90.0%" in found.paragraph

    def test_the_figure_shows_the_best_rates(self, monkeypatch):
        shown = texts_of(figure_of(self.read(self.better), monkeypatch))
        assert "without, rate 0.1" in shown
        assert "with batch norm, rate 0.3" in shown


class TestPlacement:
    OF = setup(table(), seeds=SEEDS, tables=(numbered(200), table(0)))

    def read(self, factors):
        """`factors`: of a case, the loss after the activation as a share of that before it."""

        def ends(key):
            factor = factors(key.table, key.activation, key.depth) if key.batch_norm == "after" else 1
            return {"test_loss": factor * (1 if key.learning_rate == 0.1 else 2)}

        return read("bn-placement", self.OF, plant("bn-placement", self.OF, ends, noise=0.001))

    @pytest.mark.parametrize(
        ("factor", "verdict", "said"),
        [
            (1, NONE, "holds"),
            (0.8, HELPS, "does not hold"),
            (1.2, HURTS, "does not hold"),
            (WILD, INCONCLUSIVE, "inconclusive"),
        ],
    )
    def test_the_mean_over_all_cases_decides(self, factor, verdict, said):
        found = self.read(lambda *case: factor)
        assert changes(found) == pytest.approx([100 * (np.mean(factor) - 1)], abs=0.5)
        assert (verdicts(found), found.said) == ([verdict], said)

    def test_every_case_counts_alike_and_is_told(self):
        def factors(name, kind, depth):
            return {"waves": 1.3, "numbered": 0.8}.get(name, 0.9 if kind == "tanh" else 1.0)

        found = self.read(factors)
        assert changes(found) == pytest.approx([0], abs=0.3)
        assert "better in 2 of 6 cases, worse in 1, no different in 3, inconclusive in 0." in found.paragraph
        cases = found.tables["cases"].set_index(["table", "activation", "depth"])
        assert len(cases) == 6
        for (name, kind, depth), one in cases.iterrows():
            factor = factors(name, kind, depth)
            assert one["change"] == pytest.approx(100 * (factor - 1), abs=0.5)
            assert one["low"] < one["change"] < one["high"]
            assert one["verdict"] == (HELPS if factor < 1 else HURTS if factor > 1 else NONE)

    def test_the_figure_names_all_cases(self, monkeypatch):
        shown = texts_of(figure_of(self.read(lambda *case: 1), monkeypatch))
        assert all(f"{name}, relu, 5 layers" in shown for name in ("blobs", "waves", "numbered"))
        assert "all cases" in shown


# What is changed, and the loss that goes with it.
HYPER = {("ε", 1e-3): 1.01, ("β", 0.5): 0.995, ("γ", 20.0): 1.4, ("batch", 25.0): 0.99, ("batch", 300.0): 1.2}


class TestHyper:
    def read(self, losses, noise=0.0001):
        return read(
            "bn-hyper",
            four(),
            plant("bn-hyper", four(), lambda key: {"test_loss": losses(key.what, key.value, key.learning_rate)}, noise),
        )

    def test_the_range_goes_from_the_best_setting_to_the_worst(self):
        found = self.read(lambda what, value, rate: HYPER.get((what, value), 1.0) * (1 if rate == 0.3 else 3))
        assert changes(found) == pytest.approx([1.5, 1.0, 41], abs=0.15)
        assert (verdicts(found), found.said) == ([NONE, NONE, HURTS], "holds")
        assert "usual values: from −1.0 % (batch 25) to +1.0 % (ε 0.001) near them" in found.paragraph
        assert "to +40.0 % (γ 20) far from them" in found.paragraph
        table = found.tables["settings"].set_index(["what", "value"])
        assert len(table) == 1 + 4 * 4 + 4
        for key, one in table.iterrows():
            assert one["change"] == pytest.approx(100 * (HYPER.get(key, 1) - 1), abs=0.05)
        assert table["where"].value_counts().to_dict() == {"near": 10, "far": 10, "usual": 1}
        assert table["where"]["γ", 20.0] == table["where"]["batch", 300.0] == "far"

    def test_differences_near_the_usual_values_count(self):
        found = self.read(lambda what, value, rate: 1.1 if (what, value) == ("momentum", 0.8) else 1.0)
        assert (verdicts(found), found.said) == ([HURTS, NONE, HURTS], "holds in part")
        found = self.read(lambda what, value, rate: 1.1 if what in ("momentum", "batch") and value != 300 else 1.0)
        assert verdicts(found) == [HURTS, HURTS, HURTS]

    def test_noise_is_no_range(self):
        """The best and the worst setting are named by the other seeds: else the range would be about 20 %."""
        noise = np.random.default_rng(3)
        found = self.read(lambda what, value, rate: 1 + 0.05 * noise.standard_normal(SEEDS))
        assert abs(changes(found)[2]) < 12
        assert HURTS not in verdicts(found)

    def test_the_figure_has_a_panel_a_number(self, monkeypatch):
        figure = figure_of(self.read(lambda *key: 1.0), monkeypatch)
        assert [axes.get_title("left") for axes in figure.axes] == ["ε", "momentum", "γ", "β", "batch"]
        labels = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
        assert labels == ["10", "25", "50", "100", "300"]


SUFFICES = {  # by batch norm, then: dropout on or off, decay on or off
    "none": {(0, 0): 1.0, (1, 0): 0.9, (0, 1): 0.95, (1, 1): 0.85},
    "before": {(0, 0): 0.8, (1, 0): 0.82, (0, 1): 0.72, (1, 1): 0.76},
}


class TestSuffices:
    def read(self, losses=SUFFICES):
        def ends(key):
            # With the other dropout rate, λ and learning rates, all is worse.
            worse = 1 + (key.dropout_rate == 0.1) + (key.weight_decay == 0.003) + (key.learning_rate != 0.1)
            return {"test_loss": losses[key.batch_norm][key.dropout_rate > 0, key.weight_decay > 0] * worse}

        return read("bn-suffices", four(), plant("bn-suffices", four(), ends))

    def test_the_best_addition_to_batch_norm_decides(self):
        found = self.read()
        assert changes(found) == pytest.approx([-10], abs=0.5)
        assert (verdicts(found), found.said) == ([HELPS], "does not hold")
        for number in ("−20.", "−15.", "−28."):
            assert number in found.paragraph

    @pytest.mark.parametrize(
        ("with_", "verdict", "said"),
        [(0.8, NONE, "holds"), (1.2, HURTS, "does not hold"), (WILD, INCONCLUSIVE, "inconclusive")],
    )
    def test_other_verdicts(self, with_, verdict, said):
        before = dict.fromkeys(SUFFICES["before"], with_) | {(0, 0): 0.8}
        found = self.read(SUFFICES | {"before": before})
        assert (verdicts(found), found.said) == ([verdict], said)

    def test_additions_and_interactions_are_in_percent_of_the_plain_loss(self):
        table = self.read().tables["additions"].set_index(["added", "where"])["change"]
        wanted = {"dropout": (-10, 2), "decay": (-5, -8), "both": (-15, -4)}
        assert len(table) == 9
        for added, (alone, on_top) in wanted.items():
            assert table[added, "alone"] == pytest.approx(alone, abs=0.5)
            assert table[added, "on top of batch norm"] == pytest.approx(on_top, abs=0.5)
            assert table[added, "interaction"] == pytest.approx(on_top - alone, abs=0.7)

    def test_the_figure_has_all_nine(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        assert all(f"{added}, interaction" in shown for added in ("dropout", "decay", "both"))
