"""scikit-learn, or whatever has partial_fit: an L2 penalty, and a second layer."""

from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

import goru


def train(fit, validation, config, seed):
    scaler = StandardScaler().fit(fit.X)  # what prepares columns sees the training rows alone
    model = MLPClassifier(
        (32, 32) if config.second_layer else (32,),
        learning_rate_init=config.learning_rate,
        alpha=config.get("alpha", 0.0),
        random_state=seed,
    )
    for _ in range(20):
        model.partial_fit(scaler.transform(fit.X), fit.y, classes=fit.classes)
        if (yield model.predict_proba(scaler.transform(validation.X))):
            break
    return scaler, model


design = goru.Design(
    factors={"penalty": [False, True], "second_layer": [False, True]},
    knobs={
        "learning_rate": goru.log_uniform(1e-3, 1e-1),
        "alpha": goru.log_uniform(1e-3, 10, when={"penalty": True}),
    },
)

if __name__ == "__main__":
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    result = goru.study(train, X, y, design=design, budget="30s")
    print(result)
