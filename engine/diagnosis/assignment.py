"""What an initialization does to each parameter of a network: draws with a scale, a constant, or nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.diagnosis.activation_met import activation_of
from goldilocks.engine.diagnosis.fans import Block
from goldilocks.engine.diagnosis.site import Parameter
from goldilocks.engine.diagnosis.trace import Trace
from goldilocks.engine.diagnosis.uses import NormalizedWeight
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


@dataclass(frozen=True)
class Lengths:
    """The lengths in a weight normalization: those of its direction, so that the weight is what is drawn for that.

    Attributes:
        name: the parameter.
        direction: name of the direction.
        axis: of the units, each of which has a length; -1 where the whole has one.
    """

    name: str
    direction: str
    axis: int


Assignment = Constant | Vector | Matrices | Lengths


def assignments(trace: Trace, initializer: Initializer) -> list[Assignment]:
    """Return what a scheme does to the parameters of a network; those that it leaves alone are not named.

    Args:
        trace: of the network.
        initializer: the scheme.

    Raises:
        RequestError: the scheme does not exist for an activation of the network.
    """
    found: list[Assignment] = []
    lengths: list[Assignment] = []
    for parameter in trace.parameters:
        use = trace.uses.get(parameter.name)
        if use is None:
            continue
        if use.normalized is not None:
            lengths += _lengths(trace, use.normalized, initializer)
        elif use.blocks:
            activation = _activation(trace, parameter, initializer)
            scales = tuple(initializer.scale(block.fans, activation) for block in use.blocks)
            if not any(scales) and parameter.name in trace.lengths:
                # A direction of zero has none.
                continue
            found.append(Matrices(parameter.name, tuple(use.blocks), scales, use.padding))
        elif use.part == "bias":
            found.append(_bias(trace, parameter, initializer))
        elif use.part == "scale" and parameter.name not in trace.offsets:
            found.append(Constant(parameter.name, 1.0))
        elif use.part in ("shift", "scale"):
            found.append(Constant(parameter.name, 0.0))
    # What they are the lengths of is drawn before.
    return [*found, *lengths]


def _lengths(trace: Trace, weight: NormalizedWeight, initializer: Initializer) -> Iterator[Assignment]:
    """Yield what becomes of the lengths of a weight that is drawn."""
    direction = next(one for one in trace.parameters if one.name == weight.direction)
    blocks, activation = trace.uses[weight.direction].blocks, _activation(trace, direction, initializer)
    if any(initializer.scale(block.fans, activation) for block in blocks):
        yield Lengths(weight.lengths, weight.direction, weight.axis)
    elif blocks:
        yield Constant(weight.lengths, 0.0)


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


def assign(assignment: Assignment, parameters: Mapping[str, Tensor], seed: int, initializer: Initializer) -> None:
    """Give a parameter its values, in place.

    Args:
        assignment: what they are.
        parameters: of the network, by name.
        seed: what the draws are named by, together with the parameter's name.
        initializer: the scheme, for its kinds of noise.
    """
    values = parameters[assignment.name]
    if isinstance(assignment, Lengths):
        values.copy_(torch.norm_except_dim(parameters[assignment.direction], 2, assignment.axis))
    else:
        values.copy_(drawn(assignment, tuple(values.shape), seed, initializer))


def drawn(
    assignment: Constant | Vector | Matrices, shape: tuple[int, ...], seed: int, initializer: Initializer
) -> Tensor:
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
