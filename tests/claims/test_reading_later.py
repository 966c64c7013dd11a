"""Claims about techniques that came after the book's say what was planted."""

import numpy as np
import pytest
from planted import NOISE, SEEDS, WILD, Key, changes, figure_of, four, plant, read, texts_of, verdicts

from goru.claims.promises.bn_speed import RATES
from goru.claims.promises.layer_norm import SCALES

HELPS, HURTS, NONE, INCONCLUSIVE = "helps", "hurts", "negligible", "inconclusive"
BASELINE = 1 / 3
# By normalization: epochs until nine tenths of the way at the best rate, and the smallest scale that is learned from.
SPEED = {"none": 10, "batch": 4, "layer": 5, "rms": 8}
LEAST = {"none": 1.0, "batch": 0.003, "layer": 0.01, "rms": 0.1}


class TestLayerNorm:
    def read(self, speed=SPEED, least=LEAST, best=0.1):
        """`speed`, `least`: numbers, or one a seed; from higher scales all learn, too slowly to reach the aim."""
        of = four()
        results = plant("layer-norm", of, noise=0)
        for key, found in results.items():
            own = Key.of("layer-norm", key)
            if own.weight_scale == 1 and own.learning_rate != 0.03:
                needed = np.broadcast_to(speed[own.normalization] / 0.9, (SEEDS,))[:, None]
                needed = needed if own.learning_rate == best else np.full_like(needed, 21, float)
                found.training[..., 1] = BASELINE + (1 - BASELINE) * np.minimum(found.epochs / needed, 1)
            else:
                learned = own.weight_scale >= np.broadcast_to(least[own.normalization], (SEEDS,))
                found.training[..., 1] = np.where(learned, 0.8, 0.4)[:, None]
        return read("layer-norm", of, results)

    def test_both_are_compared_with_no_normalization_in_both_measures(self):
        found = self.read()
        count = {side: sum(scale >= least for scale in SCALES) for side, least in LEAST.items()}
        fewer = [count[side] - count["none"] for side in ("layer", "rms")]
        assert changes(found) == pytest.approx([-50, fewer[0], -20, fewer[1]])
        assert (verdicts(found), found.said) == ([HELPS] * 4, "holds")
        assert (
            "with the best rate: no normalization 10.0 (0.1), batch norm 4.0 (0.1), layer norm 5.0" in found.paragraph
        )
        assert f"at which it learns: no normalization {count['none']:.1f}, batch norm" in found.paragraph

    def test_batch_norm_may_be_better_still_and_does_not_decide(self):
        found = self.read(SPEED | {"batch": 2}, LEAST | {"batch": 0.001})
        assert found.said == "holds"
        assert "Against batch norm: with layer norm the epochs differ by +150.0 % (+150.0 to +150.0)" in found.paragraph
        worse = self.read(SPEED | {"batch": 10}, LEAST | {"batch": 1.0})
        assert verdicts(worse) == [HELPS] * 4

    @pytest.mark.parametrize(
        ("speed", "least", "expected", "said"),
        [
            ({"layer": 10, "rms": 10}, {}, [NONE, HELPS] * 2, "holds in part"),
            ({}, {"rms": 1.0}, [HELPS, HELPS, HELPS, NONE], "holds in part"),
            ({"layer": 14, "rms": 10}, {"layer": 3.0, "rms": 1.0}, [HURTS, HURTS, NONE, NONE], "does not hold"),
            (
                {"layer": 10 * WILD, "rms": 10 * WILD},
                {"layer": np.array([0.001, 10, 0.001, 10]), "rms": np.array([0.001, 10, 0.001, 10])},
                [INCONCLUSIVE] * 4,
                "inconclusive",
            ),
        ],
    )
    def test_other_verdicts(self, speed, least, expected, said):
        found = self.read(SPEED | speed, LEAST | least)
        assert (verdicts(found), found.said) == (expected, said)
        assert found.paragraph.endswith(found.claim.meaning[said])

    def test_intervals_are_paired(self):
        """Seeds that differ alike on both sides show a difference all the same."""
        noise = 1 + 0.2 * NOISE / 2
        found = self.read({side: needed * noise for side, needed in SPEED.items()})
        assert changes(found)[0] == pytest.approx(-50)
        assert found.effects[0].high - found.effects[0].low < 4 * 2.5 * 20

    def test_no_seed_is_judged_at_a_rate_that_is_best_with_it_alone(self):
        of, results = four(), plant("layer-norm", four(), noise=0)
        for key, found in results.items():
            own = Key.of("layer-norm", key)
            needed = np.full(SEEDS, 10.0)
            if own.normalization == "layer" and own.learning_rate in RATES[:SEEDS]:
                needed = np.where(np.arange(SEEDS) == RATES.index(own.learning_rate), 1.0, 19.0)
            found.training[..., 1] = BASELINE + (1 - BASELINE) * np.minimum(found.epochs / needed[:, None], 1)
        assert changes(read("layer-norm", of, results))[0] == pytest.approx(0)

    def test_the_table_has_all_differences(self):
        table = self.read().tables["differences"].set_index(["what", "of", "against"])
        assert len(table) == 2 * 5
        assert table.loc[("epochs", "batch norm", "no normalization"), "change"] == pytest.approx(-60)
        assert table.loc[("epochs", "RMS norm", "batch norm"), "change"] == pytest.approx(100)
        assert table.loc[("scales", "RMS norm", "batch norm"), "verdict"] == HURTS

    def test_the_figure_has_all_four(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        names = ("no normalization, 0.1", "batch norm, 0.1", "layer norm, 0.1", "RMS norm, 0.1")
        assert all(name in shown for name in names)


# Loss and score of the best setting of each.
ENDS = {"plain": (1.0, 0.70), "dropout": (0.8, 0.75), "mixup": (0.6, 0.80), "both": (0.45, 0.86)}


class TestMixup:
    def read(self, ends=ENDS, noise=0.001, **given):
        def end(key):
            name = {(0, 0): "plain", (0, 1): "dropout", (1, 0): "mixup", (1, 1): "both"}[
                key.mixup_alpha > 0, key.dropout_rate > 0
            ]
            # With the other α, dropout and learning rates, the loss is worse, and the score better.
            worse = (key.mixup_alpha == 1) + (key.dropout_rate == 0.1) + (key.learning_rate != 0.1)
            loss, score = ends[name]
            return {"test_loss": loss * (1 + worse), "test_score": score if not worse else 0.99}

        return read("mixup", four(), plant("mixup", four(), end, noise))

    def test_dropout_that_adds_to_mixup_is_not_unnecessary(self):
        found = self.read()
        assert changes(found) == pytest.approx([-25, 6], abs=0.3)
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "does not hold")
        assert "plain 70.0%, dropout 75.0%, mixup 80.0%, both 86.0%" in found.paragraph

    def test_dropout_in_the_place_of_mixup_counts_too(self):
        found = self.read(ENDS | {"mixup": (1.1, 0.6), "both": (1.2, 0.6)})
        assert changes(found)[0] == pytest.approx(100 * (0.8 / 1.1 - 1), abs=0.3)
        assert found.said == "does not hold"

    @pytest.mark.parametrize(
        ("both", "expected", "said"),
        [
            ((0.6, 0.80), [NONE, NONE], "holds"),
            ((0.5, 0.80), [HELPS, NONE], "holds in part"),
            ((0.9, 0.70), [HURTS, HURTS], "holds"),  # dropout that does harm is unnecessary
            ((0.5, 0.70), [HELPS, HURTS], "holds in part"),
            ((0.5, 0.83), [HELPS, HELPS], "does not hold"),
            ((0.5 * WILD, 0.8 * WILD / 2), [INCONCLUSIVE, INCONCLUSIVE], "inconclusive"),
        ],
    )
    def test_other_verdicts(self, both, expected, said):
        found = self.read(ENDS | {"both": both})
        assert (verdicts(found), found.said) == (expected, said)
        assert found.paragraph.endswith(found.claim.meaning[said])

    def test_additions_and_interactions_are_in_percent_of_the_plain_loss(self):
        table = self.read().tables["additions"].set_index(["added", "where", "measure"])["change"]
        assert len(table) == 2 * 5
        wanted = {
            ("dropout", "alone"): (-20, 5),
            ("dropout", "on top of mixup"): (-15, 6),
            ("mixup", "alone"): (-40, 10),
            ("mixup", "on top of dropout"): (-35, 11),
            ("both", "interaction"): (5, 1),
        }
        for where, (loss, score) in wanted.items():
            assert table[*where, "test loss"] == pytest.approx(loss, abs=0.5)
            assert table[*where, "test accuracy"] == pytest.approx(score, abs=0.5)

    def test_the_figure_has_all_five(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        assert all(f"{what}, alone" in shown for what in ("dropout", "mixup"))
        assert "both, interaction" in shown
