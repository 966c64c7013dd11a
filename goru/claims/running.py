"""Claims by name: what they need is compiled ahead, and they are tried one after the other."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Literal

from goru.claims.claim import Claim, ClaimOutcome, Setup, outcome
from goru.claims.table import load_table
from goru.claims.training import Workshop
from goru.errors import InputError, option
from goru.wording import nearest

NAMES = (
    "activations",
    "bn-speed",
    "bn-init",
    "bn-overfit",
    "bn-placement",
    "bn-hyper",
    "bn-suffices",
    "layer-norm",
    "overfitting",
    "large-weights",
    "weight-decay",
    "decay-or-dropout",
    "dropout",
    "dropout-ensemble",
    "mixup",
)
PLACES = ("digits", "breast_cancer", "wine")  # where a claim is about several tables, if no table is given
SEEDS = 10
FEWEST_SEEDS = 3
Preset = Literal["digits", "book"]


def claim(name: str) -> Claim:
    """The claim of a `name`, one of `NAMES`.

    **Raises:** `InputError` if there is none.
    """
    if name not in NAMES:
        hint = nearest(name, NAMES) or " `goru claims --list` names them all."
        raise InputError(f"no claim is called '{name}'.{hint}")
    return import_module(f"goru.claims.promises.{name.replace('-', '_')}").CLAIM


def set_up(
    data: str | None = None,
    *,
    target: str | None = None,
    task: Any = None,
    preset: Preset = "digits",
    seeds: int = SEEDS,
) -> Setup:
    """On what claims are tried: a built-in name, a table or an IDX folder; scikit-learn's digits if none is given.

    **Arguments:** `data`, `target`, `task`, `preset` and `seeds` as of [`run`][goru.claims.running.run].

    **Raises:** `InputError` for a table that is none or does not suit, and for fewer than three seeds.
    """
    if preset not in ("digits", "book"):
        raise InputError(f"{option('preset')}: '{preset}' is neither digits nor book.")
    if seeds < FEWEST_SEEDS:
        raise InputError(
            f"{option('seeds')}: {seeds} cannot show by how much seeds differ. Give at least {FEWEST_SEEDS}."
        )
    book = preset == "book"
    if book and data is None:
        raise InputError(
            f"{option('preset', 'book')}: the book's sizes are for images. "
            f"Give a folder of IDX files with {option('data')}."
        )
    if book and (target or task):
        raise InputError(
            f"{option('preset', 'book')}: images have their labels for a target. "
            f"Leave out {option('target')} and {option('task')}."
        )
    table = load_table(data or PLACES[0], target=target, task=task, as_in_the_book=book)
    others = tuple(load_table(name) for name in PLACES[1:]) if data is None else ()
    return Setup(table, seeds, book, others)


def run_all(
    names: Sequence[str] = NAMES,
    setup: Setup | None = None,
    on_networks: Callable[[int], Any] = lambda _: None,
    on_claim: Callable[[str], Any] = lambda _: None,
) -> Iterator[ClaimOutcome]:
    """Try claims one after the other.

    **Arguments:**

    - `names`: which, by default all.
    - `setup`: on what, from [`set_up`][goru.claims.running.set_up]; scikit-learn's digits by default.
    - `on_networks`: told how many networks have been trained since it was last told.
    - `on_claim`: told the name of every claim before its networks are trained.

    **Returns:** the outcome of each, as soon as it is there.

    **Raises:** `InputError` for a name that there is not.
    """
    setup = setup or set_up()
    claims = [claim(name) for name in names]
    workshop = Workshop(setup.seeds, on_networks)
    try:
        plans = [one.plan(setup) for one in claims]
        for one, cells in zip(claims, plans, strict=True):
            workshop.prepare(list(cells.values()), one.keep)
        for one, cells in zip(claims, plans, strict=True):
            on_claim(one.name)
            yield outcome(one, setup, workshop.train(cells, one.keep))
    finally:
        workshop.close()


def run(
    name: str,
    data: str | None = None,
    *,
    target: str | None = None,
    task: Any = None,
    preset: Preset = "digits",
    seeds: int = SEEDS,
) -> ClaimOutcome:
    """Try one claim.

    **Arguments:**

    - `name`: one of `NAMES`.
    - `data`, `target`, `task`: a built-in name, a table or an IDX folder, and its target; by default scikit-learn's
      digits.
    - `preset`: `"book"` for the sizes of the book's own figures, on MNIST.
    - `seeds`: how often every network is trained, 3 times at least.

    **Returns:** the outcome: its verdict, effects, frames and figure; it prints itself.

    **Raises:** `InputError` for a name, a table or a number that does not suit.
    """
    (found,) = run_all([name], set_up(data, target=target, task=task, preset=preset, seeds=seeds))
    return found
