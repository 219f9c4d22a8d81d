"""The link to what a page shows, whatever results come later: every choice is in it, those that nobody made included.

The address alone names only what a reader has changed; all else follows from what the store holds, and so changes with
it.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from urllib.parse import urlencode

import streamlit as st

from goldilocks.dashboard import data

# The parameter that names the snapshot which a link was made on.
SNAPSHOT = "snapshot"
_choices: ContextVar[dict[str, list[str]] | None] = ContextVar("choices", default=None)


def begin() -> None:
    """Forget the choices of the run before."""
    _choices.set({})


def note(key: str, values: Sequence[str]) -> None:
    """Note what is chosen.

    Args:
        key: name in the address.
        values: as the address has them.
    """
    chosen = _choices.get()
    if chosen is not None:
        # An empty choice is a choice, too.
        chosen[key] = list(values) or [""]


def query() -> str:
    """Return the query string that names all choices of this run, and the snapshot that they were made on."""
    named = {key: st.query_params.get_all(key) for key in st.query_params}
    chosen = named | (_choices.get() or {}) | {SNAPSHOT: [data.version().partition("-")[0]]}
    return urlencode(chosen, doseq=True)


def offer() -> None:
    """Offer the link, to be copied."""
    with st.popover("Link to this view", icon=":material/link:", type="tertiary"):
        page = (st.context.url or "").partition("?")[0]
        st.code(f"{page}?{query()}", language=None, wrap_lines=True)
        st.caption(
            "The link names every choice, including those you left as they were, so new results do not change the "
            "selection."
        )


def mention_another() -> None:
    """Say so when the address was made on another snapshot than the one that is shown."""
    made_on, shown = st.query_params.get(SNAPSHOT, ""), data.version().partition("-")[0]
    if made_on and made_on != shown:
        st.info(
            "The store was in another state when this link was made. The choices are the same; the numbers may differ.",
            icon=":material/history:",
        )
