"""PyTorch: does this module need batch norm, dropout, both? goru.torch.training writes the loop."""

from sklearn.datasets import load_digits
from torch import nn

import goru


class Network(nn.Module):
    def __init__(self, config, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, 64),
            nn.BatchNorm1d(64) if config.batch_norm else nn.Identity(),
            nn.ReLU(),
            nn.Dropout(config.get("rate", 0.0)),
            nn.Linear(64, outputs),
        )

    def forward(self, x):
        return self.layers(x)


design = goru.Design(
    factors={"batch_norm": [False, True], "dropout": [False, True]},
    knobs={"learning_rate": goru.log_uniform(1e-3, 1e-1), "rate": goru.uniform(0.1, 0.6, when={"dropout": True})},
)
train = goru.torch.training(Network, epochs=10)

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    print(goru.study(train, X / 16, y, design=design, budget="45s"))
