"""Ways to use a trained network on another task: which layers are new, which are frozen, how fast each one learns."""

from dataclasses import dataclass
from typing import Literal

from goldilocks.engine.card import Card

SchemeName = Literal["scratch", "last_layer", "dense_layers", "fine_tune"]
# How people see them.
SCHEMES: dict[str, Card] = {
    "scratch": Card("From scratch", colour="grey", label="from scratch"),
    "last_layer": Card("New last layer", colour="blue", label="all frozen, new last layer"),
    "dense_layers": Card(
        "New fully connected layers", colour="green", label="convolutions frozen, new fully connected layers"
    ),
    "fine_tune": Card("Fine-tuning", colour="orange", label="everything, at a lower rate"),
}
# What pretrained layers learn at, as a share of the rate of new ones.
LOWER_RATE = 0.1


@dataclass(frozen=True)
class TransferScheme:
    """One way of transfer.

    Attributes:
        kept: number of hidden layers, from the first, that begin with the source's weights; the others are new.
        frozen: number of hidden layers, from the first, that are never changed.
        rates: for each layer that is trained, the read-out last, its share of the learning rate.
    """

    kept: int
    frozen: int
    rates: tuple[float, ...]


def transfer_scheme(name: SchemeName, convolutions: int, depth: int) -> TransferScheme:
    """Return a scheme for a network.

    Args:
        name: which one.
        convolutions: number of hidden layers below the fully connected ones.
        depth: number of hidden layers.
    """
    kept, frozen = {
        "scratch": (0, 0),
        "last_layer": (depth, depth),
        "dense_layers": (convolutions, convolutions),
        "fine_tune": (depth, 0),
    }[name]
    rates = [LOWER_RATE if layer < kept else 1.0 for layer in range(frozen, depth)]
    return TransferScheme(kept, frozen, (*rates, 1.0))
