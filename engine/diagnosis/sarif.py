"""Findings as SARIF 2.1.0, which GitHub shows beside the code."""

from pathlib import Path
from typing import Any

from goldilocks.engine.diagnosis.finding import Finding, counted
from goldilocks.engine.diagnosis.rules import rules

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"


def sarif(findings: tuple[Finding, ...], source: str) -> dict[str, Any]:
    """Return a log of one run.

    Args:
        findings: about a network.
        source: file of the factory, relative to the repository.
    """
    members = sorted({one.rule for one in findings})
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": {"name": "Goldilocks", "rules": [_rule(name) for name in members]}},
                "results": [_result(one, members.index(one.rule), source) for one in findings],
            }
        ],
    }


def source_of(factory: str) -> str:
    """Return the file that a factory's name points at, as GitHub wants it: relative, with slashes.

    Args:
        factory: as the command was given it.
    """
    place = factory.removeprefix("hf:") if factory.startswith("hf:") else factory.rpartition(":")[0] or factory
    path = Path(place if place.endswith((".py", ".json")) else f"{place.replace('.', '/')}.py")
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.as_posix().lstrip("/")


def _rule(name: str) -> dict[str, Any]:
    rule = rules[name]
    summary = (rule.__doc__ or rule.card.title).strip().splitlines()[0]
    return {
        "id": name,
        "name": rule.card.title,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": f"{rule.card.formula}. {rule.card.reference}"},
        "help": {"text": rule.remedy},
    }


def _result(finding: Finding, rule: int, source: str) -> dict[str, Any]:
    seeds = f"{finding.seeds} of {counted(finding.of, 'seed')}"
    said = f"{finding.site} ({finding.init}, {seeds}): {finding.why} {finding.remedy}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": said},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": source}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": finding.site, "kind": "member"}],
            }
        ],
        "partialFingerprints": {"goldilocks/v1": finding.fingerprint},
    }
