"""How fast the race goes, and what there is time for."""

from dataclasses import dataclass

from goru.population.member import Rows
from goru.study import defaults
from goru.study.laboratory import Laboratory
from goru.study.plan import ASKED, Asked, Plan, plan_seconds

SAFETY = 1.1  # machines are shared: what was measured once may take a little longer
USUAL_SHARE = 0.6  # of its epochs, after which a draw is at its best; where it is another, the race gives or takes time
LAST_SECONDS = 5.0  # folding, scoring and writing, the report too, and the programs for them


@dataclass(frozen=True)
class Pace:
    """Seconds that a block of networks takes for one epoch: of each program, on `fit_rows` of the `all_rows`.

    A block holds `draws` of each arm that shares its program. After the race, a network of each of so many arms as
    `scored` is trained in every split of one partition, for its score.
    """

    draws: int
    block_seconds: tuple[float, ...]
    fit_rows: int
    all_rows: int
    scored: int = 0

    def race(self, plan: Plan) -> float:
        """Seconds for all draws of each arm in the first partition, and for the better ones in the others."""
        blocks = -(-plan.draws // self.draws) + (plan.partitions - 1) * -(-plan.kept // self.draws)
        return blocks * plan.folds * self._block(plan.epochs, 1 - 1 / plan.folds)

    def after_the_race(self, plan: Plan) -> float:
        """Seconds for all that follows the race, if draws are at their best after the usual share of their epochs."""
        return LAST_SECONDS + USUAL_SHARE * self.training_again(plan)

    def training_again(self, plan: Plan) -> float:
        """Seconds for two bags on all development rows, for the same bags in every split of one partition, and where a
        plan is full for the best of other arms there as well: at full length."""
        bag = max(defaults.BAG_DRAWS, -(-defaults.BAG // (2 * self.draws)))
        held_out = 2 * bag + (self.scored or (defaults.BAG_DRAWS + defaults.RIVALS if plan.full else 0))
        share = (1 - 1 / plan.folds) * plan.folds
        block = max(self.block_seconds) * plan.epochs * self.all_rows / self.fit_rows
        return (2 * bag + held_out * share) * block

    def plan(
        self, seconds: float, partitions: int, spent: float = 0.0, asked: Asked = ASKED
    ) -> tuple[Plan, float, float]:
        """What so many seconds pay for, how many of them are the race's, and how many training again takes at most.

        **Arguments:**

        - `partitions`: the most there are.
        - `spent`: seconds that are gone already.
        - `asked`: what there should be.
        """

        def cost(plan: Plan) -> float:
            return self.race(plan) + self.after_the_race(plan)

        plan = plan_seconds(seconds, cost, partitions, spent, asked)
        return plan, seconds - self.after_the_race(plan), self.training_again(plan)

    def _block(self, epochs: int, share: float) -> float:
        """Seconds for a block of each program, on a share of the rows."""
        return epochs * sum(self.block_seconds) * share * self.all_rows / self.fit_rows


def measure(laboratory: Laboratory, rows: Rows, scored: int = 0) -> Pace:
    """Train every program for a moment.

    **Arguments:**

    - `scored`: arms that are to be scored after the race.
    """
    return Pace(
        laboratory.draws_in_a_block,
        tuple(SAFETY * laboratory.block_seconds(trainer, rows) for trainer in laboratory.trainers),
        fit_rows=len(rows.fit),
        all_rows=len(rows.x),
        scored=scored,
    )
