"""A figure: a chart under a title that states the finding or the question, with its data, picture and SQL at hand."""

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from goldilocks.dashboard import viewport
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.group import Group
from goldilocks.dashboard.charts.panels import for_file
from goldilocks.dashboard.charts.template import Spec
from goldilocks.dashboard.question import Source
from goldilocks.dashboard.verbatim import verbatim

TABLES, PICTURES = ("CSV", "Parquet"), ("SVG", "PNG")
FORMATS = TABLES + PICTURES
PICTURE_PADDING = 12
# Letters of a line of the title of a picture, and of one below it.
TITLE_LINE, LINE = 90, 110
PROGRAM = "Goldilocks"
# Letters of a statement that the box for SQL takes.
MOST_TYPED = 20_000


@dataclass(frozen=True)
class Figure:
    """A chart with everything that a reader may want to download.

    Attributes:
        title: the finding or the question.
        chart: what to draw; several charts for a figure that is drawn piece by piece.
        source: the question behind it.
        alt_text: what a reader who cannot see it is told.
        note: a sentence below it.
    """

    title: str
    chart: Chart | Group
    source: Source
    alt_text: str
    note: str = ""

    def show(self, key: str, width: int | None = None, selected: Callable[[], None] | None = None) -> None:
        """Show it.

        Args:
            key: name of the figure, unique on the page, also of its files.
            width: what there is room for, in pixels; None means the width of the page.
            selected: what to do when the reader selects something in the chart; see `selection`.
        """
        assert isinstance(self.chart, Chart), "a group is drawn chart by chart, inside `around`"
        with self.around(key):
            draw(self.chart, f"chart-{key}", self.alt_text, selected, width)
        if self.note:
            st.caption(verbatim(self.note))

    @contextmanager
    def around(self, key: str) -> Iterator[None]:
        """Show what belongs to it above all that is drawn inside this context, each chart by `draw`.

        Args:
            key: name of the figure, unique on the page, also of its files.
        """
        with st.container(key=f"figure-{key}"):
            with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
                st.markdown(f"#### {verbatim(self.title)}", width="stretch")
                with st.popover("Download", icon=":material/download:", type="tertiary"):
                    with st.container(horizontal=True, gap="small"):
                        downloads(FORMATS, self.file, f"{PROGRAM.lower()}-{key}")
                    _sql(self.source)
            yield

    def file(self, kind: str) -> bytes:
        """Return it as a file: its rows, or its picture.

        Args:
            kind: one of `FORMATS`.
        """
        if kind in TABLES:
            return self.source.file(kind)
        return rendered(kind, self.chart.to_dict() | {"title": self._heading()})

    def _heading(self) -> Spec:
        """Return what stands above a picture: title, note and the name of this program."""
        below = [*textwrap.wrap(self.note, LINE), PROGRAM]
        title = textwrap.wrap(self.title, TITLE_LINE)
        return {"text": title, "subtitle": below, "anchor": "start", "frame": "bounds", "offset": 14}


def table_downloads(source: Source, name: str) -> None:
    """Offer the rows of what is shown in words or as a table, with their SQL.

    Args:
        source: the question behind it.
        name: unique among the figures of the page, also of its files.
    """
    with st.popover("Download the rows", icon=":material/download:", type="tertiary"):
        with st.container(horizontal=True, gap="small"):
            downloads(TABLES, source.file, f"{PROGRAM.lower()}-{name}")
        _sql(source)


def _sql(source: Source) -> None:
    """Show the SQL behind something, and a way to go on from there."""
    sql = source.sql
    st.caption("SQL")
    st.code(sql, language="sql")
    if len(sql) <= MOST_TYPED:
        st.page_link(
            "views/data_and_sql.py",
            label="Change it in *Data & SQL*",
            query_params={"sql": sql},
            icon=":material/edit:",
        )


def downloads(kinds: Sequence[str], file: Callable[[str], bytes], name: str, icon: str | None = None) -> None:
    """Offer files of several kinds, each with a button of its own.

    Args:
        kinds: the kinds, such as CSV.
        file: makes the file of a kind.
        name: of the files without their ending, unique on the page.
        icon: of the buttons.
    """
    for kind in kinds:
        # A function is called when the button is pressed: nothing is rendered that nobody asked for.
        st.download_button(
            kind,
            data=partial(file, kind),
            file_name=f"{name}.{kind.lower()}",
            on_click="ignore",
            key=f"{name}-{kind}",
            icon=icon,
        )


def rendered(kind: str, spec: Spec) -> bytes:
    """Return a chart as a picture.

    Args:
        kind: SVG or PNG.
        spec: what Vega-Lite draws, data included.
    """
    import vl_convert

    spec = for_file(spec) | {"padding": PICTURE_PADDING, "config": spec["config"] | {"background": "white"}}
    if kind == "SVG":
        return vl_convert.vegalite_to_svg(json.dumps(spec)).encode()
    return vl_convert.vegalite_to_png(json.dumps(spec), scale=2)


def draw(
    chart: Chart,
    key: str,
    alt_text: str,
    selected: Callable[[], None] | None = None,
    width: int | None = None,
    scale: float = 1,
    tall: float = 1,
) -> None:
    """Show a chart alone, inside the `around` of its figure.

    Args:
        chart: what to draw.
        key: name of the chart, unique on the page.
        alt_text: what a reader who cannot see it is told.
        selected: what to do when the reader selects something in the chart.
        width: what its panels have room for, in pixels; None means the width of the page.
        scale: how many times larger than usual its words, lines and gaps are.
        tall: how many times higher its plots are.
    """
    spec = chart.to_show(viewport.width() if width is None else width, scale, tall)
    fit: Literal["stretch", "content"] = "stretch" if chart.panels is None else "content"
    st.vega_lite_chart(None, spec, width=fit, alt=alt_text, key=key, on_select=selected or "ignore")


def selection(key: str, name: str) -> list[dict[str, Any]]:
    """Return what the reader has selected in a figure's chart.

    Args:
        key: name of the figure.
        name: of the chart's selection.
    """
    return st.session_state[f"chart-{key}"].selection.get(name, [])
