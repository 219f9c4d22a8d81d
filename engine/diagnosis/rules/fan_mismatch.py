from collections.abc import Iterator
from math import prod

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Parameter, Site

# What a weight's variance times its fan is in the schemes in use: torch's default, LeCun and Xavier, Kaiming.
GAINS = (1 / 3, 1.0, 2.0)


@rules.register
class FanMismatch(Rule):
    """Weights scaled by another number than that of the inputs of a unit.

    Attributes:
        factor: a mistake by less than this factor in the variance is not held against it.
        close: relative distance within which a variance is taken to be meant, sampling error aside.
    """

    name = "fan_mismatch"
    card = Card(
        "Fan mismatch",
        "Var W · fan ∈ {1/3, 1, 2} for a fan that is not the layer's fan_in",
        "He et al. 2015; the classic cases are transposed, depthwise and bottleneck convolutions",
    )
    exemptions = "layers that a normalization follows, where the scale does not count; read-outs; tables"
    remedy = (
        "Scale the weights by the inputs of a unit: channels that it sees ÷ groups × kernel (÷ strides, transposed)."
    )
    code = 'model = report.apply("kaiming")'

    factor: float = 1.9
    close: float = 0.03

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        std = evidence.weights("std")
        for place, parameter in enumerate(evidence.parameters):
            site = evidence.sites[parameter.sites[0]] if parameter.sites else None
            if (
                site is None
                or parameter.part != "weight"
                or parameter.fan_in is None
                or not self._counts(evidence, site)
            ):
                continue
            variance = std[:, place] ** 2
            wrong = self._wrong_fan(parameter, site, float(np.median(variance)))
            if wrong is None:
                continue
            yield from self.finding(
                evidence,
                site.label,
                variance * parameter.fan_in,
                variance > 0,
                variance[0] * wrong,
                f"its weights are scaled by a fan of {wrong:g}, but each of its units has {parameter.fan_in:g} inputs.",
                "warning",
                parameter.layer,
            )

    @staticmethod
    def _counts(evidence: Evidence, site: Site) -> bool:
        normalized = site.normalized_next or any(one.kind == "normalization" for one in evidence.consumers[site.index])
        return site.kind in ("convolution", "affine") and not normalized and site.role != "read-out"

    def _wrong_fan(self, parameter: Parameter, site: Site, variance: float) -> float | None:
        """Return the fan that explains the variance where the right one does not, or None."""
        fan_in, entries = float(parameter.fan_in or 0), prod(parameter.shape)
        tolerance = self.close + 3 * (2 / entries) ** 0.5
        if entries < 64 or self._explained(variance * fan_in, tolerance):
            return None
        receptive = prod(parameter.shape[2:])
        named = [parameter.fan_out, parameter.shape[0] * receptive, parameter.shape[1] * receptive]
        if site.kind == "convolution":
            named.append(max(parameter.shape[:2]) * receptive)
        fans = [fan for fan in named if fan and max(fan / fan_in, fan_in / fan) >= self.factor]
        return next((float(fan) for fan in fans if self._explained(variance * fan, tolerance)), None)

    @staticmethod
    def _explained(product: float, tolerance: float) -> bool:
        return any(abs(product / gain - 1) < tolerance for gain in GAINS)
