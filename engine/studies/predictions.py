"""The prediction that stands beside each layer of an untrained network, where there is one."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from engine.grid.cell import Cell
from engine.networks.conv import Conv
from engine.networks.residual_mlp import ResidualMlp
from engine.theory.convolution import predict_convolutional
from engine.theory.inputs import Inputs
from engine.theory.prediction import LayerTheory, predict
from engine.theory.residual import predict_residual
from engine.theory.setting import Setting


def described(cell: Cell, inputs: Tensor) -> Inputs:
    """Return what theory needs to know of the inputs.

    Args:
        cell: one of the configurations that see them.
        inputs: `[1, batch, feature]`.
    """
    if cell.dataset.train_size == 0:
        return Inputs.gaussian(cell.batch_size, cell.features)
    return Inputs.measured(inputs[0].double().cpu().numpy())


def declared_weight_std(cell: Cell) -> np.ndarray:
    """Return the standard deviation of the weights of each layer, as its scheme declares it `[layer]`.

    Args:
        cell: a configuration whose scheme does not depend on data.
    """
    return np.array([cell.init.scale(shape.fans, cell.activation) for shape in cell.shapes])


def predicted(cell: Cell, weight_std: np.ndarray, inputs: Inputs) -> Sequence[LayerTheory | None]:
    """Return the prediction of each hidden layer, or None where no theory applies.

    Weights that are alike are not random; a batch norm's theory is one of independent inputs, and so is that of a
    convolution, which knows no normalization.

    Args:
        cell: the configuration.
        weight_std: standard deviation of the weights of each layer `[layer]`.
        inputs: what is known of them.
    """
    network, measured = cell.network, cell.dataset.train_size > 0
    sphere = cell.norm.sphere(cell.batch_size, cell.width)
    unknown = sphere is None and not cell.norm.absent
    if not cell.init.centred or unknown or (sphere and sphere.over_batch and measured):
        return [None] * cell.depth
    bias_std = tuple(cell.init.bias_scale(shape.fans, cell.activation) for shape in cell.shapes)
    eps, stds = getattr(cell.norm, "eps", 0.0), tuple(weight_std.tolist())
    if isinstance(network, Conv):
        if sphere is not None or measured:
            return [None] * cell.depth
        return predict_convolutional(cell.activation, tuple(cell.shapes), stds, bias_std)
    setting = Setting(cell.activation, sphere, eps, stds, bias_std, tuple(cell.dims), cell.batch_size, inputs)
    if isinstance(network, ResidualMlp):
        return predict_residual(setting, network.branch_factors(cell.depth))
    return predict(setting)
