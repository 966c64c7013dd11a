"""A study from a table to an answer and a model, on tables of ninety rows."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from studies import TINY, Notebook, losses_of, make_prices
from studies import Clock as FakeClock
from threadpoolctl import threadpool_info, threadpool_limits

from goru.data.dataset import load_dataset
from goru.errors import InputError
from goru.experiment.candidates import rank, recommendable
from goru.experiment.clock import Clock
from goru.experiment.effects.answers import answer as answers_of
from goru.experiment.findings.answer import Judgement
from goru.experiment.findings.arm_losses import arm_losses
from goru.experiment.findings.effect import EffectFound, InteractionFound
from goru.experiment.findings.evidence import Evidence
from goru.experiment.forms import as_read, from_json, to_json
from goru.experiment.knobs import log_uniform
from goru.experiment.plan import Plan
from goru.experiment.racing.record import Record
from goru.experiment.trial import losses_by_arm
from goru.model.networks import Networks
from goru.nn.layers.scaled_affine import FASTER
from goru.studies import defaults
from goru.studies.asked.design import ARMS, LEARNING_RATE, PLAIN, design
from goru.studies.asked.options import Options
from goru.studies.environment import describe_environment
from goru.studies.final.scores import constant_predictions, figures, intervals
from goru.studies.fitting import TableOptions, fit_table
from goru.studies.study import Study

CLASSES = ["log loss", "accuracy", "balanced accuracy", "AUC"]


@pytest.fixture
def result(request):
    return request.getfixturevalue(request.param)


class TestTheAnswer:
    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_is_what_is_read_from_its_json(self, result):
        json.dumps(to_json(result.answer), allow_nan=False)
        assert as_read(result.answer) == result.answer

    def test_its_effects_are_those_of_the_trials_that_were_handed_over(self, classified, kept, laboratory, splits):
        assert len(kept) == 36
        assert {(trial.arm, trial.configuration) for trial in kept} == {(arm, 0) for arm in ARMS}
        answers = answers_of(
            design(), losses_by_arm(kept, laboratory.shares(splits), defaults.TEMPERATURES), folds=3, configurations=1
        )
        assert classified.answer.effects == tuple(as_read(EffectFound.of(effect, 90)) for effect in answers.contrasts)
        assert classified.answer.judgement == Judgement(
            answers.plain_loss, 0.02, 0.95, "log loss of calibrated probabilities"
        )

    def test_it_recommends_the_best_configuration_of_the_recommendable_arm(self, classified, kept):
        found = losses_of(kept)
        means = {arm: own.validation.mean(axis=1)[0] for arm, own in found.items()}
        ranked = rank(found, {arm: [{}] for arm in ARMS})
        best = recommendable(ranked, found, PLAIN, 3)[0].arm
        recommended = classified.answer.recommended[0]
        assert recommended.arm == best.name
        assert recommended.schedule_epochs == TINY.epochs
        assert recommended.epochs == 1 + found[best].epoch(means[best].argmin())
        assert recommended.temperature == defaults.TEMPERATURES[means[best].argmin() % len(defaults.TEMPERATURES)]
        assert recommended.validation_loss == pytest.approx(means[best].min())
        assert sum(configuration.networks for configuration in classified.answer.recommended) == defaults.ENSEMBLE

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_recommends_nothing_that_its_own_tables_say_is_worse_than_plain(self, result):
        means = {arm.arm: np.mean(arm.losses) for arm in result.evidence.arms}
        arms = [configuration.arm for configuration in result.answer.recommended]
        assert all(means[arm] <= means["plain"] for arm in arms)

    def test_the_plain_network_is_shown_after_its_last_epoch(self, classified, kept):
        own = losses_of(kept)[PLAIN]
        plain = classified.answer.plain
        assert (plain.training, plain.validation) == pytest.approx(
            (own.training[0, :, -1].mean(), own.curves[0, :, -1].mean())
        )
        assert plain.gap == pytest.approx(plain.validation - plain.training)

    def test_like_stands_beside_like(self, classified, regressed):
        for result, constant, linear, names in (
            (classified, "class prior", "logistic regression", CLASSES),
            (regressed, "mean", "ridge regression", ["R²", "error"]),
        ):
            tested = result.answer.test
            assert [(entry.arm, entry.networks) for entry in tested] == [
                (constant, 0),
                (linear, 0),
                ("boosted trees", 0),
                ("plain", 1),
                ("recommended", 1),
                ("plain", 8),
                ("recommended", 8),
            ]
            assert [list(entry.figures) for entry in tested] == [names] * 7

    def test_what_is_no_network_is_compared_with_the_final_model(self, classified):
        loss = {(entry.arm, entry.networks): entry.figures["log loss"] for entry in classified.answer.test}
        compared = classified.answer.against_networks
        assert [entry.arm for entry in compared] == ["logistic regression", "boosted trees"]
        for entry in compared:
            assert entry.loss == pytest.approx(loss[entry.arm, 0])
            assert entry.change == pytest.approx(loss[entry.arm, 0] - loss["recommended", 8])
            assert entry.low < entry.change < entry.high

    def test_so_are_the_plain_networks_of_its_kind(self, classified):
        loss = {(entry.arm, entry.networks): entry.figures["log loss"] for entry in classified.answer.test}
        plain = classified.answer.plain_against_networks
        assert (plain.arm, plain.loss) == ("plain", pytest.approx(loss["plain", 8]))
        assert plain.change == pytest.approx(loss["plain", 8] - loss["recommended", 8])

    def test_rows_of_one_group_are_one_where_test_losses_are_compared(self, flowers, classified):
        grouped = replace(flowers, test_groups=np.arange(18) // 6)
        found = Study(grouped, TINY).run().answer.against_networks
        for entry, alone in zip(found, classified.answer.against_networks, strict=True):
            assert entry.change == alone.change
            assert (entry.low, entry.high) != (alone.low, alone.high)

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_ends_with_one_sentence_of_advice(self, result):
        assert result.answer.advice.endswith(".")

    def test_networks_and_configurations_are_counted(self, classified):
        assert classified.answer.trained.networks == 36  # those of the race, and not the ensembles
        assert classified.answer.trained.diverged == 0
        plan = classified.answer.plan
        assert (plan.partitions, plan.folds, plan.configurations, plan.epochs) == (1, 3, 1, TINY.epochs)
        assert "36 networks are too few" in plan.shortfalls[0]
        assert {effect.verdict for effect in classified.answer.effects} == {"inconclusive"}
        assert {end for effect in classified.answer.effects for end in (effect.low, effect.high)} == {None}

    def test_it_says_what_the_networks_are(self, classified, regressed, flowers, prices):
        for result, dataset, outputs in ((classified, flowers, 3), (regressed, prices, 1)):
            network = result.answer.network
            assert network.widths == (dataset.n_prepared(network.numbers), 8, outputs)
            looked = network.first_look
            better = min(looked.pieces, looked.squares) < 0.98 * looked.scaled
            assert (network.numbers != "scaled") == better
            assert (network.activation, network.batch_size) == ("relu", 8)
        assert regressed.answer.network.loss == "squared_error"

    def test_a_constant_knows_nothing_but_the_development_rows_targets(self, classified, regressed, flowers, prices):
        for result, dataset in ((classified, flowers), (regressed, prices)):
            first, constant = result.answer.test[0], constant_predictions(dataset)
            assert (first.networks, first.arm) == (0, "mean" if dataset.classes is None else "class prior")
            assert first.figures == figures(dataset, constant)

    def test_it_says_by_what_it_was_made(self, classified):
        assert classified.answer.environment == describe_environment()


class TestTheEvidence:
    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_is_plain_json_and_small(self, result):
        text = json.dumps(to_json(result.evidence), allow_nan=False, indent=1)
        assert as_read(result.evidence) == result.evidence
        assert len(text) < 150_000

    def test_its_arms_and_configurations_and_the_interactions_are_of_the_trials_that_were_handed_over(
        self, classified, kept, laboratory, splits
    ):
        found = losses_by_arm(kept, laboratory.shares(splits), defaults.TEMPERATURES)
        assert classified.evidence.arms == arm_losses(found, 3)
        pairs = InteractionFound.among(answers_of(design(), found, 3, 1), design(), 90)
        assert classified.answer.interactions == tuple(map(as_read, pairs))
        configurations = {(each.arm, each.configuration): each for each in classified.evidence.configurations}
        for arm, own in found.items():
            mean = own.validation[0].mean(axis=0)
            assert configurations[arm.name, 0].loss == pytest.approx(mean.min())
            assert configurations[arm.name, 0].epochs == 1 + own.epoch(mean.argmin())
        for trial in kept:
            drawn = configurations[trial.arm.name, 0].values
            assert drawn["learning_rate"] == trial.values["learning_rate"]
            assert drawn.get("dropout_rate", 0) == trial.values["dropout_rate"]
            assert drawn.get("weight_decay", 0) == trial.values["weight_decay"]

    def test_the_strength_of_the_decay_is_what_a_weight_left_alone_shrinks_by(self, classified, kept, splits):
        """λ times all steps' learning rates: of a cosine schedule half of the first one each, on average."""
        steps = TINY.epochs * 48 // 8  # epochs, training rows, a batch
        assert {len(split.training_rows) for split in splits} == {48}
        for each in classified.evidence.configurations:
            if "weight_decay" in each.values:
                strength = each.values["weight_decay"] * each.values["learning_rate"] * steps / 2
                assert each.values["decay_strength"] == pytest.approx(strength)
                assert 0.25 <= each.values["decay_strength"] <= 25

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_hyperparameters_are_those_of_what_is_recommended(self, result):
        first = result.answer.recommended[0]
        found = {each.name: each for each in result.evidence.hyperparameters}
        assert list(found) == ["learning_rate", "dropout_rate", "decay_strength", "epochs"]
        for name in ("learning_rate", "dropout_rate"):
            assert found[name].recommended == first.values.get(name)
        assert (found["decay_strength"].recommended is None) == ("weight_decay" not in first.values)
        epochs = found["epochs"]
        assert (epochs.low, epochs.high, epochs.recommended, epochs.is_epochs) == (
            *(1, TINY.epochs, first.epochs, True),
        )

    def test_curves_are_of_the_plain_network_and_of_what_is_recommended(self, classified, kept):
        curves, first = classified.evidence.curves, classified.answer.recommended[0]
        assert curves.epochs == tuple(range(1, TINY.epochs + 1))
        assert (curves.plain.arm, curves.recommended.arm) == ("plain", first.arm)
        assert curves.recommended.stops == first.epochs
        for one in (curves.plain, curves.recommended):
            own = np.stack([trial.curves for trial in kept if trial.arm.name == one.arm])
            for place, part in enumerate((one.curves.training, one.curves.validation)):
                for index, shown in enumerate((part.loss, part.accuracy)):
                    expected = own[:, :, place, index]
                    np.testing.assert_allclose(shown.mean, expected.mean(axis=0), rtol=1e-4)
                    np.testing.assert_allclose(shown.low, expected.min(axis=0), rtol=1e-4)
                    np.testing.assert_allclose(shown.high, expected.max(axis=0), rtol=1e-4)
        assert curves.plain.overfitting == classified.answer.plain

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_activations_are_of_both_networks_before_training_half_way_and_at_the_end(self, result):
        found = result.evidence.activations
        curves = result.evidence.curves
        assert (found.rows, found.layers, list(found.networks)) == (72, (1,), ["plain", "recommended"])
        for name, stages in found.networks.items():
            stops = {"plain": curves.plain, "recommended": curves.recommended}[name].stops
            assert [stage.epoch for stage in stages] == sorted({0, stops // 2, stops})

    def test_the_last_activations_are_those_of_the_first_network_that_is_the_final_model(self, classified, flowers):
        """Its numbers as they were trained, put together by hand."""
        place = classified.answer.recommended[0].levels["batch_norm"]
        x = classified.model.preparation.transform(flowers.encoded_development)
        own = classified.trained
        norm = {"before": "0.1", "after": "0.2"}.get(place)

        def normalized(h, here):
            if place != here:
                return h
            scaled = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + defaults.EPSILON)
            return own[f"{norm}.scale"] * scaled + own[f"{norm}.shift"]

        h = normalized((x * (1 + FASTER * own["0.0.stretch"])) @ own["0.0.weight"].T + own.get("0.0.bias", 0), "before")
        h = normalized(np.maximum(h, 0), "after")
        last = classified.evidence.activations.networks["recommended"][-1].layers[0]
        assert (last.mean, last.std) == pytest.approx((h.mean(), h.std()), rel=1e-3)
        assert last.zero == pytest.approx(np.mean(h == 0), abs=0.005)

    def test_test_rows_are_counted_as_the_model_predicts_them(self, classified, flowers):
        found = classified.evidence.predictions
        predicted = classified.model.probabilities(flowers.encoded_test).argmax(axis=1)
        expected = confusion_matrix(flowers.y_test, predicted, labels=[0, 1, 2])
        assert (found.of, found.rows, found.classes) == ("test", 18, ("iris", "lily", "rose"))
        assert found.confusion == tuple(map(tuple, expected.tolist()))
        assert found.wrong == 18 - np.trace(expected)
        assert 1 - found.wrong / 18 == pytest.approx(classified.answer.test[-1].figures["accuracy"])
        assert np.mean([curve.area for curve in found.roc]) == pytest.approx(classified.answer.test[-1].figures["AUC"])

    def test_so_are_numbers(self, regressed, prices):
        found = regressed.evidence.predictions
        assert (found.of, found.rows) == ("test", 18)
        assert found.true == tuple(prices.y_test.tolist())
        assert found.predicted == tuple(regressed.model.values(prices.encoded_test).tolist())

    def test_beside_it_are_the_plain_networks_and_the_other_models(self, classified, regressed):
        for result, linear in ((classified, "logistic regression"), (regressed, "ridge regression")):
            names = ["recommended", "plain", linear, "boosted trees"]
            assert list(result.evidence.predictions.calibration) == names


class TestTheModel:
    @pytest.mark.parametrize("name", ["classified", "regressed"])
    def test_its_figures_on_the_test_rows_are_those_of_the_answer(self, request, name):
        result = request.getfixturevalue(name)
        dataset = request.getfixturevalue({"classified": "flowers", "regressed": "prices"}[name])
        tested = {(entry.arm, entry.networks): entry for entry in result.answer.test}
        for model, networks in ((result.model.single, 1), (result.model, 8)):
            predict = model.values if dataset.classes is None else model.probabilities
            predicted = predict(dataset.encoded_test)
            found, scores = figures(dataset, predicted), tested["recommended", networks]
            assert scores.figures == found
            assert scores.intervals == intervals(dataset, predicted, found)

    def test_it_has_learned_something(self, classified, regressed):
        assert classified.answer.test[-1].figures["accuracy"] > 0.5
        assert regressed.answer.test[-1].figures["R²"] > 0.5

    def test_it_is_calibrated_as_the_answer_says(self, classified, regressed):
        assert classified.answer.temperature == classified.model.temperature
        assert regressed.answer.temperature == regressed.model.temperature == 1

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_its_networks_are_those_that_are_recommended(self, result):
        recommended = [
            (configuration.arm, configuration.values["learning_rate"], configuration.epochs)
            for configuration in result.answer.recommended
            for _ in range(configuration.networks)
        ]
        assert [(one["arm"], one["learning_rate"], one["epochs"]) for one in result.model.members] == recommended

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_its_networks_as_trained_are_all_there(self, result):
        assert {name.partition(".")[0] for name in result.trained} == set("01234567")


class TestThreads:
    def test_networks_predict_in_one_whatever_the_libraries_are_told_so_that_cores_change_no_bits(
        self, flowers, monkeypatch
    ):
        seen, compute = [], Networks._apply

        def threads():
            return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

        def watched(networks, *given):
            seen.append(threads())
            return compute(networks, *given)

        monkeypatch.setattr(Networks, "_apply", watched)
        with threadpool_limits(2):
            Study(flowers, replace(TINY, epochs=2)).run()
            assert threads() == {2}
        assert set.union(*seen) == {1}


class TestLimits:
    def test_a_budget_that_is_spent_already_gets_the_smallest_study_and_says_so(self, flowers):
        notebook = Notebook()
        answer = Study(flowers, Options(budget=1e-3, hidden=(8,), batch_size=8), watcher=notebook).run().answer
        # Six steps an epoch, and forty at least; of three folds the first two.
        assert (answer.plan.configurations, answer.plan.folds, answer.plan.epochs) == (1, 2, 7)
        assert "budget too small for a full study" in answer.plan.shortfalls[0]
        assert answer.trained.networks == 12 * 2
        assert {phase.split()[0] for phase in notebook.phases} >= {"pilot", "the", "training"}
        assert any("the 0.001 s budget is too small here: about " in phase for phase in notebook.phases)
        assert "exceeded the 0.001 s budget (minimum here:" in answer.plan.shortfalls[-1]
        assert answer.network.first_look is None  # there was no time for it
        assert answer.against_networks == ()  # nor for them
        assert [(entry.arm, entry.networks) for entry in answer.test] == [
            ("class prior", 0),
            ("plain", 1),
            ("recommended", 1),
        ]
        assert answer.temperature in defaults.TEMPERATURES  # that of the race: nobody has calibrated
        assert {effect.verdict for effect in answer.effects} == {"inconclusive"}

    @pytest.mark.parametrize(("budget", "allowed"), [(100, 115), (None, 1.15 * defaults.BUDGET_SECONDS)])
    @pytest.mark.parametrize("over", [False, True])
    def test_a_budget_overrun_by_a_seventh_is_said(self, flowers, monkeypatch, budget, allowed, over):
        """The clock began long ago, so that the least is trained; then it stands where it is put."""
        time = FakeClock(1000.0 + allowed - 2)
        for module in ("experiment.clock", "studies.final.rivals", "studies.laboratory", "studies.probe"):
            monkeypatch.setattr(f"goru.{module}.time", time)
        study = Study(flowers, Options(budget=budget, hidden=(8,), batch_size=8), clock=Clock(1000.0))

        class Slow(Record):
            def add(self, trials):
                time.now = 1000.0 + allowed + (1 if over else -1)  # the race takes a second, or three
                return super().add(trials)

        plan = study.run(Slow()).answer.plan
        assert "budget too small for a full study" in plan.shortfalls[0]
        said = f"exceeded the {budget or defaults.BUDGET_SECONDS:.0f} s budget (minimum here: {allowed + 1:.0f} s)."
        assert [words for words in plan.shortfalls if words.startswith("exceeded")] == ([said] if over else [])

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_where_many_networks_diverge_evidence_is_json_without_what_is_no_number(self, flowers, monkeypatch):
        monkeypatch.setitem(LEARNING_RATE, "learning_rate", log_uniform(1e-2, 1e38))
        monkeypatch.setattr("goru.studies.study.plan_trials", lambda *most: Plan(4, 1, 3, 4))
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
        result = Study(flowers, TINY).run()
        assert 0 < result.answer.trained.diverged < result.answer.trained.networks
        assert (
            from_json(Evidence, json.loads(json.dumps(to_json(result.evidence), allow_nan=False)), "")
            == result.evidence
        )
        found = [each.loss for each in result.evidence.configurations]
        assert len(found) == 12 * 4
        assert 0 < found.count(None) < len(found)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_table_from_which_nothing_is_learned_is_refused_and_leaves_nothing(
        self, flowers_csv, tmp_path, monkeypatch
    ):
        monkeypatch.setitem(LEARNING_RATE, "learning_rate", log_uniform(1e37, 1e38))
        with pytest.raises(InputError, match=r"flowers\.csv: no network learned anything"):
            fit_table(TableOptions(str(flowers_csv), "kind"), TINY, tmp_path / "runs" / "flowers")
        assert list(tmp_path.iterdir()) == []

    def test_a_batch_larger_than_the_rows_of_a_split_is_refused(self, flowers):
        # 72 development rows: the smallest split, one of three folds, fits on 48.
        assert Study(flowers, Options(batch_size=48))
        with pytest.raises(InputError, match="batch_size=49: a batch holds at most the 48 rows"):
            Study(flowers, Options(batch_size=49))

    def test_splits_that_fit_on_a_handful_of_rows_are_refused(self):
        # By time, four fifths are for development, and the first of five splits fits on a sixth of them.
        enough, few = (
            load_dataset(make_prices(rows).assign(day=range(rows)), target="price", time="day") for rows in (75, 70)
        )
        assert Study(enough, Options())
        with pytest.raises(InputError, match="a split would fit on 9 rows alone, and 10 are needed"):
            Study(few, Options())

    def test_a_folder_in_which_a_run_is_finished_is_refused_but_what_is_mistyped_is_told_first(self, run, flowers_csv):
        with pytest.raises(InputError, match="finished run"):
            fit_table(TableOptions(str(flowers_csv), "kind"), TINY, run.folder)
        with pytest.raises(InputError, match=r"missing\.csv: no such file"):
            fit_table(TableOptions("missing.csv"), TINY, run.folder)
