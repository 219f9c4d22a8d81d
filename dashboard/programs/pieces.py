"""What the members of a configuration are in a program: text from their cards, ready to be put in."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from goldilocks.dashboard import snippet

HEAD = """\
import torch
from torch import nn

{shape}
{phi}
"""
INITIALIZE = """

def initialize(layer, h=None):
    nn.init.zeros_(layer.bias)
{init}
"""
# A function of torch needs a module around it to be part of a model.
MODULE = """

class Phi(nn.Module):
    def forward(self, x):
        return {activation}(x)


phi = Phi()"""


class NoProgram(Exception):
    """There is no program for a network; the message says why, for the reader."""


@dataclass(frozen=True)
class Pieces:
    """The text of each member.

    Attributes:
        phi: definition of phi.
        init: lines that initialize `layer`, which may need `h`, a batch of its inputs.
        norm: the normalization of `width` units.
        optimizer: the optimizer.
    """

    phi: str
    init: str
    norm: str
    optimizer: str

    @property
    def needs_data(self) -> bool:
        """Whether the initialization needs a batch of inputs."""
        return "(h)" in self.init

    def head(self, shape: str) -> str:
        """Return the first lines of a program.

        Args:
            shape: lines that set the sizes of the network and of the data.
        """
        return HEAD.format(shape=shape, phi=self.phi)

    def initialize(self) -> str:
        """Return the definition of initialize(layer, h)."""
        return INITIALIZE.format(init=textwrap.indent(self.init, "    "))

    def passed(self, h: str) -> str:
        """Return what follows the layer in a call of initialize: its inputs, where they are needed."""
        return f", {h}" if self.needs_data else ""

    def batch(self, example: str) -> str:
        """Return the line that makes a batch of inputs, where one is needed.

        Args:
            example: sizes of an example.
        """
        return f"h = torch.randn(256, {example})  # a batch of your inputs\n" if self.needs_data else ""


def pieces(cards: pd.DataFrame, configuration: Mapping[str, Any]) -> Pieces:
    """Return the pieces of a configuration.

    Args:
        cards: rows of the named query `scheme_cards`.
        configuration: init, activation, norm, optimizer and lr.

    Raises:
        KeyError: the store has no PyTorch lines for one of its members.
    """
    activation = snippet.lines(cards, "activation", configuration["activation"])
    optimizer = snippet.lines(cards, "optimizer", configuration["optimizer"], lr=configuration["lr"])
    return Pieces(
        phi=MODULE.format(activation=activation) if activation.startswith("torch.") else f"phi = {activation}",
        init=snippet.lines(cards, "initializer", configuration["init"]),
        norm=snippet.lines(cards, "normalization", configuration["norm"]),
        optimizer=f"optimizer = {optimizer}",
    )
