"""The mean square that theory expects at each site: what independent weights of random signs make of the batch.

A layer of random weights gives fan_in · E[w²] · E[x²] + E[b²], a normalization E[γ²] + E[β²], an activation behind one
of them E[φ(z)²] of a Gaussian z, and a branch that ends in random weights adds its mean square to that of the stream.
Elsewhere nothing is expected: where products of signals, pooling or gates stand, or weights that are no longer random.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from goldilocks.engine.diagnosis.activation_met import activation_of
from goldilocks.engine.diagnosis.measurement import Array, Weights
from goldilocks.engine.diagnosis.site import Site
from goldilocks.engine.diagnosis.trace import Trace
from goldilocks.engine.theory import maps

# A mean of weights is no accident of their draws beyond so many of its standard deviations, and adds up like a signal
# where its square, over all that enter a unit, comes to such a share of their variance.
MOST_DEVIATIONS, MOST_MEAN = 5.0, 0.1
# A normalization of less than this is governed by its ε.
LEAST_NORMALIZED = 1e-2
# Behind these sites values are Gaussian in wide networks; behind a normalization and an addition if they were before.
GAUSSIAN = ("affine", "convolution")


def predicted_rms(found: Trace, weights: Weights, measured: Array) -> Array:
    """Return the root mean square that theory expects at each site.

    Args:
        found: the network's trace.
        weights: statistics of its parameters, of every configuration.
        measured: root mean squares `[config, site]`, of which those of the inputs are used.

    Returns:
        float64 `[config, site]`; NaN where there is no theory.

    Source:
        B. Poole et al.: Exponential expressivity in deep neural networks through transient chaos. NeurIPS 2016, eq. 3;
        for sums H. Zhang et al.: Fixup initialization. ICLR 2019, section 2.
    """
    with np.errstate(all="ignore"):
        return np.sqrt(_Prediction(found, weights, measured).all_sites())


@dataclass
class _Prediction:
    found: Trace
    weights: Weights
    measured: Array

    def all_sites(self) -> Array:
        """Return the expected mean square of each site."""
        places = {parameter.name: place for place, parameter in enumerate(self.found.parameters)}
        self._place = places
        self._square = np.full(self.measured.shape, np.nan)
        self._gaussian = [False] * len(self.found.sites)
        laws: dict[str, Callable[[Site], Array | float]] = {
            "embedding": lambda site: self._size(site, "table"),
            "affine": self._weighted,
            "convolution": self._weighted,
            "normalization": self._normalized,
            "activation": self._activated,
            "addition": self._added,
        }
        for site in self.found.sites:
            if site.kind == "input":
                self._square[:, site.index] = self.measured[:, site.index] ** 2
            elif self.found.laws[site.index] is not None and site.kind in laws:
                self._square[:, site.index] = laws[site.kind](site)
        return self._square

    def _entering(self, site: Site) -> list[int]:
        law = self.found.laws[site.index]
        return [] if law is None else list(law.sources)

    def _of_part(self, site: Site, part: str) -> list[int]:
        """Return the places of the parameters of a site that play a part there."""
        named = [self._place[name] for name in site.parameters]
        return [place for place in named if self.found.parameters[place].part == part]

    def _size(self, site: Site, part: str) -> Array | float:
        """Return the sum of the mean squares of the parameters that play a part at a site."""
        return sum((self.weights.rms[:, place] ** 2 for place in self._of_part(site, part)), 0.0)

    def _weighted(self, site: Site) -> Array | float:
        matrices, law = self._of_part(site, "weight"), self.found.laws[site.index]
        if len(matrices) != 1 or site.fan_in is None or law is None or len(law.sources) != 1 or self._scaled(site):
            return np.nan
        mean, std, rms = (getattr(self.weights, name)[:, matrices[0]] for name in ("mean", "std", "rms"))
        self._gaussian[site.index] = True
        entering = site.fan_in * law.share * rms**2 * self._square[:, law.sources[0]]
        accident = np.abs(mean) <= MOST_DEVIATIONS * std / prod(self.found.parameters[matrices[0]].shape) ** 0.5
        signs = accident | (site.fan_in * mean**2 <= MOST_MEAN * std**2)
        return np.where(signs, entering + self._size(site, "bias"), np.nan)

    def _scaled(self, site: Site) -> bool:
        """Return whether the weights are computed from lengths and directions."""
        return bool(self._of_part(site, "scale"))

    def _normalized(self, site: Site) -> Array | float:
        sources = self._entering(site)
        if len(sources) != 1:
            return np.nan
        self._gaussian[site.index] = self._gaussian[sources[0]]
        scales = self._of_part(site, "scale")
        scale: Array | float = 1.0
        for place in scales:
            offset = self.found.parameters[place].name in self.found.offsets
            mean = self.weights.mean[:, place] + offset
            scale = mean**2 + self.weights.std[:, place] ** 2
        entering = self._square[:, sources[0]]
        return np.where(entering >= LEAST_NORMALIZED, scale + self._size(site, "shift"), np.nan)

    def _activated(self, site: Site) -> Array | float:
        sources = self._entering(site)
        if len(sources) != 1 or site.activation is None or not self._gaussian[sources[0]]:
            return np.nan
        activation, entering = activation_of(site.activation), self._square[:, sources[0]]
        sound = np.isfinite(entering)
        squares = np.full(entering.shape, np.nan)
        if sound.any():
            squares[sound] = maps.length(activation, entering[sound])
        return squares

    def _added(self, site: Site) -> Array | float:
        sources = self._entering(site)
        self._gaussian[site.index] = all(self._gaussian[source] for source in sources)
        return sum((self._square[:, source] for source in sources), 0.0) + self._size(site, "table")
