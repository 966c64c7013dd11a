"""The arms of a study, the questions that it answers, and the draws of its arms."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from goru.experiment.arms import Arm
from goru.nn import network
from goru.nn.architecture import Architecture, Hyperparameters, Recipe
from goru.nn.layers.affine import Weights
from goru.nn.layers.layer import Context
from goru.nn.losses import LOSSES
from goru.nn.optimizers import learning_rate, optimizer
from goru.nn.training import Batch, Training, train_step
from goru.studies import defaults
from goru.studies.asked.design import (
    ARMS,
    PLAIN,
    architecture,
    arm_of,
    design,
    hyperparameters,
    knob_values,
    phrase,
)

ids = {"argvalues": ARMS, "ids": [arm.name for arm in ARMS]}
STEPS = 1_000
BATCH_NORM = {
    "batch_norm_scale": (0.25, 4.0),
    "batch_norm_shift": (-1.0, 1.0),
    "batch_norm_epsilon": (1e-6, 1e-1),
    "batch_norm_momentum": (0.5, 0.99),
}


def draws(arm: Arm, count: int, seed, steps: int, search_batch_norm: bool = False) -> list[Hyperparameters]:
    """What networks are trained with, of the first configurations of an arm."""
    found = design(search_batch_norm).configurations(arm, count, seed)
    return [hyperparameters(values, steps) for values in found]


def strength(hyper: Hyperparameters, steps: int = STEPS) -> float:
    """Of a draw's decay: λ times the sum of the learning rates of all steps."""
    return hyper.weight_decay * hyper.learning_rate * steps / 2


def batch_norm_of(hyper: Hyperparameters) -> tuple[float, ...]:
    return tuple(getattr(hyper, name) for name in BATCH_NORM)


class TestArms:
    def test_every_combination_is_there_once_and_the_plain_one_first(self):
        assert len(ARMS) == len(set(ARMS)) == 3 * 2 * 2
        assert PLAIN == ARMS[0] == arm_of(None, False, False)

    def test_every_arm_has_a_name_of_its_own(self):
        assert len({arm.name for arm in ARMS}) == 12
        assert PLAIN.name == "plain"
        assert arm_of("before", True, True).name == "batch norm before + dropout + weight decay"

    @pytest.mark.parametrize("arm", **ids)
    def test_its_architecture_differs_from_the_base_in_its_layers_alone(self, arm):
        base = Architecture(4, (8, 6), 3, activation="tanh")
        own = architecture(arm, base)
        assert own == replace(base, batch_norm=arm["batch_norm"], dropout=True)

    def test_arms_that_differ_in_numbers_alone_share_an_architecture(self):
        """Without dropout, its rate is 0."""
        base = Architecture(4, (8,), 3)
        assert len({architecture(arm, base) for arm in ARMS}) == 3


class TestQuestions:
    @pytest.mark.parametrize("search", [False, True])
    def test_every_technique_on_average_over_all_arms_and_the_best_of_all(self, search):
        contrasts, interactions, removals = design(search).asked
        assert {contrast.name: len(contrast.arms) for contrast in contrasts} == {
            "batch norm before": 4,
            "batch norm after": 4,
            "batch norm after instead of before": 4,
            "dropout": 6,
            "weight decay": 6,
            "best combination (cross-validated choice)": 12,
        }
        assert {pair.name: len(pair.both) for pair in interactions} == {
            "batch norm before and dropout": 2,
            "batch norm after and dropout": 2,
            "batch norm before and weight decay": 2,
            "batch norm after and weight decay": 2,
            "dropout and weight decay": 3,
        }
        assert [removal.name for removal in removals] == ["batch norm", "dropout", "weight decay"]


class TestDraws:
    @pytest.mark.parametrize("arm", **ids)
    def test_numbers_are_in_their_ranges_and_zero_where_a_technique_is_off(self, arm):
        for hyper in draws(arm, 64, seed=3, steps=STEPS):
            assert 1e-3 <= hyper.learning_rate <= 2e-2
            low, high = (0.05, 0.6) if arm["dropout"] else (0, 0)
            assert low <= hyper.dropout_rate <= high
            low, high = (0.25, 25) if arm["weight_decay"] else (0, 0)
            assert low <= strength(hyper) <= high

    @pytest.mark.parametrize("search", [False, True])
    @pytest.mark.parametrize("arm", **ids)
    def test_asking_for_more_leaves_the_first_ones_as_they_are(self, arm, search):
        most = draws(arm, 33, 1, STEPS, search)
        assert len(most) == len(set(most)) == 33
        for count in (1, 2, 3, 4, 5, 8, 9, 32):
            assert draws(arm, count, 1, STEPS, search) == most[:count]

    @pytest.mark.parametrize("search", [False, True])
    def test_a_draw_has_one_number_of_each_kind_in_all_arms_that_have_it(self, search):
        by_arm = {arm: draws(arm, 5, 2, STEPS, search) for arm in ARMS}
        everything = by_arm[arm_of("before", True, True)]
        for arm, drawn in by_arm.items():
            for hyper, full in zip(drawn, everything, strict=True):
                assert hyper.learning_rate == full.learning_rate
                assert hyper.dropout_rate == (full.dropout_rate if arm["dropout"] else 0)
                assert hyper.weight_decay == (full.weight_decay if arm["weight_decay"] else 0)
                fixed = batch_norm_of(Hyperparameters(batch_norm_epsilon=defaults.EPSILON))
                assert batch_norm_of(hyper) == (batch_norm_of(full) if arm["batch_norm"] else fixed)

    def test_they_are_spread_evenly_on_their_scales(self):
        """Eight points of a Sobol sequence: one in each eighth of every range."""
        drawn = draws(arm_of("after", True, True), 8, 0, STEPS, search_batch_norm=True)
        scales = {
            "learning_rate": (np.log, (1e-3, 2e-2)),
            "dropout_rate": (np.asarray, (0.05, 0.6)),
            "batch_norm_scale": (np.log, (0.25, 4.0)),
            "batch_norm_shift": (np.asarray, (-1.0, 1.0)),
            "batch_norm_epsilon": (np.log, (1e-6, 1e-1)),
            "batch_norm_momentum": (np.asarray, (0.5, 0.99)),
        }
        found = {
            name: (scale([getattr(h, name) for h in drawn]), scale(ends)) for name, (scale, ends) in scales.items()
        }
        found["strength"] = np.log([strength(hyper) for hyper in drawn]), np.log((0.25, 25))
        for values, (low, high) in found.values():
            assert sorted(((values - low) / (high - low) * 8).astype(int)) == list(range(8))

    def test_they_are_a_function_of_the_seed(self):
        assert draws(PLAIN, 4, 0, STEPS) == draws(PLAIN, 4, 0, STEPS)
        assert draws(PLAIN, 4, 0, STEPS) != draws(PLAIN, 4, 1, STEPS)
        assert draws(PLAIN, 4, (0, 1), STEPS) != draws(PLAIN, 4, (0, 2), STEPS)


class TestDecay:
    ARM = arm_of(weight_decay=True)

    def test_a_longer_schedule_has_a_weaker_decay_and_the_same_strength(self):
        for short, long in zip(draws(self.ARM, 8, 0, 100), draws(self.ARM, 8, 0, 1_000), strict=True):
            assert short.weight_decay == pytest.approx(10 * long.weight_decay)
            assert strength(short, 100) == pytest.approx(strength(long, 1_000))
            assert short.learning_rate == long.learning_rate

    def test_a_weight_that_nothing_pulls_at_shrinks_by_the_exponential_of_its_strength(self):
        """Really trained: the second input is always zero, so that no gradient reaches its weights."""
        steps, architecture, recipe = 2_000, Architecture(2, (), 2), Recipe()
        x, y = np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32), np.array([0, 1], np.int32)
        layers, loss = architecture.layers, LOSSES[recipe.loss]
        ones = (Weights(jnp.ones((2, 2)), jnp.zeros(2)),)
        batch = Batch(x.T, y, jnp.full(2, 0.5))

        def train(hyper):
            def body(index, training):
                rule = optimizer(recipe, hyper, learning_rate(recipe.schedule, hyper.learning_rate, index, steps))

                def update(gradient, state, learned):
                    updates, state = rule.update(gradient, state, learned)
                    return optax.apply_updates(learned, updates), state

                return train_step(layers, loss, recipe.decay, update, training, batch, Context(hyper), 0.0)[0]

            begun = Training(ones, network.running(layers), optimizer(recipe, hyper, 0.0).init(ones))
            return jax.lax.fori_loop(0, steps, body, begun)

        drawn = draws(self.ARM, 4, 0, steps)
        for hyper in drawn:
            weight = np.asarray(jax.jit(train)(hyper).learned[0].weight).T
            np.testing.assert_allclose(np.log(weight[1]), -strength(hyper, steps), rtol=0.03)
            assert weight[0, 0] > weight[1, 0]  # the other input does pull
        assert min(strength(hyper, steps) for hyper in drawn) < 1 < max(strength(hyper, steps) for hyper in drawn)


class TestSearchingBatchNorm:
    def test_numbers_are_in_their_ranges_and_differ_from_draw_to_draw(self):
        for arm in (arm_of("before"), arm_of("after"), arm_of("after", True, True)):
            drawn = draws(arm, 32, 0, STEPS, search_batch_norm=True)
            for name, (low, high) in BATCH_NORM.items():
                values = [getattr(hyper, name) for hyper in drawn]
                assert low <= min(values) < max(values) <= high
                assert len(set(values)) == 32

    @pytest.mark.parametrize("arm", [arm for arm in ARMS if not arm["batch_norm"]], ids=lambda arm: arm.name)
    def test_where_there_is_none_nothing_of_it_is_drawn(self, arm):
        for hyper in draws(arm, 8, 0, STEPS, search_batch_norm=True):
            assert batch_norm_of(hyper) == (1.0, 0.0, 1e-3, 0.9)

    @pytest.mark.parametrize("arm", **ids)
    def test_unless_asked_for_it_stays_as_it_is(self, arm):
        for hyper in draws(arm, 8, 0, STEPS):
            assert batch_norm_of(hyper) == (1.0, 0.0, 1e-3, 0.9)

    def test_what_else_there_is_stays_in_its_range(self):
        for hyper in draws(arm_of("before", True, True), 32, 0, STEPS, search_batch_norm=True):
            assert 1e-3 <= hyper.learning_rate <= 2e-2
            assert 0.05 <= hyper.dropout_rate <= 0.6
            assert 0.25 <= strength(hyper) <= 25

    def test_the_ranges_are_the_defaults(self):
        assert {name: getattr(defaults, name.upper()) for name in BATCH_NORM} == BATCH_NORM


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        (PLAIN, "plain"),
        (arm_of("before"), "batch norm before the activation"),
        (arm_of("after", weight_decay=True), "batch norm after the activation and weight decay"),
        (arm_of("after", True, True), "batch norm after the activation, dropout and weight decay"),
    ],
)
def test_an_arm_can_be_part_of_a_sentence(arm, words):
    assert phrase(arm) == words


class TestKnobValues:
    """The numbers that were drawn, by what a network is trained with."""

    @pytest.mark.parametrize("search", [False, True])
    @pytest.mark.parametrize("arm", **ids)
    def test_are_those_of_the_knobs_that_an_arm_has_and_the_decay_beside_its_strength(self, arm, search):
        asked = design(search)
        (drawn,) = asked.configurations(arm, 1, 0)
        trained = hyperparameters(drawn, STEPS)
        found = knob_values(asked, arm, trained._asdict(), STEPS)
        assert found.pop("weight_decay", 0.0) == trained.weight_decay
        assert found == pytest.approx(drawn)
