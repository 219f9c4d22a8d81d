"""The prediction beside each measurement of a propagation cell, layer by layer.

Plain:       q_{l+1} = σw² V(q_l) + σb²,  g_l = D(q_{l+1}) · Var W_{l+1} · fan_out · g_{l+1}
Normalized:  entries of a vector lie on a sphere, whatever q; D becomes what the sphere lets through, over q
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

from engine.activations import Activation
from engine.theory.fluctuations import Moments, at_correlation, moments, pooled_variance
from engine.theory.maps import length, mean, slope
from engine.theory.spheres import Passage, Sphere, passage


@dataclass(frozen=True)
class Setting:
    """What a prediction needs to know of a cell.

    Attributes:
        activation: φ.
        sphere: what its normalization makes of Gaussian vectors, or None without normalization.
        eps: what the normalization adds to the variance.
        weight_std: standard deviation of the weights of each layer.
        bias_std: standard deviation of the biases of each layer.
        dims: number of units, the input first; one longer than weight_std.
        batch: number of examples.
        second_moment: E x² of the inputs.
    """

    activation: Activation
    sphere: Sphere | None
    eps: float
    weight_std: tuple[float, ...]
    bias_std: tuple[float, ...]
    dims: tuple[int, ...]
    batch: int
    second_moment: float = 1.0


@dataclass(frozen=True)
class LayerTheory:
    """Prediction for one hidden layer.

    Attributes:
        std: standard deviation of the activations over all entries, at infinite width.
        std_band: relative standard deviation of std from network to network, at this width and batch.
        grad_rms: root mean square of the gradient at the layer's output, for a unit gradient on the last layer.
        grad_band: relative standard deviation of grad_rms, likewise.
    """

    std: float
    std_band: float | None
    grad_rms: float
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
    second_moment, stds, slopes, variances = setting.second_moment, [], [], []
    for std_w, std_b, fan_in in zip(setting.weight_std, setting.bias_std, setting.dims, strict=False):
        q = fan_in * std_w**2 * second_moment + std_b**2
        second_moment, first_moment = length(activation, q), mean(activation, q)
        stds.append(max(second_moment - first_moment**2, 0.0) ** 0.5)
        slopes.append(slope(activation, q))
        variances.append(q)
    bands = _plain_bands(setting, variances)
    layers = zip(stds, _gradients(setting, slopes), bands, strict=True)
    return tuple(LayerTheory(std, band[0], grad, band[1]) for std, grad, band in layers)


def _gradients(setting: Setting, factors: Sequence[float]) -> list[float]:
    """Return the rms gradient of each layer, given the factor that each layer puts on the squared gradient."""
    squared, found = 1.0, [1.0]
    for layer in range(len(factors) - 1, 0, -1):
        # A unit of layer l feeds dims[l + 1] units through weights of variance weight_std[l]².
        squared *= factors[layer] * setting.weight_std[layer] ** 2 * setting.dims[layer + 1]
        found.append(squared**0.5)
    return found[::-1]


def _plain_bands(setting: Setting, variances: Sequence[float]) -> list[tuple[float | None, float | None]]:
    if not all(q > 0 and isfinite(q) for q in variances):
        return [(None, None)] * len(variances)
    batch, dims = setting.batch, setting.dims
    known = [moments(setting.activation, q) for q in variances]
    correlations = _correlations(setting, variances, known)
    forward, follow = [], []
    v = 2 / (batch * dims[0])
    for layer, (m, c) in enumerate(zip(known, correlations, strict=True)):
        follow.append(abs(m.slope_elasticity) * v**0.5)
        u = m.elasticity**2 * v + pooled_variance(m.square, c, batch) / dims[layer + 1]
        forward.append(u**0.5 / 2)
        if layer + 1 < len(variances):
            weight_variance = dims[layer + 1] * setting.weight_std[layer + 1] ** 2
            v = (weight_variance * m.length / variances[layer + 1]) ** 2 * u
    drawn = following = 0.0
    backward = [0.0]
    for layer in range(len(variances) - 1, 0, -1):
        m, c = known[layer], correlations[layer]
        drawn += (pooled_variance(m.slope_square, c, batch, alone=3.0) + 2 / batch) / dims[layer + 1]
        following += follow[layer]
        backward.append((drawn + following**2) ** 0.5 / 2)
    return list(zip(forward, backward[::-1], strict=True))


def _correlations(setting: Setting, variances: Sequence[float], known: Sequence[Moments]) -> list[float]:
    """Return the correlation between two examples in each layer, for inputs that have none."""
    found, overlap = [], 0.0
    for layer, (q, m) in enumerate(zip(variances, known, strict=True)):
        weight_variance = setting.dims[layer] * setting.weight_std[layer] ** 2
        c = min((weight_variance * overlap + setting.bias_std[layer] ** 2) / q, 1.0)
        found.append(c)
        overlap = at_correlation(m.value, c)
    return found


def _normalized(setting: Setting, sphere: Sphere) -> tuple[LayerTheory, ...]:
    spread, stds, factors = setting.second_moment, [], []
    depth = len(setting.weight_std)
    for layer, (std_w, std_b, fan_in) in enumerate(
        zip(setting.weight_std, setting.bias_std, setting.dims, strict=False)
    ):
        # Over a batch a bias is the same in every entry; over units it is one more source of variance.
        variance = fan_in * std_w**2 * spread + (0.0 if sphere.over_batch else std_b**2)
        seen = variance * sphere.dimension / sphere.count
        through = passage(setting.activation, sphere, (seen / (seen + setting.eps)) ** 0.5 if seen else 0.0)
        stds.append(max(through.second_moment - through.mean**2, 0.0) ** 0.5)
        factors.append(_factor(through, sphere, layer == depth - 1) / variance if variance else 0.0)
        spread = through.second_moment - (through.shared if sphere.over_batch else 0.0)
    return tuple(
        LayerTheory(std, None, grad, None) for std, grad in zip(stds, _gradients(setting, factors), strict=True)
    )


def _factor(through: Passage, sphere: Sphere, last: bool) -> float:
    # The gradient on the last layer is independent from entry to entry; below a batch norm it adds up to zero.
    return through.later if sphere.over_batch and not last else through.first
