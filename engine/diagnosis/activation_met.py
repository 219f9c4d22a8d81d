"""Which activation an elementwise function is, found from its values: gains and saturation follow from the function
that really stands in the network, whatever it is called there."""

from collections.abc import Callable
from functools import cache
from itertools import count
from typing import ClassVar

import torch
from torch import Tensor

from goldilocks.engine.activations import Activation, activations
from goldilocks.engine.card import Card

# Numbers at which functions are compared, and how far apart their values may lie: the two forms of GELU are one.
NUMBERS = torch.linspace(-6, 6, 241, dtype=torch.float64)
CLOSE = 2e-3


class Met(Activation):
    """An elementwise function that stands in a network and is no member of the registry.

    Attributes:
        called: what it is called there.
    """

    name = "met"
    card = Card("Function of the network", "φ as the network computes it", "")
    functions: ClassVar[dict[str, Callable[[Tensor], Tensor]]] = {}

    called: str

    def __call__(self, z: Tensor) -> Tensor:
        return self.functions[self.called](z)


def name_of(function: Callable[[Tensor], Tensor], called: str) -> str | None:
    """Return the member that equals an elementwise function, as the registry writes it.

    A function that equals none is kept, under what it is called, for `activation_of`.

    Args:
        function: takes and returns a tensor.
        called: its name in the network.

    Returns:
        The text; None where the function cannot take a column of numbers.
    """
    try:
        values = _table(function)
    except Exception:
        return None
    if values.shape != NUMBERS.shape:
        return None
    if called in ("leaky_relu", "prelu", "LeakyReLU"):
        return f"leaky_relu(slope={round(float(-values[0] / 6), 6)!r})"
    for text, theirs in _tabulated().items():
        if torch.allclose(values, theirs, atol=CLOSE):
            return text
    same = (f"{called}#{n}" if n > 1 else called for n in count(1))
    for name in same:
        if name not in Met.functions or torch.equal(_table(Met.functions[name]), values):
            Met.functions[name] = function
            return name
    return None


def _table(function: Callable[[Tensor], Tensor]) -> Tensor:
    with torch.no_grad():
        return function(NUMBERS.clone())


def activation_of(text: str | None) -> Activation:
    """Return the activation that a site's `activation_next` names; the identity for None.

    Args:
        text: as the registry writes it, or the name of a function that a trace has met.
    """
    if text is None:
        return activations.parse("linear")
    return Met(called=text) if text in Met.functions else activations.parse(text)


@cache
def _tabulated() -> dict[str, Tensor]:
    return {
        member.name: _table(member())
        for member in activations
        if not any(field.is_required() for field in member.model_fields.values()) and member.name != "linear"
    }
