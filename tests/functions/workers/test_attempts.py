"""One training: what a function yields, raises, prints and returns."""

import sys

import numpy as np
import pytest
from user_functions import classes, logistic

from goru.functions.rows import table_of
from goru.functions.workers.attempts import Held, TrainingTask, attempt

X, Y = classes()
PARTS = 4
FIT, VALIDATION = np.arange(60), np.arange(60, 80)


def held(train, **more):
    return Held(train, (table_of(X, Y),), np.arange(len(X)) % PARTS, PARTS, None, 1.0, **more)


def tried(train, *configs, stop=None, seed=1):
    return attempt(held(train), TrainingTask(tuple(configs) or ({"scaled": False},), FIT, VALIDATION, seed, 0, stop))


def one(train, **more):
    (found,) = tried(train, **more)
    return found


def halves(epochs):
    def train(fit, validation, config, seed):
        for _ in range(epochs):
            yield np.full(len(validation), 0.5)

    return train


def test_every_yield_is_an_epoch():
    found = one(halves(3))
    assert found.failure is None
    assert found.curves.shape == (3, 2, 2)
    np.testing.assert_allclose(found.curves[:, 1, 0], np.log(2), rtol=1e-6)
    np.testing.assert_allclose(found.curves[:, 1, 1], np.mean(Y[VALIDATION] == "no"), rtol=1e-6)
    np.testing.assert_allclose(found.parts.sum(axis=1), np.log(2), rtol=1e-6)


def test_a_training_may_be_ended_after_so_many_epochs():
    task = TrainingTask(({},), FIT, VALIDATION, 1)
    for most, epochs in ((2, 2), (3, 3), (9, 3), (None, 3)):
        (found,) = attempt(held(halves(3), epochs=most), task)
        assert (found.failure, len(found.curves)) == (None, epochs)
    (last,) = attempt(held(halves(3), epochs=2), TrainingTask(({},), FIT, VALIDATION, 1, 0, 1))
    assert len(last.curves) == 3  # the last training goes on as long as the function does


def test_nothing_random_is_left_to_chance():
    def train(fit, validation, config, seed):
        import random

        yield np.clip(np.random.random(len(validation)) * random.random(), 0, 1)  # noqa: NPY002

    assert one(train).curves.tobytes() == one(train).curves.tobytes() != one(train, seed=2).curves.tobytes()


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (lambda fit, validation, config, seed: None, "no generator"),
        (lambda fit, validation, config, seed: [np.full(20, 0.5)], "no generator"),
        (lambda fit, validation, config: (yield 1), "argument"),
        (lambda fit, validation, config, seed: iter(()), "yielded nothing"),
        (halves(0), "yielded nothing"),
        (lambda fit, validation, config, seed: (yield), "train: it yielded None"),
        (lambda fit, validation, config, seed: (yield np.full((3, 2), 0.5)), r"\(3, 2\)"),
        (lambda fit, validation, config, seed: (yield np.full((20, 2), 3.0)), "no probabilities"),
        (lambda fit, validation, config, seed: (yield ["a"] * 20), "Error"),
        (lambda fit, validation, config, seed: (yield config.dropout), "'dropout'"),
        (lambda fit, validation, config, seed: (yield 1 / 0), "ZeroDivisionError"),
        (lambda fit, validation, config, seed: (yield sys.exit("enough")), "enough"),
    ],
)
def test_what_goes_wrong_is_in_what_comes_back(train, words):
    found = one(train)
    assert words.replace("\\", "") in found.failure
    assert found.model is None
    assert not np.isfinite(found.curves).any()


def test_a_traceback_begins_with_the_users_own_lines():
    def deeper():
        raise KeyError("weights")

    def train(fit, validation, config, seed):
        yield np.full(len(validation), 0.5)
        deeper()

    lines = one(train).failure.splitlines()
    assert "test_attempts.py" in lines[1]
    assert lines[-1] == "KeyError: 'weights'"
    assert "goru/functions" not in one(train).failure


def test_rows_that_cannot_be_read_are_a_failure_of_the_trial():
    class Broken:
        def __len__(self):
            return len(X)

        def __getitem__(self, index):
            raise OSError("no such image")

    broken = Held(halves(1), (table_of(Broken(), Y),), np.zeros(len(X), int), PARTS, None, 1.0)
    (found,) = attempt(broken, TrainingTask(({},), FIT, VALIDATION, 0))
    assert found.failure.endswith("OSError: no such image")


def test_interrupting_is_no_failure():
    def train(fit, validation, config, seed):
        yield np.full(len(validation), 0.5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one(train)


def test_nan_is_no_failure():
    def train(fit, validation, config, seed):
        yield np.full(len(validation), 0.5)
        yield np.full(len(validation), np.nan)

    found = one(train)
    assert found.failure is None
    np.testing.assert_array_equal(np.isfinite(found.curves[:, 1, 0]), [True, False])


def test_what_is_printed_is_kept_and_not_shown(capsys):
    def train(fit, validation, config, seed):
        print("epoch", 1)
        print("careful", file=sys.stderr)
        yield np.full(len(validation), 0.5)

    assert one(train).output == "epoch 1\ncareful\n"
    assert capsys.readouterr() == ("", "")


def test_of_much_that_is_printed_the_end_is_kept():
    def train(fit, validation, config, seed):
        print("x" * 10**6)
        print("last")
        yield np.full(len(validation), 0.5)

    assert len(one(train).output) <= 10_000
    assert one(train).output.endswith("last\n")


def test_it_is_told_after_its_best_epoch_and_the_model_is_what_it_returns():
    told = []

    def train(fit, validation, config, seed):
        epochs, stop = 0, None
        while not stop:
            stop = yield np.full(len(validation), 0.5)
            told.append(stop)
            epochs += 1
        return {"epochs": epochs}

    found = one(train, stop=3)
    assert [bool(said) for said in told] == [False, False, True]
    assert found.model == {"epochs": 3}
    assert len(found.curves) == 3
    np.testing.assert_allclose(found.losses, np.log(2))
    assert found.predicted.shape == (20, 2)


def test_without_an_end_nobody_is_told_and_no_model_is_held():
    def train(fit, validation, config, seed):
        for _ in range(4):
            assert not (yield np.full(len(validation), 0.5))
        return "model"

    assert one(train).model is None
    assert one(train).failure is None


def test_a_function_need_not_listen():
    def train(fit, validation, config, seed):
        for _ in range(4):
            yield np.full(len(validation), 0.5)
        return "model"

    found = one(train, stop=2)
    assert found.model == "model"
    assert len(found.curves) == 4


def test_an_iterator_will_do():
    assert one(lambda fit, validation, config, seed: iter([np.full(20, 0.5)] * 2), stop=1).curves.shape == (2, 2, 2)


def population(fit, validation, configs, seed):
    """Several configurations of an arm at a time, which come to the same as each alone."""
    alone = [logistic(fit, validation, config, seed) for config in configs]
    models = []
    for _ in range(3):
        yield np.stack([next(training) for training in alone])
    for training in alone:
        try:
            next(training)
        except StopIteration as stopped:
            models.append(stopped.value)
    return models


population.population = True
CONFIGS = tuple({"scaled": True, "rate": rate} for rate in (0.1, 0.4, 1.6))


def test_a_population_gives_what_each_gives_alone():
    together = tried(population, *CONFIGS)
    for config, found in zip(CONFIGS, together, strict=True):
        (alone,) = tried(logistic, config)
        np.testing.assert_array_equal(found.curves, alone.curves)
        np.testing.assert_array_equal(found.parts, alone.parts)


def test_a_population_gives_the_model_of_each():
    together = tried(population, *CONFIGS, stop=3)
    for config, found in zip(CONFIGS, together, strict=True):
        np.testing.assert_array_equal(found.model, tried(logistic, config, stop=3)[0].model)


def returning(models, entries=3):
    def train(fit, validation, configs, seed):
        yield np.full((entries, len(validation)), 0.5)
        return models

    train.population = True
    return train


@pytest.mark.parametrize("models", [np.arange(3), ("a", "b", "c"), iter(["a", "b", "c"])])
def test_models_of_a_population_come_in_any_sequence(models):
    assert [found.failure for found in tried(returning(models), *CONFIGS, stop=1)] == [None] * 3


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (returning(["a"]), "1 instead of 3"),
        (returning("model" and 7), "models"),
        (returning([], entries=2), "2 instead of 3"),
        (returning({}, entries=4), "4 instead of 3"),
    ],
)
def test_a_population_of_the_wrong_size_fails(train, words):
    found = tried(train, *CONFIGS, stop=1)
    assert len(found) == 3
    assert all(words in one.failure for one in found)


def test_a_population_without_models_has_none():
    assert [found.model for found in tried(returning(None), *CONFIGS, stop=1)] == [None] * 3
