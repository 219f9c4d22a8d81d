"""Mean-field prediction for residual networks: what each block adds to the variance of the stream, and to its gradient.

q_{l+1} = q_l + α²(σw² V_l + σb²), g_l = g_{l+1}·(1 + α² Var W · width · D_l), with V and D those of φ behind the
normalization of the stream, if any: V(q_l) and D(q_l), or what a sphere makes of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isnan, sqrt

import numpy as np

from goldilocks.engine.predictions.description import NetworkDescription
from goldilocks.engine.predictions.feedforward import LayerTheory
from goldilocks.engine.theory.maps import length, slope
from goldilocks.engine.theory.spheres import passage


@dataclass(frozen=True)
class _Stream:
    """Variance of the stream after a block, of each example where examples differ.

    Attributes:
        total: over all entries.
        within: over the batch alone, what biases and correlated examples add not counted.
    """

    total: np.ndarray
    within: np.ndarray


def predict_residual(network: NetworkDescription, factors: Sequence[float]) -> tuple[LayerTheory, ...]:
    """Predict the stream behind every block.

    Args:
        network: the network and its inputs; its normalization is in front of each activation.
        factors: α of each block, one less than there are layers.

    Returns:
        One prediction per layer, without bands; the gradient is one for a unit gradient at the network's output. What
        the read-out sees, φ behind the last block, is in the last one.

    Source:
        De & Smith 2020; Yang & Schoenholz 2017.
    """
    plain = network.sphere is None
    inputs = np.array(network.inputs.second_moments if plain else [network.inputs.second_moment])
    within = network.weight_variance(0) * inputs
    stream, stds, slopes = _Stream(within + network.bias_variance(0), within), [], []
    for layer, factor in enumerate([*factors, 0.0], 1):
        last = layer > len(factors)
        stds.append(sqrt(stream.total.mean()))
        shared, value, steepness = _behind(network, stream, last)
        slopes.append(steepness)
        if not last:
            added = factor**2 * network.weight_variance(layer)
            bias = factor**2 * network.bias_variance(layer)
            stream = _Stream(stream.total + added * value + bias, stream.within + added * (value - shared))
    squared = slopes.pop()
    gradients = [sqrt(squared.mean())]
    for layer in range(len(factors), 0, -1):
        weight_variance = network.dims[layer + 1] * network.weight_std[layer] ** 2
        squared = squared * (1 + factors[layer - 1] ** 2 * weight_variance * slopes[layer - 1])
        gradients.append(sqrt(squared.mean()))
    known = [None if isnan(gradient) else gradient for gradient in reversed(gradients)]
    seen = tuple(map(float, np.atleast_1d(value)))
    layers = [LayerTheory(std, None, rms, None, limit_grad_rms=rms) for std, rms in zip(stds, known, strict=True)]
    return (*layers[:-1], replace(layers[-1], second_moments=seen))


def _behind(network: NetworkDescription, stream: _Stream, last: bool) -> tuple[float, np.ndarray | float, np.ndarray]:
    """Return, of φ behind the normalization: what two examples share, the second moment, and that of the slope."""
    sphere = network.sphere
    if sphere is None:
        return 0.0, length(network.activation, stream.total), slope(network.activation, stream.total)
    variance = (stream.within if sphere.over_batch else stream.total).item()
    seen = variance * sphere.dimension / sphere.count
    through = passage(network.activation, sphere, sqrt(seen / (seen + network.eps)) if seen else 0.0)
    # The gradient at the output is independent from entry to entry; below a batch norm it adds up to zero.
    passed = through.later if sphere.over_batch and not last else through.first
    shared = through.shared if sphere.over_batch else 0.0
    return shared, through.second_moment, np.array([passed / variance if variance else 0.0])
