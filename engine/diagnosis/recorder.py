"""What one pass of one configuration records at the sites of a trace, under vmap or without."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from goldilocks.engine.diagnosis.activation_met import activation_of
from goldilocks.engine.diagnosis.operations import first_tensor, with_first_tensor
from goldilocks.engine.diagnosis.scratch import Scratch
from goldilocks.engine.diagnosis.specimen import Specimen
from goldilocks.engine.diagnosis.taps import Tap, reduced, tapped, value_of
from goldilocks.engine.diagnosis.trace import Trace
from goldilocks.engine.diagnosis.value_counts import LENGTH, count_values
from goldilocks.engine.diagnosis.value_statistics import COLUMNS, describe
from goldilocks.engine.diagnosis.watch import Event
from goldilocks.engine.saturation import ends


class Recorder:
    """Describes what leaves every site, and adds a tap to it.

    Args:
        found: the trace.
        specimen: its inputs are sites, too.
        probes: one row per site, whose gradient will be what `Tap` makes of the gradient there.
        limits: for each activation that saturates or not where it does, as `saturation_limits` finds them.
        counted: sites whose values are counted in histograms.
        scratch: given on a CPU where a step may depend on the values, as it may not under vmap.
    """

    def __init__(
        self,
        found: Trace,
        specimen: Specimen,
        probes: Tensor,
        limits: dict[int, tuple[float, float]],
        counted: Sequence[int] = (),
        scratch: Scratch | None = None,
    ):
        self._places = dict(zip(found.keys, found.sites, strict=True))
        self._examples, self._probes, self._limits = found.examples, probes, limits
        self._rows: dict[int, Tensor] = {}
        self._counted = counted
        self._counts: dict[int, Tensor] = {}
        self._scratch = scratch
        # What hooks found, as the gradient of a probe.
        self.of_gradients: dict[int, Tensor] = {}
        for count, tensor in enumerate((tensor for tensor, signal in specimen.given if signal), 1):
            self._record("", 1, "input", count, tensor, None)

    def seen(self, event: Event) -> Any:
        """Describe what leaves an operation that is a site, and return it tapped."""
        site = self._places.get(event.key)
        value = value_of(event)
        if site is None or value is None or site.index in self._rows:
            return event.result
        before = None
        if site.index in self._limits and event.args:
            entering = event.args[0]
            before = entering if isinstance(entering, Tensor) and entering is not value else None
        self._record(*event.key, value, before)
        if self._scratch is not None and (tensor := first_tensor(event.result)) is not None and tensor.requires_grad:
            # A hook costs no copy; under vmap, and where nothing before has a gradient, there is none.
            tensor.register_hook(partial(self._of_gradient, site.index))
            return event.result
        probe = self._probes[site.index] if site.index in self._counted else self._probes[site.index, :1]
        return with_first_tensor(event.result, lambda x: tapped(event, x, lambda value: Tap.apply(probe, value)))

    def _record(
        self, name: str, call: int, operation: str, occurrence: int, value: Tensor, before: Tensor | None
    ) -> None:
        site = self._places[name, call, operation, occurrence]
        limits = self._limits.get(site.index, (-torch.inf, torch.inf))
        entering = None if before is None else before.detach()
        self._rows[site.index] = describe(value, site.unit_axis, self._examples, entering, limits, self._scratch)
        if site.index in self._counted:
            self._counts[site.index] = count_values(value)

    def _of_gradient(self, index: int, gradient: Tensor) -> None:
        self.of_gradients[index] = reduced(gradient, index in self._counted, self._probes.dtype, eager=True)

    @property
    def missing(self) -> list[int]:
        """Sites that the pass did not reach."""
        return [site.index for site in self._places.values() if site.index not in self._rows]

    def rows(self, like: Tensor) -> Tensor:
        """Return the statistics `[site, column]`, NaN where the pass did not reach one.

        Args:
            like: a tensor of the device and type wanted.
        """
        absent = like.new_full((len(COLUMNS),), torch.nan)
        return torch.stack([self._rows.get(index, absent) for index in range(len(self._places))])

    def counts(self, like: Tensor) -> Tensor:
        """Return the histograms of the sites that are counted `[site, number]`, zeros where the pass did not reach one.

        Args:
            like: a tensor of the device and type wanted.
        """
        absent = like.new_zeros(LENGTH)
        found = [self._counts.get(index, absent) for index in self._counted]
        return torch.stack(found) if found else like.new_zeros(0, LENGTH)


def saturation_limits(found: Trace) -> dict[int, tuple[float, float]]:
    """Return for each activation of a network the values at and beyond which it is saturated.

    Args:
        found: the network's trace.
    """
    limits = {}
    for site in found.sites:
        if site.activation is not None:
            of_site = ends(activation_of(site.activation))
            limits[site.index] = (of_site.low, of_site.high)
    return limits
