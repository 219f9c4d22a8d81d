from collections.abc import Iterator

from goldilocks.engine.card import Card
from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import Finding
from goldilocks.engine.diagnosis.rules.base import Rule, rules
from goldilocks.engine.diagnosis.site import Site


@rules.register
class Dead(Rule):
    """A layer that is zero on every example: nothing passes through it, and no gradient comes back.

    Attributes:
        share: share of dead units from which on it is an error.
    """

    name = "dead"
    card = Card("Dead layer", "nearly all units are 0 on the whole batch", "Lu et al. 2019, Dying ReLU")
    explains = (
        *("forward_rate", "backward_rate", "collapse", "first_loss", "update_ratio", "residual_growth", "scale_jump"),
        *("symmetry", "saturated", "dead_units"),
    )
    exemptions = "last layers of residual branches and read-outs, which may begin at zero; what a dead site feeds"
    remedy = (
        "Draw the weights of the layer before it, or bring its bias back to zero, so that some inputs are positive."
    )
    code = (
        'module = model.get_submodule("{module}")\nnn.init.kaiming_normal_(module.weight)\nnn.init.zeros_(module.bias)'
    )

    share: float = 0.95

    def check(self, evidence: Evidence) -> Iterator[Finding]:
        dead = evidence.signal("frac_dead_units")
        behind: set[int] = set()
        for site in evidence.sites:
            if site.index in behind or site.kind in ("input", "embedding") or evidence.is_zero_branch(site):
                continue
            values = dead[:, site.index]
            culprit = culprit_of(evidence, site)
            found = list(
                self.finding(
                    evidence,
                    culprit.label,
                    values,
                    values >= self.share,
                    self.share,
                    f"a share of {{value}} of the units of {site.label} is 0 on every example; no gradient comes back.",
                    "error",
                    culprit.name,
                )
            )
            if found:
                yield from found
                behind |= {later.index for later in evidence.beyond(site)}


def culprit_of(evidence: Evidence, site: Site) -> Site:
    """Return what brings zeros about: for an activation what enters it, which the remedy has to change."""
    sources = evidence.sources(site)
    return sources[0] if site.kind == "activation" and len(sources) == 1 and sources[0].kind != "input" else site
