"""One forward and backward pass of a network: its sites in execution order, and what its parameters are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from goldilocks.engine.diagnosis.graph import Branch
from goldilocks.engine.diagnosis.loss import loss_of
from goldilocks.engine.diagnosis.operations import tensors_in
from goldilocks.engine.diagnosis.prepared import made, prepare, usual_random_state
from goldilocks.engine.diagnosis.saved_bytes import SavedBytes
from goldilocks.engine.diagnosis.site import Parameter, Site
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.tracer import Tracer
from goldilocks.engine.diagnosis.uses import Use
from goldilocks.engine.diagnosis.watch import Key, Stopped, watching, whole_modules
from goldilocks.engine.errors import RequestError


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
        return _traced(model, specimen, trained)
    except Stopped as error:
        raise RequestError(f"{error}. The batch is {_shapes(specimen)}") from error


def _shapes(specimen: Specimen) -> str:
    """Say what a batch is, for a message."""
    tensors = tensors_in((specimen.args, dict(specimen.kwargs)))
    return ", ".join(f"{list(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}" for tensor in tensors)


def _traced(model: nn.Module, specimen: Specimen, trained: Mapping[str, bool]) -> Trace:
    tracer = Tracer(model)
    tracer.begin(specimen)
    kept = SavedBytes({parameter.untyped_storage().data_ptr() for parameter in model.parameters()})
    wholes = whole_modules(model)
    with usual_random_state(), torch.enable_grad():
        with kept.counting(), watching(model, tracer, wholes):
            output = model(*specimen.args, **specimen.kwargs)
        loss = loss_of(specimen, output)
        connected = _connected(tracer, loss)
    outputs = 0
    for tensor in tensors_in(output):
        if tensor in tracer.known:
            outputs |= tracer.graph.nodes[tracer.known[tensor]].ancestors
    return _Assembly(tracer, trained, *connected).trace(outputs, kept.bytes)


def _connected(tracer: Tracer, loss: Tensor) -> tuple[set[str], list[bool]]:
    """Return which parameters the loss depends on, and for each site whether it does."""
    parameters = dict(tracer.model.named_parameters())
    floating = {name: p for name, p in parameters.items() if p.is_floating_point()}
    taps = [draft.tap for draft in tracer.drafts if draft.tap is not None]
    asked = [*floating.values(), *taps]
    if not loss.requires_grad or not asked:
        return set(), [False] * len(tracer.drafts)
    gradients = list(torch.autograd.grad(loss, asked, allow_unused=True))
    names = {name for name, gradient in zip(floating, gradients, strict=False) if gradient is not None}
    met = iter(gradients[len(floating) :])
    return names, [True if draft.tap is None else next(met) is not None for draft in tracer.drafts]


@dataclass
class _Assembly:
    """Makes a trace from what a tracer has met."""

    tracer: Tracer
    trained: Mapping[str, bool]
    connected: set[str]
    sites_connected: list[bool]

    def trace(self, outputs: int, saved: int) -> Trace:
        names: dict[int, list[str]] = {}
        for name, parameter in self.tracer.model.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
        roles, branches = self.tracer.graph.roles(outputs), self.tracer.graph.branches()
        followers = self.tracer.graph.followers()
        sites = []
        uses: dict[str, Use] = {}
        entered: dict[str, list[int]] = {}
        for index, draft in enumerate(self.tracer.drafts):
            name, call, operation, occurrence = draft.key
            for use in draft.uses:
                uses.setdefault(use.name, use)
                entered.setdefault(use.name, []).append(index)
            weight = draft.uses[0] if draft.uses and draft.uses[0].blocks else None
            fans = weight.blocks[0].fans if weight else None
            site = Site(
                index, name, call, operation, occurrence, draft.kind, roles[index], draft.shape,
                self.tracer.graph.sites_before(self.tracer.graph.site_nodes[index]),
                tuple(use.name for use in draft.uses), draft.module,
                fans.fan_in if fans else None, fans.fan_out if fans else None,
                draft.unit_axis, draft.activation, connected=self.sites_connected[index],
            )  # fmt: skip
            sites.append(self._with_next(site, followers) if weight else site)
        parameters = tuple(
            self._parameter(name, parameter, uses, entered, names)
            for name, parameter in self.tracer.model.named_parameters()
        )
        last = tuple(self._last(branch) for branch in branches)
        return Trace(
            tuple(sites),
            tuple(draft.key for draft in self.tracer.drafts),
            parameters,
            uses,
            tuple(branches),
            last,
            self._offsets(),
            self._unseen(parameters),
            _remarks(parameters, uses),
            max((tensor.shape[0] for tensor in self.tracer.given[:1] if tensor.ndim), default=1),
            saved,
            sum(draft.bytes for draft in self.tracer.drafts),
        )

    def _with_next(self, site: Site, followers: list[list[int]]) -> Site:
        normalized = False
        if self.tracer.drafts[site.index].kind == "recurrent":
            return replace(site, activation_next="tanh")
        for met in self.tracer.graph.met_next(site.index, followers):
            draft = self.tracer.drafts[met]
            normalized |= draft.kind == "normalization"
            if draft.kind == "activation" and draft.key[2] not in ("softmax", "glu"):
                return replace(site, activation_next=draft.activation or "linear", normalized_next=normalized)
        return replace(site, activation_next="linear", normalized_next=normalized)

    def _last(self, branch: Branch) -> str | None:
        for site in reversed(branch.sites):
            scaling = [use for use in self.tracer.drafts[site].uses if use.part in ("weight", "scale")]
            if scaling:
                return scaling[-1].name
        return None

    def _offsets(self) -> frozenset[str]:
        parameters = dict(self.tracer.model.named_parameters())
        own = [use.name for draft in self.tracer.drafts if draft.whole for use in draft.uses if use.part == "scale"]
        return frozenset(name for name in own if not bool(parameters[name].any()))

    def _parameter(
        self,
        name: str,
        parameter: nn.Parameter,
        uses: dict[str, Use],
        entered: dict[str, list[int]],
        names: dict[int, list[str]],
    ) -> Parameter:
        use = uses.get(name)
        fans = use.blocks[0].fans if use and use.blocks else None
        owner = self.tracer.model.get_submodule(name.rpartition(".")[0])
        return Parameter(
            name, tuple(parameter.shape), use.part if use else "other", type(owner).__name__,
            tuple(entered.get(name, ())), tuple(other for other in names[id(parameter)] if other != name),
            fans.fan_in if fans else None, fans.fan_out if fans else None,
            self.trained.get(name, True), name in self.tracer.touched, name in self.connected,
            parameter.is_floating_point(),
        )  # fmt: skip

    def _unseen(self, parameters: tuple[Parameter, ...]) -> tuple[str, ...]:
        layers: dict[str, bool] = {}
        for parameter in parameters:
            layers[parameter.layer] = layers.get(parameter.layer, False) or parameter.used
        return tuple(layer or "(model)" for layer, used in layers.items() if not used)


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
