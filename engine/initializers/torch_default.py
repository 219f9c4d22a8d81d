"""What `nn.Linear` does when nobody says anything."""

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers


@initializers.register
class TorchDefault(Initializer):
    """W, b ~ U(-1/√fan_in, 1/√fan_in)."""

    name = "torch_default"
    aliases = ("pytorch_default", "default")
    family = "uniform"
    card = Card(
        "PyTorch's default",
        "W, b ~ U(−1/√fan_in, 1/√fan_in), σw² = 1/3",
        "torch.nn.Linear.reset_parameters: kaiming_uniform_ with a = √5",
        notes="A third of the variance that keeps a linear signal, a sixth of what ReLU needs; biases are not zero.",
        snippet="layer.reset_parameters()",
        rank=60,
        colour="sky",
    )

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return the standard deviation, bound/√3 with bound 1/√fan_in."""
        return (3 * fans.fan_in) ** -0.5

    def bias_scale(self, fans: Fans, activation: Activation) -> float:
        """Return that of the biases, which is the same."""
        return (3 * fans.fan_in) ** -0.5
