"""Activations inside kernels: φ and φ′ of numbers that are in registers.

The formulas are those of `engine.activations`, under the same names; an activation without an entry in `PHIS` is left
to PyTorch. Where a difference would cancel close to zero, it is written so that it does not: networks whose signal
vanishes need relative precision.
"""

from dataclasses import dataclass

import triton
import triton.language as tl


@dataclass(frozen=True)
class Phi:
    """What a kernel knows of an activation.

    Attributes:
        parameter: name of its one parameter, or None.
        from_output: whether φ′(z) follows from φ(z) alone.
    """

    parameter: str | None = None
    from_output: bool = False


PHIS = {
    "linear": Phi(from_output=True),
    "sigmoid": Phi(from_output=True),
    "tanh": Phi(from_output=True),
    "erf": Phi(),
    "softsign": Phi(from_output=True),
    "hardtanh": Phi(from_output=True),
    "sin": Phi(),
    "relu": Phi(from_output=True),
    "leaky_relu": Phi("slope"),
    "elu": Phi("alpha", from_output=True),
    "selu": Phi(from_output=True),
    "gelu": Phi(),
    "silu": Phi(),
    "hardswish": Phi(),
    "softplus": Phi(),
    "mish": Phi(),
}
SELU_SCALE = tl.constexpr(1.0507009873554805)
SELU_ALPHA = tl.constexpr(1.6732632423543772)
INVERSE_SQRT_2 = tl.constexpr(0.7071067811865476)
INVERSE_SQRT_2_PI = tl.constexpr(0.3989422804014327)
TWO_OVER_SQRT_PI = tl.constexpr(1.1283791670955126)


@triton.jit
def value(z, parameter, PHI: tl.constexpr):
    """Return φ(z); a NaN stays one."""
    if PHI == "sigmoid":
        h = _sigmoid(z)
    elif PHI == "tanh":
        h = _tanh(z)
    elif PHI == "erf":
        h = tl.erf(z)
    elif PHI == "softsign":
        h = z / (1 + tl.abs(z))
    elif PHI == "hardtanh":
        h = tl.where(z < -1, -1.0, tl.where(z > 1, 1.0, z))
    elif PHI == "sin":
        h = tl.sin(z)
    elif PHI == "relu":
        h = tl.where(z < 0, 0.0, z)
    elif PHI == "leaky_relu":
        h = tl.where(z > 0, z, parameter * z)
    elif PHI == "elu":
        h = tl.where(z > 0, z, parameter * _expm1_below_zero(z))
    elif PHI == "selu":
        h = SELU_SCALE * tl.where(z > 0, z, SELU_ALPHA * _expm1_below_zero(z))
    elif PHI == "gelu":
        h = 0.5 * z * (1 + tl.erf(z * INVERSE_SQRT_2))
    elif PHI == "silu":
        h = z * _sigmoid(z)
    elif PHI == "hardswish":
        h = z * tl.where(z < -3, 0.0, tl.where(z > 3, 6.0, z + 3)) / 6
    elif PHI == "softplus":
        h = tl.where(z < 0, 0.0, z) + _log1p(tl.exp(-tl.abs(z)))
    elif PHI == "mish":
        h = z * _tanh_of_softplus(z)
    else:
        tl.static_assert(PHI == "linear")
        h = z
    return h


@triton.jit
def slope(z, h, parameter, PHI: tl.constexpr):
    """Return φ′(z), given h = φ(z); who has `from_output` looks at h alone, the others at z alone."""
    if PHI == "sigmoid":
        d = h * (1 - h)
    elif PHI == "tanh":
        d = 1 - h * h
    elif PHI == "erf":
        d = TWO_OVER_SQRT_PI * tl.exp(-z * z)
    elif PHI == "softsign":
        d = (1 - tl.abs(h)) * (1 - tl.abs(h))
    elif PHI == "hardtanh":
        d = tl.where((h <= -1) | (h >= 1), 0.0, 1.0)
    elif PHI == "sin":
        d = tl.cos(z)
    elif PHI == "relu":
        d = tl.where(h <= 0, 0.0, 1.0)
    elif PHI == "leaky_relu":
        d = tl.where(z > 0, 1.0, parameter)
    elif PHI == "elu":
        d = tl.where(h > 0, 1.0, h + parameter)
    elif PHI == "selu":
        d = tl.where(h > 0, SELU_SCALE, h + SELU_SCALE * SELU_ALPHA)
    elif PHI == "gelu":
        d = 0.5 * (1 + tl.erf(z * INVERSE_SQRT_2)) + z * INVERSE_SQRT_2_PI * tl.exp(-0.5 * z * z)
    elif PHI == "silu":
        s = _sigmoid(z)
        d = s * (1 + z * (1 - s))
    elif PHI == "hardswish":
        d = tl.where(z <= -3, 0.0, tl.where(z >= 3, 1.0, z / 3 + 0.5))
    elif PHI == "softplus":
        d = _sigmoid(z)
    elif PHI == "mish":
        t = _tanh_of_softplus(z)
        d = t + z * _sigmoid(z) * (1 - t * t)
    else:
        tl.static_assert(PHI == "linear")
        d = tl.full(h.shape, 1.0, h.dtype)
    return d


@triton.jit
def _sigmoid(z):
    return 1 / (1 + tl.exp(-z))


@triton.jit
def _tanh(z):
    # Cephes, tanhf: a polynomial where 1 − 2/(e²ᶻ + 1) cancels.
    s = z * z
    p = (((-5.70498872745e-3 * s + 2.06390887954e-2) * s - 5.37397155531e-2) * s + 1.33314422036e-1) * s
    small = z + z * s * (p - 3.33332819422e-1)
    size = 1 - 2 / (tl.exp(2 * tl.abs(z)) + 1)
    return tl.where(tl.abs(z) < 0.625, small, tl.where(z < 0, -size, size))


@triton.jit
def _expm1_below_zero(z):
    """Return eᶻ − 1 for z ≤ 0, as 2t/(1 − t) with t = tanh(z/2), where nothing cancels; anything above zero."""
    t = _tanh(0.5 * tl.where(z > 0, 0.0, z))
    return 2 * t / (1 - t)


@triton.jit
def _log1p(u):
    """Return ln(1 + u) for u in [0, 1], by Kahan's correction of the rounding of 1 + u."""
    w = 1 + u
    return tl.where(w == 1, u, tl.log(w) * (u / tl.where(w == 1, 1.0, w - 1)))


@triton.jit
def _tanh_of_softplus(z):
    # With e = eᶻ: ((1 + e)² − 1)/((1 + e)² + 1); above 20 it is 1 in float32, and e² would overflow later on.
    e = tl.exp(tl.where(z > 20, 20.0, z))
    n = e * (e + 2)
    return n / (n + 2)
