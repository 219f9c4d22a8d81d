from collections.abc import Iterator

import numpy as np

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Site


@rules.register
class ResidualGrowth(Rule):
    """A residual stream that grows with depth because its branches are not scaled by it.

    Attributes:
        most: factor that the stream may grow by between additions of the same shape.
    """

    name = "residual_growth"
    card = Card("Residual growth", "std after the last addition ÷ std after the first", "Radford et al. 2019, §2.3")
    verdict = "too big"
    explains = ("update_ratio", "backward_rate", "first_loss")
    exemptions = "additions of different shapes; growth per step beyond the forward rate's limit, of which that speaks"
    remedy = "Scale the last layer of each of the L branches by 1/√L, or begin it at zero."
    code = 'model = report.apply("kaiming+depth_scaled")'

    most: float = 3.0
    fewest: int = 6

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each run of additions of one shape."""
        for run in self._runs(evidence):
            std = evidence.signal("std")[:, [site.index for site in run]]
            with np.errstate(divide="ignore", invalid="ignore"):
                growth = std[:, -1] / std[:, 0]
            yield from self.finding(
                evidence,
                run[-1].label,
                growth,
                growth > self.most,
                self.most,
                f"the stream is {{value}} times as large as after {run[0].label}, {len(run) - 1} additions before.",
                "warning",
            )

    def _runs(self, evidence: Evidence) -> Iterator[list[Site]]:
        run: list[Site] = []
        # Where the stream is normalized after each addition, the spine has no additions, and nothing adds up.
        for site in [*(one for one in evidence.flow.spine if one.kind == "addition"), None]:
            if run and (site is None or site.shape != run[-1].shape):
                if len(run) >= self.fewest:
                    yield run
                run = []
            if site is not None:
                run.append(site)
