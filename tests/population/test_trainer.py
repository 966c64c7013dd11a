"""A network's numbers depend on nothing but the network: not on neighbours, position, devices or interruption."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from populations import (
    AFTER,
    ARCHITECTURES,
    BEFORE_DROPOUT,
    CLASSIFY,
    PARTS,
    PLAIN,
    REGRESS,
    REGRESSION,
    ROWS,
    SHAPE,
    TARGETS,
    THREE,
    alone,
    block,
    different_bits,
    figures_in_numpy,
    five_blocks,
    member,
    outcome,
    relative_error,
    table,
    train,
    trainer,
)

from goru.population.batches import BatchOrder
from goru.population.member import PreparedRows
from goru.population.trainer import Trainer

HERE = Path(__file__).parent

three = pytest.mark.parametrize("architecture", THREE.values(), ids=THREE)


class TestABlock:
    @pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=ARCHITECTURES)
    def test_of_many_trains_each_network_as_it_is_trained_alone(self, architecture):
        members = [member(number) for number in range(4)]
        (together,) = train(trainer(architecture), block(*members))
        for index, one in enumerate(members):
            assert different_bits(outcome(together, index), alone(trainer(architecture), one)) == []

    def test_of_regression_networks_trains_each_as_it_is_trained_alone(self):
        program, rows = trainer(REGRESSION, REGRESS), table(TARGETS)
        members = [member(number) for number in range(4)]
        (together,) = train(program, block(*members, rows=rows))
        for index, one in enumerate(members):
            assert different_bits(outcome(together, index), alone(program, one, rows=rows)) == []

    def test_really_trains(self):
        (trained,) = train(trainer(PLAIN), block(*[member(number) for number in range(4)], epochs=12))
        assert (trained.curves[:, -1, 0, 0] < trained.curves[:, 0, 0, 0]).all()

    @three
    def test_gives_a_network_the_same_numbers_in_any_position(self, architecture):
        members = [member(number) for number in range(4)]
        one_way, other_way = train(trainer(architecture), block(*members), block(*members[::-1]))
        for index in range(4):
            assert different_bits(outcome(one_way, index), outcome(other_way, 3 - index)) == []

    @three
    def test_may_be_put_together_in_any_way(self, architecture):
        members = [member(number) for number in range(6)]
        outcomes = []
        for sizes in [(4, 2), (2, 4), (3, 3), (1, 1, 4)]:
            starts = np.cumsum((0, *sizes))
            blocks = [block(*members[start : start + size]) for start, size in zip(starts, sizes, strict=False)]
            trained = train(trainer(architecture), *blocks)
            outcomes.append([outcome(each, index) for each in trained for index in range(len(each.block.members))])
        for other in outcomes[1:]:
            for number in range(6):
                assert different_bits(outcomes[0][number], other[number]) == []

    def test_hands_over_its_own_members_alone_though_it_is_padded(self):
        (trained,) = train(trainer(AFTER), block(member(0), member(1)))
        assert trained.curves.shape[0] == trained.parts.shape[0] == 2
        assert {leaf.shape[0] for leaf in jax.tree.leaves(trained.training)} == {2}
        np.testing.assert_array_equal(trained.hyper.learning_rate, np.float32([0.01, 0.02]))
        assert trained.diverged.tolist() == [-1, -1]

    def test_holds_no_more_networks_than_the_program_was_compiled_for(self):
        with pytest.raises(ValueError, match="a block holds 4 networks, not 5"):
            train(trainer(PLAIN), block(*[member(number) for number in range(5)]))

    def test_does_not_hand_over_networks_that_were_not_asked_for(self):
        (trained,) = trainer(PLAIN).train([block(member(0))])
        assert trained.training is None
        with pytest.raises(ValueError, match="not kept"):
            _ = trained.learned

    def test_has_the_same_curves_whether_its_networks_are_kept_or_not(self):
        (lost,) = trainer(PLAIN).train([block(member(0))])
        (kept,) = train(trainer(PLAIN), block(member(0)))
        np.testing.assert_array_equal(lost.curves, kept.curves)
        np.testing.assert_array_equal(lost.parts, kept.parts)

    def test_of_another_order_of_rows_is_another_training(self):
        one, other = (alone(trainer(PLAIN), member(0), order=order) for order in [(5,), (6,)])
        assert "curves" in different_bits(one, other)


class TestWeights:
    @three
    def test_give_a_network_the_same_numbers_in_any_position_and_alone(self, architecture):
        members, rows = [member(number) for number in range(4)], table(weighted=True)
        program, blocks = trainer(architecture), [block(*each, rows=rows) for each in (members, members[::-1])]
        one_way, other_way = train(program, *blocks)
        for index, one in enumerate(members):
            assert different_bits(outcome(one_way, index), outcome(other_way, 3 - index)) == []
            assert different_bits(outcome(one_way, index), alone(program, one, rows=rows)) == []

    def test_of_one_block_do_not_touch_the_block_beside_it(self):
        program, weighted = trainer(AFTER), table(weighted=True)
        together = train(program, block(member(0)), block(member(0), rows=weighted))
        for each, rows in zip(together, (table(), weighted), strict=True):
            assert different_bits(outcome(each, 0), alone(program, member(0), rows=rows)) == []
        assert "curves" in different_bits(outcome(together[0], 0), outcome(together[1], 0))

    def test_may_differ_between_rows_that_belong_to_different_parts(self):
        """Weights and parts are two things: the one says what a row counts for, the other where it is counted."""
        program, rows = trainer(AFTER), table(weighted=True)
        (trained,) = train(program, block(member(0), rows=rows))
        (light,) = train(program, block(member(0), rows=replace(rows, weight=rows.weight * (rows.part > 0))))
        assert (trained.parts > 0).all()
        np.testing.assert_array_equal(light.parts[..., 0], 0)
        assert (light.parts[..., 1:] > 0).all()
        for each in (trained, light):
            np.testing.assert_allclose(each.parts.sum(axis=2), each.curves[:, :, 1, 0], rtol=1e-5)

    @pytest.mark.parametrize("architecture", [*THREE.values(), REGRESSION], ids=[*THREE, "regression"])
    def test_of_one_are_no_weights_bit_for_bit(self, architecture):
        targets = TARGETS if architecture is REGRESSION else 0
        program, rows = trainer(architecture, REGRESS if targets else CLASSIFY), table(targets)
        ones = replace(rows, weight=np.ones(ROWS, np.float32))
        without, same = train(program, block(member(0), member(1), rows=rows), block(member(0), member(1), rows=ones))
        for index in range(2):
            assert different_bits(outcome(without, index), outcome(same, index)) == []


class TestCurves:
    def test_of_classification_are_loss_and_accuracy_on_fit_and_validation_rows_after_every_epoch(self):
        (trained,) = train(trainer(PLAIN), block(member(0), member(1), member(2), epochs=5))
        assert trained.curves.shape == (3, 5, 2, 2)
        assert np.isfinite(trained.curves).all()

    def test_of_regression_are_the_loss_alone(self):
        (trained,) = train(trainer(REGRESSION, REGRESS), block(member(0), member(1), rows=table(TARGETS), epochs=5))
        assert trained.curves.shape == (2, 5, 2, 1)
        assert np.isfinite(trained.curves).all()

    def test_end_at_every_epoch_where_a_shorter_training_ends(self):
        rows = table()
        (long,) = train(trainer(AFTER), block(member(0), epochs=7))
        for epochs in (1, 3, 4, 6):
            (short,) = train(trainer(AFTER), block(member(0), epochs=epochs, schedule_epochs=7))
            training = jax.tree.map(lambda leaf: leaf[0], short.training)
            expected = figures_in_numpy(
                AFTER, training, member(0).hyper, rows.x[rows.validation], rows.y[rows.validation]
            )
            np.testing.assert_allclose(long.curves[0, epochs - 1, 1], expected, rtol=1e-5)


class TestDevices:
    def test_may_be_two_or_any_larger_number_for_the_same_bits(self, tmp_path):
        script = """
import sys
import numpy as np
from populations import *
names = iter(range(5))
for trained in train(trainer(BEFORE_DROPOUT, devices=3), *five_blocks()):
    np.savez(f"{sys.argv[1]}/{next(names)}.npz", **outcome(trained, 0))
"""
        environment = os.environ | {"JAX_NUM_CPU_DEVICES": "3", "PYTHONPATH": f"{HERE}:{HERE.parents[1]}"}
        subprocess.run([sys.executable, "-c", script, tmp_path], check=True, env=environment)
        for number, trained in enumerate(train(trainer(BEFORE_DROPOUT), *five_blocks())):
            with np.load(tmp_path / f"{number}.npz") as on_three:
                assert different_bits(dict(on_three), outcome(trained, 0)) == []

    def test_may_be_a_single_one_for_the_same_numbers_but_for_rounding(self):
        # Not the same bits: XLA compiles a program for one device along another path.
        one, two = (train(trainer(AFTER, devices=count), *five_blocks()) for count in (1, 2))
        for on_one, on_two in zip(one, two, strict=True):
            expected = outcome(on_two, 0)
            for leaf, numbers in outcome(on_one, 0).items():
                assert relative_error(numbers, expected[leaf]) < 1e-5, leaf

    def test_that_are_single_give_each_network_the_bits_that_it_has_alone(self):
        program, members = trainer(AFTER, devices=1), [member(number) for number in range(4)]
        together, other = train(program, block(*members), block(*members[2::-1], epochs=2, schedule_epochs=4))
        for index, one in enumerate(members):
            assert different_bits(outcome(together, index), alone(program, one)) == []
        for index, one in enumerate(members[2::-1]):
            expected = alone(program, one, epochs=2, schedule_epochs=4)
            assert different_bits(outcome(other, index), expected) == []

    def test_take_blocks_in_any_order_and_hand_them_over_in_that_order(self):
        blocks = [block(member(number), order=(number,)) for number in range(4)]
        shuffled = [blocks[index] for index in (2, 0, 3, 1)]
        ordered = {id(trained.block): trained for trained in train(trainer(AFTER), *blocks)}
        again = train(trainer(AFTER), *shuffled)
        assert [trained.block for trained in again] == shuffled
        for trained in again:
            assert different_bits(outcome(trained, 0), outcome(ordered[id(trained.block)], 0)) == []

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_may_have_more_or_fewer_blocks_than_there_are_devices(self, count):
        blocks = [block(member(number), order=(number,)) for number in range(count)]
        trained = train(trainer(AFTER), *blocks)
        assert [each.block for each in trained] == blocks
        for number, each in enumerate(trained):
            assert different_bits(outcome(each, 0), alone(trainer(AFTER), member(number), order=(number,))) == []

    def test_train_blocks_of_different_tables_side_by_side(self):
        tables = [table(), table(seed=1)]
        together = train(trainer(AFTER), *[block(member(0), rows=rows) for rows in tables])
        for rows, each in zip(tables, together, strict=True):
            assert different_bits(outcome(each, 0), alone(trainer(AFTER), member(0), rows=rows)) == []
        assert "curves" in different_bits(outcome(together[0], 0), outcome(together[1], 0))

    def test_without_a_block_do_nothing_and_nothing_is_counted_for_them(self, monkeypatch):
        drawn, done = [], []

        class Watched(BatchOrder):
            def batches(self, first, last):
                drawn.append(last - first)
                return super().batches(first, last)

        monkeypatch.setattr("goru.population.trainer.BatchOrder", Watched)
        list(trainer(AFTER).train([block(member(0), member(1), epochs=5)], on_epochs=lambda n: done.append(n) or True))
        assert sum(done) == 2 * 5
        assert sum(drawn) == 5 * 90 // SHAPE.batch  # mini-batches for the one block alone

    def test_have_nothing_to_do_where_there_is_no_block(self):
        assert train(trainer(AFTER)) == []

    def test_are_by_default_all_there_are(self):
        assert Trainer(PLAIN, CLASSIFY, SHAPE, ROWS).devices == tuple(jax.local_devices())


class TestEpochs:
    @three
    def test_fewer_than_the_schedule_has_are_the_beginning_of_the_long_training(self, architecture):
        long = alone(trainer(architecture), member(0), epochs=9)
        for epochs in (2, 3, 4):
            short = alone(trainer(architecture), member(0), epochs=epochs, schedule_epochs=9)
            np.testing.assert_array_equal(short["curves"], long["curves"][:epochs])
            np.testing.assert_array_equal(short["parts"], long["parts"][:epochs])

    def test_alone_say_how_long_the_schedule_is_where_nothing_else_does(self):
        program = trainer(PLAIN)
        same = alone(program, member(0), epochs=4, schedule_epochs=4)
        stopped = alone(program, member(0), epochs=4, schedule_epochs=9)
        usual = alone(program, member(0), epochs=4)
        assert different_bits(usual, same) == []
        assert "curves" in different_bits(usual, stopped)

    @three
    def test_may_differ_between_blocks_that_are_trained_side_by_side(self, architecture):
        lengths = (2, 7, 9, 1)
        blocks = [block(member(number), order=(number,), epochs=epochs) for number, epochs in enumerate(lengths)]
        together = train(trainer(architecture), *blocks)
        for number, (epochs, each) in enumerate(zip(lengths, together, strict=True)):
            assert each.curves.shape[1] == each.parts.shape[1] == epochs
            expected = alone(trainer(architecture), member(number), order=(number,), epochs=epochs)
            assert different_bits(outcome(each, 0), expected) == []

    def test_may_be_none_for_a_block_alone_and_beside_another(self):
        untrained = block(member(0), epochs=0)
        (by_itself,) = train(trainer(PLAIN), untrained)
        beside, _ = train(trainer(PLAIN), untrained, block(member(1)))
        assert by_itself.curves.shape == (1, 0, 2, 2)
        assert by_itself.parts.shape == (1, 0, PARTS)
        assert by_itself.diverged.tolist() == [-1]
        assert different_bits(outcome(by_itself, 0), outcome(beside, 0)) == []


class TestOnEpochs:
    def test_is_told_of_every_epoch_of_every_network_once(self):
        blocks = [
            block(member(0), member(1), epochs=7),
            block(member(2), epochs=4),
            block(member(3), member(4), member(5), epochs=3),
        ]
        done = []
        trained = list(trainer(PLAIN).train(blocks, on_epochs=lambda n: done.append(n) or True))
        assert len(trained) == 3
        # Two blocks at a time, three epochs a call: 2 x 3 + 1 x 3, 2 x 3 + 1 x 1, 2 x 1; then 3 x 3.
        assert done == [9, 7, 2, 9]

    def test_stops_the_training_by_returning_false_and_unfinished_blocks_are_not_handed_over(self):
        blocks = [block(member(number), order=(number,), epochs=6) for number in range(6)]
        told = []

        def until_the_third(done):
            told.append(done)
            return len(told) < 3

        handed_over = list(trainer(PLAIN).train(blocks, keep_networks=True, on_epochs=until_the_third))
        assert told == [6, 6, 6]  # the first two blocks in two calls, and half of the next two
        assert [trained.block for trained in handed_over] == blocks[:2]
        for number, trained in enumerate(handed_over):
            expected = alone(trainer(PLAIN), member(number), order=(number,), epochs=6)
            assert different_bits(outcome(trained, 0), expected) == []

    def test_may_stop_it_at_once(self):
        assert list(trainer(PLAIN).train([block(member(0))], on_epochs=lambda _: False)) == []


class TestADivergingNetwork:
    @three
    @pytest.mark.parametrize("position", [0, 2])
    def test_is_marked_and_its_neighbours_bits_are_what_they_would_be_without_it(self, architecture, position):
        members = [member(number) for number in range(4)]
        (well,) = train(trainer(architecture), block(*members))
        members[position] = member(position, learning_rate=1e30)
        (ill,) = train(trainer(architecture), block(*members))
        assert well.diverged.tolist() == [-1] * 4
        assert [index for index in range(4) if ill.diverged[index] >= 0] == [position]
        for index in {0, 1, 2, 3} - {position}:
            assert different_bits(outcome(ill, index), outcome(well, index)) == []

    def test_at_a_learning_rate_of_a_million_is_marked_in_regression_too(self):
        program, rows = trainer(REGRESSION, REGRESS), table(TARGETS)
        (trained,) = train(program, block(member(0), member(1, learning_rate=1e6), rows=rows))
        assert trained.diverged[0] == -1
        assert trained.diverged[1] >= 0
        assert different_bits(outcome(trained, 0), alone(program, member(0), rows=rows)) == []

    def test_spoils_no_block_that_is_trained_beside_or_after_it(self):
        ill = block(member(0, learning_rate=1e30), order=(9,))
        well = [block(member(number), order=(number,)) for number in (1, 2)]
        _, *trained = train(trainer(BEFORE_DROPOUT), ill, *well)
        for number, each in zip((1, 2), trained, strict=True):
            expected = alone(trainer(BEFORE_DROPOUT), member(number), order=(number,))
            assert different_bits(outcome(each, 0), expected) == []

    def test_is_marked_with_the_first_epoch_whose_loss_on_the_training_rows_is_not_finite(self):
        (trained,) = train(trainer(PLAIN), block(*[member(number) for number in range(4)]))
        curves = trained.curves.copy()
        curves[1, 2, 0, 0] = np.nan  # back to normal after it
        curves[2, 1:, 0, 0] = np.inf
        curves[3, :, 1, 0] = np.nan  # on validation rows, of which there may be none
        assert replace(trained, curves=curves).diverged.tolist() == [-1, 2, 1, -1]

    def test_on_rows_that_are_not_numbers_is_marked_while_the_block_beside_it_is_not(self):
        rows = table()
        spoiled = PreparedRows(rows.x * np.float32("nan"), rows.y, rows.training, rows.training_scored, rows.validation)
        ill, well = train(trainer(AFTER), block(member(0), rows=spoiled), block(member(0)))
        assert ill.diverged.tolist() == [0]
        assert different_bits(outcome(well, 0), alone(trainer(AFTER), member(0))) == []
