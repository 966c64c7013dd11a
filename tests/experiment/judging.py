"""Effects and their errors, of differences made by hand."""

import numpy as np
from experiments import even_shares

from goru.experiment.effects.effects import Compared, Effect, Error, error, judge_effects

#: By what two parts of the rows add in four splits; and the mean where a configuration is left out.
PARTS = np.array([[0.1, 0.3], [0.3, 0.1], [0.6, 0.8], [0.2, 0.2]])
WITHOUT = (0.65, 0.65, 0.65, 1.05)


def difference(parts: object, without: object = ()) -> Compared:
    """By what parts of the rows add in every split, `(splits, parts)`."""
    parts = np.asarray(parts, np.float64)
    return Compared(parts.sum(axis=1), parts, np.asarray(without, np.float64))


def error_of(parts: object, without: object = (), shares: object = None) -> Error:
    """Parts are of one size by default, and nothing is tuned."""
    shares = even_shares(*np.shape(parts)) if shares is None else np.asarray(shares, np.float64)
    return error(difference(parts, without), shares)


def effects_of(*differences: Compared, margin: float = 0.02, confidence: float = 0.95) -> tuple[Effect, ...]:
    """Of a family of effects, called by their places."""
    shares = even_shares(*differences[0].parts.shape)
    named = [(str(place), one) for place, one in enumerate(differences)]
    return judge_effects(named, shares, margin, confidence)


def effect_of(parts: object, without: object = (), **more: float) -> Effect:
    """Of an effect that is alone."""
    (one,) = effects_of(difference(parts, without), **more)
    return one
