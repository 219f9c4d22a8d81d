from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.flow import WEIGHTED
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Site

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
        """Yield a note about the first of such biases."""
        biases = {one.name: place for place, one in enumerate(evidence.parameters) if one.part == "bias"}
        found = [(site, name) for site in evidence.sites for name in site.parameters if name in biases]
        lost = [(site, name) for site, name in found if self._is_subtracted(evidence, site)]
        if not lost:
            return
        # The first stands for all.
        site, name = lost[0]
        values = evidence.weights("rms")[:, biases[name]]
        more = f" The same holds for {len(lost) - 1} more." if len(lost) > 1 else ""
        why = f"its bias (rms {{value}}) is subtracted again by {evidence.flow.consumers[site.index][0].label}.{more}"
        yield from self.finding(evidence, site.label, values, np.isfinite(values), 0.0, why, "note", module=site.name)

    @staticmethod
    def _is_subtracted(evidence: Evidence, site: Site) -> bool:
        behind = evidence.flow.consumers[site.index]
        return bool(behind) and all(one.operation in SUBTRACTING for one in behind) and site.kind in WEIGHTED
