"""The prediction beside each measurement of a propagation cell, layer by layer.

Plain:       q_{l+1} = σw² V(q_l) + σb²,  g_l = D(q_{l+1}) · Var W_{l+1} · fan_out · g_{l+1}
Normalized:  entries of a vector lie on a sphere, whatever q; D becomes what the sphere lets through, over q
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite, isnan, sqrt

import numpy as np

from goldilocks.engine.predictions import bands
from goldilocks.engine.predictions.description import NetworkDescription
from goldilocks.engine.theory.maps import length, mean, slope, variance
from goldilocks.engine.theory.spheres import Passage, Sphere, mean_shrinkage, passage


@dataclass(frozen=True)
class LayerTheory:
    """Prediction for one hidden layer.

    Attributes:
        std: standard deviation of the activations over all entries, at infinite width.
        std_band: standard deviation of ln std from network to network, at this width and batch.
        grad_rms: root mean square of the gradient at the layer's output, for a unit gradient on the last layer; None
            where so few entries are normalized together that it has no expectation, and where networks of this width
            are too far from the limit.
        grad_band: standard deviation of ln grad_rms, likewise.
        weight_grad_rms: root mean square of the gradient with respect to the layer's weights, summed over the batch;
            None like grad_rms, and where nothing is derived.
        second_moments: mean square of what goes on to the next layer or the read-out, of groups of equally many
            examples; empty where it is not derived.
        limit_grad_rms: grad_rms at infinite width, whatever the width.
    """

    std: float
    std_band: float | None
    grad_rms: float | None
    grad_band: float | None
    weight_grad_rms: float | None = None
    second_moments: tuple[float, ...] = ()
    limit_grad_rms: float | None = None


@lru_cache(maxsize=1024)
def predict(network: NetworkDescription) -> tuple[LayerTheory, ...]:
    """Predict every hidden layer of a network with centred, uncorrelated weights.

    Args:
        network: the network and its inputs.

    Returns:
        One prediction per layer, the first hidden layer first.

    Source:
        Poole et al. 2016; Schoenholz et al. 2017; Yang et al. 2019.
    """
    return _plain(network) if network.sphere is None else _normalized(network, network.sphere)


def _plain(network: NetworkDescription) -> tuple[LayerTheory, ...]:
    activation = network.activation
    # Examples of different length are predicted one by one: everything below is an array over them.
    stds, slopes, variances, squares = [], [], [], [np.array(network.inputs.second_moments)]
    for layer in range(len(network.weight_std)):
        q = network.weight_variance(layer) * squares[-1] + network.bias_variance(layer)
        means = mean(activation, q)
        squares.append(length(activation, q))
        stds.append(sqrt(variance(activation, q, means).mean() + means.var()))
        slopes.append(slope(activation, q))
        variances.append(float(q.mean()))
    known_bands = None
    if all(q > 0 and isfinite(q) for q in variances):
        known_bands = bands.plain(network, variances)
    return _assemble(network, stds, slopes, squares[:-1], squares[1:], known_bands)


def _normalized(network: NetworkDescription, sphere: Sphere) -> tuple[LayerTheory, ...]:
    passages, variances, shrinkages, squares, spreads = [], [], [], [], [network.inputs.second_moment]
    stds, factors, depth = [], [], len(network.weight_std)
    for layer in range(depth):
        # Over a batch a bias is the same in every entry; over units it is one more source of variance.
        bias_variance = 0.0 if sphere.over_batch else network.bias_variance(layer)
        q = network.weight_variance(layer) * spreads[-1] + bias_variance
        free = bands.freedom(sphere, network.dims[layer], layer) if sphere.dimension > 0 else 0.0
        shrinkages.append(mean_shrinkage(free, q * sphere.dimension / sphere.count, network.eps))
        through = passage(network.activation, sphere, shrinkages[-1])
        passages.append(through)
        variances.append(q)
        stds.append(sqrt(through.variance))
        factors.append(np.array([_factor(through, sphere, layer == depth - 1) / q if q else 0.0]))
        squares.append(np.array([through.second_moment]))
        spreads.append(through.second_moment - (through.shared if sphere.over_batch else 0.0))
    known_bands = None
    if sphere.over_batch:
        known_bands = bands.over_batch(network, sphere, passages, shrinkages)
    elif all(shrinkages):
        known_bands = bands.over_units(network, sphere, variances, shrinkages)
    # Gradients below a batch norm add up to zero over the batch, so what examples share is not met by the weights.
    met = [np.array([spread]) for spread in spreads[:-1]]
    theory = _assemble(network, stds, factors, met, squares, known_bands)
    if sphere.over_batch and not bands.near_limit(network)[-1]:
        far = [replace(layer, grad_rms=None, grad_band=None, weight_grad_rms=None) for layer in theory[:-1]]
        return (*far, replace(theory[-1], weight_grad_rms=None))
    return theory


def _factor(through: Passage, sphere: Sphere, last: bool) -> float:
    # The gradient on the last layer is independent from entry to entry; below a batch norm it adds up to zero.
    return through.later if sphere.over_batch and not last else through.first


def _gradients(network: NetworkDescription, factors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the mean square gradient of each layer, given the factor that each layer puts on it."""
    gradients = [np.ones_like(factors[-1])]
    for layer in range(len(factors) - 1, 0, -1):
        # A unit of layer l feeds dims[l + 1] units through weights of variance weight_std[l]².
        gradients.append(gradients[-1] * factors[layer] * network.weight_std[layer] ** 2 * network.dims[layer + 1])
    return gradients[::-1]


def _assemble(
    network: NetworkDescription,
    stds: Sequence[float],
    factors: Sequence[np.ndarray],
    met: Sequence[np.ndarray],
    squares: Sequence[np.ndarray],
    known_bands: bands.Bands | None,
) -> tuple[LayerTheory, ...]:
    """Put the predictions together.

    Args:
        network: the network.
        stds: of each layer's activations.
        factors: on the squared gradient, from each layer's output to its affine map.
        met: mean square of what meets each layer's weights.
        squares: mean square of each layer's activations.
        known_bands: the bands, if any.
    """
    forward, backward = known_bands or ([None] * len(stds), [None] * len(stds))
    gradients = _gradients(network, factors)
    layers = []
    for layer, gradient in enumerate(gradients):
        # Gradients of different examples are uncorrelated: those of the weights add up in square.
        at_weights = network.batch * (met[layer] * factors[layer] * gradient).mean()
        rms, weight_rms = (None if isnan(square) else sqrt(square) for square in (gradient.mean(), at_weights))
        groups = tuple(map(float, squares[layer]))
        layers.append(LayerTheory(stds[layer], forward[layer], rms, backward[layer], weight_rms, groups, rms))
    return tuple(layers)
