"""Training is done in calls of the program: how long they are changes nothing, and the next is ready early."""

import threading
from dataclasses import replace

import pytest
from populations import (
    AFTER,
    BEFORE_DROPOUT,
    CLASSES,
    CLASSIFY,
    INPUTS,
    PLAIN,
    ROWS,
    SHAPE,
    block,
    cpus,
    different_bits,
    member,
    outcome,
    train,
    trainer,
)

import goru.population.trainer
from goru.nn.architecture import Architecture
from goru.population.trainer import Trainer, _Launched, _one_ahead


class TestACallOfTheProgram:
    @pytest.mark.parametrize(
        ("architecture", "epochs", "steps"),
        [(PLAIN, 1, 6), (BEFORE_DROPOUT, 1, 6), (AFTER, 7, 40)],
        ids=["none-1", "before-dropout-1", "after-7"],
    )
    def test_may_hold_any_number_of_epochs(self, architecture, epochs, steps):
        other_shape = replace(SHAPE, epochs=epochs, steps=steps)
        blocks = [block(member(0), member(1), epochs=8), block(member(2), epochs=5)]
        usual = train(trainer(architecture), *blocks)
        other = train(trainer(architecture, shape=other_shape), *blocks)
        for one, same in zip(usual, other, strict=True):
            for index in range(len(one.block.members)):
                assert different_bits(outcome(one, index), outcome(same, index)) == []

    @pytest.mark.parametrize("points", [1, 2, 3, 100])
    def test_may_be_cut_short_and_nothing_else_is_different(self, points):
        blocks, told = [block(member(0), member(1), epochs=8), block(member(2), epochs=5)], []
        usual = train(trainer(BEFORE_DROPOUT), *blocks)
        cut = trainer(BEFORE_DROPOUT).train(
            blocks, keep_networks=True, on_epochs=lambda n: told.append(n) or True, points_in_a_call=points
        )
        for one, same in zip(usual, cut, strict=True):
            for index in range(len(one.block.members)):
                assert different_bits(outcome(one, index), outcome(same, index)) == []
        assert len(told) == -(-8 // min(points, SHAPE.epochs))
        assert sum(told) == 2 * 8 + 5

    def test_ends_where_any_of_the_blocks_beside_each_other_wants_its_networks(self):
        told = []
        blocks = [replace(block(member(0), epochs=8), every=2, snapshots=(2, 8)), block(member(1), epochs=6)]
        blocks += [replace(block(member(2), epochs=6), snapshots=(0, 2, 3)), block(member(3), epochs=6)]
        narrow = trainer(PLAIN, shape=replace(SHAPE, steps=34))
        list(narrow.train(blocks, on_epochs=lambda n: told.append(n) or True))
        # After points 1, 3, 4 and 6 of the first two, and 2, 3 and 6 of the others.
        assert told == [2 + 1, 4 + 2, 2 + 1, 2, 2 + 2, 1 + 1, 3 + 3]

    def test_is_compiled_once_though_two_threads_want_it(self):
        linear = Trainer(Architecture(INPUTS, (), CLASSES), CLASSIFY, SHAPE, ROWS, devices=cpus(1))
        compiled = []
        threads = [threading.Thread(target=lambda: compiled.append(linear.compile())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert compiled[0] is compiled[1] is linear.compile()
        (trained,) = train(linear, block(member(0), epochs=12))  # a network without hidden layers is a network
        assert trained.curves[0, -1, 0, 0] < trained.curves[0, 0, 0, 0]


class TestTheNextCall:
    def test_is_made_before_the_last_one_is_looked_at(self):
        made = []

        def things():
            for thing in range(4):
                made.append(thing)
                yield thing

        seen = [(thing, len(made)) for thing in _one_ahead(things())]
        assert seen == [(0, 2), (1, 3), (2, 4), (3, 4)]
        assert list(_one_ahead([])) == []

    def test_is_given_to_the_devices_before_the_last_one_is_looked_at_also_from_block_to_block(self, monkeypatch):
        program, events = trainer(PLAIN), []
        compiled, collect = program.compile(), _Launched.collect

        def call(*given):
            events.append("call")
            return compiled(*given)

        def watched(launched):
            events.append("look")
            collect(launched)

        monkeypatch.setattr(program, "compile", lambda: call)
        monkeypatch.setattr(_Launched, "collect", watched)
        blocks = [block(member(number), order=(number,), epochs=6) for number in range(4)]  # two calls, twice
        assert [each.block for each in program.train(blocks)] == blocks
        assert events == ["call", "call", "look", "call", "look", "call", "look", "look"]

    def test_is_prepared_before_networks_are_copied_and_that_only_where_they_are_wanted(self, monkeypatch):
        program, events = trainer(PLAIN), []

        def watch(owner, name, event):
            original = getattr(owner, name)

            def watched(*given):
                events.append(event)
                return original(*given)

            monkeypatch.setattr(owner, name, watched)

        compiled = program.compile()
        monkeypatch.setattr(program, "compile", lambda: lambda *given: events.append("call") or compiled(*given))
        watch(program, "_orders", "prepare")
        watch(_Launched, "collect", "look")
        watch(goru.population.trainer, "_home", "copy")
        (trained,) = program.train([replace(block(member(0), epochs=9), snapshots=(6,))])
        assert [*trained.snapshots] == [6]
        assert events == [*["prepare", "call"] * 2, "look", "prepare", "copy", "call", "look", "look"]
