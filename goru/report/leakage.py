"""Test rows that are no judges: copies of rows that models were trained on."""

from collections.abc import Mapping
from typing import Any


def repeated(answer: Mapping[str, Any]) -> str:
    """How many of the test rows are copies; nothing if none is."""
    data = answer["data"]
    copies = data.get("repeated_test_rows", 0)  # an answer on disk may be older than this count is
    return f"{copies:,} of {data['test']:,} test rows are copies of training rows" if copies else ""


def warning(answer: Mapping[str, Any]) -> list[str]:
    """What is to be said beside test figures, and what to do; nothing if no row is a copy."""
    if not (said := repeated(answer)):
        return []
    return [
        f"{said}, so test figures are too good. Remove the copies; if both are of one table, --group-duplicates keeps "
        "them together."
    ]
