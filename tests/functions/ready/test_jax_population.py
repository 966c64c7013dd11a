import pickle
from dataclasses import replace

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from standins import Config, epochs, split

import goru.functions.ready.jax_population as population
from goru.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 5)).astype(np.float32)
LABELS = np.digitize(X[:, 0], [-0.5, 0.5])
VALUES = 1000 + 50 * X[:, 0].astype(float)


def init(rng, config, outputs=3):
    keys = jax.random.split(rng)
    return {
        "hidden": 0.5 * jax.random.normal(keys[0], (5, 8)),
        "shift": jnp.zeros(8),
        "out": 0.5 * jax.random.normal(keys[1], (8, outputs)),
    }


def apply(params, x, rng, training, config):
    hidden = jnp.maximum(x @ params["hidden"] + params["shift"], 0)
    if training and "rate" in config:
        hidden *= jax.random.bernoulli(rng, 1 - config.rate, hidden.shape) / (1 - config.rate)
    return hidden @ params["out"]


def init_number(rng, config):
    return init(rng, config, outputs=1)


def trained(configs, y=LABELS, x=X, weights=None, seed=0, stop_after=None, train=None, **arguments):
    fit, validation = split(x, y, weights)
    train = train or population.jax_training(
        arguments.pop("init", init), arguments.pop("apply", apply), **{"epochs": 3, "batch_size": 32, **arguments}
    )
    configs = [Config(config) for config in configs]
    yielded, networks = epochs(train(fit, validation, configs, seed), stop_after)
    return np.array([[one.values for one in epoch] for epoch in yielded]), networks


class TestAPopulation:
    def test_is_what_its_networks_are_alone(self):
        configs = [{"learning_rate": rate, "rate": drop} for rate, drop in [(1e-3, 0.1), (1e-2, 0.5), (1e-1, 0.3)]]
        together, networks = trained(configs)
        assert together.shape == (3, 3, 40, 3)
        for i, config in enumerate(configs):
            alone, [network] = trained([config])
            np.testing.assert_allclose(together[:, i], alone[:, 0], rtol=2e-4, atol=1e-5)
            np.testing.assert_allclose(networks[i].params["out"], network.params["out"], rtol=2e-3, atol=1e-4)

    def test_is_trained_by_the_steps_of_optax(self):
        config = {"learning_rate": 0.05, "weight_decay": 0.2}
        _, [network] = trained([config], epochs=1, batch_size=200)  # all rows in one step
        params = init(jax.random.key(0), config)
        optimizer = optax.adamw(0.05, weight_decay=0.2, mask={"hidden": True, "shift": False, "out": True})

        def loss(params):
            outputs = apply(params, X[:200], None, True, Config(config))
            return optax.softmax_cross_entropy_with_integer_labels(outputs, LABELS[:200]).mean()

        update, _ = optimizer.update(jax.grad(loss)(params), optimizer.init(params), params)
        for name, expected in optax.apply_updates(params, update).items():
            np.testing.assert_allclose(network.params[name], expected, rtol=1e-4, atol=1e-6)

    def test_learns(self):
        yielded, _ = trained([{"learning_rate": 1e-4}, {"learning_rate": 0.03}], epochs=20)
        np.testing.assert_allclose(yielded.sum(-1), 1)
        accuracies = (yielded[-1].argmax(-1) == LABELS[200:]).mean(-1)
        assert accuracies[1] > 0.85 > accuracies[0]

    def test_a_diverging_neighbour_harms_nobody(self):
        def sgd(config):
            return optax.sgd(config.learning_rate)

        wild, tame = {"learning_rate": 1e30}, {"learning_rate": 0.1}
        yielded, _ = trained([wild, tame, wild], optimizer=sgd)
        assert np.isnan(yielded[-1, [0, 2]]).all()
        np.testing.assert_allclose(yielded[:, 1], trained([tame], optimizer=sgd)[0][:, 0], rtol=1e-4)

    def test_diverging_is_no_error_where_the_user_debugs_nans(self):
        with jax.debug_nans(True):
            yielded, _ = trained([{"learning_rate": 1e30}], optimizer=lambda config: optax.sgd(config.learning_rate))
        assert np.isnan(yielded[-1]).all()

    def test_stops_when_told(self):
        yielded, networks = trained([{"learning_rate": 0.1}] * 2, stop_after=1)
        assert len(yielded) == 1
        assert len(networks) == 2

    def test_is_a_function_of_the_seed(self):
        config = {"learning_rate": 0.01, "rate": 0.5}
        np.testing.assert_array_equal(trained([config])[0], trained([config])[0])
        assert (trained([config])[0] != trained([config], seed=1)[0]).any()

    def test_has_one_start_for_all(self):
        yielded, _ = trained([{"learning_rate": 1e-9}, {"learning_rate": 2e-9}])
        np.testing.assert_allclose(yielded[:, 0], yielded[:, 1], rtol=1e-4)
        another, _ = trained([{"learning_rate": 1e-9}], seed=1)
        assert np.abs(another[:, 0] - yielded[:, 0]).max() > 0.01

    def test_has_the_rows_in_an_order_of_the_seed_and_masks_of_the_epoch(self):
        def zeros(rng, config):
            return {"sum": jnp.zeros(2), "out": jnp.zeros((5, 3))}

        def noting(params, x, rng, training):
            seen = jnp.stack([x[0, 0], jax.random.uniform(rng)])
            outputs = x @ params["out"]
            return (outputs, {"sum": seen}) if training else outputs

        def last_seen(seed, count):
            _, [network] = trained([{}], init=zeros, apply=noting, seed=seed, epochs=count, batch_size=200)
            return network.params["sum"]

        first, second, another = last_seen(0, 1), last_seen(0, 2), last_seen(1, 1)
        assert (first != second).all()
        assert (first != another).all()

    def test_has_another_mask_in_every_step(self):
        def two(rng, config):
            return {"last": jnp.zeros(()), "one_before": jnp.zeros(()), "out": jnp.zeros((5, 3))}

        def noting(params, x, rng, training):
            outputs = x @ params["out"]
            changed = {"last": jax.random.uniform(rng), "one_before": params["last"]}
            return (outputs, changed) if training else outputs

        _, [network] = trained([{}], init=two, apply=noting, epochs=1, batch_size=100)
        assert network.params["last"] != network.params["one_before"] != 0


class TestPrograms:
    @pytest.fixture
    def traced(self):
        return []

    @pytest.fixture
    def train(self, traced):
        def noting(params, x, rng, training, config):
            if not training:
                traced.append(dict(config))
            return apply(params, x, rng, training, config)

        return population.jax_training(init, noting, epochs=2, batch_size=32)

    def test_numbers_are_data(self, train, traced):
        trained([{"learning_rate": 0.1, "rate": 0.2}, {"learning_rate": 0.2, "rate": 0.3}], train=train)
        trained([{"learning_rate": 0.3, "rate": 0.4}, {"learning_rate": 0.4, "rate": 0.5}], train=train, seed=1)
        assert len(traced) == 1

    def test_levels_are_pythons(self, train, traced):
        trained([{"learning_rate": 0.1, "norm": "before"}], train=train)
        trained([{"learning_rate": 0.1, "norm": "after"}], train=train)
        assert [config["norm"] for config in traced] == ["before", "after"]

    def test_the_next_split_has_the_same(self, train, traced):
        config = Config(learning_rate=0.1)
        for training, validation in ((190, 40), (189, 41)):
            rows = training + validation
            epochs(train(*split(X[:rows], LABELS[:rows], validation=validation), [config], 0))
        assert len(traced) == 1

    def test_a_training_on_more_rows_has_the_same(self, traced):
        def noting(params, x, rng, training, config):
            if training:
                traced.append(len(x))
            return apply(params, x, rng, training, config)

        train = population.jax_training(init, noting, epochs=1, batch_size=32)
        for training in (150, 190, 230):  # 5, 6 and 8 batches
            epochs(train(*split(X[:240], LABELS[:240], validation=240 - training), [Config(learning_rate=0.1)], 0))
        assert traced == [32]

    def test_what_arrives_in_a_process_twice_has_the_same(self, train, traced):
        first, second = (pickle.loads(cloudpickle.dumps(train)) for _ in range(2))
        assert first is second
        np.testing.assert_array_equal(
            trained([{"learning_rate": 0.1}], train=first)[0], trained([{"learning_rate": 0.1}], train=train)[0]
        )

    def test_whole_numbers_may_change_shapes(self):
        def wide(rng, config):
            return {"w": jax.random.normal(rng, (5, config.width)), "v": jnp.ones((config.width, 3))}

        def applied(params, x, rng, training):
            return jnp.tanh(x @ params["w"]) @ params["v"]

        configs = [{"learning_rate": 0.01, "width": width} for width in (4, 8, 4)]
        yielded, networks = trained(configs, init=wide, apply=applied)
        assert [network.params["w"].shape for network in networks] == [(5, 4), (5, 8), (5, 4)]
        np.testing.assert_allclose(
            yielded[:, 1], trained(configs[1:2], init=wide, apply=applied)[0][:, 0], rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(yielded[:, 0], yielded[:, 2], rtol=1e-5)

    def test_other_numbers_may_not(self):
        def by_share(rng, config):
            return jnp.zeros((5, round(10 * config.share)))

        with pytest.raises(InputError, match=r"^init: .*shapes.*goru.integers"):
            trained([{"share": 0.5}, {"share": 0.7}], init=by_share)


class TestTargets:
    def test_numbers_come_back_in_their_units(self):
        yielded, [network] = trained([{"learning_rate": 0.03}], VALUES, init=init_number, epochs=20)
        assert yielded.shape == (20, 1, 40)
        np.testing.assert_allclose(yielded[-1, 0], VALUES[200:], atol=30)
        np.testing.assert_allclose(network(X[200:]), yielded[-1, 0], rtol=1e-4)

    def test_a_network_predicts_as_the_last_epoch_did(self):
        yielded, networks = trained([{"learning_rate": 0.03, "rate": rate} for rate in (0.1, 0.6)])
        for network, last in zip(networks, yielded[-1], strict=True):
            np.testing.assert_allclose(network(X[200:]), last, rtol=1e-4, atol=1e-6)

    def test_one_logit_is_enough_for_two_classes(self):
        y = (X[:, 0] > 0).astype(int)
        yielded, _ = trained([{"learning_rate": 0.03}], y, init=init_number, epochs=20)
        assert yielded.shape == (20, 1, 40, 2)
        assert (yielded[-1, 0].argmax(1) == y[200:]).mean() > 0.9

    def test_outputs_that_do_not_fit(self):
        with pytest.raises(InputError, match="3 classes"):
            trained([{}], init=init_number)
        with pytest.raises(InputError, match="one number a row"):
            trained([{}], VALUES)

    def test_rows_without_a_target(self):
        fit, validation = split(X, LABELS)
        with pytest.raises(InputError, match="needs y"):
            next(
                population.jax_training(init, apply)(replace(fit, codes=None, classes=None), validation, [Config()], 0)
            )

    def test_rows_of_weight_zero_teach_nothing(self):
        spoiled = np.r_[np.zeros(100, int), LABELS[100:]]
        yielded, _ = trained(
            [{"learning_rate": 0.03}], spoiled, weights=np.r_[np.zeros(100), np.full(140, 5.0)], epochs=30
        )
        assert (yielded[-1, 0].argmax(1) == LABELS[200:]).mean() > 0.85


def test_running_statistics_are_kept_between_steps():
    def with_mean(rng, config):
        return {"w": jnp.zeros((5, 3)), "mean": jnp.zeros(5)}

    def applied(params, x, rng, training):
        if training:
            return (x - x.mean(0)) @ params["w"], {"mean": 0.5 * params["mean"] + 0.5 * x.mean(0)}
        return (x - params["mean"]) @ params["w"]

    _, [network] = trained([{"weight_decay": 0.5}], x=X + 3, init=with_mean, apply=applied, epochs=12, batch_size=200)
    np.testing.assert_allclose(network.params["mean"], (X[:200] + 3).mean(0), rtol=1e-3)


class TestTheTrainingLoss:
    def test_of_classes_is_the_log_loss(self):
        rows, _ = split(X, LABELS, np.linspace(1, 2, 240), validation=112)  # 128, all of which are watched
        yielded, _ = epochs(population.jax_training(init, apply, epochs=2)(rows, rows, [Config(rate=0.5)] * 2, 0))
        for epoch in yielded:
            for one in epoch:
                losses = -np.log(one.values[np.arange(128), rows.codes])
                assert one.training == pytest.approx(np.average(losses, weights=rows.weights), rel=1e-4)

    def test_of_numbers_is_the_squared_error_over_their_variance(self):
        rows, _ = split(X, VALUES, validation=112)
        [[one]], _ = epochs(population.jax_training(init_number, apply, epochs=1)(rows, rows, [Config()], 0))
        assert one.training == pytest.approx(np.mean((one.values - rows.y) ** 2) / np.var(rows.y), rel=1e-4)


def test_a_level_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="weight_decay is True"):
        trained([{"weight_decay": True}])


@pytest.mark.parametrize("arguments", [{"epochs": 0}, {"batch_size": 0}])
def test_refused_arguments(arguments):
    with pytest.raises(InputError, match=r": 0 is out of range. Give 1 or more"):
        population.jax_training(init, apply, **arguments)
