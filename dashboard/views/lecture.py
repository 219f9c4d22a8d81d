"""The home page: the lecture with live data instead of slides."""

from urllib.parse import urlencode

import streamlit as st

from goldilocks.dashboard import commands, data, selectors, viewport
from goldilocks.dashboard.lecture import asking, lectern, opening, overview, presentation, training_answers
from goldilocks.dashboard.lecture.asking import PREFIX
from goldilocks.dashboard.lecture.chapters import CHAPTERS
from goldilocks.dashboard.lecture.row import Row
from goldilocks.dashboard.question import Question
from goldilocks.store import queries

TITLE = "Will a signal survive this network, and will it train?"
ROW, CHAPTER, ANSWERS = "row", f"{PREFIX}_chapter", f"{PREFIX}_answers"
MOST_ROWS = 200


def main() -> None:
    """Draw the page."""
    asked = selectors.asked("Row", 1, len(asking.rows()), ROW)
    if presentation.chosen():
        presentation.show(TITLE, asked or 1)
        return
    st.title(TITLE)
    st.markdown("Weight initialization and batch normalization after CS231n, lecture 7, with live data as slides.")
    reveal = _choose(asked)
    st.html(f"<style>{overview.STYLE}</style>")
    st.html(overview.table(_line(row, reveal) for row in asking.rows().values()))
    st.divider()
    opening.show(reveal)
    st.divider()
    landing, moved = _landing(asked)
    first = next(iter(CHAPTERS))
    chapter = selectors.switch("Chapter", list(CHAPTERS), CHAPTER, first, show=_numbered, moved=moved)
    if asked and chapter != asking.chapter_of(asked):
        # The reader has gone on.
        del st.query_params[ROW]
        landing = ""
    for row in CHAPTERS[chapter]:
        _row(row, reveal)
    lectern.stand(asked, landing, _go)


def _choose(asked: int | None) -> bool:
    """Offer to uncover all answers and to present; return whether they are uncovered."""
    with st.container(horizontal=True, vertical_alignment="center"):
        reveal = st.toggle("Show all answers", key=ANSWERS, bind="query-params")
        st.button(
            "Present", icon=":material/slideshow:", on_click=presentation.begin, args=(asked or 1,), key="present"
        )
    return reveal


def _line(row: Row, reveal: bool) -> overview.Line:
    told = _told(row.number) if reveal or asking.answered(row.number) else None
    return overview.Line(row.number, row.claim, f"?{_address(row.number, reveal)}", told)


@data.cached
def _told(number: int) -> overview.Told:
    return overview.told(asking.finding(number))


def _address(number: int, reveal: bool) -> str:
    """Return the query string of a row's link: what was answered stays in it, and nothing that cannot be answered."""
    return urlencode({ROW: number} | asking.answers() | ({ANSWERS: "true"} if reveal else {}))


CLICKS, LANDED = f"{PREFIX}_clicks", f"{PREFIX}_landed"


def _landing(asked: int | None) -> tuple[str, bool]:
    """Open a row's chapter at the first run of each landing; return what tells it from others, and whether it did."""
    landing = f"{asked} {st.session_state.get(CLICKS, 0)}" if asked else ""
    moved = asked is not None and st.session_state.get(LANDED) != landing
    if asked is not None and moved:
        st.session_state[CHAPTER] = asking.chapter_of(asked)
    st.session_state[LANDED] = landing
    return landing, moved


def _go() -> None:
    """Go to the row whose link was clicked."""
    number = lectern.clicked()
    if number in asking.rows():
        st.query_params[ROW] = str(number)
        st.session_state[CLICKS] = st.session_state.get(CLICKS, 0) + 1


def _numbered(chapter: str) -> str:
    rows = CHAPTERS[chapter]
    numbers = f"L{rows[0].number}" if len(rows) == 1 else f"L{rows[0].number}–L{rows[-1].number}"
    return f"{numbers} {chapter}"


def _row(row: Row, reveal: bool) -> None:
    with st.container(border=True, key=f"row-{row.number}"):
        st.markdown(f"### L{row.number}. {row.title}")
        st.markdown(f"*The lecture:* {row.claim}")
        said = asking.guess(row)
        if said is None and not reveal:
            st.caption("Choose an answer to see the data.")
            return
        finding = asking.finding(row.number)
        if finding is None:
            st.info(f"No results on this row yet. {commands.remedy('run demo', 'to compute them')}")
        else:
            if said is not None and finding.measured.answer:
                asking.compare(said, finding.measured.answer)
            room = viewport.width() - viewport.CARD
            finding.figure.show(f"L{row.number}", room)
            for place, figure in enumerate(finding.beside):
                figure.show(f"L{row.number}-{place}", room)
            if finding.verdict:
                st.markdown(f":material/straighten: *Measured:* {finding.verdict}")
        _answer_table(row.number)
        st.markdown(f":material/visibility: *Notice:* {row.notice}")
        further = dict(row.query) or None
        st.page_link(row.page, label="Look closer", query_params=further, icon=":material/arrow_forward:")


def _answer_table(number: int) -> None:
    """Show the answer of the row's named queries, where the store has them."""
    names = [name for name in queries.all() if name.startswith(f"lecture_{number:02d}_")]
    for name in names:
        query = queries.get(name)
        if any(parameter.default is queries.REQUIRED for parameter in query.parameters):
            continue
        values = training_answers.network() if training_answers.pins(query) else {}
        question = Question(name, values)
        answer = question.frame()
        if answer.empty:
            continue
        with st.expander(f"The numbers: {query.title}", icon=":material/table:"):
            st.caption(query.doc)
            constant = [column for column in answer if answer[column].map(str).nunique() == 1 and len(answer) > 1]
            order = [column for column in answer if column not in constant]
            st.dataframe(
                answer.head(MOST_ROWS), hide_index=True, column_order=order, key=f"table-{name}", alt=query.title
            )
            st.code(question.sql, language="sql")


main()
