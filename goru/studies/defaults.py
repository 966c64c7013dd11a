"""What a study does when nobody says otherwise. All of it stands in this file, and in that of all
experiments; `goru fit --explain` prints it."""

import math

from goru.data.pieces import FEWEST_PIECES, MOST_PIECES
from goru.experiment.defaults import (  # noqa: F401  # whoever asks for a default asks here
    CONFIDENCE,
    EPOCHS,
    FEWEST_CONFIGURATIONS,
    FEWEST_EPOCHS,
    FEWEST_FOLDS,
    FOLDS,
    KEPT,
    LIKELY,
    MARGIN,
    MOST_CONFIGURATIONS,
    PARTITIONS,
    PARTS,
)

BUDGET_SECONDS = 120.0
# Of a study without a budget: configurations of each arm, and floating-point operations, as many as two minutes on two
# cores give the race.
USUAL_CONFIGURATIONS, USUAL_WORK = 10, 8e12
MOST_ARMS = 24  # of more combinations a balanced part is trained
UNTIL_DECIDED_SECONDS = 1800.0  # the most, for a study that ends when all is decided
# Probabilities are judged at each, and the best one is chosen on other folds, as the epoch is; what is delivered is
# calibrated too. Half an octave apart: between two, the loss hardly changes. None is below 1, where a row that a
# network is wildly sure of, and wrong about, costs even more: it would be chosen by luck.
TEMPERATURES = (1.0, 2**0.5, 2.0, 2**1.5)
ENSEMBLE = 8  # networks of the final model
ENSEMBLE_CONFIGURATIONS = 2  # the most that they are of: more would differ more, but are worse one by one
ENSEMBLE_TOLERANCE = 0.05  # how much worse than the best configuration the others may be
RIVALS = 4  # best configurations of other arms that a greedy selection may take into the ensemble
FEWER_ROWS = (4, 2)  # a quarter and half of the training rows, to see whether more would help
BY_ROWS = 0.05  # the most of the budget that is set aside for that
BY_ROWS_OF_RACE = 0.2  # where there is no budget, the most of what the race took
BASELINES = 0.15  # the most of the budget that the linear model and the boosted trees may take
SCALED_LEVELS = 12  # of categories with more, one-hot levels are scaled down in training
# A first look decides whether squares of numbers are added, or a piecewise-linear encoding, or nothing: a network in
# each split, each way.
PROBE_SHARE = 0.09  # of the budget, for their training
PROBE_EPOCHS, PROBE_FEWEST_EPOCHS = 32, 4
PROBE_RATE, PROBE_DROPOUT, PROBE_DECAY = 4e-3, 0.2, 2.0  # learning rate, dropout rate, strength of the decay

# Ranges that hyperparameters are drawn from, evenly on the given scale.
LEARNING_RATE = (1e-3, 2e-2)  # log; of Adam. Of 48 combinations, on four tables, none was best with a lower one
DROPOUT_RATE = (0.05, 0.6)  # linear; where dropout is on
# Log; where decay is on. A weight that nothing else pulls at shrinks by exp(-strength) over the schedule. The λ that
# does this follows from the learning rate and the number of steps, so that no configuration is spent on a decay that
# does nothing, or nothing else, at its learning rate.
DECAY_STRENGTH = (0.25, 25.0)
MOST_DECAY = 0.5  # the most that one step may take off a weight, however few steps there are
# ε of batch norm. A ReLU that is off for all training rows has no variance, and batch norm after it multiplies what a
# new row brings by 1/√ε: with 1e-5 by 316, and a single row can cost thousands.
EPSILON = 1e-3
# With --search-batch-norm, where batch norm is on.
BATCH_NORM_SCALE = (0.25, 4.0)  # log; the initial γ
BATCH_NORM_SHIFT = (-1.0, 1.0)  # linear; the initial β
BATCH_NORM_EPSILON = (1e-6, 1e-1)  # log
BATCH_NORM_MOMENTUM = (0.5, 0.99)  # linear


def level_scale(levels: int) -> float:
    """What a one-hot level of a category with so many is in training, instead of 1.

    Adam's steps do not depend on how many rows a level has: with 1, networks learn the few rows of a rare one by heart.
    """
    return 1.0 if levels <= SCALED_LEVELS else (2 / levels) ** 0.5


def roomy(count: int) -> int:
    """The next number of four binary digits and zeros, at most an eighth larger.

    What programs that train are compiled for, so that a table which has grown a little finds those of the table it was.
    """
    unit = 1 << max(count.bit_length() - 4, 0)
    return -(-count // unit) * unit


def usual_widths(development_rows: int) -> tuple[int, ...]:
    """Hidden widths for so many development rows (four fifths of a table, or all but those of a test file)."""
    return (128, 128) if development_rows < 4_000 else (256, 256)


def batch_size(training_rows: int) -> int:
    """Rows in a mini-batch, for so many rows to fit on."""
    if training_rows >= 50_000:
        return 512
    if training_rows >= 5_000:
        return 256
    if training_rows >= 500:
        return 128
    # A small table in batches of 128 would see a handful of steps an epoch.
    return 32 if training_rows >= 32 else 2 ** (training_rows.bit_length() - 1)


def networks_in_a_block(parameters: int) -> int:
    """Networks trained together on a device: as few as keep it busy, so that a round is short."""
    return 8 if parameters < 15_000 else 4 if parameters < 40_000 else 2


def networks(arms: int, folds: int, partitions: int, parameters: int, rows: int, epochs: int) -> int:
    """How many to train where neither a time nor a number is given, but every run is to give the same result.

    On a small table ten configurations of each arm in all folds, the better half of them in further partitions; fewer
    where a network has much to do, down to three in the fewest folds.

    **Arguments:**

    - `parameters`: of a network.
    - `rows`: that it is fitted on.
    """
    full = arms * folds * (USUAL_CONFIGURATIONS + (partitions - 1) * math.ceil(KEPT * USUAL_CONFIGURATIONS))
    least = arms * FEWEST_FOLDS * FEWEST_CONFIGURATIONS
    return max(min(least, full), min(full, int(USUAL_WORK / work(parameters, rows, epochs))))


def work(parameters: int, rows: int, epochs: int) -> float:
    """Floating-point operations of training a network: two in each of three products for a weight and a row."""
    return 6.0 * parameters * rows * epochs


def decay(strength: float, learning_rate: float, steps: int) -> float:
    """The λ of a decay of this strength: under a cosine schedule the learning rates of all steps sum to ½ η steps.

    With few steps it is weaker, or a step would turn weights over.
    """
    return min(strength / (0.5 * learning_rate * max(steps, 1)), MOST_DECAY / learning_rate)


def strength(decay: float, learning_rate: float, steps: int) -> float:
    """The strength of a decay of this λ: what `decay` makes a λ of."""
    return decay * 0.5 * learning_rate * max(steps, 1)


def explain() -> list[tuple[str, str, str]]:
    """What, by default, drawn from: a line each, in words."""

    def span(range_: tuple[float, float], scale: str) -> str:
        return f"{range_[0]:.3g} .. {range_[1]:.3g}, {scale}"

    return [
        ("test rows", "a fifth of the rows, or a file (--test); used once, at the end", ""),
        (
            "cross-validation",
            f"{PARTITIONS} x {FOLDS} folds; with less time once, fewer epochs, {FEWEST_FOLDS} folds",
            "",
        ),
        (
            "numbers (--numbers)",
            f"scaled; squares or piecewise-linear encoding ({FEWEST_PIECES}-{MOST_PIECES} pieces) added where better",
            "a pilot run on up to five splits",
        ),
        ("categories", f"one-hot; one of K levels is √(2 / K) in training, where K > {SCALED_LEVELS}", ""),
        (
            "combinations (--factors)",
            "batch norm none, before, after x dropout off, on x weight decay off, on",
            f"of more than {MOST_ARMS}, a balanced fraction",
        ),
        (
            "configurations each",
            f"{FEWEST_CONFIGURATIONS} to {MOST_CONFIGURATIONS}, as the budget allows",
            "scrambled Sobol sequence",
        ),
        (
            "second cross-validation",
            f"the better {KEPT:.0%} of the configurations, {FEWEST_CONFIGURATIONS} at least",
            "more, if there is time",
        ),
        ("hidden layers (--hidden)", "128, 128; 256, 256 from 5,000 rows", "fixed"),
        ("column scales", "learned with the network, at 6 times the learning rate", ""),
        ("activation, initial weights", "relu (--activation), He normal", "fixed"),
        ("optimiser", "Adam, β 0.9, 0.99; cosine schedule to zero", ""),
        ("learning rate", "tuned", span(LEARNING_RATE, "log")),
        ("epochs", f"up to {EPOCHS} (--epochs), validated after each", "the best on other folds"),
        (
            "judged by (--judge)",
            "log loss of calibrated probabilities; squared error",
            f"{len(TEMPERATURES)} temperatures, {span((TEMPERATURES[0], TEMPERATURES[-1]), 'the best on other folds')}",
        ),
        ("batch (--batch-size)", "128; 256 from 5,000 training rows; 512 from 50,000; 32 below 500", "fixed"),
        ("dropout rate, where on", "tuned", span(DROPOUT_RATE, "linear")),
        ("weight decay, where on", "decoupled; strength tuned", span(DECAY_STRENGTH, "log")),
        ("", "(a weight left alone shrinks by exp(-strength) over the schedule)", ""),
        ("batch norm, where on", f"initial γ 1, initial β 0, ε {EPSILON:g}, momentum 0.9", "fixed"),
        ("  with --search-batch-norm", "initial γ", span(BATCH_NORM_SCALE, "log")),
        ("", "initial β", span(BATCH_NORM_SHIFT, "linear")),
        ("", "ε", span(BATCH_NORM_EPSILON, "log")),
        ("", "momentum", span(BATCH_NORM_MOMENTUM, "linear")),
        ("negligible", f"within {MARGIN:.0%} of the plain network's loss", ""),
        ("likely", f"probability of {LIKELY:.0%} or more", "each question by itself"),
        (
            "intervals",
            f"{CONFIDENCE:.0%}, simultaneous",
            f"unknown with fewer than {FEWEST_CONFIGURATIONS} configurations",
        ),
        ("recommended", "the lowest loss of a combination no worse than plain", "halfway to what main effects say"),
        (
            "final model",
            f"an ensemble of {ENSEMBLE} networks (--single: one)",
            f"{ENSEMBLE_CONFIGURATIONS} configurations within {ENSEMBLE_TOLERANCE:.0%} of the best",
        ),
        (
            "  or, where it is better",
            f"a greedy selection, with the best of {RIVALS} other combinations",
            "on disjoint rows",
        ),
        ("probabilities", "temperature scaling where that lowers the loss", "on disjoint rows"),
        ("", "mixed with the uniform distribution, share 1 / (2 (n + 1))", "n training and validation rows"),
        ("non-neural baselines", f"unless they would take over {BASELINES:.0%} of the budget", ""),
        (
            "learning curve over rows",
            "1/" + " and 1/".join(map(str, FEWER_ROWS)) + " of the training rows",
            f"in {BY_ROWS:.0%} of the budget at most, or what is left; without one, {BY_ROWS_OF_RACE:.0%} of the race",
        ),
        (
            "large tables",
            "searched on a sample, the final model alone on all rows",
            "where the budget is small for all of them",
        ),
        ("budget (--budget)", f"{BUDGET_SECONDS:g} s for everything", ""),
        (
            "  in an estimator's fit",
            f"none: {USUAL_CONFIGURATIONS} configurations each",
            f"fewer beyond {USUAL_WORK:.2g} floating-point operations",
        ),
        ("  with --until-decided", f"{UNTIL_DECIDED_SECONDS:g} s at the most", ""),
    ]
