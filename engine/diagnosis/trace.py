"""One forward and backward pass of a network: its sites in execution order, and what its parameters are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.weak import WeakIdKeyDictionary

from goldilocks.engine.diagnosis.activation_met import name_of
from goldilocks.engine.diagnosis.graph import Branch, Graph
from goldilocks.engine.diagnosis.loss import loss_of
from goldilocks.engine.diagnosis.operations import (
    ELEMENTWISE,
    KINDS,
    PRODUCTS,
    first_tensor,
    tensors_in,
    with_first_tensor,
)
from goldilocks.engine.diagnosis.prepared import made, prepare, untouched_randomness
from goldilocks.engine.diagnosis.site import Kind, Parameter, Site
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.uses import Use, uses_of
from goldilocks.engine.diagnosis.watch import Event, Key, Stopped, watching, whole_modules
from goldilocks.engine.errors import RequestError

# Seed of the dropout of every pass, so that all configurations lose the same values.
DROPPED = 0


@dataclass
class Trace:
    """What one pass of a network shows.

    Attributes:
        sites: in execution order.
        keys: for each site how it is found again in another pass.
        parameters: in the order of `named_parameters`.
        uses: of each parameter that is used, by its name, the first one.
        branches: the residual branches.
        offsets: scales of norms that begin at 0, because the norm adds 1 to them.
        last: for each branch the parameter that scales what leaves it; None where there is none.
        unseen: modules that hold parameters and none of whose operations was seen.
        remarks: what one should know about it, in sentences.
        examples: examples in the batch.
        saved_bytes: of what the forward pass keeps for the way back, parameters aside.
        site_bytes: of the values at all sites.
    """

    sites: tuple[Site, ...]
    keys: tuple[Key, ...]
    parameters: tuple[Parameter, ...]
    uses: dict[str, Use]
    branches: tuple[Branch, ...]
    last: tuple[str | None, ...]
    offsets: frozenset[str]
    unseen: tuple[str, ...]
    remarks: tuple[str, ...]
    examples: int
    saved_bytes: int
    site_bytes: int


@contextmanager
def usual_random_state() -> Iterator[None]:
    """Begin every pass with the same random state, and leave none behind."""
    with untouched_randomness(DROPPED):
        yield


def trace(specimen: Specimen, seed: int = 0) -> Trace:
    """Send a batch through a network once, forward and back, and list its sites.

    Args:
        specimen: the network; nothing is left behind in it.
        seed: under which it is made.

    Raises:
        RequestError: its forward pass fails, and where; or there is no loss.
    """
    model = made(specimen, seed)
    trained = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    prepare(model, specimen.training)
    try:
        return _Tracer(model, specimen, trained).run()
    except Stopped as error:
        raise RequestError(f"{error}. The batch is {_shapes(specimen)}") from error


def value_of(event: Event) -> Tensor | None:
    """Return what leaves an operation, examples first, or None where there are no floating-point numbers.

    Args:
        event: the operation.
    """
    value = first_tensor(event.result)
    if value is not None and event.operation == "multi_head_attention_forward" and value.ndim == 3:
        # This function has the positions first, whatever the module has.
        return value.transpose(0, 1)
    return value


def tapped(event: Event, value: Tensor, tap: Tensor) -> Tensor:
    """Return what leaves an operation plus a tap, which is zero, so that its gradient is that of the value.

    Args:
        event: the operation.
        value: what leaves it.
        tap: zero, of the value's shape or none.
    """
    in_place = any(value is tensor for tensor in tensors_in(event.args))
    # Sums in place may be used by the name of what was changed. Activations may not be changed again, because their
    # gradients are computed from what left them.
    return value.add_(tap) if in_place and event.operation in ("add", "sub", "mul") else value + tap


def _shapes(specimen: Specimen) -> str:
    """Say what a batch is, for a message."""
    tensors = tensors_in((specimen.args, dict(specimen.kwargs)))
    return ", ".join(f"{list(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}" for tensor in tensors)


@dataclass
class _Draft:
    """A site as it is met."""

    key: Key
    kind: Kind
    event_module: str
    shape: tuple[int, ...]
    uses: list[Use]
    unit_axis: int
    activation: str | None
    tap: Tensor | None
    whole: bool = False
    bytes: int = 0


class _Kept:
    """Counts the memory of what a forward pass keeps for the way back."""

    def __init__(self, known: set[int]):
        self._known = known
        self.bytes = 0

    @contextmanager
    def counting(self) -> Iterator[None]:
        with torch.autograd.graph.saved_tensors_hooks(self._keep, lambda tensor: tensor):
            yield

    def _keep(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._known:
            self._known.add(storage.data_ptr())
            self.bytes += storage.nbytes()
        return tensor


@dataclass
class _Tracer:
    model: nn.Module
    specimen: Specimen
    trained: Mapping[str, bool]
    graph: Graph = field(default_factory=Graph)
    drafts: list[_Draft] = field(default_factory=list)
    known: WeakIdKeyDictionary = field(default_factory=WeakIdKeyDictionary)
    touched: set[str] = field(default_factory=set)

    def run(self) -> Trace:
        names: dict[int, list[str]] = {}
        for name, parameter in self.model.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
        for name, parameter in self.model.named_parameters():
            self.known[parameter] = self.graph.add((), False, (name,))
        for buffer in self.model.buffers():
            self.known[buffer] = self.graph.add((), False)
        specimen = self.specimen
        inputs = [*((None, value) for value in specimen.args), *specimen.kwargs.items()]
        wholes = whole_modules(self.model)
        given: list[Tensor] = []
        for keyword, value in inputs:
            for tensor in tensors_in(value):
                given.append(tensor)
                signal = tensor.is_floating_point() and "mask" not in (keyword or "")
                self.known[tensor] = node = self.graph.add((), signal)
                if signal:
                    self._input(node, tensor)
        with usual_random_state(), torch.enable_grad():
            kept = _Kept({parameter.untyped_storage().data_ptr() for parameter in self.model.parameters()})
            with kept.counting(), watching(self.model, self, wholes):
                output = self.model(*specimen.args, **specimen.kwargs)
            loss = loss_of(specimen, output)
            connected = self._connected(loss)
        outputs = 0
        for tensor in tensors_in(output):
            if tensor in self.known:
                outputs |= self.graph.nodes[self.known[tensor]].ancestors
        return self._made(outputs, connected, names, given, kept.bytes)

    # What happens during the pass.

    def seen(self, event: Event) -> Any:
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
            tap = torch.zeros((), dtype=value.dtype, device=value.device, requires_grad=True)
            result = with_first_tensor(result, lambda x: tapped(event, x, tap))
        signal = bool(signals) or kind == "embedding"
        node = None
        # What is changed in place, `x[0] = y` included, is known by its new value from then on.
        changed = [tensor for tensor in tensors[:1] if event.operation == "__setitem__" or value is tensor]
        targets = [*tensors_in(result), *changed]
        for tensor in targets:
            own = signal and tensor.is_floating_point()
            if node is None or self.graph.nodes[node].signal != own:
                number = self.graph.add(operands, own, () if own else tuple(sorted(made_of)))
                node = number
            self.known[tensor] = node
        if kind is not None and node is not None:
            self._site(event, kind, node, tap)
        return result

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
        self.drafts.append(_Draft(key, "input", type(self.model).__name__, tuple(tensor.shape), [], axis, None, None))

    def _site(self, event: Event, kind: Kind, node: int, tap: Tensor | None) -> None:
        value = value_of(event)
        assert value is not None
        uses = uses_of(event, kind, self._parameters_of, self.model.get_parameter)
        self.graph.mark_site(node, kind)
        axis = self._unit_axis(event, kind, node, value)
        self.graph.nodes[node].unit_axis = axis
        activation = _activation(event) if kind == "activation" else None
        module = type(event.module).__name__
        self.drafts.append(
            _Draft(event.key, kind, module, tuple(value.shape), uses, axis, activation, tap, bool(event.whole))
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

    # What follows from it.

    def _connected(self, loss: Tensor) -> tuple[set[str], list[bool]]:
        parameters = dict(self.model.named_parameters())
        floating = {name: p for name, p in parameters.items() if p.is_floating_point()}
        taps = [draft.tap for draft in self.drafts if draft.tap is not None]
        asked = [*floating.values(), *taps]
        if not loss.requires_grad or not asked:
            return set(), [False] * len(self.drafts)
        gradients = list(torch.autograd.grad(loss, asked, allow_unused=True))
        names = {name for name, gradient in zip(floating, gradients, strict=False) if gradient is not None}
        met = iter(gradients[len(floating) :])
        return names, [True if draft.tap is None else next(met) is not None for draft in self.drafts]

    def _made(
        self,
        outputs: int,
        connected: tuple[set[str], list[bool]],
        names: dict[int, list[str]],
        given: list[Tensor],
        saved: int,
    ) -> Trace:
        roles, branches = self.graph.roles(outputs), self.graph.branches()
        followers = self.graph.followers()
        sites = []
        uses: dict[str, Use] = {}
        entered: dict[str, list[int]] = {}
        for index, draft in enumerate(self.drafts):
            name, call, operation, occurrence = draft.key
            for use in draft.uses:
                uses.setdefault(use.name, use)
                entered.setdefault(use.name, []).append(index)
            weight = draft.uses[0] if draft.uses and draft.uses[0].blocks else None
            fans = weight.blocks[0].fans if weight else None
            site = Site(
                index, name, call, operation, occurrence, draft.kind, roles[index], draft.shape,
                self.graph.sites_before(self.graph.site_nodes[index]),
                tuple(use.name for use in draft.uses), draft.event_module,
                fans.fan_in if fans else None, fans.fan_out if fans else None,
                draft.unit_axis, draft.activation, connected=connected[1][index],
            )  # fmt: skip
            sites.append(self._with_next(site, followers) if weight else site)
        parameters = tuple(
            self._parameter(name, parameter, uses, entered, connected[0], names)
            for name, parameter in self.model.named_parameters()
        )
        last = tuple(self._last(branch) for branch in branches)
        return Trace(
            tuple(sites),
            tuple(draft.key for draft in self.drafts),
            parameters,
            uses,
            tuple(branches),
            last,
            self._offsets(),
            self._unseen(parameters),
            _remarks(parameters, uses),
            max((tensor.shape[0] for tensor in given[:1] if tensor.ndim), default=1),
            saved,
            sum(draft.bytes for draft in self.drafts),
        )

    def _with_next(self, site: Site, followers: list[list[int]]) -> Site:
        normalized = False
        if self.drafts[site.index].kind == "recurrent":
            return replace(site, activation_next="tanh")
        for met in self.graph.met_next(site.index, followers):
            draft = self.drafts[met]
            normalized |= draft.kind == "normalization"
            if draft.kind == "activation" and draft.key[2] not in ("softmax", "glu"):
                return replace(site, activation_next=draft.activation or "linear", normalized_next=normalized)
        return replace(site, activation_next="linear", normalized_next=normalized)

    def _last(self, branch: Branch) -> str | None:
        for site in reversed(branch.sites):
            scaling = [use for use in self.drafts[site].uses if use.part in ("weight", "scale")]
            if scaling:
                return scaling[-1].name
        return None

    def _offsets(self) -> frozenset[str]:
        parameters = dict(self.model.named_parameters())
        own = [use.name for draft in self.drafts if draft.whole for use in draft.uses if use.part == "scale"]
        return frozenset(name for name in own if not bool(parameters[name].any()))

    def _parameter(
        self,
        name: str,
        parameter: nn.Parameter,
        uses: dict[str, Use],
        entered: dict[str, list[int]],
        connected: set[str],
        names: dict[int, list[str]],
    ) -> Parameter:
        use = uses.get(name)
        fans = use.blocks[0].fans if use and use.blocks else None
        owner = self.model.get_submodule(name.rpartition(".")[0])
        return Parameter(
            name, tuple(parameter.shape), use.part if use else "other", type(owner).__name__,
            tuple(entered.get(name, ())), tuple(other for other in names[id(parameter)] if other != name),
            fans.fan_in if fans else None, fans.fan_out if fans else None,
            self.trained.get(name, True), name in self.touched, name in connected, parameter.is_floating_point(),
        )  # fmt: skip

    def _unseen(self, parameters: tuple[Parameter, ...]) -> tuple[str, ...]:
        layers: dict[str, bool] = {}
        for parameter in parameters:
            layers[parameter.layer] = layers.get(parameter.layer, False) or parameter.used
        return tuple(layer or "(model)" for layer, used in layers.items() if not used)


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


def _remarks(parameters: tuple[Parameter, ...], uses: dict[str, Use]) -> tuple[str, ...]:
    tied = [
        f"{parameter.name} is also {', '.join(parameter.also)}: it is initialized once, as its first use asks for, "
        f"which is that of a {parameter.part}."
        for parameter in parameters
        if parameter.also
    ]
    bare = [p.name for p in parameters if p.used and not (p.name in uses and uses[p.name].blocks) and p.part == "other"]
    if bare:
        tied.append(f"Of {', '.join(bare[:5])}{' …' if bare[5:] else ''} no rule says how it begins: left as made.")
    return tuple(tied)
