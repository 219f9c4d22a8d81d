"""The loss of a network of the user's own, whatever it returns."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from goldilocks.engine import randomness
from goldilocks.engine.diagnosis.operations import first_tensor
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.errors import RequestError, said, short

# What cross-entropy leaves out.
IGNORED = -100


def loss_of(specimen: Specimen, output: Any) -> Tensor:
    """Return the loss as a scalar.

    Args:
        specimen: says which loss.
        output: what the network returned.

    Raises:
        RequestError: there is no tensor in the output, none with so many classes, the target does not fit, or the loss
            raises or is no number.
    """
    if specimen.loss is not None:
        return _scalar(_called(specimen.loss, output, specimen.target))
    own = _named(output, "loss")
    if isinstance(own, Tensor) and own.numel() == 1 and own.is_floating_point():
        return own.reshape(())
    values = outputs_of(output)
    if specimen.classes is not None:
        return _cross_entropy(values, specimen.target, specimen.classes)
    if specimen.target is not None and _tensor(specimen.target).shape == values.shape:
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


def _called(loss: Callable[[Any, Any], Any], output: Any, target: Any) -> Any:
    try:
        return loss(output, target)
    except RequestError:
        raise
    except Exception as error:
        raise RequestError(
            f"the loss raises {said(error)}. It is called as loss(output, target) with what the network returns"
        ) from error


def _scalar(loss: Any) -> Tensor:
    if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.is_floating_point():
        raise RequestError(f"the loss must be a floating-point tensor with one entry, not {_came(loss)}")
    return loss.reshape(())


def _came(value: Any) -> str:
    """Say what came where a tensor of another sort is wanted."""
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__} ({short(value)})"
    return f"a tensor of shape {list(value.shape)} and type {str(value.dtype).removeprefix('torch.')}"


def _tensor(target: Any) -> Tensor:
    if not isinstance(target, Tensor):
        raise RequestError(f"the target must be a tensor, not {_came(target)}; or give a loss(output, target)")
    return target


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
    numbers = _class_numbers(target, len(rows), classes)
    return functional.cross_entropy(rows, numbers.to(values.device))


def _class_numbers(target: Any, rows: int, classes: int) -> Tensor:
    """Return the class of each row."""
    if not isinstance(target, Tensor) or target.is_floating_point() or target.is_complex():
        raise RequestError(
            f"{classes} classes need a tensor of integers as target, not {_came(target)}; or give a loss(output, "
            "target)"
        )
    numbers = target.reshape(-1).long()
    if len(numbers) != rows:
        raise RequestError(f"{len(numbers)} targets came for {rows} rows of {classes} classes; give one each")
    outside = numbers[((numbers < 0) | (numbers >= classes)) & (numbers != IGNORED)]
    if len(outside):
        raise RequestError(
            f"the target holds {int(outside[0])}; {classes} classes are numbered 0 to {classes - 1}, and {IGNORED} "
            "stands for a row that does not count"
        )
    return numbers
