"""Runs that goru 0.1.0 wrote as its versions 4 to 9, `goru fit iris --networks 36`, in today's form."""

import json
import shutil
from pathlib import Path
from typing import get_args

import pytest

from goru.errors import InputError
from goru.experiment.arms import PLAIN
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Recommendation
from goru.studies.asked.design import ARMS
from goru.studies.runs.manifest import write_manifest
from goru.studies.runs.older import lifted_answer, lifted_evidence
from goru.studies.runs.run import ANSWER, EVIDENCE, RunFolder, open_run

NEEDED = [
    *("data", "network", "plan", "plain", "effects", "judgement", "recommended", "test", "against_networks", "trained"),
    *("seconds", "advice", "options", "selection", "temperature"),
]
OLDER = Path(__file__).parents[2] / "older"


def content(name, version=4):
    return json.loads((OLDER / f"version-{version}" / name).read_text("utf-8"))


def opened(version, folder) -> RunFolder:
    shutil.copytree(OLDER / f"version-{version}", folder)
    write_manifest(folder)
    return open_run(folder)


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return opened(4, tmp_path / "run")


@pytest.fixture
def run_5(tmp_path) -> RunFolder:
    return opened(5, tmp_path / "run")


def without(old, name):
    return {key: part for key, part in old.items() if key != name}


class TestAnswer:
    def test_is_read_with_everything_in_it(self, run):
        answer, old = run.answer, content(ANSWER)
        assert (answer.data.name, answer.data.classes) == (old["data"]["name"], tuple(old["data"]["classes"]))
        assert [effect.change for effect in answer.effects] == [effect["change"] for effect in old["effects"]]
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
                validation_loss=content(ANSWER)["recommended"][0]["held_out_loss"],
            ),
        )

    def test_has_the_figures_of_every_model_on_the_test_rows(self, run):
        for one, old in zip(run.answer.test, content(ANSWER)["test"], strict=True):
            arm = "guess" if one.arm == "class prior" else one.arm
            assert {"networks": one.networks, "arm": arm, **one.figures} == old

    def test_may_be_older_than_scores_and_comparisons_with_the_plain_networks(self):
        old = content(ANSWER)
        for name in ("goru", "environment", "chosen_by", "scores", "plain_against_networks"):
            old = without(old, name)
        for rival in old["against_networks"]:
            del rival["loss"]
        assert lifted_answer(old, 4, {})["against_networks"][0]["loss"] is None

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
        (found,) = lifted_answer(old, 4, {})["recommended"]
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
            list(evidence.curves.recommended.curves.validation.loss.mean)
            == (old["curves"]["recommended"]["curves"]["held_out"]["loss"]["mean"])
        )
        assert evidence.activations is not None

    def test_has_every_configuration_with_its_numbers(self, run):
        for one, old in zip(run.evidence.configurations, content(EVIDENCE)["draws"], strict=True):
            numbers = {"draw": one.configuration, "epochs": one.epochs, "loss": one.loss}
            assert {"arm": one.arm, **numbers, **one.values} == old
        plain = next(configuration for configuration in run.evidence.configurations if configuration.arm == PLAIN)
        assert [each.of(plain) is not None for each in run.evidence.hyperparameters] == [True, False, False, True]

    def test_has_the_predictions(self, run):
        found, old = run.evidence.predictions, content(EVIDENCE)["predictions"]
        assert (found.of, found.rows, found.classes) == ("test", old["rows"], tuple(old["classes"]))
        assert [curve.label for curve in found.roc] == [curve["class"] for curve in old["roc"]]
        assert lifted_evidence(content(EVIDENCE) | {"predictions": {"of": "test", "rows": 0}}, 4)["predictions"] is None

    @pytest.mark.parametrize("missing", without(content(EVIDENCE), "interactions"))  # which is the answer's today
    def test_that_lacks_a_part_is_refused(self, run, missing):
        (run.folder / EVIDENCE).write_text(json.dumps(without(content(EVIDENCE), missing)), "utf-8")
        with pytest.raises(InputError, match=r"evidence\.json: damaged, it is no evidence"):
            _ = run.evidence


class TestVersion5:
    def test_the_answer_has_today_s_names(self, run_5):
        answer, old = run_5.answer, content(ANSWER, 5)
        assert answer.plan.configurations == old["plan"]["draws"] == 1
        assert (answer.plain.training, answer.plain.validation) == (old["plain"]["fit"], old["plain"]["held_out"])
        assert [effect.configurations_to_decide for effect in answer.effects] == [True] * 7
        assert answer.recommended[0].validation_loss == old["recommended"][0]["held_out_loss"]
        assert (answer.advice, answer.judgement.loss) == (old["advice"], old["judgement"]["loss"])

    def test_what_looked_at_no_column_is_called_after_what_it_predicted(self, run_5):
        models = [scores.arm for scores in run_5.answer.test]
        assert models == ["class prior", *(entry["arm"] for entry in content(ANSWER, 5)["test"][1:])]
        of_numbers = content(ANSWER, 5)
        of_numbers["data"]["classes"] = None
        assert lifted_answer(of_numbers, 5, {})["test"][0]["arm"] == "mean"

    def test_the_evidence_has_them_too(self, run_5):
        evidence, old = run_5.evidence, content(EVIDENCE, 5)
        for one, then in zip(evidence.configurations, old["draws"], strict=True):
            assert (one.arm, one.configuration, one.epochs) == (then["arm"], then["draw"], then["epochs"])
            assert (one.loss, one.values) == (then["loss"], then["values"])
        for curves, then in (
            (getattr(evidence.curves, name), old["curves"][name]) for name in ("plain", "recommended")
        ):
            assert (curves.configuration, curves.stops) == (then["draw"], then["stops"])
            assert list(curves.curves.training.loss.mean) == then["curves"]["fit"]["loss"]["mean"]
            assert list(curves.curves.validation.loss.mean) == then["curves"]["held_out"]["loss"]["mean"]
            assert curves.overfitting.validation == then["overfitting"]["held_out"]

    def test_predictions_may_be_of_validation_rows(self):
        old = content(EVIDENCE, 5)
        old["predictions"]["of"] = "held_out"
        assert lifted_evidence(old, 5)["predictions"]["of"] == "validation"

    def test_names_of_the_user_s_own_stay(self):
        """Whoever called a factor or a knob `draw` or `fit` finds it so."""
        answer, evidence = content(ANSWER, 5), content(EVIDENCE, 5)
        answer["recommended"][0]["levels"] = answer["recommended"][0]["values"] = {"draw": 1, "fit": 2}
        evidence["draws"][0]["values"] = {"held_out": 3}
        assert lifted_answer(answer, 5, {})["recommended"][0]["levels"] == {"draw": 1, "fit": 2}
        assert lifted_answer(answer, 5, {})["recommended"][0]["values"] == {"draw": 1, "fit": 2}
        assert lifted_evidence(evidence, 5)["configurations"][0]["values"] == {"held_out": 3}

    @pytest.mark.parametrize("missing", ["data", "plan", "plain", "effects", "judgement", "recommended", "test"])
    def test_an_answer_that_lacks_a_part_is_refused(self, run_5, missing):
        (run_5.folder / ANSWER).write_text(json.dumps(without(content(ANSWER, 5), missing)), "utf-8")
        with pytest.raises(InputError, match=r"answer\.json: damaged"):
            _ = run_5.answer

    @pytest.mark.parametrize("missing", ["curves", "arms", "draws", "hyperparameters"])
    def test_evidence_that_lacks_a_part_is_refused(self, run_5, missing):
        (run_5.folder / EVIDENCE).write_text(json.dumps(without(content(EVIDENCE, 5), missing)), "utf-8")
        with pytest.raises(InputError, match=r"evidence\.json: damaged"):
            _ = run_5.evidence


class TestVersion6:
    """Its names are today's; it knew no judge but the loss that networks are trained by, and no temperatures."""

    def test_the_answer_says_by_what_it_judged(self, tmp_path):
        answer, old = opened(6, tmp_path / "run").answer, content(ANSWER, 6)
        assert (answer.judgement.loss, answer.judgement.measure) == ("log loss", "validation loss")
        assert answer.judgement.plain_loss == old["judgement"]["plain_loss"]
        assert {one.temperature for one in answer.recommended} == {1.0}
        assert answer.advice == old["advice"]

    def test_the_evidence_is_read_with_everything_in_it(self, tmp_path):
        evidence, old = opened(6, tmp_path / "run").evidence, content(EVIDENCE, 6)
        assert [list(arm.losses) for arm in evidence.arms] == [arm["losses"] for arm in old["arms"]]
        assert [one.loss for one in evidence.configurations] == [one["loss"] for one in old["configurations"]]

    def test_an_answer_that_lacks_a_part_is_refused(self, tmp_path):
        run = opened(6, tmp_path / "run")
        (run.folder / ANSWER).write_text(json.dumps(without(content(ANSWER, 6), "judgement")), "utf-8")
        with pytest.raises(InputError, match=r"answer\.json: damaged"):
            _ = run.answer


class TestVersion7:
    """It kept interactions among the evidence."""

    def test_the_answer_has_the_interactions(self, tmp_path):
        answer, old = opened(7, tmp_path / "run").answer, content(EVIDENCE, 7)["interactions"]
        assert [(pair.name, pair.change) for pair in answer.interactions] == [
            (one["name"], one["change"]) for one in old
        ]
        assert {pair.without for pair in answer.interactions} == {None}

    @pytest.mark.parametrize("version", [4, 5, 6])
    def test_so_did_those_before(self, tmp_path, version):
        assert len(opened(version, tmp_path / "run").answer.interactions) == 5


class TestVersion8:
    """Its verdicts had other names, and so had the last of its questions."""

    @pytest.mark.parametrize("version", [4, 5, 6, 7, 8, 9])
    def test_the_answer_has_today_s_verdicts(self, version, tmp_path):
        answer = opened(version, tmp_path / "run").answer
        effects = [*answer.effects, *answer.interactions, *answer.removals]
        assert {effect.verdict for effect in effects} <= set(get_args(Verdict))
        assert answer.effects[-1].name == "best combination (cross-validated choice)"

    def test_every_word_has_one_of_today_s(self):
        words = {
            "helps": "helps",
            "hurts": "hurts",
            "no effect worth having": "negligible",
            "undecided": "inconclusive",
        }
        old = content(ANSWER, 8)
        for word, today in words.items():
            old["effects"][0]["verdict"] = word
            assert lifted_answer(old, 8, {})["effects"][0]["verdict"] == today

    def test_interactions_and_removals_are_still_the_answer_s(self, tmp_path):
        answer, old = opened(8, tmp_path / "run").answer, content(ANSWER, 8)
        assert [pair.change for pair in answer.interactions] == [pair["change"] for pair in old["interactions"]]
        assert [one.change for one in answer.removals] == [one["change"] for one in old["removals"]]

    def test_the_evidence_is_read_as_it_is(self):
        assert lifted_evidence(content(EVIDENCE, 8), 8) == content(EVIDENCE, 8)
