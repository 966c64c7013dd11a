"""What follows from the size of a table, and that every default can be read."""

import numpy as np
import pytest

from goru.data.splitting import N_FOLDS
from goru.nn.architecture import Architecture, Recipe
from goru.nn.layers.scaled_affine import FASTER
from goru.nn.optimizers import learning_rate
from goru.studies import defaults
from goru.studies.asked.design import hyperparameters
from goru.studies.asked.options import Options

NUMBERS = [name for name in vars(defaults) if name.isupper() and name != "N_FOLDS"]
# Of the machinery; nobody who reads a result needs them.
PROBE = {"PROBE_SHARE", "PROBE_EPOCHS", "PROBE_FEWEST_EPOCHS", "PROBE_RATE", "PROBE_DROPOUT", "PROBE_DECAY"}
INNER = {"MOST_DECAY", "FEWEST_EPOCHS", "PARTS", "FEWER_ROWS", *PROBE}


def explained() -> dict[str, str]:
    """What is said of each thing, a line that names nothing going with the one above it."""
    lines: dict[str, str] = {}
    for name, *words in defaults.explain():
        name = name or list(lines)[-1]
        lines[name] = " ".join([lines.get(name, ""), *words]).strip()
    return lines


@pytest.mark.parametrize(("rows", "widths"), [(30, (128, 128)), (3_999, (128, 128)), (4_000, (256, 256))])
def test_hidden_layers_grow_with_the_development_rows(rows, widths):
    assert defaults.usual_widths(rows) == widths


def test_a_full_study_has_as_many_folds_as_the_table_is_checked_for():
    assert defaults.FOLDS == N_FOLDS


@pytest.mark.parametrize(
    ("training_rows", "batch"),
    [(2, 2), (3, 2), (16, 16), (31, 16), (32, 32), (499, 32), (500, 128), (4_999, 128), (5_000, 256), (50_000, 512)],
)
def test_mini_batches_grow_with_the_table_and_never_beyond_it(training_rows, batch):
    assert defaults.batch_size(training_rows) == batch <= training_rows


@pytest.mark.parametrize(("parameters", "networks"), [(100, 8), (14_999, 8), (15_000, 4), (40_000, 2), (10**7, 2)])
def test_a_block_holds_fewer_of_large_networks_and_always_arms_with_and_without_decay(parameters, networks):
    assert defaults.networks_in_a_block(parameters) == networks
    assert networks % 2 == 0


@pytest.mark.parametrize(
    ("arms", "folds", "partitions", "rows", "networks"),
    [(12, 5, 2, 100, 900), (12, 5, 1, 100, 600), (2, 3, 1, 100, 60), (12, 5, 2, 1_437, 371), (12, 5, 2, 10**6, 108)],
)
def test_without_a_budget_larger_tables_get_fewer_networks(arms, folds, partitions, rows, networks):
    assert defaults.networks(arms, folds, partitions, 25_000, rows, 100) == networks


class TestDecay:
    @pytest.mark.parametrize("strength", [0.25, 2.0, 25.0])
    @pytest.mark.parametrize("rate", [1e-3, 2e-2])
    @pytest.mark.parametrize("steps", [300, 5_000])
    def test_a_weight_that_nothing_else_pulls_at_shrinks_by_its_exponential_over_a_cosine_schedule(
        self, strength, rate, steps
    ):
        decay, weight = defaults.decay(strength, rate, steps), np.longdouble(1)
        for step in range(steps):
            weight *= 1 - decay * rate * (1 + np.cos(np.pi * step / steps)) / 2
        # Steps make an exponential where they are small; the first of 300 steps of strength 25 takes a sixth away.
        assert np.log(weight) == pytest.approx(-strength, rel=0.01 + strength / steps)

    def test_the_schedule_is_the_one_that_networks_are_trained_by(self):
        rates = [learning_rate(Recipe().schedule, 0.01, step, 200) for step in range(200)]
        assert float(np.sum(rates)) == pytest.approx(200 * 0.01 / 2, rel=0.01)
        assert defaults.decay(3.0, 0.01, 200) * float(np.sum(rates)) == pytest.approx(3.0, rel=0.01)

    def test_a_worked_number(self):
        assert defaults.decay(2.0, 0.01, 1_000) == pytest.approx(0.4)  # 0.4 x 0.01 x 1,000 / 2 = 2

    def test_a_schedule_without_a_step_is_one_of_one_step(self):
        assert defaults.decay(0.1, 0.5, 0) == defaults.decay(0.1, 0.5, 1) == pytest.approx(0.4)

    @pytest.mark.parametrize("rate", [1e-3, 2e-2])
    @pytest.mark.parametrize("steps", [0, 1, 300, 5_000])
    def test_its_strength_can_be_told_from_it(self, rate, steps):
        for strength in (1e-3, 0.25):  # weak enough for the shortest schedule
            decay = defaults.decay(strength, rate, steps)
            assert defaults.strength(decay, rate, steps) == pytest.approx(strength)

    def test_of_one_that_was_held_back_it_is_what_is_left_of_it(self):
        """Of 49 steps the largest takes off half of a weight, and all together as much as 12 of them."""
        decay = defaults.decay(25.0, 0.01, 49)
        assert defaults.strength(decay, 0.01, 49) == pytest.approx(0.5 * 49 / 2)

    @pytest.mark.parametrize("steps", [1, 5, 20, 49])
    def test_in_a_short_schedule_no_step_turns_a_weight_over(self, steps):
        assert defaults.decay(25.0, 0.01, steps) * 0.01 == pytest.approx(0.5)


class TestExplained:
    @pytest.mark.parametrize("name", sorted(set(NUMBERS) - INNER))
    def test_another_default_is_another_explanation(self, monkeypatch, name):
        before, value = defaults.explain(), getattr(defaults, name)
        monkeypatch.setattr(defaults, name, (0.123, 0.456) if isinstance(value, tuple) else 0.77)
        words = str([after for after in defaults.explain() if after not in before])
        share = name != "EPSILON" and not isinstance(value, tuple) and value < 1
        assert ("0.123 .. 0.456" if isinstance(value, tuple) else "77%" if share else "0.77") in words

    def test_what_is_named_as_inner_is_there(self):
        assert set(NUMBERS) >= INNER

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("test rows", "a fifth"),
            ("cross-validation", "2 x 5 folds"),
            ("configurations each", "3 to 32"),
            ("second cross-validation", "50% of the configurations, 3 at least"),
            ("epochs", "up to 100"),
            ("learning rate", "0.001 .. 0.02, log"),
            ("dropout rate, where on", "0.05 .. 0.6, linear"),
            ("weight decay, where on", "0.25 .. 25, log (a weight left alone shrinks by exp(-strength)"),
            ("  with --search-batch-norm", "initial γ 0.25 .. 4, log"),
            ("  with --search-batch-norm", "initial β -1 .. 1, linear"),
            ("  with --search-batch-norm", "ε 1e-06 .. 0.1, log"),
            ("  with --search-batch-norm", "momentum 0.5 .. 0.99, linear"),
            ("negligible", "within 2% of"),
            ("intervals", "95%, simultaneous"),
            ("final model", "an ensemble of 8 networks (--single: one) 2 configurations within 5% of the best"),
            ("  or, where it is better", "a greedy selection, with the best of 4 other combinations"),
            ("non-neural baselines", "unless they would take over 15% of the budget"),
            ("budget (--budget)", "120 s"),
        ],
    )
    def test_every_number_stands_behind_its_name(self, name, words):
        assert words in explained()[name]

    def test_widths_and_batches_are_those_of_the_functions(self):
        """Four fifths of 5,000 rows are 4,000 of development."""
        assert explained()["hidden layers (--hidden)"].startswith("128, 128; 256, 256 from 5,000 rows")
        assert (defaults.usual_widths(3_999), defaults.usual_widths(4_000)) == ((128, 128), (256, 256))
        said = "128; 256 from 5,000 training rows; 512 from 50,000; 32 below 500"
        assert explained()["batch (--batch-size)"].startswith(said)
        batches = [defaults.batch_size(rows) for rows in (499, 500, 4_999, 5_000, 49_999, 50_000)]
        assert batches == [32, 128, 128, 256, 256, 512]

    def test_what_is_fixed_is_what_networks_are_made_with(self):
        hyper, recipe = hyperparameters({"learning_rate": 0.01}, steps=100), Recipe()
        assert explained()["optimiser"] == f"Adam, β {hyper.beta1:g}, {hyper.beta2:g}; cosine schedule to zero"
        assert (recipe.optimizer, recipe.schedule, recipe.decay) == ("adam", "cosine", "decoupled")
        assert explained()["weight decay, where on"].startswith("decoupled")
        assert explained()["batch norm, where on"].startswith("initial γ 1, initial β 0, ε 0.001, momentum 0.9")
        norm = hyper.batch_norm_scale, hyper.batch_norm_shift, hyper.batch_norm_epsilon, hyper.batch_norm_momentum
        assert norm == (1, 0, 1e-3, 0.9)
        assert explained()["activation, initial weights"].startswith(
            f"{Options().activation} (--activation), He normal"
        )
        assert Architecture(1, (1,), 1).weight_init == "he_normal"
        assert explained()["column scales"] == f"learned with the network, at {FASTER:g} times the learning rate"
