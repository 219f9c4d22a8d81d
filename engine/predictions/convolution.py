"""Mean-field prediction for convolutional networks: variances are fields over the positions p of an image.

q_{l+1}(p) = Var W · channels · Σ V(q_l(p')) + σb² over the p' that p sees,
g_l(p') = Var W · units · Σ D(q_{l+1}(p)) g_{l+1}(p) over the p that see p'.

Beyond the border there are zeros, so the fields sink towards it. The sums are those of the layers' own connections.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from goldilocks.engine.activations import Activation
from goldilocks.engine.networks.connection import LayerShape
from goldilocks.engine.predictions.feedforward import LayerTheory
from goldilocks.engine.theory.maps import length, mean, slope

# Variances of symmetric positions are one, up to rounding behind so many decimal places.
DIGITS = 12


@lru_cache(maxsize=1024)
def predict_convolutional(
    activation: Activation, shapes: tuple[LayerShape, ...], weight_std: tuple[float, ...], bias_std: tuple[float, ...]
) -> tuple[LayerTheory, ...]:
    """Predict every hidden layer of a convolutional network without normalization, for independent N(0,1) pixels.

    Args:
        activation: φ.
        shapes: sizes of the hidden layers.
        weight_std: standard deviation of the weights of each layer.
        bias_std: standard deviation of the biases of each layer.

    Returns:
        One prediction per layer, without bands.

    Source:
        Xiao, Bahri, Sohl-Dickstein, Schoenholz & Pennington 2018, position by position.
    """
    seen = [shape.connection.between_fields() for shape in shapes]
    field = torch.ones(shapes[0].connection.input_positions, dtype=torch.float64)
    stds, slopes = [], []
    for (connection, window), shape, std_w, std_b in zip(seen, shapes, weight_std, bias_std, strict=True):
        sums = connection.forward(field[None, :, None], _ones(window), None).flatten()
        q = std_w**2 * (shape.fan_in // window) * sums + std_b**2
        field, first = _everywhere(length, activation, q), _everywhere(mean, activation, q)
        stds.append(max(float(field.mean() - first.mean() ** 2), 0.0) ** 0.5)
        slopes.append(_everywhere(slope, activation, q))
    gradient = torch.ones_like(field)
    gradients = [1.0]
    for layer in range(len(shapes) - 1, 0, -1):
        connection, window = seen[layer]
        behind = (slopes[layer] * gradient)[None, :, None]
        sums = connection.backward(behind, _ones(window)).flatten()
        gradient = weight_std[layer] ** 2 * shapes[layer].units * sums
        gradients.append(float(gradient.mean()) ** 0.5)
    layers = zip(stds, reversed(gradients), strict=True)
    return tuple(LayerTheory(std, None, rms, None, limit_grad_rms=rms) for std, rms in layers)


def _ones(window: int) -> Tensor:
    return torch.ones(1, window, 1, dtype=torch.float64)


def _everywhere(moment: Callable[[Activation, np.ndarray], np.ndarray], activation: Activation, q: Tensor) -> Tensor:
    """Return a moment at every position, computed once for positions alike."""
    largest = float(q.max()) or 1.0
    shares, places = np.unique(np.round(q.numpy() / largest, DIGITS), return_inverse=True)
    return torch.from_numpy(moment(activation, largest * shares)[places])
