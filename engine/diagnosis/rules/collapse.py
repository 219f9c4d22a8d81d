from collections.abc import Iterator

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.diagnosis.rules.base import Rule, rules, typical


@rules.register
class Collapse(Rule):
    """Different inputs that come out alike.

    Attributes:
        warns: mean cosine between examples from which on it is a warning.
        fails: mean cosine from which on it is an error.
    """

    name = "collapse"
    card = Card("Collapse", "mean cosine between centred examples → 1", "Schoenholz et al. 2017; Dong et al. 2021")
    verdict = "too small"
    explains = ("dead_units", "update_ratio")
    exemptions = "sites off the way to the loss; tables of positions, and what is made of them alone"
    remedy = (
        "Take less bias and more weight variance (the edge of chaos), add shortcuts, or normalize; compare the inputs."
    )

    warns: float = 0.99
    fails: float = 0.9995

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding where examples first come out alike."""
        if evidence.measurement.examples < 2:
            return
        alike = evidence.signal("similarity")
        constant = self._constant(evidence, alike)
        for site in evidence.sites:
            if site.index in constant or not site.connected or site.role in ("branch", "skip", "read-out"):
                continue
            if site.kind == "attention":
                continue
            values = alike[:, site.index]
            grave = typical(values) >= self.fails
            found = list(
                self.finding(
                    evidence,
                    site.label,
                    values,
                    values >= self.warns,
                    self.fails if grave else self.warns,
                    "different examples have a mean cosine of {value} here: the network cannot tell them apart.",
                    "error" if grave else "warning",
                )
            )
            if found:
                yield from found
                return

    def _constant(self, evidence: Evidence, alike: Array) -> set[int]:
        """Return the sites that no example enters, such as a table of positions, and what is made of them alone."""
        constant: set[int] = set()
        for site in evidence.sites:
            source = site.kind == "embedding" and bool((alike[:, site.index] >= self.fails).all())
            if source or (site.inputs and constant.issuperset(site.inputs)):
                constant.add(site.index)
        return constant
