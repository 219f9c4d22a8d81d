"""All rules together: what they find, less what follows from something graver that was found."""

from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import SEVERITIES, Finding
from goldilocks.engine.diagnosis.measurement import Measurement
from goldilocks.engine.diagnosis.rules import rules
from goldilocks.engine.diagnosis.rules.base import Rule


def judge(measurement: Measurement, intended: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    """Return what is wrong with a network, gravest first within each initialization.

    Args:
        measurement: of all its initializations.
        intended: number formats that it is meant to be trained in: `fp16`, `bf16`, `fp8`.
    """
    found = []
    for init in measurement.inits:
        evidence = Evidence(measurement, init, intended)
        found += sorted(_causes(evidence), key=lambda one: -SEVERITIES.index(one.severity))
    return tuple(found)


def _causes(evidence: Evidence) -> list[Finding]:
    members = {rule.name: rule() for rule in rules}
    found = [finding for rule in members.values() for finding in rule.check(evidence)]
    # What is merely worth knowing explains nothing.
    speaking = {one.rule for one in found if one.severity != "note"}
    explained = {name for name in members for rule in speaking if explains(members[rule], members[name])}
    return [one for one in found if one.rule not in explained]


def explains(cause: Rule, other: Rule) -> bool:
    """Return whether the findings of a rule are left out beside those of another.

    Of two that may follow from each other the one that explains more stands, so that one is left.

    Args:
        cause: the one that would explain.
        other: the one that would be left out.
    """
    if other.name not in cause.explains:
        return False
    mutual = cause.name in other.explains
    return not mutual or (len(cause.explains), cause.name) > (len(other.explains), other.name)
