"""A run that goru 0.1.0 wrote as its version 4, `goru fit iris --networks 36`, in today's form."""

import json
import shutil
from pathlib import Path

import pytest

from goru.errors import InputError
from goru.experiment.arms import PLAIN
from goru.experiment.findings.answer import Recommendation
from goru.studies.design import ARMS
from goru.studies.runs.manifest import write_manifest
from goru.studies.runs.older import lifted_answer, lifted_evidence
from goru.studies.runs.run import ANSWER, EVIDENCE, Run, load

NEEDED = [
    *("data", "network", "plan", "plain", "effects", "judgement", "recommended", "test", "against_networks", "trained"),
    *("seconds", "advice", "options", "selection", "temperature"),
]
OLDER = Path(__file__).parents[2] / "older" / "version-4"


def content(name):
    return json.loads((OLDER / name).read_text("utf-8"))


@pytest.fixture
def run(tmp_path) -> Run:
    folder = shutil.copytree(OLDER, tmp_path / "run")
    write_manifest(folder)
    return load(folder)


def without(old, name):
    return {key: part for key, part in old.items() if key != name}


class TestAnswer:
    def test_is_read_with_everything_in_it(self, run):
        answer, old = run.answer, content(ANSWER)
        assert (answer.data.name, answer.data.classes) == (old["data"]["name"], tuple(old["data"]["classes"]))
        assert [effect.name for effect in answer.effects] == [effect["name"] for effect in old["effects"]]
        assert (answer.plain.gap, answer.trained.steps) == (old["plain"]["gap"], old["trained"]["steps"])
        assert (answer.advice, answer.seconds) == (old["advice"], old["seconds"])
        assert (answer.single, answer.class_weight, answer.subject) == (False, None, "networks")
        assert answer.judgement.loss == "log loss"

    def test_says_what_was_recommended_as_it_did(self, run):
        assert run.answer.recommended == (
            Recommendation(
                arm="batch norm before",
                levels={"batch_norm": "before", "dropout": False, "weight_decay": False},
                values={"learning_rate": content(ANSWER)["recommended"][0]["learning_rate"]},
                words="batch norm before the activation, learning rate 2.0e-03",
                networks=8,
                epochs=32,
                schedule_epochs=100,
                held_out_loss=content(ANSWER)["recommended"][0]["held_out_loss"],
            ),
        )

    def test_has_the_figures_of_every_model_on_the_test_rows(self, run):
        for one, old in zip(run.answer.test, content(ANSWER)["test"], strict=True):
            assert {"networks": one.networks, "arm": one.arm, **one.figures} == old

    def test_may_be_older_than_scores_and_comparisons_with_the_plain_networks(self):
        old = content(ANSWER)
        for name in ("goru", "environment", "chosen_by", "scores", "plain_against_networks"):
            old = without(old, name)
        for rival in old["against_networks"]:
            del rival["loss"]
        assert lifted_answer(old)["against_networks"][0]["loss"] is None

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"dropout_rate": 0.314, "weight_decay": 0.0123}, "batch norm before the activation, dropout 0.31, weight"),
            ({"batch_norm_scale": 2.0, "batch_norm_shift": 0.5, "batch_norm_epsilon": 1e-3, "batch_norm_momentum": 0.9},
             "batch norm before the activation, γ 2, β 0.5, ε 1.0e-03, momentum 0.90, learning"),
        ],
    )  # fmt: skip
    def test_has_the_numbers_of_what_was_recommended(self, values, words):
        old = content(ANSWER)
        old["recommended"][0] |= values
        (found,) = lifted_answer(old)["recommended"]
        assert found["values"].items() >= values.items()
        assert found["words"].startswith(words)

    @pytest.mark.parametrize("missing", NEEDED)
    def test_that_lacks_a_part_is_refused(self, run, missing):
        (run.folder / ANSWER).write_text(json.dumps(without(content(ANSWER), missing)), "utf-8")
        with pytest.raises(InputError, match=r"answer\.json: damaged, it is no answer"):
            _ = run.answer


class TestEvidence:
    def test_is_read_with_everything_in_it(self, run):
        evidence, old = run.evidence, content(EVIDENCE)
        assert [(arm.arm, arm.levels) for arm in evidence.arms] == [(arm.name, dict(arm)) for arm in ARMS]
        assert [list(arm.losses) for arm in evidence.arms] == [arm["losses"] for arm in old["arms"]]
        assert evidence.curves.plain.overfitting == run.answer.plain
        assert (
            list(evidence.curves.recommended.curves.held_out.loss.mean)
            == (old["curves"]["recommended"]["curves"]["held_out"]["loss"]["mean"])
        )
        assert evidence.activations is not None

    def test_has_every_draw_with_its_numbers(self, run):
        for one, old in zip(run.evidence.draws, content(EVIDENCE)["draws"], strict=True):
            assert {"arm": one.arm, "draw": one.draw, "epochs": one.epochs, "loss": one.loss, **one.values} == old
        plain = next(draw for draw in run.evidence.draws if draw.arm == PLAIN)
        assert [each.of(plain) is not None for each in run.evidence.hyperparameters] == [True, False, False, True]

    def test_has_the_predictions(self, run):
        found, old = run.evidence.predictions, content(EVIDENCE)["predictions"]
        assert (found.of, found.rows, found.classes) == ("test", old["rows"], tuple(old["classes"]))
        assert [curve.label for curve in found.roc] == [curve["class"] for curve in old["roc"]]
        assert lifted_evidence(content(EVIDENCE) | {"predictions": {"of": "test", "rows": 0}})["predictions"] is None

    @pytest.mark.parametrize("missing", content(EVIDENCE))
    def test_that_lacks_a_part_is_refused(self, run, missing):
        (run.folder / EVIDENCE).write_text(json.dumps(without(content(EVIDENCE), missing)), "utf-8")
        with pytest.raises(InputError, match=r"evidence\.json: damaged, it is no evidence"):
            _ = run.evidence
