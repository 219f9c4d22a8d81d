from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules, typical
from goldilocks.engine.diagnosis.site import Site


@rules.register
class LopsidedAddition(Rule):
    """An addition in which one summand drowns the other.

    Attributes:
        warns: ratio of the sizes from which on it is a warning.
        fails: ratio from which on it is an error.
    """

    name = "lopsided_addition"
    card = Card(
        "Branch against skip", "rms of one summand ÷ rms of the other", "De and Smith 2020; Zhang et al. 2019, Fixup"
    )
    verdict = "too big"
    explains = ("collapse", "first_loss", "update_ratio", "scale_jump")
    exemptions = (
        "branches that are small beside their shortcut, as zero-initialized ones and layer scale are meant to be"
    )
    remedy = "Give both summands the same scale, or normalize the branch."

    warns: float = 15.0
    fails: float = 50.0

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such addition."""
        rms = evidence.signal("rms")
        for site in evidence.sites:
            summands = evidence.flow.sources(site)
            if site.kind != "addition" or len(summands) != 2 or not site.connected:
                continue
            large, small = sorted(summands, key=lambda one: -float(np.median(rms[:, one.index])))
            if not self._counts(large, small):
                continue
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = rms[:, large.index] / rms[:, small.index]
            # Where the sum is smaller than its larger summand, that is scaled on the way by what is no site.
            arrives = rms[:, site.index] > rms[:, large.index] / 2
            grave = typical(ratio) >= self.fails
            yield from self.finding(
                evidence,
                large.label,
                ratio,
                (ratio >= self.warns) & (rms[:, small.index] > 0) & arrives,
                self.fails if grave else self.warns,
                f"it is {{value}} times as large as {small.label}, to which it is added: what that says is lost.",
                "error" if grave else "warning",
            )

    @staticmethod
    def _counts(large: Site, small: Site) -> bool:
        both_tables = large.kind == small.kind == "embedding"
        return both_tables or (large.role == "branch" and small.role != "branch")
