"""How the mean square of what leaves a site follows from those of what enters it, where it does at all."""

from dataclasses import dataclass
from math import prod
from typing import Any

from torch import Tensor

from goldilocks.engine.diagnosis.graph import Graph
from goldilocks.engine.diagnosis.operations import CONVOLUTIONS, TRANSPOSED
from goldilocks.engine.diagnosis.site import Kind
from goldilocks.engine.diagnosis.uses import argument
from goldilocks.engine.diagnosis.watch import Event

# Operations whose value consists of the same numbers as what enters them, all of them equally often.
REARRANGING = frozenset({
    *("view", "reshape", "view_as", "reshape_as", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous"),
    *("transpose", "permute", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "mT", "T", "expand", "repeat"),
    *("clone", "detach", "to", "type", "type_as", "float", "double", "alias", "requires_grad"),
})  # fmt: skip
DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_dropout")
# Where a normalization has the argument that says whether it uses the statistics of the batch.
OF_BATCH = {"batch_norm": (5, "training", False), "instance_norm": (5, "use_input_stats", True)}
NORMALIZATIONS = (*OF_BATCH, "layer_norm", "group_norm", "rms_norm")
# Kinds of sites whose weights have random signs, so that their value is uncorrelated with whatever they do not make.
SIGNED: tuple[Kind, ...] = ("affine", "convolution")


@dataclass(frozen=True)
class Law:
    """How the mean square of a site's value follows from those of what enters it.

    Attributes:
        sources: for each value with signal that enters it the site whose value that is, perhaps rearranged.
        share: of a convolution the share of products that are not with zeros beyond the border; else 1.
    """

    sources: tuple[int, ...]
    share: float = 1.0


def rearranges(event: Event) -> bool:
    """Tell whether what an operation returns consists of the same numbers as what enters it.

    Args:
        event: an operation with one floating-point tensor among its arguments.
    """
    if event.operation in DROPOUTS:
        return not argument(event, 2, "training", True) or not argument(event, 1, "p", 0.5)
    return event.operation in REARRANGING


def share_of(event: Event, kind: Kind) -> float | None:
    """Return the share of products that are not with zeros beyond a border, or None where no law is known.

    Args:
        event: the operation of a site.
        kind: what sort of operation it is.
    """
    if event.operation in (*CONVOLUTIONS, *TRANSPOSED):
        return _covered(event)
    known = {
        "embedding": event.operation == "embedding",
        "affine": event.operation != "bilinear",
        "activation": event.whole is not None or event.operation not in ("softmax", "glu"),
        "normalization": event.whole is not None or _normalizes(event),
        "addition": _adds_all(event),
    }
    return 1.0 if known.get(kind) else None


def _normalizes(event: Event) -> bool:
    of_batch = OF_BATCH.get(event.operation)
    return event.operation in NORMALIZATIONS and (of_batch is None or bool(argument(event, *of_batch)))


def _adds_all(event: Event) -> bool:
    operands = event.args[:2]
    alone = len(event.args) == 2 and not event.kwargs
    return alone and all(isinstance(one, Tensor) for one in operands) and operands[0] is not operands[1]


def _covered(event: Event) -> float | None:
    """Return the share of products of a convolution that are not with zeros, over all of its outputs."""
    given, weight = event.args[0], argument(event, 1, "weight", None)
    axes = int(event.operation[-2])
    transposed = event.operation in TRANSPOSED
    places = {"stride": 3, "padding": 4, "dilation": 7 if transposed else 5}
    stride, padding, dilation = (
        _each(argument(event, place, name, 0 if name == "padding" else 1), axes) for name, place in places.items()
    )
    if weight is None or stride is None or padding is None or dilation is None:
        return None
    inner, outer = (event.result, given) if transposed else (given, event.result)
    shares = [
        _along(inner.shape[axis], outer.shape[axis], weight.shape[axis], stride[axis], padding[axis], dilation[axis])
        / (event.result.shape[axis] * weight.shape[axis] / (stride[axis] if transposed else 1))
        for axis in range(-axes, 0)
    ]
    return prod(shares)


def _along(inner: int, outer: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    """Return how many products a convolution has along an axis: pairs of a step and a tap that lie inside."""
    starts = range(-padding, outer * stride - padding, stride)
    return sum(0 <= start + tap * dilation < inner for start in starts for tap in range(taps))


def _each(value: Any, axes: int) -> tuple[int, ...] | None:
    """Return an argument of a convolution for each axis; None for a word such as `same`."""
    if isinstance(value, str):
        return (0,) * axes if value == "valid" else None
    listed = tuple(value) if isinstance(value, list | tuple) else (value,)
    return listed * axes if len(listed) == 1 else listed


def law_of(graph: Graph, site: int, share: float | None) -> Law | None:
    """Return the law of a site, or None where there is none.

    Args:
        graph: the values of a whole pass.
        site: its index.
        share: from `share_of`.
    """
    if share is None:
        return None
    entering = [node for node in graph.nodes[graph.site_nodes[site]].inputs if graph.nodes[node].signal]
    others = [node for node in graph.nodes[graph.site_nodes[site]].inputs if not graph.nodes[node].signal]
    sources = [graph.source(node) for node in entering]
    known = [source for source in sources if source is not None]
    if len(known) < len(sources):
        return None
    if graph.kinds[site] == "addition":
        unknown = any(not graph.nodes[node].parameters for node in others)
        if unknown or (len(known) > 1 and not _uncorrelated(graph, known)):
            return None
    return Law(tuple(known), share)


def _uncorrelated(graph: Graph, sources: list[int]) -> bool:
    """Return whether of two values one ends with weights of random signs that the other is not made by."""
    if len(sources) != 2:
        return False
    for one, other in (sources, sources[::-1]):
        signed = _signed(graph, one)
        if signed is not None and not graph.nodes[graph.site_nodes[other]].ancestors >> graph.site_nodes[signed] & 1:
            return True
    return False


def _signed(graph: Graph, site: int) -> int | None:
    """Return the site with weights whose signs a value has, a normalization behind it aside; else None."""
    if graph.kinds[site] == "normalization":
        entering = [node for node in graph.nodes[graph.site_nodes[site]].inputs if graph.nodes[node].signal]
        before = graph.source(entering[0]) if len(entering) == 1 else None
        return None if before is None else _signed(graph, before)
    return site if graph.kinds[site] in SIGNED else None
