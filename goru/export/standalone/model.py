"""An ensemble of networks that predicts from rows of a table. It needs PyTorch, NumPy, safetensors, and the files
beside it.

    from model import load

    model = load()
    model.predict(table)                # a pandas frame, or {"column": [cell, cell, ...], ...}
    model.predict_proba(table)          # of a classification: (rows, classes)
    model(model.prepare(table))         # the same as a tensor, to be differentiated or learned further
    model.networks[0]                   # one network: features to logits, or to a scaled value

A cell that is missing is None, NaN, or a word of "missing_words" in model.json; among numbers and dates also one of
"gap_words".
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

ACTIVATIONS = {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "mish": nn.Mish,
    "selu": nn.SELU,
}
MINUS = "\N{MINUS SIGN}"
PLAIN_NUMBER = re.compile(
    r"-?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|-?(?:0|[1-9][0-9]*)(?:[eE][+-][0-9]+)?"
)
ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}.*)?)?")


class Ensemble(nn.Module):
    """Networks whose predictions are averaged; `description` is what stands in model.json."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        super().__init__()
        self.description = description
        self.classes = description["classes"]
        networks = (nn.Sequential(*_layers(description["layers"])) for _ in range(description["networks"]))
        self.networks = nn.ModuleList(networks)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Probabilities, `(rows, classes)`, or values in the target's own units, `(rows,)`; in double precision."""
        features = features.to(next(self.parameters()).dtype)
        outputs = torch.stack([network(features) for network in self.networks]).double()
        if self.classes is None:
            scaling = self.description["scaling"]
            return outputs.mean(0)[:, 0] * scaling["std"] + scaling["mean"]
        probabilities = outputs.softmax(-1).mean(0)
        temperature, uniform = self.description["temperature"], self.description["uniform_share"]
        if temperature != 1:
            tiny = torch.finfo(torch.float64).tiny
            probabilities = (probabilities.clamp_min(tiny).log() / temperature).softmax(-1)
        return (1 - uniform) * probabilities + uniform / len(self.classes)

    def predict_proba(self, table: Any) -> np.ndarray:
        """The probability of every class, `(rows, classes)`."""
        if self.classes is None:
            raise TypeError("a regression has no probabilities")
        return self._predicted(table)

    def predict(self, table: Any) -> np.ndarray:
        """The class of every row, or its value."""
        predicted = self._predicted(table)
        if self.classes is None:
            return predicted
        labels = np.array(self.classes)
        exact = [type(label) for label in labels.tolist()] == [type(label) for label in self.classes]
        weighted = predicted * np.array(self.description.get("decision_weights") or 1.0)
        return (labels if exact else np.array(self.classes, dtype=object))[weighted.argmax(1)]

    def prepare(self, table: Any) -> torch.Tensor:
        """The features of a table's rows, `(rows, features)` float32.

        `table` is anything that gives a column's cells for its name. Columns that are not needed are not looked at.
        """
        numbers, indicators, levels = [], [], []
        for column in self.description["columns"]:
            cells = _cells(table, column["name"])
            if column["kind"] == "categorical":
                levels.append(self._one_hot(cells, column))
                continue
            found = _date_parts(self._dates(cells), column["parts"]) if column["kind"] == "date" else None
            values = self._numbers(cells, column) if found is None else found[0]
            absent = np.isnan(values[:, 0]) if found is None else found[1]
            numbers.append(values)
            if column["missing"]:
                indicators.append(absent[:, None])
        blocks = [*indicators, *levels]
        if numbers:
            raw = np.concatenate(numbers, axis=1)
            scaled = self._scaled(raw)
            squares = scaled[:, self.description["preparation"]["squared"]] ** 2 / 3
            blocks = [scaled, *blocks, squares, *self._pieces(raw)]
        return torch.from_numpy(np.concatenate([block.astype(np.float32) for block in blocks], axis=1))

    def _predicted(self, table: Any) -> np.ndarray:
        features = self.prepare(table).to(next(self.parameters()).device)
        with torch.no_grad():
            return self(features).cpu().numpy()

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        """Medians to 0, quartiles apart by 1, smoothly clipped to -3 and 3; a missing number is the median."""
        preparation = self.description["preparation"]
        medians, scales = np.array(preparation["medians"]), np.array(preparation["scales"])
        x = np.where(np.isnan(x), medians, x)
        with np.errstate(over="ignore"):
            z = (x - medians) / np.where(scales > 0, scales, 1)
        z = np.clip(z, -1e100, 1e100)  # so that its square stays a number
        return z / np.sqrt(1 + (z / 3) ** 2) * (scales > 0)

    def _pieces(self, x: np.ndarray) -> list[np.ndarray]:
        """How far each number has come through each piece between two quantiles, from -1/2 to 1/2."""
        blocks = []
        for column, edges in enumerate(self.description["preparation"]["edges"]):
            if edges:
                # Halved where a difference might be infinite; half of the smallest number would be zero.
                scale = 0.5 if np.abs(edges).max() > 1e300 else 1.0
                b = np.array(edges) * scale
                widths = np.diff(b)
                with np.errstate(over="ignore", invalid="ignore"):
                    come = (x[:, column, None] * scale - b[:-1]) / np.where(widths > 0, widths, 1)
                come = np.clip(come, 0, 1) - 0.5
                blocks.append(np.where(np.isnan(come) | (widths <= 0), 0, come))
        return blocks

    def _one_hot(self, cells: np.ndarray, column: Mapping[str, Any]) -> np.ndarray:
        """One column a level, then "other" and "missing" where the category has them."""
        code_of = {level: code for code, level in enumerate(column["levels"])}
        numbers = [_number_text(level) for level in code_of]
        code_of_number = {
            number: code for code, number in enumerate(numbers) if numbers.count(number) == 1
        }  # where 007 and 7 are two levels, a number is neither
        width = len(code_of) + column["other"] + column["missing"]
        other = len(code_of) if column["other"] else -1
        missing = width - 1 if column["missing"] else -1
        texts = (_level(cell) for cell in cells.tolist())
        codes = [
            missing
            if text is None or (text in self._missing and text not in code_of)
            else code_of.get(text, code_of_number.get(_number_text(text), other))
            for text in texts
        ]
        return np.array(codes, dtype=int).reshape(-1, 1) == np.arange(width)

    def _numbers(self, cells: np.ndarray, column: Mapping[str, Any]) -> np.ndarray:
        """Numbers, `(rows, 1)`; NaN where missing or infinite."""
        if cells.dtype.kind == "m":
            cells = cells / np.timedelta64(1, "s")
        if cells.dtype.kind in "fiub":
            x = cells.astype(np.float64)
        else:
            x = np.array([self._number(cell, column) for cell in cells.tolist()], dtype=np.float64)
        return np.where(np.isinf(x), np.nan, x).reshape(-1, 1)

    def _number(self, cell: Any, column: Mapping[str, Any]) -> float:
        if self._is_missing(cell):
            return math.nan
        text = cell.strip().replace(MINUS, "-") if isinstance(cell, str) else cell
        if column["boolean"] and isinstance(text, str) and text.lower() in ("true", "false"):
            return float(text.lower() == "true")
        try:
            if isinstance(text, str) and "_" in text:
                raise ValueError
            return _seconds(text) if isinstance(text, time | timedelta) else float(text)
        except (TypeError, ValueError):
            raise ValueError(f"column {column['name']!r}: {cell!r} is no number") from None

    def _dates(self, cells: np.ndarray) -> np.ndarray:
        """Moments in UTC, NaT where missing."""
        if cells.dtype.kind == "M":
            return cells.astype("datetime64[s]")
        moments = [None if self._is_missing(cell) else _moment(cell) for cell in cells.tolist()]
        return np.array(moments, dtype="datetime64[s]")

    def _is_missing(self, cell: Any) -> bool:
        if isinstance(cell, str):
            return cell.strip() in (*self._missing, *self.description["gap_words"])
        return _is_gap(cell)

    @property
    def _missing(self) -> list[str]:
        return self.description["missing_words"]


class Norm(nn.Module):
    """Rows with mean 0 (of layer norm) and mean square 1 (unless it is a scaling alone), scaled and shifted by unit.

    Of group norm, the units of every group have them.
    """

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__()
        self.kind, self.epsilon, self.groups = said["kind"], said.get("epsilon"), said.get("groups", 1)
        self.scale = nn.Parameter(torch.ones(said["units"]))
        self.shift = None if self.kind == "rms_norm" else nn.Parameter(torch.zeros(said["units"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of rows, `(rows, units)`."""
        x = x.unflatten(-1, (self.groups, -1))
        if self.kind in ("layer_norm", "group_norm"):
            x = x - x.mean(-1, keepdim=True)
        if self.epsilon is not None:
            x = x * (x.square().mean(-1, keepdim=True) + self.epsilon).rsqrt()
        x = x.flatten(-2)
        return x * self.scale if self.shift is None else x * self.scale + self.shift


class ResidualBlock(nn.Sequential):
    """What its layers make of their input, added to it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of rows, `(rows, units)`."""
        return x + super().forward(x)


def load(folder: str | Path | None = None) -> Ensemble:
    """Read the networks from the files beside this one, or of another folder."""
    folder = Path(__file__).parent if folder is None else Path(folder)
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    tensors = load_file(folder / "model.safetensors")
    ensemble = Ensemble(description)
    ensemble.to(next(iter(tensors.values())).dtype).load_state_dict(tensors)
    return ensemble.eval()


def _layers(said: Iterable[Mapping[str, Any]]) -> list[nn.Module]:
    """The modules of layers, as model.json describes them."""
    return [LAYERS[layer["kind"]](layer) for layer in said]


LAYERS = {
    "activation": lambda said: ACTIVATIONS[said["name"]](),
    "affine": lambda said: nn.Linear(said["inputs"], said["outputs"], said["bias"]),
    "group_norm": Norm,
    "layer_norm": Norm,
    "residual": lambda said: ResidualBlock(*_layers(said["layers"])),
    "rms_norm": Norm,
    "scaling": Norm,
}


def _cells(table: Any, name: str) -> np.ndarray:
    try:
        column = table[name]
    except KeyError:
        raise ValueError(f"the table has no column {name!r}") from None
    return np.asarray(column if hasattr(column, "__array__") else _gaps_as_none(column))


def _gaps_as_none(cells: Iterable[Any]) -> np.ndarray:
    """Cells of a list as they are; NumPy alone would make text of numbers beside text."""
    cells = list(cells)
    if all(isinstance(cell, int | float | np.number | np.bool_) for cell in cells):
        return np.array(cells, dtype=None if cells else float)
    found = np.empty(len(cells), dtype=object)
    found[:] = cells
    return found


def _is_gap(cell: Any) -> bool:
    """None, NaN, and what pandas writes in their place."""
    return (
        cell is None or type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and math.isnan(cell))
    )


def _seconds(moment: time | timedelta) -> float:
    """Of a time of day, since midnight; of a span of time, all of it."""
    if isinstance(moment, timedelta):
        return moment.total_seconds()
    return 60.0 * (60 * moment.hour + moment.minute) + moment.second + moment.microsecond / 1e6


def _level(cell: Any) -> str | None:
    """The text of a level: 2, "2" and 2.0 are one; "02" is another, as no program writes a number like that."""
    if _is_gap(cell):
        return None
    text = str(cell).strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    return _number_text(text) if not isinstance(cell, str) or PLAIN_NUMBER.fullmatch(text) else text


def _number_text(text: str) -> str:
    """The one text of a number, however it is written: "2" for "02"; a text that is none stays."""
    written = text.replace(MINUS, "-")
    try:
        number = float(written) if "_" not in written else math.nan
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    whole, _, fraction = written.partition(".")
    if whole.lstrip("+-").isdecimal() and not fraction.strip("0"):
        return str(int(Decimal(whole)))
    return str(int(number)) if number.is_integer() else repr(number)


def _moment(cell: Any) -> np.datetime64:
    """A date or a moment; one with a time zone is brought to UTC."""
    if isinstance(cell, str):
        text = cell.strip()
        if not ISO_DATE.fullmatch(text):
            raise ValueError(f"{cell!r} is no date; write 2024-12-31 or 2024-12-31T18:00")
        cell = datetime.fromisoformat(text if len(text) > 7 else f"{text}-01")
    if isinstance(cell, datetime):
        cell = cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
        return np.datetime64(cell.isoformat(timespec="seconds"), "s")
    if isinstance(cell, date):
        return np.datetime64(cell.isoformat(), "s")
    if isinstance(cell, np.datetime64):
        return cell.astype("datetime64[s]")
    raise ValueError(f"{cell!r} is no date")


def _date_parts(moments: np.ndarray, parts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Parts of dates, `(rows, parts)`, NaN where missing; and where they are missing, `(rows,)`."""
    days, months = moments.astype("datetime64[D]"), moments.astype("datetime64[M]")
    found = {
        "year": moments.astype("datetime64[Y]").astype(np.int64) + 1970,
        "month": months.astype(np.int64) % 12 + 1,
        "day": (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
        "weekday": (days.astype(np.int64) + 3) % 7,  # Monday is 0
        "hour": (moments - days.astype("datetime64[s]")).astype(np.int64) // 3600,
    }
    absent = np.isnat(moments)
    values = np.array([found[part] for part in parts], dtype=np.float64).reshape(len(parts), len(moments)).T
    return np.where(absent[:, None], np.nan, values), absent
