"""A study from a table to an answer and a model, on tables of ninety rows."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from studies import TINY, Notebook, losses_of, make_prices
from studies import Clock as FakeClock
from threadpoolctl import threadpool_info, threadpool_limits

import goru
from goru.data.dataset import load_dataset
from goru.errors import InputError
from goru.experiment.answer import EffectFound, Judgement, ModelScores
from goru.experiment.answers import answer as answers_of
from goru.experiment.arm_losses import arm_losses
from goru.experiment.candidates import no_worse_than_plain, rank
from goru.experiment.clock import Clock
from goru.experiment.evidence import Evidence
from goru.experiment.forms import as_read, from_json, to_json
from goru.experiment.knobs import log_uniform
from goru.experiment.plan import Plan
from goru.experiment.record import Record
from goru.experiment.store import read_trials
from goru.experiment.trial import losses
from goru.model.networks import Networks
from goru.nn.architecture import Hyperparameters
from goru.studies import defaults
from goru.studies.design import ARMS, BATCH_NORM_KNOBS, KNOBS, PLAIN, design
from goru.studies.environment import describe_environment
from goru.studies.fitting import TableOptions, fit
from goru.studies.options import Options
from goru.studies.runs.run import is_unfinished
from goru.studies.scores import figures, guess
from goru.studies.splits import partitions
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
        assert {(trial.arm, trial.draw) for trial in kept} == {(arm, 0) for arm in ARMS}
        answers = answers_of(design(), losses(kept, laboratory.shares(splits)), folds=3, draws=1)
        assert classified.answer.effects == tuple(as_read(EffectFound.of(effect, 90)) for effect in answers.contrasts)
        assert classified.answer.judgement == Judgement(answers.plain_loss, 0.02, 0.95, "log loss")

    def test_it_recommends_the_lowest_mean_held_out_loss_of_arms_that_do_no_worse_than_plain(self, classified, kept):
        found = losses_of(kept)
        means = {arm: own.score.mean(axis=1)[0] for arm, own in found.items()}
        ranked = rank(found, {arm: [{}] for arm in ARMS})
        best = no_worse_than_plain(ranked, found, PLAIN, 3)[0].arm
        recommended = classified.answer.recommended[0]
        assert recommended.arm == best.name
        assert recommended.schedule_epochs == TINY.epochs
        assert recommended.epochs == 1 + means[best].argmin()
        assert recommended.held_out_loss == pytest.approx(means[best].min())
        assert sum(draw.networks for draw in classified.answer.recommended) == defaults.BAG

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_recommends_nothing_that_its_own_tables_say_is_worse_than_plain(self, result):
        means = {arm.arm: np.mean(arm.losses) for arm in result.evidence.arms}
        arms = [draw.arm for draw in result.answer.recommended]
        assert all(means[arm] <= means["plain"] for arm in arms)

    def test_the_plain_network_is_shown_after_its_last_epoch(self, classified, kept):
        own = losses_of(kept)[PLAIN]
        plain = classified.answer.plain
        assert (plain.fit, plain.held_out) == pytest.approx((own.fit[0, :, -1].mean(), own.score[0, :, -1].mean()))
        assert plain.gap == pytest.approx(plain.held_out - plain.fit)

    def test_like_stands_beside_like(self, classified, regressed):
        for result, linear, names in (
            (classified, "logistic regression", CLASSES),
            (regressed, "ridge regression", ["R²", "error"]),
        ):
            tested = result.answer.test
            assert [(entry.arm, entry.networks) for entry in tested] == [
                ("guess", 0),
                (linear, 0),
                ("boosted trees", 0),
                ("plain", 1),
                ("recommended", 1),
                ("plain", 8),
                ("recommended", 8),
            ]
            assert [list(entry.figures) for entry in tested] == [names] * 7

    def test_what_is_no_network_is_compared_with_what_is_handed_over(self, classified):
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

    def test_networks_and_draws_are_counted(self, classified):
        assert classified.answer.trained.networks == 36  # those of the race, and not the ensembles
        assert classified.answer.trained.diverged == 0
        plan = classified.answer.plan
        assert (plan.partitions, plan.folds, plan.draws, plan.epochs) == (1, 3, 1, TINY.epochs)
        assert "36 networks are too few" in plan.shortfalls[0]
        assert {effect.verdict for effect in classified.answer.effects} == {"undecided"}
        assert {end for effect in classified.answer.effects for end in (effect.low, effect.high)} == {None}

    def test_it_says_what_the_networks_are(self, classified, regressed, flowers, prices):
        for result, dataset, outputs in ((classified, flowers, 3), (regressed, prices, 1)):
            network = result.answer.network
            in_pieces = network.numbers == "pieces"
            assert network.widths == (dataset.n_prepared(in_pieces), 8, outputs)
            assert in_pieces == (network.first_look.pieces < 0.98 * network.first_look.scaled)
            assert (network.activation, network.batch_size) == ("relu", 8)
        assert regressed.answer.network.loss == "squared_error"

    def test_a_guess_knows_nothing_but_the_development_rows_targets(self, classified, regressed, flowers, prices):
        for result, dataset in ((classified, flowers), (regressed, prices)):
            expected = ModelScores(0, "guess", figures(dataset, guess(dataset)))
            assert result.answer.test[0] == as_read(expected)

    def test_it_says_by_what_it_was_made(self, classified):
        assert classified.answer.environment == describe_environment()


class TestTheEvidence:
    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_it_is_plain_json_and_small(self, result):
        text = json.dumps(to_json(result.evidence), allow_nan=False, indent=1)
        assert as_read(result.evidence) == result.evidence
        assert len(text) < 150_000

    def test_its_arms_draws_and_interactions_are_of_the_trials_that_were_handed_over(
        self, classified, kept, laboratory, splits
    ):
        found = losses(kept, laboratory.shares(splits))
        assert classified.evidence.arms == arm_losses(found, 3)
        pairs = answers_of(design(), found, 3, 1).interactions
        assert classified.evidence.interactions == tuple(as_read(EffectFound.of(pair, 90)) for pair in pairs)
        draws = {(each.arm, each.draw): each for each in classified.evidence.draws}
        for arm, own in found.items():
            mean = own.score[0].mean(axis=0)
            assert draws[arm.name, 0].loss == pytest.approx(mean.min())
            assert draws[arm.name, 0].epochs == 1 + mean.argmin()
        for trial in kept:
            drawn = draws[trial.arm.name, 0].values
            assert drawn["learning_rate"] == trial.values["learning_rate"]
            assert drawn.get("dropout_rate", 0) == trial.values["dropout_rate"]
            assert drawn.get("weight_decay", 0) == trial.values["weight_decay"]

    def test_the_strength_of_the_decay_is_what_a_weight_left_alone_shrinks_by(self, classified, kept, splits):
        """λ times all steps' learning rates: of a cosine schedule half of the first one each, on average."""
        steps = TINY.epochs * 48 // 8  # epochs, training rows, a batch
        assert {len(split.fit_rows) for split in splits} == {48}
        for each in classified.evidence.draws:
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
            for place, part in enumerate((one.curves.fit, one.curves.held_out)):
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

    def test_the_last_activations_are_those_of_the_first_network_that_is_handed_over(self, classified, flowers):
        """Its numbers as they were trained, put together by hand."""
        place = classified.answer.recommended[0].levels["batch_norm"]
        x = classified.model.preparation.transform(flowers.encoded_development)
        own = classified.trained
        norm = {"before": "0.1", "after": "0.2"}.get(place)

        def normalized(h, here):
            if place != here:
                return h
            scaled = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-5)
            return own[f"{norm}.scale"] * scaled + own[f"{norm}.shift"]

        h = normalized(x @ own["0.0.weight"].T + own.get("0.0.bias", 0), "before")
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
            expected = ModelScores(networks, "recommended", figures(dataset, predict(dataset.encoded_test)))
            assert tested["recommended", networks] == expected

    def test_it_has_learned_something(self, classified, regressed):
        assert classified.answer.test[-1].figures["accuracy"] > 0.5
        assert regressed.answer.test[-1].figures["R²"] > 0.5

    def test_it_is_calibrated_as_the_answer_says(self, classified, regressed):
        assert classified.answer.temperature == classified.model.temperature
        assert regressed.answer.temperature == regressed.model.temperature == 1

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_its_networks_are_those_that_are_recommended(self, result):
        recommended = [
            (draw.arm, draw.values["learning_rate"], draw.epochs)
            for draw in result.answer.recommended
            for _ in range(draw.networks)
        ]
        assert [(one["arm"], one["learning_rate"], one["epochs"]) for one in result.model.members] == recommended

    @pytest.mark.parametrize("result", ["classified", "regressed"], indirect=True)
    def test_its_networks_as_trained_are_all_there(self, result):
        assert {name.partition(".")[0] for name in result.trained} == set("01234567")


class TestOptions:
    @pytest.fixture(scope="class")
    @staticmethod
    def single(flowers):
        return Study(flowers, replace(TINY, single=True)).run()

    def test_a_single_network_is_the_first_of_the_bag(self, classified, single, flowers):
        encoded = flowers.encoded_test
        np.testing.assert_array_equal(
            single.model.probabilities(encoded), classified.model.single.probabilities(encoded)
        )
        assert len(single.model.networks) == len(single.model.members) == 1
        assert {name.partition(".")[0] for name in single.trained} == {"0"}

    def test_of_a_single_network_the_answer_says_so(self, classified, single):
        (recommended,) = single.answer.recommended
        assert recommended == replace(classified.answer.recommended[0], networks=1)
        assert single.answer.temperature == single.model.temperature == classified.model.single_temperature
        assert single.answer.single
        assert single.answer.test == classified.answer.test  # the ensemble is shown all the same
        right = 1 - single.evidence.predictions.wrong / 18
        assert right == pytest.approx(single.answer.test[4].figures["accuracy"])  # but pictures are of the one network
        loss = {(entry.arm, entry.networks): entry.figures["log loss"] for entry in single.answer.test}
        for entry in single.answer.against_networks:
            assert entry.change == pytest.approx(loss[entry.arm, 0] - loss["recommended", 1])

    def test_of_a_single_network_the_draw_alone_is_shown_however_many_there_were_in_the_bag(self, flowers, monkeypatch):
        monkeypatch.setattr("goru.studies.study.plan_trials", lambda *most: Plan(3, 1, 3, 4))
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
        monkeypatch.setattr(defaults, "BAG_TOLERANCE", 1e9)  # any second draw is good enough
        record = Record()
        result = Study(flowers, replace(TINY, single=True)).run(record)
        (recommended,) = result.answer.recommended
        found = losses_of(record.trials)
        (own,) = [own for arm, own in found.items() if arm.name == recommended.arm]
        assert recommended.held_out_loss == pytest.approx(own.score.mean(axis=1).min())
        assert (recommended.networks, len(result.model.networks)) == (1, 1)
        assert result.model.members[0]["learning_rate"] == recommended.values["learning_rate"]

    def test_batch_norm_may_be_searched_too(self, flowers):
        record = Record()
        result = Study(flowers, replace(TINY, search_batch_norm=True)).run(record)
        answer, evidence = result.answer, result.evidence
        for trial in record.trials:
            usual = {
                name: value for name, value in Hyperparameters()._asdict().items() if name.startswith("batch_norm")
            }
            drawn = [trial.values[name] != value for name, value in usual.items()]
            assert drawn == [trial.arm["batch_norm"] is not None] * 4
        for draw in answer.recommended:
            assert ("batch_norm_scale" in draw.values) == bool(draw.levels["batch_norm"])
        own = set(BATCH_NORM_KNOBS)
        assert own < {each.name for each in evidence.hyperparameters}
        arms = {arm.name: arm for arm in ARMS}
        assert all((own < each.values.keys()) == bool(arms[each.arm]["batch_norm"]) for each in evidence.draws)

    def test_classes_may_count_alike(self, flowers):
        def rarer(y):
            """Half of the last class is the first one."""
            return np.where((y == 2) & (np.cumsum(y == 2) % 2 == 0), 0, y).astype(y.dtype)

        uneven = replace(flowers, y_development=rarer(flowers.y_development), y_test=rarer(flowers.y_test))
        answer = Study(uneven, replace(TINY, class_weight="balanced")).run().answer
        assert (answer.single, answer.class_weight) == (False, "balanced")
        assert [list(entry.figures) for entry in answer.test] == [["log loss", "balanced log loss", *CLASSES[1:]]] * 7
        loss = {(entry.arm, entry.networks): entry.figures["balanced log loss"] for entry in answer.test}
        for entry in answer.against_networks:
            assert entry.change == pytest.approx(loss[entry.arm, 0] - loss["recommended", 8])
        assert answer.test[0].figures["balanced log loss"] == pytest.approx(np.log(3))
        assert loss["recommended", 8] != pytest.approx(answer.test[-1].figures["log loss"])

    def test_numbers_have_no_classes_that_could_count_alike(self, prices):
        with pytest.raises(InputError, match="--class-weight: 'price' is a number"):
            Study(prices, replace(TINY, class_weight="balanced"))


class TestTwoPartitions:
    """Four draws of every arm in three folds, and the better three in three others; six epochs."""

    @pytest.fixture(scope="class")
    @staticmethod
    def studied(flowers):
        record = Record()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("goru.studies.study.plan_trials", lambda *most: Plan(4, 2, 3, 6))
            patch.setattr(Plan, "full", True)  # so that an ensemble of several arms is considered
            patch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
            result = Study(flowers, TINY).run(record)
        return result, record.trials

    def test_the_better_draws_of_every_arm_are_trained_in_both(self, studied):
        result, kept = studied
        trained = {arm: [trial.draw for trial in kept if trial.arm == arm] for arm in ARMS}
        for draws in trained.values():
            assert sorted(draws.count(draw) for draw in range(4)) == [3, 6, 6, 6]
        assert result.answer.trained.networks == len(kept) == 12 * 3 * (4 + 3)
        plan = result.answer.plan
        assert (plan.partitions, plan.folds, plan.draws, plan.epochs) == (2, 3, 4, 6)
        assert plan.shortfalls == ()

    def test_effects_are_judged_in_both(self, studied, laboratory, flowers):
        result, kept = studied
        splits = [split for partition in partitions(flowers, 3, seed=0) for split in partition]
        effects = answers_of(design(), losses(kept, laboratory.shares(splits)), folds=3, draws=4).contrasts
        assert result.answer.effects == tuple(as_read(EffectFound.of(effect, 90)) for effect in effects)

    def test_draws_are_shown_by_the_first_which_all_were_trained_in(self, studied):
        result, kept = studied
        assert len(result.evidence.draws) == 12 * 4
        for each in result.evidence.draws:
            own = [trial for trial in kept if (trial.arm.name, trial.draw) == (each.arm, each.draw)]
            mean = np.mean([trial.curves[:, 1, 0] for trial in own if trial.split < 3], axis=0, dtype=np.float64)
            assert (each.loss, each.epochs) == (pytest.approx(mean.min()), 1 + mean.argmin())

    def test_arms_and_curves_are_shown_by_both(self, studied):
        evidence, kept = studied[0].evidence, studied[1]
        assert {len(each.losses) for each in evidence.arms} == {6}
        own = evidence.curves.recommended
        trials = [trial for trial in kept if (trial.arm.name, trial.draw) == (own.arm, own.draw)]
        losses = np.array([trial.curves[:, 1, 0] for trial in trials])
        assert len(losses) == 6
        np.testing.assert_allclose(own.curves.held_out.loss.mean, losses.mean(axis=0), rtol=1e-4)

    def test_a_draw_is_recommended_that_was_trained_in_both(self, studied):
        result, kept = studied
        means = {arm.name: own.score.mean(axis=1) for arm, own in losses_of(kept).items()}  # NaN where it was not
        recommended = result.answer.recommended[0]
        assert recommended.held_out_loss == pytest.approx(np.nanmin(means[recommended.arm]))

    def test_the_bag_is_of_the_best_draws_of_one_arm_or_else_a_greedy_selection(self, studied):
        result, _ = studied
        recommended = result.answer.recommended
        assert sum(draw.networks for draw in recommended) == defaults.BAG
        if result.answer.selection == "uniform":
            assert len({draw.arm for draw in recommended}) == 1
        else:
            assert result.answer.selection == "greedy"


class TestTheSameStudyAgain:
    """`run` is the study of `classified` once more, by way of files."""

    def test_gives_the_same_answer_but_for_its_time(self, classified, run):
        assert replace(run.answer, seconds=0.0) == replace(classified.answer, seconds=0.0)

    def test_gives_the_same_evidence(self, classified, run):
        assert run.evidence == classified.evidence

    def test_gives_the_same_trials_bit_for_bit(self, kept, run):
        again = read_trials(run.folder / "study.sqlite")
        assert [trial.curves.tobytes() for trial in again] == [trial.curves.tobytes() for trial in kept]
        assert [(trial.arm, trial.values, trial.id, trial.seed) for trial in again] == [
            (trial.arm, trial.values, trial.id, trial.seed) for trial in kept
        ]

    def test_gives_the_same_networks_bit_for_bit(self, classified, run):
        ours, theirs = run.model.networks.arrays, classified.model.networks.arrays
        assert ours.keys() == theirs.keys()
        for name, array in ours.items():
            np.testing.assert_array_equal(array, theirs[name])

    def test_predicts_the_same(self, flowers, classified, run):
        np.testing.assert_array_equal(
            run.model.probabilities(flowers.encoded_test), classified.model.probabilities(flowers.encoded_test)
        )


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


class TestTheRun:
    def test_the_configuration_says_what_was_asked_and_found(self, run, flowers_csv):
        assert run.config["table"]["source"] == str(flowers_csv)
        assert (run.config["table"]["target"], run.config["table"]["task"]) == ("kind", "classification")
        assert run.config["options"]["networks"] == 36
        assert run.config["options"]["hidden"] == [8]

    def test_it_says_which_bytes_were_read(self, run, flowers_csv):
        assert run.config["sha256"] == {"source": hashlib.sha256(flowers_csv.read_bytes()).hexdigest()}

    def test_its_frames_have_a_row_for_every_question_and_every_trial(self, run):
        opened = goru.load(run.folder)
        assert len(opened.effects) == 7
        assert len(opened.trials) == len(run.recorded) == 36
        assert set(opened.trials["ended"]) == {"finished"}

    def test_files_are_all_there(self, run):
        files = {"config.json", "study.sqlite", "evidence.json", "answer.json", "model", "manifest.json"}
        assert {path.name for path in run.folder.iterdir()} == files


class TestAReport:
    """Whoever writes it is given the run; what is studied here does not matter."""

    @pytest.fixture
    @staticmethod
    def quick(classified, kept, monkeypatch):
        def run(study, record):
            record.add(kept[len(record.trials) :])
            return classified

        monkeypatch.setattr(Study, "run", run)

    def test_it_is_written_when_all_else_is_there_and_becomes_part_of_the_run(self, quick, flowers_csv, tmp_path):
        seen = {}

        def report(run):
            seen.update({path.name: path.is_dir() or path.read_bytes() for path in run.folder.iterdir()})
            assert to_json(run.answer) == json.loads(seen["answer.json"])
            (run.folder / "report.html").write_text("<html>")

        run = fit(TableOptions(str(flowers_csv), "kind"), TINY, tmp_path / "run", report=report)
        assert set(seen) == {"config.json", "study.sqlite", "evidence.json", "answer.json", "model"}
        for name in ("evidence", "answer"):
            assert json.loads(seen[f"{name}.json"]) == to_json(getattr(run, name))
        assert {path.name for path in run.folder.iterdir()} == {*seen, "report.html", "manifest.json"}
        assert (run.folder / "report.html").read_text() == "<html>"

    def test_one_of_a_run_before_is_not_left_where_none_is_written(self, quick, flowers_csv, tmp_path):
        table = TableOptions(str(flowers_csv), "kind")
        fit(table, TINY, tmp_path / "run", report=lambda run: (run.folder / "report.html").write_text("old"))
        fit(table, TINY, tmp_path / "run", overwrite=True)
        assert not (tmp_path / "run" / "report.html").exists()

    @pytest.mark.parametrize("error", [OSError("disk full"), InputError("disk full.")])
    def test_what_goes_wrong_with_it_is_the_disk_s_fault_and_leaves_what_was_trained(
        self, quick, flowers_csv, tmp_path, error
    ):
        """A page that cannot be written says so as an InputError, and yet nothing is wrong with the table."""

        def report(run):
            raise error

        table, folder = TableOptions(str(flowers_csv), "kind"), tmp_path / "runs" / "run"
        with pytest.raises(OSError, match=r"disk full$"):
            fit(table, TINY, folder, report=report)
        assert is_unfinished(folder)
        assert len(fit(table, TINY, folder, resume=True).recorded) == 36

    def test_test_rows_in_a_file_of_their_own_are_named_by_their_bytes_too(self, quick, flowers_csv, tmp_path):
        (tmp_path / "test.csv").write_bytes(flowers_csv.read_bytes())
        table = TableOptions(str(flowers_csv), "kind", test=str(tmp_path / "test.csv"))
        found = fit(table, TINY, tmp_path / "run").config["sha256"]
        assert found["test"] == found["source"] == hashlib.sha256(flowers_csv.read_bytes()).hexdigest()


class TestLimits:
    def test_a_budget_that_is_spent_already_gets_the_smallest_study_and_says_so(self, flowers):
        notebook = Notebook()
        answer = Study(flowers, Options(budget=1e-3, hidden=(8,), batch_size=8), watcher=notebook).run().answer
        # Six steps an epoch, and forty at least; of three folds the first two.
        assert (answer.plan.draws, answer.plan.folds, answer.plan.epochs) == (1, 2, 7)
        assert "budget too small for a full study" in answer.plan.shortfalls[0]
        assert answer.trained.networks == 12 * 2
        assert {phase.split()[0] for phase in notebook.phases} >= {"looking", "the", "training"}
        assert any("the 0.001 s budget is too small here: about " in phase for phase in notebook.phases)
        assert "exceeded the 0.001 s budget (minimum here:" in answer.plan.shortfalls[-1]
        assert answer.network.first_look is None  # there was no time for it
        assert answer.against_networks == ()  # nor for them
        assert [(entry.arm, entry.networks) for entry in answer.test] == [
            ("guess", 0),
            ("plain", 1),
            ("recommended", 1),
        ]
        assert answer.temperature == 1.0
        assert {effect.verdict for effect in answer.effects} == {"undecided"}

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
        monkeypatch.setitem(KNOBS, "learning_rate", log_uniform(1e-2, 1e38))
        monkeypatch.setattr("goru.studies.study.plan_trials", lambda *most: Plan(4, 1, 3, 4))
        monkeypatch.setattr(defaults, "networks_in_a_block", lambda parameters: 2)  # as in the other studies here
        result = Study(flowers, TINY).run()
        assert 0 < result.answer.trained.diverged < result.answer.trained.networks
        assert (
            from_json(Evidence, json.loads(json.dumps(to_json(result.evidence), allow_nan=False)), "")
            == result.evidence
        )
        found = [each.loss for each in result.evidence.draws]
        assert len(found) == 12 * 4
        assert 0 < found.count(None) < len(found)

    @pytest.mark.filterwarnings("ignore::RuntimeWarning")
    def test_a_table_from_which_nothing_is_learned_is_refused_and_leaves_nothing(
        self, flowers_csv, tmp_path, monkeypatch
    ):
        monkeypatch.setitem(KNOBS, "learning_rate", log_uniform(1e37, 1e38))
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

    def test_a_folder_in_which_a_run_is_finished_is_refused_but_what_is_mistyped_is_told_first(self, run, flowers_csv):
        with pytest.raises(InputError, match="finished run"):
            fit(TableOptions(str(flowers_csv), "kind"), TINY, run.folder)
        with pytest.raises(InputError, match=r"missing\.csv: no such file"):
            fit(TableOptions("missing.csv"), TINY, run.folder)
