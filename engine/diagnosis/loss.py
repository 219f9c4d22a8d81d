"""The loss of a network of the user's own, whatever it returns."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from goldilocks.engine import randomness
from goldilocks.engine.diagnosis.operations import first_tensor
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError


def loss_of(specimen: Specimen, output: Any) -> Tensor:
    """Return the loss as a scalar.

    Args:
        specimen: says which loss.
        output: what the network returned.

    Raises:
        RequestError: there is no tensor in the output, none with so many classes, or the loss is no number.
    """
    if specimen.loss is not None:
        return _scalar(specimen.loss(output, specimen.target))
    own = _named(output, "loss")
    if isinstance(own, Tensor) and own.numel() == 1 and own.is_floating_point():
        return own.reshape(())
    values = outputs_of(output)
    if specimen.classes is not None:
        return _cross_entropy(values, specimen.target, specimen.classes)
    if specimen.target is not None and specimen.target.shape == values.shape:
        return (values - specimen.target).square().mean()
    signs = torch.from_numpy(randomness.standard_normal(("output", tuple(values.shape)), tuple(values.shape))).sign()
    return (values * signs.to(values.device, values.dtype)).mean()


def outputs_of(output: Any) -> Tensor:
    """Return the tensor that a network's loss is about: `logits` where the output names one, else the first.

    Raises:
        RequestError: there is no floating-point tensor.
    """
    values = _named(output, "logits")
    values = values if isinstance(values, Tensor) else first_tensor(output)
    if values is None:
        raise RequestError(
            f"the network returns a {type(output).__name__} without floating-point numbers; give a loss(output, target)"
        )
    return values


def _named(output: Any, name: str) -> Any:
    return output.get(name) if isinstance(output, dict) else getattr(output, name, None)


def _scalar(loss: Any) -> Tensor:
    if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.is_floating_point():
        came = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise RequestError(f"the loss must be a floating-point tensor with one entry, not {came}")
    return loss.reshape(())


def _cross_entropy(values: Tensor, target: Any, classes: int) -> Tensor:
    if values.ndim >= 2 and values.shape[-1] == classes:
        rows = values.reshape(-1, classes)
    elif values.ndim >= 2 and values.shape[1] == classes:
        rows = values.movedim(1, -1).reshape(-1, classes)
    else:
        raise RequestError(
            f"the network returns {list(values.shape)}, and no axis has {classes} entries. Give the number of classes "
            "that its last axis holds, or a loss(output, target)"
        )
    if target is None:
        drawn = randomness.generator(("target", len(rows), classes)).integers(0, classes, len(rows))
        target = torch.from_numpy(drawn)
    target = target.reshape(-1).to(values.device)
    if len(target) != len(rows):
        raise RequestError(f"{len(target)} targets came for {len(rows)} rows of {classes} classes; give one each")
    return functional.cross_entropy(rows, target)
