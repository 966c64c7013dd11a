"""Is dropout an ensemble in one network?"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup, Source
from goru.claims.effects import ClaimEffect, best_on_others, loss_effect, tuned
from goru.claims.figures import BLUE, GREY, RED, band, legend, panels
from goru.claims.networks import ClaimNetworks
from goru.claims.sources import SRIVASTAVA
from goru.claims.training import Cell
from goru.language import kept

RATE = 0.2  # the book's
MEMBERS = (1, 2, 4, 8, 16, 32)  # of the real ensemble
MASKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
ROWS = 400  # test rows that are judged; the masks take long
FIRST_STEP = 1_000_000  # masks that no training has used
TINY = 1e-12  # a probability below it counts as that
WARDE_FARLEY = Source(
    "Warde-Farley, Goodfellow, Courville, Bengio 2014: An empirical analysis of dropout in piecewise linear networks",
    "https://arxiv.org/abs/1312.6197",
)


def setting(setup: Setup) -> str:
    """What is trained."""
    return f"{setup.describe(setup.overfitting)} " + kept(
        "{members} plain networks a seed, which differ in their initial "
        "weights, learning rate {rate:g}; and one network with the book's dropout of "
        "{dropout_rate:g} (inverted form), {tuning}. What is averaged are {classes}: of the first "
        "1 to {members} plain networks, and of the dropout network with neurons deleted by "
        "{masks} to {most_masks} masks. All are judged on the first {rows} of the test rows, or "
        "all if they are fewer.",
        members=MEMBERS[-1],
        rate=setup.overfitting.rate,
        dropout_rate=RATE,
        tuning=setup.tuning,
        classes=kept("probabilities") if setup.table.classes else kept("predicted values"),
        masks=MASKS[0],
        most_masks=MASKS[-1],
        rows=ROWS,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Many plain networks, and one with dropout at all learning rates."""
    plain = {("plain", replica): setup.cell(setup.overfitting, replica=replica) for replica in range(MEMBERS[-1])}
    return plain | {
        ("dropout", rate): setup.cell(setup.overfitting, rate, dropout=True, dropout_rate=RATE) for rate in setup.rates
    }


def mean_loss(predicted: np.ndarray, y: np.ndarray) -> float:
    """The log loss of probabilities `(rows, classes)`, or the mean squared error of values `(rows, 1)`."""
    if y.ndim == 2:
        return float(np.mean((predicted - y) ** 2))
    return float(-np.log(np.maximum(predicted[np.arange(len(y)), y], TINY)).mean())


def read(setup: Setup, results: Results) -> Reading:
    """The loss of averages, and how far masks are from the scaled network."""
    seeds = setup.seeds
    scaled = np.zeros(seeds)
    real, masked, apart = np.zeros((seeds, len(MEMBERS))), np.zeros((seeds, len(MASKS))), np.zeros((seeds, len(MASKS)))
    losses = [results["dropout", rate].test_loss for rate in setup.rates]

    def sound(predicted: np.ndarray) -> np.ndarray:
        """With a constant baseline where a network diverged."""
        baseline = setup.table.baseline[1]
        return np.where(np.isfinite(predicted), predicted, baseline)

    def judge(seed: int, chosen: int) -> None:
        drawn = setup.table.draw(seed, setup.overfitting.rows)
        x, y = drawn.x[:ROWS], drawn.y[:ROWS]
        members = [sound(results["plain", replica].networks[seed].predict(x)[0]) for replica in range(MEMBERS[-1])]
        real[seed] = [mean_loss(np.mean(members[:count], axis=0), y) for count in MEMBERS]
        dropout = results["dropout", setup.rates[chosen]].networks[seed]
        one = sound(dropout.predict(x)[0])
        scaled[seed] = mean_loss(one, y)
        for place, average in enumerate(map(sound, _averages(dropout, x))):
            masked[seed, place], apart[seed, place] = mean_loss(average, y), np.abs(average - one).mean()

    with ThreadPoolExecutor() as pool:  # NumPy lets other threads run, and the masks take long
        list(pool.map(judge, range(seeds), best_on_others(losses)))

    effects = (
        loss_effect(
            kept("Test loss of one dropout network against one plain network"), scaled, real[:, 0], comparisons=3
        ),
        loss_effect(
            kept("The same against its own average over {masks} masks", masks=MASKS[-1]),
            scaled,
            masked[:, -1],
            comparisons=3,
        ),
        loss_effect(
            kept("The same against {members} plain networks", members=MEMBERS[-1]), scaled, real[:, -1], comparisons=3
        ),
    )
    against = {
        count: loss_effect("", loss, scaled, comparisons=len(MEMBERS))
        for count, loss in zip(MEMBERS, real.T, strict=True)
    }
    what = kept("probabilities") if setup.table.classes else kept("values")
    fits = {
        "plain": float(np.mean([results["plain", replica].training_score for replica in range(MEMBERS[-1])])),
        "dropout": float(tuned([results["dropout", rate].training_score for rate in setup.rates], losses).mean()),
    }
    found = [
        kept(
            "Test losses: one plain network {real:.3f}, {members} averaged {averaged:.3f}; the dropout network "
            "{scaled:.3f}, under one mask {masked:.3f}, averaged over {masks} masks {masked_averaged:.3f}. On training "
            "rows the {score} was {fits:.1%} for plain networks and {fits_dropout:.1%} with dropout.",
            real=real[:, 0].mean(),
            members=MEMBERS[-1],
            averaged=real[:, -1].mean(),
            scaled=scaled.mean(),
            masked=masked[:, 0].mean(),
            masks=MASKS[-1],
            masked_averaged=masked[:, -1].mean(),
            score=setup.score,
            fits=fits["plain"],
            fits_dropout=fits["dropout"],
        ),
        _count(against),
        kept(
            "The {what} of the network without masks and those of the average differ by {apart_10:.3f} with 10 masks, "
            "{apart_100:.3f} with 100 and {apart_most:.3f} with {masks}: a single pass approximates the average, and "
            "is not the same, since what ReLU makes of a mean is not the mean of what it makes.",
            what=what,
            apart_10=apart[:, MASKS.index(10)].mean(),
            apart_100=apart[:, MASKS.index(100)].mean(),
            apart_most=apart[:, -1].mean(),
            masks=MASKS[-1],
        ),
    ]
    tables = {
        "ensemble": _long("members", MEMBERS, test_loss=real),
        "masks": _long("masks", MASKS, test_loss=masked, mean_difference=apart),
        "dropout": pd.DataFrame({"seed": range(seeds), "test_loss": scaled}),
    }

    def draw(figure: Any) -> None:
        first, second = panels(figure, 1, 2)[0]
        band(first, MEMBERS, real, RED, "plain networks, averaged")
        band(first, MASKS, masked, BLUE, "dropout network, masks averaged")
        band(first, (1, MASKS[-1]), np.stack([scaled, scaled], axis=1), GREY, "dropout network, no masks", "--")
        highest = 1.3 * max(real.max(), masked.max(), scaled.max())  # room for the legend
        first.set(
            title="Loss on test rows",
            xlabel="how many are averaged",
            ylabel="loss",
            xscale="log",
            ylim=(0, highest),
        )
        band(second, MASKS, apart, BLUE, "masks averaged")
        second.plot(MASKS, apart[:, 0].mean() / np.sqrt(MASKS), ":", color="0.5", label="falling as 1/√masks")
        second.set(
            title="Masks averaged, against no masks",
            xlabel="masks",
            ylabel=f"mean difference of {what}",
            xscale="log",
            ylim=(0, 1.3 * apart.max()),
        )
        for axes in (first, second):
            axes.set_xticks((1, 10, 100, 500), ("1", "10", "100", "500"))
            axes.minorticks_off()
            legend(axes, loc="upper right")

    return Reading(effects, " ".join(found), draw, tables)


def _count(against: Mapping[int, ClaimEffect]) -> str:
    """How many plain networks, if any number, do as well as the one with dropout, and how sure that is."""
    count = next((count for count, found in against.items() if found.change <= 0), None)
    if count is None:
        return kept(
            "No number of plain networks up to {members} does as well as the one with dropout: "
            "their test loss against its is {numbers}.",
            members=MEMBERS[-1],
            numbers=against[MEMBERS[-1]].numbers,
        )
    begun = kept("One plain network does") if count == 1 else kept("It takes {count} plain networks to do", count=count)
    return kept(
        "{begun} as well as the one with dropout: test loss against its {numbers}.",
        begun=begun,
        numbers=against[count].numbers,
    )


def _averages(network: ClaimNetworks, x: np.ndarray) -> list[np.ndarray]:
    """What a network predicts on average over so many masks."""
    total, found = np.zeros(()), []
    for count in range(1, MASKS[-1] + 1):
        total = total + network.predict_masked(x, FIRST_STEP + count)[0]
        if count in MASKS:
            found.append(total / count)
    return found


def _long(name: str, counts: tuple[int, ...], **values: np.ndarray) -> pd.DataFrame:
    """A row a seed and count."""
    seeds = len(next(iter(values.values())))
    frame = {"seed": np.repeat(range(seeds), len(counts)), name: np.tile(counts, seeds)}
    return pd.DataFrame(frame | {column: found.ravel() for column, found in values.items()})


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """The first of the plain networks, and the one with dropout."""
    side, which = key
    if side == "plain":
        return [("", kept("plain, the first network"))] if which == 0 else []
    return [("", kept("dropout of {rate:g}", rate=RATE))]


CLAIM = Claim(
    name="dropout-ensemble",
    question=kept("Is dropout an ensemble in one network?"),
    promise=kept(
        "Dropout is like an ensemble of many networks in one: using all neurons, scaled, at "
        "test time gives what the average over the networks with deleted neurons would."
    ),
    setting=setting,
    columns=("side", "which"),  # of the plain networks their number, of the others the learning rate
    expected=("helps", "negligible", "negligible"),
    meaning={
        "holds": kept(
            "So the claim holds in all its parts: the one network with dropout is better than a "
            "plain one, as good as the average over its own masks, and as good as a real "
            "ensemble."
        ),
        "holds in part": kept(
            "So the claim holds in part: better than one plain network, as good as the average "
            "over its own masks, as good as a real ensemble, these are three claims, and not all "
            "of them are borne out. Masks of one network share their weights and are trained "
            "together; the members of a real ensemble are independent."
        ),
        "does not hold": kept(
            "So the claim does not hold here: of its three parts, better than one plain network, "
            "as good as the average over its own masks, as good as a real ensemble, none is "
            "borne out. Masks of one network share their weights and are trained together; the "
            "members of a real ensemble are independent."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(SRIVASTAVA, WARDE_FARLEY),
    plan=plan,
    read=read,
    keep="networks",
    size=(10.5, 3.6),
    shows=kept(
        "Left, test loss of averages over plain networks, and over the masks of the dropout "
        "network; right, how far the average over masks is from the dropout network without "
        "masks."
    ),
    lines=lines,
)
