"""One forward and backward pass of a network: its sites in execution order, and what its parameters are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from goldilocks.engine.diagnosis.batch_shapes import described
from goldilocks.engine.diagnosis.graph import Branch
from goldilocks.engine.diagnosis.laws import Law, law_of
from goldilocks.engine.diagnosis.loss import loss_of
from goldilocks.engine.diagnosis.operations import tensors_in
from goldilocks.engine.diagnosis.prepared import Layout, layout_of, made, prepare, usual_random_state
from goldilocks.engine.diagnosis.saved_bytes import SavedBytes
from goldilocks.engine.diagnosis.site import Parameter, Site
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.tracer import Tracer
from goldilocks.engine.diagnosis.uses import Use
from goldilocks.engine.diagnosis.watch import Key, Stopped, watching, whole_modules
from goldilocks.engine.errors import RequestError, said

# Names that a remark gives at most.
MOST_NAMED = 5
NEVER_USED = Use("", "other")


@dataclass
class Trace:
    """What one pass of a network shows.

    Attributes:
        sites: in execution order.
        layout: shapes of the parameters and buffers as the factory makes them.
        keys: for each site how it is found again in another pass.
        parameters: in the order of `named_parameters`.
        uses: of each parameter that is used, by its name, the first one.
        branches: the residual branches.
        offsets: scales of norms that begin at 0, because the norm adds 1 to them.
        last: for each branch the parameter that scales what leaves it; None where there is none.
        laws: for each site how its mean square follows from others; None where it does not.
        overwritten: indices of the sites at which the gradient cannot be measured, because the network goes on with the
            tensor that was changed in place and not with what the operation returned.
        unseen: modules that hold parameters and none of whose operations was seen.
        remarks: what one should know about it, in sentences.
        examples: examples in the batch.
        saved_bytes: of what the forward pass keeps for the way back, parameters aside.
        site_bytes: of the values at all sites.
    """

    sites: tuple[Site, ...]
    layout: Layout
    keys: tuple[Key, ...]
    parameters: tuple[Parameter, ...]
    uses: dict[str, Use]
    branches: tuple[Branch, ...]
    last: tuple[str | None, ...]
    offsets: frozenset[str]
    laws: tuple[Law | None, ...]
    overwritten: tuple[int, ...]
    unseen: tuple[str, ...]
    remarks: tuple[str, ...]
    examples: int
    saved_bytes: int
    site_bytes: int

    @cached_property
    def lengths(self) -> dict[str, str]:
        """For each direction of a weight normalization the parameter that holds its lengths."""
        return {use.normalized.direction: name for name, use in self.uses.items() if use.normalized is not None}


def trace(specimen: Specimen, seed: int = 0) -> Trace:
    """Send a batch through a network once, forward and back, and list its sites.

    Args:
        specimen: the network; nothing is left behind in it.
        seed: under which it is made.

    Raises:
        RequestError: its forward or backward pass fails, and where; there is no loss, or it fails.
    """
    model = made(specimen, seed)
    trained = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    layout = layout_of(model)
    prepare(model, specimen.training)
    try:
        return _traced(model, specimen, trained, layout)
    except Stopped as error:
        batch = described(specimen.args, specimen.kwargs)
        raise RequestError(f"{error}. The batch is {batch}") from error


def _traced(model: nn.Module, specimen: Specimen, trained: Mapping[str, bool], layout: Layout) -> Trace:
    tracer = Tracer(model)
    tracer.begin(specimen)
    kept = SavedBytes({parameter.untyped_storage().data_ptr() for parameter in model.parameters()})
    wholes = whole_modules(model)
    with usual_random_state(), torch.enable_grad():
        with kept.counting(), watching(model, tracer, wholes):
            output = model(*specimen.args, **specimen.kwargs)
        loss = loss_of(specimen, output)
        try:
            gradients = _Gradients.of(tracer, loss)
        except Exception as error:
            raise RequestError(f"the backward pass fails: {said(error)}") from error
    outputs = 0
    for tensor in tensors_in(output):
        if tensor in tracer.known:
            outputs |= tracer.graph.nodes[tracer.known[tensor]].ancestors
    return _Assembly(tracer, trained, gradients, layout).trace(outputs, kept.bytes)


@dataclass
class _Gradients:
    """Where the gradient of a loss arrives.

    Attributes:
        parameters: names of the parameters that the loss depends on.
        sites: for each site whether the loss depends on it.
        overwritten: indices of the sites whose returned value is not used, but the tensor that they changed in place.
    """

    parameters: set[str]
    sites: list[bool]
    overwritten: tuple[int, ...]

    @classmethod
    def of(cls, tracer: Tracer, loss: Tensor) -> "_Gradients":
        """Differentiate a loss once by all parameters and by what was added to the values at all sites."""
        parameters = {name: p for name, p in tracer.model.named_parameters() if p.is_floating_point()}
        taps = {n: draft.tap for n, draft in enumerate(tracer.drafts) if draft.tap is not None}
        changed = {n: draft.changed for n, draft in enumerate(tracer.drafts) if draft.changed is not None}
        asked = [*parameters.values(), *taps.values(), *changed.values()]
        if not loss.requires_grad or not asked:
            return cls(set(), [False] * len(tracer.drafts), ())
        arrived = [one is not None for one in torch.autograd.grad(loss, asked, allow_unused=True)]
        met = dict(
            zip([*parameters, *(("tap", n) for n in taps), *(("changed", n) for n in changed)], arrived, strict=True)
        )
        overwritten = tuple(n for n in changed if met["changed", n] and not met["tap", n])
        sites = [met.get(("tap", n), True) or n in overwritten for n in range(len(tracer.drafts))]
        return cls({name for name in parameters if met[name]}, sites, overwritten)


@dataclass
class _Assembly:
    """Makes a trace from what a tracer has met."""

    tracer: Tracer
    trained: Mapping[str, bool]
    gradients: _Gradients
    layout: Layout

    def trace(self, outputs: int, saved: int) -> Trace:
        """Return the trace.

        Args:
            outputs: set of the values that the network's outputs depend on, as bits.
            saved: bytes of what the forward pass keeps for the way back.
        """
        names: dict[int, list[str]] = {}
        for name, parameter in self.tracer.model.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
        branches = self.tracer.graph.branches()
        roles = self.tracer.graph.roles(outputs, branches)
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
                draft.unit_axis, draft.activation, connected=self.gradients.sites[index],
            )  # fmt: skip
            sites.append(self._with_next(site, followers) if weight else site)
        parameters = tuple(
            self._parameter(name, parameter, uses, entered, names)
            for name, parameter in self.tracer.model.named_parameters()
        )
        last = tuple(self._last(branch) for branch in branches)
        return Trace(
            tuple(sites),
            self.layout,
            tuple(draft.key for draft in self.tracer.drafts),
            parameters,
            uses,
            tuple(branches),
            last,
            self._offsets(),
            tuple(law_of(self.tracer.graph, n, draft.share) for n, draft in enumerate(self.tracer.drafts)),
            self.gradients.overwritten,
            self._unseen(parameters),
            (*_of_parameters(parameters, uses), *_of_overwritten([sites[n] for n in self.gradients.overwritten])),
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
            tuple(entered.get(name, ())), tuple(other for other in names[id(parameter)] if self._tied(other, owner)),
            fans.fan_in if fans else None, fans.fan_out if fans else None,
            self.trained.get(name, True), name in self.tracer.touched, name in self.gradients.parameters,
            parameter.is_floating_point(),
        )  # fmt: skip

    def _tied(self, name: str, owner: nn.Module) -> bool:
        """Return whether a parameter's name is one in another module, and not in one that has two names itself."""
        return self.tracer.model.get_submodule(name.rpartition(".")[0]) is not owner

    def _unseen(self, parameters: tuple[Parameter, ...]) -> tuple[str, ...]:
        layers: dict[str, bool] = {}
        for parameter in parameters:
            layers[parameter.layer] = layers.get(parameter.layer, False) or parameter.used
        return tuple(layer or "(model)" for layer, used in layers.items() if not used)


def _of_parameters(parameters: tuple[Parameter, ...], uses: dict[str, Use]) -> Iterator[str]:
    """Yield what one should know about how parameters begin."""
    for parameter in parameters:
        if parameter.also:
            yield (
                f"{parameter.name} is also {', '.join(parameter.also)}: it is initialized once, as its first use asks "
                f"for, which is that of a {parameter.part}."
            )
    ruled = ("bias", "scale", "shift")
    bare = [p.name for p in parameters if p.used and p.part not in ruled and not uses.get(p.name, NEVER_USED).blocks]
    if bare:
        yield f"No rule covers {_some(bare)}; left as the factory made them."


def _of_overwritten(sites: list[Site]) -> Iterator[str]:
    """Yield at which sites no gradient can be measured."""
    if sites:
        yield (
            f"The gradient is not measured at {_some([site.label for site in sites])}: what the operation returns is "
            "not used, but the tensor that it changes in place."
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (" …" if names[MOST_NAMED:] else "")
