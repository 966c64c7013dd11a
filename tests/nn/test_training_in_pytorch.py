"""Training steps are those of PyTorch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from trainings import (
    HYPER,
    STEPS,
    make_architecture,
    make_batches,
    train,
)

from goru.nn import network
from goru.nn.architecture import Recipe
from goru.nn.layers.activation import Activation
from goru.nn.layers.affine import Affine
from goru.nn.layers.batch_norm import BatchNorm, Statistics


def in_torch(torch, architecture, learned, hyper):
    """The same network as torch modules, in float64."""
    modules = []
    for layer, own in zip(architecture.layers, learned, strict=True):
        match layer:
            case Affine():
                module = torch.nn.Linear(layer.inputs, layer.outputs, bias=layer.bias)
                with torch.no_grad():
                    module.weight.copy_(torch.tensor(own.weight))
                    if layer.bias:
                        module.bias.copy_(torch.tensor(own.bias))
            case BatchNorm():
                momentum = 1 - hyper.batch_norm_momentum
                module = torch.nn.BatchNorm1d(layer.units, eps=hyper.batch_norm_epsilon, momentum=momentum)
            case Activation():
                module = torch.nn.ReLU()
        modules.append(module)
    return torch.nn.Sequential(*modules).double()


def torch_optimizer(torch, model, recipe, hyper):
    """AdamW, or SGD with momentum and torch's own L2 penalty; the weights of the linear layers decayed alone."""
    decayed = [module.weight for module in model if isinstance(module, torch.nn.Linear)]
    rest = [p for p in model.parameters() if all(p is not w for w in decayed)]
    groups = [{"params": decayed, "weight_decay": hyper.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    if recipe.optimizer == "adam":
        return torch.optim.AdamW(groups, lr=hyper.learning_rate, betas=(hyper.beta1, hyper.beta2))
    return torch.optim.SGD(groups, lr=hyper.learning_rate, momentum=hyper.momentum)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(optimizer="adam", schedule="cosine", decay="decoupled"),
        Recipe(optimizer="momentum", schedule="constant", decay="l2_squared"),
    ],
    ids=["adamw", "sgd momentum"],
)
@pytest.mark.parametrize("place", [None, "before", "after"])
def test_twenty_steps_are_those_of_pytorch(place, recipe):
    """Losses, parameters, running statistics and, at the end, predictions."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # or its threads and those of JAX get in each other's way
    architecture, batches, hyper = make_architecture(place, None), make_batches(), HYPER
    if recipe.optimizer == "momentum":
        hyper = hyper._replace(learning_rate=0.05, weight_decay=0.02)

    initial, losses, training = train(architecture.layers, recipe, hyper, batches)

    model = in_torch(torch, architecture, initial, hyper)
    optimizer = torch_optimizer(torch, model, recipe, hyper)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)
    linears = [module for module in model if isinstance(module, torch.nn.Linear)]
    expected = []
    for x, y in batches:
        loss = torch.nn.functional.cross_entropy(model(torch.tensor(x).double()), torch.tensor(y).long())
        squares = sum((linear.weight.detach() ** 2).sum().item() for linear in linears)
        penalty = 0.5 * hyper.weight_decay * squares if recipe.decay == "l2_squared" else 0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if recipe.schedule == "cosine":
            schedule.step()
        expected.append(loss.item() + penalty)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)

    for leaf, parameter in zip(jax.tree.leaves(training.learned), model.parameters(), strict=True):
        np.testing.assert_allclose(leaf, parameter.detach().numpy(), rtol=1e-3, atol=2e-4)

    norms = [module for module in model if isinstance(module, torch.nn.BatchNorm1d)]
    statistics = list(training.running)
    for index, layer in enumerate(architecture.layers):
        if not isinstance(layer, BatchNorm):
            continue
        # torch's running variance starts from 1 and is not corrected; goru's starts from 0.
        running, norm = training.running[index], norms.pop(0)
        variance = running.variance + hyper.batch_norm_momentum**STEPS
        np.testing.assert_allclose(variance, norm.running_var.numpy(), rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(running.mean, norm.running_mean.numpy(), rtol=1e-3, atol=1e-3)
        statistics[index] = Statistics(running.mean, variance)

    model.eval()
    x = make_batches(seed=1)[0][0]
    np.testing.assert_allclose(
        network.infer(architecture.layers, training.learned, tuple(statistics), hyper, jnp.asarray(x.T)),
        model(torch.tensor(x).double()).detach().numpy().T,
        rtol=5e-3,
        atol=5e-3,
    )
