from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding, Severity
from goldilocks.engine.diagnosis.rules.base import BY_SIZE, Rule, rules


@rules.register
class InputScale(Rule):
    """Inputs whose size no initialization expects, such as pixels from 0 to 255.

    Attributes:
        low: a warning below this rms.
        high: a warning above it.
        grave: an error above it.
    """

    name = "input_scale"
    card = Card("Scale of the inputs", "rms of the inputs", "LeCun et al. 1998, Efficient BackProp, §4.3")
    verdict = BY_SIZE
    explains = (
        "dead_units",
        "first_loss",
        "saturated",
        "range",
        "forward_rate",
        "scale_jump",
        "lopsided_addition",
        "dead",
    )
    exemptions = "integers, such as token ids, have no scale"
    remedy = "Standardize the inputs: subtract the mean of the training set and divide by its standard deviation."
    code = "x = (x - x_train.mean(0)) / x_train.std(0).clamp_min(1e-6)"

    low: float = 0.01
    high: float = 10.0
    grave: float = 50.0

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such input."""
        rms = evidence.signal("rms")
        for site in evidence.sites:
            if site.kind != "input":
                continue
            values = rms[:, site.index]
            small, large = (values < self.low) & (values > 0), values > self.high
            severity: Severity = "error" if np.median(values) > self.grave else "warning"
            yield from self.finding(
                evidence,
                site.label,
                values,
                small | large,
                self.high if large.any() else self.low,
                "the inputs have rms {value}; initializations keep the size of inputs of about 1.",
                severity,
            )
