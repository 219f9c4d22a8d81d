"""The theory beside the measurements of a propagation cell: which prediction applies, if any."""

from collections.abc import Sequence

import numpy as np

from engine.grid.cell import Cell
from engine.studies.signal import inputs
from engine.theory.inputs import Inputs
from engine.theory.prediction import LayerTheory, predict
from engine.theory.setting import Setting


def predicted(cell: Cell, weight_std: np.ndarray, inputs: Inputs) -> Sequence[LayerTheory | None]:
    """Predict each layer, or say None where no theory applies.

    Weights that are alike are not random; a batch norm's theory is one of independent inputs.
    """
    sphere = cell.norm.sphere(cell.batch_size, cell.width)
    unknown = sphere is None and not cell.norm.absent
    if not cell.init.centred or unknown or (sphere and sphere.over_batch and cell.dataset.train_size):
        return [None] * cell.depth
    bias_std = tuple(cell.init.bias_scale(shape.fans, cell.activation) for shape in cell.shapes)
    eps = getattr(cell.norm, "eps", 0.0)
    return predict(
        Setting(
            cell.activation,
            sphere,
            eps,
            tuple(weight_std.tolist()),
            bias_std,
            tuple(cell.dims),
            cell.batch_size,
            inputs,
        )
    )


def described_inputs(cell: Cell) -> Inputs:
    """Return what the theory needs to know of the inputs of a cell."""
    if cell.dataset.train_size == 0:
        return Inputs.gaussian(cell.batch_size, cell.dims[0])
    return Inputs.measured(inputs(cell)[0].double().numpy())
