"""A figure: a chart under a title that states the finding or the question, with its data, picture and SQL at hand."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import pandas as pd
import streamlit as st

from goldilocks.dashboard import viewport
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.charts.group import together
from goldilocks.dashboard.verbatim import verbatim

FORMATS = ("CSV", "Parquet", "SVG", "PNG")
PICTURE_WIDTH, PICTURE_PADDING = 760, 12


@dataclass(frozen=True)
class Picture:
    """A figure that is yet to be shown.

    Attributes:
        title: the finding or the question.
        chart: what to draw.
        data: what it is drawn from.
        sql: the query behind it.
        alt_text: what a reader who cannot see it is told.
        note: a sentence below it.
    """

    title: str
    chart: Chart
    data: pd.DataFrame
    sql: str
    alt_text: str
    note: str = ""

    def show(self, key: str, width: int | None = None) -> None:
        """Show it.

        Args:
            key: name of the figure, unique on the page.
            width: what there is room for, in pixels; None means the width of the page.
        """
        figure(self.title, self.chart, self.data, self.sql, key, self.alt_text, width=width)
        if self.note:
            st.caption(verbatim(self.note))


def figure(
    title: str,
    chart: Chart,
    data: pd.DataFrame,
    sql: str,
    key: str,
    alt_text: str,
    selected: Callable[[], None] | None = None,
    width: int | None = None,
) -> None:
    """Show a chart with everything a reader may want to take away.

    Args:
        title: the finding or the question.
        chart: what to draw.
        data: what it is drawn from.
        sql: the query behind it, to paste.
        key: name of the figure, unique on the page, also of the files.
        alt_text: what a reader who cannot see it is told.
        selected: what to do when the reader selects something in the chart; see `selection`.
        width: what there is room for, in pixels; None means the width of the page.
    """
    with st.container(key=f"figure-{key}"):
        _heading(title, partial(contents, chart=chart, data=data), sql, key)
        draw(chart, f"chart-{key}", alt_text, selected, width)


@contextmanager
def group(
    title: str, charts: Mapping[str, Chart], data: pd.DataFrame, sql: str, key: str, columns: int = 1
) -> Iterator[None]:
    """Show what several charts have in common, above all that is drawn inside this context, each chart by `draw`.

    Args:
        title: the finding or the question.
        charts: the charts, by what stands above each when they are taken away as one picture; at least one.
        data: what they are drawn from.
        sql: the query behind them, to paste.
        key: name of the group, unique on the page, also of the files.
        columns: how many stand side by side in the picture.
    """
    with st.container(key=f"figure-{key}"):
        _heading(title, partial(contents_of_group, charts=charts, data=data, columns=columns), sql, key)
        yield


def draw(
    chart: Chart, key: str, alt_text: str, selected: Callable[[], None] | None = None, width: int | None = None
) -> None:
    """Show a chart alone, inside a `group`; see `figure`.

    Args:
        chart: what to draw.
        key: name of the chart, unique on the page.
        alt_text: what a reader who cannot see it is told.
        selected: what to do when the reader selects something in the chart.
        width: what its panels have room for, in pixels; None means the width of the page.
    """
    spec = chart.to_show(viewport.width() if width is None else width)
    fit: Literal["stretch", "content"] = "stretch" if chart.panels is None else "content"
    st.vega_lite_chart(None, spec, width=fit, alt=alt_text, key=key, on_select=selected or "ignore")


def selection(key: str, name: str) -> list[dict[str, Any]]:
    """Return what the reader has selected in a figure's chart.

    Args:
        key: name of the figure.
        name: of the chart's selection.
    """
    return st.session_state[f"chart-{key}"].selection.get(name, [])


def _heading(title: str, file: Callable[[str], bytes], sql: str, key: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.markdown(f"#### {verbatim(title)}", width="stretch")
        with st.popover("Take away", icon=":material/download:", type="tertiary"):
            _downloads(file, key)
            st.caption("SQL")
            st.code(sql, language="sql")


def _downloads(file: Callable[[str], bytes], key: str) -> None:
    with st.container(horizontal=True, gap="small"):
        for kind in FORMATS:
            # A function is called when the button is pressed: nothing is rendered that nobody asked for.
            st.download_button(
                kind,
                data=partial(file, kind),
                file_name=f"{key}.{kind.lower()}",
                on_click="ignore",
                key=f"{key}-{kind}",
            )


def contents(kind: str, chart: Chart, data: pd.DataFrame) -> bytes:
    """Return a figure as a file.

    Args:
        kind: one of `FORMATS`.
        chart: the chart.
        data: its data.
    """
    if kind in ("CSV", "Parquet"):
        return table(kind, data)
    import vl_convert

    spec = chart.to_dict()
    if spec.get("width") == "container":
        spec["width"] = PICTURE_WIDTH
    if kind == "SVG":
        return vl_convert.vegalite_to_svg(json.dumps(spec)).encode()
    spec |= {"padding": PICTURE_PADDING, "config": spec["config"] | {"background": "white"}}
    return vl_convert.vegalite_to_png(json.dumps(spec), scale=2)


def contents_of_group(kind: str, charts: Mapping[str, Chart], data: pd.DataFrame, columns: int = 1) -> bytes:
    """Return a group of charts as a file; see `group`.

    Args:
        kind: one of `FORMATS`.
        charts: the charts, by name.
        data: their data.
        columns: how many stand side by side in a picture.
    """
    return table(kind, data) if kind in ("CSV", "Parquet") else contents(kind, together(charts, columns), data)


def table(kind: str, data: pd.DataFrame) -> bytes:
    """Return a frame as a file.

    Args:
        kind: CSV or Parquet.
        data: the frame.
    """
    buffer = io.BytesIO()
    if kind == "CSV":
        data.to_csv(buffer, index=False)
    else:
        data.to_parquet(buffer, index=False)
    return buffer.getvalue()
