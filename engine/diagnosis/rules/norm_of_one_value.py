from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Site

OVER_ONE_EXAMPLE = ("group_norm", "layer_norm")


@rules.register
class NormOfOneValue(Rule):
    """A normalization whose statistics are over a single value, so that it gives its shift and nothing else."""

    name = "norm_of_one_value"
    card = Card("Norm of one value", "(x − x)/√(0 + ε) = 0", "Ioffe and Szegedy 2015; Wu and He 2018")
    verdict = "dead"
    explains = ("dead_units", "dead", "forward_rate", "backward_rate", "collapse", "first_loss", "update_ratio")
    exemptions = "batch and instance norm, which PyTorch itself refuses to compute over one value"
    remedy = "Use more channels per group, that is fewer groups, or more positions."

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such normalization."""
        std = evidence.signal("std")
        for site in evidence.sites:
            if site.kind != "normalization" or not site.inputs:
                continue
            entering = evidence.incoming("std", site)
            lost = (entering > 0) & (evidence.incoming("unit_std", site) > 0) & (std[:, site.index] < 1e-3 * entering)
            why = "it normalizes single values, which gives zero whatever enters."
            if site.operation in OVER_ONE_EXAMPLE and self._ones(evidence, site):
                yield from self.finding(evidence, site.label, np.ones(evidence.seeds), lost, 1.0, why, "error")

    @staticmethod
    def _ones(evidence: Evidence, site: Site) -> bool:
        """Tell whether the scale that enters is not what makes its value vanish."""
        scales = [one for one in evidence.parameters if one.part == "scale" and site.index in one.sites]
        places = [evidence.parameters.index(one) for one in scales]
        return not places or bool((evidence.weights("rms")[:, places] > 0).all())
