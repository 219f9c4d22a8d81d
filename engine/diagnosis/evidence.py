"""What rules look at: the measurement of one initialization on all seeds, and how its sites hang together."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from goldilocks.engine.diagnosis.measurement import Array, Measurement
from goldilocks.engine.diagnosis.site import Parameter, Part, Site

# Sites whose value is a product with weights.
WEIGHTED = ("affine", "convolution")
# Additions on the stream that make a network residual; with fewer, its weights are the steps.
FEWEST_ADDITIONS = 3


@dataclass(frozen=True)
class Evidence:
    """One initialization under all seeds.

    Attributes:
        measurement: of all initializations.
        init: which one.
        intended: number formats that the network is meant to be trained in besides float32.
    """

    measurement: Measurement
    init: str
    intended: tuple[str, ...] = ()

    @cached_property
    def rows(self) -> Array:
        """Places of the configurations."""
        return self.measurement.rows(self.init)

    @property
    def seeds(self) -> int:
        """How many there are."""
        return len(self.rows)

    @property
    def sites(self) -> tuple[Site, ...]:
        """In execution order."""
        return self.measurement.sites

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Of the network."""
        return self.measurement.parameters

    def signal(self, name: str) -> Array:
        """Return a statistic of all sites `[seed, site]`."""
        return getattr(self.measurement.signal, name)[self.rows]

    def weights(self, name: str) -> Array:
        """Return a statistic of all parameters `[seed, parameter]`."""
        return getattr(self.measurement.weights, name)[self.rows]

    @cached_property
    def first_loss(self) -> Array:
        """Loss before any step `[seed]`."""
        return self.measurement.first_loss[self.rows]

    @cached_property
    def consumers(self) -> dict[int, list[Site]]:
        """Which sites use the value of a site directly."""
        found: dict[int, list[Site]] = {site.index: [] for site in self.sites}
        for site in self.sites:
            for index in site.inputs:
                found[index].append(site)
        return found

    def sources(self, site: Site) -> list[Site]:
        """Return the sites whose values enter a site."""
        return [self.sites[index] for index in site.inputs]

    def beyond(self, site: Site) -> Iterator[Site]:
        """Yield the sites that depend on a site, however far."""
        reached, waiting = set(), [site.index]
        while waiting:
            for consumer in self.consumers[waiting.pop()]:
                if consumer.index not in reached:
                    reached.add(consumer.index)
                    waiting.append(consumer.index)
                    yield consumer

    @cached_property
    def spine(self) -> list[Site]:
        """The steps of the stream from input to output: its additions where it is residual, else its weights.

        Only sites that every path passes: what is computed beside the stream, such as a gate, is none of its steps.
        Where a normalization follows each step, its value stands for the step's, whose own scale means nothing.
        """
        stream = [site for site in self.sites if site.role == "stream" and site.index in self._passed_by_all]
        additions = [site for site in stream if site.kind == "addition"]
        if len(additions) < FEWEST_ADDITIONS:
            return [self._normalized(site) for site in stream if site.kind in WEIGHTED]
        normalized = [self._normalized(site) for site in additions]
        after_norms = sum(one.kind == "normalization" for one in normalized)
        return normalized if 2 * after_norms > len(additions) else additions

    @cached_property
    def _passed_by_all(self) -> set[int]:
        """Sites that no path from the examples to the loss goes around."""
        informed: set[int] = set()
        for site in self.sites:
            if site.connected and (site.kind in ("input", "embedding") or informed.intersection(site.inputs)):
                informed.add(site.index)
        farthest = {
            index: max((one.index for one in self.consumers[index] if one.connected), default=-1) for index in informed
        }
        passed, reach = set(), -1
        for index in sorted(informed):
            if reach <= index:
                passed.add(index)
            reach = max(reach, farthest[index])
        return passed

    def _normalized(self, site: Site) -> Site:
        """Return the normalization that alone follows a site, else the site: before a norm its scale means nothing."""
        behind = self.consumers[site.index]
        return behind[0] if len(behind) == 1 and behind[0].kind == "normalization" else site

    def incoming(self, name: str, site: Site) -> Array:
        """Return a statistic of what enters a site `[seed]`: of the largest of its sources; NaN without any."""
        if not site.inputs:
            return np.full(self.seeds, np.nan)
        return self.signal(name)[:, list(site.inputs)].max(1)

    def culprit_of(self, site: Site) -> Site:
        """Return what brings zeros about: for an activation what enters it, which a remedy has to change."""
        sources = self.sources(site)
        return sources[0] if site.kind == "activation" and len(sources) == 1 and sources[0].kind != "input" else site

    def weight_of(self, site: Site) -> str:
        """Return the name of the matrix that a site multiplies by, or nothing."""
        return self._entering(site, "weight")

    def bias_of(self, site: Site) -> str:
        """Return the name of the bias that a site adds, or nothing."""
        return self._entering(site, "bias")

    def _entering(self, site: Site, part: Part) -> str:
        parts = {one.name: one.part for one in self.parameters}
        return next((name for name in site.parameters if parts.get(name) == part), "")

    def is_zero_branch(self, site: Site) -> bool:
        """Tell whether a site ends a residual branch that is meant to begin at zero, or lies behind such an end."""
        return site.role in ("branch", "read-out") or (
            site.role == "skip" and not any(one.role == "stream" for one in self.consumers[site.index])
        )
