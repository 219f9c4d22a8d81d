"""A report as text that fits a terminal of `COLUMNS` columns."""

from collections.abc import Iterator
from dataclasses import replace
from textwrap import wrap
from typing import TYPE_CHECKING

from goldilocks.engine.diagnosis.finding import Finding, counted

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.report import Report

COLUMNS = 80
NAME = 24


def text(report: "Report") -> str:
    """Return the table of initializations, the findings and what one should know.

    Args:
        report: of a diagnosis.
    """
    return "\n".join(_lines(report))


def _lines(report: "Report") -> Iterator[str]:
    measurement = report.measurement
    yield from _wrapped(report.heading)
    yield ""
    yield f"{'initialization':<{NAME}} {'forward':>8} {'backward':>8} {'loss':>7} {'behind':>14}  verdict"
    for row in report.ranking.to_dict("records"):
        behind = f"{row['behind']:.2g}" if row["place"] > 1 else "best"
        if row["place"] > 1 and row["behind_high"] == row["behind_high"]:
            behind += f"±{row['behind_high'] - row['behind']:.1g}"
        numbers = (row["forward_rate"], row["backward_rate"], row["first_loss"])
        cells = [_number(value) for value in numbers]
        name = str(row["init"])
        name = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
        yield f"{name:<{NAME}} {cells[0]:>8} {cells[1]:>8} {cells[2]:>7} {behind:>14}  {report.verdict(row['init'])}"
    yield ""
    yield from _wrapped(
        "forward, backward: factor of signal and gradient per step; behind: difference of |ln total factor| to "
        "the best, in pairs of common seeds. What has fewer errors is better."
    )
    given = report.specimen
    if given.classes is None and given.loss is None and given.target is None:
        yield from _wrapped(
            "loss: the network's own, or where it returns none the mean of its outputs times ±1, which says nothing by "
            "itself; --classes or --loss give another."
        )
    alike: dict[Finding, list[Finding]] = {}
    for finding in report.findings:
        alike.setdefault(replace(finding, init="", value=0.0, limit=0.0), []).append(finding)
    for findings in alike.values():
        yield ""
        yield from _finding(findings)
    if not report.findings:
        yield ""
        yield "No findings."
    for remark in (*measurement.remarks, *report.unseen):
        yield ""
        yield from _wrapped(f"Note: {remark}")


def _finding(findings: list[Finding]) -> Iterator[str]:
    """Yield a finding, once for all initializations about which the same is said."""
    finding = findings[0]
    seeds = f"{finding.seeds} of {counted(finding.of, 'seed')}"
    inits = ", ".join(one.init for one in findings)
    yield from _wrapped(f"{finding.severity.upper()} {finding.rule} at {finding.site} ({inits}, {seeds})")
    yield from _wrapped(f"{finding.why[:1].upper()}{finding.why[1:]} {finding.remedy}", "  ")
    for line in finding.code.splitlines():
        yield f"    {line}"


def _wrapped(line: str, indent: str = "") -> list[str]:
    return wrap(line, COLUMNS, initial_indent=indent, subsequent_indent=indent) or [""]


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3g}"
