from collections.abc import Iterator
from math import inf, log

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules, typical


@rules.register
class FirstLoss(Rule):
    """A classifier that is sure of itself before it has seen anything.

    Attributes:
        warns: first loss over ln C from which on it is a warning.
        fails: first loss over ln C from which on it is an error.
    """

    name = "first_loss"
    card = Card("First loss", "cross-entropy at the start ÷ ln C", "CS231n, Babysitting the learning process")
    verdict = "too big"
    explains = ("update_ratio",)
    exemptions = "networks that are no classifiers"
    remedy = "Make the logits small: divide the read-out's weights by the standard deviation of its logits."
    code = 'model.get_parameter("{weight}").data.div_({std})'

    warns: float = 1.75
    fails: float = 3.0

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding about the read-out."""
        classes = evidence.measurement.classes
        if classes is None or classes < 2:
            return
        ratio = evidence.first_loss / log(classes)
        ends = [site for site in evidence.sites if site.role == "read-out"] or list(evidence.sites[-1:])
        weighted = [site for site in ends if site.parameters] or ends
        grave = typical(ratio) >= self.fails
        std = float(np.median(evidence.signal("std")[:, weighted[-1].index]))
        yield from self.finding(
            evidence,
            weighted[-1].label,
            evidence.first_loss,
            ratio >= self.warns,
            (self.fails if grave else self.warns) * log(classes),
            f"the first loss is {{value}}, ln {classes} is {log(classes):.3g}; the logits have std {std:.2g}.",
            "error" if grave else "warning",
            weight=evidence.weight_of(weighted[-1]) if 0 < std < inf else "",
            std=std,
        )
