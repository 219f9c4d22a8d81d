"""The predictions that stand beside each layer of an untrained network, and beside its loss, where there are any."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from torch import Tensor

from goldilocks.engine.cell import Cell
from goldilocks.engine.data.base import Dataset, prepared
from goldilocks.engine.predictions.convolution import predict_convolutional
from goldilocks.engine.predictions.description import NetworkDescription
from goldilocks.engine.predictions.feedforward import LayerTheory, predict
from goldilocks.engine.predictions.inputs import InputStatistics
from goldilocks.engine.predictions.residual import predict_residual
from goldilocks.engine.preprocessings.base import Preprocessing
from goldilocks.engine.theory.first_loss import first_loss


def described(cell: Cell, inputs: Tensor) -> InputStatistics:
    """Return what theory needs to know of the inputs.

    Args:
        cell: one of the configurations that see them.
        inputs: `[1, batch, feature]`.
    """
    if cell.dataset.train_size == 0:
        return InputStatistics.gaussian(cell.batch_size, cell.features)
    return InputStatistics.measured(inputs[0].double().cpu().numpy())


def declared_weight_std(cell: Cell) -> np.ndarray:
    """Return the standard deviation of the weights of each layer, as its scheme declares it `[layer]`.

    Args:
        cell: a configuration whose scheme does not depend on data.
    """
    return np.array([cell.init.scale(shape.fans, cell.activation) for shape in cell.shapes])


def predicted(cell: Cell, weight_std: np.ndarray, inputs: InputStatistics) -> Sequence[LayerTheory | None]:
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
    stds = tuple(weight_std.tolist())
    if network.theory == "convolution" and sphere is None and not measured:
        return predict_convolutional(cell.activation, tuple(cell.shapes), stds, bias_std)
    dims, eps = tuple(cell.dims), cell.norm.variance_offset
    description = NetworkDescription(cell.activation, sphere, eps, stds, bias_std, dims, cell.batch_size, inputs)
    if network.theory == "feedforward":
        return predict(description)
    if network.theory == "residual":
        factors = (network.branch_factor(layer, cell.depth) for layer in range(1, cell.depth + 1))
        return predict_residual(description, [factor for factor in factors if factor is not None])
    return [None] * cell.depth


def predicted_first_loss(cell: Cell) -> float | None:
    """Return the expected loss of a classifier before its first update, or None where no theory applies
    or the variances overflow.

    The expectation is over weights and over the examples of the training split.

    Args:
        cell: the configuration, of a data set with classes.
    """
    if cell.init.data_dependent:
        return None
    inputs = _training_inputs(cell.dataset, cell.preprocessing)
    with np.errstate(over="ignore"):
        last = predicted(cell, declared_weight_std(cell), inputs)[-1]
    if last is None:
        return None
    readout = cell.readout
    scale, bias = (of(readout.fans, cell.activation) for of in (cell.init.scale, cell.init.bias_scale))
    return first_loss(last.second_moments, readout.fan_in * scale * scale, bias * bias, readout.units)


@lru_cache(maxsize=8)
def _training_inputs(dataset: Dataset, preprocessing: Preprocessing) -> InputStatistics:
    return InputStatistics.lengths(prepared(dataset, preprocessing).train_x)
