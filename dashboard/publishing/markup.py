"""What a page shows as HTML: texts, tables and figures; what a reader would choose is there as it was chosen."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
from markdown_it import MarkdownIt

from goldilocks.dashboard.charts.chart import records
from goldilocks.dashboard.numerals import numeral
from goldilocks.dashboard.publishing.pages import nodes

# Pictures are fetched from wherever a text says.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
# What Streamlit adds to Markdown: badges and words in colour, and symbols of a font that is not there.
BADGE = re.compile(r":([a-z]+)-badge\[((?:\\.|[^\]\\])*)\]")
COLOUR = re.compile(r":([a-z]+)\[((?:\\.|[^\]\\])*)\]")
SYMBOL = re.compile(r":material/[a-z_0-9]+:\s*")
BADGE_OPEN, BADGE_CLOSE = "\ue000", "\ue001"
FIGURE = "figure-"
# Rows of a table that are shown; its file has all.
MOST_ROWS = 50
# What has one of these has a width of its own.
FIXED = {"width", "hconcat", "vconcat", "concat", "facet", "repeat"}
CHOOSING = ("button_group", "selectbox", "multiselect", "toggle", "checkbox", "radio", "slider", "select_slider")


@dataclass
class Markup:
    """Turns trees into HTML.

    Attributes:
        kept: saves the rows of some SQL under a name and returns the address of the file.
    """

    kept: Callable[[str, str], str]

    def of(self, trees: Iterable[Any]) -> str:
        """Return some trees as HTML, one after the other.

        Args:
            trees: parts of a page.
        """
        return "\n".join(filter(None, map(self._node, trees)))

    def _node(self, node: Any) -> str:
        key = getattr(node, "key", None) or ""
        if key.startswith(FIGURE):
            return self._figure(node, key.removeprefix(FIGURE))
        shown = getattr(self, f"_{node.type}", None)
        if shown is not None:
            return shown(node)
        return self.of(node.children.values()) if hasattr(node, "children") else ""

    def _figure(self, node: Any, name: str) -> str:
        """Return a figure with its rows and SQL at hand instead of the menu of downloads."""
        sql = next(one.value for one in nodes(node) if one.type == "code")
        body = self.of(node.children.values())
        link = f'<a href="{escape(self.kept(name, sql))}" download>CSV</a>'
        code = f"<details><summary>SQL</summary><pre>{escape(sql)}</pre></details>"
        return f'<figure id="{escape(name)}">\n{body}\n<figcaption class="files">{link}{code}</figcaption>\n</figure>'

    def _popover(self, node: Any) -> str:
        return ""

    def _title(self, node: Any) -> str:
        return f"<h1>{escape(node.value)}</h1>"

    def _markdown(self, node: Any) -> str:
        return markdown(node.value)

    def _caption(self, node: Any) -> str:
        return f'<div class="caption">{markdown(node.value)}</div>'

    def _success(self, node: Any) -> str:
        return self._info(node)

    def _warning(self, node: Any) -> str:
        return self._info(node)

    def _info(self, node: Any) -> str:
        return f'<div class="said">{markdown(node.value)}</div>'

    def _divider(self, node: Any) -> str:
        return "<hr>"

    def _code(self, node: Any) -> str:
        return f"<pre>{escape(node.value)}</pre>"

    def _metric(self, node: Any) -> str:
        return f'<p class="metric"><span>{escape(node.label)}</span> <b>{escape(node.value)}</b></p>'

    def _expander(self, node: Any) -> str:
        label = inline(node.label)
        return f"<details><summary>{label}</summary>\n{self.of(node.children.values())}\n</details>"

    def _column(self, node: Any) -> str:
        body = self.of(node.children.values())
        return f'<div class="column" style="flex-grow: {node.weight:.3g}">{body}</div>' if body else ""

    def _flex_container(self, node: Any) -> str:
        body = self.of(node.children.values())
        beside = any(child.type == "column" for child in node.children.values())
        return f'<div class="columns">{body}</div>' if beside else body

    def _dataframe(self, node: Any) -> str:
        return table(node.value)

    def _table(self, node: Any) -> str:
        return table(node.value)

    def _vega_lite_chart(self, node: Any) -> str:
        text = json.dumps(specification(node.proto)).replace("</", "<\\/")
        label = escape(node.proto.alt or "chart")
        return (
            f'<div class="chart" role="img" aria-label="{label}"></div><script type="application/json">{text}</script>'
        )


def choices(tree: Any) -> str:
    """Return as a paragraph what is chosen on a page: `Activation: tanh · Normalization: none`.

    Args:
        tree: the page.
    """
    chosen = []
    for node in nodes(tree):
        if node.type in CHOOSING and node.label and (said := _chosen(node)):
            chosen.append(f"{inline(node.label)}: {said}")
    return f'<p class="choices">{" · ".join(chosen)}</p>' if chosen else ""


def _chosen(node: Any) -> str:
    """Return what is chosen in a widget, as it is written there."""
    value = node.value
    if isinstance(value, bool) or value is None:
        return ""
    values = value if isinstance(value, list | tuple) else [value]
    show = getattr(node, "format_func", None) or str
    return ", ".join(inline(str(show(one))) for one in values)


def specification(proto: Any) -> dict[str, Any]:
    """Return a chart as Vega-Lite with its data, as wide as what it stands in unless it has panels.

    Args:
        proto: what Streamlit sends to the browser.
    """
    spec = json.loads(proto.spec)
    frames = {one.name: pa.ipc.open_stream(BytesIO(one.data.data)).read_pandas() for one in proto.datasets}
    spec["datasets"] = {name: records(frame) for name, frame in frames.items()}
    if not spec.keys() & FIXED:
        spec |= {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    return spec


def markdown(text: str) -> str:
    """Return Markdown as Streamlit understands it as HTML; HTML in it is text.

    Args:
        text: the Markdown.
    """
    return _badges(MARKDOWN.render(_plainer(text)))


def inline(text: str) -> str:
    """Return a line of Markdown as HTML without a paragraph around it."""
    return _badges(MARKDOWN.renderInline(_plainer(text)))


def _plainer(text: str) -> str:
    text = SYMBOL.sub("", text)
    text = BADGE.sub(lambda met: f"{BADGE_OPEN}{met[1]}:{met[2]}{BADGE_CLOSE}", text)
    return COLOUR.sub(lambda met: met[2], text)


def _badges(text: str) -> str:
    return re.sub(f"{BADGE_OPEN}([a-z]+):", r'<span class="badge \1">', text).replace(BADGE_CLOSE, "</span>")


def table(frame: pd.DataFrame) -> str:
    """Return the first rows of a frame as a table.

    Args:
        frame: any.
    """
    head = "".join(f"<th>{escape(str(name))}</th>" for name in frame.columns)
    rows = frame.head(MOST_ROWS).to_numpy(object)
    cells = ("".join(f"<td>{escape(_cell(value))}</td>" for value in row) for row in rows)
    body = "\n".join(f"<tr>{row}</tr>" for row in cells)
    more = f'<p class="caption">{len(frame):,} rows; the first {MOST_ROWS}.</p>' if len(frame) > MOST_ROWS else ""
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>{more}'


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else numeral(value)
    return "" if value is None else str(value)
