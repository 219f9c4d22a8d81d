from collections.abc import Iterator
from fractions import Fraction
from math import prod

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Site

# What a weight's variance times its fan is in the schemes in use: torch's default, LeCun and Xavier, Kaiming.
GAINS = (Fraction(1, 3), Fraction(1), Fraction(2))


@rules.register
class FanMismatch(Rule):
    """Weights scaled by another number than that of the inputs of a unit.

    Attributes:
        factor: a mistake by less than this factor in the variance is not held against it.
        close: relative distance within which a variance is taken to be meant, sampling error aside.
        fewest: entries that a matrix needs for its variance to be told.
    """

    name = "fan_mismatch"
    card = Card(
        "Fan mismatch",
        f"Var W · fan ∈ {{{', '.join(map(str, GAINS))}}} for a fan that is not the layer's fan_in",
        "He et al. 2015; the classic cases are transposed, depthwise and bottleneck convolutions",
    )
    exemptions = (
        "layers that a normalization follows, where the scale does not count; normalized weights; read-outs; tables"
    )
    remedy = (
        "Scale the weights by the inputs of a unit: channels that it sees ÷ groups × kernel (÷ strides, transposed)."
    )
    code = 'model = report.apply("kaiming")'

    factor: float = 1.9
    close: float = 0.03
    fewest: int = 64

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding about the first of such layers."""
        std = evidence.weights("std")
        wrong = {place: fan for place in range(len(evidence.parameters)) if (fan := self._wrong_fan(evidence, place))}
        if not wrong:
            return
        # One habit of an author shows in many layers: the first stands for all.
        place, fan = next(iter(wrong.items()))
        parameter, variance = evidence.parameters[place], std[:, place] ** 2
        more = f" The same holds for {len(wrong) - 1} more." if len(wrong) > 1 else ""
        yield from self.finding(
            evidence,
            evidence.sites[parameter.sites[0]].label,
            variance * (parameter.fan_in or 0.0),
            variance > 0,
            float(np.median(variance)) * fan,
            f"its weights are scaled by a fan of {fan:g}, but each unit has {parameter.fan_in:g} inputs.{more}",
            "warning",
        )

    @staticmethod
    def _counts(evidence: Evidence, site: Site) -> bool:
        normalized = site.normalized_next or any(
            one.kind == "normalization" for one in evidence.flow.consumers[site.index]
        )
        plain = not evidence.has_normalized_weight(site)
        return site.kind in ("convolution", "affine") and plain and not normalized and site.role != "read-out"

    def _wrong_fan(self, evidence: Evidence, place: int) -> float | None:
        """Return the fan that explains the variance of a parameter where the right one does not, or None."""
        parameter = evidence.parameters[place]
        site = evidence.sites[parameter.sites[0]] if parameter.sites else None
        if site is None or parameter.part != "weight" or not parameter.fan_in or not self._counts(evidence, site):
            return None
        variance, entries = float(np.median(evidence.weights("std")[:, place])) ** 2, prod(parameter.shape)
        tolerance = self.close + 3 * (2 / entries) ** 0.5
        if entries < self.fewest or self._explained(variance * parameter.fan_in, tolerance):
            return None
        receptive = prod(parameter.shape[2:])
        named = [parameter.fan_out, *(channels * receptive for channels in parameter.shape[:2])]
        far = [fan for fan in named if fan and max(fan / parameter.fan_in, parameter.fan_in / fan) >= self.factor]
        return next((float(fan) for fan in far if self._explained(variance * fan, tolerance)), None)

    @staticmethod
    def _explained(product: float, tolerance: float) -> bool:
        return any(abs(product / float(gain) - 1) < tolerance for gain in GAINS)
