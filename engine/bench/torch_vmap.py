"""The third peer: `torch.func.vmap` over stacked parameters."""

import torch
from torch import Tensor
from torch.func import grad_and_value, vmap

from goldilocks.engine.bench.problem import Problem

EPS, MOMENTUM = 1e-5, 0.1
Layer = tuple[Tensor, ...]


def train(problem: Problem, device: torch.device) -> list[float]:
    """Train all classifiers and return the mean training loss of each over the first interval."""
    train_x, train_y, test_x, test_y, order, lr = problem.on(device)
    params, running = _stack(problem, device)
    step_gradients = vmap(grad_and_value(_loss, has_aux=True))
    losses = []
    for step in range(problem.steps):
        if step % problem.interval == 0:
            _accuracy(params, running, test_x, test_y)
        index = order[:, step]
        gradients, (loss, moments) = step_gradients(params, train_x[index], train_y[index])
        for layer, gradient in zip(params, gradients, strict=True):
            for tensor, slope in zip(layer, gradient, strict=True):
                tensor -= slope * lr.view(-1, *[1] * (tensor.dim() - 1))
        for (mean, variance), (batch_mean, batch_variance) in zip(running, moments, strict=True):
            mean.lerp_(batch_mean, MOMENTUM)
            variance.lerp_(batch_variance, MOMENTUM)
        losses.append(loss)
    _accuracy(params, running, test_x, test_y)
    return torch.stack(losses[: problem.interval]).mean(0).tolist()


def _stack(problem: Problem, device: torch.device) -> tuple[list[Layer], list[Layer]]:
    params: list[Layer] = []
    running: list[Layer] = []
    for weight, bias in zip(problem.weights, problem.biases, strict=True):
        layer: Layer = (torch.tensor(weight, device=device), torch.tensor(bias[:, 0], device=device))
        if problem.batch_norm and len(params) < len(problem.weights) - 1:
            zeros = torch.zeros(weight.shape[0], weight.shape[2], device=device)
            layer += (zeros + 1, zeros.clone())
            running.append((zeros.clone(), zeros + 1))
        params.append(layer)
    return params, running


def _forward(params: list[Layer], x: Tensor, running: list[Layer] | None) -> tuple[Tensor, list[Layer]]:
    moments: list[Layer] = []
    for number, layer in enumerate(params[:-1]):
        x = x @ layer[0] + layer[1]
        if len(layer) == 4:
            mean, variance = running[number] if running else (x.mean(0), x.var(0, correction=0))
            moments.append((mean, variance * (len(x) / (len(x) - 1))))
            x = (x - mean) * torch.rsqrt(variance + EPS) * layer[2] + layer[3]
        x = torch.relu(x)
    return x @ params[-1][0] + params[-1][1], moments


def _loss(params: list[Layer], x: Tensor, y: Tensor) -> tuple[Tensor, list[Layer]]:
    logits, moments = _forward(params, x, None)
    return torch.nn.functional.cross_entropy(logits, y), moments


@torch.no_grad()
def _accuracy(params: list[Layer], running: list[Layer], x: Tensor, y: Tensor) -> Tensor:
    logits = vmap(lambda p, r: _forward(p, x, r)[0])(params, running)
    return (logits.argmax(-1) == y).float().mean(1)
