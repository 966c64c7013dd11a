"""An arm: one combination of factor levels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Level = None | bool | int | float | str
Words = Callable[[str, Level], str]  # of a factor and a level
PLAIN = "plain"  # the arm in which every factor is at its reference


@dataclass(frozen=True)
class Arm(Mapping[str, Level]):
    """A level for every factor.

    - `levels`: pairs of a factor and its level, in the design's order.
    - `techniques`: what is not at its reference, in words.
    """

    levels: tuple[tuple[str, Level], ...]
    techniques: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        return f"Arm({dict(self)})"

    def __getitem__(self, factor: str) -> Level:
        for name, level in self.levels:
            if name == factor:
                return level
        raise KeyError(factor)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.levels])

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def name(self) -> str:
        """In words; the arm with none is `plain`."""
        return " + ".join(self.techniques) or PLAIN

    @property
    def phrase(self) -> str:
        """As part of a sentence."""
        *first, last = self.techniques or (PLAIN,)
        return f"{', '.join(first)} and {last}" if first else last

    def has(self, levels: Mapping[str, Level | Sequence[Level]]) -> bool:
        """Whether each of these factors has the level given, or one of those given."""
        return all(
            self[factor] in wanted if isinstance(wanted, list | tuple) else self[factor] == wanted
            for factor, wanted in levels.items()
        )


def technique(factor: str, level: Level) -> str:
    """A level in words: `dropout` where it is on, `batch norm before`, `depth 4`; one that names its factor stands
    alone: `layer norm`."""
    words = factor.replace("_", " ")
    if isinstance(level, str) and words in level.split(" "):
        return level
    return words if level is True else f"{words} {'off' if level is False else level}"
