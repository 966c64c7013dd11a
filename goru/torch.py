"""Networks of PyTorch in a study: `goru.torch.training` makes a training function of an `nn.Module`."""

import inspect
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from goru.errors import InputError, NotInstalledError
from goru.functions.outputs import YieldedPredictions
from goru.functions.ready.features import features
from goru.functions.ready.hyperparameters import hyperparameter

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
    from torch.utils.data import default_collate
except ImportError:
    raise NotInstalledError("goru.torch needs PyTorch. Install it with: pip install torch.") from None

PREDICTED_AT_ONCE = 1024  # rows


def training(
    make_module: Callable[..., nn.Module],
    *,
    epochs: int = 30,
    batch_size: int = 64,
    optimizer: Callable[[nn.Module, Any], torch.optim.Optimizer] | None = None,
    scheduler: Callable[[torch.optim.Optimizer, int, Any], Any] | None = None,
    loss: Callable[[Tensor, Tensor, Any], Tensor] | None = None,
    dataset: Any = None,
    device: str | None = None,
) -> "ModuleTraining":
    """A training function for `goru.study`, made of a module.

        class Network(nn.Module):
            def __init__(self, config, inputs, outputs): ...

        goru.study(goru.torch.training(Network, epochs=30), X, y, design=design)

    The module gives a logit for each class (of two classes, one for the second is enough), or one number a row in
    regression. The target of a regression is standardised for training; predictions, and the module that is returned,
    are in its own units. Initial weights, the order of the rows and dropout masks are functions of the seed.

    **Arguments:**

    - `make_module`: `make_module(config)`, or `make_module(config, inputs, outputs)`; a class of modules will do.
      `inputs` is the number of columns (the shape of a row, where that is no vector; None where it is no tensor),
      `outputs` the number of classes, or 1.
    - `epochs`: passes over the rows, 1 at least.
    - `batch_size`: the largest batch; those of an epoch differ by one row at most. `config.batch_size` comes first.
    - `optimizer`: `optimizer(module, config)`; by default AdamW with `config.learning_rate` (else 1e-3) and, for
      matrices and kernels alone, `config.weight_decay` (else 0).
    - `scheduler`: `scheduler(optimizer, steps, config)` gives a learning rate scheduler, which follows each step.
    - `loss`: `loss(outputs, y, config)` gives the loss of each row (`reduction="none"`), or, without sample weights,
      their mean. `y` are codes of classes, or the standardised target. By default cross-entropy, or the squared error.
    - `dataset`: a `torch.utils.data.Dataset`; X are then numbers of items, as `range(len(dataset))`. Of an item that
      is a tuple, the first part is used: labels are the study's y.
    - `device`: by default the first GPU that `CUDA_VISIBLE_DEVICES` lets this process see, else the processor.

    Without `dataset`, rows are arrays or frames of numbers, which the module gets as float32, or tensors, which it gets
    as they are (float64 as float32).

    **Raises:** `InputError` if an argument is invalid.
    """
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if count < 1:
            raise InputError(f"{name}: {count} is out of range. Give 1 or more.")
    return ModuleTraining(make_module, epochs, batch_size, optimizer, scheduler, loss, dataset, device)


@dataclass(frozen=True)
class ModuleTraining:
    """A training function, as `training` makes it.

    `make_module`, `epochs`, `batch_size`, `optimizer`, `scheduler`, `loss`, `dataset` and `device` are its arguments.
    """

    make_module: Callable[..., nn.Module]
    epochs: int
    batch_size: int
    optimizer: Callable[[nn.Module, Any], torch.optim.Optimizer] | None
    scheduler: Callable[[torch.optim.Optimizer, int, Any], Any] | None
    loss: Callable[[Tensor, Tensor, Any], Tensor] | None
    dataset: Any
    device: str | None

    def __call__(
        self, fit: Any, validation: Any, config: Any, seed: int
    ) -> Generator[YieldedPredictions, bool | None, nn.Module]:
        """Train a module, and predict the validation rows after each epoch.

        Yields probabilities `(rows, classes)`, or values `(rows,)`, with the mean loss on training rows: on as many as
        there are validation rows. Returns the module on the processor, in eval mode.
        """
        if fit.codes is None:
            raise InputError("goru.torch.training needs y: a label or a number for each row.")
        device = torch.device(self.device or ("cuda" if torch.cuda.is_available() else "cpu"))
        rows, validation_rows = (self._rows(part.X, device) for part in (fit, validation))
        target = (_Numbers if fit.classes is None else _Classes)(fit, device)
        randomness, order = _Randomness(seed, device), np.random.default_rng(seed)
        batches = math.ceil(len(fit) / max(1, int(hyperparameter(config, "batch_size", self.batch_size))))
        watched = order.choice(len(fit), min(len(fit), len(validation)), replace=False)
        with randomness():
            module = self._module(config, rows(np.arange(1)), target.columns).to(device).eval()
            with torch.no_grad():  # so that lazy layers have their shapes, and wrong outputs are seen at once
                target.outputs(module(rows(np.arange(min(2, len(fit))))))
            optimizer = (self.optimizer or _adamw)(module, config)
            scheduler = self.scheduler(optimizer, self.epochs * batches, config) if self.scheduler else None
        for _ in range(self.epochs):
            with randomness():
                module.train()
                for batch in np.array_split(order.permutation(len(fit)), batches):
                    optimizer.zero_grad()
                    self._loss(module(rows(batch)), target, batch, config).backward()
                    optimizer.step()
                    if scheduler is not None:
                        scheduler.step()
                module.eval()
                outputs = _outputs(module, validation_rows, np.arange(len(validation)), target)
                training_loss = target.mean(target.losses(_outputs(module, rows, watched, target), watched), watched)
            if (yield YieldedPredictions(target.predictions(outputs).cpu().numpy(), float(training_loss))):
                break
        return target.in_units(module.cpu()).eval()

    def _module(self, config: Any, row: Any, outputs: int) -> nn.Module:
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        parameters = inspect.signature(self.make_module).parameters.values()
        match sum(parameter.kind in kinds and parameter.default is parameter.empty for parameter in parameters):
            case 1:
                return self.make_module(config)
            case 3:
                shape = tuple(row.shape[1:]) if isinstance(row, Tensor) else None
                return self.make_module(config, shape[0] if shape and len(shape) == 1 else shape, outputs)
        raise InputError("make_module: its arguments do not fit. Let it take (config), or (config, inputs, outputs).")

    def _rows(self, X: Any, device: torch.device) -> Callable[[np.ndarray], Any]:
        """What gives the rows of these numbers, as the module takes them."""
        if self.dataset is not None:
            return lambda batch: _moved(default_collate([self._item(int(X[row])) for row in batch]), device)
        tensor = X if isinstance(X, Tensor) else torch.from_numpy(features(X))
        tensor = tensor.to(device, torch.float32 if tensor.dtype == torch.float64 else tensor.dtype)
        return lambda batch: tensor[batch]

    def _item(self, index: int) -> Any:
        item = self.dataset[index]
        return item[0] if isinstance(item, tuple | list) else item

    def _loss(self, outputs: Tensor, target: "_Classes | _Numbers", batch: np.ndarray, config: Any) -> Tensor:
        """The mean over a batch, each row as much as it weighs."""
        if self.loss:
            return target.mean(self.loss(outputs, target.values[batch], config), batch)
        return target.mean(target.losses(target.outputs(outputs), batch), batch)


@torch.inference_mode()
def _outputs(
    module: nn.Module, rows: Callable[[np.ndarray], Any], chosen: np.ndarray, target: "_Classes | _Numbers"
) -> Tensor:
    """Of a module in eval mode."""
    parts = np.array_split(chosen, math.ceil(len(chosen) / PREDICTED_AT_ONCE))
    return torch.cat([target.outputs(module(rows(part))) for part in parts]).double()


class _Target:
    """What is learned, `values`, and how much each row counts: 1 in the mean."""

    columns: int
    values: Tensor

    def __init__(self, fit: Any, device: torch.device) -> None:
        self.weights = None
        if fit.weights is not None:
            self.weights = torch.tensor(fit.weights / np.mean(fit.weights), dtype=torch.float32, device=device)

    def mean(self, losses: Tensor, rows: np.ndarray) -> Tensor:
        """Of these rows."""
        if self.weights is None:
            return losses.mean()
        if losses.shape != (len(rows),):
            raise InputError("loss: with sample weights it has to give a number for each row. Use reduction='none'.")
        return (losses * self.weights[rows]).mean()


class _Classes(_Target):
    def __init__(self, fit: Any, device: torch.device) -> None:
        super().__init__(fit, device)
        self.columns = len(fit.classes)
        self.values = torch.tensor(fit.codes, dtype=torch.int64, device=device)

    def outputs(self, outputs: Tensor) -> Tensor:
        """Logits `(rows, classes)`."""
        if self.columns == 2 and (outputs.ndim == 1 or (outputs.ndim == 2 and outputs.shape[1] == 1)):
            logit = outputs.reshape(-1)
            return torch.stack([torch.zeros_like(logit), logit], 1)
        if outputs.ndim != 2 or outputs.shape[1] != self.columns:
            raise InputError(
                f"make_module: outputs have the shape {tuple(outputs.shape)}. Give a column for each of the "
                f"{self.columns} classes."
            )
        return outputs

    def losses(self, outputs: Tensor, rows: np.ndarray) -> Tensor:
        return functional.cross_entropy(outputs, self.values[rows], reduction="none")

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)

    def in_units(self, module: nn.Module) -> nn.Module:
        return module


class _Numbers(_Target):
    columns = 1

    def __init__(self, fit: Any, device: torch.device) -> None:
        super().__init__(fit, device)
        numbers = np.asarray(fit.codes, float)
        self._mean = np.average(numbers, weights=fit.weights)
        self._scale = np.sqrt(np.average((numbers - self._mean) ** 2, weights=fit.weights)) or 1.0
        self.values = torch.tensor((numbers - self._mean) / self._scale, dtype=torch.float32, device=device)

    def outputs(self, outputs: Tensor) -> Tensor:
        """Standardised values `(rows,)`."""
        if outputs.ndim != 1 and (outputs.ndim != 2 or outputs.shape[1] != 1):
            raise InputError(f"make_module: outputs have the shape {tuple(outputs.shape)}. Give one number a row.")
        return outputs.reshape(-1)

    def losses(self, outputs: Tensor, rows: np.ndarray) -> Tensor:
        return (outputs - self.values[rows]) ** 2

    def predictions(self, outputs: Tensor) -> Tensor:
        return outputs * self._scale + self._mean

    def in_units(self, module: nn.Module) -> nn.Module:
        """A module whose outputs, `(rows, 1)`, are in the target's units."""
        line = nn.Linear(1, 1)
        with torch.no_grad():
            line.weight.fill_(self._scale)
            line.bias.fill_(self._mean)
        return nn.Sequential(module, nn.Flatten(0), nn.Unflatten(0, (-1, 1)), line)


class _Randomness:
    """The random numbers of one training, whatever else is drawn between its epochs."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._devices = [device] if device.type == "cuda" else []
        with torch.random.fork_rng(self._devices):
            torch.manual_seed(seed)
            self._keep()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with torch.random.fork_rng(self._devices):
            torch.set_rng_state(self._state)
            for device, state in zip(self._devices, self._states, strict=True):
                torch.cuda.set_rng_state(state, device)
            yield
            self._keep()

    def _keep(self) -> None:
        self._state = torch.get_rng_state()
        self._states = [torch.cuda.get_rng_state(device) for device in self._devices]


def _adamw(module: nn.Module, config: Any) -> torch.optim.Optimizer:
    learned = [parameter for parameter in module.parameters() if parameter.requires_grad]
    # Biases, γ and β are not decayed.
    kernels = {"params": [parameter for parameter in learned if parameter.ndim > 1]}
    others = {"params": [parameter for parameter in learned if parameter.ndim < 2], "weight_decay": 0.0}
    decay = hyperparameter(config, "weight_decay", 0.0)
    return torch.optim.AdamW([kernels, others], lr=hyperparameter(config, "learning_rate", 1e-3), weight_decay=decay)


def _moved(batch: Any, device: torch.device) -> Any:
    if isinstance(batch, dict):
        return {name: _moved(part, device) for name, part in batch.items()}
    return batch.to(device) if isinstance(batch, Tensor) else batch
