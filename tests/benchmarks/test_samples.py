"""Disjoint samples: what is held, and what contradicts itself."""

import pandas as pd
from samples import held, lines


def of(name: str, changes: list[float], half: float, verdicts: list[str] | None = None) -> list[dict]:
    said = verdicts or ["inconclusive"] * len(changes)
    return [
        {"sample": place, "name": name, "verdict": word, "best": False, "change": x, "low": x - half, "high": x + half}
        for place, (x, word) in enumerate(zip(changes, said, strict=True))
    ]


def test_an_interval_is_to_hold_what_the_other_samples_say() -> None:
    found = pd.DataFrame(of("dropout", [0.0, 0.01, -0.01, 0.0, 0.5], 0.05))
    holding, intervals, _ = held(found)
    assert (holding, intervals) == (4, 5)  # the others' mean is uncertain where the odd one is among them


def test_helps_beside_hurts_is_a_contradiction_and_inconclusive_is_none() -> None:
    found = pd.DataFrame(of("decay", [-0.1, 0.1, 0.0], 0.05, ["helps", "hurts", "inconclusive"]))
    assert held(found)[2] == 1


def test_the_best_of_all_is_another_one_on_every_sample_and_no_main_effect() -> None:
    best = [{**row, "best": True} for row in of("best", [0.0, 1.0], 0.01)]
    assert held(pd.DataFrame(of("dropout", [0.0, 0.0], 0.1) + best))[1] == 2
    assert any(line.startswith("| t | best |") for line in lines({"t": pd.DataFrame(of("a", [0.0, 0.1], 0.1) + best)}))
