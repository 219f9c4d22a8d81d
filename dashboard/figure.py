"""A figure: a chart under a title that states the finding or the question, with its data, picture and SQL at hand."""

import io
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.charts.style import Chart

FORMATS = ("CSV", "Parquet", "SVG", "PNG")


def figure(title: str, chart: Chart, data: pd.DataFrame, sql: str, key: str, alt_text: str) -> None:
    """Show a chart with everything a reader may want to take away.

    Args:
        title: the finding or the question.
        chart: what to draw.
        data: what it is drawn from.
        sql: the query behind it, to paste.
        key: name of the figure, unique on the page, also of the files.
        alt_text: what a reader who cannot see it is told.
    """
    heading, tools = st.columns([6, 1], vertical_alignment="bottom")
    heading.markdown(f"#### {title}")
    with tools.popover("Take away", icon=":material/download:", width="stretch"):
        _downloads(chart, data, key)
        st.caption("SQL")
        st.code(sql, language="sql")
    st.altair_chart(chart, theme="streamlit", alt=alt_text, key=f"chart-{key}")


def _downloads(chart: Chart, data: pd.DataFrame, key: str) -> None:
    for row in (FORMATS[:2], FORMATS[2:]):
        for column, kind in zip(st.columns(2), row, strict=True):
            # A function is called when the button is pressed: nothing is rendered that nobody asked for.
            column.download_button(
                kind,
                data=partial(contents, kind, chart, data),
                file_name=f"{key}.{kind.lower()}",
                on_click="ignore",
                key=f"{key}-{kind}",
                width="stretch",
            )


def contents(kind: str, chart: Chart, data: pd.DataFrame) -> bytes:
    """Return a figure as a file.

    Args:
        kind: one of `FORMATS`.
        chart: the chart.
        data: its data.
    """
    buffer = io.BytesIO()
    if kind == "CSV":
        data.to_csv(buffer, index=False)
    elif kind == "Parquet":
        data.to_parquet(buffer, index=False)
    else:
        picture = chart.configure(background="white") if kind == "PNG" else chart
        chart_format = kind.lower()
        if chart_format == "svg":
            text = io.StringIO()
            picture.save(text, format="svg")
            return text.getvalue().encode()
        picture.save(buffer, format="png", scale_factor=2)
    return buffer.getvalue()
