"""Whether an activation of a user's own is one: elementwise, deterministic, with the derivative that it declares."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from goldilocks.engine.member_checks.numeric import RAISED, agree, flaw_of_tensor, slope

if TYPE_CHECKING:
    from goldilocks.engine.activations.base import Activation

SHAPE = (3, 4, 5)
# Points so close to a declared kink are left out where derivatives are compared.
NEAR_KINK = 1e-3


def activation_flaw(activation: "Activation") -> str | None:
    """Say why an activation cannot be used, or return None.

    Args:
        activation: the member.
    """
    state = torch.get_rng_state()
    try:
        with torch.no_grad():
            return next(_flaws(activation), None)
    except RAISED as error:
        return f"{type(error).__name__}: {error}"
    finally:
        torch.set_rng_state(state)


def _flaws(activation: "Activation") -> Iterator[str]:
    for dtype in (torch.float32, torch.float64):
        z = _points(dtype)
        before, state = z.clone(), torch.get_rng_state()
        h = activation(z)
        if flaw := flaw_of_tensor(h, z, "φ(z)"):
            yield flaw
        if not torch.equal(z, before):
            yield "it changes its argument in place; return a new tensor"
        h = h.clone()
        if not torch.equal(torch.get_rng_state(), state) or not _same(activation(z), h):
            yield "it is random: two calls give different values"
        yield from _whole_and_parts(activation, z, h)
        yield from _slopes(activation, z, h)
    yield from _declared(activation, _points(torch.float64))


def _points(dtype: torch.dtype) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    z = 2 * torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    z[0, 0] = torch.tensor([-30.0, -8.0, 0.25, 8.0, 30.0])
    return z.to(dtype)


def _same(one: Tensor, other: Tensor) -> bool:
    return torch.equal(torch.nan_to_num(one), torch.nan_to_num(other))


def _whole_and_parts(activation: "Activation", z: Tensor, h: Tensor) -> Iterator[str]:
    if (h == h.flatten()[0]).all():
        yield "φ is constant: no gradient passes"
    alone = torch.stack([activation(one.reshape(1)) for one in z.flatten()]).reshape(z.shape)
    turned = activation(z.permute(2, 0, 1).contiguous()).permute(1, 2, 0)
    if not agree(alone, h) or not agree(turned, h):
        yield "it is not elementwise: a value depends on the other values of the layer or batch"
    if not agree(activation.apply_(z.clone()), h):
        yield "apply_(z) is not φ(z)"


def _slopes(activation: "Activation", z: Tensor, h: Tensor) -> Iterator[str]:
    derivative = activation.derivative(z.clone(), h.clone())
    if flaw := flaw_of_tensor(derivative, z, "φ′(z)"):
        yield flaw
    gradient = torch.linspace(0.5, 1.5, z.numel(), dtype=z.dtype).reshape(z.shape)
    back = activation.backward(gradient.clone(), z.clone(), h.clone())
    if flaw := flaw_of_tensor(back, z, "backward(…)"):
        yield flaw
    if not agree(back, gradient * derivative):
        yield "backward(gradient, z, h) is not gradient · φ′(z)"
    left = z.clone()
    activation.apply_(left)
    if not agree(activation.backward(gradient.clone(), left, h.clone()), back):
        yield "apply_ overwrites z, so backward receives φ(z) in place of z, and its result depends on z"
    if z.dtype == torch.float64:
        smooth = _away_from_kinks(activation, z)
        expected = _automatic(activation, z)
        if not agree(derivative[smooth], expected[smooth]):
            place = (derivative - expected).abs().nan_to_num().masked_fill(~smooth, 0).argmax()
            at, declared, right = (float(values.flatten()[place]) for values in (z, derivative, expected))
            yield f"its derivative is wrong: at z = {at:.3g} it is {declared:.4g}, and the slope of φ is {right:.4g}"


def _away_from_kinks(activation: "Activation", z: Tensor) -> Tensor:
    smooth = torch.ones_like(z, dtype=torch.bool)
    for kink in activation.kinks:
        smooth &= (z - kink).abs() > NEAR_KINK
    return smooth


def _automatic(activation: "Activation", z: Tensor) -> Tensor:
    """Return φ′ by automatic differentiation, or by differences where PyTorch does not follow what φ does."""
    with torch.enable_grad():
        leaf = z.clone().requires_grad_()
        h = activation(leaf)
        if h.requires_grad:
            return torch.autograd.grad(h.sum(), leaf)[0]
    return slope(activation, z, torch.ones_like(z))


def _declared(activation: "Activation", z: Tensor) -> Iterator[str]:
    if activation.positively_homogeneous and not agree(activation(2 * z), 2 * activation(z)):
        yield "it declares positively_homogeneous, and φ(2z) is not 2φ(z)"
    period = activation.period
    if period is not None and not agree(activation(z + period), activation(z)):
        yield f"it declares the period {period:g}, and φ(z + {period:g}) is not φ(z)"
