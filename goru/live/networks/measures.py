"""What the page shows of one side: losses with bands, scores, overfitting, activations, weights."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goru.live.networks.sides import Side
from goru.live.rows import Rows
from goru.nn.losses import LOSSES
from goru.nn.rows import targets

QUANTILES = (0.1, 0.9)  # ends of a band over the seeds
RISEN, FOR_EPOCHS = 0.02, 5  # overfitting: so much above the lowest validation loss, so many epochs in a row
LEARNED = 0.5  # of the class prior's loss
ROWS_LOOKED_AT = 200  # at whose activations are looked
BINS = 40
_CELLS = 400_000  # activations of a layer that are counted at the most; of more, those of fewer rows
PARTS = ("training", "validation")


@dataclass
class Scored:
    """Of every network, `(networks,)`: losses, and accuracy or R², on both parts of the rows."""

    losses: dict[str, np.ndarray]
    scores: dict[str, np.ndarray]

    @property
    def diverged(self) -> np.ndarray:
        """Whose losses are no numbers."""
        return ~np.isfinite(self.losses["training"]) | ~np.isfinite(self.losses["validation"])


def score(side: Side) -> Scored:
    """All rows, by the networks as they are."""
    rows, losses, scores = side.rows, {}, {}
    loss, outputs = LOSSES[rows.loss], side.outputs(rows.x)
    with np.errstate(all="ignore"):  # a network that diverged has infinite losses
        of_rows = loss.of_rows(outputs, targets(rows.y))
        if rows.classes is None:
            right = None
        else:
            named = outputs[:, 0] > 0 if rows.outputs == 1 else outputs.argmax(axis=1)
            right = named == rows.labels
        for part, chosen in zip(PARTS, (rows.training, rows.validation), strict=True):
            losses[part] = of_rows[:, chosen].mean(axis=1, dtype=np.float64)
            if right is None:
                variance = max(float(np.var(rows.labels[chosen].astype(np.float64))), 1e-12)
                scores[part] = 1 - losses[part] / variance
            else:
                scores[part] = right[:, chosen].mean(axis=1)
    return Scored(losses, scores)


@dataclass
class History:
    """The losses of one side, epoch after epoch; mean, low and high over the networks that have not diverged."""

    rows: Rows
    epochs: list[int] = field(default_factory=list)
    curves: dict[str, dict[str, list[float | None]]] = field(
        default_factory=lambda: {part: {"mean": [], "low": [], "high": []} for part in PARTS}
    )
    overfits_from: int | None = None
    _lowest: float = np.inf
    _lowest_at: int = 0
    _above: int = 0
    last: Scored | None = None

    def add(self, epoch: int, scored: Scored) -> None:
        """Take an epoch."""
        self.last = scored
        self.epochs.append(epoch)
        well = ~scored.diverged
        for part in PARTS:
            own = scored.losses[part][well]
            low, high = np.quantile(own, QUANTILES) if len(own) else (np.nan, np.nan)
            mean = own.mean() if len(own) else np.nan
            for name, value in (("mean", mean), ("low", low), ("high", high)):
                self.curves[part][name].append(number(value))
        self._watch(epoch, self.curves["validation"]["mean"][-1])

    def _watch(self, epoch: int, loss: float | None) -> None:
        """Whether the validation loss has risen for good."""
        if loss is None or self.overfits_from is not None:
            return
        if loss < self._lowest:
            self._lowest, self._lowest_at, self._above = loss, epoch, 0
            return
        self._above = self._above + 1 if loss > self._lowest * (1 + RISEN) else 0
        if self._above >= FOR_EPOCHS:
            self.overfits_from = self._lowest_at

    def since(self, start: int, end: int) -> dict[str, Any]:
        """Entries from number `start` to `end` (not included), as the page takes them."""
        curves = {part: {name: own[start:end] for name, own in self.curves[part].items()} for part in PARTS}
        return {"epoch": self.epochs[start:end], **curves}

    def figures(self) -> dict[str, Any]:
        """How the networks stand after the last epoch."""
        assert self.last is not None
        well, scored = ~self.last.diverged, self.last
        losses = {part: float(scored.losses[part][well].mean()) if well.any() else np.nan for part in PARTS}
        scores = {part: number(scored.scores[part][well].mean()) if well.any() else None for part in PARTS}
        learned = well & (scored.losses["training"] < LEARNED * self.rows.prior_loss)
        return {
            "accuracy": None if self.rows.classes is None else scores,
            "r2": scores if self.rows.classes is None else None,
            "gap": number(losses["validation"] - losses["training"]),
            "overfits_from": self.overfits_from,
            "learned": int(learned.sum()),
            "networks": len(well),
            "diverged": int((~well).sum()),
        }


def layers(side: Side) -> list[dict[str, Any]]:
    """Activations after every hidden block, at inference, on some of the training rows, and what the block holds."""
    x = side.rows.x[side.rows.training[:ROWS_LOOKED_AT]]
    learner = side.home()
    affine = [own for own in learner.numbers.tree if hasattr(own, "weight")]
    norms = [own for own in learner.numbers.tree if hasattr(own, "scale")]
    found = []
    for index, activations in enumerate(side.activations(x)):
        gamma, beta = (norms[index].scale, norms[index].shift) if norms else (None, None)
        found.append(
            {
                "name": str(index + 1),
                "histogram": histogram(activations),
                "dead": dead(activations),
                "weight_rms": _rms(affine[index].weight),
                "gamma": _spread(gamma),
                "beta": _spread(beta),
            }
        )
    return found


def histogram(values: np.ndarray) -> dict[str, Any] | None:
    """Counts of `(networks, units, rows)` in `BINS` bins; `None` where no number is finite."""
    networks, units, _ = values.shape
    values = values[:, :, : max(20, _CELLS // (networks * units))]
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return None
    low, high = float(finite.min()), float(finite.max())
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-9):
        low, high = low - 0.5, high + 0.5
    with np.errstate(all="ignore"):
        places = ((finite.astype(np.float64) - low) * (BINS / (high - low))).astype(np.intp)
    counts = np.bincount(np.minimum(places, BINS - 1), minlength=BINS)
    return {"low": number(low), "high": number(high), "counts": counts.tolist()}


def dead(activations: np.ndarray) -> float | None:
    """The share of units, `(networks, units, rows)`, that put out the same for every row; networks that diverged do
    not count."""
    finite = np.isfinite(activations).all(axis=(1, 2))
    if not finite.any():
        return None
    own = activations[finite]
    return number((own.max(axis=2) == own.min(axis=2)).mean())


def _rms(weight: np.ndarray) -> float | None:
    with np.errstate(all="ignore"):
        own = np.sqrt(np.square(weight, dtype=np.float64).mean(axis=(1, 2)))
    own = own[np.isfinite(own)]
    return number(own.mean()) if len(own) else None


def _spread(values: np.ndarray | None) -> list[float | None] | None:
    if values is None or not np.isfinite(values).any():
        return None
    return [number(value) for value in np.quantile(values[np.isfinite(values)], (0.1, 0.5, 0.9))]


def number(value: Any) -> float | None:
    """With six digits, as JSON has it; `None` where it is not finite."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
