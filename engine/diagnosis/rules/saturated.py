from collections.abc import Iterator

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules, typical

# Half of what enters these is saturated by design.
ONE_SIDED = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "hardswish")


@rules.register
class Saturated(Rule):
    """An activation that is driven to its flat ends.

    Attributes:
        warns: share of saturated values from which on it is a warning.
        fails: share from which on it is an error.
    """

    name = "saturated"
    card = Card("Saturated", "share of values where φ is flat and at an end", "Glorot and Bengio 2010")
    verdict = "too big"
    explains = ("dead_units", "backward_rate", "update_ratio")
    exemptions = "rectifiers, which are flat on one side by design; softmax"
    remedy = "Make what enters it smaller: standardize the inputs or take Xavier's scale for the layer before."
    code = 'nn.init.xavier_normal_(model.get_parameter("{weight}"))'

    warns: float = 0.5
    fails: float = 0.8

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each such activation."""
        share = evidence.signal("frac_saturated")
        for site in evidence.sites:
            if site.kind != "activation" or (site.activation or "").split("(")[0] in ONE_SIDED:
                continue
            values = share[:, site.index]
            grave = typical(values) >= self.fails
            before = [one for one in evidence.flow.sources(site) if one.kind in ("affine", "convolution")]
            yield from self.finding(
                evidence,
                site.label,
                values,
                values >= self.warns,
                self.fails if grave else self.warns,
                "a share of {value} of its values lies where the function is flat; little gradient comes back.",
                "error" if grave else "warning",
                weight=evidence.weight_of(before[0]) if before else "",
            )
