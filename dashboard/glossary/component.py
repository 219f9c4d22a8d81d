"""What finds words on a page and shows what they mean: the browser does, in what is drawn already.

Nothing on the page is changed: a chart's legend, a list of options and a sentence are read where the pointer or the
keyboard is. Whoever has neither opens the list of all words that the page has.
"""

from importlib.resources import files

import streamlit as st
from streamlit.components.v2 import component

from goldilocks.dashboard.glossary.cards import listed

KEY = "glossary"
TITLE = "Words on this page"
MARKUP = f"<details><summary>{TITLE}</summary><dl></dl></details>"
# Of the list, which lies in the component.
STYLE = """
summary { cursor: pointer; font-size: 0.875rem; padding: 0.25rem 0; border-radius: 0.25rem; }
summary:hover { color: var(--st-primary-color); }
summary:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
dl { margin: 0.3rem 0; font-size: 0.82rem; line-height: 1.35; }
dt { font-weight: 600; margin-top: 0.6rem; overflow-wrap: anywhere; }
dd { margin: 0.1rem 0 0; overflow-wrap: anywhere; }
"""
# Of what is shown beside a word, which floats above the page.
FLOATING = """
/* The first time that a sentence has a word which is explained; older browsers do not show it. */
::highlight(explained) { text-decoration: underline dotted 1px; text-underline-offset: 0.2em; }
.goldilocks-meaning {
  position: fixed; z-index: 1000050; max-width: min(26rem, calc(100vw - 1rem)); padding: 0.55rem 0.75rem;
  border-radius: 0.5rem; font-size: 0.82rem; line-height: 1.35; overflow-wrap: anywhere;
  background: light-dark(#ffffff, #23282d); border: 1px solid light-dark(#c9c9c0, #464d54);
  box-shadow: 0 4px 16px rgb(0 0 0 / 18%); color: light-dark(#0f1215, #e8e8e3);
}
.goldilocks-meaning[hidden] { display: none; }
.goldilocks-meaning p { margin: 0; font-size: inherit; }
.goldilocks-meaning p + p { margin-top: 0.2rem; }
.goldilocks-meaning .title { font-weight: 600; }
.goldilocks-meaning .title:not(:first-child) { margin-top: 0.7rem; }
.goldilocks-meaning .formula { font-family: ui-monospace, monospace; font-size: 0.78rem; }
.goldilocks-meaning .reference { color: light-dark(#5b626b, #a3abb5); }
"""

_glossary = component(
    "glossary",
    html=MARKUP,
    css=STYLE,
    js=files("goldilocks.dashboard.glossary").joinpath("page.js").read_text(encoding="utf-8"),
    isolate_styles=True,
)


def offer() -> None:
    """Explain the words of a page, and offer a list of them."""
    st.html(f"<style>{FLOATING}</style>")
    _glossary(key=KEY, data={"cards": listed()})
