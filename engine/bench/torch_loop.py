"""The first peer: plain PyTorch, one configuration at a time, in this process or in one process per core."""

import os
from collections.abc import Sequence

import torch
from torch import nn

from goldilocks.engine import randomness
from goldilocks.engine.bench.problem import Problem, Tensors
from goldilocks.engine.initializers import Fans
from goldilocks.engine.studies.propagation import PropagationCell

MODULES = {"linear": nn.Identity, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}


def train(problem: Problem, device: torch.device) -> list[float]:
    """Train one classifier after the other and return the mean training loss of each over the first interval."""
    data = problem.on(device)
    return [_train(problem, data, config) for config in range(len(problem.lr))]


def train_in_processes(problem: Problem, device: torch.device) -> list[float]:
    """Do the same with joblib on a CPU, one process per core and one thread in each."""
    from joblib import Parallel, delayed

    calls = (delayed(_train_alone)(problem, device, config) for config in range(len(problem.lr)))
    return list(Parallel(n_jobs=os.cpu_count())(calls))


def _train_alone(problem: Problem, device: torch.device, config: int) -> float:
    torch.set_num_threads(1)
    return _train(problem, problem.on(device), config)


def _model(problem: Problem, config: int) -> nn.Sequential:
    modules: list[nn.Module] = []
    for weight, bias in zip(problem.weights, problem.biases, strict=True):
        linear = nn.utils.skip_init(nn.Linear, *weight.shape[1:])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight[config].T))
            linear.bias.copy_(torch.from_numpy(bias[config, 0]))
        modules.append(linear)
        modules += [nn.BatchNorm1d(weight.shape[2])] if problem.batch_norm else []
        modules.append(nn.ReLU())
    hidden = modules[: -2 - problem.batch_norm]
    return nn.Sequential(*hidden, modules[len(hidden)])


def _train(problem: Problem, data: Tensors, config: int) -> float:
    model = _model(problem, config).to(data.lr.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=float(problem.lr[config]))
    losses = []
    for step, index in enumerate(data.order[config]):
        if step % problem.interval == 0:
            _accuracy(model, data.test_x, data.test_y)
        loss = nn.functional.cross_entropy(model(data.train_x[index]), data.train_y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    _accuracy(model, data.test_x, data.test_y)
    return sum(losses[: problem.interval]) / problem.interval


def _accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    model.eval()
    with torch.no_grad():
        accuracy = (model(x).argmax(1) == y).float().mean().item()
    model.train()
    return accuracy


def propagate(cells: Sequence[PropagationCell], device: torch.device) -> list[float]:
    """Run networks forward and backward one after the other and return the rms activation of the first layer."""
    return [_propagate(cell, device) for cell in cells]


def _propagate(cell: PropagationCell, device: torch.device) -> float:
    shape = (cell.batch_size, cell.width)
    h, gradient = (
        torch.from_numpy(randomness.standard_normal((name, cell.seed, shape), shape)).to(device)
        for name in ("input", "gradient")
    )
    std, acts = cell.init.scale(Fans(cell.width, cell.width), cell.activation), []
    for _ in range(cell.depth):
        linear = nn.utils.skip_init(nn.Linear, cell.width, cell.width, device=device)
        nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)
        h = MODULES[cell.activation.name]()(linear(h))
        h.retain_grad()
        acts.append(h)
    h.backward(gradient)
    for act in acts:
        _describe(act.detach())
        _describe(act.grad)
    return float(acts[0].detach().square().mean().sqrt())


def _describe(x: torch.Tensor | None) -> None:
    # What a user would print and draw for each layer.
    assert x is not None
    x.mean().item(), x.std().item(), x.min().item(), x.max().item(), (x == 0).float().mean().item()
    torch.histc(x, 64)
