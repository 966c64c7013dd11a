"""Keras, on any of its backends: where does batch norm belong, and does dropout help beside it?"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from sklearn.datasets import load_digits

import goru


def train(fit, validation, config, seed):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential([layers.Input(fit.X.shape[1:]), layers.Dense(64)])
    if config.batch_norm == "before":
        model.add(layers.BatchNormalization())
    model.add(layers.ReLU())
    if config.batch_norm == "after":
        model.add(layers.BatchNormalization())
    if config.dropout:
        model.add(layers.Dropout(config.rate))
    model.add(layers.Dense(len(fit.classes), activation="softmax"))
    model.compile(keras.optimizers.Adam(config.learning_rate), "sparse_categorical_crossentropy")
    for _ in range(8):
        model.fit(fit.X, fit.codes, batch_size=128, verbose=0)
        if (yield model.predict(validation.X, batch_size=1024, verbose=0)):
            break
    return model


design = goru.Design(
    factors={"batch_norm": ["none", "before", "after"], "dropout": [False, True]},
    knobs={
        "learning_rate": goru.log_uniform(1e-3, 1e-1),
        "rate": goru.uniform(0.1, 0.6, when={"dropout": True}),
    },
)

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    result = goru.study(train, X / 16, y, design=design, budget="40s")
    print(result)
