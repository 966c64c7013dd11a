"""What a trainer does where there is not enough memory: fewer blocks at once, and the same bits."""

import subprocess
import sys
from pathlib import Path

import pytest
from populations import CLASSIFY, PLAIN, ROWS, SHAPE, cpus, five_blocks, trainer

from goru.population.devices import out_of_memory
from goru.population.trainer import Trainer

EXHAUSTED = RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8589934592 bytes.")


class Failing:
    """A program that works so many times, and then finds no memory."""

    def __init__(self, program, calls: int, error: Exception = EXHAUSTED) -> None:
        self.program, self.left, self.error = program, calls, error

    def __call__(self, *given):
        if self.left == 0:
            raise self.error
        self.left -= 1
        return self.program(*given)


def failing(calls: int, devices: int = 2, error: Exception = EXHAUSTED) -> Trainer:
    """A trainer of its own, whose program on all devices fails after so many calls."""
    made = Trainer(PLAIN, CLASSIFY, SHAPE, ROWS, devices=cpus(devices))
    made._program = Failing(trainer(PLAIN, devices=devices).compile(), calls, error)
    return made


IN_A_PROCESS_OF_ITS_OWN = """
import sys
import jax
jax.config.update("jax_num_cpu_devices", 5)
sys.path.insert(0, {here!r})
from populations import PLAIN, different_bits, five_blocks, outcome, trainer
from test_memory import failing
blocks = five_blocks()
expected = list(trainer(PLAIN, devices=2).train(blocks, keep_networks=True))
for calls, devices in ((0, 5), (2, 4)):
    program = failing(calls, devices)
    program.compile()
    found = list(program.train(blocks, keep_networks=True))
    assert [each.block for each in found] == blocks
    for one, other in zip(found, expected, strict=True):
        for index in range(2):
            assert different_bits(outcome(one, index), outcome(other, index)) == [], (calls, devices)
    assert len(program._fewer.devices) == 2
    program._program = None  # and would have to be compiled
    assert len(list(program.train(blocks))) == 5
    assert program._program is None
print("the same")
"""


def test_the_rest_is_trained_on_half_of_the_devices_from_then_on_with_the_same_bits():
    script = IN_A_PROCESS_OF_ITS_OWN.format(here=str(Path(__file__).parent))
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert found.stdout == "the same\n", found.stderr


@pytest.mark.parametrize("devices", [1, 2])
def test_where_the_fewest_devices_have_too_little_it_is_an_error_of_memory(devices):
    with pytest.raises(MemoryError, match="not enough memory"):
        list(failing(0, devices).train(five_blocks()))


def test_blocks_that_are_done_are_handed_over_before_the_error():
    blocks, kept = five_blocks(), []

    def train():
        for trained in failing(5).train(blocks):
            kept.append(trained.block)

    with pytest.raises(MemoryError):
        train()
    assert kept
    assert kept == blocks[: len(kept)]


@pytest.mark.parametrize("error", [RuntimeError("INTERNAL: no"), ValueError("shapes"), KeyError("x")])
def test_other_errors_are_what_they_are(error):
    with pytest.raises(type(error)):
        list(failing(1, error=error).train(five_blocks()))


@pytest.mark.parametrize(
    ("error", "expected"),
    [(EXHAUSTED, True), (MemoryError(), True), (RuntimeError("Out of memory"), True), (RuntimeError("no"), False)],
)
def test_how_it_is_told(error, expected):
    assert out_of_memory(error) is expected
