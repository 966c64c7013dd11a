"""The Python that trains a page's networks: by goru's perceptrons, or by `goru.live.train` where those have no words
for it."""

from typing import Any

from goru.live.networks.sides import MOMENTUM, WEIGHT_INITS
from goru.live.rows import Rows
from goru.live.state import State

EPOCHS = 100


def snippet(state: State, rows: Rows, table: tuple[str, dict[str, Any]] | None = None) -> str:
    """A program that trains the networks of a state, and prints the losses that the page draws.

    **Arguments:**

    - `table`: how the state's table was read: the source, and options of `goru.live.table`.
    """
    if state.data is not None:
        data = state.data
        made = (
            f"goru.live.shape({_arguments(data.name, rows=data.rows, noise=data.noise)}, "
            f"{_arguments(useless=data.useless, seed=data.seed)})"
        )
    else:
        made = "goru.live.table(TABLE)" if table is None else f"goru.live.table({_arguments(table[0], **table[1])})"
    return _perceptrons(state, rows, made) if expressible(state, rows) else _trained(state, made)


def expressible(state: State, rows: Rows) -> bool:
    """Whether goru's perceptrons train these networks.

    They have no penalty of the norm itself; and where a single row is left of an epoch, only one with batch norm adds
    it to the batch before, which both sides of a page do.
    """
    batch = min(state.training.batch, len(rows.training))
    left_alone = state.network.norm != "none" and batch > 1 and len(rows.training) % batch == 1
    return not left_alone and not (state.network.decay and state.network.decay_form == "norm")


def _perceptrons(state: State, rows: Rows, made: str) -> str:
    name = "MLPRegressor" if rows.classes is None else "MLPClassifier"
    classes = "" if rows.classes is None else f", classes=range({len(rows.classes)})"
    network, training = state.network, state.training
    initial = WEIGHT_INITS[network.initial] if isinstance(network.initial, str) else network.initial
    batch = min(training.batch, len(rows.training))
    common: dict[str, Any] = {
        "hidden_layer_sizes": network.hidden,
        "activation": network.activation,
        "weight_init": initial,
        "n_members": training.seeds,
        "batch_size": batch,
        "learning_rate_init": training.rate,
        "solver": "adam" if training.optimizer == "adam" else "sgd",
    }
    if training.optimizer != "adam":
        common |= {"momentum": MOMENTUM if training.optimizer == "momentum" else 0.0, "nesterovs_momentum": False}
    techniques: dict[str, Any] = {"alpha": 0.0}
    if network.norm != "none":
        techniques["batch_norm"] = network.norm
    if network.dropout:
        techniques["dropout"] = network.dropout
    if network.decay and network.decay_form == "decoupled":
        techniques["weight_decay"] = network.decay
    if network.decay and network.decay_form == "half_squared":
        techniques["alpha"] = network.decay * batch  # scikit-learn divides it by the rows of a batch
    models = [_model("without", name, {"alpha": 0.0})]
    if state.switched_on:
        models.append(_model("with", name, techniques))
    lines = [
        "import numpy as np",
        "",
        "import goru",
        "",
        f"rows = {made}",
        "settings = dict(",
        *[f"    {key}={value!r}," for key, value in common.items()],
        "    scaling=None,  # the rows are prepared",
        ")",
        "models = {",
        *models,
        "}",
        "x, y = rows.x[rows.training], rows.labels[rows.training]",
        f"for epoch in range(1, {EPOCHS + 1}):",
        "    for name, model in models.items():",
        f"        model.partial_fit(x, y{classes})",
        "        training, validation = goru.live.losses(model, rows)",
        _PRINTED,
    ]
    return "\n".join(lines) + "\n"


_PRINTED = (
    '        print(f"{epoch:4} {name:8} training loss {training.mean():.4f}  validation loss {validation.mean():.4f}")'
)
_OF_FRAME = _PRINTED.replace("{epoch:4}", "{frame['epoch']:4}").replace(".mean()", "")


def _model(side: str, name: str, techniques: dict[str, Any]) -> str:
    random = "random_state=np.random.RandomState(0)"
    return f'    "{side}": goru.{name}(**settings, {_arguments(**techniques)}, {random}),'


def _trained(state: State, made: str) -> str:
    parts = state.to_json()
    lines = [
        "import goru",
        "",
        "state = {",
        *[f"    {key!r}: {value!r}," for key, value in parts.items()],
        "}",
        f"for frame in goru.live.train(state{'' if state.data is not None else f', {made}'}):",
        '    for name, side in frame["sides"].items():',
        '        training, validation = (side["losses"][part]["mean"][-1] for part in ("training", "validation"))',
        _OF_FRAME,
        f'    if frame["epoch"] == {EPOCHS}:',
        "        break",
    ]
    return "\n".join(lines) + "\n"


def _arguments(*values: Any, **named: Any) -> str:
    return ", ".join([*map(repr, values), *(f"{name}={value!r}" for name, value in named.items())])
