"""States that tests train: small ones."""

from dataclasses import replace

from goru.live.state import NetworkState, ShapeData, State, TrainingState

PLAIN = State(ShapeData(rows=60), NetworkState((5, 4)), TrainingState(batch=16, seeds=3))


def with_network(state: State = PLAIN, **changes) -> State:
    return replace(state, network=replace(state.network, **changes))


def with_training(state: State = PLAIN, **changes) -> State:
    return replace(state, training=replace(state.training, **changes))


def with_data(state: State = PLAIN, **changes) -> State:
    return replace(state, data=replace(state.data, **changes))
