"""Group normalization: each example is centred and scaled over groups of its units."""

from typing import Annotated

from pydantic import Field

from goldilocks.engine.card import Card
from goldilocks.engine.normalizations.base import normalizations
from goldilocks.engine.normalizations.per_example import PerExample


@normalizations.register
class GroupNorm(PerExample):
    """y = γ (z - E z)/√(Var z + eps) + β, per example over each of several equal groups of units."""

    name = "group"
    aliases = ("groupnorm", "group_norm", "gn")
    card = Card(
        "Group normalization",
        "y = γ·(z − E[z])/√(Var[z] + eps) + β, per example over each group of units",
        "Wu & He 2018",
        notes="groups must divide the width. One group is layer normalization.",
        snippet="nn.GroupNorm({groups}, width, eps={eps})",
        rank=50,
        colour="pink",
    )

    groups: Annotated[int, Field(ge=1)]

    def group_count(self) -> int:
        """Return the number of groups."""
        return self.groups

    def refusal(self, width: int) -> str | None:
        """Say that the units cannot be divided into the groups, or None."""
        if width % self.groups == 0:
            return None
        return f"width = {width}: norm = {self} needs a multiple of {self.groups}"
