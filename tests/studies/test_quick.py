"""A few small networks are trained without a compiler: when that is, and that nothing else is different."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from goru.data.memory import dataset_from
from goru.experiment.findings.answer import Answer
from goru.experiment.forms import to_json
from goru.nn.architecture import Architecture, Recipe
from goru.population.immediate.interpreted import Interpreter
from goru.population.trainer import Trainer
from goru.studies.asked.options import Options
from goru.studies.laboratory import quick
from goru.studies.study import Study

FEW = Options(networks=36, hidden=(4,), epochs=3, numbers="scaled")
SMALL = Architecture(2, (3,), 1)
ARGUMENTS = {"networks": 36, "epochs": 20, "batch": 32, "rows": 150, "parameters": 100, "programs": 6}


def make(classes: bool = True, rows: int = 24):
    """Two numbers, and what they add up to."""
    x = np.random.default_rng(0).normal(size=(rows, 2))
    frame = pd.DataFrame(x, columns=["a", "b"])
    if classes:
        return dataset_from(frame, (x.sum(axis=1) > 0).astype(int), (0, 1))
    return dataset_from(frame, x.sum(axis=1))


def keys_of(content, path=""):
    """Every key of a nest of dicts and lists; of lists those of the first entry."""
    if isinstance(content, dict):
        return {path, *(key for name, value in content.items() for key in keys_of(value, f"{path}.{name}"))}
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return keys_of(content[0], f"{path}[]")
    return {path}


def without_time(answer: Answer) -> Answer:
    return replace(answer, seconds=0.0)


class TestQuick:
    def test_a_few_small_networks_are(self):
        assert quick(**ARGUMENTS)

    @pytest.mark.parametrize("name", ["networks", "epochs", "rows", "parameters"])
    def test_more_of_anything_takes_longer_until_compiling_is_sooner(self, name):
        found = [quick(**ARGUMENTS | {name: ARGUMENTS[name] * 2**power}) for power in range(20)]
        assert found == sorted(found, reverse=True)
        assert found[0]
        assert not found[-1]

    def test_of_batches_it_is_the_work_in_all_of_them_that_counts(self):
        few_rows = ARGUMENTS | {"rows": 1}
        found = [quick(**few_rows | {"batch": 2**power}) for power in range(1, 40)]
        assert found == sorted(found, reverse=True)  # there is one batch: the larger, the more work
        assert found[0]
        assert not found[-1]
        many_rows = ARGUMENTS | {"rows": 4_000, "networks": 100}
        assert quick(**many_rows | {"batch": 512})  # small ones are many steps
        assert not quick(**many_rows | {"batch": 8})

    def test_the_more_programs_there_would_be_the_more_is_trained_without_them(self):
        most = [max(n for n in range(1_000) if quick(**ARGUMENTS | {"networks": n, "programs": p})) for p in (1, 2, 6)]
        assert most == sorted(set(most))

    def test_a_study_of_the_usual_size_is_compiled(self):
        assert not quick(networks=400, epochs=100, batch=128, rows=4_000, parameters=20_000, programs=6)


class TestStudy:
    @pytest.fixture
    def trained_by(self, monkeypatch):
        """The classes of what trained, in order."""
        found = []
        for trainer in (Interpreter, Trainer):
            train = trainer.train

            def spying(self, *args, train=train, **kwargs):
                found.append(type(self))
                return train(self, *args, **kwargs)

            monkeypatch.setattr(trainer, "train", spying)
        return found

    @pytest.mark.parametrize("classes", [True, False])
    def test_one_of_few_networks_is_interpreted_and_the_same_on_every_run(self, trained_by, classes):
        first, second = (Study(make(classes), FEW).run() for _ in range(2))
        assert set(trained_by) == {Interpreter}
        assert without_time(first.answer) == without_time(second.answer)
        for one, other in zip(first.model.networks.arrays.values(), second.model.networks.arrays.values(), strict=True):
            np.testing.assert_array_equal(one, other)
        assert first.trained.keys() == second.trained.keys()

    def test_with_another_seed_it_is_another(self):
        first, second = (Study(make(), replace(FEW, seed=seed)).run().answer for seed in (0, 1))
        assert first.effects != second.effects

    def test_its_answer_is_in_form_that_of_a_compiled_one(self, trained_by, monkeypatch):
        interpreted = Study(make(), FEW).run()
        monkeypatch.setattr("goru.studies.study.quick", lambda *args: False)
        trained_by.clear()
        compiled = Study(make(), FEW).run()
        assert set(trained_by) == {Trainer}
        assert keys_of(to_json(interpreted.answer)) == keys_of(to_json(compiled.answer))
        for name in ("data", "network", "plan", "chosen_by"):
            assert getattr(interpreted.answer, name) == getattr(compiled.answer, name)
        assert interpreted.answer.trained.networks == compiled.answer.trained.networks
        assert [effect.name for effect in interpreted.answer.effects] == [
            effect.name for effect in compiled.answer.effects
        ]
        shapes = [[array.shape for array in one.model.networks.arrays.values()] for one in (interpreted, compiled)]
        assert shapes[0] == shapes[1]

    def test_one_of_many_networks_is_not(self):
        assert Study(make(), FEW)._way(SMALL, Recipe()).interpreted
        assert not Study(make(), replace(FEW, networks=100_000, epochs=100))._way(SMALL, Recipe()).interpreted
