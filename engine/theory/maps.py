"""Moments of an activation behind a Gaussian of variance q, and the maps that mean-field theory makes of them.

Every function takes one variance or an array of them.
"""

from typing import TypeVar

import numpy as np
import torch

from goldilocks.engine.activations import Activation
from goldilocks.engine.theory.gaussian import expectation, scale

Variance = TypeVar("Variance", float, np.ndarray)


def length(activation: Activation, q: Variance) -> Variance:
    """Return V(q) = E φ(√q u)²."""
    return expectation(lambda z: activation(z) ** 2, q, activation.kinks, activation.period)


def mean(activation: Activation, q: Variance) -> Variance:
    """Return M(q) = E φ(√q u)."""
    return expectation(activation, q, activation.kinks, activation.period)


def variance(activation: Activation, q: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Return Var φ(√q u) for given means M(q), without the cancellation of V − M²."""
    centers = torch.from_numpy(means)[..., None]
    return expectation(lambda z: (activation(z) - centers) ** 2, q, activation.kinks, activation.period)


def slope(activation: Activation, q: Variance) -> Variance:
    """Return D(q) = E φ'(√q u)²."""
    return expectation(lambda z: activation.slope_at(z) ** 2, q, activation.kinks, activation.period)


def length_slope(activation: Activation, q: Variance) -> Variance:
    """Return V'(q) = E φ(z)φ'(z)z / q for z ~ N(0, q), q above 0."""
    moment = expectation(lambda z: activation(z) * activation.slope_at(z) * z, q, activation.kinks, activation.period)
    # A Gaussian that is many periods wide is represented by a narrower one.
    represented = scale(q, activation.period).numpy()[..., 0] ** 2
    return moment / (represented if isinstance(q, np.ndarray) else float(represented))
