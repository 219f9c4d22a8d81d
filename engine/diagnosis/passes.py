"""Passes over many configurations of one network: several in one program by vmap, or one after the other."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from goldilocks.engine.diagnosis.loss import loss_of
from goldilocks.engine.diagnosis.prepared import usual_random_state
from goldilocks.engine.diagnosis.recorder import Recorder, saturation_limits
from goldilocks.engine.diagnosis.scratch import Scratch
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.sums import root_mean_square
from goldilocks.engine.diagnosis.trace import Trace
from goldilocks.engine.diagnosis.value_counts import LENGTH
from goldilocks.engine.diagnosis.watch import watching, whole_modules
from goldilocks.engine.statistics import wide

State = dict[str, Tensor]


@dataclass
class Found:
    """What passes over some configurations found; the first axis is the configuration.

    Attributes:
        rows: statistics of the sites `[config, site, column]`.
        gradients: mean squares of the gradients at the sites `[config, site]`.
        weights: root mean square of the gradient of each parameter `[config, parameter]`.
        loss: `[config]`.
        counts: histograms of the values at the sites that are counted `[config, site, number]`.
        gradient_counts: of the gradients there, likewise.
        missing: sites that were not reached.
    """

    rows: Tensor
    gradients: Tensor
    weights: Tensor
    loss: Tensor
    counts: Tensor
    gradient_counts: Tensor
    missing: list[int]


class Passes:
    """A network ready to be run with other weights.

    Args:
        model: a prepared copy; its weights are changed by the loop.
        specimen: batch and loss, on the model's device.
        found: the network's trace.
        counted: sites whose values and gradients are counted in histograms.
    """

    def __init__(self, model: nn.Module, specimen: Specimen, found: Trace, counted: Sequence[int] = ()):
        self._counted = list(counted)
        self._model, self._specimen, self._trace = model, specimen, found
        self._wholes = whole_modules(model)
        self._limits = saturation_limits(found)
        self._names = [name for name, tensor in model.named_parameters() if tensor.is_floating_point()]
        self._slots = _slots(model)
        self._like = next((tensor for tensor in model.parameters()), torch.zeros(()))
        # To ask a GPU for a value waits for all that it has to do.
        self._scratch = Scratch() if self._like.device.type == "cpu" else None

    def at_once(self, states: Sequence[State]) -> Found:
        """Run several configurations in one program.

        Args:
            states: parameters and buffers of each.
        """
        stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        missing: list[int] = []
        with usual_random_state(), warnings.catch_warnings():
            # That some operations are done one after the other is what `Cost` tells.
            warnings.filterwarnings("ignore", message=".*batching rule.*")
            found = vmap(lambda state: self._differentiated(state, missing), randomness="same")(stacked)
        return self._found(found, missing)

    def _found(self, parts: Sequence[Tensor], missing: list[int]) -> Found:
        rows, probed, weights, loss, counts = parts
        return Found(rows, probed[..., 0], weights, loss, counts, probed[:, self._counted, 1:], missing)

    def _differentiated(self, state: State, missing: list[int]) -> tuple[Tensor, ...]:
        trained = {name: state[name] for name in self._names}
        rest = {name: tensor for name, tensor in state.items() if name not in trained}

        def program(trained: State, probes: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
            """Return the loss, and beside it what the sites showed."""
            recorder = self._recorder(probes)
            with watching(self._model, recorder, self._wholes):
                args, kwargs = self._specimen.args, dict(self._specimen.kwargs)
                state = {slot: tensor for name, tensor in (trained | rest).items() for slot in self._slots[name]}
                output = functional_call(self._model, state, args, kwargs, tie_weights=False)
            loss = loss_of(self._specimen, output)
            missing[:] = recorder.missing
            return loss, (recorder.rows(probes), loss.detach(), recorder.counts(probes))

        differentiate = grad(program, argnums=(0, 1), has_aux=True)
        (of_weights, of_probes), (rows, loss, counts) = differentiate(trained, self._probes())
        return rows, of_probes, self._sizes([of_weights[name] for name in self._names], False), loss, counts

    def one_by_one(self, states: Sequence[State]) -> Found:
        """Run several configurations one after the other, by plain automatic differentiation.

        Args:
            states: parameters and buffers of each.
        """
        found = [self._one(state) for state in states]
        stacked = [torch.stack(parts) for parts in zip(*(part for part, _ in found), strict=True)]
        return self._found(stacked, found[0][1])

    def _one(self, state: State) -> tuple[tuple[Tensor, ...], list[int]]:
        load(self._model, state)
        parameters = dict(self._model.named_parameters())
        trained = [parameters[name] for name in self._names]
        probes = self._probes().requires_grad_()
        recorder = self._recorder(probes, self._scratch)
        with usual_random_state(), torch.enable_grad():
            with watching(self._model, recorder, self._wholes):
                output = self._model(*self._specimen.args, **self._specimen.kwargs)
            loss = loss_of(self._specimen, output)
            asked = [*trained, probes]
            gradients: Sequence[Tensor | None] = [None] * len(asked)
            if loss.requires_grad:
                gradients = torch.autograd.grad(loss, asked, allow_unused=True)
        of_weights = [torch.zeros_like(p) if g is None else g for p, g in zip(trained, gradients, strict=False)]
        of_probes = torch.zeros_like(probes) if gradients[-1] is None else gradients[-1]
        for index, found in recorder.of_gradients.items():
            of_probes[index, : len(found)] = found
        rows, counts = recorder.rows(probes.detach()), recorder.counts(probes.detach())
        return (
            rows,
            of_probes,
            self._sizes(of_weights, self._scratch is not None),
            loss.detach(),
            counts,
        ), recorder.missing

    def plain(self) -> None:
        """Run the network once, forward and back, as it is."""
        with usual_random_state(), torch.enable_grad():
            loss = loss_of(self._specimen, self._model(*self._specimen.args, **self._specimen.kwargs))
            if loss.requires_grad:
                loss.backward()
        self._model.zero_grad(set_to_none=True)

    def _recorder(self, probes: Tensor, scratch: Scratch | None = None) -> Recorder:
        return Recorder(self._trace, self._specimen, probes, self._limits, self._counted, scratch)

    def _probes(self) -> Tensor:
        room = 1 + (LENGTH if self._counted else 0)
        return torch.zeros(len(self._trace.sites), room, dtype=wide(self._like), device=self._like.device)

    def _sizes(self, gradients: Sequence[Tensor], eager: bool) -> Tensor:
        dtype = wide(self._like)
        sizes = [root_mean_square(gradient, eager).to(dtype) for gradient in gradients]
        return torch.stack(sizes) if sizes else torch.empty(0, dtype=dtype, device=self._like.device)


def _slots(model: nn.Module) -> dict[str, list[str]]:
    """Return for each parameter and buffer the names of all places that hold it, each place once.

    A module may have two names, and then so has its parameter. `functional_call` would fill that place twice, and take
    for what was there before what it has put there itself.
    """
    found: dict[str, list[str]] = {}
    first: dict[int, str] = {}
    seen: set[tuple[int, str]] = set()
    for name, tensor in (
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ):
        layer, _, key = name.rpartition(".")
        place = (id(model.get_submodule(layer)), key)
        if place not in seen:
            seen.add(place)
            found.setdefault(first.setdefault(id(tensor), name), []).append(name)
    return found


def state_of(model: nn.Module) -> State:
    """Return the parameters and floating-point buffers of a network, tied ones once.

    Args:
        model: the tensors are its own.
    """
    parameters = {name: parameter.detach() for name, parameter in model.named_parameters()}
    buffers = {name: buffer for name, buffer in model.named_buffers() if buffer.is_floating_point()}
    return parameters | buffers


def load(model: nn.Module, state: State) -> None:
    """Copy a state into a network.

    Args:
        model: changed.
        state: its parameters and buffers, as `state_of` names them.
    """
    own = state_of(model)
    with torch.no_grad():
        for name, tensor in state.items():
            own[name].copy_(tensor)
