"""The prediction beside each measurement of a propagation cell, layer by layer.

Plain:       q_{l+1} = σw² V(q_l) + σb²,  g_l = D(q_{l+1}) · Var W_{l+1} · fan_out · g_{l+1}
Normalized:  entries of a vector lie on a sphere, whatever q; D becomes what the sphere lets through, over q
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, isnan, sqrt

import numpy as np

from engine.theory import bands
from engine.theory.maps import length, mean, slope, variance
from engine.theory.setting import Setting
from engine.theory.spheres import Passage, Sphere, passage


@dataclass(frozen=True)
class LayerTheory:
    """Prediction for one hidden layer.

    Attributes:
        std: standard deviation of the activations over all entries, at infinite width.
        std_band: relative standard deviation of std from network to network, at this width and batch.
        grad_rms: root mean square of the gradient at the layer's output, for a unit gradient on the last layer; None
            where so few entries are normalized together that it has no expectation.
        grad_band: relative standard deviation of grad_rms, likewise.
    """

    std: float
    std_band: float | None
    grad_rms: float | None
    grad_band: float | None


@lru_cache(maxsize=1024)
def predict(setting: Setting) -> tuple[LayerTheory, ...]:
    """Predict every hidden layer of a network with centred, uncorrelated weights.

    Args:
        setting: the network and its inputs.

    Returns:
        One prediction per layer, the first hidden layer first.

    Source:
        Poole et al. 2016; Schoenholz et al. 2017; Yang et al. 2019.
    """
    return _plain(setting) if setting.sphere is None else _normalized(setting, setting.sphere)


def _plain(setting: Setting) -> tuple[LayerTheory, ...]:
    activation = setting.activation
    # Examples of different length are predicted one by one: everything below is an array over them.
    second_moments, stds, slopes, variances = np.array(setting.inputs.second_moments), [], [], []
    for layer in range(len(setting.weight_std)):
        q = setting.weight_variance(layer) * second_moments + setting.bias_variance(layer)
        second_moments, means = length(activation, q), mean(activation, q)
        stds.append(sqrt(variance(activation, q, means).mean() + means.var()))
        slopes.append(slope(activation, q))
        variances.append(float(q.mean()))
    found = None
    if all(q > 0 and isfinite(q) for q in variances):
        found = bands.plain(setting, variances)
    return _assemble(stds, _gradients(setting, slopes), found)


def _normalized(setting: Setting, sphere: Sphere) -> tuple[LayerTheory, ...]:
    spread, stds, factors = setting.inputs.second_moment, [], []
    passages, variances, shrinkages = [], [], []
    depth = len(setting.weight_std)
    for layer in range(depth):
        # Over a batch a bias is the same in every entry; over units it is one more source of variance.
        bias_variance = 0.0 if sphere.over_batch else setting.bias_variance(layer)
        q = setting.weight_variance(layer) * spread + bias_variance
        seen = q * sphere.dimension / sphere.count
        shrinkages.append(sqrt(seen / (seen + setting.eps)) if seen else 0.0)
        through = passage(setting.activation, sphere, shrinkages[-1])
        passages.append(through)
        variances.append(q)
        stds.append(sqrt(through.variance))
        factor = _factor(through, sphere, layer == depth - 1) / q if q else 0.0
        factors.append(np.array([factor]))
        spread = through.second_moment - (through.shared if sphere.over_batch else 0.0)
    found = None
    if sphere.over_batch:
        found = bands.over_batch(setting, sphere, passages)
    elif all(shrinkages):
        found = bands.over_units(setting, sphere, variances, shrinkages)
    return _assemble(stds, _gradients(setting, factors), found)


def _factor(through: Passage, sphere: Sphere, last: bool) -> float:
    # The gradient on the last layer is independent from entry to entry; below a batch norm it adds up to zero.
    return through.later if sphere.over_batch and not last else through.first


def _gradients(setting: Setting, factors: Sequence[np.ndarray]) -> list[float]:
    """Return the rms gradient of each layer, given the factor that each layer puts on the squared gradient."""
    squared, found = np.ones_like(factors[-1]), [1.0]
    for layer in range(len(factors) - 1, 0, -1):
        # A unit of layer l feeds dims[l + 1] units through weights of variance weight_std[l]².
        squared = squared * factors[layer] * setting.weight_std[layer] ** 2 * setting.dims[layer + 1]
        found.append(sqrt(squared.mean()))
    return found[::-1]


def _assemble(stds: Sequence[float], gradients: Sequence[float], found: bands.Bands | None) -> tuple[LayerTheory, ...]:
    forward, backward = found or ([None] * len(stds), [None] * len(stds))
    known = [None if isnan(gradient) else gradient for gradient in gradients]
    layers = zip(stds, forward, known, backward, strict=True)
    return tuple(LayerTheory(*layer) for layer in layers)
