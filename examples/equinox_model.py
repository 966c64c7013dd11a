"""Equinox: layer norm and dropout. goru.jax_training trains all configurations of an arm as one compiled program."""

import equinox as eqx
import jax
from sklearn.datasets import load_digits

import goru


class Network(eqx.Module):
    first: eqx.nn.Linear
    norm: eqx.Module
    last: eqx.nn.Linear

    def __call__(self, x, rng, rate, training):
        x = jax.nn.relu(self.norm(self.first(x)))
        return self.last(eqx.nn.Dropout(rate)(x, key=rng, inference=not training))


def init(rng, config):
    first, last = jax.random.split(rng)
    norm = eqx.nn.LayerNorm(64) if config.layer_norm else eqx.nn.Identity()
    return Network(eqx.nn.Linear(64, 64, key=first), norm, eqx.nn.Linear(64, 10, key=last))


def apply(model, x, rng, training, config):
    rate = config.get("rate", 0.0)
    return jax.vmap(lambda row, key: model(row, key, rate, training))(x, jax.random.split(rng, len(x)))


design = goru.Design(
    factors={"layer_norm": [False, True], "dropout": [False, True]},
    knobs={"learning_rate": goru.log_uniform(1e-3, 1e-1), "rate": goru.uniform(0.1, 0.6, when={"dropout": True})},
)
train = goru.jax_training(init, apply, epochs=15)

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    # In this process: the program uses all cores itself, and is compiled once.
    result = goru.study(train, X / 16, y, design=design, budget="30s", workers=0)
    print(result)
