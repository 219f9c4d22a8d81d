from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules

SUBTRACTING = ("batch_norm", "instance_norm")


@rules.register
class BiasBeforeNorm(Rule):
    """A bias that the normalization behind it takes away again."""

    name = "bias_before_norm"
    card = Card("Bias before a norm", "BN(Wx + b) = BN(Wx)", "Ioffe and Szegedy 2015, §3.2")
    exemptions = "layer, group and RMS norm, which take their statistics over several units"
    remedy = "Make the layer without a bias; the shift of the normalization does its work."
    code = "bias=False  # in {module}"

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        biases = {one.name for one in evidence.parameters if one.part == "bias"}
        for site in evidence.sites:
            own = [name for name in site.parameters if name in biases]
            behind = evidence.consumers[site.index]
            if not own or not behind or any(one.operation not in SUBTRACTING for one in behind):
                continue
            place, _ = evidence.parameter(own[0]) or (0, None)
            values = evidence.weights("rms")[:, place]
            why = f"its bias (rms {{value}}) is subtracted again by {behind[0].label} and never learns."
            yield from self.finding(evidence, site.label, values, np.isfinite(values), 0.0, why, "note", site.name)
