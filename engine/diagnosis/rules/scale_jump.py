from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.diagnosis.rules.base import BY_SIZE, Rule, rules
from goldilocks.engine.diagnosis.site import Site


@rules.register
class ScaleJump(Rule):
    """One layer that is orders of magnitude out of line.

    Attributes:
        high: factor of the rms from what enters to what leaves from which on it is an error.
        low: factor below which it is one.
    """

    name = "scale_jump"
    card = Card("Jump of scale", "rms of what leaves ÷ rms of what enters", "He et al. 2015")
    verdict = BY_SIZE
    explains = (
        "dead_units",
        "forward_rate",
        "backward_rate",
        "first_loss",
        "saturated",
        "collapse",
        "residual_growth",
        "update_ratio",
        "lopsided_addition",
        "fan_mismatch",
        "range",
    )
    exemptions = (
        "layers at zero, of which other rules speak; what is small in a branch, in a read-out or before a norm; what "
        "leaves a layer as its bias"
    )
    remedy = "Initialize the layer by its fan_in."
    code = 'nn.init.kaiming_normal_(model.get_parameter("{weight}"))'

    high: float = 50.0
    low: float = 0.001

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such layer."""
        rms = evidence.signal("rms")
        for site in evidence.sites:
            if site.kind not in ("affine", "convolution") or not site.inputs or not site.connected:
                continue
            entering = evidence.incoming("rms", site)
            with np.errstate(divide="ignore", invalid="ignore"):
                factor = rms[:, site.index] / entering
            normalized = any(one.kind == "normalization" for one in evidence.flow.consumers[site.index])
            small = (factor < self.low) & (factor > 0) & (site.role == "stream") & (not normalized)
            large = (factor > self.high) & np.isfinite(factor) & (site.role != "read-out")
            # Behind a signal that has died out only the bias is left, which is not the layer's fault.
            large &= self._bias(evidence, site) < rms[:, site.index] / 2
            yield from self.finding(
                evidence,
                site.label,
                factor,
                small | large,
                self.high if large.any() else self.low,
                "what leaves it is {value} times as large as what enters.",
                "error",
                weight=evidence.weight_of(site),
            )

    @staticmethod
    def _bias(evidence: Evidence, site: Site) -> Array:
        """Return the rms of the bias that a site adds `[seed]`, 0 without one."""
        name, sizes = evidence.bias_of(site), evidence.weights("rms")
        place = next((n for n, one in enumerate(evidence.parameters) if one.name == name), None)
        return np.zeros(evidence.seeds) if place is None else sizes[:, place]
