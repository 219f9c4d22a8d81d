from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules


@rules.register
class DeadUnits(Rule):
    """Many units of an activation that are zero on every example: they cost and do not learn from this batch.

    Attributes:
        share: share of dead units from which on it is a warning.
    """

    name = "dead_units"
    card = Card("Dead units", "share of units that are 0 on the whole batch", "Lu et al. 2019, Dying ReLU")
    exemptions = "residual branches and read-outs that begin at zero; batches of fewer than eight examples"
    remedy = "Bring the biases of the layer before it to zero, or lower the learning rate that will be used."

    share: float = 0.5
    fewest: int = 8

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.measurement.examples < self.fewest:
            return
        dead = evidence.signal("frac_dead_units")
        activations = [
            site for site in evidence.sites if site.kind == "activation" and not evidence.is_zero_branch(site)
        ]
        if not activations:
            return
        # The worst stands for all.
        worst = max(activations, key=lambda site: float(np.median(dead[:, site.index])))
        values = dead[:, worst.index]
        yield from self.finding(
            evidence,
            worst.label,
            values,
            values >= self.share,
            self.share,
            "a share of {value} of its units is 0 on every example; no gradient comes back through them.",
            "warning",
        )
