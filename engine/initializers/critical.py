"""The edge of chaos: weights and biases for which the activation neither loses nor scrambles its inputs."""

from typing import Annotated

from pydantic import Field

from engine.activations import Activation
from engine.card import Card
from engine.initializers.base import Fans, Initializer, initializers
from engine.theory.criticality import edge_of_chaos


@initializers.register
class Critical(Initializer):
    """W ~ N(0, σw²/fan_in), b ~ N(0, σb²), with χ₁ = 1 at the fixed point q."""

    name = "critical"
    aliases = ("edge_of_chaos",)
    bias_family = "normal"
    card = Card(
        "Edge of chaos",
        "W ~ N(0, σw²/fan_in), b ~ N(0, σb²), σw² = 1/E φ'(√q u)², σb² = q − σw²·E φ(√q u)²",
        "Poole et al. 2016; Schoenholz et al. 2017",
        notes="q is the variance of the pre-activations that the layers settle at. Where σb² would be negative no such "
        "point exists: for softplus at no q, for sigmoid only deep in saturation.",
        snippet="u = ({q} ** 0.5 * torch.randn(10**6)).requires_grad_()\n"
        "slope = torch.autograd.grad(phi(u).sum(), u)[0].square().mean()\n"
        "nn.init.normal_(layer.weight, std=(slope * layer.in_features).rsqrt().item())\n"
        "nn.init.normal_(layer.bias, std=({q} - phi(u).square().mean() / slope).clamp(min=0).sqrt().item())",
    )

    q: Annotated[float, Field(gt=0, le=1e6)] = 1.0

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return σw/√fan_in at the edge of chaos."""
        return (edge_of_chaos(activation, self.q).weight_variance / fans.fan_in) ** 0.5

    def bias_scale(self, fans: Fans, activation: Activation) -> float:
        """Return σb at the edge of chaos."""
        return max(edge_of_chaos(activation, self.q).bias_variance, 0.0) ** 0.5

    def refusal(self, activation: Activation) -> str | None:
        """Say that the activation has no edge of chaos at q, and by how much, or None where it has one."""
        edge = edge_of_chaos(activation, self.q)
        if edge.exists:
            return None
        return (
            f"init = {self}: {activation} has no edge of chaos at q = {self.q:g}; "
            f"it would need a negative variance of the biases, {edge.bias_variance:.3g}"
        )
