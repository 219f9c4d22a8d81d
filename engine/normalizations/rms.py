"""RMS normalization: each example is scaled, not centred, over its units."""

from goldilocks.engine.card import Card
from goldilocks.engine.normalizations.base import normalizations
from goldilocks.engine.normalizations.per_example import PerExample


@normalizations.register
class RmsNorm(PerExample):
    """y = γ z/√(E z² + eps), per example over the units."""

    name = "rms"
    aliases = ("rmsnorm", "rms_norm")
    shifts = False
    centres = False
    card = Card(
        "RMS normalization",
        "y = γ·z/√(E[z²] + eps), per example over the units",
        "Zhang & Sennrich 2019",
        notes="Layer normalization without the mean and without β.",
        snippet="nn.RMSNorm(width, eps={eps})",
        rank=40,
        colour="violet",
    )
