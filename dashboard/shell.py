"""What surrounds every page: the store it reads, the notice of newer results, and the answer when there is no store."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

import store
from dashboard import data

REFRESH_SECONDS = 4
# Streamlit's own layout, with two corrections: less empty space above the title, and charts that scroll on a phone.
STYLE = """
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; max-width: 1280px; }
[data-testid="stVegaLiteChart"] { overflow-x: auto; }
"""


def show(page: StreamlitPage) -> None:
    """Show a page, or say why it cannot be shown and what to do.

    Args:
        page: the page that the URL asks for.
    """
    st.html(f"<style>{STYLE}</style>")
    try:
        version = data.version()
        with st.sidebar:
            _watch(version)
        page.run()
    except store.StoreMissing as missing:
        _explain(page.title, str(missing))
        with st.sidebar:
            _watch(None)
    except store.StoreError as error:
        st.title(page.title)
        st.error(str(error), icon=":material/error:")


def _explain(title: str, reason: str) -> None:
    st.title(title)
    st.info(reason, icon=":material/info:")
    st.markdown("These commands compute one; this page fills up while they run:")
    st.code("make grid", language="shell")
    st.markdown("or, in any environment with `requirements.txt` installed:")
    st.code("python -m engine run demo", language="shell")


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(shown: str | None) -> None:
    """Look for a newer snapshot from time to time, and draw the page anew when there is one."""
    try:
        newest = data.version()
    except store.StoreError:
        newest = None
    if newest != shown:
        st.rerun()
    if newest is None:
        return
    summary = data.query("coverage")
    cells = int(summary["cells"].sum()) if "cells" in summary else len(summary)
    st.caption(f"{cells:,} cells in the store. New results appear by themselves.")
