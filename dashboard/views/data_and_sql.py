"""Everything the store holds, with its meaning, and a box for questions of one's own."""

import textwrap
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from goldilocks import store
from goldilocks.dashboard import data, sandbox, selectors
from goldilocks.dashboard.charts.quick import chartable, quick, tells_apart
from goldilocks.dashboard.editor import component as editor
from goldilocks.dashboard.exact import file
from goldilocks.dashboard.figure import MOST_TYPED, TABLES, Figure, downloads
from goldilocks.dashboard.members import members
from goldilocks.dashboard.question import Question, Source
from goldilocks.dashboard.snapshot import MOST_SECONDS
from goldilocks.dashboard.verbatim import verbatim
from goldilocks.store import queries
from goldilocks.store.reading.queries import Parameter, Query

PREFIX = "ask"
# The lecture's comparison, on the widest network that a store has for it.
FIRST_QUESTION = """SELECT init, layer, avg(std) AS std
FROM activation_stats
WHERE init IN ('normal(std=0.01)', 'normal(std=0.05)', 'xavier', 'kaiming')
  AND activation = 'tanh' AND norm = 'none' AND width = (
    SELECT max(width) FROM activation_stats WHERE activation = 'tanh' AND norm = 'none')
GROUP BY ALL
ORDER BY ALL"""
OWN = "own"
# Kept for readers who come back, each of up to `sandbox.MOST_BYTES`.
MOST_ANSWERS = 20
# The box, and what was asked in it before, the latest first; in words of so many letters.
BOX, ASKED, AGAIN = "sql", f"{PREFIX}_asked", f"{PREFIX}_again"
MOST_ASKED, LABEL = 12, 90
# In pixels: of a row and of the column of sentences. Streamlit breaks lines only in rows above 64 pixels.
ROW_HEIGHT, MEANING_WIDTH = 66, 228


@dataclass(frozen=True)
class Typed:
    """A statement that a reader typed, with its answer."""

    sql: str
    answer: sandbox.Answer

    def file(self, kind: str) -> bytes:
        """Return the rows as a file."""
        return file(kind, self.answer.rows)


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
    _ask()
    _file()


def _tables(relations: pd.DataFrame) -> None:
    st.markdown("#### Tables and views")
    config: dict[str, Any] = {
        "name": "Name",
        "kind": "Kind",
        "meaning": st.column_config.TextColumn("Meaning", width=MEANING_WIDTH),
    }
    text = "Tables and views with their meaning."
    st.dataframe(
        relations,
        hide_index=True,
        column_config=config,
        height=480,
        row_height=ROW_HEIGHT,
        alt=text,
        key="table-relations",
    )


def _columns(relations: pd.DataFrame) -> None:
    st.markdown("#### Columns")
    name = selectors.one("Table or view", list(relations["name"]), "relation", default="activation_stats")
    columns = data.query("columns", relation=name)
    metrics = data.query("metric_labels")[["name", "label", "unit"]]
    columns = columns.merge(metrics, on="name", how="left")
    config: dict[str, Any] = {
        "name": "Column",
        "type": "Type",
        "unit": "Unit",
        "label": "Axis title",
        "meaning": st.column_config.TextColumn("Meaning", width=MEANING_WIDTH),
    }
    order = ["name", "type", "unit", "meaning", "label"]
    text = f"Columns of {name}."
    st.dataframe(
        columns,
        hide_index=True,
        column_config=config,
        column_order=order,
        height=400,
        row_height=ROW_HEIGHT,
        placeholder="",
        alt=text,
        key="table-columns",
    )


def _ask() -> None:
    st.markdown("#### Query")
    saved = queries.all()
    question = selectors.one("Question", [OWN, *saved], "question", show=lambda name: _title(name, saved))
    if question == OWN:
        sql = st.text_area(
            "SQL (read-only)",
            # Streamlit wants no default beside what a button has put there.
            "" if st.session_state.pop(AGAIN, False) else FIRST_QUESTION,
            height=196,
            key=BOX,
            bind="query-params",
            max_chars=MOST_TYPED,
            help="Ctrl + Enter asks. Words are offered while you type: Tab takes one, Ctrl + Space shows them, Escape "
            "closes the list.",
        )
        editor.attach(BOX)
        _offer_asked(sql)
        if sql.strip():
            _answer_own(sql)
        else:
            st.info("The box is empty. Type a SELECT, or choose a saved question.")
        return
    _answer_saved(saved[question])


def _offer_asked(sql: str) -> None:
    """Offer what was asked in this session before, and remember what is asked now."""
    before = [one for one in st.session_state.get(ASKED, []) if one != sql]
    if before:
        with st.popover("Asked before", icon=":material/history:", type="tertiary"):
            for place, one in enumerate(before):
                label = textwrap.shorten(one, LABEL, placeholder=" …")
                st.button(verbatim(label), key=f"asked-{place}", on_click=_ask_again, args=(one,), type="tertiary")
    if sql.strip():
        st.session_state[ASKED] = [sql, *before][:MOST_ASKED]


def _ask_again(sql: str) -> None:
    st.session_state[BOX] = sql
    st.session_state[AGAIN] = True


def _title(name: str, saved: dict[str, Query]) -> str:
    return "A question of my own" if name == OWN else f"{saved[name].title} ({name})"


def _answer_saved(query: Query) -> None:
    st.caption(query.doc)
    try:
        values = {parameter.name: _value(query, parameter) for parameter in query.parameters}
    except store.StoreInvalid as error:
        st.info(f"{verbatim(error)}.")
        return
    question = Question(query.name, values)
    with st.expander("SQL"):
        st.code(question.sql, language="sql")
    try:
        frame = question.head(sandbox.MOST_ROWS + 1)
    except duckdb.InterruptException:
        _refuse(f"It took longer than {MOST_SECONDS:g} seconds and was stopped. Ask for less.")
        return
    except duckdb.Error as error:
        _refuse(error)
        return
    _show(frame.head(sandbox.MOST_ROWS), query.name, question, len(frame) > sandbox.MOST_ROWS)


def _value(query: Query, parameter: Parameter) -> Any:
    required = parameter.default is queries.REQUIRED
    shown = "" if required or parameter.default is None else str(parameter.default)
    text = st.text_input(
        f"${parameter.name} ({parameter.type})",
        shown,
        key=f"{PREFIX}_{query.name}_{parameter.name}",
        bind="query-params",
        help=parameter.meaning.replace("[", "\\["),
        placeholder="required" if required else shown or "NULL",
        max_chars=500,
    )
    if not text.strip():
        if required:
            raise store.StoreInvalid(f"{query.title} needs a value for {parameter.name}: {parameter.meaning}")
        return None if not shown else parameter.default
    return parameter.parse(text.strip())


def _answer_own(sql: str) -> None:
    try:
        with st.spinner("Asking …", show_time=True):
            answer = _own(data.version(), sql)
    except sandbox.Busy as refusal:
        answer = refusal
    if isinstance(answer, sandbox.Refused):
        _refuse(answer)
        return
    _show(answer.frame, "answer", Typed(sql, answer), answer.cut)


@st.cache_data(show_spinner=False, max_entries=MOST_ANSWERS)
def _own(version: str, sql: str) -> sandbox.Answer | sandbox.Refused:
    """Return the answer, or why there is none: what took too long once is not tried at each click."""
    try:
        return sandbox.ask(sql)
    except sandbox.Busy:
        raise
    except sandbox.Refused as refusal:
        return refusal


def _refuse(reason: object) -> None:
    st.error("This query failed:", icon=":material/error:")
    st.code(str(reason), language=None)


def _show(frame: pd.DataFrame, name: str, source: Source, cut: bool) -> None:
    """Show an answer, or its first rows, with all of them to download."""
    # A browser fetches the rows of a long answer as it scrolls.
    st.dataframe(
        frame, hide_index=True, lazy=True, placeholder="NULL", alt="The answer, as a table.", key=f"table-{name}"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{'The first ' if cut else ''}{len(frame):,} row{'' if len(frame) == 1 else 's'}", width="stretch")
        downloads(TABLES, source.file, name, ":material/download:")
    _quick(frame, name, source)


def _quick(frame: pd.DataFrame, name: str, source: Source) -> None:
    if frame.empty:
        return
    numbers, texts = chartable(frame)
    across = [*[column for column in numbers if column != numbers[-1]], *texts] if numbers else []
    if not across:
        return
    columns = st.columns(3)
    with columns[0]:
        x = selectors.one("Across", across, f"{PREFIX}_x")
    telling = tells_apart(frame, x, [column for column in texts if column != x])
    with columns[1]:
        upward = [column for column in numbers if column != x]
        y = selectors.one("Upward", upward, f"{PREFIX}_y", upward[-1])
    with columns[2]:
        colours = ["nothing", *(column for column in texts if column != x)]
        colour = selectors.one("Colour", colours, f"{PREFIX}_colour", telling)
    chart = quick(frame, x, y, None if colour == "nothing" else colour, members().paint)
    text = f"{y} against {x}, from the table above."
    Figure(f"How does {y} change with {x}?", chart, source, text).show(f"quick-{name}")


def _file() -> None:
    st.markdown("#### The whole file")
    try:
        size = store.Layout.at().resolve().stat().st_size
    except FileNotFoundError:
        # It was replaced at this very moment; the page is drawn anew for the next one.
        return
    sentence = f"{size / 1e6:,.1f} MB. Any DuckDB from 1.2 on opens it: the command line, Python, R, JDBC."
    if size > data.MOST_FILE_BYTES:
        st.markdown(
            f"{sentence} It is too large for a download through the browser: ask whoever runs this server for a copy. "
            "On the server's machine the file is the one given by `--store`, else by `$GOLDILOCKS_STORE`, else "
            "`data/grid.duckdb`; copy it with `cp -L`."
        )
        return
    st.caption(sentence)
    st.download_button(
        "Download grid.duckdb",
        # The file of that moment: the one from when the page was drawn may be gone.
        data=lambda: store.Layout.at().resolve().read_bytes(),
        file_name="grid.duckdb",
        on_click="ignore",
        key="whole-file",
        icon=":material/database:",
    )


main()
