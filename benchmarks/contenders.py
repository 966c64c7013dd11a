"""Who trains networks how: each contender is built once, and then says how many network-steps a second it does.

Every contender lives in a process of its own, waits there without using a core, and is asked for a measurement again
and again, in turn with the others.
"""

import multiprocessing
import os
import time
from collections.abc import Callable

import numpy as np
from workloads import Workload

Measure = Callable[[float], float]  # seconds to measure for -> network-steps per second
SIZE = 2048  # of the matrices whose product is the limit


def trainer_of(work: Workload, epochs: int):
    """goru's program for this work, compiled, and a function that makes the blocks of all networks.

    A call of the program is so many epochs; rows are scored after each call. The function takes the number of calls.
    """
    from goru.nn.architecture import Architecture, Hyperparameters, Recipe
    from goru.population import devices
    from goru.population.member import Block, Member, PreparedRows
    from goru.population.program import BlockShape
    from goru.population.trainer import Trainer

    devices.prepare()
    architecture = Architecture(
        work.inputs, work.hidden, work.outputs, batch_norm=work.batch_norm, dropout=work.dropout > 0
    )
    decay = "decoupled" if work.optimizer == "adam" else "l2_squared"
    recipe = Recipe(optimizer=work.optimizer, schedule="constant", decay=decay)
    shape = BlockShape(work.block, work.batch, 1, -(-epochs * work.rows // work.batch), eval_chunks=1, eval_rows=128)
    trainer = Trainer(architecture, recipe, shape, work.rows)
    trainer.compile()
    x, y = work.table()
    rows = PreparedRows(x, y.astype(np.int32), np.arange(work.rows), np.arange(128), np.arange(128))
    hyper = Hyperparameters(learning_rate=work.rate, weight_decay=work.decay, dropout_rate=work.dropout)
    members = [Member(number, (number,), hyper) for number in range(work.networks)]

    def blocks(calls: int) -> list[Block]:
        return [
            Block(tuple(members[first : first + work.block]), rows, (first,), calls * epochs, every=epochs)
            for first in range(0, work.networks, work.block)
        ]

    return trainer, blocks


def goru(work: Workload) -> Measure:
    """Everything that goru does but compiling: drawing weights and batches, training, scoring after every 70 steps."""
    epochs = -(-64 * work.batch // work.rows)
    trainer, blocks = trainer_of(work, epochs)

    def run(calls: int) -> float:
        began = time.perf_counter()
        for _ in trainer.train(blocks(calls)):
            pass
        return time.perf_counter() - began

    run(1)
    a_call = run(4) / 4

    def measure(seconds: float) -> float:
        calls = max(int(seconds / a_call), 1)
        return work.networks * calls * epochs * work.rows / work.batch / run(calls)

    return measure


def _until(seconds: float, step: Callable[[int], object], a_step: int = 1) -> float:
    """Network-steps per second of steps of so many networks."""
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(8):
            step(done)
            done += 1
    return done * a_step / spent


def torch_single(work: Workload, threads: int) -> Measure:
    """One network after the other, as PyTorch is used."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs in zip(work.widths, work.hidden, strict=False):
        layers.append(nn.Linear(inputs, outputs))
        norm = [nn.BatchNorm1d(outputs)] if work.batch_norm else []
        layers += [*norm, nn.ReLU()] if work.batch_norm == "before" else [nn.ReLU(), *norm]
        layers += [nn.Dropout(work.dropout)] if work.dropout else []
    network = nn.Sequential(*layers, nn.Linear(work.widths[-2], work.outputs))
    weights = [each for each in network.parameters() if each.ndim == 2]
    others = [each for each in network.parameters() if each.ndim != 2]
    groups = [{"params": weights, "weight_decay": work.decay}, {"params": others, "weight_decay": 0.0}]
    kind = torch.optim.AdamW if work.optimizer == "adam" else torch.optim.SGD
    optimizer = kind(groups, lr=work.rate, fused=True)  # the fastest of PyTorch's three ways to step, here
    x, y, batches = _torch_rows(work)

    def step(number: int) -> None:
        rows = batches[number % len(batches)]
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
        optimizer.step()

    _until(0.5, step)
    return lambda seconds: _until(seconds, step)


def torch_stacked(work: Workload, compiled: bool) -> Measure:
    """Many networks at once: weights stacked along a first axis, `baddbmm` on shared mini-batches, all threads."""
    import torch
    from torch.nn.functional import cross_entropy, dropout

    torch.set_num_threads(_cores())
    torch.manual_seed(0)
    n, depth = work.stack, len(work.hidden)
    weights = [torch.randn(n, i, o) * (2 / i) ** 0.5 for i, o in zip(work.widths, work.widths[1:], strict=False)]
    biases = [torch.zeros(n, 1, o) for o in work.widths[1:]]
    scales, shifts = ([fill(n, 1, width) for width in work.hidden] for fill in (torch.ones, torch.zeros))
    others = biases + (scales + shifts if work.batch_norm else [])
    for each in weights + others:
        each.requires_grad_()
    groups = [{"params": weights, "weight_decay": work.decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = (torch.optim.AdamW if work.optimizer == "adam" else torch.optim.SGD)(groups, lr=work.rate, fused=True)
    means, variances = ([torch.zeros(n, 1, width) for width in work.hidden] for _ in range(2))

    def batch_norm(layer, a):
        mean = a.mean(dim=1, keepdim=True)
        variance = (a - mean).square().mean(dim=1, keepdim=True)
        with torch.no_grad():
            means[layer].lerp_(mean, 0.1)
            variances[layer].lerp_(variance, 0.1)
        return (a - mean) * torch.rsqrt(variance + 1e-5) * scales[layer] + shifts[layer]

    def loss(x, y):
        a = x.expand(n, *x.shape)
        for layer in range(depth):
            a = torch.baddbmm(biases[layer], a, weights[layer])
            a = batch_norm(layer, a).relu() if work.batch_norm == "before" else a.relu()
            a = batch_norm(layer, a) if work.batch_norm == "after" else a
            a = dropout(a, work.dropout) if work.dropout else a
        outputs = torch.baddbmm(biases[depth], a, weights[depth])
        return cross_entropy(outputs.flatten(0, 1), y.repeat(n)) * n  # a sum over networks of each one's mean

    if compiled:
        loss = torch.compile(loss)
    x, y, batches = _torch_rows(work)

    def step(number: int) -> None:
        rows = batches[number % len(batches)]
        optimizer.zero_grad()
        loss(x[rows], y[rows]).backward()
        optimizer.step()

    _until(1.0, step, n)
    return lambda seconds: _until(seconds, step, n)


def _torch_rows(work: Workload):
    import torch

    x, y = work.table()
    order = np.random.default_rng(0).permuted(np.tile(np.arange(work.rows), (8, 1)), axis=1)
    batches = [torch.from_numpy(rows) for rows in order.reshape(-1, work.batch)]
    return torch.from_numpy(x), torch.from_numpy(y), batches


def sklearn(work: Workload) -> Measure:
    """Where there is neither batch norm nor dropout; decay is its L2 penalty."""
    import warnings

    from sklearn.neural_network import MLPClassifier

    x, y = work.table()
    solver = "adam" if work.optimizer == "adam" else "sgd"
    given = {"solver": solver, "batch_size": work.batch, "alpha": work.decay, "momentum": 0.0, "tol": 0.0}
    in_an_epoch = work.rows // work.batch

    def run(epochs: int) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            began = time.perf_counter()
            MLPClassifier(work.hidden, max_iter=epochs, n_iter_no_change=epochs, random_state=0, **given).fit(x, y)
        return time.perf_counter() - began

    run(2)
    an_epoch = run(10) / 10

    def measure(seconds: float) -> float:
        epochs = max(int(seconds / an_epoch), 1)
        return epochs * in_an_epoch / run(epochs)

    return measure


def product(library: str) -> Measure:
    """Floating-point operations per second of a single-precision matrix product, on all cores."""
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(SIZE, SIZE)).astype(np.float32) for _ in range(2))
    if library == "NumPy":
        once = lambda _: a @ b  # noqa: E731
    elif library == "JAX":
        import jax

        one, other = jax.numpy.asarray(a), jax.numpy.asarray(b)
        multiply = jax.jit(jax.numpy.matmul)
        once = lambda _: multiply(one, other).block_until_ready()  # noqa: E731
    else:
        import torch

        torch.set_num_threads(_cores())
        first, second = torch.from_numpy(a), torch.from_numpy(b)
        once = lambda _: first @ second  # noqa: E731
    _until(0.5, once)
    return lambda seconds: _until(seconds, once) * 2 * SIZE**3


def _cores() -> int:
    return len(os.sched_getaffinity(0))


class Contender:
    """A contender in processes of its own; with more than one, each does the work for itself and their rates add up."""

    def __init__(self, build: Callable[..., Measure], *given, processes: int = 1) -> None:
        # `spawn`: a fresh Python, so that no library finds another's threads.
        context = multiprocessing.get_context("spawn")
        self._pipes, self._processes = [], []
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, build, given), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            if isinstance(found := pipe.recv(), Exception):
                raise found

    def __call__(self, seconds: float) -> float:
        for pipe in self._pipes:
            pipe.send(seconds)
        return sum(pipe.recv() for pipe in self._pipes)

    def close(self) -> None:
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(None)
            process.join()


def _serve(pipe, build: Callable[..., Measure], given: tuple) -> None:
    try:
        measure = build(*given)
    except Exception as error:
        pipe.send(RuntimeError(f"{build.__name__}{given}: {error}"))
        return
    pipe.send(None)
    while (seconds := pipe.recv()) is not None:
        pipe.send(measure(seconds))
