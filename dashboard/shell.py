"""What surrounds every page: the store it reads, the notice of newer results, and the answer when there is none."""

import duckdb
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from goldilocks import store
from goldilocks.dashboard import commands, data, permalink, pins, theme, viewport
from goldilocks.dashboard.glossary import component as glossary
from goldilocks.dashboard.snapshot import newest
from goldilocks.dashboard.verbatim import verbatim

REFRESH_SECONDS = 4
# Pages that have something to say when there is no store.
WITHOUT_STORE = ("runs",)
# Streamlit's own layout, with corrections: less empty space above the title, figures that breathe, numbers of equal
# width, charts that scroll by themselves on a phone, and headings that do not shout.
STYLE = """
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; padding-bottom: 4rem; max-width: 1280px; }
/* What scrolls under the menu stays readable, and can be clicked. */
[data-testid="stHeader"] { background: transparent; pointer-events: none; }
[data-testid="stHeader"] :is(button, a) { pointer-events: auto; }
.st-key-viewport { position: absolute; width: 1px !important; }
[data-testid="stVegaLiteChart"] { overflow-x: auto; }
/* On a canvas no word can have a colour of its own: light and dark change places, hues stay. */
.ON_DARK [data-testid="stVegaLiteChart"] canvas { filter: invert(1) hue-rotate(180deg); }
/* Words in charts, which know nothing of the colour scheme. */
[data-testid="stVegaLiteChart"] svg text[fill="INK"] { fill: light-dark(INK, DARK); }
/* Above its chart, Streamlit's toolbar would cover the menu of downloads as soon as a pointer is over the chart. */
[class*="st-key-figure-"] [data-testid="stElementToolbar"] { top: 0.2rem !important; }
[data-testid="stMain"] h1 { font-size: 2.1rem; letter-spacing: -0.02em; padding-bottom: 0.2rem; }
[data-testid="stMain"] h2 { font-size: 1.45rem; letter-spacing: -0.015em; }
[data-testid="stMain"] h3 { font-size: 1.22rem; letter-spacing: -0.01em; }
[data-testid="stMain"] h4 { font-size: 1.06rem; letter-spacing: -0.005em; }
[data-testid="stMetricValue"] { font-size: 1.55rem; font-variant-numeric: tabular-nums; }
[data-testid="stCaptionContainer"] { font-variant-numeric: tabular-nums; }
[data-testid="stMain"] [data-testid="stMarkdownContainer"] p { max-width: 46rem; text-wrap: pretty; }
[data-testid="stMain"] textarea { font-family: var(--st-code-font, monospace); font-size: 0.9rem; }
[data-testid="stSelectbox"] { max-width: 34rem; }
/* Beside an open navigation, columns that would be too narrow for what they hold stand below each other. */
@media (min-width: 641px) {
  [data-testid="stColumn"] { min-width: min(100%, 8.5rem); }
  [data-testid="stColumn"]:has([data-testid="stMultiSelect"]) { min-width: min(100%, 10rem); }
  [data-testid="stColumn"]:has([data-testid="stSelectbox"]) { min-width: min(100%, 11rem); }
  [data-testid="stColumn"]:has([data-testid="stVegaLiteChart"]) { min-width: min(100%, 12rem); }
  [data-testid="stColumn"]:has([class*="st-key-figure-"], [data-testid="stDataFrame"], [data-testid="stButtonGroup"]) {
    min-width: min(100%, 22rem);
  }
}
/* What floats above the page is no part of it, and does not know its colour scheme. */
#stFloatingOverlayPortal { color-scheme: light dark; }
/* On the light blue of the dark mode, white text cannot be read. */
[data-testid="stMultiSelect"] span[title], [data-testid="stMultiSelect"] button[aria-label^="Remove"],
[data-testid^="stNumberInputStep"]:is(:hover, :focus), [data-testid="stBaseButton-primary"] {
  color: light-dark(#ffffff, #14171a) !important;
}
/* A button that is pressed would be too dark for the dark mode. */
[data-testid="stPopoverButton"][kind="tertiary"] { color: light-dark(#1d59b3, #7fb2ff) !important; }
/* What is landed on has the focus, but is no stop of the keyboard. */
[data-testid="stMain"] h3:focus { outline: none; }
[class*="st-key-row-"] h3 { scroll-margin-top: 3.5rem; }
.home { color: inherit; font-weight: 600; text-decoration: none; }
[data-testid="stHtml"]:has(.home) { margin-bottom: -1.5rem; }
.home:hover { text-decoration: underline; }
.stories { display: flex; flex-wrap: wrap; gap: 0.5rem; padding-bottom: 0.3rem; }
.stories a {
  color: inherit; font-size: 0.85rem; font-weight: 600; text-decoration: none;
  padding: 0.15rem 0.5rem; border-radius: 0.5rem; background: light-dark(#f3f3ee, #1e2226);
}
.stories a::before { content: "▶" / ""; font-size: 0.6rem; padding-right: 0.4rem; vertical-align: 0.1em; }
.stories a:hover { background: light-dark(#e4e4da, #2c3238); }
/* Where the keyboard is: here Streamlit only darkens the background a little. */
:is([data-testid="stSidebarNavLink"], [data-testid="stPageLink-NavLink"], .stories a):focus-visible,
:is([data-testid="stBaseButton-elementToolbar"], [kind="headerNoPadding"]):focus-visible,
[data-testid="stCheckbox"] label:has(:focus-visible) {
  outline: 2px solid light-dark(#1d59b3, #7fb2ff) !important;
  outline-offset: 1px;
}
/* Code wraps: what scrolls sideways cannot be scrolled with keys. Streamlit's colours for it are too pale to read. */
[data-testid="stCode"] :is(pre, code) { white-space: pre-wrap !important; overflow-wrap: anywhere; }
[data-testid="stCode"] .token { color: inherit !important; }
[data-testid="stCode"] .token.comment { color: light-dark(#5b626b, #a3abb5) !important; }
[data-testid="stCode"] .token:is(.keyword, .function, .builtin, .class-name) {
  color: light-dark(#1d59b3, #7fb2ff) !important;
}
[data-testid="stCode"] .token:is(.string, .number, .boolean) { color: light-dark(#0a6b4e, #4fc79f) !important; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; padding-top: 4rem; }
  [data-testid="stMain"] h1 { font-size: 1.7rem; }
}
"""
for name, value in {"INK": theme.INK, "ON_DARK": viewport.DARK, "DARK": theme.INK_IN_THE_DARK}.items():
    STYLE = STYLE.replace(name, value)


def show(page: StreamlitPage) -> None:
    """Show a page, or say why it cannot be shown and what to do.

    Args:
        page: the page that the URL asks for.
    """
    st.html(f"<style>{STYLE}</style>")
    # A link of the browser: it leaves the choices of the page behind.
    st.html('<a class="home" href="./">Goldilocks</a>')
    viewport.measure()
    missing = _pin()
    permalink.begin()
    pins.begin()
    if not missing:
        permalink.mention_another()
    with st.sidebar:
        _watch(_named())
    try:
        if missing and page.url_path not in WITHOUT_STORE:
            raise missing
        page.run()
        if not missing:
            with st.sidebar:
                pins.offer()
                permalink.offer()
                glossary.offer()
    except store.StoreMissing as error:
        _explain(page.title, str(error))
    except store.StoreError as error:
        st.title(page.title)
        st.error(verbatim(_sentence(error)), icon=":material/error:")
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        _outdated(page.title, error)
    except duckdb.Error as error:
        st.title(page.title)
        st.error(f"The store could not answer: {verbatim(error)}", icon=":material/error:")


def _pin() -> store.StoreError | None:
    """Choose the snapshot of this run, and say so when it is not the newest; return why there is none."""
    try:
        sound = data.pin()
    except store.StoreError as error:
        return error
    if not sound:
        st.warning("The newest snapshot cannot be read; an older one is shown. This command repairs the store:")
        st.code(commands.command("store check --repair"), language="shell")
    return None


def _named() -> str | None:
    """Return the key of what the store names, sound or not."""
    try:
        return newest()
    except store.StoreError:
        return None


def _sentence(error: store.StoreError) -> str:
    return f"{error}\n\nThen reload this page." if isinstance(error, store.StoreBusy) else str(error)


def _outdated(title: str, error: duckdb.Error) -> None:
    st.title(title)
    st.info(
        "This store was written by an earlier version of Goldilocks and lacks something that this page needs. "
        "This command brings it up to date:",
        icon=":material/history:",
    )
    st.code(commands.command("store publish"), language="shell")
    st.caption(f"What is missing: {verbatim(str(error).splitlines()[0])}")


def _explain(title: str, reason: str) -> None:
    st.title(title)
    if store.writer(store.Layout.at()):
        st.info(commands.COMING, icon=":material/hourglass_top:")
        return
    st.info(verbatim(reason), icon=":material/info:")
    st.markdown("This command computes one; the page fills while it runs:")
    st.code("make grid", language="shell")
    st.markdown("or, where Goldilocks is installed without its source code:")
    st.code(commands.command("run demo"), language="shell")


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(shown: str | None) -> None:
    """Look for a newer snapshot from time to time, and draw the page anew when there is one."""
    named = _named()
    if named != shown:
        st.rerun()
    if named is None:
        return
    try:
        cells = int(data.query("coverage")["cells"].sum())
    except (store.StoreError, duckdb.Error):
        # The page itself says what is wrong.
        return
    st.caption(f"{cells:,} cells in the store. New results appear automatically.")
