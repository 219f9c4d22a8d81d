"""Common random numbers: every draw is a function of what it is for, never of who asks or in which order.

A stream is named by a tuple such as `("weight", seed, layer, shape, family)`. Its numbers are drawn on the CPU, so all
devices and all groupings of cells see the same draws, and schemes are compared on the same luck.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import erf, exp, pi, prod, sqrt
from typing import Any

import numpy as np
import torch

Identity = tuple[object, ...]

# Recorded with every run. Whoever changes how draws follow from seeds gives it a new name.
SCHEME = (
    "2: from the SHA-256 of (what for, seed, ..., block): normal draws by PyTorch's MT19937, seeded with its first "
    "32 bits; all others by NumPy's PCG64DXSM, whose state it is"
)

# Long streams are drawn in blocks with a generator each, so that threads can share the work without changing a number.
BLOCK = 1 << 20
# Where truncated normal draws end, and the standard deviation that is left of 1: √(1 − 2·CUT·density(CUT)/mass).
CUT = 2.0
MASS_WITHIN_CUT = erf(CUT / sqrt(2))
STD_WITHIN_CUT = sqrt(1 - 2 * CUT * exp(-CUT * CUT / 2) / sqrt(2 * pi) / MASS_WITHIN_CUT)


class _Digest(np.random.bit_generator.ISeedSequence):
    """Initial state straight from a hash, which is as well mixed as what NumPy would make of it, and made sooner."""

    def __init__(self, digest: bytes):
        self._digest = digest

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        return np.frombuffer(self._digest, dtype)[:n_words].copy()


def generator(identity: Identity, block: int = 0) -> np.random.Generator:
    """Return the generator that belongs to a name.

    Args:
        identity: what the numbers are for.
        block: index of the block within a long stream.

    Returns:
        A NumPy generator in its initial state.
    """
    return np.random.Generator(np.random.PCG64DXSM(_Digest(_digest(identity, block))))  # type: ignore[arg-type]


def torch_seed(identity: Identity, block: int = 0) -> int:
    """Return the seed of PyTorch's generator that belongs to a name, 32 bits of it.

    Args:
        identity: what the numbers are for.
        block: index of the block within a long stream.
    """
    return int.from_bytes(_digest(identity, block)[:4], "little")


def _digest(identity: Identity, block: int) -> bytes:
    return hashlib.sha256(repr((*identity, block)).encode()).digest()


def standard_normal(identity: Identity, shape: tuple[int, ...]) -> np.ndarray:
    """Draw N(0,1).

    Args:
        identity: what the numbers are for.
        shape: shape of the result.

    Returns:
        float32 array of that shape.
    """
    return _draw(identity, shape, _fill_normal)


def standard_uniform(identity: Identity, shape: tuple[int, ...]) -> np.ndarray:
    """Draw from the uniform distribution with mean 0 and variance 1, U(-√3, √3).

    Args:
        identity: what the numbers are for.
        shape: shape of the result.

    Returns:
        float32 array of that shape.
    """
    return _draw(identity, shape, _fill_uniform)


def standard_truncated_normal(identity: Identity, shape: tuple[int, ...]) -> np.ndarray:
    """Draw N(0,1) given that the draw lies within ±CUT, divided by the standard deviation of that.

    Args:
        identity: what the numbers are for.
        shape: shape of the result.

    Returns:
        float32 array of that shape, with mean 0 and variance 1.
    """
    return _draw(identity, shape, _fill_truncated)


def permutations(identity: Identity, size: int, length: int) -> np.ndarray:
    """Return an endless shuffling of `range(size)`, cut to a length: whole permutations, one after the other.

    Args:
        identity: what the numbers are for.
        size: number of items.
        length: number of entries wanted.

    Returns:
        int64 array `[length]`; a longer one begins with a shorter one.
    """
    random = generator(identity)
    epochs = -(-length // size)
    return np.concatenate([random.permutation(size) for _ in range(epochs)])[:length] if epochs else np.empty(0, int)


Fill = Callable[[Identity, int, np.ndarray], None]


def _draw(identity: Identity, shape: tuple[int, ...], fill: Fill) -> np.ndarray:
    out = np.empty(prod(shape), np.float32)
    blocks = range(-(-out.size // BLOCK))
    if len(blocks) < 2:
        fill(identity, 0, out)
    else:
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            list(pool.map(lambda b: fill(identity, b, out[b * BLOCK : (b + 1) * BLOCK]), blocks))
    return out.reshape(shape)


def _fill_normal(identity: Identity, block: int, out: np.ndarray) -> None:
    # PyTorch's vectorized Box–Muller takes half the time of NumPy's ziggurat, and a wide layer is mostly this. It uses
    # 32 bits of the seed: of a hundred thousand streams, two may well be equal.
    random = torch.Generator()
    random.manual_seed(torch_seed(identity, block))
    torch.from_numpy(out).normal_(generator=random)


def _fill_uniform(identity: Identity, block: int, out: np.ndarray) -> None:
    generator(identity, block).random(dtype=np.float32, out=out)
    # float32 draws are multiples of 2^-24 in [0, 1); half a step more centres them on 1/2.
    out += np.float32(2.0**-25)
    out -= np.float32(0.5)
    out *= np.float32(12.0**0.5)


def _fill_truncated(identity: Identity, block: int, out: np.ndarray) -> None:
    # The quantile function at uniform probabilities between those of ±CUT.
    probability = torch.from_numpy(generator(identity, block).random(out.size))
    probability.sub_(0.5).mul_(MASS_WITHIN_CUT).add_(0.5)
    out[:] = torch.special.ndtri(probability).div_(STD_WITHIN_CUT).numpy()
