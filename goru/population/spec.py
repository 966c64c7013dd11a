"""What a trainer is made from, so that it can be made elsewhere too."""

from dataclasses import dataclass

from goru.nn.architecture import Recipe, Shape
from goru.population.immediate.interpreted import Interpreter
from goru.population.program import BlockShape
from goru.population.trainer import Trainer

AnyTrainer = Trainer | Interpreter


@dataclass(frozen=True)
class TrainerSpec:
    """Of two that are equal, trainers find the same bits.

    **Arguments:**

    - `architecture`, `recipe`, `shape`, `rows`, `targets`: see [`Trainer`][goru.population.trainer.Trainer].
    - `interpreted`: whether blocks are trained without a compiler.
    """

    architecture: Shape
    recipe: Recipe
    shape: BlockShape
    rows: int
    targets: int = 0
    interpreted: bool = False

    def build(self) -> AnyTrainer:
        """A trainer on all devices there are; nothing is compiled yet."""
        if self.interpreted:
            return Interpreter(self.architecture, self.recipe, self.shape)
        return Trainer(self.architecture, self.recipe, self.shape, self.rows, self.targets)
