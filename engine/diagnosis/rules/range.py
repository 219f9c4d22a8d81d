from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.defaults import LARGEST
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules

# What is added before a softmax to hide something is meant to be out of range.
MASK = -1e9
# The format that is held against a network where none is named.
UNASKED = "fp16"


@rules.register
class Range(Rule):
    """Values beyond the largest number of a format; a warning about fp16 where none is named.

    Attributes:
        share: share of the largest number that may be used.
    """

    name = "range"
    card = Card("Range", "largest |value| ÷ largest number of the format", "Micikevicius et al. 2018; IEEE 754")
    verdict = "too big"
    explains = ("update_ratio",)
    exemptions = f"masks of attention; formats that are not named, but for {UNASKED}, of which it warns"
    remedy = "Scale the layer before it down, normalize, or train in bf16."

    share: float = 1.0

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield for each format the first site that leaves it."""
        magnitude = evidence.measurement.signal.magnitude[evidence.rows]
        smallest = evidence.signal("minimum")
        for name in evidence.intended or (UNASKED,):
            limit = self.share * LARGEST[name]
            for site in evidence.sites:
                values = magnitude[:, site.index]
                if site.kind == "input" or np.median(smallest[:, site.index]) <= MASK:
                    continue
                found = list(
                    self.finding(
                        evidence,
                        site.label,
                        values,
                        values > limit,
                        limit,
                        f"its largest value is {{value}}, and {name} ends at {LARGEST[name]:.5g}: it overflows.",
                        "error" if evidence.intended else "warning",
                    )
                )
                if found:
                    yield from found
                    break
