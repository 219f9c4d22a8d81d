"""The edge of chaos: weights and biases for which the activation neither loses nor scrambles its inputs."""

from math import ceil, inf, log10
from typing import Annotated

from pydantic import Field

from goldilocks.engine.activations import Activation
from goldilocks.engine.card import Card
from goldilocks.engine.initializers.base import Fans, Initializer, initializers
from goldilocks.engine.theory.criticality import Edge, edge_of_chaos, smallest_attracting
from goldilocks.engine.theory.fixed_points import Stability, first_variance, reached

# A network that comes to within this factor of q does what the card promises.
CLOSE = 1.5
# Digits of a q that is recommended.
DIGITS = 5


@initializers.register
class Critical(Initializer):
    """W ~ N(0, σw²/fan_in), b ~ N(0, σb²), with χ₁ = 1 at a fixed point q that attracts."""

    name = "critical"
    aliases = ("edge_of_chaos",)
    bias_family = "normal"
    card = Card(
        "Edge of chaos",
        "W ~ N(0, σw²/fan_in), b ~ N(0, σb²), σw² = 1/E φ'(√q u)², σb² = q − σw²·E φ(√q u)²",
        "Poole et al. 2016; Schoenholz et al. 2017",
        notes="At variance q of the pre-activations each layer keeps the variance, the gradient and the distance of "
        "nearby inputs. A deviation from q is multiplied by α = σw²·V′(q) per layer, so q must attract, α ≤ 1, or else "
        "the network leaves it: a given q with α > 1 is refused. By default q is 1 where that attracts, else the "
        "smallest larger value that does; there α = 1, so deviations decay slowly, and on one side only. χ₁ = 1 holds "
        "at q, not on the way there: networks start elsewhere, and where α = 1 they take many layers to approach q, "
        "over which GELU, SiLU and Hardswish lose gradient and Mish gains some. For homogeneous activations, such as "
        "ReLU, every q is a fixed point, with the same weights and no biases. Where σb² would be negative there is no "
        "such point: softplus has none at any q, sigmoid only deep in saturation.",
        snippet="""\
def moments(q, u=torch.linspace(-9, 9, 6_000, dtype=torch.float64)):
    z, density = (q**0.5 * u).requires_grad_(), torch.softmax(-(u**2) / 2, dim=0)
    (slope,) = torch.autograd.grad(phi(z).sum(), z)
    return [(f @ density).item() for f in (phi(z) ** 2, slope**2, phi(z) * slope * z / q)]  # V, D, V'
q = {q} or next(q for q in (1.01**k for k in range(1400)) if moments(q)[2] <= 1.001 * moments(q)[1])
V, D, _ = moments(q)
nn.init.normal_(layer.weight, std=(D * layer.in_features) ** -0.5)
nn.init.normal_(layer.bias, std=max(q - V / D, 0) ** 0.5)""",
        rank=130,
        colour="red",
    )

    q: Annotated[float, Field(gt=0, le=1e6)] | None = None

    def variance(self, activation: Activation) -> float:
        """Return q."""
        return smallest_attracting(activation) if self.q is None else self.q

    def edge(self, activation: Activation) -> Edge:
        """Return the point of the edge of chaos with the fixed point q."""
        return edge_of_chaos(activation, self.variance(activation))

    def scale(self, fans: Fans, activation: Activation) -> float:
        """Return σw/√fan_in at the edge of chaos."""
        return (self.edge(activation).weight_variance / fans.fan_in) ** 0.5

    def bias_scale(self, fans: Fans, activation: Activation) -> float:
        """Return σb at the edge of chaos."""
        return max(self.edge(activation).bias_variance, 0.0) ** 0.5

    def refusal(self, activation: Activation) -> str | None:
        """Say that the activation has no edge of chaos at q, or one that repels, or None where all is well."""
        edge, q = self.edge(activation), self.variance(activation)
        if not edge.exists:
            return (
                f"init = {self}: {activation} has no edge of chaos at q = {q:g}; "
                f"it would need a negative variance of the biases, {edge.bias_variance:.3g}"
            )
        if edge.attracts:
            return None
        return (
            f"init = {self}: at q = {q:g} the edge of chaos of {activation} repels: deviations from q grow by "
            f"α = {edge.alpha:.4g} per layer, and the network leaves it. {_remedy(activation, q)} To study the point "
            f"itself, write mean_field(weight_variance={edge.weight_variance!r}, bias_variance={edge.bias_variance!r})"
        )

    def remark(self, activation: Activation) -> str | None:
        """Say that networks with N(0,1) inputs come to another variance than q, or None where they come to q."""
        edge, q = self.edge(activation), self.variance(activation)
        point = reached(activation, edge.weight_variance, edge.bias_variance)
        if point.stability is Stability.NEUTRAL or q / CLOSE <= point.q <= q * CLOSE:
            return None
        first = first_variance(edge.weight_variance, edge.bias_variance)
        then = "grow without end" if point.q == inf else f"come to {point.q:.4g}"
        return (
            f"{self} with {activation}: q = {q:.4g} attracts, but not from where N(0,1) inputs start, {first:.4g}; the "
            f"variances of deep networks slowly {then}"
        )


def _remedy(activation: Activation, q: float) -> str:
    smallest = smallest_attracting(activation)
    if smallest <= q or not edge_of_chaos(activation, smallest).attracts:
        return "Take a smaller q."
    unit = 10 ** (ceil(log10(smallest)) - DIGITS)
    return f"It attracts from q = {ceil(smallest / unit) * unit:.{DIGITS}g} on, which critical without q takes."
