"""The measurement of a network: every initialization and seed at every site, forward and backward."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from goldilocks.engine.device import Device, choose_device
from goldilocks.engine.diagnosis.initialization import initialized
from goldilocks.engine.diagnosis.measurement import Configuration, Cost, Histograms, Measurement, Signal, Weights
from goldilocks.engine.diagnosis.memory import Memory
from goldilocks.engine.diagnosis.operations import mapped
from goldilocks.engine.diagnosis.passes import Found, Passes, State, state_of
from goldilocks.engine.diagnosis.prepared import made, prepare
from goldilocks.engine.diagnosis.recipe import Recipe, recipe
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.taps import COLUMNS
from goldilocks.engine.diagnosis.trace import Trace, trace
from goldilocks.engine.diagnosis.watch import Stopped
from goldilocks.engine.diagnosis.weights import COLUMNS as WEIGHT_COLUMNS
from goldilocks.engine.diagnosis.weights import describe_weights
from goldilocks.engine.errors import RequestError
from goldilocks.engine.statistics import BINS

# Products of more operations than this, on average over the sites, keep a processor busy: several configurations at
# once are then no faster, and take the memory of all. Below it most of the time goes into calls.
LARGE_PRODUCTS = 5e7
MOST_AT_ONCE = 64
# Characters of another library's message that a sentence quotes.
MOST_SAID = 200
Progress = Callable[[float], None]
Used = Literal["vmap", "loop"]
Method = Literal["auto", "vmap", "loop"]


def measure(
    specimen: Specimen,
    inits: Sequence[str],
    seeds: Sequence[int],
    device: Device | None = None,
    method: Method = "auto",
    histograms: bool = False,
    progress: Progress = lambda share: None,
) -> Measurement:
    """Initialize a network N ways under every seed, and measure all of them.

    Args:
        specimen: the network; nothing is left behind in it.
        inits: `as_is`, `default`, registered schemes with parameters and modifiers.
        seeds: what the draws are named by; the same for all initializations, so that these are compared in pairs.
        device: where; the CPU by default.
        method: `vmap`, `loop`, or whichever is faster and possible.
        histograms: whether sites on the stream get one.
        progress: told the share that is done.

    Raises:
        RequestError: no such initialization, none asked for, or the network cannot be run.
    """
    recipes = [recipe(text) for text in dict.fromkeys(inits)]
    if not recipes or not seeds:
        raise RequestError("nothing to measure: name at least one initialization and one seed")
    where = device or choose_device("cpu")
    found = trace(specimen, seeds[0])
    return _Measuring(specimen, found, recipes, list(dict.fromkeys(seeds)), where, histograms).run(method, progress)


def products(found: Trace) -> float:
    """Return the operations of the products of a forward pass, on average over its sites.

    Args:
        found: the network's trace.
    """
    weighted = [site for site in found.sites if site.fan_in and site.kind != "embedding"]
    return sum(2 * (site.fan_in or 0) * prod(site.shape) for site in weighted) / max(len(found.sites), 1)


@dataclass
class _Measuring:
    specimen: Specimen
    trace: Trace
    recipes: Sequence[Recipe]
    seeds: Sequence[int]
    device: Device
    histograms: bool

    def run(self, method: Method, progress: Progress) -> Measurement:
        wanted = [(chosen, seed) for seed in self.seeds for chosen in self.recipes]
        place = self.device.torch_device
        model = made(self.specimen, self.seeds[0])
        prepare(model, self.specimen.training)
        model.to(place)
        to = lambda value: mapped(value, lambda tensor: tensor.to(place))
        here = replace(
            self.specimen, args=to(self.specimen.args), kwargs=to(self.specimen.kwargs), target=to(self.specimen.target)
        )
        drawn = tuple(s.index for s in self.trace.sites if s.role == "stream") if self.histograms else ()
        passes = Passes(model, here, self.trace, drawn)
        plain = _seconds(passes.plain, self.device)
        memory = Memory.of(self.trace, model, self.device)
        chosen, at_once, reason = self._method(method, memory, len(wanted))
        started = time.perf_counter()
        parts, weights, treated, setting = [], [], [], 0.0
        remarks = list(self.trace.remarks)
        done = 0
        while done < len(wanted):
            states = []
            begun = time.perf_counter()
            for recipe_, seed in wanted[done : done + at_once]:
                state, names = self._state(model, recipe_, seed)
                weights.append(describe_weights(self.trace, state))
                treated.append([p.name in names for p in self.trace.parameters])
                states.append({name: tensor.to(place) for name, tensor in state.items()})
            setting += time.perf_counter() - begun
            part = None
            if chosen == "vmap":
                try:
                    part = passes.at_once(states)
                except Exception as error:
                    if method == "vmap":
                        raise RequestError(f"vmap cannot run this network: {_said(error)}; method='loop' can") from None
                    chosen, at_once = "loop", 1
                    reason = f"one configuration after the other, because vmap cannot run this network: {_said(error)}"
            if part is None:
                part = _loop(passes, states)
            parts.append(part)
            done += len(states)
            progress(done / len(wanted))
        self.device.synchronize()
        seconds = time.perf_counter() - started - setting
        if missing := sorted({index for part in parts for index in part.missing}):
            labels = ", ".join(self.trace.sites[index].label for index in missing[:3])
            remarks.append(
                f"Not come to in every pass, so not measured there: {labels}. The way depends on the values."
            )
        peak = torch.cuda.max_memory_allocated(place) if place.type == "cuda" else None
        cost = Cost(chosen, reason, str(place), len(wanted), at_once, seconds, plain, memory.bytes_for(at_once), peak)
        return self._measurement(wanted, parts, np.stack(weights), np.array(treated, bool), cost, remarks)

    def _method(self, method: Method, memory: Memory, count: int) -> tuple[Used, int, str]:
        fitting = min(count, MOST_AT_ONCE, memory.most_at_once())
        if method == "loop":
            return "loop", 1, "one configuration after the other, as asked"
        size = products(self.trace)
        if method == "auto" and self.device.torch_device.type == "cpu" and size > LARGE_PRODUCTS:
            reason = f"one configuration after the other: {size:.2g} operations per site keep the processor busy alone"
            return "loop", 1, reason
        if fitting < 2:
            why = "memory has no room for two" if count > 1 else "there is only one"
            return ("vmap", 1, "one program, as asked") if method == "vmap" else ("loop", 1, f"one at a time: {why}")
        return (
            "vmap",
            fitting,
            f"{fitting} configurations in one program: with {size:.2g} operations per site calls take most of the time",
        )

    def _state(self, model: nn.Module, chosen: Recipe, seed: int) -> tuple[State, frozenset[str]]:
        """Return one configuration's parameters and buffers, those that the prepared model keeps."""
        began = initialized(self.specimen, self.trace, chosen, seed)
        kept = state_of(model)
        return {name: tensor for name, tensor in state_of(began.model).items() if name in kept}, began.treated

    def _measurement(
        self,
        wanted: Sequence[tuple[Recipe, int]],
        parts: Sequence[Found],
        weights: np.ndarray,
        treated: np.ndarray,
        cost: Cost,
        remarks: Sequence[str],
    ) -> Measurement:
        joined = {name: _joined([getattr(part, name) for part in parts]) for name in _ARRAYS}
        rows = joined["rows"]
        signal = {name: rows[..., column] for column, name in enumerate(COLUMNS)}
        inputs = np.array([site.kind == "input" for site in self.trace.sites])
        gradients = np.where(inputs, np.nan, np.sqrt(joined["gradients"]))
        floating = [n for n, p in enumerate(self.trace.parameters) if p.floating]
        of_weights = np.full(weights.shape[:2], np.nan)
        of_weights[:, floating] = joined["weights"]
        columns = {name: weights[..., column] for column, name in enumerate(WEIGHT_COLUMNS)}
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = of_weights / columns["rms"]
        return Measurement(
            tuple(Configuration(chosen.text, seed) for chosen, seed in wanted),
            self.trace.sites,
            self.trace.parameters,
            Signal(**signal, grad_rms=gradients),
            Weights(**columns, grad_rms=of_weights, got_gradient=of_weights != 0, update_ratio=ratio, treated=treated),
            joined["loss"],
            self.specimen.classes,
            cost,
            self.trace.examples,
            self._histograms(joined["histograms"]),
            None,
            self.trace.unseen,
            tuple(remarks),
        )

    def _histograms(self, numbers: np.ndarray) -> Histograms | None:
        if not self.histograms:
            return None
        stream = tuple(site.index for site in self.trace.sites if site.role == "stream")
        lo, hi, counts = numbers[..., 0], numbers[..., 1], numbers[..., 2 : BINS + 2]
        return Histograms(stream, lo, hi, counts, *(numbers[..., BINS + 2 + n] for n in range(3)))


_ARRAYS = ("rows", "gradients", "weights", "loss", "histograms")


def _joined(parts: Sequence[Tensor]) -> np.ndarray:
    return torch.cat([part.double().cpu() for part in parts]).numpy()


def _loop(passes: Passes, states: Sequence[State]) -> Found:
    try:
        return passes.one_by_one(states)
    except RequestError:
        raise
    except Exception as error:
        raise RequestError(f"the network cannot be run forward and back: {_said(error)}") from error


def _said(error: Exception) -> str:
    """Return the first line of what was raised, and where."""
    text = f"in {error.where}: {error.reason}" if isinstance(error, Stopped) else f"{type(error).__name__}: {error}"
    line = text.splitlines()[0]
    return line if len(line) <= MOST_SAID else f"{line[:MOST_SAID]} …"


def _seconds(call: Callable[[], Any], device: Device) -> float:
    """Return the shorter of two times: the first one also pays for what is set up once."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        call()
        device.synchronize()
        times.append(time.perf_counter() - begun)
    return min(times)
