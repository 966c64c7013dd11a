"""Everything that pictures are drawn from, of a race and networks made by hand."""

import json
from dataclasses import replace

import jax
import numpy as np
import pytest
from studies import losses_of, make_trial

from goru.data.splitting import folds
from goru.experiment.arms import Arm
from goru.experiment.candidates import Candidate
from goru.experiment.findings.answer import OverfittingFound
from goru.experiment.findings.arm_losses import arm_losses
from goru.experiment.findings.configurations import configurations_and_ranges
from goru.experiment.findings.gathering import Raced
from goru.experiment.findings.learning_curves import learning_curves
from goru.experiment.forms import as_read, to_json
from goru.nn import network
from goru.nn.architecture import Hyperparameters
from goru.nn.layers.layer import Learned
from goru.studies.asked.design import ARMS, PLAIN, architecture, arm_of, design, knob_values
from goru.studies.evidence.activations import MOST_ROWS, describe_activations, hidden_activations
from goru.studies.evidence.gathered import Predictions, gather_all
from goru.studies.evidence.predictions import describe_classes, describe_values

NORMED, STEPS, DESIGN = arm_of("before", True), 300, design()
HYPER = Hyperparameters(learning_rate=0.01, dropout_rate=0.2, weight_decay=0.1, batch_norm_epsilon=1e-2)._asdict()


def make_raced(configurations: int = 3, splits: int = 3, epochs: int = 4, change=lambda trial: trial) -> Raced:
    """All arms; the losses are random, and those of NORMED the lowest."""
    trials = []
    for arm in ARMS:
        for configuration in range(configurations):
            for split in range(splits):
                curves = np.random.default_rng((ARMS.index(arm), configuration, split)).uniform(1, 2, (epochs, 2, 2))
                curves = curves - 0.9 * (arm == NORMED)
                trials.append(change(make_trial(arm, configuration, split, curves, **HYPER)))
    found = losses_of(trials)
    return Raced(trials, DESIGN, dict.fromkeys(ARMS, [HYPER] * configurations), found, 3, 0.5, numbers)


def numbers(arm, values):
    return knob_values(DESIGN, arm, values, STEPS)


def best_of(raced: Raced, configuration: int = 1) -> dict[str, Candidate]:
    return {
        "plain": Candidate(PLAIN, 0, HYPER, 2, 1.2),
        "recommended": Candidate(NORMED, configuration, HYPER, 3, 0.3),
    }


def make_network(laboratory, arm: Arm, seed: int = 0) -> Learned:
    """New, with a first axis."""
    layers = architecture(arm, laboratory.base).layers
    fresh = network.init(layers, np.random.default_rng(seed), Hyperparameters(**HYPER))
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float32)[None], fresh)


def make_stages(laboratory, epochs=(0, 1, 3)) -> dict[str, dict[int, Learned]]:
    return {
        name: {epoch: make_network(laboratory, arm, epoch) for epoch in epochs}
        for name, arm in (("plain", PLAIN), ("recommended", NORMED))
    }


def make_predictions(dataset, of: str = "test", **changes) -> Predictions:
    """Every row is right with a probability of 0.8, or one half too high."""
    y = dataset.y_test
    predicted = y + 0.5
    if dataset.classes is not None:
        predicted = np.full((len(y), len(dataset.classes)), 0.1)
        predicted[np.arange(len(y)), y] = 0.8
    return Predictions(of, y, {"recommended": predicted, "plain": predicted[::-1]} | changes)


@pytest.fixture
def table(build, flowers, splits):
    """A laboratory that compiles nothing."""
    return build(flowers, splits)


def gathered(laboratory, raced=None, best=None, stages=None, predicted=None):
    raced = raced or make_raced()
    found = gather_all(
        laboratory,
        raced,
        best or best_of(raced),
        make_stages(laboratory) if stages is None else stages,
        predicted or make_predictions(laboratory.dataset),
    )
    content = to_json(found)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert as_read(found) == as_read(as_read(found))
    return content


class TestAllOfIt:
    def test_is_there(self, table):
        assert list(gathered(table)) == [
            "curves",
            "arms",
            "configurations",
            "hyperparameters",
            "activations",
            "predictions",
            "inspection",
            "leaderboard",
            "by_rows",
            "overview",
        ]

    def test_arms_and_configurations_are_those_of_the_race(self, table):
        raced = make_raced()
        found = gathered(table, raced)
        assert found["arms"] == to_json(arm_losses(raced.losses, 3))
        configurations, ranges = configurations_and_ranges(
            raced.losses, DESIGN, raced.configurations, 3, best_of(raced)["recommended"], numbers
        )
        assert (found["configurations"], found["hyperparameters"]) == (to_json(configurations), to_json(ranges))
        assert found["configurations"][0]["values"].keys() == {"learning_rate"}
        assert found["configurations"][-1]["values"].keys() == {
            *("learning_rate", "dropout_rate", "decay_strength", "weight_decay"),
        }


class TestCurves:
    def test_are_those_of_the_two_candidates_and_say_how_each_overfits(self, table):
        raced = make_raced(configurations=1)
        best = best_of(raced, configuration=0)
        curves = gathered(table, raced, best)["curves"]
        assert curves["epochs"] == [1, 2, 3, 4]
        for name, candidate in best.items():
            assert curves[name] == {
                "arm": candidate.arm.name,
                "configuration": 0,
                "stops": candidate.epochs,
                "overfitting": to_json(OverfittingFound.of(raced.losses[candidate.arm], 3, 0.5)),
                "curves": to_json(learning_curves(raced.trials, candidate.arm, 0)),
            }

    @pytest.mark.parametrize("configuration", [0, 1, 2])
    def test_speak_of_the_configuration_that_is_shown_even_if_another_one_of_its_arm_is_better(
        self, table, configuration
    ):
        raced = make_raced()
        own = gathered(table, raced, best_of(raced, configuration))["curves"]["recommended"]
        assert own["configuration"] == configuration
        for part in ("training", "validation"):
            assert own["overfitting"][part] == pytest.approx(own["curves"][part]["loss"]["mean"][-1], rel=1e-4)


class TestActivations:
    def test_are_those_of_development_rows_prepared_by_all_of_them(self, table, flowers):
        stages, best = make_stages(table), best_of(make_raced())
        found = gathered(table, stages=stages)["activations"]
        preparation, _ = table.fit_preparation(np.arange(len(flowers.y_development)))
        x = preparation.transform(flowers.encoded_development)
        expected = {
            name: {
                epoch: hidden_activations(architecture(best[name].arm, table.base), 1e-2, learned, x)
                for epoch, learned in own.items()
            }
            for name, own in stages.items()
        }
        assert found == to_json(describe_activations(expected, 72))
        assert [stage["epoch"] for stage in found["networks"]["plain"]] == [0, 1, 3]

    def test_batch_norm_s_epsilon_is_that_of_the_configuration(self, table):
        raced = make_raced()
        best = best_of(raced)
        wide = replace(best["recommended"], values=HYPER | {"batch_norm_epsilon": 100.0})
        narrow, other = (gathered(table, raced, each)["activations"] for each in (best, best | {"recommended": wide}))
        one, damped = (found["networks"]["recommended"][0]["layers"][0]["std"] for found in (narrow, other))
        assert damped < 0.5 * one

    def test_of_many_rows_some_are_enough(self, build, flowers):
        rows = np.arange(3 * MOST_ROWS) % 72
        many = replace(
            flowers,
            encoded_development=flowers.encoded_development.take(rows),
            y_development=flowers.y_development[rows],
            development_rows=np.arange(len(rows)),
        )
        cut = folds(many.y_development, many.task, 3, seed=0)
        found = gathered(build(many, cut))
        assert found["activations"]["rows"] == MOST_ROWS

    @pytest.mark.parametrize("missing", ["plain", "recommended"])
    @pytest.mark.parametrize("empty", [False, True])
    def test_where_all_networks_of_one_diverged_there_are_none(self, table, missing, empty):
        stages = make_stages(table)
        del stages[missing]
        assert gathered(table, stages=stages | ({missing: {}} if empty else {}))["activations"] is None

    @pytest.mark.filterwarnings("error")
    def test_a_network_that_was_broken_on_its_way_is_gathered_as_well(self, table):
        stages = make_stages(table)
        *hidden, output = stages["plain"][3]
        # Without outputs its hidden layers are as good as before.
        stages["plain"][3] = (*hidden, jax.tree.map(lambda leaf: np.full_like(leaf, np.nan), output))
        stages["recommended"][1] = jax.tree.map(lambda leaf: np.full_like(leaf, np.inf), stages["recommended"][1])
        networks = gathered(table, stages=stages)["activations"]["networks"]
        described = {name: [stage["layers"][0]["shares"] is None for stage in own] for name, own in networks.items()}
        assert described == {"plain": [False] * 3, "recommended": [False, True, False]}


class TestPredictions:
    def test_of_classes(self, table, flowers):
        given = make_predictions(flowers)
        assert gathered(table, predicted=given)["predictions"] == to_json(
            describe_classes("test", flowers.y_test, given.predicted, ("iris", "lily", "rose"))
        )

    def test_of_numbers(self, build, prices, splits):
        given = make_predictions(prices, of="validation")
        found = gathered(build(prices, splits), predicted=given)["predictions"]
        assert found == to_json(describe_values("validation", prices.y_test, given.predicted, 0))

    def test_classes_that_are_no_text_are_called_by_their_name_all_the_same(self, build, flowers, splits):
        for classes, names in (((False, True, None), ["False", "True", "None"]), ((1, 2, 3), ["1", "2", "3"])):
            dataset = replace(flowers, target=replace(flowers.target, classes=classes))
            assert gathered(build(dataset, splits))["predictions"]["classes"] == names

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_model_that_predicts_what_is_no_number_is_left_out(self, build, prices, splits, value):
        broken = np.where(np.arange(18) == 4, value, prices.y_test)
        laboratory = build(prices, splits)
        found = gathered(laboratory, predicted=make_predictions(prices, plain=broken))["predictions"]
        assert list(found["calibration"]) == ["recommended"]
        found = gathered(laboratory, predicted=make_predictions(prices, recommended=broken))["predictions"]
        assert found is None  # others in its place would mislead

    def test_where_nothing_was_predicted_there_is_nothing(self, table):
        nothing = Predictions("validation", np.zeros(0, int), {"recommended": np.zeros((0, 3))})
        assert gathered(table, predicted=nothing)["predictions"] is None

    @pytest.mark.filterwarnings("error")
    def test_of_one_row_there_is_something(self, build, flowers, prices, splits):
        for dataset in (flowers, prices):
            one = replace(dataset, y_test=dataset.y_test[:1])
            found = gathered(build(one, splits))["predictions"]
            (bin_,) = found["calibration"]["recommended"]["bins"]
            assert (found["rows"], bin_["rows"]) == (1, 1)
            assert (bin_["low"] is None) == (dataset.classes is None)


class TestDiverged:
    """What is not finite is null, whatever diverged."""

    @pytest.mark.parametrize("arm", [PLAIN, NORMED, arm_of(dropout=True)], ids=lambda arm: arm.name)
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    @pytest.mark.parametrize("where", [[1], [0, 1, 2]], ids=["in one split", "everywhere"])
    @pytest.mark.parametrize("first", [0, 2])
    def test_networks_of_an_arm(self, table, arm, value, where, first):
        def change(trial):
            if trial.arm != arm or trial.split not in where:
                return trial
            curves, parts = trial.curves.copy(), trial.parts.copy()
            curves[first:], parts[first:] = value, value
            return replace(trial, curves=curves, parts=parts, ended="diverged")

        found = gathered(table, make_raced(change=change))
        losses = {each["arm"]: each["losses"] for each in found["arms"]}
        if first == 0 or len(where) == 3:  # else it depends on the epoch that is best elsewhere
            assert (None in losses[arm.name]) == (first == 0)
        assert all(None not in own for name, own in losses.items() if name != arm.name)
        if arm != arm_of(dropout=True):
            mean = found["curves"]["plain" if arm == PLAIN else "recommended"]["curves"]["validation"]["loss"]["mean"]
            assert [each is None for each in mean] == [epoch >= first for epoch in range(4)]


class TestSize:
    def test_it_stays_small_however_many_configurations_epochs_splits_and_rows_there_are(self, build, flowers, splits):
        """A hundred thousand epochs, forty configurations, seven layers, two hundred classes, twenty thousand rows."""
        epochs, rng = 100_000, np.random.default_rng(0)
        few = make_raced(configurations=40, splits=6, epochs=2)
        long = [
            make_trial(arm, configuration, split, rng.uniform(0.1, 1, (epochs, 2, 2)), parts=np.ones((epochs, 1)))
            for arm, configuration in ((PLAIN, 0), (NORMED, 1))
            for split in range(2)
        ]
        laboratory = build(flowers, splits)
        laboratory.base = replace(laboratory.base, hidden=(9,) * 7)
        y = rng.integers(200, size=20_000)
        target = replace(flowers.target, classes=tuple(f"class {code}" for code in range(200)))
        laboratory.dataset = replace(flowers, target=target)
        predicted = rng.dirichlet(np.ones(200), len(y))
        models = dict.fromkeys(("recommended", "plain", "logistic regression", "boosted trees"), predicted)
        stages = make_stages(laboratory, (0, epochs // 2, epochs))
        found = gathered(laboratory, few, best_of(few), stages, Predictions("test", y, models))
        shown = {"epochs": list(range(1, 401))} | {
            name: found["curves"][name] | {"curves": to_json(learning_curves(long, arm, configuration))}
            for name, arm, configuration in (("plain", PLAIN, 0), ("recommended", NORMED, 1))
        }
        text = json.dumps(found | {"curves": shown}, allow_nan=False, indent=1)
        assert len(text) < 500_000
