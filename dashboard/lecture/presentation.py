"""One row of the lecture a screen, for a projector: question, then answer, then the next row."""

import streamlit as st

from goldilocks.dashboard import commands, daylight, viewport
from goldilocks.dashboard.charts.chart import Chart
from goldilocks.dashboard.figure import draw
from goldilocks.dashboard.lecture import asking, lectern, overview
from goldilocks.dashboard.lecture.row import Finding, Row
from goldilocks.dashboard.verbatim import verbatim

PRESENT, ROW, SHOWN = "present", "row", "shown"
YES = "1"
# Between two columns, in pixels.
GAP = 27
# How many times larger than on a page words are, at least: those of charts have 12 pixels there.
SCALE = 5 / 3
# How many times higher plots are: where figures stand side by side, their titles and legends take more lines.
TALL = {1: 1.65, 2: 1.5, 3: 1.1}
STYLE = """
:root { font-size: 160%; }
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none !important; }
/* The menu in it is what turns light into dark. */
[data-testid="stHeader"] { visibility: hidden; height: 0; min-height: 0; }
[data-testid="stMainMenuPopover"] { opacity: 0; }
[data-testid="stHtml"]:has(.home) { display: none; }
[data-testid="stMain"] [data-testid="stMainBlockContainer"] {
  max-width: none; min-height: 100vh; padding: 0.7rem 1.6rem 0.5rem;
}
[data-testid="stMain"] [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
[data-testid="stMain"] [data-testid="stMarkdownContainer"] p { max-width: none; margin: 0; }
[data-testid="stMain"] [data-testid="stVerticalBlock"] { gap: 0.4rem; }
[data-testid="stMain"] h1 { font-size: 1.7rem; padding: 0 0 0.3rem; }
[data-testid="stMain"] h4 { font-size: 1rem; padding: 0.2rem 0 0; }
.st-key-present-question { padding-top: 2rem; }
.st-key-present-question [data-testid="stWidgetLabel"] p { font-size: 1.4rem; padding-bottom: 0.6rem; }
.st-key-present-question [data-testid="stButtonGroup"] button p { font-size: 1.3rem; }
.decides { font-size: 1.05rem; }
.decides .verdict { margin-right: 0.5rem; }
"""


def chosen() -> bool:
    """Tell whether the address asks for it."""
    return st.query_params.get(PRESENT) == YES


def begin(number: int) -> None:
    """Begin to present with a row.

    Args:
        number: of the row.
    """
    st.query_params[PRESENT] = YES
    _open(number, False)


def show(title: str, number: int) -> None:
    """Draw a row as a screen.

    Args:
        title: of the page.
        number: of the row.
    """
    st.html(f"<style>{STYLE}{overview.STYLE}</style>")
    row = asking.rows()[number]
    said = asking.answered(number)
    if said is not None:
        st.query_params[SHOWN] = YES
    shown = st.query_params.get(SHOWN) == YES
    _bar(title, number, shown)
    with st.container(key=f"row-{number}"):
        st.title(f"L{number}. {row.title}", anchor=False)
        st.markdown(row.claim)
        if shown:
            _answer(row, said)
        else:
            with st.container(key="present-question"):
                asking.guess(row)
    lectern.stand(None, "", lambda: None)


def _bar(title: str, number: int, shown: bool) -> None:
    """Draw the title of the page, and what leads on, back and out."""
    last = number == len(asking.rows())
    with st.container(horizontal=True, vertical_alignment="center", key="present-bar"):
        st.markdown(f"{title} · {number} of {len(asking.rows())}", width="stretch")
        _button("Back", lectern.BACK, "Left", _back, (number,), number == 1)
        _button("Next", lectern.FORTH, "Right", _forth, (number, shown), last and shown)
        daylight.switch()
        _button("Leave", "present-leave", "Esc", _leave, (), False)


def _button(label, key, shortcut, act, args, disabled) -> None:
    st.button(label, key=key, shortcut=shortcut, on_click=act, args=args, disabled=disabled, type="tertiary")


def _answer(row: Row, said: str | None) -> None:
    """Draw what the store says."""
    finding = asking.finding(row.number)
    if finding is None:
        st.info(f"No results on this row yet. {commands.remedy('run demo', 'to compute them')}")
        return
    _decision(row, finding, said)
    figures = (finding.figure, *finding.beside)
    width = (viewport.width() - (len(figures) - 1) * GAP) // len(figures)
    for number, (place, figure) in enumerate(zip(st.columns(len(figures)), figures, strict=True)):
        assert isinstance(figure.chart, Chart), "rows have no groups of charts"
        with place, st.container(key=f"figure-present-{number}"):
            st.markdown(f"#### {verbatim(figure.title)}")
            key = f"chart-L{row.number}-{number}"
            draw(figure.chart, key, figure.alt_text, width=width, scale=SCALE, tall=TALL[len(figures)])
    st.markdown(f":material/visibility: {row.notice}")


def _decision(row: Row, finding: Finding, said: str | None) -> None:
    """Say what the class said, what the data say, and what became of the claim by which number."""
    found = finding.measured
    if found.answer:
        mine = f"You said *{verbatim(said)}*; the" if said else "The"
        st.markdown(f"{row.prediction.question} {mine} data say **{verbatim(found.answer)}**.")
    st.html(f'<div class="decides">{overview.decision(found)}</div>')


def _open(number: int, shown: bool) -> None:
    st.query_params[ROW] = str(number)
    if shown:
        st.query_params[SHOWN] = YES
    else:
        st.query_params.pop(SHOWN, None)


def _forth(number: int, shown: bool) -> None:
    """Uncover the answer; after that, go on to the next row."""
    _open(number if not shown else number + 1, not shown)


def _back(number: int) -> None:
    _open(number - 1, True)


def _leave() -> None:
    for name in (PRESENT, SHOWN):
        st.query_params.pop(name, None)
