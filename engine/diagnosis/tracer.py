"""Who listens to a traced pass: keeps the graph of its values, and decides which operations are sites."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.weak import WeakIdKeyDictionary

from goldilocks.engine.diagnosis.activation_met import name_of
from goldilocks.engine.diagnosis.flow import WEIGHTED
from goldilocks.engine.diagnosis.graph import Graph
from goldilocks.engine.diagnosis.laws import rearranges, share_of
from goldilocks.engine.diagnosis.operations import (
    ELEMENTWISE,
    KINDS,
    PRODUCTS,
    first_tensor,
    tensors_in,
    with_first_tensor,
)
from goldilocks.engine.diagnosis.site import Kind
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.taps import tapped, value_of
from goldilocks.engine.diagnosis.uses import NormalizedWeight, Use, argument, uses_of
from goldilocks.engine.diagnosis.watch import Event, Key


@dataclass
class Draft:
    """A site as it is met.

    Attributes:
        key: how it is found again in another pass.
        kind: what sort of operation it is.
        module: class of the module in which it happens.
        shape: of its value.
        uses: what it does with its parameters.
        unit_axis: axis of its units, from the end.
        activation: which activation it is, or None.
        tap: zero that was added to its value; None for an input.
        changed: the tensor that was changed in place, where the tap could not be added in place, too; else None.
        whole: whether it is a module as a whole.
        bytes: memory of its value.
        share: for the law of its mean square, as `share_of` gives it; None where there is none.
    """

    key: Key
    kind: Kind
    module: str
    shape: tuple[int, ...]
    uses: list[Use]
    unit_axis: int
    activation: str | None
    tap: Tensor | None
    changed: Tensor | None = None
    whole: bool = False
    bytes: int = 0
    share: float | None = None


@dataclass
class Tracer:
    """Listens to one pass of a network.

    Attributes:
        model: the network.
        graph: the values of the pass.
        drafts: its sites so far.
        known: node of each tensor that is alive.
        touched: names of the parameters that any operation used.
        given: the tensors of the batch.
        normalized: what weight normalizations computed tensors from.
    """

    model: nn.Module
    graph: Graph = field(default_factory=Graph)
    drafts: list[Draft] = field(default_factory=list)
    known: WeakIdKeyDictionary = field(default_factory=WeakIdKeyDictionary)
    touched: set[str] = field(default_factory=set)
    given: list[Tensor] = field(default_factory=list)
    normalized: WeakIdKeyDictionary = field(default_factory=WeakIdKeyDictionary)

    def begin(self, specimen: Specimen) -> None:
        """Enter parameters, buffers and the batch into the graph.

        Args:
            specimen: the batch.
        """
        for name, parameter in self.model.named_parameters():
            self.known[parameter] = self.graph.add((), False, (name,))
        for buffer in self.model.buffers():
            self.known[buffer] = self.graph.add((), False)
        for tensor, signal in specimen.given:
            self.given.append(tensor)
            self.known[tensor] = node = self.graph.add((), signal)
            if signal:
                self._input(node, tensor)

    def seen(self, event: Event) -> Any:
        """Enter an operation into the graph, and tap its value where it is a site."""
        tensors = [*tensors_in(event.args), *tensors_in(event.kwargs)]
        if event.whole is not None:
            tensors += list(event.module.parameters())
        operands = tuple(dict.fromkeys(self._node(tensor) for tensor in tensors))
        signals = [node for node in operands if self.graph.nodes[node].signal]
        made_of = {name for node in operands for name in self.graph.nodes[node].parameters}
        self.touched |= made_of
        result, value = event.result, first_tensor(event.result)
        kind = self._kind(event, signals, operands) if value is not None else None
        tap = None
        if kind is not None and value is not None:
            tap = zero = torch.zeros((), dtype=value.dtype, device=value.device, requires_grad=True)
            result = with_first_tensor(result, lambda x: tapped(event, x, lambda value: value + zero))
        signal = bool(signals) or kind == "embedding"
        node = None
        # What is changed in place, `x[0] = y` included, is known by its new value from then on.
        changed = [tensor for tensor in tensors[:1] if event.operation == "__setitem__" or value is tensor]
        targets = [*tensors_in(result), *changed]
        for tensor in targets:
            own = signal and tensor.is_floating_point()
            if node is None or self.graph.nodes[node].signal != own:
                number = self.graph.add(operands, own, () if own else tuple(sorted(made_of)), rearranges(event))
                node = number
            self.known[tensor] = node
        if kind is not None and node is not None:
            self._site(event, kind, node, tap, value if changed and result is not value else None)
        elif event.operation == "weight_norm" and value is not None:
            self._normalized_weight(event, value)
        elif KINDS.get(event.operation) == "addition" and len(signals) == 1:
            self._bias(signals[0], operands)
        return result

    def _normalized_weight(self, event: Event, weight: Tensor) -> None:
        direction, lengths = ((self._parameters_of(tensor), tensor) for tensor in event.args[:2])
        # Both are parameters, and not themselves computed from several.
        if all(len(names) == 1 and self.model.get_parameter(names[0]) is own for names, own in (direction, lengths)):
            axis = argument(event, 2, "dim", 0)
            self.normalized[weight] = NormalizedWeight(direction[0][0], lengths[0][0], axis)

    def _bias(self, signal: int, operands: tuple[int, ...]) -> None:
        """Enter a vector that is added behind a layer, and not by it, as that layer's bias."""
        own = self.graph.nodes[signal].site
        before = (own,) if own is not None else self.graph.sites_before(signal)
        if len(before) == 1 and self.drafts[before[0]].kind == "attention":
            # What mixes positions, such as the neighbors in a graph, leaves the units where they are.
            mixed = self.graph.sites_before(self.graph.site_nodes[before[0]])
            before = tuple(site for site in mixed if self.drafts[site].kind in WEIGHTED)
        if len(before) != 1 or self.drafts[before[0]].kind not in WEIGHTED:
            return
        for name in (name for node in operands for name in self.graph.nodes[node].parameters):
            values = self.model.get_parameter(name)
            if values.numel() == max(values.shape, default=0):
                self.drafts[before[0]].uses.append(Use(name, "bias"))

    def _node(self, tensor: Tensor) -> int:
        if tensor not in self.known:
            # What an operation made that is not seen, such as an autograd function of the network's own: taken to
            # come from the value before it.
            latest = len(self.graph.nodes) - 1
            unseen = tensor.is_floating_point() and tensor.grad_fn is not None and latest >= 0
            self.known[tensor] = self.graph.add((latest,) if unseen else (), unseen)
        return self.known[tensor]

    def _kind(self, event: Event, signals: list[int], operands: tuple[int, ...]) -> Kind | None:
        """Say what sort of site an operation is, or None where it is none."""
        name = event.operation
        kind = event.whole or KINDS.get(name)
        if kind is None or kind == "embedding":
            return kind
        if not signals:
            return None
        others = [node for node in operands if self.graph.nodes[node].parameters]
        if name in PRODUCTS:
            return "attention" if len(signals) > 1 else "affine" if others else None
        if kind == "product":
            return "product" if len(signals) > 1 and _equal_shapes(event) else None
        if kind == "addition":
            if len(signals) > 1:
                return "addition"
            return "addition" if others and _adds_table(event) else None
        return kind

    def _input(self, node: int, tensor: Tensor) -> None:
        count = 1 + sum(draft.kind == "input" for draft in self.drafts)
        axis = 1 - tensor.ndim if tensor.ndim > 3 else -1
        self.graph.mark_site(node, "input")
        self.graph.nodes[node].unit_axis = axis
        key = ("", 1, "input", count)
        self.drafts.append(Draft(key, "input", type(self.model).__name__, tuple(tensor.shape), [], axis, None, None))

    def _site(self, event: Event, kind: Kind, node: int, tap: Tensor | None, changed: Tensor | None) -> None:
        value = value_of(event)
        assert value is not None
        uses = uses_of(event, kind, self._parameters_of, self.model.get_parameter, self.normalized.get)
        self.graph.mark_site(node, kind)
        axis = self._unit_axis(event, kind, node, value)
        self.graph.nodes[node].unit_axis = axis
        activation = _activation(event) if kind == "activation" else None
        module = type(event.module).__name__
        self.drafts.append(
            Draft(
                event.key,
                kind,
                module,
                tuple(value.shape),
                uses,
                axis,
                activation,
                tap,
                changed,
                bool(event.whole),
                value.nbytes,
                share_of(event, kind),
            )
        )

    def _parameters_of(self, tensor: Tensor) -> tuple[str, ...]:
        if tensor not in self.known:
            return ()
        node = self.graph.nodes[self.known[tensor]]
        return () if node.signal else node.parameters

    def _unit_axis(self, event: Event, kind: Kind, node: int, value: Tensor) -> int:
        """Return the axis of the units, counted from the end."""
        if kind == "convolution":
            return -(int(event.operation[-2]) + 1)
        if event.operation in ("batch_norm", "instance_norm", "group_norm"):
            return 1 - value.ndim if value.ndim > 1 else -1
        if kind in ("affine", "embedding", "attention", "recurrent") or event.operation == "layer_norm":
            return -1
        axis = self.graph.nodes[node].unit_axis
        return axis if -axis <= value.ndim else -1


def _equal_shapes(event: Event) -> bool:
    operands = [value for value in event.args[:2] if isinstance(value, Tensor)]
    return len(operands) == 2 and operands[0].shape == operands[1].shape


def _adds_table(event: Event) -> bool:
    """Return whether what is added is no bias: it has more than one axis of its own."""
    return all(sum(side > 1 for side in value.shape) > 1 for value in event.args[:2] if isinstance(value, Tensor))


def _activation(event: Event) -> str | None:
    """Return which activation an operation is; one that no member equals is kept for its gain."""
    if event.whole is None and event.operation not in ELEMENTWISE:
        return None

    if event.whole is not None:
        return name_of(event.module, type(event.module).__name__)
    rest = [value.detach() if isinstance(value, Tensor) else value for value in event.args[1:]]
    kept = {key: value for key, value in event.kwargs.items() if key not in ("input", "out", "inplace")}
    function = event.function

    def activation(z: Tensor) -> Tensor:
        return function(z.clone(), *(value.to(z) if isinstance(value, Tensor) else value for value in rest), **kept)

    return name_of(activation, event.operation)
