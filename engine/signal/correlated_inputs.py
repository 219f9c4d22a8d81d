"""Networks fed with correlated inputs: where lengths and correlations go, and how gradients grow, layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine import randomness
from goldilocks.engine.activations import Activation
from goldilocks.engine.axes import BATCH, UNIT
from goldilocks.engine.initializers.noise import bias_noise, weight_noise
from goldilocks.engine.normalizations import Normalization
from goldilocks.engine.statistics import wide

# Correlations closer than this to their limit are rounding, and a decay is fitted to no fewer layers.
NEAREST, FEWEST = 1e-9, 3
# Differences within so many times those of the last layers are noise.
NOISE = 3.0
# Correlation of the inputs that start out nearly alike.
ALIKE = 0.9
# Relative deviation of a q that has come to rest, and share of the first distance that counts as small.
SETTLED, LINEAR = 0.1, 0.4


@dataclass(frozen=True)
class Simulated:
    """What one network did.

    Attributes:
        lengths: mean square of the pre-activations, before any normalization `[layer]`.
        unlike: correlation of the pre-activations of two inputs that start out independent, mean over pairs `[layer]`.
        alike: the same for inputs that start out nearly alike.
        growth: factor on the mean square gradient on its way back through each layer but the first `[layer − 1]`.
    """

    lengths: np.ndarray
    unlike: np.ndarray
    alike: np.ndarray
    growth: np.ndarray

    @property
    def q(self) -> float:
        """Mean square of the pre-activations in the deeper half."""
        return float(self.lengths[len(self.lengths) // 2 :].mean())

    @property
    def chi(self) -> float:
        """Geometric mean of the gradient's growth in the deeper half, where q has come to rest."""
        late = self.growth[len(self.growth) // 2 :]
        with np.errstate(divide="ignore"):
            return float(np.exp(np.log(late).mean()))

    @property
    def ordered(self) -> bool:
        """Whether gradients do not grow, so that all inputs become alike."""
        return self.chi <= 1

    @property
    def c(self) -> float:
        """Correlation that all inputs come to: 1 in the ordered phase, else the mean of the last quarter."""
        return 1.0 if self.ordered else float(np.mean([_late(self.unlike), _late(self.alike)]))

    @property
    def depth_c(self) -> float:
        """Layers over which correlations near their limit by e, from a straight line through a logarithm.

        In the ordered phase the limit is known. In the chaotic phase it is not, but inputs that start out alike and
        others that do not go to the same one.
        """
        distance = 1 - self.unlike if self.ordered else np.abs(self.alike - self.unlike)
        if not (np.isfinite(distance).all() and np.isfinite(self.lengths).all()):
            return nan
        floor = NEAREST if self.ordered else NOISE * float(np.sqrt(np.square(_late(distance)).mean()))
        # The decay is exponential once q has come to rest and the distance is small.
        settled = (np.abs(self.lengths / self.q - 1) < SETTLED) & (distance < LINEAR * distance[0])
        start = int(np.argmax(settled)) if settled.any() else 0
        above = distance[start:] > floor
        stop = start + (len(above) if above.all() else int(np.argmin(above)))
        if stop - start < FEWEST:
            return nan
        slope = np.polyfit(np.arange(start, stop), np.log(distance[start:stop]), 1)[0]
        return -1 / float(slope) if slope < 0 else inf


def _late(values: np.ndarray) -> np.ndarray:
    """Return the last quarter of the layers."""
    return values[-max(len(values) // 4, 1) :]


def simulate(
    points: Sequence[tuple[float, float]],
    activation: Activation,
    norm: Normalization,
    shape: tuple[int, int, int],
    seed: int,
    device: torch.device,
) -> list[Simulated]:
    """Run one network per point, all on the same draws; half of the inputs are independent, half nearly alike.

    Args:
        points: σw² and σb² of each network.
        activation: φ.
        norm: normalization between affine map and φ, of each example by itself.
        shape: number of inputs, at least 4, depth and width.
        seed: of inputs, weights, biases and gradient.
        device: where.
    """
    batch, depth, _ = shape
    draws = Draws(points, shape, seed, device)
    pres = _forward(draws, activation, norm, depth)
    growth = _backward(draws, activation, norm, pres)
    lengths = torch.stack([z.square().mean((BATCH, UNIT)) for z in pres])
    unlike, alike = (
        torch.stack([_mean_correlation(z[:, part]) for z in pres])
        for part in (slice(batch // 2), slice(batch // 2, None))
    )
    columns = (part.T.cpu().double().numpy() for part in (lengths, unlike, alike, growth))
    return [Simulated(*rows) for rows in zip(*columns, strict=True)]


class Draws:
    """What the networks of all points have in common, and what each of them makes of it.

    Args:
        points: σw² and σb² of each network.
        shape: number of inputs, depth and width.
        seed: of every draw.
        device: where.
    """

    def __init__(
        self, points: Sequence[tuple[float, float]], shape: tuple[int, int, int], seed: int, device: torch.device
    ):
        self.batch, self.depth, self.width = shape
        self.networks, self.seed, self.device = len(points), seed, device
        self.dtype = wide(torch.empty(0, device=device))
        # Factors on weights and biases `[config, 1, 1]`.
        self.scale = self._column([(weight_variance / self.width) ** 0.5 for weight_variance, _ in points])
        self.offset = self._column([bias_variance**0.5 for _, bias_variance in points])

    def inputs(self) -> Tensor:
        """Return the inputs `[1, batch, unit]`: in the second half, each is nearly alike to the others."""
        x, half = self._normal("correlated inputs", self.batch + 1), self.batch // 2
        similar = ALIKE**0.5 * x[self.batch :] + (1 - ALIKE) ** 0.5 * x[half : self.batch]
        return torch.cat([x[:half], similar])[None]

    def gradient(self) -> Tensor:
        """Return the gradient at the last layer `[1, batch, unit]`."""
        return self._normal("gradient", self.batch)[None]

    def weights(self, layer: int) -> Tensor:
        """Return the weights of a layer before scaling `[unit, unit]`."""
        return weight_noise(self.seed, layer, (self.width, self.width), "normal").to(self.device, self.dtype)

    def biases(self, layer: int) -> Tensor:
        """Return the biases of a layer `[config, 1, unit]`."""
        return bias_noise(self.seed, layer, self.width, "normal").to(self.device, self.dtype) * self.offset

    def _column(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=self.dtype, device=self.device)[:, None, None]

    def _normal(self, name: str, rows: int) -> Tensor:
        draws = randomness.standard_normal((name, self.seed, (rows, self.width)), (rows, self.width))
        return torch.from_numpy(draws).to(self.device, self.dtype)


def _forward(draws: Draws, activation: Activation, norm: Normalization, depth: int) -> Tensor:
    """Return the pre-activations `[layer, config, batch, unit]`."""
    # Made at once: layer by layer, the heap would fall into pieces between temporaries of the same size.
    shape = (depth, draws.networks, draws.batch, draws.width)
    pres = torch.empty(shape, dtype=draws.dtype, device=draws.device)
    h = draws.inputs()
    for layer, z in enumerate(pres, 1):
        torch.mul(h @ draws.weights(layer), draws.scale, out=z)
        z += draws.biases(layer)
        h = activation(_normalized(z, norm)[0])
    return pres


def _normalized(z: Tensor, norm: Normalization) -> tuple[Tensor, Any]:
    # A normalization may overwrite what it is given.
    return norm.forward(z if norm.absent else z.clone(), None, None)


def _backward(draws: Draws, activation: Activation, norm: Normalization, pres: Tensor) -> Tensor:
    """Return the factor on the mean square gradient through each layer but the first `[layer − 1, config]`."""
    gradient = draws.gradient().expand(draws.networks, -1, -1)
    growth = []
    for layer in range(len(pres), 1, -1):
        y, saved = _normalized(pres[layer - 1], norm)
        at_map, _ = norm.backward(activation.backward(gradient.clone(), y, activation(y)), saved, None)
        below = (at_map @ draws.weights(layer).T) * draws.scale
        growth.append(below.square().mean((BATCH, UNIT)) / gradient.square().mean((BATCH, UNIT)))
        gradient = below
    return torch.stack(growth[::-1])


def _mean_correlation(z: Tensor) -> Tensor:
    """Return the mean correlation of two different inputs `[config]`."""
    directions = z / torch.linalg.vector_norm(z, dim=UNIT, keepdim=True)
    batch = z.shape[BATCH]
    return (directions.sum(BATCH).square().sum(-1) - batch) / (batch * (batch - 1))
