"""Fully connected layers, one after the other."""

from collections.abc import Mapping
from typing import Any

from goldilocks.dashboard.programs.pieces import Pieces

SHAPE = """\
depth, width = {depth}, {width}
inputs, classes = {inputs}, {classes}  # those of your data"""
NETWORK = """

layers = []
{batch}for fan_in in [inputs] + [width] * (depth - 1):
    layer, norm = nn.Linear(fan_in, width), {norm}
    initialize(layer{h})
    layers += [layer, norm, phi]
{pass_on}readout = nn.Linear(width, classes)
initialize(readout{h})
model = nn.Sequential(*layers, readout)
"""
EXAMPLE = "inputs"


def network(pieces: Pieces, shape: Mapping[str, Any]) -> str:
    """Return the lines that make the network `model`.

    Args:
        pieces: its members.
        shape: depth, width, inputs and classes.
    """
    body = NETWORK.format(
        batch=pieces.batch(EXAMPLE),
        norm=pieces.norm,
        h=pieces.passed("h"),
        pass_on="    h = phi(norm(layer(h))).detach()\n" if pieces.needs_data else "",
    )
    return pieces.head(SHAPE.format(**shape)) + pieces.initialize() + body
