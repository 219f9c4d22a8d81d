"""Everything the store holds, with its meaning, and a box for questions of one's own."""

import io
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, sandbox, selectors
from store import queries

FIRST_QUESTION = """SELECT layer, avg(std) AS std
FROM activation_stats
WHERE init = 'normal(std=0.01)' AND activation = 'tanh' AND norm = 'none' AND width = 4096
GROUP BY layer
ORDER BY layer"""
OWN = "A question of my own"


def main() -> None:
    """Draw the page."""
    st.title("Data & SQL")
    st.markdown(
        "All results are in one DuckDB file. Views have every axis as a column, so one `SELECT` answers a question."
    )
    relations = data.query("tables_and_views")
    left, right = st.columns([1, 1.4])
    with left:
        _tables(relations)
    with right:
        _columns(relations)
    _box()


def _tables(relations: pd.DataFrame) -> None:
    st.markdown("#### Tables and views")
    config: dict[str, Any] = {
        "name": "Name",
        "kind": "Kind",
        "meaning": st.column_config.TextColumn("Meaning", width="large"),
    }
    st.dataframe(
        relations, hide_index=True, column_config=config, height=420, alt="Tables and views with their meaning."
    )


def _columns(relations: pd.DataFrame) -> None:
    st.markdown("#### Columns")
    name = selectors.one("Table or view", list(relations["name"]), "relation", default="activation_stats")
    config: dict[str, Any] = {
        "name": "Column",
        "type": "Type",
        "meaning": st.column_config.TextColumn("Meaning", width="large"),
    }
    columns = data.query("columns", relation=name)
    st.dataframe(columns, hide_index=True, column_config=config, height=340, alt=f"Columns of {name}.")


def _box() -> None:
    st.markdown("#### Ask")
    saved = {
        name: query
        for name, query in queries.all().items()
        if all(p.default is not queries.REQUIRED for p in query.parameters)
    }
    question = selectors.one(
        "Saved questions", [OWN, *saved], "question", show=lambda name: name if name == OWN else saved[name].title
    )
    if question == OWN:
        sql = st.text_area(
            "SQL (read-only)", FIRST_QUESTION, height=170, key="sql", bind="query-params", max_chars=20_000
        )
        if sql.strip():
            _answer_own(sql)
        else:
            st.info("The box is empty: type a SELECT, or choose a saved question.")
        return
    query = saved[question]
    st.caption(query.doc)
    with st.expander("SQL"):
        st.code(query.sql, language="sql")
    _show(data.query(question), question, cut=False)


def _answer_own(sql: str) -> None:
    try:
        with st.spinner("Asking …"):
            answer = sandbox.ask(sql)
    except sandbox.Refused as refusal:
        st.error("This question has no answer:", icon=":material/error:")
        st.code(str(refusal), language=None)
        return
    _show(answer.frame, "answer", answer.cut)


def _show(frame: pd.DataFrame, name: str, cut: bool) -> None:
    st.dataframe(frame, hide_index=True, alt="The answer, as a table.", key=f"table-{name}")
    rows, *buttons = st.columns([4, 1, 1], vertical_alignment="center")
    rows.caption(f"{'The first ' if cut else ''}{len(frame):,} rows")
    for column, kind in zip(buttons, ("CSV", "Parquet"), strict=True):
        column.download_button(
            kind,
            data=partial(_contents, frame, kind),
            file_name=f"{name}.{kind.lower()}",
            on_click="ignore",
            key=f"{name}-{kind}",
            icon=":material/download:",
            width="stretch",
        )


def _contents(frame: pd.DataFrame, kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "CSV":
        frame.to_csv(buffer, index=False)
    else:
        frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


main()
