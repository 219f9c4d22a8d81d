"""A report as text that fits a terminal of `COLUMNS` columns."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from goldilocks.engine.diagnosis.bars import LOST, ZERO, bars
from goldilocks.engine.diagnosis.finding import Finding, counted
from goldilocks.engine.diagnosis.rates import LEVEL

if TYPE_CHECKING:
    import pandas as pd

    from goldilocks.engine.diagnosis.report import Report

COLUMNS = 80
# Of names: in the table, in a list, and beside strips.
NAME, WIDER, BESIDE = 20, 24, 14


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
    yield f"{'initialization':<{NAME}} {'forward':>12} {'backward':>12} {'loss':>7} {'behind':>13}  verdict"
    for row in report.ranking.to_dict("records"):
        behind = f"{row['behind']:.2g}" if row["place"] > 1 else "best"
        if row["place"] > 1 and row["behind_high"] == row["behind_high"]:
            behind += f"±{row['behind_high'] - row['behind']:.1g}"
        rates = [_number(row[f"{way}_rate"]) + _within(row, way) for way in ("forward", "backward")]
        name = str(row["init"])
        name = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
        loss, verdict = _number(row["first_loss"]), report.verdict(row["init"])
        yield f"{name:<{NAME}} {rates[0]:>12} {rates[1]:>12} {loss:>7} {behind:>13}  {verdict}"
    yield ""
    yield from _wrapped(
        "forward, backward: factor of signal and gradient per step, with the interval of its mean over seeds "
        f"({LEVEL:.0%}); behind: difference of |ln total factor| to the best, in pairs of common seeds. What has fewer "
        "errors is better."
    )
    given = report.specimen
    if given.classes is None and given.loss is None and given.target is None:
        yield from _wrapped(
            "loss: the network's own, or where it returns none the mean of its outputs times ±1, which says nothing by "
            "itself; --classes or --loss give another."
        )
    yield from _strips(report)
    alike: dict[Finding, list[Finding]] = {}
    for finding in report.findings:
        alike.setdefault(replace(finding, init="", value=0.0, limit=0.0), []).append(finding)
    for findings in alike.values():
        yield ""
        yield from _finding(findings)
    if not report.findings:
        yield ""
        yield "No findings."
    if report.near is not None:
        yield from _near(report.near)
    for remark in (*measurement.remarks, *report.unseen):
        yield ""
        yield from _wrapped(f"Note: {remark}")


def _strips(report: "Report") -> Iterator[str]:
    """Yield signal and gradient over the sites of the stream, where it has several."""
    strips = {init: report.strip(init) for init in report.ranking["init"]}
    labels = next(iter(strips.values())).labels
    if len(labels) > 1:
        yield ""
        yield from _wrapped(
            f"From {labels[0]} to {labels[-1]}, {len(labels)} steps (std of the signal, rms of the gradient, on a "
            f"logarithmic scale; {ZERO} zero, {LOST} not finite):"
        )
        yield from bars(strips, BESIDE)


def _near(near: "pd.DataFrame") -> Iterator[str]:
    """Yield what trained networks like it did."""
    yield ""
    if near.empty:
        yield from _wrapped("No network in this store that was trained is like it.")
        return
    yield "Trained networks most like it:"
    for _, rows in near.groupby("nearest"):
        first = rows.iloc[0]
        what = (
            f"{first['network']}, {first['depth']} layers of {first['width']}, {first['activation']}, {first['norm']}"
        )
        yield from _wrapped(f"{what}, on {first['dataset']} ({first['differs'] or 'nothing differs'})", "  ")
        for row in rows.itertuples():
            name = row.init if len(row.init) <= WIDER else f"{row.init[: WIDER - 1]}…"
            share = f"{row.share_that_train * row.seeds:.0f} of {counted(int(row.seeds), 'seed')} train"
            accuracy = row.final_test_accuracy
            yield f"    {name:<{WIDER}} {share}, accuracy {'–' if accuracy != accuracy else f'{accuracy:.1%}'}"


def _finding(findings: list[Finding]) -> Iterator[str]:
    """Yield a finding, once for all initializations about which the same is said."""
    finding = findings[0]
    seeds = f"{finding.seeds} of {counted(finding.of, 'seed')}"
    inits = ", ".join(f"{one.init} {one.value:.3g}" for one in findings)
    head = f"{finding.severity.upper()} {finding.rule} at {finding.site}"
    yield from _wrapped(f"{head} ({inits}; limit {finding.limit:.3g}; {seeds})")
    yield from _wrapped(f"{finding.why[:1].upper()}{finding.why[1:]} {finding.remedy}", "  ")
    for line in finding.code.splitlines():
        yield f"    {line}"


def _wrapped(line: str, indent: str = "") -> list[str]:
    return wrap(line, COLUMNS, initial_indent=indent, subsequent_indent=indent) or [""]


def _within(row: dict[str, Any], way: str) -> str:
    """Return how far the ends of a rate's interval are from it, as a share of it; nothing where there is no interval.

    Args:
        row: of the ranking.
        way: forward or backward.
    """
    low, high = row[f"{way}_low"], row[f"{way}_high"]
    if not 0 < low <= high < inf:
        return ""
    share = (high / low) ** 0.5 - 1
    if share >= 1:
        # The interval is symmetric in the logarithm: of one this wide a share says nothing.
        return f"×÷{1 + share:.2g}"
    return f"±{share:.0%}" if share >= 0.01 else f"±{100 * share:.1g}%"


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3g}"
