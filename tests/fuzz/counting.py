"""How many cases there are, and how many there were.

`GORU_FUZZ_CASES` says how many all tests together make up. Without it they are few, and the same on every run; with it
they are others on every run, and Hypothesis prints how to meet a failing one again.
"""

import os
import time
from collections import Counter

from hypothesis import HealthCheck, settings

FEW = 400
WEIGHTS = 165  # of all tests together, or somewhat less
CASES = int(os.environ.get("GORU_FUZZ_CASES", FEW))
LONG = "GORU_FUZZ_CASES" in os.environ

_counts: dict[str, Counter[str]] = {}
_started = time.monotonic()


def cases(weight: float) -> settings:
    """A share of all cases: that of the test's weight in those of all tests."""
    return settings(
        max_examples=max(1, round(CASES * weight / WEIGHTS)),
        deadline=None,  # `calling` has one of its own, which ends what hangs
        derandomize=not LONG,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


def count(topic: str, outcome: str) -> None:
    """Another case of a topic has ended so."""
    _counts.setdefault(topic, Counter())[outcome] += 1


def summary() -> list[str]:
    """How many cases of every topic there were, and how they ended."""
    if not _counts:
        return []
    lines = [f"{'made-up input':<24}{'cases':>8}  how they ended"]
    for topic, counts in sorted(_counts.items()):
        ended = ", ".join(f"{number:,} {outcome}" for outcome, number in counts.most_common())
        lines.append(f"{topic:<24}{counts.total():>8,}  {ended}")
    total = sum(counts.total() for counts in _counts.values())
    return [*lines, f"{'together':<24}{total:>8,}  in {time.monotonic() - _started:,.0f} s"]
