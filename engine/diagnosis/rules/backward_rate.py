from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.measurement import Array
from goldilocks.engine.diagnosis.rate_rule import RateRule
from goldilocks.engine.diagnosis.rules.base import rules


@rules.register
class BackwardRate(RateRule):
    """A gradient that vanishes or explodes on its way back along the stream."""

    name = "backward_rate"
    card = Card(
        "Backward rate",
        "geometric mean of grad_rms(l)/grad_rms(l+1) along the stream",
        "Glorot and Bengio 2010; Hochreiter 1991",
    )
    explains = ("dead_units", "update_ratio", "collapse")
    remedy = "Take the scheme for the activation, such as Kaiming for ReLU, put a normalization in, or add shortcuts."
    code = 'model = report.apply("kaiming")'
    quantity = "gradient"

    def sizes(self, evidence: Evidence) -> Array:
        """Return the rms of the gradient, from the last step to the first."""
        # In the direction in which the gradient runs.
        return evidence.signal("grad_rms")[:, [site.index for site in reversed(evidence.flow.spine)]]
