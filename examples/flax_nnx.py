"""Flax NNX: batch norm and dropout. goru.jax_training trains all configurations of an arm as one compiled program."""

import jax
from flax import nnx
from sklearn.datasets import load_digits

import goru


class Network(nnx.Module):
    def __init__(self, config, rngs):
        self.first = nnx.Linear(64, 64, rngs=rngs)
        self.norm = nnx.BatchNorm(64, momentum=0.9, rngs=rngs) if config.batch_norm else lambda x: x
        self.last = nnx.Linear(64, 10, rngs=rngs)

    def __call__(self, x, rate, rng):
        x = nnx.relu(self.norm(self.first(x)))
        # nnx.Dropout asks whether its rate is 0, which data of a compiled program cannot answer.
        x *= jax.random.bernoulli(rng, 1 - rate, x.shape) / (1 - rate)
        return self.last(x)


def init(rng, config):
    params, statistics = nnx.state(Network(config, nnx.Rngs(rng)), nnx.Param, nnx.BatchStat)
    return {"params": params, "statistics": statistics}


def apply(state, x, rng, training, config):
    model = Network(config, nnx.Rngs(rng))
    nnx.update(model, state["params"], state["statistics"])
    model.set_attributes(use_running_average=not training, raise_if_not_found=False)
    outputs = model(x, config.get("rate", 0.0) if training else 0.0, rng)
    return outputs, {"statistics": nnx.state(model, nnx.BatchStat)}


design = goru.Design(
    factors={"batch_norm": [False, True], "dropout": [False, True]},
    knobs={"learning_rate": goru.log_uniform(1e-3, 1e-1), "rate": goru.uniform(0.1, 0.6, when={"dropout": True})},
)
train = goru.jax_training(init, apply, epochs=15)

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    # In this process: the program uses all cores itself, and is compiled once.
    result = goru.study(train, X / 16, y, design=design, budget="30s", workers=0)
    print(result)
