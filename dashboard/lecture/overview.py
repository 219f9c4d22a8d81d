"""All claims of the lecture on one screen: a line each, with what became of it for whoever has asked."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.thumbnail import thumbnail
from goldilocks.dashboard.lecture.judgment import CANNOT_TELL, HOLDS, IN_PART, NOT_HERE, Measured
from goldilocks.dashboard.lecture.row import Finding

# Verdict, number and thumbnail as HTML.
Told = tuple[str, str, str]
# The classes of the verdicts in the page's style.
MARKS = {HOLDS: "holds", IN_PART: "part", NOT_HERE: "not", CANNOT_TELL: "open"}
NOT_MEASURED = "not measured"
# In place of a verdict that nobody has asked for.
HIDDEN = '<span class="verdict open" title="Answer the row, or show all answers">?</span>'
STYLE = """
.claims { border-collapse: collapse; width: 100%; font-size: 0.82rem; line-height: 1.2; }
.claims :is(td, th) {
  border-top: 1px solid light-dark(#e4e4dc, #30353a); padding: 0.06rem 0.6rem 0.06rem 0; text-align: left;
  vertical-align: middle; font-weight: 400;
}
.claims thead th { border: 0; font-size: 0.8rem; white-space: nowrap; color: light-dark(#5b626b, #a3abb5); }
.claims a { font-weight: 600; text-decoration: none; color: light-dark(#1d59b3, #7fb2ff); white-space: nowrap; }
.claims a:hover { text-decoration: underline; }
.claims small { color: light-dark(#5b626b, #a3abb5); font-size: 0.78rem; }
.claims img { display: block; max-width: none; }
@media (min-width: 641px) { .claims td:nth-child(2):has(~ .decides:not(:empty)) { width: 40%; } }
.verdict { border-radius: 0.4rem; padding: 0.05rem 0.45rem; font-weight: 600; white-space: nowrap; }
.verdict.holds { background: light-dark(#d8f0e3, #123d2c); color: light-dark(#07543b, #8fe0bd); }
.verdict.part { background: light-dark(#faebc8, #463508); color: light-dark(#664a00, #f0cf7a); }
.verdict.not { background: light-dark(#fbdfd8, #4d1f16); color: light-dark(#8a2611, #ffb3a1); }
.verdict.open { background: light-dark(#ececea, #2c3138); color: light-dark(#4a5058, #c0c7cf); }
@media (max-width: 640px) {
  .claims, .claims tbody { display: block; }
  .claims thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  .claims tr {
    display: grid; grid-template-columns: 2.6rem 1fr auto; border-top: 1px solid light-dark(#e4e4dc, #30353a);
  }
  .claims :is(td, th) { border: 0; }
  .claims .decides { grid-column: 2; }
  .claims :is(td, .decides):empty { display: none; }
}
"""
HEAD = ("Row", "The lecture's claim", "Here", "The number that decides", "Figure")


@dataclass(frozen=True)
class Line:
    """One claim of the overview.

    Attributes:
        number: of its row.
        claim: what the lecture says.
        address: the query string of the row's link.
        told: from `told`; None where the reader has not asked.
    """

    number: int
    claim: str
    address: str
    told: Told | None


def badge(verdict: str) -> str:
    """Return a verdict as HTML.

    Args:
        verdict: of `judgment.VERDICTS`; empty where nothing was measured.
    """
    return f'<span class="verdict {MARKS.get(verdict, "open")}">{escape(verdict or NOT_MEASURED)}</span>'


def table(lines: Iterable[Line]) -> str:
    """Return the overview as HTML; columns of what nobody has uncovered stay empty.

    Args:
        lines: one per claim.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEAD)
    return f'<table class="claims"><thead><tr>{head}</tr></thead><tbody>{"".join(map(_line, lines))}</tbody></table>'


def _line(line: Line) -> str:
    link = f'<a href="{escape(line.address)}" data-row="{line.number}">L{line.number}</a>'
    told = line.told or (HIDDEN, "", "")
    cells = "".join(
        f'<td class="{name}">{cell}</td>' for name, cell in zip(("here", "decides", "figure"), told, strict=True)
    )
    return f'<tr><th scope="row">{link}</th><td>{escape(line.claim)}</td>{cells}</tr>'


def told(finding: Finding | None) -> Told:
    """Return what became of a claim.

    Args:
        finding: what the store says; None where it has nothing.
    """
    if finding is None:
        return badge(""), "", ""
    chart = finding.figure.chart
    picture = _picture(thumbnail(chart)) if isinstance(chart, Chart) else ""
    return badge(finding.measured.verdict), _number(finding.measured), picture


def _picture(svg: str) -> str:
    """Return an image that holds itself: the pages let no SVG of their own through. Its figure stands in the row."""
    return f'<img src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}" alt="">'


def decision(found: Measured) -> str:
    """Return the verdict on a claim and the number that decides it, as HTML.

    Args:
        found: what the store says about it.
    """
    return f"{badge(found.verdict)} {_number(found)}"


def _number(found: Measured) -> str:
    if found.number is None:
        return ""
    return f"<strong>{escape(found.number.value)}</strong> <small>{escape(found.number.meaning)}</small>"
