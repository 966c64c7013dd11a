"""A first look: numbers are squared, or cut into pieces, where that is better, and only there."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numbers_with_effects import FEW, ROWS, make
from studies import Clock, Notebook

from goru.data.memory import dataset_from
from goru.data.pieces import FEWEST_PIECES
from goru.data.splitting import Split, folds
from goru.errors import InputError
from goru.experiment.findings.answer import Network
from goru.nn.architecture import Architecture, Recipe
from goru.nn.judge import Judge
from goru.population.immediate.interpreted import Interpreter
from goru.report.terminal import answer_lines
from goru.studies import defaults
from goru.studies.asked.design import architecture
from goru.studies.asked.options import Options
from goru.studies.laboratory import NetworkLaboratory
from goru.studies.probe import ARM, Look, look
from goru.studies.study import Study

LONGER = replace(FEW, epochs=30)


def looked(dataset, seed=0, epochs=40, seconds=None, **changes) -> Look:
    base = Architecture(dataset.n_features, (8,), dataset.n_outputs)
    recipe = Recipe(loss="squared_error" if dataset.classes is None else "softmax_cross_entropy")
    given = {"splits": folds(dataset.y_development, dataset.task, 5, seed=0), "balanced": False} | changes
    return look(dataset, base, recipe, batch=16, seed=seed, epochs=epochs, seconds=seconds, **given)


def added(name: str, loss: float, scaled: float = 1.0, error: float = 0.0) -> Look:
    """A look at one of the two ways; the other has diverged."""
    if name == "pieces":
        return Look(scaled, loss, error)
    return Look(scaled, np.inf, squares=loss, squares_error=error)


class TestLook:
    @pytest.mark.parametrize("target", ["sawtooth", "steps"])
    def test_where_one_number_bends_its_effect_pieces_are_better(self, target):
        found = looked(make(target))
        assert found.pieces < 0.9 * found.scaled
        assert found.encoding == "pieces"

    def test_where_distances_from_the_middle_tell_classes_apart_squares_are(self):
        found = looked(make("parabola", rows=300, classes=True))
        assert found.squares < 0.9 * found.scaled
        assert found.encoding == "squares"

    def test_so_they_are_where_one_number_tells_classes_apart(self):
        assert looked(make("steps", classes=True)).encoding == "pieces"

    def test_validation_rows_are_judged_as_in_the_race(self):
        dataset = make("steps", classes=True)
        alone, sure, soft = (
            looked(dataset, judge=judge)
            for judge in (None, Judge("log-loss", (1.0,), 0.0), Judge("log-loss", (0.25, 1.0, 4.0), 0.0))
        )
        assert (sure.scaled, sure.pieces) == pytest.approx((alone.scaled, alone.pieces), rel=1e-4)
        assert soft.scaled < sure.scaled or soft.pieces < sure.pieces

    def test_where_effects_are_lines_they_are_not(self):
        found = looked(make("line", rows=600))
        assert found.scaled < 0.5
        assert found.encoding == "scaled"

    def test_it_is_the_same_on_every_run_and_another_with_another_seed(self):
        dataset = make("sawtooth")
        assert looked(dataset, epochs=5) == looked(dataset, epochs=5) != looked(dataset, seed=1, epochs=5)

    def test_it_trains_one_arm_in_all_splits_each_way(self, monkeypatch):
        trained, train = [], Interpreter.train

        def spying(interpreter, blocks, *args, **kwargs):
            trained.append((interpreter.architecture, blocks))
            return train(interpreter, blocks, *args, **kwargs)

        monkeypatch.setattr(Interpreter, "train", spying)
        dataset = make("sawtooth")
        splits = folds(dataset.y_development, dataset.task, 5, seed=0)
        looked(dataset, epochs=3, splits=splits)
        assert [shape.inputs for shape, _ in trained] == [1, 2, 1 + FEWEST_PIECES]
        for shape, blocks in trained:
            assert shape == replace(architecture(ARM, Architecture(1, (8,), 1)), inputs=shape.inputs)
            for block, split in zip(blocks, splits, strict=True):
                np.testing.assert_array_equal(block.rows.training, split.training_rows)
                np.testing.assert_array_equal(block.rows.validation, split.validation_rows)
                assert [member.hyper.learning_rate for member in block.members] == [defaults.PROBE_RATE]
                assert block.epochs == 3
        # Nothing but the columns differs: the same seeds, the same order of the rows.
        for scaled, *others in zip(*(blocks for _, blocks in trained), strict=True):
            for block in others:
                assert (scaled.members, scaled.order) == (block.members, block.order)
                np.testing.assert_array_equal(scaled.rows.x, block.rows.x[:, :1])

    @pytest.mark.parametrize(("hidden", "compiled"), [((8,), False), ((1_000, 1_000), True)])
    def test_it_compiles_where_networks_are_so_large_that_compiling_is_sooner(self, monkeypatch, hidden, compiled):
        made = []

        class SeenError(Exception):
            pass

        def laboratory(*given, interpreted, **others):
            made.append(interpreted)
            raise SeenError

        monkeypatch.setattr("goru.studies.probe.NetworkLaboratory", laboratory)
        dataset = make("line")
        base = Architecture(dataset.n_features, hidden, dataset.n_outputs)
        splits = folds(dataset.y_development, dataset.task, 5, seed=0)
        with pytest.raises(SeenError):
            look(dataset, base, Recipe(loss="squared_error"), splits, 16, 0, False, 40)
        assert made == [not compiled]

    def test_compiled_it_finds_what_it_finds_interpreted(self, monkeypatch):
        interpreted = looked(make("steps"), epochs=5)
        monkeypatch.setattr("goru.studies.probe.quick", lambda *args, **kwargs: False)
        compiled = looked(make("steps"), epochs=5)
        assert compiled != interpreted  # they round differently
        assert compiled.scaled == pytest.approx(interpreted.scaled, rel=1e-3)
        assert compiled.pieces == pytest.approx(interpreted.pieces, rel=1e-3)

    def test_of_rows_that_no_split_names_none_has_a_say(self):
        rng = np.random.default_rng(0)
        x, own = rng.uniform(-1, 1, ROWS), np.arange(80)
        splits = [Split(np.setdiff1d(own, part), part) for part in np.split(own, 2)]
        y = (2 * x) % 1
        before = looked(dataset_from(pd.DataFrame({"x": x}), y), epochs=3, splits=splits)
        x[80:], y[80:] = 0.5, 7
        assert looked(dataset_from(pd.DataFrame({"x": x}), y), epochs=3, splits=splits) == before

    def test_with_less_time_there_are_fewer_splits_down_to_two_and_then_fewer_epochs(self, monkeypatch):
        trained, train, clock = [], Interpreter.train, Clock()

        def spying(interpreter, blocks, *args, **kwargs):
            trained.append((len(blocks), blocks[0].epochs))
            clock.now += 0.5 * len(blocks) * blocks[0].epochs
            return train(interpreter, blocks, *args, **kwargs)

        monkeypatch.setattr(Interpreter, "train", spying)
        monkeypatch.setattr("goru.studies.probe.time", clock)
        dataset = make("sawtooth")
        # An epoch all three ways takes 1.5 s in a split: a look of 6 s may take 12 s for four epochs in two.
        for seconds, splits, epochs in (
            *((6.0, 2, defaults.PROBE_FEWEST_EPOCHS), (27.0, 2, 9)),
            *((36.0, 2, 12), (54.0, 3, 12), (88.0, 4, 12), (90.0, 5, 12), (1e6, 5, 12)),
        ):
            trained.clear()
            looked(dataset, epochs=12, seconds=seconds)
            assert trained == [(1, 1)] * 6 + [(splits, epochs)] * 3

    def test_splits_that_take_no_longer_are_not_dropped(self, monkeypatch):
        trained, clock = [], Clock()

        def spying(laboratory, jobs):
            blocks = [block for _, block in jobs]
            trained.append((len(blocks), blocks[0].epochs))
            clock.now += 0.5 * -(-len(blocks) // 2) * blocks[0].epochs
            return enumerate(SimpleNamespace(validation_losses=np.ones((1, block.epochs, 1))) for block in blocks)

        monkeypatch.setattr(NetworkLaboratory, "blocks_at_once", 2)
        monkeypatch.setattr(NetworkLaboratory, "train", spying)
        monkeypatch.setattr("goru.studies.probe.time", clock)
        # Two splits at a time: an epoch all three ways takes 1.5 s in two of them, 3 s in three or four.
        for seconds, splits, epochs in ((13.5, 2, 9), (35.0, 2, 12), (36.0, 4, 12), (53.0, 4, 12), (54.0, 5, 12)):
            trained.clear()
            looked(make("sawtooth"), epochs=12, seconds=seconds)
            assert trained == [(2, 1)] * 6 + [(splits, epochs)] * 3

    def test_where_the_fewest_epochs_take_too_long_it_finds_nothing(self, monkeypatch):
        train, clock = Interpreter.train, Clock()

        def spying(interpreter, blocks, *args, **kwargs):
            clock.now += 0.5 * len(blocks) * blocks[0].epochs
            return train(interpreter, blocks, *args, **kwargs)

        monkeypatch.setattr(Interpreter, "train", spying)
        monkeypatch.setattr("goru.studies.probe.time", clock)
        assert looked(make("sawtooth"), epochs=12, seconds=5.9) is None

    def test_where_it_would_take_too_long_nothing_is_trained(self, monkeypatch):
        monkeypatch.setattr(Interpreter, "train", lambda *args, **kwargs: pytest.fail("trained"))
        assert looked(make("line"), seconds=0.0) is None
        assert looked(make("line"), seconds=1.0, slowness=1e6) is None

    def test_of_many_rows_it_takes_as_many_as_there_is_time_for(self, monkeypatch):
        found = []

        class SeenError(Exception):
            pass

        def laboratory(dataset, base, recipe, shape, *given, **others):
            found.append(shape)
            raise SeenError

        monkeypatch.setattr("goru.studies.probe.NetworkLaboratory", laboratory)
        dataset = make("line", rows=9_000)
        for seconds in (1e3, 1.2, 0.6):
            with pytest.raises(SeenError):
                looked(dataset, seconds=seconds)
        scored = [shape.eval_chunks * shape.eval_rows for shape in found]
        assert scored == sorted(scored, reverse=True)
        assert scored[0] > 3 * scored[-1]

    def test_classes_may_count_alike_and_rows_have_weights(self):
        dataset = make("steps", classes=True)
        weighted = replace(dataset, weights=np.arange(1.0, ROWS + 1))
        balanced = looked(weighted, epochs=3, balanced=True)
        assert np.isfinite([balanced.scaled, balanced.pieces]).all()
        assert len({balanced, looked(weighted, epochs=3), looked(dataset, epochs=3)}) == 3


class TestMargin:
    @pytest.mark.parametrize("name", ["squares", "pieces"])
    def test_what_is_added_has_to_be_better_by_more_than_it(self, name):
        just = 1 - defaults.MARGIN
        assert added(name, just - 1e-6).encoding == name
        for loss in (just, 1.0, 2.0):
            assert added(name, loss).encoding == "scaled"

    @pytest.mark.parametrize("name", ["squares", "pieces"])
    def test_and_by_half_a_standard_error(self, name):
        assert added(name, 0.9, error=0.19).encoding == name
        assert added(name, 0.9, error=0.21).encoding == "scaled"

    @pytest.mark.parametrize("name", ["squares", "pieces"])
    def test_what_diverges_is_no_better(self, name):
        assert added(name, np.inf).encoding == "scaled"
        assert added(name, np.inf, scaled=np.inf).encoding == "scaled"
        assert added(name, 1.0, scaled=np.inf).encoding == name

    def test_nothing_is_better_than_no_loss_at_all(self):
        assert Look(0.0, 0.0, squares=0.0).encoding == "scaled"

    def test_of_two_that_are_the_better_one_is_added(self):
        assert Look(1.0, 0.8, squares=0.9).encoding == "pieces"
        assert Look(1.0, 0.9, squares=0.8).encoding == "squares"
        assert Look(1.0, 0.8, pieces_error=0.5, squares=0.9).encoding == "squares"


def network_of(dataset, options) -> tuple[Network, list[str]]:
    """What the answer says that all networks have in common, and what phases there were."""
    notebook = Notebook()
    return Study(dataset, options, notebook).run().answer.network, notebook.phases


class TestStudy:
    def test_it_looks_first_cuts_where_that_is_better_and_says_so(self):
        notebook = Notebook()
        answer = Study(make("steps"), LONGER, notebook).run().answer
        network = answer.network
        assert network.numbers == "pieces"
        assert network.widths == (1 + FEWEST_PIECES, 8, 1)
        assert network.first_look.pieces < network.first_look.scaled
        assert notebook.phases[0] == "pilot run: choosing the numeric encoding"
        assert "piecewise-linear encoding added" in " ".join("\n".join(answer_lines(answer)).split())

    def test_it_squares_where_that_is_better_and_says_so(self):
        answer = Study(make("parabola", rows=300, classes=True), replace(LONGER, batch_size=16)).run().answer
        network = answer.network
        assert (network.numbers, network.widths) == ("squares", (10, 8, 2))
        assert network.first_look.squares < network.first_look.pieces
        assert "squares of numbers added" in " ".join("\n".join(answer_lines(answer)).split())

    def test_where_it_is_not_numbers_are_only_scaled(self):
        network, _ = network_of(make("line", rows=600), replace(FEW, epochs=40, batch_size=16))
        assert network.numbers == "scaled"
        assert network.widths == (5, 8, 1)
        assert network.first_look.scaled < network.first_look.pieces / 0.98

    @pytest.mark.parametrize("numbers", ["scaled", "squares", "pieces"])
    def test_what_is_asked_for_is_done_without_a_look(self, numbers):
        for target in ("line", "steps"):
            network, phases = network_of(make(target), replace(FEW, numbers=numbers))
            assert network.numbers == numbers
            assert network.first_look is None
            assert not any("pilot" in phase for phase in phases)

    def test_where_no_column_can_be_cut_there_is_nothing_to_look_for(self):
        for numbers in ("auto", "scaled"):
            network, phases = network_of(make("few values"), replace(FEW, numbers=numbers))
            assert (network.numbers, network.first_look, network.widths) == ("scaled", None, (1, 8, 1))
            assert not any("pilot" in phase for phase in phases)

    def test_asked_for_all_the_same_pieces_add_nothing(self):
        pieces, scaled = (
            Study(make("few values"), replace(FEW, numbers=numbers)).run() for numbers in ("pieces", "scaled")
        )
        assert pieces.answer.network.widths == (1, 8, 1)
        assert pieces.answer.network.numbers == "scaled"
        assert pieces.answer.effects == scaled.answer.effects

    @pytest.mark.parametrize("numbers", ["piece", "", None, "Scaled"])
    def test_what_there_is_not_is_refused(self, numbers):
        with pytest.raises(InputError, match=r"numbers: unknown value .*auto, scaled, squares or pieces"):
            Options(numbers=numbers)

    def test_what_it_finds_is_the_same_on_every_run(self):
        first, second = (Study(make("steps"), FEW).run() for _ in range(2))
        assert replace(first.answer, seconds=0.0) == replace(second.answer, seconds=0.0)
