"""The length map of one layer: what becomes of the variance of the pre-activations, with and without normalization.

A normalization of each example over its own units divides the pre-activations of a wide layer by √(q + eps), whether it
takes off their mean or not: weights and biases are centred, and so is that mean, up to 1/√width. Whatever q is, the
activation sees a variance close to 1.
"""

import sys
from dataclasses import dataclass

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.maps import Variance, length, length_slope


@dataclass(frozen=True)
class LengthMap:
    """q ← σw² V(s) + σb², where the activation sees the variance s.

    Attributes:
        activation: φ.
        weight_variance: σw².
        bias_variance: σb².
        eps: what a normalization over the units of an example adds to q; None without normalization.
    """

    activation: Activation
    weight_variance: float
    bias_variance: float
    eps: float | None = None

    def __call__(self, q: Variance) -> Variance:
        """Return q of the next layer."""
        return self.weight_variance * length(self.activation, self.seen(q)) + self.bias_variance

    def seen(self, q: Variance) -> Variance:
        """Return s: q itself, or q/(q + eps) behind a normalization; 0 for 0."""
        return q if self.eps is None else q / (q + max(self.eps, sys.float_info.min))

    def share(self, q: Variance) -> Variance:
        """Return s/q, the factor on squares, also on those of gradients, on passing the normalization.

        Args:
            q: above 0.
        """
        return q / q if self.eps is None else 1 / (q + self.eps)

    def alpha(self, q: Variance) -> Variance:
        """Return dq'/dq = σw² V′(s) ds/dq, the factor on a small deviation of q.

        Args:
            q: above 0 and finite.
        """
        steepness = 1.0 if self.eps is None else self.eps / (q + self.eps) ** 2
        return self.weight_variance * length_slope(self.activation, self.seen(q)) * steepness
