"""The peers: what a user would write, one configuration at a time, in plain PyTorch."""

from collections.abc import Sequence

import torch
from torch import nn

from engine import randomness
from engine.data.base import prepared
from engine.grid.cell import Cell, PropagationCell, TrainingCell
from engine.initializers import Fans
from engine.initializers.noise import READOUT, bias_noise, weight_noise
from engine.studies.curves import logged_steps

MODULES = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


def _linear(cell: Cell, layer: int | str, fans: Fans) -> nn.Linear:
    module = nn.Linear(fans.fan_in, fans.fan_out)
    noise = weight_noise(cell.seed, layer, (fans.fan_in, fans.fan_out), cell.init.family)
    with torch.no_grad():
        module.weight.copy_(noise.T * cell.init.scale(fans, cell.activation))
        module.bias.copy_(bias_noise(cell.seed, layer, fans.fan_out) * cell.init.bias_scale(fans))
    return module


def _hidden(cell: Cell) -> list[nn.Module]:
    modules: list[nn.Module] = []
    for layer, (fan_in, fan_out) in enumerate(zip(cell.dims, cell.dims[1:], strict=False), 1):
        modules.append(_linear(cell, layer, Fans(fan_in, fan_out)))
        if cell.norm.name == "batch":
            modules.append(nn.BatchNorm1d(fan_out))
        modules.append(MODULES[cell.activation.name]())
    return modules


def train_loop(cells: Sequence[TrainingCell]) -> list[float]:
    """Train classifiers one after the other and return the first logged training loss of each, after the start."""
    return [_train(cell) for cell in cells]


def _train(cell: TrainingCell) -> float:
    data = prepared(cell.dataset, cell.preprocessing)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    identity = ("minibatches", cell.dataset.name, cell.seed)
    order = torch.from_numpy(randomness.permutations(identity, len(x), cell.steps * cell.batch_size))
    model = nn.Sequential(*_hidden(cell), _linear(cell, READOUT, Fans(cell.dims[-1], cell.dataset.classes)))
    optimizer = torch.optim.SGD(model.parameters(), lr=cell.lr)
    logged, losses = logged_steps(cell.steps), []
    for step, index in enumerate(order.view(cell.steps, cell.batch_size)):
        if step in logged:
            _accuracy(model, torch.from_numpy(data.test_x), torch.from_numpy(data.test_y))
        loss = nn.functional.cross_entropy(model(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    _accuracy(model, torch.from_numpy(data.test_x), torch.from_numpy(data.test_y))
    return sum(losses[: logged[1]]) / logged[1]


def _accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    model.eval()
    with torch.no_grad():
        accuracy = (model(x).argmax(1) == y).float().mean().item()
    model.train()
    return accuracy


def propagate_torch(cells: Sequence[PropagationCell]) -> list[float]:
    """Run networks forward and backward one after the other and return the rms of the first layer's gradient."""
    results = []
    for cell in cells:
        shape = (cell.batch_size, cell.width)
        h = torch.from_numpy(randomness.standard_normal(("input", cell.seed, shape), shape))
        gradient = torch.from_numpy(randomness.standard_normal(("gradient", cell.seed, shape), shape))
        acts = []
        for module in _hidden(cell):
            h = module(h)
            if not isinstance(module, nn.Linear | nn.BatchNorm1d):
                h.retain_grad()
                acts.append(h)
        h.backward(gradient)
        results.append(next(iter([_statistics(act, act.grad) for act in acts])))
    return results


def _statistics(act: torch.Tensor, grad: torch.Tensor | None) -> float:
    # The statistics a user would print, and the histograms a user would draw, per layer.
    assert grad is not None
    act.mean(), act.std(), act.min(), act.max(), (act == 0).float().mean()
    torch.histc(act, 64), torch.histc(grad, 64)
    return grad.square().mean().sqrt().item()
