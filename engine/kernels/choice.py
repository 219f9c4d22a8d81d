"""When the kernels of this folder are used: on an NVIDIA GPU, in float32, where Triton can compile.

Triton is imported here and behind here only, and not before a tensor is on a GPU. Tests without a GPU add the CPU to
`DEVICES`: where TRITON_INTERPRET=1 when Triton is first imported, its interpreter computes on the CPU, slowly.
"""

import os
import warnings
from functools import cache
from types import ModuleType
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

# Fused layers are used where this variable of the environment is 1: they have not been measured on a GPU.
FUSED = "GOLDILOCKS_FUSED"
# Kinds of devices on which kernels are used.
DEVICES: tuple[str, ...] = ("cuda",)


class Product(Protocol):
    """A batched product."""

    def __call__(self, a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor: ...


class Fused(NamedTuple):
    """Kernels of whole layers: `layer` passes through them, `update` changes what is trained."""

    layer: ModuleType
    update: ModuleType


def product_kernel(a: Tensor, b: Tensor) -> Product | None:
    """Return the product of small matrices, or None where PyTorch's is the better one.

    Args:
        a: `[config, row, inner]`.
        b: `[config, inner, column]`.
    """
    if not _suits(a):
        return None
    from goldilocks.engine.kernels import product

    return product.product if product.handles(a, b) else None


def batch_norm_kernels(z: Tensor) -> ModuleType | None:
    """Return the passes of batch normalization, or None where they cannot be used.

    Args:
        z: what is normalized, or the gradient at the output `[config, batch, unit]`.
    """
    if not _suits(z):
        return None
    from goldilocks.engine.kernels import batch_norm

    return batch_norm if batch_norm.handles(z) else None


def fused_kernels(weight: Tensor, batch: int, units: int, phi: str, rule: str) -> Fused | None:
    """Return kernels of whole layers, or None where they are not asked for or cannot be used.

    Args:
        weight: a weight matrix of the network.
        batch: number of examples.
        units: most units that a layer has.
        phi: name of the activation.
        rule: name of the optimizer.
    """
    if os.environ.get(FUSED) != "1" or not _suits(weight):
        return None
    from goldilocks.engine.kernels import layer, update
    from goldilocks.engine.kernels.phi import PHIS

    known = phi in PHIS and rule in update.SLOTS
    return Fused(layer, update) if known and layer.handles(batch, units) else None


def _suits(x: Tensor) -> bool:
    return x.device.type in DEVICES and x.dtype == torch.float32 and _compiles(x.device)


@cache
def _compiles(device: torch.device) -> bool:
    """Try both kinds of product: Triton comes with PyTorch for CUDA, but needs a C compiler and a recent GPU."""
    try:
        from goldilocks.engine.kernels.product import product

        ones = torch.ones(1, 16, 16, device=device)
        return all(bool((product(ones, other) == 16).all()) for other in (ones, ones.mT))
    except Exception as error:
        warnings.warn(f"Triton cannot compile here ({error}): slower kernels of PyTorch are used", stacklevel=2)
        return False
