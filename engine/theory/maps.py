"""Moments of an activation behind a Gaussian of variance q: what the maps of mean-field theory are made of."""

from engine.activations import Activation
from engine.theory.gaussian import WIDE, expectation


def length(activation: Activation, q: float) -> float:
    """Return V(q) = E φ(√q u)²."""
    return expectation(lambda z: activation(z) ** 2, q, activation.kinks, activation.period)


def mean(activation: Activation, q: float) -> float:
    """Return M(q) = E φ(√q u)."""
    return expectation(activation, q, activation.kinks, activation.period)


def slope(activation: Activation, q: float) -> float:
    """Return D(q) = E φ'(√q u)²."""
    return expectation(lambda z: activation.slope_at(z) ** 2, q, activation.kinks, activation.period)


def length_slope(activation: Activation, q: float) -> float:
    """Return V'(q) = E φ(z)φ'(z)z / q for z ~ N(0, q), q above 0."""
    if activation.period is not None and q > (WIDE * activation.period) ** 2:
        return 0.0
    return expectation(lambda z: activation(z) * activation.slope_at(z) * z, q, activation.kinks) / q
