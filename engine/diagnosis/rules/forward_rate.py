from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.diagnosis.rate_rule import RateRule
from goldilocks.engine.diagnosis.rules.base import rules


@rules.register
class ForwardRate(RateRule):
    """A signal that shrinks or grows along the stream."""

    name = "forward_rate"
    card = Card(
        "Forward rate", "geometric mean of std(l+1)/std(l) along the stream", "CS231n lecture 7; Schoenholz et al. 2017"
    )
    explains = ("dead_units", "backward_rate", "collapse", "first_loss", "residual_growth", "update_ratio", "saturated")
    remedy = (
        "Take the scheme for the activation, such as Kaiming for ReLU, put a normalization in, or scale the branches."
    )
    code = 'model = report.apply("kaiming")'
    quantity = "signal"

    def sizes(self, evidence: Evidence) -> Array:
        """Return the standard deviation of the signal."""
        return evidence.signal("std")[:, [site.index for site in evidence.flow.spine]]
