"""One configuration at a time in plain `torch.nn` and float64, fed with the engine's own initial weights."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine import randomness
from engine.data.base import prepared
from engine.grid.cell import Cell
from engine.initializers import Fans
from engine.initializers.noise import READOUT, bias_noise, weight_noise
from engine.studies.training import TrainingCell


class Elementwise(nn.Module):
    """A function of torch as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.forward = function


ACTIVATIONS = {
    "linear": lambda a: nn.Identity(),
    "sigmoid": lambda a: nn.Sigmoid(),
    "tanh": lambda a: nn.Tanh(),
    "relu": lambda a: nn.ReLU(),
    "leaky_relu": lambda a: nn.LeakyReLU(a.slope),
    "gelu": lambda a: nn.GELU(),
    "elu": lambda a: nn.ELU(a.alpha),
    "selu": lambda a: nn.SELU(),
    "silu": lambda a: nn.SiLU(),
    "softplus": lambda a: nn.Softplus(),
    "softsign": lambda a: nn.Softsign(),
    "mish": lambda a: nn.Mish(),
    "hardtanh": lambda a: nn.Hardtanh(),
    "hardswish": lambda a: nn.Hardswish(),
    "erf": lambda a: Elementwise(torch.erf),
    "sin": lambda a: Elementwise(torch.sin),
}
NORMS = {
    "none": lambda norm, width: nn.Identity(),
    "batch": lambda norm, width: nn.BatchNorm1d(width, eps=norm.eps, momentum=norm.momentum),
    "layer": lambda norm, width: nn.LayerNorm(width, eps=norm.eps),
    "rms": lambda norm, width: nn.RMSNorm(width, eps=norm.eps),
    "group": lambda norm, width: nn.GroupNorm(norm.groups, width, eps=norm.eps),
}
OPTIMIZERS = {
    "sgd": lambda o, parameters, lr: torch.optim.SGD(parameters, lr=lr),
    "momentum": lambda o, parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=o.beta),
    "adam": lambda o, parameters, lr: torch.optim.Adam(parameters, lr=lr, betas=(o.beta1, o.beta2), eps=o.eps),
}


def linear(cell: Cell, layer: int | str, fans: Fans) -> nn.Linear:
    """Return an affine layer with the weights that the cell's scheme prescribes."""
    module = nn.Linear(fans.fan_in, fans.fan_out).double()
    noise = weight_noise(cell.seed, layer, (fans.fan_in, fans.fan_out), cell.init.family)
    biases = bias_noise(cell.seed, layer, fans.fan_out, cell.init.bias_family)
    with torch.no_grad():
        # The products are rounded to float32, as the engine's are: both sides start from identical weights.
        module.weight.copy_(noise.T * cell.init.scale(fans, cell.activation))
        module.bias.copy_(biases * cell.init.bias_scale(fans, cell.activation))
    return module


def hidden_layers(cell: Cell, x: Tensor) -> nn.ModuleList:
    """Return the hidden layers of a cell, each affine → norm → activation, calibrated on x where the scheme asks."""
    layers = nn.ModuleList()
    for number, (fan_in, fan_out) in enumerate(zip(cell.dims, cell.dims[1:], strict=False), 1):
        affine = linear(cell, number, Fans(fan_in, fan_out))
        norm = NORMS[cell.norm.name](cell.norm, fan_out).double()
        layers.append(nn.Sequential(affine, norm, ACTIVATIONS[cell.activation.name](cell.activation)))
    if cell.init.data_dependent:
        for layer in layers:
            calibrate(layer[0], x)
            x = untouched(layer, x)
    return layers


@torch.no_grad()
def calibrate(affine: nn.Linear, x: Tensor) -> None:
    """Divide the weights by the standard deviation of all outputs, unless nothing comes out."""
    if std := affine(x).std(correction=0):
        affine.weight /= std


@torch.no_grad()
def untouched(module: nn.Module, x: Tensor) -> Tensor:
    """Return the output of a module in training mode, and leave its running statistics alone."""
    return copy.deepcopy(module)(x)


@dataclass
class Propagated:
    """Per layer: output, what entered the activation, gradient at the output, gradient of the weights."""

    act: list[Tensor]
    pre: list[Tensor]
    grad: list[Tensor]
    weight_grad: list[Tensor]


def propagate(cell: Cell, x: Tensor, gradient: Tensor) -> Propagated:
    """Run a cell forward from x and backward from a gradient on the last layer, by autograd."""
    h = x.double()
    layers, acts, pres = hidden_layers(cell, h), [], []
    for layer in layers:
        pre = layer[1](layer[0](h))
        h = layer[2](pre)
        h.retain_grad()
        acts.append(h)
        pres.append(pre.detach())
    (h * gradient.double()).sum().backward()
    grads = [gradient.double() if act is h else act.grad for act in acts]
    return Propagated([a.detach() for a in acts], pres, grads, [layer[0].weight.grad.T for layer in layers])


@dataclass
class Trained:
    """A plainly trained classifier with its losses."""

    model: nn.Sequential
    losses: list[float]
    first_gradients: list[Tensor]
    test_loss: float
    test_accuracy: float

    def tensors(self) -> list[Tensor]:
        """Return every trained tensor in the engine's order and orientation."""
        return oriented(self.model, lambda parameter: parameter.detach())


def oriented(model: nn.Module, pick: Callable[[nn.Parameter], Tensor]) -> list[Tensor]:
    """Return something of every parameter, in the engine's order and orientation.

    The engine has no bias before a batch norm; here it stands still, since its gradient is zero.
    """
    found = []
    modules = [m for m in model.modules() if next(m.parameters(recurse=False), None) is not None]
    for module, following in zip(modules, [*modules[1:], None], strict=True):
        if isinstance(module, nn.Linear):
            absorbed = isinstance(following, nn.BatchNorm1d)
            found += [pick(module.weight).T] if absorbed else [pick(module.weight).T, pick(module.bias)[None]]
        else:
            found += [pick(parameter)[None] for parameter in module.parameters(recurse=False)]
    return found


def train(cell: TrainingCell, steps: int) -> Trained:
    """Train one configuration step by step and evaluate it on the test split."""
    data = prepared(cell.dataset, cell.preprocessing)
    identity = ("minibatches", cell.dataset.name, cell.seed)
    order = randomness.permutations(identity, len(data.train_x), steps * cell.batch_size)
    first = torch.from_numpy(data.train_x[order[: cell.batch_size]]).double()
    readout = linear(cell, READOUT, Fans(cell.dims[-1], cell.dataset.classes))
    layers = hidden_layers(cell, first)
    if cell.init.data_dependent:
        calibrate(readout, untouched(nn.Sequential(*layers), first))
    model = nn.Sequential(*layers, readout)
    optimizer = OPTIMIZERS[cell.optimizer.name](cell.optimizer, model.parameters(), cell.lr)
    losses = []
    for step in range(steps):
        index = order[step * cell.batch_size : (step + 1) * cell.batch_size]
        x, y = torch.from_numpy(data.train_x[index]).double(), torch.from_numpy(data.train_y[index])
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            first_gradients = oriented(model, lambda parameter: parameter.grad.clone())
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        logits, labels = model(torch.from_numpy(data.test_x).double()), torch.from_numpy(data.test_y)
        accuracy = (logits.argmax(1) == labels).double().mean().item()
        test_loss = nn.functional.cross_entropy(logits, labels).item()
    return Trained(model, losses, first_gradients, test_loss, accuracy)
