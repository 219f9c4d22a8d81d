from collections.abc import Iterator
from typing import ClassVar

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules


@rules.register
class Dead(Rule):
    """A layer that is zero on every example: nothing passes through it, and no gradient comes back.

    Attributes:
        share: share of dead units from which on it is an error.
    """

    name = "dead"
    card = Card("Dead layer", "nearly all units are 0 on the whole batch", "Lu et al. 2019, Dying ReLU")
    verdict = "dead"
    explains = (
        "forward_rate",
        "backward_rate",
        "collapse",
        "first_loss",
        "update_ratio",
        "residual_growth",
        "scale_jump",
        "symmetry",
        "saturated",
        "dead_units",
    )
    exemptions = "last layers of residual branches and read-outs, which may begin at zero; what a dead site feeds"
    remedy = (
        "Draw the weights of the layer that gives the zeros anew and set its bias to zero, so that some inputs of the "
        "activation are positive."
    )
    without_bias: ClassVar[str] = (
        "Draw the weights of the layer that gives the zeros anew, so that some inputs of the activation are positive."
    )
    code = 'nn.init.kaiming_normal_(model.get_parameter("{weight}"))\nnn.init.zeros_(model.get_parameter("{bias}"))'

    share: float = 0.95

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield the first dead sites; what depends on them follows."""
        dead = evidence.signal("frac_dead_units")
        behind: set[int] = set()
        for site in evidence.sites:
            if site.index in behind or site.kind in ("input", "embedding") or evidence.is_zero_branch(site):
                continue
            values = dead[:, site.index]
            culprit = evidence.culprit_of(site)
            found = list(
                self.finding(
                    evidence,
                    culprit.label,
                    values,
                    values >= self.share,
                    self.share,
                    f"a share of {{value}} of the units of {site.label} is 0 on every example; no gradient comes back.",
                    "error",
                    remedy="" if evidence.bias_of(culprit) else self.without_bias,
                    weight=evidence.weight_of(culprit),
                    bias=evidence.bias_of(culprit),
                )
            )
            if found:
                yield from found
                behind |= {later.index for later in evidence.flow.beyond(site)}
