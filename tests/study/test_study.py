"""A study from a table to an answer and a model, on tables of ninety rows."""

import json

import numpy as np
import pytest
from studies import TINY, Notebook

from goru.errors import InputError
from goru.study import defaults
from goru.study.answer import describe_effects, finite
from goru.study.design import ARMS, PLAIN
from goru.study.fitting import TableOptions, fit
from goru.study.options import Options
from goru.study.scores import score_on_test
from goru.study.store import read_trials
from goru.study.study import Study
from goru.study.trial import score_losses


@pytest.fixture
def result(request):
    return request.getfixturevalue(request.param)


class TestTheAnswer:
    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_is_plain_json(self, result):
        assert json.loads(json.dumps(result.answer, allow_nan=False)) == result.answer

    def test_its_effects_are_those_of_the_trials_that_were_handed_over(self, classified, kept, splits):
        assert len(kept) == 36
        assert {(trial.arm, trial.draw) for trial in kept} == {(arm, 0) for arm in ARMS}
        score_to_fit = np.mean([len(split.score_rows) / len(split.fit_rows) for split in splits])
        found = finite(describe_effects(kept, score_to_fit))
        assert {name: classified.answer[name] for name in found} == found

    def test_it_recommends_the_lowest_mean_held_out_loss(self, classified, kept):
        means = {arm: losses.mean(axis=1)[0] for arm, losses in score_losses(kept).items()}
        best = min(means, key=lambda arm: means[arm].min())
        recommended = classified.answer["recommended"]
        assert recommended["arm"] == best.name
        assert recommended["epochs"] == 1 + means[best].argmin()
        assert recommended["held_out_loss"] == pytest.approx(means[best].min())
        assert classified.answer["plain"]["best"] == pytest.approx(means[PLAIN].min())

    def test_like_stands_beside_like(self, classified, regressed):
        for result, figures in ((classified, ["log loss", "accuracy"]), (regressed, ["R²", "error"])):
            tested = result.answer["test"]
            assert [(entry["arm"], entry["networks"]) for entry in tested] == [
                ("plain", 1),
                ("plain", 8),
                ("recommended", 1),
                ("recommended", 8),
            ]
            assert [list(entry)[2:] for entry in tested] == [figures] * 4

    def test_networks_and_draws_are_counted(self, classified):
        assert classified.answer["trained"]["networks"] == 36 + 8 + 8
        assert classified.answer["trained"]["diverged"] == 0
        plan = classified.answer["plan"]
        assert (plan["folds"], plan["draws"], plan["epochs"]) == (3, 1, defaults.EPOCHS)
        assert "36 networks are too few" in plan["shortfalls"][0]


class TestTheModel:
    @pytest.mark.parametrize("name", ["classified", "regressed"])
    def test_its_figures_on_the_test_rows_are_those_of_the_answer(self, request, name):
        result = request.getfixturevalue(name)
        dataset = request.getfixturevalue({"classified": "flowers", "regressed": "prices"}[name])
        for model, entry in zip((result.model.single, result.model), result.answer["test"][2:], strict=True):
            assert score_on_test(dataset, model) == {figure: entry[figure] for figure in list(entry)[2:]}

    def test_it_has_learned_something(self, classified, regressed):
        assert classified.answer["test"][-1]["accuracy"] > 0.5
        assert regressed.answer["test"][-1]["R²"] > 0.5

    def test_figures_are_what_they_are_called(self, flowers, prices, classified, regressed):
        probabilities = classified.model.probabilities(flowers.encoded_test)
        of_the_truth = probabilities[np.arange(len(flowers.y_test)), flowers.y_test]
        figures = score_on_test(flowers, classified.model)
        assert figures["log loss"] == pytest.approx(-np.log(of_the_truth).mean())
        assert figures["accuracy"] == (probabilities.argmax(axis=1) == flowers.y_test).mean()

        y = prices.y_test
        error = y - regressed.model.values(prices.encoded_test)
        figures = score_on_test(prices, regressed.model)
        assert figures["error"] == pytest.approx(np.sqrt((error**2).mean()))
        assert figures["R²"] == pytest.approx(1 - (error**2).mean() / y.var())

    def test_its_bag_is_shared_by_the_best_draws_of_all_arms(self, classified, kept):
        means = {arm.name: losses.mean(axis=1).min() for arm, losses in score_losses(kept).items()}
        best = sorted(means, key=means.get)[: defaults.BAG_DRAWS]
        near = [arm for arm in best if means[arm] <= (1 + defaults.BAG_TOLERANCE) * means[best[0]]]
        arms = [member["arm"] for member in classified.model.members]
        assert arms == [arm for arm in near for _ in range(defaults.BAG // len(near))]


class TestTheSameStudyAgain:
    """`run` is the study of `classified` once more, by way of files."""

    def test_gives_the_same_answer_but_for_its_time(self, classified, run):
        assert {**run.answer, "seconds": 0} == {**classified.answer, "seconds": 0}

    def test_gives_the_same_trials_bit_for_bit(self, kept, run):
        again = read_trials(run.folder / "study.sqlite")
        assert [trial.curves.tobytes() for trial in again] == [trial.curves.tobytes() for trial in kept]
        assert [(trial.arm, trial.hyper, trial.id, trial.seed) for trial in again] == [
            (trial.arm, trial.hyper, trial.id, trial.seed) for trial in kept
        ]

    def test_gives_the_same_networks_bit_for_bit(self, classified, run):
        for kind in ("weights", "biases"):
            for one, other in zip(
                getattr(run.model.networks, kind), getattr(classified.model.networks, kind), strict=True
            ):
                np.testing.assert_array_equal(one, other)

    def test_predicts_the_same(self, flowers, classified, run):
        np.testing.assert_array_equal(
            run.model.probabilities(flowers.encoded_test), classified.model.probabilities(flowers.encoded_test)
        )


class TestTheRun:
    def test_the_configuration_says_what_was_asked_and_found(self, run, flowers_csv):
        assert run.config["table"]["source"] == str(flowers_csv)
        assert (run.config["table"]["target"], run.config["table"]["task"]) == ("kind", "classification")
        assert run.config["options"]["networks"] == 36
        assert run.config["options"]["hidden"] == [8]

    def test_its_frames_have_a_row_for_every_question_and_every_trial(self, run):
        assert len(run.effects) == 5
        assert len(run.trials) == 36
        assert set(run.trials["ended"]) == {"finished"}

    def test_files_are_all_there(self, run):
        assert {path.name for path in run.folder.iterdir()} == {"config.json", "study.sqlite", "answer.json", "model"}


class TestLimits:
    def test_a_budget_that_is_spent_already_gets_the_smallest_study_and_says_so(self, flowers, monkeypatch):
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
        notebook = Notebook()
        answer = Study(flowers, Options(budget=1e-3, hidden=(8,), batch_size=8), watcher=notebook).run().answer
        assert (answer["plan"]["folds"], answer["plan"]["epochs"]) == (defaults.FEWEST_FOLDS, defaults.FEWEST_EPOCHS)
        assert "the time was too short" in answer["plan"]["shortfalls"][0]
        planned = 12 * answer["plan"]["folds"] * answer["plan"]["draws"]
        assert answer["trained"]["networks"] == planned + 16
        assert notebook.told[-1].done == planned
        assert [phase.split()[0] for phase in notebook.phases] == ["compiling", "training"]

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_table_from_which_nothing_is_learned_is_refused_and_leaves_nothing(
        self, flowers_csv, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(defaults, "LEARNING_RATE", (1e37, 1e38))
        with pytest.raises(InputError, match=r"flowers\.csv: no network learned anything"):
            fit(TableOptions(str(flowers_csv), "kind"), TINY, tmp_path / "runs" / "flowers")
        assert list(tmp_path.iterdir()) == []

    def test_a_batch_larger_than_the_rows_of_a_split_is_refused(self, flowers):
        # 72 development rows: the smallest split, one of three folds, fits on 48.
        assert Study(flowers, Options(batch_size=48))
        with pytest.raises(InputError, match="--batch-size 49: a batch holds at most the 48 rows"):
            Study(flowers, Options(batch_size=49))

    def test_a_folder_in_which_a_run_is_finished_is_refused_before_the_table_is_read(self, run):
        with pytest.raises(InputError, match="finished run"):
            fit(TableOptions("missing.csv"), TINY, run.folder)
