"""A report as HTML for a notebook: table, strips over the stream, findings. No script, no package of the dashboard."""

from collections.abc import Iterator
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from goldilocks.engine.diagnosis.finding import Finding, counted
from goldilocks.engine.diagnosis.measurement import Array

if TYPE_CHECKING:
    from goldilocks.engine.diagnosis.report import Report

WIDTH, HEIGHT = 260, 48
# Decades that a strip spans at least, so that rounding does not look like a trend.
FEWEST_DECADES = 1.0
COLOURS = {"error": "#b3261e", "warning": "#8a5a00", "note": "#44546a"}


def html(report: "Report") -> str:
    """Return the report as a fragment of HTML.

    Args:
        report: of a diagnosis.
    """
    return "".join(_parts(report))


def _parts(report: "Report") -> Iterator[str]:
    yield f"<div><p>{escape(report.heading)}</p><table><thead><tr>"
    for heading in (
        "initialization",
        "verdict",
        "forward",
        "backward",
        "first loss",
        "behind the best",
        "signal",
        "gradient",
    ):
        yield f"<th>{heading}</th>"
    yield "</tr></thead><tbody>"
    for row in report.ranking.to_dict("records"):
        along = report.strip(row["init"])
        numbers = (row["forward_rate"], row["backward_rate"], row["first_loss"])
        cells = [escape(str(row["init"])), report.verdict(row["init"]), *map(_number, numbers), _behind(row)]
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells)
        yield f"<td>{_svg(along.forward, along.labels)}</td><td>{_svg(along.backward, along.labels)}</td></tr>"
    yield "</tbody></table>"
    yield from map(_finding, report.findings)
    for remark in (*report.measurement.remarks, *report.unseen):
        yield f"<p>{escape(remark)}</p>"
    yield "</div>"


def _finding(finding: Finding) -> str:
    colour = COLOURS[finding.severity]
    code = f"<pre>{escape(finding.code)}</pre>" if finding.code else ""
    site = f"{escape(finding.rule)} at <code>{escape(finding.site)}</code>"
    return (
        f'<p><b style="color:{colour}">{finding.severity}</b> {site}'
        f" ({escape(finding.init)}, {finding.seeds} of {counted(finding.of, 'seed')})<br>{escape(finding.why)} "
        f"{escape(finding.remedy)}</p>{code}"
    )


def _behind(row: dict) -> str:
    if row["place"] == 1:
        return "best"
    low, high = row["behind_low"], row["behind_high"]
    return f"{row['behind']:.2g}" + (f" [{low:.2g}, {high:.2g}]" if isfinite(low) else "")


def _number(value: float) -> str:
    return "–" if value != value else f"{value:.3g}"


def _svg(sizes: Array, labels: tuple[str, ...]) -> str:
    """Draw sizes along the stream on a logarithmic axis, one line per seed; gaps where a size has no logarithm."""
    if sizes.shape[1] < 2:
        return ""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log10(sizes)
    finite = logs[np.isfinite(logs)]
    if not len(finite):
        return "diverged"
    low, high = float(finite.min()), float(finite.max())
    middle, half = (low + high) / 2, max(high - low, FEWEST_DECADES) / 2
    title = f"{labels[0]} to {labels[-1]}: 1e{low:.1f} to 1e{high:.1f}"
    lines = "".join(
        f'<polyline points="{points}" fill="none" stroke="#1f5fa8" stroke-opacity="0.6"/>'
        for points in (_points(row, middle, half) for row in logs)
        if points
    )
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img"><title>{escape(title)}</title>{lines}</svg>'


def _points(row: Array, middle: float, half: float) -> str:
    places = [(place, value) for place, value in enumerate(row) if isfinite(value)]
    return " ".join(
        f"{WIDTH * place / (len(row) - 1):.1f},{HEIGHT * (0.5 - (value - middle) / half * 0.45):.1f}"
        for place, value in places
    )
