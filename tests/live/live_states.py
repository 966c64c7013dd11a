"""States and tables that tests train: small ones."""

from dataclasses import replace

import numpy as np
import pandas as pd

from goru.live.state import NetworkState, ShapeData, State, TrainingState

PLAIN = State(ShapeData(rows=60), NetworkState((5, 4)), TrainingState(batch=16, seeds=3))


def with_network(state: State = PLAIN, **changes) -> State:
    return replace(state, network=replace(state.network, **changes))


def with_training(state: State = PLAIN, **changes) -> State:
    return replace(state, training=replace(state.training, **changes))


def with_data(state: State = PLAIN, **changes) -> State:
    return replace(state, data=replace(state.data, **changes))


def make_frame(rows: int = 90, kind: str = "two") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(50, 9, rows), "b": rng.choice(["x", "y", "z"], rows), "c": rng.normal(size=rows)}
    )
    frame.loc[3, "a"] = np.nan
    match kind:
        case "two":
            frame["y"] = np.where(frame["c"] > 0, "yes", "no")
        case "three":
            frame["y"] = rng.choice(["p", "q", "r"], rows)
        case _:
            frame["y"] = 1000 + 30 * frame["c"]
    return frame
