"""Length and gradient maps of a plain deep network, and the prediction they make for each layer of a cell.

q₁ = σw² E x²,  q_{l+1} = σw² V(q_l) + σb²,  V(q) = E φ(√q u)²,  M(q) = E φ(√q u),  D(q) = E φ'(√q u)²
g_l = σw² D(q_{l+1}) · (fan_out / fan_in) · g_{l+1}
"""

from dataclasses import dataclass

from engine.activations import Activation
from engine.theory.gaussian import expectation


@dataclass(frozen=True)
class LayerTheory:
    """Prediction for one hidden layer in the limit of infinite width.

    Attributes:
        std: standard deviation of the activations over all entries, √(V − M²).
        grad_rms: root mean square of the gradient at the layer's output, for a unit gradient on the last layer.
    """

    std: float
    grad_rms: float


def length(activation: Activation, q: float) -> float:
    """Return V(q) = E φ(√q u)²."""
    return expectation(lambda z: activation(z) ** 2, q, activation.kinks)


def mean(activation: Activation, q: float) -> float:
    """Return M(q) = E φ(√q u)."""
    return expectation(activation, q, activation.kinks)


def slope(activation: Activation, q: float) -> float:
    """Return D(q) = E φ'(√q u)²."""
    return expectation(lambda z: activation.slope_at(z) ** 2, q, activation.kinks)


def predict(
    activation: Activation, weight_std: list[float], bias_std: list[float], dims: list[int], input_second_moment: float
) -> list[LayerTheory]:
    """Predict every hidden layer of a network with independent weights and no normalization.

    Args:
        activation: φ.
        weight_std: standard deviation of the weights of each layer.
        bias_std: standard deviation of the biases of each layer.
        dims: number of units, the input first; one longer than weight_std.
        input_second_moment: E x².

    Returns:
        One prediction per layer, the first hidden layer first.

    Source:
        Poole et al. 2016; Schoenholz et al. 2017.
    """
    second_moment, stds, slopes = input_second_moment, [], []
    for std_w, std_b, fan_in in zip(weight_std, bias_std, dims, strict=False):
        q = fan_in * std_w**2 * second_moment + std_b**2
        second_moment, first_moment = length(activation, q), mean(activation, q)
        stds.append(max(second_moment - first_moment**2, 0.0) ** 0.5)
        slopes.append(slope(activation, q))
    gradient, grads = 1.0, [1.0]
    for layer in range(len(stds) - 1, 0, -1):
        # A unit of layer l feeds dims[l + 1] units through weights of variance weight_std[l]².
        gradient *= slopes[layer] * weight_std[layer] ** 2 * dims[layer + 1]
        grads.append(gradient**0.5)
    return [LayerTheory(std, grad) for std, grad in zip(stds, reversed(grads), strict=True)]
