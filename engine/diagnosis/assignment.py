"""What an initialization does to each parameter of a network: draws with a scale, a constant, or nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.diagnosis.activation_met import activation_of
from goldilocks.engine.diagnosis.fans import Block
from goldilocks.engine.diagnosis.site import Parameter
from goldilocks.engine.diagnosis.trace import Trace
from goldilocks.engine.errors import RequestError
from goldilocks.engine.initializers.base import Initializer
from goldilocks.engine.initializers.noise import bias_noise, weight_noise


@dataclass(frozen=True)
class Constant:
    """A parameter with one value in every entry."""

    name: str
    value: float


@dataclass(frozen=True)
class Vector:
    """Biases: base noise times a scale."""

    name: str
    scale: float


@dataclass(frozen=True)
class Matrices:
    """Weights: one or several matrices of base noise, each times a scale.

    Attributes:
        name: the parameter.
        blocks: the matrices.
        scales: root mean square of each.
        padding: row that is zero, or None.
    """

    name: str
    blocks: tuple[Block, ...]
    scales: tuple[float, ...]
    padding: int | None = None


Assignment = Constant | Vector | Matrices


def assignments(trace: Trace, initializer: Initializer) -> list[Assignment]:
    """Return what a scheme does to the parameters of a network; those that it leaves alone are not named.

    Args:
        trace: of the network.
        initializer: the scheme.

    Raises:
        RequestError: the scheme does not exist for an activation of the network.
    """
    found: list[Assignment] = []
    for parameter in trace.parameters:
        use = trace.uses.get(parameter.name)
        if use is None:
            continue
        if use.blocks:
            activation = _activation(trace, parameter, initializer)
            scales = tuple(initializer.scale(block.fans, activation) for block in use.blocks)
            found.append(Matrices(parameter.name, tuple(use.blocks), scales, use.padding))
        elif use.part == "bias":
            found.append(_bias(trace, parameter, initializer))
        elif use.part == "scale" and parameter.name not in trace.offsets:
            found.append(Constant(parameter.name, 1.0))
        elif use.part in ("shift", "scale"):
            found.append(Constant(parameter.name, 0.0))
    return found


def _activation(trace: Trace, parameter: Parameter, initializer: Initializer) -> Activation:
    """Return the activation that follows the first use of a weight."""
    site = trace.sites[parameter.sites[0]]
    activation = activation_of(site.activation_next)
    if reason := initializer.refusal(activation):
        raise RequestError(f"{site.label}: {reason}")
    return activation


def _bias(trace: Trace, parameter: Parameter, initializer: Initializer) -> Assignment:
    site = trace.sites[parameter.sites[0]]
    weights = [trace.uses[name] for name in site.parameters if trace.uses[name].blocks]
    if not weights:
        return Constant(parameter.name, 0.0)
    scale = initializer.bias_scale(weights[0].blocks[0].fans, activation_of(site.activation_next))
    return Vector(parameter.name, scale) if scale else Constant(parameter.name, 0.0)


def drawn(assignment: Assignment, shape: tuple[int, ...], seed: int, initializer: Initializer) -> Tensor:
    """Return the values of a parameter, float32 on the CPU.

    Args:
        assignment: what they are.
        shape: of the parameter.
        seed: what the draws are named by, together with the parameter's name.
        initializer: the scheme, for its kinds of noise.
    """
    if isinstance(assignment, Constant):
        return torch.full(shape, assignment.value)
    if isinstance(assignment, Vector):
        noise = bias_noise(seed, assignment.name, torch.Size(shape).numel(), initializer.bias_family)
        return (noise * assignment.scale).reshape(shape)
    values = torch.empty(shape)
    for block, scale in zip(assignment.blocks, assignment.scales, strict=True):
        noise = weight_noise(seed, assignment.name + block.label, block.shape, initializer.family) * scale
        if block.layout == "rows":
            place = values if block.rows is None else values[slice(*block.rows)]
            place.copy_(noise.T.reshape(place.shape))
        elif block.layout == "columns":
            values.copy_(noise.reshape(shape))
        else:
            assert block.rows is not None
            values.view(-1, *shape[-2:])[block.rows[0]] = noise if block.layout == "stacked columns" else noise.T
    if assignment.padding is not None:
        values[assignment.padding] = 0
    return values
