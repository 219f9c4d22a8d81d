"""What an operation does with its parameters: which is the weight, how it is laid out, and its fans."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch import Tensor, nn

from goldilocks.engine.diagnosis.fans import (
    STACKED,
    TRANSPOSED,
    Block,
    Layout,
    affine_fans,
    convolution_fans,
    embedding_fans,
    packed_fans,
)
from goldilocks.engine.diagnosis.operations import CONVOLUTIONS, tensors_in
from goldilocks.engine.diagnosis.operations import TRANSPOSED as CONVOLUTIONS_TRANSPOSED
from goldilocks.engine.diagnosis.site import Kind, Part
from goldilocks.engine.diagnosis.watch import Event
from goldilocks.engine.initializers.base import Fans

GATES = {"lstm": 4, "gru": 3}


@dataclass
class Use:
    """What a parameter is to an operation.

    Attributes:
        name: the parameter's first name.
        part: what it is there.
        blocks: the matrices it consists of, where a scheme can draw it; else empty.
        padding: row of a table that stays zero, or None.
        normalized: for the lengths in a weight normalization what they are the lengths of; else None.
    """

    name: str
    part: Part
    blocks: list[Block] = field(default_factory=list)
    padding: int | None = None
    normalized: "NormalizedWeight | None" = None


@dataclass(frozen=True)
class NormalizedWeight:
    """A weight that is computed from a direction and its lengths: g v/‖v‖.

    Attributes:
        direction: name of v.
        lengths: name of g.
        axis: of the units, each of which has a length; -1 where the whole has one.
    """

    direction: str
    lengths: str
    axis: int


def uses_of(
    event: Event,
    kind: Kind,
    names_of: Callable[[Any], tuple[str, ...]],
    parameter_of: Callable[[str], Tensor],
    normalized_of: Callable[[Tensor], NormalizedWeight | None],
) -> list[Use]:
    """Return what an operation does with each parameter that enters it, the weight first.

    Args:
        event: the operation.
        kind: what sort of operation it is.
        names_of: returns the names of the parameters that a value without signal is made of.
        parameter_of: returns a parameter for its name.
        normalized_of: says what a weight normalization computed a tensor from; None where none did.
    """
    made = [(tensor, names_of(tensor)) for tensor in tensors_in((event.args, event.kwargs))]
    if event.whole is not None:
        return _of_module(event.module, names_of)
    operation = event.operation
    if operation == "multi_head_attention_forward":
        return _of_attention(event.module, names_of)
    if kind == "recurrent":
        gates = GATES.get(operation.removesuffix("_cell"), 1)
        return [
            Use(name, "weight", packed_fans(tuple(tensor.shape), gates)) if tensor.ndim > 1 else Use(name, "bias")
            for tensor, names in made
            for name in names
        ]
    found: list[Use] = []
    for tensor, names in made:
        normalized = normalized_of(tensor)
        if normalized is not None and kind in ("affine", "convolution"):
            found.append(Use(normalized.direction, "weight", _blocks(event, tensor)))
            found.append(Use(normalized.lengths, "scale", normalized=normalized))
            continue
        for name in names:
            if any(use.name == name for use in found):
                continue
            if kind == "normalization":
                found.append(Use(name, "shift" if any(use.part == "scale" for use in found) else "scale"))
            elif kind in ("addition", "activation", "product"):
                found.append(Use(name, "table" if kind == "addition" else "other"))
            elif tensor.ndim < 2:
                found.append(Use(name, "bias"))
            else:
                found.append(_weight(event, kind, tensor, name, parameter_of(name)))
    return sorted(found, key=lambda use: use.part not in ("weight", "table", "scale"))


def _weight(event: Event, kind: Kind, tensor: Tensor, name: str, parameter: Tensor) -> Use:
    """Return what a weight is: its blocks where it is the parameter, or a view of it, and not something computed."""
    if kind == "embedding":
        padding = argument(event, 2 if event.operation == "embedding" else 99, "padding_idx", None)
        if tensor is not parameter:
            return Use(name, "table")
        return Use(name, "table", [embedding_fans(tuple(tensor.shape))], None if (padding or -1) < 0 else padding)
    if tensor is parameter:
        return Use(name, "weight", _blocks(event, tensor))
    layout = _layout(event, tensor)
    if layout is None or tensor.untyped_storage().data_ptr() != parameter.untyped_storage().data_ptr():
        return Use(name, "weight")
    shape = tuple(parameter.shape)
    if tensor.ndim == parameter.ndim == 2 and tensor.stride() == parameter.mT.stride():
        return Use(name, "weight", affine_fans(shape, TRANSPOSED[layout]))
    if parameter.ndim == 3 and tensor.ndim in (2, 3):
        turned = tensor.stride()[-2:] == parameter.stride()[:-3:-1]
        return Use(name, "weight", affine_fans(shape, STACKED[TRANSPOSED[layout] if turned else layout]))
    return Use(name, "weight")


def _layout(event: Event, tensor: Tensor) -> Layout | None:
    """Return whether the rows or the columns of a matrix are the units, or None where it is no matrix."""
    if event.operation == "linear":
        return "rows"
    if event.operation in ("matmul", "mm", "bmm", "addmm", "baddbmm", "grouped_mm"):
        operands = event.args[1:3] if event.operation in ("addmm", "baddbmm") else event.args[:2]
        # x @ W has its units in columns, W @ x in rows.
        return "columns" if len(operands) == 2 and operands[1] is tensor else "rows"
    return None


def _blocks(event: Event, tensor: Tensor) -> list[Block]:
    shape, operation = tuple(tensor.shape), event.operation
    if operation in CONVOLUTIONS:
        return [convolution_fans(shape, argument(event, 6, "groups", 1), False, ())]
    if operation in CONVOLUTIONS_TRANSPOSED:
        stride = argument(event, 3, "stride", 1)
        steps = (stride,) * (len(shape) - 2) if isinstance(stride, int) else tuple(stride)
        return [convolution_fans(shape, argument(event, 6, "groups", 1), True, steps)]
    if operation == "bilinear":
        units, inputs = shape[0], shape[1] * shape[2]
        return [Block(Fans(inputs, units), (inputs, units))]
    if operation == "einsum" and isinstance(event.args[0], str):
        return _einsum(event, tensor)
    layout = _layout(event, tensor)
    if layout is None or len(shape) not in (2, 3):
        return []
    return affine_fans(shape, layout if len(shape) == 2 else STACKED[layout])


def _einsum(event: Event, tensor: Tensor) -> list[Block]:
    """Return the blocks of `…i, io -> …o` and its like; none where letters are laid out otherwise."""
    left, _, right = event.args[0].replace(" ", "").partition("->")
    terms = left.split(",")
    place = next((n for n, operand in enumerate(tensors_in(event.args[1:])) if operand is tensor), None)
    if place is None or len(terms) != 2 or not right:
        return []
    shape, letters = tuple(tensor.shape), terms[place].removeprefix("...")
    # Dots stand for axes in front, which are kept.
    summed = [False] * (len(shape) - len(letters)) + [letter not in right for letter in letters]
    if not any(summed) or "." in letters or len(summed) != len(shape):
        return []
    if len(shape) == 2:
        return affine_fans(shape, "columns" if summed[0] else "rows")
    if len(shape) == 3 and summed == [False, True, False]:
        return affine_fans(shape, "stacked columns")
    count = sum(summed)
    # Axes that are summed over come first, those of the units after them, as in `btd, dhk -> bthk`.
    if not all(summed[:count]):
        return []
    inputs, units = prod(shape[:count]), prod(shape[count:])
    return [Block(Fans(inputs, units), (inputs, units), "columns")]


def _of_attention(module: nn.Module, names_of: Callable[[Any], tuple[str, ...]]) -> list[Use]:
    """Return the parameters of `nn.MultiheadAttention`: three projections in one matrix or in three, and the last."""
    found: list[Use] = []
    for key, tensor in module.named_parameters():
        for name in names_of(tensor):
            shape = tuple(tensor.shape)
            if key == "in_proj_weight":
                found.append(Use(name, "weight", packed_fans(shape, 3)))
            elif tensor.ndim == 2:
                found.append(Use(name, "weight", affine_fans(shape, "rows")))
            else:
                found.append(Use(name, "bias" if key.endswith("bias") else "other"))
    return sorted(found, key=lambda use: use.part != "weight")


def _of_module(module: nn.Module, names_of: Callable[[Any], tuple[str, ...]]) -> list[Use]:
    """Return the parameters of a normalization that is a module as a whole."""
    shifts = ("bias", "beta", "shift")
    return [
        Use(name, "shift" if key in shifts else "scale")
        for key, tensor in module.named_parameters()
        for name in names_of(tensor)
    ]


def argument(event: Event, place: int, name: str, default: Any) -> Any:
    """Return an argument of an operation, given by its place or its name."""
    if name in event.kwargs:
        return event.kwargs[name]
    return event.args[place] if place < len(event.args) else default
