"""Which kind of network has which program."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from goldilocks.dashboard import snippet
from goldilocks.dashboard.lecture.setting import CONVOLUTIONAL, FULLY_CONNECTED, RESIDUAL
from goldilocks.dashboard.programs import convolution, plain, residual
from goldilocks.dashboard.programs.pieces import NoProgram, pieces
from goldilocks.dashboard.programs.training import LOOP

# Stand-ins for the data of a reader, who puts in those of their own: sizes of the digits that come with the program.
DATA = {"inputs": 64, "side": 8, "channels": 1, "classes": 10}
KINDS = {FULLY_CONNECTED: plain, RESIDUAL: residual, CONVOLUTIONAL: convolution}


def program(cards: pd.DataFrame, configuration: Mapping[str, Any], **data: int) -> str:
    """Return a program that builds a configuration's network, initializes it and trains it.

    Args:
        cards: rows of the named query `scheme_cards`.
        configuration: network, init, activation, norm, optimizer, lr, depth, width and batch_size.
        data: sizes of an example, and the number of classes, where they are not those of `DATA`.

    Raises:
        KeyError: the store has no PyTorch lines for one of its members.
        NoProgram: none is known for networks of this kind, for its normalization on images or at its
            width, or for so few layers.
    """
    name, _ = snippet.parts(configuration["network"])
    if name not in KINDS:
        raise NoProgram(
            f"There is no program for networks of kind {name}: only the plugin that brings them knows how their layers "
            "are connected."
        )
    if not snippet.divides(configuration["norm"], configuration["width"]):
        raise NoProgram(f"{configuration['norm']} cannot divide {configuration['width']} units into equal groups.")
    own = snippet.parameters(cards, "network", configuration["network"])
    # That of Gaussian inputs, on which nobody trains.
    own.pop("side", None)
    kind, members = KINDS[name], pieces(cards, configuration)
    shape = DATA | data | {key: configuration[key] for key in ("depth", "width")}
    loop = LOOP.format(batch_size=configuration["batch_size"], example=kind.EXAMPLE)
    return f"{kind.network(members, shape, **own)}{members.optimizer}\n{loop}"
