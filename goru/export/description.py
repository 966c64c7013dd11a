"""What stands beside exported weights: a model in plain JSON types, without what its networks do not read."""

import json
from collections.abc import Container
from itertools import pairwise
from typing import Any

from goru import __version__
from goru.data.preparing import Preparation
from goru.data.schema.cells import GAP_WORDS, MISSING_WORDS
from goru.data.schema.columns import DroppedColumn
from goru.data.schema.encoding import Schema
from goru.errors import InputError
from goru.model.model import Model
from goru.nn.layers.kinds import layers_to_json
from goru.nn.network import Layers, every


def describe(model: Model) -> dict[str, Any]:
    """The target, the columns that are read, how they are prepared, and what each network is."""
    used = Schema(tuple(column for column in model.schema.columns if not isinstance(column, DroppedColumn)))
    return {
        "goru": __version__,
        "task": model.target.task,
        "target": model.target.name,
        "classes": None if model.target.classes is None else list(model.target.classes),
        "columns": used.to_json()["columns"],
        "features": [*used.feature_names, *_squares(used, model.preparation), *_pieces(used, model.preparation)],
        "missing_words": list(MISSING_WORDS),
        "gap_words": list(GAP_WORDS),
        "preparation": model.preparation.to_json(),
        "scaling": model.scaling and model.scaling.to_json(),
        "layers": layers_to_json(model.networks.layers),
        "temperature": model.temperature,
        "uniform_share": model.uniform_share,
        "decision_weights": list(model.decision_weights),
        "networks": len(model.networks),
        "members": list(model.members),
    }


def refuse_others(layers: Layers, known: Container[str], form: str) -> None:
    """Raise `InputError` for a layer whose kind is not among those that a form knows."""
    for layer in every(layers):
        if layer.kind not in known:
            raise InputError(f"a layer of kind {layer.kind!r} cannot be exported to {form}. Choose another format.")


def _squares(schema: Schema, preparation: Preparation) -> list[str]:
    """The names of the features behind those of the columns."""
    return [f"{schema.feature_names[column]} squared" for column in preparation.squared]


def _pieces(schema: Schema, preparation: Preparation) -> list[str]:
    """The names of the last features: how far a number has come through each of its pieces."""
    names = schema.feature_names[: len(preparation.medians)]
    return [
        f"{name} from {low:g} to {high:g}"
        for name, edges in zip(names, preparation.edges, strict=False)  # no edges at all where no column is cut
        for low, high in pairwise(edges)
    ]


def as_json(content: Any) -> bytes:
    """JSON in UTF-8 that every reader takes: no NaN, no infinity, halves of characters written out."""
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    return text.encode("utf-8", errors="backslashreplace")
