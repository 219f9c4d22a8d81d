"""What theory needs to know of a network."""

from dataclasses import dataclass

from goldilocks.engine.activations import Activation
from goldilocks.engine.predictions.inputs import InputStatistics
from goldilocks.engine.theory.spheres import Sphere


@dataclass(frozen=True)
class NetworkDescription:
    """What a prediction needs to know of a cell.

    Attributes:
        activation: φ.
        sphere: what its normalization makes of Gaussian vectors, or None without normalization.
        eps: what the normalization adds to the variance.
        weight_std: standard deviation of the weights of each layer.
        bias_std: standard deviation of the biases of each layer.
        dims: number of units, the input first; one longer than weight_std.
        batch: number of examples.
        inputs: what is known of them.
    """

    activation: Activation
    sphere: Sphere | None
    eps: float
    weight_std: tuple[float, ...]
    bias_std: tuple[float, ...]
    dims: tuple[int, ...]
    batch: int
    inputs: InputStatistics

    def weight_variance(self, layer: int) -> float:
        """Return σw² of a layer, 0 being the first hidden one."""
        # A product, because a power of a float raises where it overflows.
        return self.dims[layer] * self.weight_std[layer] * self.weight_std[layer]

    def bias_variance(self, layer: int) -> float:
        """Return σb² of a layer."""
        return self.bias_std[layer] * self.bias_std[layer]
