"""What the rules of the forward and the backward rate have in common."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from goldilocks.engine.diagnosis.defaults import PRESERVED
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.diagnosis.rates import rate_of
from goldilocks.engine.diagnosis.rules.base import BY_SIZE, Rule

# With fewer steps a rate is none to speak of.
FEWEST_STEPS = 3


class RateRule(Rule):
    """A factor per step of the stream that is not 1, over a depth at which it matters.

    Attributes:
        low: smallest factor per step.
        high: largest factor per step.
        warns: total factor had all steps the median one, or its reciprocal, from which on it is a warning.
        fails: total factor had all steps the median one, or its reciprocal, from which on it is an error.
    """

    quantity: ClassVar[str]
    verdict = BY_SIZE
    exemptions = (
        f"read-outs and branches; fewer than {FEWEST_STEPS} steps; one step out of line; a total factor below the "
        "threshold"
    )

    low: float = PRESERVED[0]
    high: float = PRESERVED[1]
    warns: float = 30.0
    fails: float = 1000.0

    def sizes(self, evidence: Evidence) -> Array:
        """Return sizes along the spine in the direction in which they change `[seed, step]`.

        Args:
            evidence: the measurement of an initialization.
        """
        raise NotImplementedError(f"{type(self).__name__} must define sizes")

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding where the factor per step is off and the total one far."""
        spine = evidence.flow.spine
        sizes = self.sizes(evidence)
        rate = rate_of(sizes) if len(spine) > FEWEST_STEPS else None
        if rate is None:
            return
        total = np.maximum(rate.typical, 1 / rate.typical)
        sense = np.sign(np.log(rate.typical))
        per_step = rate.typical ** (1 / rate.steps)
        clear = np.where(sense > 0, per_step > self.high, per_step < self.low)
        clear &= np.where(sense > 0, rate.high > 1, rate.low < 1)
        over = "one addition" if spine[0].kind == "addition" else "one layer"
        worst = rate.worst if self.quantity == "signal" else len(spine) - 1 - rate.worst
        yield from self.finding(
            evidence,
            spine[worst].label,
            per_step,
            clear & (total > self.warns),
            self.high if np.median(sense) > 0 else self.low,
            f"the {self.quantity} changes by a factor of {{value}} over {over} to the next, and by "
            f"{np.median(rate.total):.2g} over {rate.steps} of them, most of all here.",
            "error" if np.median(total) > self.fails else "warning",
        )
