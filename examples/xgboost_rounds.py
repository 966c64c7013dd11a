"""XGBoost: an epoch is a few rounds. Does it help to sample rows, or columns?"""

import xgboost
from sklearn.datasets import load_breast_cancer

import goru


def train(fit, validation, config, seed):
    parameters = {
        "objective": "multi:softprob",
        "num_class": len(fit.classes),
        "eta": config.eta,
        "max_depth": config.depth,
        "subsample": config.get("rows", 1.0),
        "colsample_bytree": config.get("columns", 1.0),
        "seed": seed,
        "nthread": 1,
    }
    data, other_data = xgboost.DMatrix(fit.X, fit.codes), xgboost.DMatrix(validation.X)
    booster = xgboost.Booster(parameters, [data])
    for round_number in range(100):
        booster.update(data, round_number)
        if round_number % 5 == 4 and (yield booster.predict(other_data)):
            break
    return booster


design = goru.Design(
    factors={"row_sampling": [False, True], "column_sampling": [False, True]},
    knobs={
        "eta": goru.log_uniform(0.03, 1),
        "depth": goru.integers(2, 8),
        "rows": goru.uniform(0.3, 0.9, when={"row_sampling": True}),
        "columns": goru.uniform(0.3, 0.9, when={"column_sampling": True}),
    },
)

if __name__ == "__main__":
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    result = goru.study(train, X, y, design=design, budget="30s")
    print(result)
