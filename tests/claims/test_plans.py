"""What every claim trains: networks that are compared differ in what they should, and in nothing else."""

from dataclasses import asdict, fields

import numpy as np
import pytest
from claimed import numbered, setup, table, write_images
from planted import SEEDS, four

from goru.claims.running import NAMES, claim, set_up
from goru.claims.training import Cell

SHAPE = ("rows", "batch", "epochs", "every")
# Per claim, in what its networks differ from each other.
DIFFER = {
    "activations": {"activation", "batch_norm", "weight_init", "weight_std"},
    "bn-speed": {"batch_norm", "learning_rate"},
    "bn-init": {"batch_norm", "weight_std"},
    "bn-overfit": {"batch_norm", "learning_rate"},
    "bn-placement": {"activation", "hidden", "batch_norm", "learning_rate"},
    "bn-hyper": {
        *("batch", "epochs", "every", "learning_rate", "batch_norm_epsilon", "batch_norm_momentum"),
        *("batch_norm_scale", "batch_norm_shift"),
    },
    "bn-suffices": {"batch_norm", "dropout_rate", "weight_decay", "learning_rate"},
    "layer-norm": {"batch_norm", "norm", "weight_std", "learning_rate"},
    "overfitting": {"rows", "epochs", "every", "hidden"},
    "large-weights": {"weight_std", "weight_decay", "learning_rate", "every"},
    "weight-decay": {"batch_norm", "decay", "weight_decay"},
    "decay-or-dropout": {"hidden", "weight_decay", "dropout_rate", "learning_rate"},
    "dropout": {"dropout_form", "dropout_rate", "learning_rate"},
    "dropout-ensemble": {"dropout", "dropout_rate", "replica", "learning_rate"},
    "mixup": {"mix", "mixup_alpha", "dropout_rate", "learning_rate"},
}
# Columns of the key that are a field of the cell as they are.
FIELDS = {
    "activation": "activation",
    "learning_rate": "learning_rate",
    "weight_std": "weight_std",
    "weight_scale": "weight_std",
    "dropout_rate": "dropout_rate",
    "weight_decay": "weight_decay",
    "rows": "rows",
    "replica": "replica",
}


def told(cell: Cell) -> dict:
    """All that a cell says, by the name of the field."""
    own = {field.name: getattr(cell, field.name) for field in fields(cell)}
    own["table"] = cell.table.name
    return own.pop("hyper")._asdict() | asdict(own.pop("architecture")) | asdict(own.pop("recipe")) | own


def differing(cells) -> set[str]:
    every = [told(cell) for cell in cells]
    return {name for name in every[0] if any(other[name] != every[0][name] for other in every)}


@pytest.mark.parametrize("name", NAMES)
class TestEveryPlan:
    def test_has_keys_that_fit_the_columns(self, name):
        for of in (four(), four(0), four(book=True), setup(numbered(100))):
            plan = claim(name).plan(of)
            assert all(len(key) == len(claim(name).columns) for key in plan)
            assert len({*plan.values()}) == len(plan), "a network is trained twice"

    def test_differs_in_nothing_but_what_it_should(self, name):
        assert differing(claim(name).plan(four()).values()) == DIFFER[name]

    def test_trains_what_the_keys_say(self, name):
        for key, cell in claim(name).plan(four()).items():
            own = told(cell)
            for column, value in zip(claim(name).columns, key, strict=True):
                if column in FIELDS and not (name == "activations" or (name == "large-weights" and value is None)):
                    assert own[FIELDS[column]] == value
                if column == "batch_norm":
                    assert own["batch_norm"] == (None if value == "none" else value)

    def test_is_for_the_table(self, name):
        for of in (four(), four(0)):
            for cell in claim(name).plan(of).values():
                assert (cell.table, cell.architecture.inputs) == (of.table, of.table.inputs)
                assert cell.architecture.outputs == of.table.outputs
                assert cell.recipe.loss == of.table.loss
                assert (cell.recipe.optimizer, cell.recipe.schedule) == ("sgd", "constant")
                assert cell.rows <= of.table.fitted(10**6)
                assert 1 < cell.batch <= cell.rows
                assert cell.epochs % cell.every == 0


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """Noise of MNIST's size, and the book's setup for it."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (2000, 28, 28)), np.arange(2000) % 10
    return set_up(write_images(tmp_path_factory.mktemp("mnist"), images, labels), preset="book", seeds=SEEDS)


LEARNING = {"hidden": (100,) * 5, "rows": 1000, "batch": 100, "epochs": 20}
OVERFITTING = {"hidden": (100,) * 6, "rows": 300, "batch": 100, "epochs": 200, "learning_rate": 0.01}


def holds(cell: Cell, **wanted) -> bool:
    own = told(cell)
    return all(own[name] == value for name, value in wanted.items())


class TestTheBooks:
    @pytest.mark.parametrize("name", NAMES)
    def test_networks_are_for_images_of_ten_digits(self, mnist, name):
        for cell in claim(name).plan(mnist).values():
            assert (cell.architecture.inputs, cell.architecture.outputs) == (784, 10)
            assert cell.table.as_in_the_book

    @pytest.mark.parametrize("name", ["activations", "bn-speed", "bn-init", "layer-norm"])
    def test_sizes_of_learning(self, mnist, name):
        assert all(holds(cell, **LEARNING) for cell in claim(name).plan(mnist).values())

    @pytest.mark.parametrize("name", ["bn-overfit", "bn-suffices", "weight-decay", "dropout-ensemble", "mixup"])
    def test_sizes_of_overfitting(self, mnist, name):
        assert all(holds(cell, **OVERFITTING) for cell in claim(name).plan(mnist).values())

    def test_the_rate_is_among_those_of_speed_and_is_that_of_the_initial_weights(self, mnist):
        plan = claim("bn-speed").plan(mnist)
        assert {side for side, rate in plan if rate == 0.01} == {"none", "before"}
        assert mnist.learning.rate == 0.01
        assert all(cell.hyper.learning_rate == 0.01 for cell in claim("bn-init").plan(mnist).values())
        assert all(cell.hyper.learning_rate == 0.01 for cell in claim("activations").plan(mnist).values())

    def test_initial_weights_have_sixteen_standard_deviations_from_1_to_1e_4(self, mnist):
        plan = claim("bn-init").plan(mnist)
        for side in ("none", "before"):
            scales = sorted((cell.hyper.weight_std for key, cell in plan.items() if key[0] == side), reverse=True)
            np.testing.assert_allclose(scales, np.logspace(0, -4, 16))
        assert all(cell.architecture.weight_init == "normal" for cell in plan.values())

    def test_overfitting_is_shown_on_the_books_network(self, mnist):
        own = [cell for key, cell in claim("overfitting").plan(mnist).items() if key[:2] == (300, 100)]
        assert own
        assert all(holds(cell, **OVERFITTING, weight_decay=0, batch_norm=None, dropout=False) for cell in own)

    def test_dropout_trains_for_300_epochs_at_the_rate_of_one_fifth(self, mnist):
        plan = claim("dropout").plan(mnist)
        assert all(holds(cell, **OVERFITTING | {"epochs": 300}) for cell in plan.values())
        shapes = {(cell.architecture.dropout_form, cell.hyper.dropout_rate) for cell in plan.values()}
        assert {("classic", 0.2), ("inverted", 0.2), ("classic", 0.0)} <= shapes
        assert all(cell.architecture.dropout for cell in plan.values())

    def test_one_lambda_is_a_tenth(self, mnist):
        plan = claim("weight-decay").plan(mnist).values()
        assert any(holds(cell, weight_decay=0.1, decay="l2_squared", batch_norm=None) for cell in plan)

    def test_an_ensembles_dropout_has_the_rate_of_one_fifth(self, mnist):
        own = [cell for key, cell in claim("dropout-ensemble").plan(mnist).items() if key[0] == "dropout"]
        assert own
        assert all(holds(cell, dropout=True, dropout_rate=0.2, dropout_form="inverted") for cell in own)


def steps(cell: Cell) -> float:
    return cell.epochs * cell.rows / cell.batch


class TestPlans:
    def test_activations_have_the_initial_weights_that_their_names_say(self):
        plan = claim("activations").plan(four())
        assert len(plan) == 3 * 2 * 4
        for (_, _, name), cell in plan.items():
            # He: √(2/n). Xavier, as the book writes it: √(1/n).
            kind, factor = {
                "std 1": ("normal", 1),
                "std 0.01": ("normal", 0.01),
                "He": ("he_normal", 1),
                "Xavier": ("he_normal", 0.5**0.5),
            }[name]
            assert (cell.architecture.weight_init, cell.hyper.weight_std) == (kind, pytest.approx(factor))
        assert {cell.every for cell in plan.values()} == {four().learning.epochs // 2}

    def test_the_ranges_of_batch_norms_hyperparameters_contain_the_usual_values(self):
        plan = claim("bn-hyper").plan(four())
        rate = four().rates[-1]
        usual = plan["usual", 0.0, rate]
        for name, field in (
            ("ε", "batch_norm_epsilon"),
            ("momentum", "batch_norm_momentum"),
            ("γ", "batch_norm_scale"),
            ("β", "batch_norm_shift"),
        ):
            own = {key[1]: cell for key, cell in plan.items() if key[0] == name and key[2] == rate}
            assert len(own) == 4
            assert min(own) < getattr(usual.hyper, field) < max(own)
            for value, cell in own.items():
                assert getattr(cell.hyper, field) == value
                assert differing([usual, cell]) == {field}
        batches = {key[1]: cell for key, cell in plan.items() if key[0] == "batch" and key[2] == rate}
        assert {*batches} == {10, 25, 100, 300}
        for value, cell in batches.items():
            assert cell.batch == value
            assert differing([usual, cell]) <= {"batch", "epochs", "every"}

    @pytest.mark.parametrize("of", [four(), four(book=True)], ids=["digits", "book"])
    def test_batches_are_compared_after_as_many_steps(self, of):
        plan = claim("bn-hyper").plan(of)
        rate = of.rates[-1]
        usual = steps(plan["usual", 0.0, rate])
        for key, cell in plan.items():
            assert steps(cell) == pytest.approx(usual, rel=0.05), key

    def test_batches_of_small_tables_are_compared_after_as_many_steps(self):
        for rows in (178, 442):  # wine's and diabetes'
            of = setup(numbered(rows))
            plan = claim("bn-hyper").plan(of)
            usual = steps(plan["usual", 0.0, of.rates[-1]])
            assert all(steps(cell) == pytest.approx(usual, rel=0.05) for cell in plan.values())

    @pytest.mark.parametrize("of", [four(), four(book=True)], ids=["digits", "book"])
    def test_numbers_of_rows_are_compared_after_about_as_many_steps(self, of):
        plan = claim("overfitting").plan(of)
        own = of.overfitting
        usual = steps(plan[own.rows, own.width])
        assert {rows for rows, _ in plan} == {own.rows // 4, own.rows, min(own.rows * 3, of.table.fitted(10**6))}
        for cell in plan.values():
            assert steps(cell) == pytest.approx(usual, rel=0.05)

    def test_widths_are_a_fifth_and_four_times_the_usual_one(self):
        plan = claim("overfitting").plan(four())
        assert {width for _, width in plan} == {10, 50, 200}
        assert all(cell.architecture.hidden == (width,) * 6 for (_, width), cell in plan.items())

    def test_forms_of_decay_share_their_network_without_any(self):
        plan = claim("weight-decay").plan(four())
        assert {key[:2] for key in plan if key[2] == 0} == {("none", "l2_squared"), ("before", "l2_squared")}
        for (_, form, decay, *_), cell in plan.items():
            assert (cell.recipe.decay, cell.hyper.weight_decay) == (form, decay)

    def test_decay_and_dropout_are_never_on_together(self):
        plan = claim("decay-or-dropout").plan(four())
        assert {key[:2] for key in plan} == {(depth, width) for depth in (2, 6) for width in (25, 100)}
        for (depth, width, side, strength, _), cell in plan.items():
            own = told(cell)
            assert own["hidden"] == (width,) * depth
            assert (own["weight_decay"], own["dropout_rate"]) in ((strength, 0), (0, strength))
            assert own["weight_decay" if side == "decay" else "dropout_rate"] == strength
        assert {key[1] for key in claim("decay-or-dropout").plan(four(book=True))} == {50, 200}

    def test_a_network_has_one_normalization_or_none(self):
        plan = claim("layer-norm").plan(four())
        assert {key[0] for key in plan} == {"none", "batch", "layer", "rms"}
        for (side, scale, _), cell in plan.items():
            own = cell.architecture
            assert (own.batch_norm, own.norm) == {
                "none": (None, None),
                "batch": ("before", None),
                "layer": (None, "layer"),
                "rms": (None, "rms"),
            }[side]
            assert own.weight_init == "he_normal"
            assert scale == 1 or cell.hyper.learning_rate == four().learning.rate

    def test_mixup_and_dropout_are_on_and_off(self):
        plan = claim("mixup").plan(four())
        assert {key[:2] for key in plan} == {(alpha, rate) for alpha in (0.0, 0.2, 1.0) for rate in (0.0, 0.1, 0.3)}
        for (alpha, _, _), cell in plan.items():
            assert cell.architecture.mix == ("mixup" if alpha else None)
            assert cell.hyper.mixup_alpha == (alpha or 1)

    def test_an_ensemble_has_32_members_that_differ_in_their_draws_alone(self):
        plan = claim("dropout-ensemble").plan(four())
        plain = [cell for (side, _), cell in plan.items() if side == "plain"]
        assert [cell.replica for cell in plain] == [*range(32)]
        assert differing(plain) == {"replica"}
        assert not any(cell.architecture.dropout for cell in plain)

    def test_one_of_the_large_weights_is_looked_at_along_training(self):
        plan = claim("large-weights").plan(four())
        own = four().overfitting
        along = [cell for key, cell in plan.items() if key[0] == "along"]
        assert [(cell.hyper.learning_rate, cell.hyper.weight_decay, cell.every) for cell in along] == [
            (own.rate, 0, own.every)
        ]
        assert len(plan) == 1 + 27

    def test_places_are_compared_on_the_other_tables_too(self):
        others = (numbered(200), table(0))
        of = setup(table(), seeds=SEEDS, tables=others)
        plan = claim("bn-placement").plan(of)
        cases = {key[:3] for key in plan}
        first = {("relu", 2), ("relu", 5), ("tanh", 5), ("sigmoid", 5)}
        assert cases == {(table().name, *case) for case in first} | {(other.name, "relu", 5) for other in others}
        for (name, kind, depth, place, rate), cell in plan.items():
            assert (cell.table.name, cell.architecture.activation, cell.architecture.batch_norm) == (name, kind, place)
            assert cell.architecture.hidden == (50,) * depth
            assert cell.hyper.learning_rate == rate
            assert cell.recipe.loss == cell.table.loss
            assert cell.rows <= cell.table.fitted(10**6)
        small = next(cell for key, cell in plan.items() if key[0] == "numbered")
        assert (small.rows, small.batch) == (120, 20)
