from collections.abc import Iterator

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules


@rules.register
class Symmetry(Rule):
    """Units that begin alike, get the same gradient, and stay alike forever.

    Attributes:
        share: share of units with a twin from which on it counts.
    """

    name = "symmetry"
    card = Card("Symmetry", "share of units whose incoming weights equal another's", "CS231n lecture 7")
    verdict = "symmetric"
    explains = ("update_ratio", "fan_mismatch", "collapse")
    exemptions = "weights of zero in residual branches, read-outs and behind dead units; layers of one unit"
    remedy = "Draw the weights at random."
    code = 'nn.init.kaiming_normal_(model.get_parameter("{weight}"))'

    share: float = 0.1

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such weight."""
        equal, rms = evidence.weights("equal_units"), evidence.weights("rms")
        for place, parameter in enumerate(evidence.parameters):
            if parameter.part != "weight" or not parameter.connected or not parameter.trained:
                continue
            values = equal[:, place]
            # Where all weights are 0, it is the rule of dead units that speaks, or it is meant.
            yield from self.finding(
                evidence,
                parameter.name,
                values,
                (values >= self.share) & (rms[:, place] > 0),
                self.share,
                "a share of {value} of its units has the same incoming weights as another; they learn the same.",
                "error",
                weight=parameter.name,
            )
