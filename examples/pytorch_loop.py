"""PyTorch with a loop of your own: do label smoothing and a cosine schedule earn their place?"""

import torch
from sklearn.datasets import load_digits
from torch import nn

import goru

EPOCHS, BATCH = 15, 64


def train(fit, validation, config, seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(fit.X.shape[1], 64), nn.ReLU(), nn.Linear(64, len(fit.classes)))
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1 if config.label_smoothing else 0.0)
    x, codes = torch.tensor(fit.X, dtype=torch.float32), torch.tensor(fit.codes)
    x_validation = torch.tensor(validation.X, dtype=torch.float32)
    for _ in range(EPOCHS):
        model.train()
        for batch in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(x[batch]), codes[batch]).backward()
            optimizer.step()
        if config.cosine:
            schedule.step()
        model.eval()
        with torch.no_grad():
            stop = yield model(x_validation).softmax(1).numpy()
        if stop:
            break
    return model


design = goru.Design(
    factors={"label_smoothing": [False, True], "cosine": [False, True]},
    knobs={"learning_rate": goru.log_uniform(1e-3, 1e-1)},
)

if __name__ == "__main__":
    X, y = load_digits(return_X_y=True)
    result = goru.study(train, X / 16, y, design=design, budget="30s")
    print(result)
