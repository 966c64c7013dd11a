"""Does deleting neurons at random shrink the gap?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import best_on_others, loss_effect, mean_percent, points_effect, tuned
from goru.claims.figures import BLUE, GREEN, GREY, RED, gap, legend, marks, panels
from goru.claims.sources import SRIVASTAVA
from goru.claims.training import Cell, TrainedCell
from goru.language import kept

SHARES = (0.0, 0.1, 0.2, 0.3, 0.5)  # deleted
BOOK = 0.2  # the book's
FORMS = {"classic": ("classic", BLUE), "inverted": ("inverted", GREEN)}
SCALED = {
    "kept": (kept("kept share"), 1 - BOOK, BLUE),
    "one": (kept("not at all"), 1.0, GREY),
    "deleted": (kept("deleted share"), BOOK, RED),
}
EPOCHS = 300  # of the book's figure
FALLEN = 0.05  # of a score on training rows


def setting(setup: Setup) -> str:
    """What is trained."""
    sizes = setup.overfitting
    return kept(
        "{depth} hidden layers of {width} units, {rows} rows of {name} to fit on, batches of "
        "{batch}, {epochs} epochs of plain gradient descent, {seeds} seeds. Dropout of "
        "{shares}, in the classic form (activations are scaled at test time) and in the "
        "inverted form (they are scaled up in training); {tuning}. The verdict is on the "
        "classic form, the book's {book:g} against 0, and on the same trained networks with "
        "their activations multiplied by the deleted share instead of the kept share at test "
        "time.",
        depth=sizes.depth,
        width=sizes.width,
        rows=sizes.rows,
        name=setup.table.name,
        batch=sizes.batch,
        epochs=_epochs(setup),
        seeds=setup.seeds,
        shares=", ".join(f"{share:g}" for share in SHARES),
        tuning=setup.tuning,
        book=BOOK,
    )


def _epochs(setup: Setup) -> int:
    return EPOCHS if setup.book else setup.overfitting.epochs


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """Both forms of all shares at all learning rates."""
    return {
        (form, share, rate): setup.cell(
            setup.overfitting, rate, epochs=_epochs(setup), dropout=True, dropout_form=form, dropout_rate=share
        )
        for form in FORMS
        for share in SHARES
        for rate in setup.rates
    }


def read(setup: Setup, results: Results) -> Reading:
    """The gap, the loss on test rows, and the scaling at test time."""

    def losses_of(form: str, share: float) -> list[np.ndarray]:
        return [results[form, share, rate].test_loss for rate in setup.rates]

    def own(form: str, share: float, name: str) -> np.ndarray:
        """Of every seed, at the learning rate that is best on the others."""
        return tuned([getattr(results[form, share, rate], name) for rate in setup.rates], losses_of(form, share))

    def shown(share: float) -> TrainedCell:
        """At the learning rate that is best on average."""
        return results["classic", share, setup.rates[int(np.argmin(np.mean(losses_of("classic", share), axis=1)))]]

    losses = {name: np.zeros(setup.seeds) for name in SCALED}
    scores = {name: np.zeros(setup.seeds) for name in SCALED}
    for seed, chosen in enumerate(best_on_others(losses_of("classic", BOOK))):
        networks = results["classic", BOOK, setup.rates[chosen]].networks[seed]
        drawn = setup.table.draw(seed, setup.overfitting.rows)
        for name, (_, share, _) in SCALED.items():
            figures = networks.scaled_by(share).figures(drawn.x, drawn.y)[0]
            losses[name][seed], scores[name][seed] = setup.table.judge(figures, drawn.y)
    effects = (
        points_effect(
            kept(
                "Gap in {score} between training rows and test rows, dropout of {book:g} against none",
                score=setup.score,
                book=BOOK,
            ),
            own("classic", BOOK, "gap"),
            own("classic", 0.0, "gap"),
            higher_is_better=False,
            comparisons=3,
        ),
        loss_effect(
            kept("Test loss, dropout of {book:g} against none", book=BOOK),
            own("classic", BOOK, "test_loss"),
            own("classic", 0.0, "test_loss"),
            comparisons=3,
        ),
        loss_effect(
            kept("Test loss when scaled by the deleted share, against the kept share"),
            losses["deleted"],
            losses["kept"],
            comparisons=3,
        ),
    )

    def best(form: str) -> str:
        """What the share above 0 that is best on the other seeds changes."""
        tried = [(share, results[form, share, rate].test_loss) for share in SHARES[1:] for rate in setup.rates]
        found = [loss for _, loss in tried]
        change = loss_effect("", tuned(found), own(form, 0.0, "test_loss"), comparisons=len(FORMS))
        share = tried[int(np.argmin(np.mean(found, axis=1)))][0]
        return change.numbers_at(f"{share:g}")

    fit = {share: own("classic", share, "training_score") for share in (0.0, BOOK)}
    test = {share: own("classic", share, "test_score") for share in (0.0, BOOK)}
    fallen = float(fit[0.0].mean() - fit[BOOK].mean())
    found = [
        kept(
            "With dropout of {book:g} the {score} was {fit} on training rows and {test} on "
            "test rows; without, {plain_fit} and {plain_test}.",
            book=BOOK,
            score=setup.score,
            fit=mean_percent(fit[BOOK]),
            test=mean_percent(test[BOOK]),
            plain_fit=mean_percent(fit[0.0]),
            plain_test=mean_percent(test[0.0]),
        ),
        *[
            kept(
                "So dropout costs {fallen:.0f} points on training rows, and a network that learns less has less of "
                "a gap.",
                fallen=100 * fallen,
            )
        ]
        * bool(fallen > FALLEN),
        kept(
            "With the share that is best on the other seeds the test loss changes by {best} in "
            "the classic form and by {best_inverted} in the inverted one. The same networks with "
            "dropout of {book:g}, scaled at test time by the kept share {kept_share:g}, have a test "
            "{score} of {scores}; not scaled, {scores_one}; scaled by the deleted share {book}, as "
            "the book once says by mistake, {scores_deleted}.",
            best=best("classic"),
            best_inverted=best("inverted"),
            book=BOOK,
            kept_share=1 - BOOK,
            score=setup.score,
            scores=mean_percent(scores["kept"]),
            scores_one=mean_percent(scores["one"]),
            scores_deleted=mean_percent(scores["deleted"]),
        ),
    ]
    table = pd.DataFrame(
        [
            (name, share, seed, losses[name][seed], scores[name][seed])
            for name, (_, share, _) in SCALED.items()
            for seed in range(setup.seeds)
        ],
        columns=["scaled_by", "factor", "seed", "test_loss", "test_score"],
    )

    def draw(figure: Any) -> None:
        first, second, third, fourth = panels(figure, 1, 4, width_ratios=(1.2, 1, 1, 0.8))[0]
        for trained, colour, name in ((shown(0.0), RED, "none"), (shown(BOOK), BLUE, f"{BOOK:g}")):
            gap(first, trained, colour, name)
        first.set(title="Classic form: dashed above solid", xlabel="epoch", ylabel=setup.score)
        for shift, (form, (name, colour)) in zip((-0.006, 0.006), FORMS.items(), strict=True):
            places = np.array(SHARES) + shift
            marks(second, places, 100 * np.stack([own(form, one, "gap") for one in SHARES], axis=1), colour, name)
            marks(third, places, np.stack([own(form, one, "test_loss") for one in SHARES], axis=1), colour, name)
        second.set(title="The gap", xlabel="share deleted", ylabel="gap, points")
        third.set(title="Loss on test rows", xlabel="share deleted", ylabel="loss")
        for place, (name, (_, _, colour)) in enumerate(SCALED.items()):
            lost = losses[name]
            reach = [[lost.mean() - lost.min()], [lost.max() - lost.mean()]]
            fourth.bar([place], [lost.mean()], yerr=reach, color=colour, capsize=3, error_kw={"linewidth": 0.8})
        fourth.set_axisbelow(True)
        fourth.grid(visible=False, axis="x")
        fourth.set_xticks(range(len(SCALED)), [f"{label}\n({share:g})" for label, share, _ in SCALED.values()])
        fourth.tick_params(axis="x", labelsize=7)
        fourth.set(title=f"Dropout of {BOOK:g}, scaled by", ylabel="loss, test rows")
        for axes in (first, second, third):
            legend(axes)

    return Reading(effects, " ".join(found), draw, {"scaling": table})


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each form."""
    form, share, _ = key
    return (
        [(kept("classic form") if form == "classic" else kept("inverted form"), kept("{share:g} deleted", share=share))]
        if share in (0.0, BOOK, SHARES[-1])
        else []
    )


CLAIM = Claim(
    name="dropout",
    question=kept("Does dropout shrink the gap?"),
    promise=kept(
        "Dropout suppresses overfitting: deleting a share of 0.2 of the neurons at random in "
        "training shrinks the gap. At test time activations are multiplied by the share that "
        "was kept."
    ),
    setting=setting,
    columns=("form", "dropout_rate", "learning_rate"),
    expected=("helps", "helps", "hurts"),
    meaning={
        "holds": kept(
            "So the claim holds: the gap is smaller, the loss on test rows lower, and the "
            "scaling at test time has to be by the kept share: then every unit puts out on "
            "average what it did in training."
        ),
        "holds in part": kept(
            "So the claim holds in part: of the three, a smaller gap, a lower loss on test rows "
            "and a loss from the wrong scaling, not all are clear. A smaller gap by itself is no "
            "gain: a network from which too much is deleted learns less."
        ),
        "does not hold": kept(
            "So the claim does not hold here: neither a smaller gap, nor a lower loss on test "
            "rows, nor a loss from the wrong scaling is borne out."
        ),
        "inconclusive": NOTHING_SAID,
    },
    sources=(SRIVASTAVA,),
    plan=plan,
    read=read,
    keep="networks",
    size=(13, 3.4),
    shows=kept(
        "From left to right: {score} by epoch without dropout and with the book's share; the "
        "gap, and the test loss, by the share deleted; test loss with the activations "
        "multiplied by three different shares."
    ),
    lines=lines,
)
