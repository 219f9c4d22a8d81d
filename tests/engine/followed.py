"""What the engine's theory says of a network, layer by layer: the oracle of all that follows tabulated maps."""

from functools import cache

import numpy as np

from goldilocks.engine.theory.correlation import correlation_map
from goldilocks.engine.theory.length_map import LengthMap
from goldilocks.engine.theory.maps import length, mean, slope, variance

# Correlations of two inputs that are followed.
STARTS = (0.0, 0.9)


@cache
def followed(activation, normalizes, eps, sigma_w, sigma_b, depth, correlated=True):
    """Return q, std, gradient and correlations by layer, in infinitely wide layers on N(0,1) inputs.

    Args:
        activation: φ.
        normalizes: what a normalization goes over: nothing, units or batch.
        eps: what it adds to the variance.
        sigma_w, sigma_b: standard deviations of weights, times the root of fan-in, and of biases.
        depth: layers.
        correlated: whether correlations are followed, which takes most of the time; never behind a batch norm.
    """
    correlated = correlated and normalizes != "batch"
    weight, bias = sigma_w**2, 0.0 if normalizes == "batch" else sigma_b**2
    layer = LengthMap(activation, weight, bias, None if normalizes == "nothing" else eps)
    q, qs, stds, chis, pairs = weight + bias, [], [], [], []
    c = [(weight * start + bias) / q for start in STARTS]
    for _ in range(depth):
        s = layer.seen(q)
        spread = float(variance(activation, np.array([s]), np.array([mean(activation, s)]))[0])
        qs.append(q)
        stds.append(spread**0.5)
        chis.append(weight * slope(activation, s) * layer.share(q))
        pairs.append(c)
        following = weight * spread if normalizes == "batch" else weight * length(activation, s) + bias
        if correlated:
            c = [min((weight * correlation_map(activation, s, min(one, 1.0)) + bias) / following, 1.0) for one in c]
        q = following
    gradients = np.exp([0.5 * np.log(chis[at + 1 :]).sum() for at in range(depth)])
    found = {"q": np.array(qs), "std": np.array(stds), "gradient": gradients}
    return found | ({"correlations": np.array(pairs).T} if correlated else {})
