"""Claims about overfitting and weight decay say what was planted."""

import re

import numpy as np
import pytest
from planted import (
    NOISE,
    SEEDS,
    WATCHED,
    WILD,
    Key,
    Normed,
    changes,
    figure_of,
    four,
    lucky,
    one,
    plant,
    read,
    texts_of,
    verdicts,
)

HELPS, HURTS, NONE, INCONCLUSIVE = "helps", "hurts", "negligible", "inconclusive"


ROWS, WIDTHS = (75, 300, 900), (10, 50, 200)
BY_ROWS, BY_WIDTH = {75: 0.4, 300: 0.25, 900: 0.1}, {10: 0.2, 50: 0.25, 200: 0.27}


class TestOverfitting:
    def read(self, by_rows=BY_ROWS, by_width=BY_WIDTH, of=None, change=None):
        of = of or four()

        def ends(key):
            gap = by_rows[key.rows] if key.width == 50 else by_width[key.width]
            return {"training_score": 0.9, "test_score": 0.9 - gap}

        results = plant("overfitting", of, ends, noise=0.0005)
        (change or (lambda main: None))(one(results, "overfitting", rows=300, width=50))
        return read("overfitting", of, results)

    def test_the_gap_and_what_it_grows_with(self):
        found = self.read()
        assert changes(found) == pytest.approx([25, 30, 7], abs=0.3)
        assert (verdicts(found), found.said) == ([HURTS, HURTS, HURTS], "holds")
        assert "The accuracy at the end was 90.0% on training rows and 65.0% on test rows" in found.paragraph
        assert "The gap was 40.0, 25.0, 10.0 points with 75, 300, 900 rows, and 20.0, 25.0, 27.0 points with" in (
            found.paragraph
        )
        numbers = [sum((i + 1) * o for i, o in zip((4, *[w] * 6), (*[w] * 6, 3), strict=True)) for w in WIDTHS]
        assert " and ".join([", ".join(f"{number:,}" for number in numbers)]) + " learned numbers" in found.paragraph

    def test_without_gaps_nothing_overfits(self):
        flat, narrow = dict.fromkeys(ROWS, 0), dict.fromkeys(WIDTHS, 0)
        found = self.read(flat, narrow)
        assert (verdicts(found), found.said) == ([NONE, NONE, NONE], "does not hold")

    def test_wide_networks_may_have_the_smaller_gap(self):
        found = self.read(by_width={10: 0.3, 200: 0.2})
        assert (verdicts(found), found.said) == ([HURTS, HURTS, HELPS], "holds in part")

    def test_wild_seeds_decide_nothing(self):
        def wild(main):
            main.training[:, -1, 1] = WILD

        assert verdicts(self.read(change=wild))[0] == INCONCLUSIVE

    def test_where_the_loss_was_lowest_and_what_came_after(self):
        def valley(main):
            main.test[:, :, 0] = np.interp(main.epochs, [0, 40, 100], [2.0, 0.8, 1.0]) * (1 + 0.01 * NOISE[:, None])

        text = self.read(change=valley).paragraph
        assert "their loss was lowest after 40 epochs and changed by +25.0 % until the last" in text

    def test_values_have_a_gap_too(self):
        found = self.read(of=four(0))
        assert found.effects[0].what == "Gap in explained variance between training rows and test rows"

    def test_the_figure(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        assert "rows to fit on" in shown
        assert "learned numbers" in shown


class TestLargeWeights:
    def read(self, norm, gap, way=lambda share, seed: share, opening=lambda share, seed: share, of=None):
        """`norm`, `gap`: of a key and a seed; `way`, `opening`: the same along training, of the share of it."""
        of = of or four()
        results = plant("large-weights", of, noise=0)
        for key, found in results.items():
            k = Key.of("large-weights", key)
            for seed in range(SEEDS):
                found.networks[seed] = Normed(norm(k, seed))
                shares = found.epochs / found.epochs[-1]
                found.snapshots[seed] = {0: Normed(1.0)}
                for epoch, share in zip(found.epochs, shares, strict=True):
                    found.snapshots[seed][int(epoch)] = Normed(10 + way(share, seed))
                if k.part == "along":
                    found.training[seed, :, 1] = 0.9
                    found.test[seed, :, 1] = 0.9 - 0.2 * np.array([opening(share, seed) for share in shares])
                else:
                    found.training[seed, -1, 1], found.final[seed, 1] = 0.9, 0.9 - gap(k, seed)
        return read("large-weights", of, results)

    @staticmethod
    def norm(k, seed):
        return 10 * k.weight_std + 3 * k.weight_decay + k.learning_rate + seed

    def test_norms_and_gaps_that_grow_together(self):
        found = self.read(self.norm, lambda k, seed: self.norm(k, 0) / 100)
        assert changes(found) == pytest.approx([1, 1])
        assert (verdicts(found), found.said) == ([HURTS, HURTS], "holds")
        assert "‖W‖ went from 1.0 before the first step to 11.0" in found.paragraph
        assert "widest after 100 (20.0), and 20.0 at the end" in found.paragraph
        assert "‖W‖ lay between 5.0 and 23.4" in found.paragraph
        assert "+1.00 for the initial scale, +1.00 for the weight decay, +1.00 for the learning rate" in found.paragraph

    def test_causes_are_told_apart(self):
        found = self.read(self.norm, lambda k, seed: 0.1 + k.weight_std / 10 - k.weight_decay / 10)
        alone = found.tables["alone"].set_index("differ_in")["correlation"]
        assert alone["initial scale"] == pytest.approx(1)
        assert alone["weight decay"] == pytest.approx(-1)
        assert np.isnan(alone["learning rate"])
        assert (
            "+1.00 for the initial scale, −1.00 for the weight decay, unknown for the learning rate" in found.paragraph
        )

    def test_a_gap_that_shrinks_as_weights_grow(self):
        found = self.read(self.norm, lambda k, seed: 0.5 - self.norm(k, 0) / 100, opening=lambda share, seed: 1 - share)
        assert changes(found) == pytest.approx([-1, -1])
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "does not hold")

    def test_seeds_that_differ_decide_nothing(self):
        def sign(seed):
            return 1 if seed % 2 else -1

        found = self.read(
            self.norm,
            lambda k, seed: 0.3 + sign(seed) * self.norm(k, 0) / 100,
            opening=lambda share, seed: 0.5 + sign(seed) * share / 2,
        )
        assert (verdicts(found), found.said) == ([INCONCLUSIVE, INCONCLUSIVE], "inconclusive")

    def test_networks_that_diverged_are_left_out(self):
        def norm(k, seed):
            return np.nan if k.learning_rate == 0.1 else self.norm(k, seed)

        def gap(k, seed):
            return 0 if k.learning_rate == 0.1 else self.norm(k, 0) / 100

        found = self.read(norm, gap)
        assert changes(found)[0] == pytest.approx(1)
        assert found.tables["networks"]["norm"].isna().sum() == 9 * SEEDS
        assert "nan" not in found.paragraph

    def test_gaps_that_are_all_alike_have_no_correlation(self):
        found = self.read(self.norm, lambda k, seed: 0.2, opening=lambda share, seed: 1)
        assert changes(found) == [0, 0]
        assert found.said == "does not hold"

    def test_networks_that_have_not_learned_are_told(self):
        of = four()
        results = plant("large-weights", of, noise=0)
        for key, found in results.items():
            k = Key.of("large-weights", key)
            learned = k.learning_rate == 0.1
            found.training[..., 1] = 0.9 if learned else 0.4
            found.final[:, 1] = found.training[:, -1, 1] - (0.3 - k.weight_std / 10 if learned else 0)
            for seed in range(SEEDS):
                found.networks[seed] = Normed(self.norm(k, 0) if learned else 1)
                found.snapshots[seed] = {epoch: Normed(epoch) for epoch in [0, *found.epochs.tolist()]}
        found = read("large-weights", of, results)
        table = found.tables["networks"]
        assert table["learned"].tolist() == (table["learning_rate"] == 0.1).tolist()
        assert "Of the networks 33% have learned (an accuracy on training rows of at least 0.84)" in found.paragraph
        assert "among these alone the correlation is −0." in found.paragraph
        assert changes(found)[0] > 0

    def test_the_tables_have_the_norms_and_the_gaps(self):
        found = self.read(self.norm, lambda k, seed: self.norm(k, 0) / 100)
        for one_ in found.tables["networks"].itertuples():
            assert one_.norm == pytest.approx(self.norm(one_, one_.seed))
            assert one_.gap == pytest.approx(self.norm(one_, 0) / 100)
        assert len(found.tables["networks"]) == 27 * SEEDS
        along = found.tables["along"]
        np.testing.assert_allclose(along["norm"], 10 + along["epoch"] / 100)
        np.testing.assert_allclose(along["gap"], 0.2 * along["epoch"] / 100, atol=1e-12)

    def test_the_figure_has_all_settings(self, monkeypatch):
        shown = texts_of(figure_of(self.read(self.norm, lambda k, seed: 0.1 + seed / 100), monkeypatch))
        assert "0.5 × He, λ = 0.01" in shown


# Of ½λ‖W‖² without batch norm: loss, score on training rows, score on test rows.
PLAIN = {0.0: (1.0, 0.98, 0.70), 0.01: (0.8, 0.95, 0.75), 0.1: (0.9, 0.85, 0.72)}


class TestWeightDecay:
    def read(self, plain=PLAIN, of=None, **given):
        def ends(key):
            if key.weight_decay == 0:
                loss, fit, test = plain[0.0]
            elif (key.batch_norm, key.form) == ("none", "l2_squared"):
                loss, fit, test = plain.get(key.weight_decay, (5.0, 0.9, 0.6))
            else:
                factor = {"none": 1.1, "before": 1.3}[key.batch_norm] * (1.5 if key.form == "l2_norm" else 1)
                loss, fit, test = factor * (1 if key.weight_decay == 0.03 else 2), 0.9, 0.7
            worse = 1 if getattr(key, "learning_rate", 0.1) == of_rate else 4
            return {"test_loss": loss * worse, "training_score": fit, "test_score": test}

        of = of or four()
        of_rate = 0.1 if 0.1 in of.rates else of.rates[0]
        return read("weight-decay", of, plant("weight-decay", of, ends, **given))

    def test_the_gap_is_that_at_the_books_lambda_and_the_loss_that_at_the_best(self):
        found = self.read()
        assert changes(found) == pytest.approx([-15, -20], abs=0.5)
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "holds")
        for number in ("85.0%", "72.0%", "98.0%", "70.0%", "13 points"):
            assert number in found.paragraph
        assert re.search(r"−20\.\d % \(−2[01]\.\d to −19\.\d; mostly λ = 0\.01\)", found.paragraph)

    def test_a_gap_may_shrink_while_the_loss_grows(self):
        worse = {decay: (2.0 + decay, 0.5, 0.45) for decay in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)}
        found = self.read(worse | {0.0: PLAIN[0.0]})
        assert (verdicts(found), found.said) == ([HELPS, HURTS], "holds in part")

    def test_no_decay_that_matters(self):
        alike = dict.fromkeys((0.001, 0.003, 0.01, 0.03, 0.1, 0.3), (1.0, 0.98, 0.70)) | {0.0: PLAIN[0.0]}
        found = self.read(alike)
        assert (verdicts(found), found.said) == ([NONE, NONE], "does not hold")
        assert "costs less than 5 points" in found.paragraph

    def test_no_seed_is_judged_at_a_lambda_that_is_best_with_it_alone(self):
        decays = sorted({key[2] for key in plant("weight-decay", four())} - {0.0})
        losses = {decay: (lucky(seed), 0.9, 0.7) for seed, decay in enumerate(decays[:-1][:SEEDS])}
        found = self.read(losses | {decays[-1]: (1.0, 0.9, 0.7), 0.0: PLAIN[0.0]}, noise=0)
        assert changes(found)[1] == pytest.approx(0)

    def test_the_table_has_all_forms(self):
        table = self.read().tables["forms"].set_index(["batch_norm", "form", "weight_decay"])
        assert table.loc[("none", "l2_squared", 0.1), "gap"] == pytest.approx(0.13, abs=0.01)
        assert table.loc[("none", "l2_squared", 0.01), "test_loss"] == pytest.approx(0.8, rel=0.01)
        assert table.loc[("before", "l2_norm", 0.03), "test_loss"] == pytest.approx(1.95, rel=0.01)
        for form in ("l2_squared", "l2_norm", "decoupled"):  # at λ = 0 they are one
            assert table.loc[("none", form, 0.0), "test_loss"] == pytest.approx(1, rel=0.01)
        assert ("before", "decoupled") not in {key[:2] for key in table.index}

    def test_the_figure_has_all_forms(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        assert all(name in shown for name in ("½λ‖W‖²", "λ‖W‖", "decoupled", "with batch norm"))


# Depth and width to the losses of: neither, the best decay, the best dropout.
SIZES = {(2, 25): (1.0, 0.9, 0.9), (2, 100): (1.0, 0.9, 0.85), (6, 25): (1.0, 0.9, 0.8), (6, 100): (1.0, 0.8, 0.6)}


class TestDecayOrDropout:
    def read(self, sizes=SIZES, **given):
        def ends(key):
            plain, decay, dropout = sizes[key.depth, key.width]
            best = {("decay", 0.01): decay, ("dropout", 0.2): dropout}.get((key.side, key.strength), 3.0)
            loss = plain if key.strength == 0 else best
            return {"test_loss": loss * (1 if key.learning_rate == 0.1 else 2)}

        return read("decay-or-dropout", four(), plant("decay-or-dropout", four(), ends, **given))

    def test_the_best_of_both_in_the_largest_network_and_against_the_smallest(self):
        found = self.read()
        assert changes(found) == pytest.approx([-25, -25], abs=0.8)
        assert (verdicts(found), found.said) == ([HELPS, HELPS], "holds")
        assert "at 6 × 100" in found.effects[0].what
        assert "2 × 25" in found.effects[1].what
        assert "; mostly λ = 0.01)" in found.paragraph
        assert "; mostly a share of 0.2)" in found.paragraph.split("dropout by")[1]
        for (depth, width), (_, decay, dropout) in SIZES.items():
            numbers = rf"(\S+) % \((\S+) to (\S+)\) at {depth} × {width}"
            told, low, high = (
                float(number.replace("−", "-")) for number in re.search(numbers, found.paragraph).groups()
            )
            assert low <= told <= high
            assert told == pytest.approx(100 * (dropout / decay - 1), abs=1)

    def test_nothing_at_all_may_be_the_best(self):
        found = self.read(dict.fromkeys(SIZES, (0.5, 2.0, 2.0)))
        assert (verdicts(found), found.said) == ([NONE, NONE], "does not hold")

    def test_decay_may_be_the_better_one(self):
        found = self.read(SIZES | {(6, 100): (1.0, 0.5, 0.9)})
        assert (verdicts(found), found.said) == ([HURTS, HURTS], "does not hold")

    def test_an_equal_lead_at_all_sizes_holds_in_part(self):
        found = self.read(dict.fromkeys(SIZES, (1.0, 0.9, 0.8)), noise=0.0005)
        assert (verdicts(found), found.said) == ([HELPS, NONE], "holds in part")

    def test_no_seed_is_judged_at_a_strength_that_is_best_with_it_alone(self):
        def ends(key):
            seed = {0.1: 0, 0.2: 1, 0.3: 2}.get(key.strength)
            return {"test_loss": 1.0 if key.side == "decay" else lucky(seed)}

        found = read("decay-or-dropout", four(), plant("decay-or-dropout", four(), ends, noise=0))
        assert changes(found) == pytest.approx([0, 0])

    def test_the_table_has_all_sizes(self):
        table = self.read().tables["sizes"].set_index(["depth", "width", "side"])
        assert len(table) == 3 * len(SIZES)
        for size, losses in SIZES.items():
            for side, best, loss in zip(("plain", "decay", "dropout"), (0, 0.01, 0.2), losses, strict=True):
                found = table.loc[(*size, side)]
                assert found["best"] == best
                assert found["test_loss"] == pytest.approx(loss, rel=0.01)
                assert found["dropout_against_decay_percent"] == pytest.approx(100 * (losses[2] / losses[1] - 1), abs=1)

    def test_the_figure_has_both_widths(self, monkeypatch):
        shown = texts_of(figure_of(self.read(), monkeypatch))
        assert "Layers of 25 units" in shown
        assert "Layers of 100 units" in shown


def test_curves_and_ends_can_be_told_apart():
    """So that a claim that took the one for the other would not say what was planted."""
    found = one(plant("overfitting", four(), noise=0), "overfitting", rows=300, width=50)
    np.testing.assert_allclose(found.test[:, -1, 0], WATCHED * found.final[:, 0])
