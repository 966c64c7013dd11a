"""Does weight decay shrink the gap?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from goru.claims.claim import NOTHING_SAID, Claim, Reading, Results, Setup
from goru.claims.effects import loss_effect, mean_percent, points_effect, tuned
from goru.claims.figures import BLUE, GREEN, RED, gap, legend, marks, panels
from goru.claims.sources import KROGH, LOSHCHILOV, VAN_LAARHOVEN
from goru.claims.training import SGD, Cell, TrainedCell
from goru.language import kept
from goru.nn.architecture import DecayForm

DECAYS = (0.001, 0.01, 0.03, 0.1, 0.3)
BOOK = 0.1  # the book's λ
FORMS: dict[DecayForm, tuple[str, str]] = {
    "l2_squared": (kept("½λ‖W‖²"), BLUE),
    "decoupled": (kept("decoupled"), GREEN),
    "l2_norm": (kept("λ‖W‖"), RED),
}
SIDES = {"none": kept("without batch norm"), "before": kept("with batch norm")}
CASES = [(side, form) for side in SIDES for form in FORMS if (side, form) != ("before", "decoupled")]
NAMES = ("gap", "training_score", "test_score", "test_loss")
FALLEN = 0.05  # of a score on training rows
BATCH_NORM = kept(
    "With batch norm it is another matter: the scale of the weights that it normalises "
    "does not change what the network computes. There decay acts through the effective "
    "learning rate: the smaller the weights, the further a step turns them (van "
    "Laarhoven)."
)


def setting(setup: Setup) -> str:
    """What is trained."""
    decays = ", ".join(f"{decay:g}" for decay in (0.0, *DECAYS))
    return f"{setup.describe(setup.overfitting)} " + kept(
        "λ is {decays}, in three forms: the penalty ½λ‖W‖² of every layer's "
        "weights, the penalty λ‖W‖ (the norm itself, with its root), and decoupled, where "
        "each step shrinks the weights by the learning rate times λ; the first two with "
        "batch norm and without. The verdict is on ½λ‖W‖² without batch norm: the gap at the "
        "book's λ of 0.1, and the test loss at the λ above 0 that is best on the other "
        "seeds, against λ = 0.",
        decays=decays,
    )


def plan(setup: Setup) -> Mapping[Any, Cell]:
    """All λ, with batch norm and without; at λ = 0 the forms are one, and are trained once."""
    return {
        (side, form, decay): setup.cell(
            setup.overfitting,
            batch_norm=side,
            weight_decay=decay,
            recipe=replace(SGD, loss=setup.table.loss, decay=form),
        )
        for side, form in CASES
        for decay in ((0.0, *DECAYS) if form == "l2_squared" else DECAYS)
    }


def read(setup: Setup, results: Results) -> Reading:
    """The gap and the test loss at all λ."""

    def at(side: str, form: str, decay: float) -> TrainedCell:
        return results[side, form if decay else "l2_squared", decay]

    def over(side: str, form: str, name: str) -> np.ndarray:
        """`(seeds, λ)`."""
        return np.stack([getattr(at(side, form, decay), name) for decay in (0.0, *DECAYS)], axis=1)

    plain, book = at("none", "l2_squared", 0.0), at("none", "l2_squared", BOOK)
    losses = [at("none", "l2_squared", decay).test_loss for decay in DECAYS]
    effects = (
        points_effect(
            kept(
                "Gap in {score} between training rows and test rows, λ = {book:g} against 0",
                score=setup.score,
                book=BOOK,
            ),
            book.gap,
            plain.gap,
            higher_is_better=False,
            comparisons=2,
        ),
        loss_effect(kept("Test loss, best λ against 0"), tuned(losses), plain.test_loss, comparisons=2),
    )
    table = pd.DataFrame(
        [
            (side, form, decay, *(getattr(at(side, form, decay), name).mean() for name in NAMES))
            for side, form in CASES
            for decay in (0.0, *DECAYS)
        ],
        columns=["batch_norm", "form", "weight_decay", *NAMES],
    )

    def best(side: str, form: str) -> str:
        """What the λ above 0 that is best on the other seeds changes."""
        losses = list(over(side, form, "test_loss").T)
        change = loss_effect("", tuned(losses[1:]), losses[0], comparisons=len(CASES))
        chosen = DECAYS[int(np.argmin(np.mean(losses[1:], axis=1)))]
        return change.numbers_at(f"λ = {chosen:g}")

    found = [
        kept(
            "At λ = {book:g} the {score} was {training_score} on training rows and {test_score} on test rows; at λ = "
            "0, {plain_training} and {plain_test}.",
            book=BOOK,
            score=setup.score,
            training_score=mean_percent(book.training_score),
            test_score=mean_percent(book.test_score),
            plain_training=mean_percent(plain.training_score),
            plain_test=mean_percent(plain.test_score),
        ),
        _learned(plain, book),
        kept(
            "At the λ above 0 that is best on the other seeds the test loss changes by {best} with ½λ‖W‖² and by "
            "{best_norm} with λ‖W‖; with batch norm, by {best_with} and {best_norm_with}. Decoupled decay is the same "
            "as ½λ‖W‖² here: plain gradient descent takes the penalty's gradient as it is, and only with momentum or "
            "Adam do the two differ.",
            best=best("none", "l2_squared"),
            best_norm=best("none", "l2_norm"),
            best_with=best("before", "l2_squared"),
            best_norm_with=best("before", "l2_norm"),
        ),
    ]

    def draw(figure: Any) -> None:
        first, second, third = panels(figure, 1, 3)[0]
        for trained, colour, name in ((plain, RED, "λ = 0"), (book, BLUE, f"λ = {BOOK:g}")):
            gap(first, trained, colour, name)
        first.set(title="½λ‖W‖²: dashed above solid", xlabel="epoch", ylabel=setup.score)
        places = np.arange(len(DECAYS) + 1)
        for shift, (form, (name, colour)) in zip((-0.12, 0.0, 0.12), FORMS.items(), strict=True):
            marks(second, places + shift, 100 * over("none", form, "gap"), colour, name)
        for shift, side, colour in ((-0.06, "none", RED), (0.06, "before", BLUE)):
            marks(third, places + shift, over(side, "l2_squared", "test_loss"), colour, SIDES[side])
        second.set(title="The gap, by the form of decay", ylabel="gap, points")
        third.set(title="Test loss, ½λ‖W‖²", ylabel="loss")
        for axes in (second, third):
            axes.set_xticks(places, [f"{decay:g}" for decay in (0.0, *DECAYS)])
            axes.set_xlabel("λ")
        for axes in (first, second, third):
            legend(axes)

    return Reading(effects, " ".join(found), draw, {"forms": table})


def _learned(plain: TrainedCell, decayed: TrainedCell) -> str:
    """Whether a gap is small because nothing has been learned."""
    lost = plain.training_score.mean() - decayed.training_score.mean()
    if lost > FALLEN:
        return kept(
            "So this λ costs {lost:.0f} points on training rows, and a network that learns less has less of a gap.",
            lost=100 * lost,
        )
    return kept("So this λ costs less than {fallen:.0f} points on training rows.", fallen=100 * FALLEN)


def lines(setup: Setup, key: tuple[Any, ...]) -> list[tuple[str, str]]:
    """A panel for each penalty, with batch norm and without; at λ = 0 the penalties are one."""
    side, form, decay = key
    if form == "decoupled" or decay not in (0.0, 0.01, BOOK):
        return []
    penalties: tuple[DecayForm, ...] = ("l2_squared", "l2_norm")
    forms = [other for other in penalties if other == form or not decay]
    return [(f"{FORMS[other][0]}, {SIDES[side]}", kept("λ = {decay:g}", decay=decay)) for other in forms]


CLAIM = Claim(
    name="weight-decay",
    question=kept("Does weight decay shrink the gap?"),
    promise=kept(
        "Weight decay suppresses overfitting: with λ = 0.1 the gap between training rows and test rows shrinks."
    ),
    setting=setting,
    columns=("batch_norm", "form", "weight_decay"),
    expected=("helps", "helps"),
    meaning={
        "holds": kept(
            "So the claim holds: the gap is smaller with the book's λ, and with a λ that is "
            "chosen well the loss on test rows is lower too."
        )
        + " "
        + BATCH_NORM,
        "holds in part": kept(
            "So the claim holds in part: of the two, the gap and the loss on test rows, not both "
            "are shown to be better. A small gap by itself is no gain: a network that decay "
            "keeps from learning has none."
        )
        + " "
        + BATCH_NORM,
        "does not hold": kept(
            "So the claim does not hold here: neither a smaller gap nor a lower loss on test rows is borne out."
        )
        + " "
        + BATCH_NORM,
        "inconclusive": NOTHING_SAID,
    },
    sources=(KROGH, LOSHCHILOV, VAN_LAARHOVEN),
    plan=plan,
    read=read,
    size=(11.5, 3.4),
    shows=kept(
        "Left, {score} by epoch with the book's λ and without decay, the penalty being "
        "½λ‖W‖²; in the middle, the gap by λ in each form of decay; right, test loss by λ, "
        "with batch norm and without."
    ),
    lines=lines,
)
