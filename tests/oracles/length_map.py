"""The length map, iterated layer by layer."""

import numpy as np

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.maps import Variance, length


def length_map(
    activation: Activation, weight_variance: Variance, bias_variance: Variance, q: Variance, depth: int
) -> np.ndarray:
    """Iterate q ← σw² V(q) + σb².

    Args:
        activation: φ.
        weight_variance: σw² `[…]`.
        bias_variance: σb² `[…]`.
        q: variance of the pre-activations of the first layer `[…]`.
        depth: number of layers.

    Returns:
        The variance of the pre-activations of each layer `[depth, …]`, the given one first.
    """
    start = np.broadcast_to(np.asarray(q, np.float64), np.broadcast_shapes(*map(np.shape, (q, weight_variance))))
    found = [start]
    for _ in range(depth - 1):
        found.append(weight_variance * length(activation, found[-1]) + bias_variance)
    return np.stack(found)
