"""The card of a member: the words and formula that README, command line and dashboard all show."""

from dataclasses import dataclass

# What the store's column holds.
MOST_RANK = 2**31 - 1


@dataclass(frozen=True)
class Card:
    """Title, formula and source of one member.

    Attributes:
        title: name for people.
        formula: definition in plain text.
        reference: paper or textbook.
        notes: limits and remarks.
        snippet: the same in PyTorch, ready to paste; `layer` is an `nn.Linear`, `phi` the activation that follows, `h`
            a batch of the layer's inputs; {parameter} stands for a parameter's value.
        rank: place among the members of its family where people see them side by side, ascending; None: after all that
            have one.
        colour: a name of the palette of the charts, such as green; None: a colour that follows from the member's name.
        label: what it is called in sentences and legends; empty: what its family calls a member of its name.
    """

    title: str
    formula: str = ""
    reference: str = ""
    notes: str = ""
    snippet: str = ""
    rank: int | None = None
    colour: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("title", "formula", "reference", "notes", "snippet", "label"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} of a card must be a text, not {getattr(self, name)!r}")
        if not isinstance(self.colour, str | None):
            raise TypeError(f"colour of the card {self.title!r} must be the name of a colour, not {self.colour!r}")
        if self.rank is not None and (type(self.rank) is not int or abs(self.rank) > MOST_RANK):
            limits = f"a whole number from {-MOST_RANK:,} to {MOST_RANK:,}"
            raise ValueError(f"rank of the card {self.title!r} must be {limits}, not {self.rank!r}")
