"""The measurement of a network: every initialization and seed at every site, forward and backward."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal

import numpy as np
import torch

from goldilocks.engine.device import Device, choose_device
from goldilocks.engine.diagnosis.flow import Flow
from goldilocks.engine.diagnosis.initialization import initialized
from goldilocks.engine.diagnosis.measurement import Configuration, Cost, Measurement, Signal, Weights
from goldilocks.engine.diagnosis.memory import Memory
from goldilocks.engine.diagnosis.operations import mapped
from goldilocks.engine.diagnosis.passes import Found, Passes, State, state_of
from goldilocks.engine.diagnosis.prepared import made, prepare
from goldilocks.engine.diagnosis.recipe import Recipe, recipe
from goldilocks.engine.diagnosis.site_theory import predicted_rms
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.trace import Trace, trace
from goldilocks.engine.diagnosis.value_counts import Counts
from goldilocks.engine.diagnosis.value_statistics import COLUMNS
from goldilocks.engine.diagnosis.watch import Stopped
from goldilocks.engine.diagnosis.weights import COLUMNS as WEIGHT_COLUMNS
from goldilocks.engine.diagnosis.weights import describe_weights
from goldilocks.engine.errors import RequestError, said

# Products of more operations than this, on average over the sites, keep a processor busy: several configurations at
# once are then no faster, and take the memory of all. Below it most of the time goes into calls.
LARGE_PRODUCTS = 5e7
MOST_AT_ONCE = 64
ONE_BY_ONE = "one configuration after the other"
Progress = Callable[[float], None]
Used = Literal["vmap", "loop"]
Method = Literal["auto", "vmap", "loop"]


def measure(
    specimen: Specimen,
    inits: Sequence[str],
    seeds: Sequence[int],
    device: Device | None = None,
    method: Method = "auto",
    progress: Progress = lambda share: None,
) -> Measurement:
    """Initialize a network N ways under every seed, and measure all of them.

    Args:
        specimen: the network; nothing is left behind in it.
        inits: `as_is`, `default`, registered schemes with parameters and modifiers.
        seeds: what the draws are named by; the same for all initializations, so that these are compared in pairs.
        device: where; the CPU by default.
        method: `vmap`, `loop`, or whichever is faster and possible.
        progress: called with the share that is done.

    Raises:
        RequestError: no such initialization, none asked for, or the network cannot be run.
    """
    recipes = [recipe(text) for text in dict.fromkeys(inits)]
    if not recipes or not seeds:
        raise RequestError("nothing to measure: name at least one initialization and one seed")
    # Seeds outside: the factory is called once for each.
    wanted = [Configuration(chosen.text, seed) for seed in dict.fromkeys(seeds) for chosen in recipes]
    return measure_each(specimen, wanted, device, method, progress)


def measure_each(
    specimen: Specimen,
    wanted: Sequence[Configuration],
    device: Device | None = None,
    method: Method = "auto",
    progress: Progress = lambda share: None,
    counting: bool = False,
) -> Measurement:
    """Measure a network in some configurations, one at least.

    Args:
        specimen: as for `measure`.
        wanted: the configurations; those of one seed should follow each other, for then its network is made once.
        device: as for `measure`.
        method: as for `measure`.
        progress: as for `measure`.
        counting: whether values and gradients along the stream are counted in histograms, too.

    Raises:
        RequestError: as `measure`.
    """
    where = device or choose_device("cpu")
    found = trace(specimen, wanted[0].seed)
    layers = Flow(found.sites).layers if counting else ()
    counted = dict.fromkeys(site.index for layer in layers for site in (layer.step, layer.output))
    recipes = {text: recipe(text) for text in dict.fromkeys(one.init for one in wanted)}
    pairs = [(recipes[one.init], one.seed) for one in wanted]
    return _Measuring(specimen, found, pairs, where, tuple(counted)).run(method, progress)


def products(found: Trace) -> float:
    """Return the operations of the products of a forward pass, on average over its sites.

    Args:
        found: the network's trace.
    """
    weighted = [site for site in found.sites if site.fan_in and site.kind != "embedding"]
    return sum(2 * (site.fan_in or 0) * prod(site.shape) for site in weighted) / max(len(found.sites), 1)


@dataclass
class _Tally:
    """What has been measured so far.

    Attributes:
        method: how it is measured from here on.
        at_once: how many configurations go into one program.
        reason: why, in a sentence.
        parts: what the passes found.
        weights: statistics of the parameters of each configuration.
        treated: for each configuration which parameters the initialization set.
        setting: seconds that initializing took.
    """

    method: Used
    at_once: int
    reason: str
    parts: list[Found] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    treated: list[list[bool]] = field(default_factory=list)
    setting: float = 0.0


class _Measuring:
    """Measures one network under several initializations and seeds.

    Args:
        specimen: the network.
        found: its trace.
        wanted: initializations with the seeds of their draws.
        device: where.
        counted: sites whose values and gradients are counted.
    """

    def __init__(
        self,
        specimen: Specimen,
        found: Trace,
        wanted: Sequence[tuple[Recipe, int]],
        device: Device,
        counted: tuple[int, ...],
    ):
        self.specimen, self.trace, self.device = specimen, found, device
        self.wanted, self.counted = wanted, counted
        self.place = device.torch_device
        self.model = made(specimen, wanted[0][1])
        prepare(self.model, specimen.training)
        self.model.to(self.place)
        self._of_seed: tuple[int, Specimen] | None = None

    def run(self, method: Method, progress: Progress) -> Measurement:
        """Measure all configurations.

        Args:
            method: as for `measure`.
            progress: called with the share that is done.
        """
        passes = Passes(self.model, self._specimen_there(), self.trace, self.counted)
        with _refusing():
            plain = _seconds(passes.plain, self.device)
        memory = Memory.of(self.trace, self.model, self.device)
        state = _Tally(*self._method(method, memory, len(self.wanted)))
        if self.place.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.place)
        started = time.perf_counter()
        while len(state.weights) < len(self.wanted):
            following = self.wanted[len(state.weights) :][: state.at_once]
            state.parts.append(self._passed(passes, self._begun(following, state), state, method))
            progress(len(state.weights) / len(self.wanted))
        self.device.synchronize()
        seconds = time.perf_counter() - started - state.setting
        peak = torch.cuda.max_memory_allocated(self.place) if self.place.type == "cuda" else None
        cost = Cost(
            state.method, state.reason, str(self.place), len(self.wanted), state.at_once, seconds, plain,
            memory.bytes_for(state.at_once), peak,
        )  # fmt: skip
        return self._measurement(state, cost)

    def _specimen_there(self) -> Specimen:
        """Return batch and target on the device."""

        def there(value: Any) -> Any:
            return mapped(value, lambda tensor: tensor.to(self.place))

        given = self.specimen
        return replace(given, args=there(given.args), kwargs=there(given.kwargs), target=there(given.target))

    def _begun(self, following: Sequence[tuple[Recipe, int]], state: _Tally) -> list[State]:
        """Initialize some configurations, describe their weights, and return them on the device."""
        begun = time.perf_counter()
        states = []
        for chosen, seed in following:
            own, treated = self._state(chosen, seed)
            state.weights.append(describe_weights(self.trace, own))
            state.treated.append([parameter.name in treated for parameter in self.trace.parameters])
            states.append({name: tensor.to(self.place) for name, tensor in own.items()})
        state.setting += time.perf_counter() - begun
        return states

    def _passed(self, passes: Passes, states: Sequence[State], state: _Tally, method: Method) -> Found:
        """Run some configurations, one after the other from where vmap first fails on."""
        if state.method == "vmap":
            try:
                return passes.at_once(states)
            except Exception as error:
                if method == "vmap":
                    raise RequestError(f"vmap cannot run this network: {_reason(error)}; method='loop' can") from None
                state.method, state.at_once = "loop", 1
                state.reason = f"{ONE_BY_ONE}, because vmap cannot run this network: {_reason(error)}"
        with _refusing():
            return passes.one_by_one(states)

    def _method(self, method: Method, memory: Memory, count: int) -> tuple[Used, int, str]:
        """Return how to measure, how many configurations at once, and why."""
        fitting = min(count, MOST_AT_ONCE, memory.most_at_once())
        if method == "loop":
            return "loop", 1, f"{ONE_BY_ONE}, as asked"
        size = products(self.trace)
        if method == "auto" and self.place.type == "cpu" and size > LARGE_PRODUCTS:
            reason = f"{ONE_BY_ONE}: {size:.2g} operations per site keep the processor busy alone"
            return "loop", 1, reason
        if fitting < 2:
            why = "memory has no room for two" if count > 1 else "there is only one"
            return ("vmap", 1, "one program, as asked") if method == "vmap" else ("loop", 1, f"one at a time: {why}")
        return (
            "vmap",
            fitting,
            f"{fitting} configurations in one program: with {size:.2g} operations per site calls take most of the time",
        )

    def _state(self, chosen: Recipe, seed: int) -> tuple[State, frozenset[str]]:
        """Return one configuration's parameters and buffers, those that the prepared model keeps."""
        if self._of_seed is None or self._of_seed[0] != seed:
            model = made(self.specimen, seed)
            self._of_seed = seed, replace(self.specimen, make=lambda: model)
        began = initialized(self._of_seed[1], self.trace, chosen, seed)
        kept = state_of(self.model)
        return {name: tensor for name, tensor in state_of(began.model).items() if name in kept}, began.treated

    def _measurement(self, state: _Tally, cost: Cost) -> Measurement:
        """Put together what was found."""
        rows, gradients, of_weights, loss, *counts = (
            torch.cat([getattr(part, name).double().cpu() for part in state.parts]).numpy()
            for name in ("rows", "gradients", "weights", "loss", "counts", "gradient_counts")
        )
        signal, described = (
            self._signal(rows, gradients),
            self._weights(np.stack(state.weights), of_weights, np.array(state.treated, bool)),
        )
        return Measurement(
            tuple(Configuration(chosen.text, seed) for chosen, seed in self.wanted),
            self.trace.sites,
            self.trace.parameters,
            replace(signal, theory_rms=predicted_rms(self.trace, described, signal.rms)),
            described,
            loss,
            self.specimen.classes,
            cost,
            self.trace.examples,
            self.trace.unseen,
            (*self.trace.remarks, *self._of_missing(state.parts)),
            Counts(self.counted, *counts) if self.counted else None,
        )

    def _signal(self, rows: np.ndarray, gradients: np.ndarray) -> Signal:
        """Return the statistics of the sites; no gradient where none can be measured."""
        unknown = np.array([site.kind == "input" for site in self.trace.sites])
        unknown[list(self.trace.overwritten)] = True
        columns = {name: rows[..., column] for column, name in enumerate(COLUMNS)}
        nothing = np.full(unknown.shape, np.nan)
        return Signal(**columns, theory_rms=nothing, grad_rms=np.where(unknown, np.nan, np.sqrt(gradients)))

    def _weights(self, described: np.ndarray, gradients: np.ndarray, treated: np.ndarray) -> Weights:
        """Return the statistics of the parameters; the gradients are those of the floating-point ones."""
        floating = [n for n, parameter in enumerate(self.trace.parameters) if parameter.floating]
        rms = np.full(described.shape[:2], np.nan)
        rms[:, floating] = gradients
        columns = {name: described[..., column] for column, name in enumerate(WEIGHT_COLUMNS)}
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = rms / columns["rms"]
        return Weights(**columns, grad_rms=rms, got_gradient=rms != 0, update_ratio=ratio, treated=treated)

    def _of_missing(self, parts: Sequence[Found]) -> Iterator[str]:
        """Yield at which sites not every configuration was measured."""
        missing = sorted({index for part in parts for index in part.missing})
        if missing:
            labels = ", ".join(self.trace.sites[index].label for index in missing[:3])
            yield f"Not reached in every pass, so not measured: {labels}. The path depends on the values."


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a network raises within the block into a sentence."""
    try:
        yield
    except RequestError:
        raise
    except Exception as error:
        raise RequestError(f"the network cannot be run forward and back: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return what was raised, and where."""
    if isinstance(error, RequestError):
        return str(error)
    return f"in {error.where}: {error.reason}" if isinstance(error, Stopped) else said(error)


def _seconds(call: Callable[[], Any], device: Device) -> float:
    """Return the shorter of two times: the first one also pays for what is set up once."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        call()
        device.synchronize()
        times.append(time.perf_counter() - begun)
    return min(times)
