"""All rules together: what they find, less what follows from something graver that was found."""

from goldilocks.engine.diagnosis.evidence import Evidence
from goldilocks.engine.diagnosis.finding import SEVERITIES, Finding
from goldilocks.engine.diagnosis.measurement import Measurement
from goldilocks.engine.diagnosis.rules import rules


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
    explained = {name for rule in speaking for name in members[rule].explains}
    return [one for one in found if one.rule not in explained]
