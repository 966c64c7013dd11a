"""Blocks that are scored after every so many epochs, and networks that are kept along the way."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from populations import (
    AFTER,
    BEFORE_DROPOUT,
    CLASSIFY,
    SHAPE,
    THREE,
    block,
    by_name,
    different_bits,
    member,
    outcome,
    table,
    train,
    trainer,
)

from goru.population.interpreted import Interpreter

# In one call three points, which are up to four epochs apart: 12 epochs of 90 rows in batches of 16.
LONG = replace(SHAPE, steps=68)
EPOCHS = 8


def scored(every, *members, epochs=EPOCHS, **of_block):
    return replace(block(*(members or (member(0), member(1))), epochs=epochs, **of_block), every=every)


def program(architecture=BEFORE_DROPOUT):
    return trainer(architecture, shape=LONG)


class TestABlock:
    def test_has_as_many_points_as_times_that_it_is_scored(self):
        assert [scored(every).points for every in (1, 2, 4, 8)] == [8, 4, 2, 1]
        assert block(member(0), epochs=5).points == 5
        assert scored(3, epochs=0).points == 0

    @pytest.mark.parametrize(("epochs", "every"), [(8, 3), (5, 2), (2, 4)])
    def test_has_a_whole_number_of_them(self, epochs, every):
        with pytest.raises(ValueError, match=f"{epochs} epochs cannot be scored after every {every}"):
            scored(every, epochs=epochs)


class TestScoringRarely:
    @pytest.mark.parametrize("architecture", THREE.values(), ids=THREE)
    @pytest.mark.parametrize("every", [2, 4])
    def test_changes_nothing_but_how_often_is_scored(self, architecture, every):
        often, rare = train(program(architecture), scored(1), scored(every))
        assert rare.curves.shape[1] == rare.parts.shape[1] == EPOCHS // every
        np.testing.assert_array_equal(rare.curves, often.curves[:, every - 1 :: every])
        np.testing.assert_array_equal(rare.parts, often.parts[:, every - 1 :: every])
        assert different_bits(by_name(rare.training), by_name(often.training)) == []

    def test_blocks_beside_each_other_may_be_scored_differently(self):
        together = train(program(), scored(4), scored(1, epochs=3), scored(2, member(2), epochs=6))
        for each in together:
            (alone,) = train(program(), each.block)
            for index in range(len(each.block.members)):
                assert different_bits(outcome(each, index), outcome(alone, index)) == []
        assert [each.curves.shape[1] for each in together] == [2, 3, 3]

    def test_keeps_the_schedule(self):
        often, rare = train(program(), scored(1, schedule_epochs=20), scored(2, schedule_epochs=20))
        np.testing.assert_array_equal(rare.curves, often.curves[:, 1::2])
        (short,) = train(program(), scored(2))
        assert not np.array_equal(short.curves, rare.curves)

    @pytest.mark.parametrize("every", [1, 2, 4])
    def test_the_watcher_is_told_of_all_epochs(self, every):
        told = []

        def on_epochs(done):
            told.append(done)
            return True

        list(program().train([scored(every), scored(every, member(2))], on_epochs=on_epochs))
        assert sum(told) == 3 * EPOCHS


@pytest.fixture(scope="module")
def trained():
    """Three points a call: of 8 points, after the third, the sixth and the last; of 4, the third and the last."""
    blocks = [scored(1), scored(2), scored(1, member(2), epochs=2)]
    return list(program().train(blocks, keep_networks=True, snapshots=True))


class TestSnapshots:
    def test_are_of_the_start_and_of_every_call_by_the_epoch(self, trained):
        assert [[*each.snapshots] for each in trained] == [[0, 3, 6, 8], [0, 6, 8], [0, 2]]

    def test_last_are_the_networks_that_are_handed_over(self, trained):
        for each in trained:
            last = each.snapshots[each.block.epochs]
            assert different_bits(by_name(last), by_name(each.training)) == []
            assert {leaf.shape[0] for leaf in jax.tree.leaves(last)} == {len(each.block.members)}

    def test_first_are_the_networks_before_any_step(self, trained):
        (untrained,) = train(program(), scored(1, epochs=0))
        for each in trained[:2]:
            assert different_bits(by_name(each.snapshots[0]), by_name(untrained.training)) == []
        assert "network" in " ".join(different_bits(by_name(trained[0].snapshots[0]), by_name(trained[0].training)))

    def test_between_are_those_of_a_training_that_ends_there(self, trained):
        for epoch, each in ((3, trained[0]), (6, trained[0]), (6, trained[1])):
            (until,) = train(program(), scored(1, epochs=epoch, schedule_epochs=EPOCHS))
            assert different_bits(by_name(each.snapshots[epoch]), by_name(until.training)) == []

    def test_change_nothing_else(self, trained):
        (plain,) = train(program(), scored(1))
        assert different_bits(outcome(plain, 0), outcome(trained[0], 0)) == []
        assert plain.snapshots == {}

    def test_may_be_wanted_without_the_networks_at_the_end(self):
        (found,) = program(AFTER).train([scored(2)], snapshots=True)
        assert found.training is None
        assert [*found.snapshots] == [0, 6, 8]


class TestInterpreted:
    @pytest.mark.parametrize("architecture", THREE.values(), ids=THREE)
    @pytest.mark.parametrize("every", [2, 4])
    def test_scoring_rarely_changes_nothing_but_how_often_is_scored(self, architecture, every):
        interpreter = Interpreter(architecture, CLASSIFY, SHAPE)
        often, rare = train(interpreter, scored(1), scored(every))
        assert rare.curves.shape == (2, EPOCHS // every, 2, 2)
        np.testing.assert_allclose(rare.curves, often.curves[:, every - 1 :: every], rtol=1e-5)
        np.testing.assert_allclose(rare.parts, often.parts[:, every - 1 :: every], rtol=1e-5)
        jax.tree.map(
            lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5), rare.networks, often.networks
        )

    def test_the_watcher_is_told_of_all_epochs(self):
        told = []

        def on_epochs(done):
            told.append(done)
            return True

        list(Interpreter(AFTER, CLASSIFY, SHAPE).train([scored(4, rows=table())], on_epochs=on_epochs))
        assert told == [8, 8]
