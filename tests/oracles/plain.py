"""One configuration at a time in plain `torch.nn` and float64, fed with the engine's own initial weights."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from goldilocks.engine import randomness
from goldilocks.engine.cell import Cell
from goldilocks.engine.data.base import prepared
from goldilocks.engine.initializers import Fans
from goldilocks.engine.initializers.noise import READOUT, bias_noise, weight_noise
from goldilocks.engine.training.cell import TrainingCell


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


class ChannelRms(nn.Module):
    """RMS normalization of each image over all its pixels, with a scale per channel."""

    def __init__(self, channels: int, eps: float):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(channels)), eps

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.rms_norm(x, x.shape[1:], eps=self.eps) * self.weight[:, None, None]


IMAGE_NORMS = {
    "none": lambda norm, channels: nn.Identity(),
    "batch": lambda norm, channels: nn.BatchNorm2d(channels, eps=norm.eps, momentum=norm.momentum),
    "layer": lambda norm, channels: nn.GroupNorm(1, channels, eps=norm.eps),
    "rms": lambda norm, channels: ChannelRms(channels, norm.eps),
    "group": lambda norm, channels: nn.GroupNorm(norm.groups, channels, eps=norm.eps),
}
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


class Layer(nn.Module):
    """One hidden layer: affine map, normalization, activation; in a residual network added to the stream in between."""

    def __init__(self, affine: nn.Module, norm: nn.Module, activation: nn.Module, factor: float | nn.Parameter | None):
        super().__init__()
        self.affine, self.norm, self.activation, self.factor = affine, norm, activation, factor

    def forward(self, x: Tensor, stream: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return the stream behind the layer, what enters the activation, and what leaves it."""
        if isinstance(self.affine, nn.Linear) and x.ndim > 2:
            # The engine's rows are positions, each with all its channels.
            x = flat(x)
        z = self.affine(x)
        if self.factor is not None:
            z = stream + self.factor * z
        pre = self.norm(z)
        return z, pre, self.activation(pre)


class Hidden(nn.Module):
    """The hidden layers of a cell, with the weights that its scheme prescribes."""

    def __init__(self, cell: Cell):
        super().__init__()
        self.image = None
        if cell.network.name == "conv":
            self.image = cell.dataset.image or (cell.network.side, cell.width)
        self.residual = cell.network.name == "residual_mlp"
        self.layers = nn.ModuleList(_layer(cell, number) for number in range(1, cell.depth + 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.taps(x)[-1][2]

    def taps(self, x: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Return of each layer what it hands on, what entered its activation, and what left it."""
        if self.image:
            side, channels = self.image
            x = x.view(len(x), side, side, channels).permute(0, 3, 1, 2)
        taps, stream = [], None
        for layer in self.layers:
            stream, pre, x = layer(x, stream)
            taps.append((stream if self.residual else x, pre, x))
        return taps

    @torch.no_grad()
    def calibrate(self, x: Tensor) -> None:
        """Divide the weights of layer after layer by the standard deviation of what leaves the affine map."""
        found = {}
        for layer in self.layers:
            handle = layer.affine.register_forward_hook(lambda module, inputs, z: found.update(std=z.std(correction=0)))
            untouched(self, x)
            handle.remove()
            # The hook of a copy fills the same dictionary.
            if std := found["std"]:
                layer.affine.weight /= std


def _layer(cell: Cell, number: int) -> Layer:
    network = cell.network
    if network.name == "conv":
        affine = _conv_affine(cell, number)
    else:
        affine = linear(cell, number, Fans(cell.features if number == 1 else cell.width, cell.width))
    factor = None
    if network.name == "residual_mlp" and number > 1:
        factor = {"none": 1.0, "1/sqrt(depth)": float(np.float32(cell.depth**-0.5)), "zero": 0.0}[network.branch]
        if network.branch == "zero":
            factor = nn.Parameter(torch.zeros((), dtype=torch.float64))
            if cell.norm.absorbs_bias:
                # What batch norm takes off again would move with the factor; the engine has no such bias.
                nn.init.zeros_(affine.bias)
    on_images = isinstance(affine, nn.Conv2d)
    units = affine.out_channels if on_images else affine.out_features
    norm = (IMAGE_NORMS if on_images else NORMS)[cell.norm.name](cell.norm, units).double()
    return Layer(affine, norm, ACTIVATIONS[cell.activation.name](cell.activation), factor)


def _conv_affine(cell: Cell, number: int) -> nn.Conv2d | nn.Linear:
    network, convolutions = cell.network, cell.depth - cell.network.dense
    side, channels = cell.dataset.image or (network.side, cell.width)
    for _ in range(min(number - 1, network.strided, convolutions)):
        side = -(-side // 2)
    if number <= convolutions:
        stride = 2 if number <= network.strided else 1
        return convolution(cell, number, channels if number == 1 else cell.width, stride)
    width = network.dense_width or cell.width
    flattened = side**2 * cell.width
    return linear(cell, number, Fans(flattened if number == convolutions + 1 else width, width))


def linear(cell: Cell, layer: int | str, fans: Fans) -> nn.Linear:
    """Return an affine layer with the weights that the cell's scheme prescribes."""
    module = nn.Linear(fans.fan_in, fans.fan_out).double()
    weight, bias = drawn(cell, layer, fans, fans.fan_out)
    with torch.no_grad():
        module.weight.copy_(weight.T)
        module.bias.copy_(bias)
    return module


def convolution(cell: Cell, layer: int, channels: int, stride: int) -> nn.Conv2d:
    """Return a convolution with the weights that the cell's scheme prescribes."""
    size = cell.network.filter
    module = nn.Conv2d(channels, cell.width, size, stride, padding=size // 2).double()
    weight, bias = drawn(cell, layer, Fans(size**2 * channels, size**2 * cell.width, size**2), cell.width)
    with torch.no_grad():
        module.weight.copy_(weight.view(size, size, channels, cell.width).permute(3, 2, 0, 1))
        module.bias.copy_(bias)
    return module


def drawn(cell: Cell, layer: int | str, fans: Fans, units: int) -> tuple[Tensor, Tensor]:
    """Return the engine's weights `[fan_in, unit]` and biases, rounded to float32 as there."""
    noise = weight_noise(cell.seed, layer, (fans.fan_in, units), cell.init.family)
    biases = bias_noise(cell.seed, layer, units, cell.init.bias_family)
    return noise * cell.init.scale(fans, cell.activation), biases * cell.init.bias_scale(fans, cell.activation)


def hidden_layers(cell: Cell, x: Tensor) -> Hidden:
    """Return the hidden layers of a cell, calibrated on x where the scheme asks."""
    hidden = Hidden(cell)
    if cell.init.data_dependent:
        hidden.calibrate(x)
    return hidden


@torch.no_grad()
def untouched(module: nn.Module, x: Tensor) -> Tensor:
    """Return the output of a module in training mode, and leave its running statistics alone."""
    return copy.deepcopy(module)(x)


def rows(x: Tensor) -> Tensor:
    """Return `[batch · position, unit]` as the engine has it."""
    return x if x.ndim == 2 else x.permute(0, 2, 3, 1).flatten(0, 2)


def columns(weight: Tensor) -> Tensor:
    """Return `[fan_in, unit]` as the engine has it."""
    return weight.T if weight.ndim == 2 else weight.permute(2, 3, 1, 0).flatten(0, 2)


@dataclass
class Propagated:
    """Per layer: what it hands on, what entered the activation, gradient at the former, gradient of the weights."""

    act: list[Tensor]
    pre: list[Tensor]
    grad: list[Tensor]
    weight_grad: list[Tensor]


def propagate(cell: Cell, x: Tensor, gradient: Tensor) -> Propagated:
    """Run a cell forward from x and backward from a gradient on its output, by autograd."""
    hidden = hidden_layers(cell, x.double())
    taps = hidden.taps(x.double())
    for output, _, _ in taps:
        output.retain_grad()
    last = taps[-1][2]
    (rows(last) * gradient.double()).sum().backward()
    return Propagated(
        [rows(output.detach()) for output, _, _ in taps],
        [rows(pre.detach()) for _, pre, _ in taps],
        [rows(output.grad) for output, _, _ in taps],
        [columns(layer.affine.weight.grad) for layer in hidden.layers],
    )


@dataclass
class Trained:
    """A plainly trained classifier with its losses."""

    hidden: Hidden
    readout: nn.Linear
    losses: list[float]
    first_gradients: list[Tensor]
    test_loss: float
    test_accuracy: float

    def tensors(self) -> list[Tensor]:
        """Return every trained tensor in the engine's order and orientation."""
        return oriented(self.hidden, self.readout, lambda parameter: parameter.detach())


def oriented(hidden: Hidden, readout: nn.Linear, pick: Callable[[nn.Parameter], Tensor]) -> list[Tensor]:
    """Return something of every parameter, in the engine's order and orientation.

    The engine has no bias before a batch norm; here it stands still, since its gradient is zero.
    """
    found = []
    for layer in hidden.layers:
        found.append(columns(pick(layer.affine.weight)))
        if not isinstance(layer.norm, BATCH_NORMS):
            found.append(pick(layer.affine.bias)[None])
        found += [pick(parameter)[None] for parameter in layer.norm.parameters()]
        if isinstance(layer.factor, nn.Parameter):
            found.append(pick(layer.factor)[None, None])
    return [*found, pick(readout.weight).T, pick(readout.bias)[None]]


def train(cell: TrainingCell, steps: int) -> Trained:
    """Train one configuration step by step and evaluate it on the test split."""
    data = prepared(cell.dataset, cell.preprocessing)
    identity = ("minibatches", cell.dataset.name, cell.seed)
    order = randomness.permutations(identity, len(data.train_x), steps * cell.batch_size)
    first = torch.from_numpy(data.train_x[order[: cell.batch_size]]).double()
    hidden = hidden_layers(cell, first)
    inputs = untouched(hidden, first).flatten(1).shape[1]
    readout = linear(cell, READOUT, Fans(inputs, cell.dataset.classes))
    if cell.init.data_dependent:
        readout.weight.data /= readout(flat(untouched(hidden, first))).std(correction=0)

    def model(x: Tensor) -> Tensor:
        return readout(flat(hidden(x)))

    parameters = [*hidden.parameters(), *readout.parameters()]
    optimizer = OPTIMIZERS[cell.optimizer.name](cell.optimizer, parameters, cell.lr)
    losses = []
    for step in range(steps):
        index = order[step * cell.batch_size : (step + 1) * cell.batch_size]
        x, y = torch.from_numpy(data.train_x[index]).double(), torch.from_numpy(data.train_y[index])
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            first_gradients = oriented(hidden, readout, lambda parameter: parameter.grad.clone())
        optimizer.step()
        losses.append(loss.item())
    hidden.eval()
    with torch.no_grad():
        logits, labels = model(torch.from_numpy(data.test_x).double()), torch.from_numpy(data.test_y)
        accuracy = (logits.argmax(1) == labels).double().mean().item()
        test_loss = nn.functional.cross_entropy(logits, labels).item()
    return Trained(hidden, readout, losses, first_gradients, test_loss, accuracy)


def flat(x: Tensor) -> Tensor:
    """Return `[batch, position · unit]` as the engine's read-out sees it."""
    return x if x.ndim == 2 else x.permute(0, 2, 3, 1).flatten(1)
