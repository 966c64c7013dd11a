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

from goru.population.immediate.interpreted import Interpreter
from goru.population.initial import initial

# In one call three points, which are up to four epochs apart: 12 epochs of 90 rows in batches of 16.
LONG = replace(SHAPE, steps=68)
EPOCHS = 8


def scored(every, *members, epochs=EPOCHS, snapshots=(), **of_block):
    plain = block(*(members or (member(0), member(1))), epochs=epochs, **of_block)
    return replace(plain, every=every, snapshots=snapshots)


def until(epoch, of):
    """The same block, as far as to an epoch."""
    return replace(of, epochs=epoch, schedule_epochs=of.schedule_epochs or of.epochs, snapshots=())


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

    @pytest.mark.parametrize(("every", "epoch"), [(1, -1), (1, 9), (2, 3), (4, 2), (4, -4), (4, 12)])
    def test_has_networks_only_after_epochs_that_are_scored(self, every, epoch):
        with pytest.raises(ValueError, match=f"no snapshot after epoch {epoch}: there is one after every {every} of 8"):
            scored(every, snapshots=(0, epoch))
        scored(every, snapshots=(8, 0, 4))


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
    """Of the first two, calls end after points 2, 3, 4, 5, 6 and 8; of the others, after point 2."""
    blocks = [
        scored(1, snapshots=(0, 2, 3, 5, 8)),
        scored(2, snapshots=(8, 0, 4, 8)),
        scored(1, member(2), epochs=2, snapshots=(2,)),
        scored(4),
    ]
    return train(program(), *blocks)


class TestSnapshots:
    def test_are_those_that_the_block_asks_for(self, trained):
        assert [[*each.snapshots] for each in trained] == [[0, 2, 3, 5, 8], [0, 4, 8], [2], []]

    def test_last_are_the_networks_that_are_handed_over(self, trained):
        for each in trained[:3]:
            last = each.snapshots[each.block.epochs]
            assert different_bits(by_name(last), by_name(each.training)) == []
            assert {leaf.shape[0] for leaf in jax.tree.leaves(last)} == {len(each.block.members)}

    def test_first_are_the_networks_before_any_step(self, trained):
        (untrained,) = train(program(), scored(1, epochs=0, snapshots=(0,)))
        for each in (*trained[:2], untrained):
            assert different_bits(by_name(each.snapshots[0]), by_name(untrained.training)) == []
        assert "learned" in " ".join(different_bits(by_name(trained[0].snapshots[0]), by_name(trained[0].training)))

    def test_between_are_those_of_a_training_that_ends_there(self, trained):
        for each, epochs in ((trained[0], (2, 3, 5)), (trained[1], (4,))):
            for epoch in epochs:
                (ended,) = train(program(), until(epoch, each.block))
                assert different_bits(by_name(each.snapshots[epoch]), by_name(ended.training)) == []

    @pytest.mark.parametrize("architecture", THREE.values(), ids=THREE)
    @pytest.mark.parametrize("snapshots", [(0,), (2, 8), (0, 2, 4, 6, 8)])
    def test_change_nothing_else(self, architecture, snapshots):
        blocks = [scored(2), scored(1, member(2), epochs=7), scored(1, member(3), epochs=3)]
        plain = train(program(architecture), *blocks)
        # The second block is in the same calls as the first; the third, on its own, is cut nowhere.
        cut = train(program(architecture), replace(blocks[0], snapshots=snapshots), *blocks[1:])
        for one, same in zip(plain, cut, strict=True):
            assert one.snapshots == {}
            for index in range(len(one.block.members)):
                assert different_bits(outcome(one, index), outcome(same, index)) == []

    def test_may_be_wanted_without_the_networks_at_the_end(self):
        (found,) = program(AFTER).train([scored(2, snapshots=(2, 8))])
        assert found.training is None
        assert [*found.snapshots] == [2, 8]


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
            lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5), rare.training, often.training
        )

    def test_the_watcher_is_told_of_all_epochs(self):
        told = []

        def on_epochs(done):
            told.append(done)
            return True

        list(Interpreter(AFTER, CLASSIFY, SHAPE).train([scored(4, rows=table())], on_epochs=on_epochs))
        assert told == [8, 8]

    @pytest.mark.parametrize("architecture", THREE.values(), ids=THREE)
    @pytest.mark.parametrize("every", [1, 2])
    def test_snapshots_are_those_of_a_training_that_ends_there_and_change_nothing_else(self, architecture, every):
        interpreter = Interpreter(architecture, CLASSIFY, SHAPE)
        asked = scored(every, snapshots=(8, 0, 2, 6))
        (found,) = train(interpreter, asked)
        assert [*found.snapshots] == [0, 2, 6, 8]
        first = initial(architecture.layers, CLASSIFY, asked.members)
        assert different_bits(by_name(found.snapshots[0].learned), by_name(first.learned)) == []
        for epoch in (2, 6, 8):
            (ended,) = train(interpreter, until(epoch, asked))
            assert different_bits(by_name(found.snapshots[epoch]), by_name(ended.training)) == []
        (plain,) = train(interpreter, replace(asked, snapshots=()))
        assert plain.snapshots == {}
        for index in range(2):
            assert different_bits(outcome(plain, index), outcome(found, index)) == []

    def test_snapshots_may_be_wanted_without_the_networks_at_the_end(self):
        (found,) = Interpreter(AFTER, CLASSIFY, SHAPE).train([scored(4, snapshots=(4,))])
        assert found.training is None
        assert [*found.snapshots] == [4]
