"""Choices bound to the URL, so that the address of a page reproduces what it shows.

A value in the URL that is not among the options is named in a sentence and ignored.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

Option = TypeVar("Option")


def _mention_unknown(key: str, label: str, options: Sequence[Any], show: Callable[[Any], str]) -> None:
    known = {show(option) for option in options}
    for value in st.query_params.get_all(key):
        if value and value not in known:
            # The text comes from the URL: shown as code, so that nothing in it is interpreted.
            safe = value.replace("`", "'").replace("\n", " ")[:80]
            st.warning(
                f"{label}: the address asks for `{safe}`, which this store does not have.", icon=":material/link:"
            )


def one(
    label: str,
    options: Sequence[Option],
    key: str,
    default: Option | None = None,
    show: Callable[[Any], str] = str,
    help: str | None = None,
) -> Option:
    """Choose one option.

    Args:
        label: what is chosen.
        options: at least one.
        key: name in the URL, unique on the page.
        default: the first choice; the first option when it is not among them.
        show: text of an option.
        help: a sentence in the tooltip.
    """
    _mention_unknown(key, label, options, show)
    start = options.index(default) if default in options else 0
    chosen = st.selectbox(label, options, index=start, format_func=show, key=key, help=help, bind="query-params")
    return options[start] if chosen is None else chosen


def several(
    label: str,
    options: Sequence[Option],
    key: str,
    default: Sequence[Option],
    show: Callable[[Any], str] = str,
    most: int | None = None,
    help: str | None = None,
) -> list[Option]:
    """Choose any number of options.

    Args:
        label: what is chosen.
        options: what there is.
        key: name in the URL, unique on the page.
        default: the first choice; those not among the options are left out.
        show: text of an option.
        most: largest number of options.
        help: a sentence in the tooltip.
    """
    _mention_unknown(key, label, options, show)
    start = [option for option in default if option in options] or list(options[:1])
    chosen = st.multiselect(
        label, options, start, format_func=show, key=key, max_selections=most, help=help, wrap=True, bind="query-params"
    )
    return [option for option in options if option in chosen]


def switch(
    label: str,
    options: Sequence[str],
    key: str,
    default: str,
    show: Callable[[str], str] = str,
    help: str | None = None,
) -> str:
    """Choose one of a few options that are all visible.

    Args:
        label: what is chosen.
        options: at least one.
        key: name in the URL, unique on the page.
        default: the first choice.
        show: text of an option.
        help: a sentence in the tooltip.
    """
    _mention_unknown(key, label, options, show)
    chosen = st.segmented_control(
        label, options, default=default, format_func=show, key=key, help=help, required=True, bind="query-params"
    )
    return chosen or default
