"""Layer normalization: each example is centred and scaled over its units."""

from goldilocks.engine.card import Card
from goldilocks.engine.normalizations.base import normalizations
from goldilocks.engine.normalizations.per_example import PerExample


@normalizations.register
class LayerNorm(PerExample):
    """y = γ (z - E z)/√(Var z + eps) + β, per example over the units."""

    name = "layer"
    aliases = ("layernorm", "layer_norm", "ln")
    card = Card(
        "Layer normalization",
        "y = γ·(z − E[z])/√(Var[z] + eps) + β, per example over the units",
        "Ba, Kiros & Hinton 2016",
        notes="Independent of the batch, and the same in training and evaluation.",
        snippet="nn.LayerNorm(width, eps={eps})",
        rank=30,
        colour="green",
    )
