"""The edge of chaos by bisection: where χ₁ of the phase passes 1."""

from scipy.optimize import brentq

from goldilocks.engine.theory.criticality import phase


def critical_weight_variance(activation, bias_variance, low=0.5, high=50.0):
    """Return σw² between two values at which χ₁ = 1 for a variance of the biases."""
    return brentq(lambda variance: phase(activation, variance, bias_variance).chi - 1, low, high, xtol=1e-13)
