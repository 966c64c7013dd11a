"""A study that asks about other techniques, from the table to a model that predicts."""

import json
from dataclasses import replace

import numpy as np
import pytest
from studies import TINY, make_flowers

from goru.cli import app
from goru.errors import InputError
from goru.nn.architecture import Architecture, Recipe
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.runs.run import open_run
from goru.studies.study import Study

ASKED = replace(TINY, networks=12, factors=("mixup", "label-smoothing"))
ARMS = ["plain", "label smoothing", "mixup", "mixup + label smoothing"]


@pytest.fixture(scope="module")
def folder(flowers_csv, tmp_path_factory):
    """A run of the study, written to disk."""
    folder = tmp_path_factory.mktemp("techniques") / "flowers"
    fit_table(TableOptions(str(flowers_csv), "kind"), ASKED, folder)
    return folder


@pytest.fixture(scope="module")
def opened(folder):
    """What is read again."""
    return open_run(folder)


class TestARun:
    def test_its_arms_are_all_combinations(self, opened):
        assert [arm.arm for arm in opened.evidence.arms] == ARMS
        assert opened.answer.plan.configurations == 1
        assert opened.answer.trained.networks == 12
        assert opened.answer.trained.diverged == 0

    def test_its_answer_is_about_them(self, opened):
        assert [effect.name for effect in opened.answer.effects] == [
            "mixup",
            "label smoothing",
            "best combination (cross-validated choice)",
        ]
        assert [removal.name for removal in opened.answer.removals] == ["mixup", "label smoothing"]
        assert all(np.isfinite(effect.change) for effect in opened.answer.effects)

    def test_what_it_recommends_says_how_strong_the_techniques_are(self, opened):
        for found in opened.answer.recommended:
            assert found.arm in ARMS
            names = found.values.keys()
            assert ("mixup_alpha" in names) == found.levels["mixup"] == ("mixup α" in found.words)
            smoothed = found.levels["label_smoothing"]
            assert ("smoothing" in names) == smoothed == ("label smoothing" in found.words)
        for each in opened.evidence.configurations:
            names = each.values.keys()
            assert ("mixup_alpha" in names) == ("mixup" in each.arm)
            assert ("smoothing" in names) == ("label smoothing" in each.arm)

    def test_its_numbers_are_plain_json(self, folder):
        for path in folder.glob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))

    def test_its_networks_have_nothing_left_of_what_is_for_training(self, opened):
        assert [layer.kind for layer in opened.model.networks.layers] == ["affine", "activation", "affine"]

    def test_it_predicts(self, folder, opened, tmp_path):
        rows = make_flowers(rows=12, seed=1).drop(columns="kind")
        rows.to_csv(tmp_path / "new.csv", index=False)
        written = tmp_path / "predicted.csv"
        app(["predict", str(folder), str(tmp_path / "new.csv"), "--proba", "-o", str(written)], standalone_mode=False)
        found = np.loadtxt(written, delimiter=",", skiprows=1)
        assert found.shape == (12, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(found, opened.model.predict_proba(rows), atol=1e-6)

    def test_the_same_study_finds_the_same(self, flowers, opened):
        again = Study(flowers, ASKED).run().answer
        assert again.effects == opened.answer.effects
        assert again.recommended == opened.answer.recommended


class TestOptions:
    def test_label_smoothing_is_refused_for_a_number_in_a_line(self, prices):
        with pytest.raises(InputError) as error:
            Study(prices, replace(TINY, factors=("mixup", "label-smoothing")))
        assert str(error.value).startswith("factors: 'price' is a number, and label-smoothing is for classes.")
        assert "\n" not in str(error.value)

    def test_all_is_for_numbers_too(self, prices, monkeypatch):
        monkeypatch.setattr("goru.experiment.fraction.STARTS", 1)  # one is soon done
        study = Study(prices, replace(TINY, factors=("all",)))
        assert "label_smoothing" not in study._design.factors
        assert len(study._design.arms) == 24

    def test_the_activation_that_is_asked_for_is_that_of_the_plain_arm(self, flowers):
        study = Study(flowers, replace(TINY, factors=("activation",), activation="tanh"))
        assert study._design.plain["activation"] == "tanh"

    @pytest.mark.parametrize("factor", ["averaging", "sam", "optimizer"])
    def test_what_the_interpreter_cannot_do_is_compiled_however_little_there_is_to_do(self, flowers, factor):
        base, recipe = Architecture(4, (8,), 3), Recipe()
        for factors, expected in (((factor,), False), (("mixup",), True)):
            study = Study(flowers, replace(TINY, networks=6, factors=factors))
            assert study._way(base, recipe).interpreted is expected
