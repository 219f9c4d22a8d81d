from collections.abc import Iterator
from typing import ClassVar

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
        fewest: examples that a batch needs for a unit to count as dead.
    """

    name = "dead_units"
    card = Card("Dead units", "share of units that are 0 on the whole batch", "Lu et al. 2019, Dying ReLU")
    remedy = "Bring the biases of the layer before it to zero, or lower the learning rate that will be used."
    without_bias: ClassVar[str] = "Normalize what enters it, or lower the learning rate that will be used."

    share: float = 0.5
    fewest: int = 8
    exemptions = f"residual branches and read-outs that begin at zero; batches of fewer than {fewest} examples"

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding about the activation with the most of them."""
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
        values, before = dead[:, worst.index], evidence.culprit_of(worst)
        yield from self.finding(
            evidence,
            worst.label,
            values,
            values >= self.share,
            self.share,
            "a share of {value} of its units is 0 on every example; no gradient comes back through them.",
            "warning",
            remedy="" if evidence.bias_of(before) else self.without_bias,
        )
