from collections.abc import Iterator

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules


@rules.register
class NonFinite(Rule):
    """NaN or infinity in a parameter, or in a value whose inputs are finite."""

    name = "nonfinite"
    card = Card("Not finite", "share of NaN and ±∞ > 0", "IEEE 754", "uninitialized memory shows here, too")
    verdict = "diverged"
    explains = (
        "dead_units",
        "forward_rate",
        "backward_rate",
        "scale_jump",
        "dead",
        "saturated",
        "collapse",
        "first_loss",
        "range",
        "residual_growth",
        "lopsided_addition",
        "update_ratio",
        "symmetry",
    )
    remedy = "Initialize the parameter, or bound what enters the operation."

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield such parameters, or where there are none the first such site."""
        bad = evidence.weights("nonfinite")
        for place, parameter in enumerate(evidence.parameters):
            why = "a share of {value} of its entries is NaN or infinite; every step keeps them so."
            yield from self.finding(evidence, parameter.name, bad[:, place], bad[:, place] > 0, 0.0, why, "error")
        if (bad > 0).any():
            return
        values = evidence.signal("nonfinite")
        for site in evidence.sites:
            here = values[:, site.index] > 0
            before = (values[:, list(site.inputs)] > 0).any(1)
            why = "a share of {value} of what leaves it is NaN or infinite, and nothing that enters it is."
            found = list(self.finding(evidence, site.label, values[:, site.index], here & ~before, 0.0, why, "error"))
            if found:
                yield from found
                return
