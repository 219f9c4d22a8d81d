"""Bands: the standard deviation, from network to network, of the logarithm of what is predicted for each layer.

The logarithm of a statistic deviates by a sum over the layers it has passed, each an average over independent units:
see `fluctuations`. A sum of many is normal, so the statistic is log-normal. Deviations of q are handed on from layer to
layer and, without normalization, felt by every φ' on the way back. Beside them the gradient is a sum over random
weights, whose square fluctuates by 2 per example and unit.
"""

from collections.abc import Sequence
from math import nan, sqrt

import numpy as np

from goldilocks.engine.predictions.description import NetworkDescription
from goldilocks.engine.theory.fluctuations import Moments, Similarity, moments, pooled
from goldilocks.engine.theory.maps import length
from goldilocks.engine.theory.spheres import Passage, Sphere

# Where 95 % of networks lie, in standard deviations, and the share of it by which a layer may leave proportion.
TWO_SIGMA, BEND = 1.96, 0.2
# Sum of batch/width over the layers up to which 90 to 98 % of networks lie in the bands of a batch norm; see NOTES.md.
STRAIN = 0.25
# In so few dimensions 1/std² has no fourth moment, and a sum of a few is far from normal.
FEW = 8
# What float32 loses of a mean square.
ROUNDING = 2.0**-22
# Forward and backward, one per layer; None where the deviation has no variance.
Bands = tuple[Sequence[float | None], Sequence[float | None]]


def plain(network: NetworkDescription, variances: Sequence[float]) -> Bands:
    """Return the bands of a network without normalization.

    Args:
        network: the network.
        variances: q of each layer; above 0 and finite.
    """
    known = [moments(network.activation, q) for q in variances]
    similarity = _similarities(network, variances, known)
    carried = _carried(network, variances, known)
    batch, units = network.batch, network.dims[1:]
    arriving = [network.inputs.length_scatter * (1 - network.bias_variance(0) / variances[0]) ** 2]
    forward = []
    for m, alike, share, n in zip(known, similarity, carried, units, strict=True):
        forward.append(sqrt(m.spread[2] ** 2 / 2 * arriving[-1] + pooled(m.spread, alike, batch) / n) / 2)
        length = m.square[2] ** 2 / 2 * arriving[-1] + pooled(m.square, alike, batch) / n
        arriving.append(share**2 * length)
    backward = []
    # Above a layer: what its deviation of q does to the gradient, and what the units of all those layers add.
    follows = above = 0.0
    scatter = _gradient_scatter(network, known, similarity)
    for layer in range(len(known) - 1, -1, -1):
        m, share, (own, passing) = known[layer], carried[layer], scatter[layer]
        backward.append(sqrt(follows**2 * arriving[layer + 1] + above + own) / 2)
        units_of = m.slope_square + share * follows * m.square
        above += pooled(units_of, similarity[layer], batch) / units[layer] + passing
        follows = (m.slope_square[2] + share * follows * m.square[2]) / sqrt(2)
    straight = _proportional_until(network, variances, known, arriving)
    if straight < len(known):
        return [*forward[:straight], *[None] * (len(known) - straight)], [None] * len(known)
    return forward, backward[::-1]


def _proportional_until(
    network: NetworkDescription, variances: Sequence[float], known: Sequence[Moments], arriving: Sequence[float]
) -> int:
    """Return the first layer, from 0, whose ln q does not deviate in proportion to what deviates in the layer before.

    Close to a fixed point that repels, networks of finite width go to one side or to the other.
    """
    slopes = [
        m.square[2] / sqrt(2) * share for m, share in zip(known, _carried(network, variances, known), strict=True)
    ]
    sides = np.array([-1.0, 1.0])
    ends = sides * TWO_SIGMA * sqrt(arriving[0])
    for layer in range(len(known) - 1):
        # Both ends, and between them where nothing deviates: of a data set, that is not quite q of the next layer.
        passed = length(network.activation, variances[layer] * np.exp([*ends, 0.0]))
        q = network.weight_variance(layer + 1) * passed + network.bias_variance(layer + 1)
        moved = np.log(q[:-1] / q[-1])
        added = TWO_SIGMA**2 * max(arriving[layer + 1] - slopes[layer] ** 2 * arriving[layer], 0.0)
        # Where nothing of a deviation is passed on, those that are added go to both sides.
        sides = np.where(moved == 0, sides, np.sign(moved))
        ends = sides * np.sqrt(moved**2 + added)
        proportional = TWO_SIGMA * sqrt(arriving[layer + 1])
        if (np.abs(np.abs(ends) - proportional) > BEND * proportional).any():
            return layer + 1
    return len(known)


def over_units(
    network: NetworkDescription, sphere: Sphere, variances: Sequence[float], shrinkages: Sequence[float]
) -> Bands:
    """Return the bands of a network whose examples are normalized one by one, hence forget deviations of q.

    Args:
        network: the network.
        sphere: what the normalization does.
        variances: q of each layer.
        shrinkages: factor between normalized pre-activations and unit variance, per layer; above 0.
    """
    known = [moments(network.activation, shrinkage**2) for shrinkage in shrinkages]
    similarity = _similarities(network, variances, known)
    carried = _carried(network, variances, known)
    batch, units = network.batch, network.dims[1:]

    def held(coefficients: np.ndarray) -> np.ndarray:
        # The normalization fixes the length, the second polynomial, and where it centres the mean, the first.
        free = coefficients.copy()
        free[[1, 2] if sphere.centred else [2]] = 0.0
        return free

    # 1/std² of a group of `count` units varies by 2/(m − 4), a little more than its first order.
    length = np.zeros_like(known[0].square)
    length[2] = sqrt(2 * sphere.count / (sphere.dimension - 4)) if sphere.dimension > 4 else nan
    forward = [
        sqrt(
            pooled(held(m.spread), alike, batch) / n
            + _of_eps(shrinkage, freedom(sphere, network.dims[layer], layer), batch * n // sphere.count)
            + _of_mean(sphere, n, batch)
        )
        / 2
        for layer, (m, alike, shrinkage, n) in enumerate(zip(known, similarity, shrinkages, units, strict=True))
    ]
    backward: list[float | None] = []
    above = 0.0
    scatter = _gradient_scatter(network, known, similarity)
    for layer in range(len(known) - 1, -1, -1):
        m, alike, (own, passing) = known[layer], similarity[layer], scatter[layer]
        # The gradient is divided by the lengths of this layer and, on the way to its output, of the next.
        divided = carried[layer] * held(m.square)
        backward.append(sqrt(pooled(divided, alike, batch) / units[layer] + above + own) / 2)
        above += pooled(held(m.slope_square) - length - divided, alike, batch) / units[layer] + passing
    return forward, backward[::-1]


def near_limit(network: NetworkDescription) -> list[bool]:
    """Return for each layer whether a batch norm's bands hold there: the sum of batch/width down to it is small.

    Theory takes the directions of the units' vectors for uniform. A layer of n units has them along some directions of
    the batch more than along others, by √(batch/n), and the layers after it keep that.
    """
    strain = np.cumsum(network.batch / np.array(network.dims[1:]))
    return (strain <= STRAIN).tolist()


def over_batch(
    network: NetworkDescription, sphere: Sphere, passages: Sequence[Passage], shrinkages: Sequence[float]
) -> Bands:
    """Return the bands of a network that is normalized over the batch; None where they do not hold.

    Args:
        network: the network.
        sphere: what the normalization does.
        passages: what each layer lets through.
        shrinkages: factor between normalized pre-activations and unit variance, per layer.
    """
    units, m = network.dims[1:], sphere.dimension
    forward: list[float | None] = []
    for layer, close in enumerate(near_limit(network)):
        scatter, n = passages[layer].spread_scatter, units[layer]
        # The first layer's directions are those of the inputs.
        holds = close or layer == 0
        forward.append(
            sqrt(scatter / n + _of_eps(shrinkages[layer], freedom(sphere, network.dims[layer], layer), n)) / 2
            if holds
            else None
        )
    if m <= FEW:
        return forward, [None] * len(forward)
    backward, above, alike, last = [], 0.0, 0.0, len(passages) - 1
    for layer in range(last, -1, -1):
        through, n = passages[layer], units[layer]
        spread, both = (through.spread_scatter, through.joint_scatter) if layer < last else (0.0, 0.0)
        directions = sphere.count - (layer < last)
        backward.append(sqrt(spread / n + above + 2 * (1 / directions + alike) / n) / 2)
        slopes = (m - 2) / (m - 4) * (1 + through.slope_scatter + 2 * alike) - 1
        above += (slopes + spread - 2 * both) / n
        alike = through.slope_agreement**2 * alike + 1 / n
    return forward, backward[::-1]


def freedom(sphere: Sphere, inputs: int, layer: int) -> float:
    """Return the degrees of freedom of what a normalization divides by: its variance scatters as χ² of so many.

    Beside its own entries, the length of what meets the weights scatters: of the weights of each unit, or of each
    example's inputs; those of later layers were normalized.

    Args:
        sphere: what the normalization does.
        inputs: units of the layer before.
        layer: from 0.
    """
    return 1 / (1 / sphere.dimension + (1 / inputs if sphere.over_batch or layer == 0 else 0.0))


def _of_eps(shrinkage: float, dimension: float, vectors: int) -> float:
    """Return the variance of a normalized square by the eps in the normalization, and by the rounding of float32."""
    return (1 - shrinkage**2) ** 2 * 2 / (dimension * vectors) + ROUNDING**2


def _of_mean(sphere: Sphere, units: int, batch: int) -> float:
    """Return the variance of a normalized square by that of the mean over all entries, where that is not taken off."""
    return 0.0 if sphere.centred else 2 / (units * batch) ** 2


def _carried(network: NetworkDescription, variances: Sequence[float], known: Sequence[Moments]) -> list[float]:
    """Return the share of the next layer's q that comes from the signal, not from biases; for the last layer 0."""
    following = enumerate(zip(known[:-1], variances[1:], strict=True), 1)
    return [*(network.weight_variance(layer) * m.length / q for layer, (m, q) in following), 0.0]


def _similarities(
    network: NetworkDescription, variances: Sequence[float], known: Sequence[Moments]
) -> list[Similarity]:
    """Return the correlation between examples in each layer."""
    inputs, share = network.inputs, 1 - network.bias_variance(0) / variances[0]
    similarities = [Similarity(1 - share + share * inputs.correlation, share**2 * inputs.correlation_scatter)]
    for layer, (m, share) in enumerate(zip(known[:-1], _carried(network, variances, known), strict=False)):
        alike = similarities[-1]
        overlap = min(alike.average(m.value**2), 1.0)
        drawn = (alike.average(m.square**2) - overlap**2) * (1 - overlap**2) ** 2 / network.dims[layer + 1]
        scatter = share**2 * (alike.derivative(m.value**2) ** 2 * alike.variance + drawn)
        similarities.append(Similarity(min(share * overlap + 1 - share, 1.0), scatter))
    return similarities


def _gradient_scatter(
    network: NetworkDescription, known: Sequence[Moments], similarity: Sequence[Similarity]
) -> list[tuple[float, float]]:
    """Return what random weights add to the variance of the squared gradient: at a layer, and on passing it."""
    batch, layers, alike = network.batch, [], 0.0
    for m, like, n in zip(reversed(known), reversed(similarity), reversed(network.dims), strict=False):
        alone, shared = float((m.slope_square**2).sum()), like.average(m.slope_square**2)
        at_layer = 2 * (1 / batch + (1 - 1 / batch) * alike) / n
        passing = 2 * (alone / batch + (1 - 1 / batch) * alike * shared) / n
        layers.append((at_layer, passing))
        # Gradients of two examples start out independent and become alike by chance.
        alike = min(like.average(m.tilt**2) ** 2 * alike + shared / n, 1.0)
    return layers[::-1]
