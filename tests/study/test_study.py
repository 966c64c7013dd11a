"""A study from a table to an answer and a model, on tables of ninety rows."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from studies import TINY, Notebook, make_prices

from goru.data.dataset import load_dataset
from goru.errors import InputError
from goru.study import defaults
from goru.study.answer import describe_effects, finite
from goru.study.design import ARMS, PLAIN
from goru.study.fitting import TableOptions, fit
from goru.study.options import Options
from goru.study.scores import guess_on_test, score_on_test
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
        (recommended,) = classified.answer["recommended"]  # the only draw of its arm
        assert recommended["arm"] == best.name
        assert (recommended["networks"], recommended["schedule_epochs"]) == (defaults.BAG, defaults.EPOCHS)
        assert recommended["epochs"] == 1 + means[best].argmin()
        assert recommended["held_out_loss"] == pytest.approx(means[best].min())
        assert classified.answer["plain"]["best"] == pytest.approx(means[PLAIN].min())

    def test_like_stands_beside_like(self, classified, regressed):
        for result, figures in ((classified, ["log loss", "accuracy"]), (regressed, ["R²", "error"])):
            tested = result.answer["test"]
            assert [(entry["arm"], entry["networks"]) for entry in tested] == [
                ("guess", 0),
                ("plain", 1),
                ("plain", 8),
                ("recommended", 1),
                ("recommended", 8),
            ]
            assert [list(entry)[2:] for entry in tested] == [figures] * 5

    def test_networks_and_draws_are_counted(self, classified):
        assert classified.answer["trained"]["networks"] == 36  # those of the race, and not the bags
        assert classified.answer["trained"]["diverged"] == 0
        plan = classified.answer["plan"]
        assert (plan["folds"], plan["draws"], plan["epochs"]) == (3, 1, defaults.EPOCHS)
        assert "36 networks are too few" in plan["shortfalls"][0]
        assert {effect["verdict"] for effect in classified.answer["effects"]} == {"undecided"}

    def test_it_says_what_the_networks_are(self, classified, regressed, flowers, prices):
        for result, dataset, outputs in ((classified, flowers, 3), (regressed, prices, 1)):
            network = result.answer["network"]
            assert network["widths"] == [dataset.n_features, 8, outputs]
            assert (network["activation"], network["batch_size"]) == ("relu", 8)
        assert regressed.answer["network"]["loss"] == "squared_error"

    def test_a_guess_knows_nothing_but_the_development_rows_targets(self, classified, regressed, flowers, prices):
        shares = np.bincount(flowers.y_development, minlength=3) / len(flowers.y_development)
        guess = guess_on_test(flowers)
        assert guess["log loss"] == pytest.approx(-np.log(shares[flowers.y_test]).mean())
        assert guess["accuracy"] == (flowers.y_test == shares.argmax()).mean()
        assert classified.answer["test"][0] == {"networks": 0, "arm": "guess", **guess}

        error = prices.y_test - prices.y_development.mean()
        guess = guess_on_test(prices)
        assert guess["error"] == pytest.approx(np.sqrt((error**2).mean()))
        assert guess["R²"] == pytest.approx(1 - (error**2).mean() / prices.y_test.var())
        assert regressed.answer["test"][0] == {"networks": 0, "arm": "guess", **guess}


class TestTheModel:
    @pytest.mark.parametrize("name", ["classified", "regressed"])
    def test_its_figures_on_the_test_rows_are_those_of_the_answer(self, request, name):
        result = request.getfixturevalue(name)
        dataset = request.getfixturevalue({"classified": "flowers", "regressed": "prices"}[name])
        for model, entry in zip((result.model.single, result.model), result.answer["test"][3:], strict=True):
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

    def test_its_bag_is_shared_by_the_best_draws_of_one_arm(self, flowers, monkeypatch):
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
        monkeypatch.setattr(defaults, "BAG_TOLERANCE", 1e9)  # any second draw is good enough
        raced = []
        options = Options(networks=72, hidden=(8,), batch_size=8)
        result = Study(flowers, options).run(keep=raced.extend)
        means = {arm: losses.mean(axis=1) for arm, losses in score_losses(raced).items()}
        best = min(means, key=lambda arm: means[arm].min())
        ranking = sorted(range(2), key=lambda draw: means[best][draw].min())
        recommended = result.answer["recommended"]
        assert [(draw["arm"], draw["networks"]) for draw in recommended] == [(best.name, 4)] * 2
        losses = [draw["held_out_loss"] for draw in recommended]
        assert losses == pytest.approx([means[best][draw].min() for draw in ranking])
        members = [(member["arm"], member["learning_rate"]) for member in result.model.members]
        assert members == [(draw["arm"], draw["learning_rate"]) for draw in recommended for _ in range(4)]


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
        assert answer["trained"]["networks"] == planned
        assert answer["plan"]["draws"] >= defaults.FEWEST_DRAWS
        assert notebook.told[-1].done == planned
        assert [phase.split()[0] for phase in notebook.phases] == ["compiling", "training"]
        assert answer["plan"]["shortfalls"][1:] == [f"took {answer['seconds']:.0f} s, not 0: a study needs that here."]

    @pytest.mark.parametrize(("budget", "allowed"), [(100, 115), (None, 1.15 * defaults.BUDGET_SECONDS)])
    @pytest.mark.parametrize("over", [False, True])
    def test_a_budget_overrun_by_a_seventh_is_said(self, flowers, monkeypatch, budget, allowed, over):
        """The clock began long ago, so that the least is trained; then it stands where it is put."""
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)
        clock = SimpleNamespace(now=1000.0 + allowed - 2, monotonic=lambda: clock.now)
        monkeypatch.setattr("goru.study.study.time", clock)
        monkeypatch.setattr("goru.study.race.time", clock)
        study = Study(flowers, Options(budget=budget, hidden=(8,), batch_size=8), started=1000.0)

        def keep(trials):
            clock.now = 1000.0 + allowed + (1 if over else -1)  # the race takes a second, or three

        plan = study.run(keep=keep).answer["plan"]
        assert "the time was too short" in plan["shortfalls"][0]
        took = f"took {allowed + 1:.0f} s, not {budget or defaults.BUDGET_SECONDS:.0f}: a study needs that here."
        assert plan["shortfalls"][1:] == ([took] if over else [])

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

    def test_splits_that_fit_on_a_handful_of_rows_are_refused(self):
        # By time, four fifths are for development, and the first of five splits fits on a sixth of them.
        enough, few = (
            load_dataset(make_prices(rows).assign(day=range(rows)), target="price", time="day") for rows in (75, 70)
        )
        assert Study(enough, Options())
        with pytest.raises(InputError, match="a split would fit on 9 rows alone, and 10 are needed"):
            Study(few, Options())

    def test_a_folder_in_which_a_run_is_finished_is_refused_before_the_table_is_read(self, run):
        with pytest.raises(InputError, match="finished run"):
            fit(TableOptions("missing.csv"), TINY, run.folder)
