"""What rules look at: the measurement of one initialization on all seeds, and how its sites hang together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from goldilocks.engine.diagnosis.flow import Flow
from goldilocks.engine.diagnosis.measurement import Array, Measurement
from goldilocks.engine.diagnosis.site import Parameter, Part, Site


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
    def flow(self) -> Flow:
        """How the sites hang together."""
        return Flow(self.sites)

    def incoming(self, name: str, site: Site) -> Array:
        """Return a statistic of what enters a site `[seed]`: of the largest of its sources; NaN without any."""
        if not site.inputs:
            return np.full(self.seeds, np.nan)
        return self.signal(name)[:, list(site.inputs)].max(1)

    def culprit_of(self, site: Site) -> Site:
        """Return what brings zeros about: for an activation what enters it, which a remedy has to change."""
        sources = self.flow.sources(site)
        return sources[0] if site.kind == "activation" and len(sources) == 1 and sources[0].kind != "input" else site

    def weight_of(self, site: Site) -> str:
        """Return the name of the matrix that a site multiplies by, or nothing where it is computed from several."""
        return "" if self.has_normalized_weight(site) else self._entering(site, "weight")

    def has_normalized_weight(self, site: Site) -> bool:
        """Tell whether a site multiplies by a weight that is computed from a direction and its lengths."""
        return self._entering(site, "weight") != "" and self._entering(site, "scale") != ""

    def bias_of(self, site: Site) -> str:
        """Return the name of the bias that a site adds, or nothing."""
        return self._entering(site, "bias")

    def _entering(self, site: Site, part: Part) -> str:
        parts = {one.name: one.part for one in self.parameters}
        return next((name for name in site.parameters if parts.get(name) == part), "")

    def is_zero_branch(self, site: Site) -> bool:
        """Tell whether a site ends a residual branch that is meant to begin at zero, or lies behind such an end."""
        return site.role in ("branch", "read-out") or (
            site.role == "skip" and not any(one.role == "stream" for one in self.flow.consumers[site.index])
        )
