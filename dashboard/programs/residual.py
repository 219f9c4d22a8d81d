"""Fully connected blocks, each of which adds something to a stream instead of replacing it."""

from collections.abc import Mapping
from typing import Any

from goldilocks.dashboard.programs import plain
from goldilocks.dashboard.programs.pieces import Pieces

# The factor of a branch, by what the network's parameter `branch` calls it.
FACTORS = {
    "none": "1.0",
    "1/sqrt(depth)": "depth**-0.5",
    "zero": "nn.Parameter(torch.zeros(()))",
}
BLOCK = """

class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.layer = {norm}, nn.Linear(width, width)
        self.alpha = {factor}

    def forward(self, x):
        return x + self.alpha * self.layer(phi(self.norm(x)))
"""
NETWORK = """

{batch}first = nn.Linear(inputs, width)
initialize(first{h})
blocks = [Block() for _ in range(depth - 1)]
{begin}for block in blocks:
    initialize(block.layer{before_block})
{pass_on}norm, readout = {norm}, nn.Linear(width, classes)
initialize(readout{before_readout})
model = nn.Sequential(first, *blocks, norm, phi, readout)
"""
EXAMPLE = plain.EXAMPLE


def network(pieces: Pieces, shape: Mapping[str, Any], branch: str) -> str:
    """Return the lines that make the network `model`.

    Args:
        pieces: its members.
        shape: depth, width, inputs and classes.
        branch: key of `FACTORS`.
    """
    body = NETWORK.format(
        batch=pieces.batch(EXAMPLE),
        h=pieces.passed("h"),
        begin="x = first(h).detach()\n" if pieces.needs_data else "",
        before_block=pieces.passed("phi(block.norm(x))"),
        pass_on="    x = block(x).detach()\n" if pieces.needs_data else "",
        norm=pieces.norm,
        before_readout=pieces.passed("phi(norm(x))"),
    )
    block = BLOCK.format(norm=pieces.norm, factor=FACTORS[branch])
    return pieces.head(plain.SHAPE.format(**shape)) + pieces.initialize() + block + body
