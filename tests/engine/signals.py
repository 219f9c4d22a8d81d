"""Untrained networks of several seeds, measured: the rows of the store's table `layers` with their axes."""

import pandas as pd

from goldilocks.engine.studies.propagation import Propagation, PropagationCell
from tests.device import DEVICE

AXES = ("network", "init", "activation", "norm", "seed")


def measure(seeds, inits, activations, norms=("none",), **fixed):
    """Return one row per cell and layer.

    Args:
        seeds: how many seeds.
        inits: initializers, as in a grid file.
        activations: likewise.
        norms: likewise.
        fixed: the other axes.
    """
    frames = []
    for seed in range(seeds):
        cells = {
            cell.cell_id: cell
            for init in inits
            for activation in activations
            for norm in norms
            for cell in [PropagationCell(init=init, activation=activation, norm=norm, seed=seed, **fixed)]
        }
        table = Propagation().run(list(cells.values()), DEVICE, lambda share: None).tables["layers"]
        rows = table.to_pandas()
        axes = {axis: [str(getattr(cells[cell], axis)) for cell in rows.cell_id] for axis in AXES}
        frames.append(rows.assign(**axes))
    return pd.concat(frames, ignore_index=True)
