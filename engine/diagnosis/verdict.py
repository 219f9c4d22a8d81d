"""One word for an initialization, from what the rules found; each rule declares the word that its findings give."""

from typing import get_args

from goldilocks.engine.diagnosis.finding import SEVERITIES, Finding
from goldilocks.engine.diagnosis.rules import rules
from goldilocks.engine.diagnosis.rules.base import BY_SIZE, Verdict

HEALTHY = "just right"


def verdict(findings: tuple[Finding, ...], init: str) -> str:
    """Return `diverged`, `dead`, `symmetric`, `too big`, `too small` or `just right`.

    Where findings give several words, one that leaves nothing to measure goes before a size, and the size is that of
    the gravest finding.

    Args:
        findings: about a network.
        init: which initialization.
    """
    own = [one for one in findings if one.init == init and one.severity != "note"]
    own.sort(key=lambda one: -SEVERITIES.index(one.severity))
    words = [word for one in own if (word := _word(one))]
    beyond = [word for word in get_args(Verdict) if word in words and word not in BY_SIZE]
    return next(iter((*beyond, *words)), HEALTHY)


def _word(finding: Finding) -> Verdict | None:
    declared = rules[finding.rule].verdict
    return declared[finding.value >= 1] if isinstance(declared, tuple) else declared
