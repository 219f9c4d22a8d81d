"""Views of a page that tell something, offered as links above its choices.

They are links of the browser and not Streamlit's: following one of those to the page that is open already keeps every
choice that the new address does not name, and takes the address away.
"""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

import streamlit as st

from goldilocks.dashboard import pins

Choices = Mapping[str, str | list[str]]


def offer(page: str, stories: Mapping[str, Choices]) -> None:
    """Show links to views of a page.

    Args:
        page: its path in the address.
        stories: by title, the parameters of the address.
    """
    # What is pinned comes along.
    kept = {pins.KEY: pins.pinned()} if pins.pinned() else {}
    addresses = {title: _address(page, {**choices, **kept}) for title, choices in stories.items()}
    links = (f'<a href="{escape(address)}">{escape(title)}</a>' for title, address in addresses.items())
    st.html(f'<nav class="stories" aria-label="Stories">{"".join(links)}</nav>')


def _address(page: str, choices: Choices) -> str:
    return f"{page}?{urlencode(choices, doseq=True)}" if choices else page
